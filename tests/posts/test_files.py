"""Files in the forms and under the texts: who sees them, what comes back after a mistake, and what never comes out."""

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from sociallearn.app import LARGEST_REQUEST
from sociallearn.attachments.kinds import LARGEST
from sociallearn.attachments.models import Attachment
from sociallearn.database import db, transaction
from sociallearn.posts.models import Extra, Post
from sociallearn.roster.models import Cohort
from tests.attachments import making
from tests.attachments.making import HTML, PDF, SVG, image
from tests.conftest import Actor, Cast
from tests.make import WORDS
from tests.test_jobs import drain


def sent(name: str, content: bytes) -> tuple[io.BytesIO, str]:
    """A file as the test client sends one."""
    return io.BytesIO(content), name


def upload(who: Actor, name: str = "shot.png", content: bytes | None = None, place: str = "feed", **more: Any) -> Any:
    """One file, as files.js sends it."""
    return who.post("/files", place=place, file=sent(name, image() if content is None else content), **more)


def number(answer: Any) -> str:
    """Of the upload just answered."""
    assert answer.status_code == 201, answer.text
    found = re.search(r'name="file" value="(\d+)"', answer.json["html"])
    assert found
    return found[1]


def posted(who: Actor, *ids: str, **alts: str) -> int:
    """A post with these files."""
    answer = who.post("/feed", body=WORDS, file=list(ids), **alts)
    assert answer.status_code == 303, answer.text
    return int(answer.location.rpartition("-")[2])


def enclosures(page: str) -> list[str]:
    """The files the form on a page holds."""
    return re.findall(r'<input type="hidden" name="file" value="(\d+)">', page)


def test_a_picture_and_a_paper_stand_under_the_post(cast: Cast) -> None:
    picture, paper = number(upload(cast.ben)), number(upload(cast.ben, "Plan één.pdf", PDF))
    post = posted(cast.ben, picture, paper, **{f"alt-{picture}": "A red  square"})
    for path in ("/feed", f"/posts/{post}"):
        page = cast.cleo.get(path).text
        assert f'files/{picture}/shot.webp?small=1" width="60" height="40" loading="lazy"' in page
        assert 'alt="A red square"' in page
        assert f"files/{paper}/Plan%20%C3%A9%C3%A9n.pdf" in page
        assert "PDF, 1 kB" in page
    page = cast.cleo.get(f"/files/{picture}").text
    assert "<figcaption" in page
    assert f"/posts/{post}" in page


def test_where_nothing_comes_along_nothing_is_asked(app: Flask, cast: Cast) -> None:
    for _ in range(3):
        posted(cast.ben)
    asked: list[str] = []
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", _note := lambda *given: asked.append(given[2]))
    try:
        cast.mona.get("/feed")
    finally:
        event.remove(engine, "before_cursor_execute", _note)
    assert asked
    assert not [one for one in asked if "attachment" in one]


def test_an_upload_comes_back_with_the_draft_and_goes_with_a_press(app: Flask, cast: Cast) -> None:
    kept = number(upload(cast.ben))
    assert cast.ben.post(f"/files/{kept}/description", alt="Half a sentence").status_code == 204
    page = cast.ben.get("/feed").text
    assert enclosures(page) == [kept]
    assert 'value="Half a sentence"' in page
    assert enclosures(cast.cleo.get("/feed").text) == enclosures(cast.ben.get("/questions/new").text) == []
    assert cast.ben.post(f"/files/{kept}/removal").status_code == 204
    assert enclosures(cast.ben.get("/feed").text) == []
    assert cast.ben.get(f"/files/{kept}/shot.webp").status_code == 404
    drain(app)
    with app.app_context():
        assert db.session.scalar(select(func.count(Attachment.id))) == 0


@pytest.mark.parametrize(
    ("path", "title"),
    [("/feed", ""), ("/questions", "Who?"), ("/ideas", "What?")],
)
def test_without_javascript_files_go_along_with_the_form(cast: Cast, path: str, title: str) -> None:
    files = [sent("shot.png", image()), sent("plan.pdf", PDF)]
    answer = cast.ben.post(path, title=title, body=WORDS, alt="A red square", files=files)
    assert answer.status_code == 303, answer.text
    page = cast.cleo.get(answer.location.replace(cast.ben.seat, cast.cleo.seat)).text
    assert 'alt="A red square"' in page
    assert "plan.pdf" in page


def test_a_mistake_in_the_form_loses_no_file_and_no_word(cast: Cast) -> None:
    first = number(upload(cast.ben))
    files = [sent("a.txt", b"words"), sent("bad.png", HTML)]
    answer = cast.ben.post("/feed", body="", file=first, files=files, **{f"alt-{first}": "A square"})
    assert answer.status_code == 422
    assert "“bad.png” holds something else" in answer.text
    assert "Write something first." in answer.text
    ids = enclosures(answer.text)
    assert len(ids) == 2
    assert ids[0] == first
    assert 'value="A square"' in answer.text
    post = posted(cast.ben, *ids)
    assert enclosures(cast.ben.get("/feed").text) == []
    assert "a.txt" in cast.ben.get(f"/posts/{post}").text


def test_a_tick_leaves_a_file_out(cast: Cast) -> None:
    stays, goes = number(upload(cast.ben)), number(upload(cast.ben, "no.txt", b"no"))
    answer = cast.ben.post("/feed", body=WORDS, file=[stays, goes], remove=goes)
    assert answer.status_code == 303
    page = cast.cleo.get("/feed").text
    assert f"files/{stays}/" in page
    assert f"files/{goes}/" not in page


def test_more_than_ten_are_refused_in_the_form(cast: Cast) -> None:
    ids = [number(upload(cast.ben, "a.txt", b"x")) for _ in range(11)]
    answer = cast.ben.post("/feed", body=WORDS, file=ids)
    assert answer.status_code == 422
    assert "At most 10 files" in answer.text
    assert enclosures(answer.text) == ids


def test_editing_adds_removes_and_leaves(app: Flask, cast: Cast) -> None:
    goes, stays = number(upload(cast.ben)), number(upload(cast.ben, "stays.txt", b"x"))
    post = posted(cast.ben, goes, stays)
    comes = number(upload(cast.ben, "comes.txt", b"y", f"edit-{post}"))
    page = cast.ben.get(f"/posts/{post}/edit").text
    assert enclosures(page) == [goes, stays, comes]
    assert cast.ben.post(f"/posts/{post}/edit", body=WORDS, version="1", file=[stays, comes]).status_code == 303
    page = cast.cleo.get(f"/posts/{post}").text
    assert "stays.txt" in page
    assert "comes.txt" in page
    assert cast.cleo.get(f"/files/{goes}/shot.webp").status_code == 404
    assert cast.ben.post(f"/posts/{post}/edit", body=WORDS, version="1").status_code == 303
    with app.app_context():
        assert not db.session.get_one(Post, post).extras & Extra.FILES
    assert 'class="papers"' not in cast.cleo.get(f"/posts/{post}").text


def test_an_edit_that_comes_too_late_changes_no_files(cast: Cast) -> None:
    kept = number(upload(cast.ben))
    post = posted(cast.ben, kept)
    assert cast.ben.post(f"/posts/{post}/edit", body=WORDS + " more", version="1", file=kept).status_code == 303
    assert cast.ben.post(f"/posts/{post}/edit", body=WORDS, version="1").status_code == 409
    assert cast.cleo.get(f"/files/{kept}/x").status_code == 200


def test_replies_and_answers_take_files(cast: Cast) -> None:
    post = posted(cast.ben)
    file = number(upload(cast.cleo, place=f"reply-{post}"))
    assert enclosures(cast.cleo.get(f"/posts/{post}").text) == [file]
    assert cast.cleo.post(f"/posts/{post}/replies", body="Like this.", file=file).status_code == 303
    assert f"files/{file}/" in cast.ben.get(f"/posts/{post}").text
    question = cast.ben.post("/questions", title="How?", body=WORDS).location.rpartition("/")[2]
    answered = cast.cleo.post(f"/questions/{question}/answers", body="So.", files=sent("how.pdf", PDF))
    assert answered.status_code == 303
    assert "how.pdf" in cast.ben.get(f"/questions/{question}").text


# -- who may see it


def test_before_it_is_posted_only_its_owner_sees_it(cast: Cast) -> None:
    file = number(upload(cast.ben))
    assert cast.ben.get(f"/files/{file}/x?small=1").status_code == 200
    assert cast.ben.get(f"/files/{file}").status_code == 200
    for other in (cast.cleo, cast.tess, cast.otto, cast.zoe):
        for path in (f"/files/{file}", f"/files/{file}/shot.webp"):
            assert other.get(path).status_code == 404
        for path in (f"/files/{file}/removal", f"/files/{file}/description"):
            assert other.post(path).status_code == 404
        assert other.post("/feed", body=WORDS, file=file).status_code == 422
    assert cast.ben.get(f"/files/{file}/shot.webp").status_code == 200


def test_afterwards_the_cohort_sees_it_and_nobody_else(cast: Cast) -> None:
    file = number(upload(cast.ben))
    posted(cast.ben, file)
    for who, status in ((cast.cleo, 200), (cast.tess, 200), (cast.omar, 200), (cast.otto, 404), (cast.zoe, 404)):
        assert who.get(f"/files/{file}/shot.webp").status_code == status
    assert cast.ben.post(f"/files/{file}/removal").status_code == 404  # editing does that


def test_what_is_deleted_or_hidden_takes_its_files_along(cast: Cast) -> None:
    file = number(upload(cast.ben))
    post = posted(cast.ben, file)
    for gone, back, who in (("deletion", "deletion/withdrawal", cast.ben), ("hiding", "hiding/withdrawal", cast.tess)):
        assert who.post(f"/posts/{post}/{gone}", reason="So.").status_code == 303
        for reader in (cast.ben, cast.cleo, cast.tess):
            assert reader.get(f"/files/{file}/shot.webp").status_code == 404
            assert f"files/{file}" not in reader.get(f"/posts/{post}").text
        assert who.post(f"/posts/{post}/{back}").status_code == 303
        assert cast.cleo.get(f"/files/{file}/shot.webp").status_code == 200


def test_who_only_reads_uploads_nothing(cast: Cast) -> None:
    assert upload(cast.omar).status_code == 403


def test_of_a_closed_room_no_file_comes_out(app: Flask, cast: Cast) -> None:
    made = cast.ben.post("/questions", title="How?", body=WORDS, files=sent("how.pdf", PDF))
    assert made.status_code == 303
    with app.app_context():
        file = db.session.scalar(select(Attachment.id))
    assert cast.cleo.get(f"/files/{file}/how.pdf").status_code == 200
    with app.app_context(), transaction() as session:
        session.execute(update(Cohort).values(rooms_off=["questions"]))
    assert cast.cleo.get(f"/files/{file}/how.pdf").status_code == 404


# -- what comes out


@pytest.mark.alike
@pytest.mark.parametrize(
    ("name", "content", "media_type", "how"),
    [
        ("shot.png", image(), "image/webp", "inline"),
        ("plan.pdf", PDF, "application/pdf", "attachment"),
        ("page.txt", HTML, "text/plain", "attachment"),
        ("drawing.txt", SVG, "text/plain", "attachment"),
        ("list.csv", b"a;b", "text/plain", "attachment"),
    ],
)
def test_nothing_uploaded_ever_runs(cast: Cast, name: str, content: bytes, media_type: str, how: str) -> None:
    file = number(upload(cast.ben, name, content))
    posted(cast.ben, file)
    answer = cast.cleo.get(f"/files/{file}/evil.html")
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Disposition"].partition(";")[0] == how
    assert "evil" not in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert answer.headers["Cache-Control"] == "private, max-age=50400, immutable"


@pytest.mark.alike
@pytest.mark.parametrize(
    "name",
    ['a"b.txt', "été\u202e.txt", "../../x.txt", "a;b=c.txt", "%0d%0a.txt", "文.txt", "a\\b.txt"],
)
def test_no_name_breaks_a_header(cast: Cast, name: str) -> None:
    file = number(upload(cast.ben, name, b"x"))
    answer = cast.ben.get(f"/files/{file}/x")
    assert answer.status_code == 200
    assert "X-Evil" not in answer.headers
    said = answer.headers["Content-Disposition"]
    assert re.fullmatch(r"attachment; filename=(\"[ -~]+\"|[!-~]+)(; filename\*=UTF-8''[\w.%~-]+)?", said), said


def test_pages_load_images_from_nowhere_else(cast: Cast) -> None:
    policy = cast.ben.get("/feed").headers["Content-Security-Policy"]
    assert "img-src 'self' data:;" in policy


# -- refusals


@pytest.mark.alike
@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("page.png", HTML, 415),
        ("drawing.svg", SVG, 415),
        ("bomb.png", making.bomb(60_000, 60_000), 413),
        ("empty.txt", b"", 422),
    ],
)
def test_an_upload_is_refused_in_a_sentence(app: Flask, cast: Cast, name: str, content: bytes, status: int) -> None:
    answer = upload(cast.ben, name, content)
    assert answer.status_code == status
    assert name in answer.json["sentence"]
    with app.app_context():
        assert db.session.scalar(select(func.count(Attachment.id))) == 0


def test_far_too_much_is_not_even_read(app: Flask, cast: Cast) -> None:
    assert _send(cast.ben.client, cast.ben.url("/files"), LARGEST + 2 * 1024 * 1024).status_code == 413
    assert "30 MB at once" in _send(cast.ben.client, cast.ben.url("/feed"), 4 * LARGEST).text
    assert _send(app.test_client(), cast.ben.url("/files"), LARGEST_REQUEST).status_code == 413


def test_one_byte_too_many(cast: Cast) -> None:
    form = {"csrf_token": cast.ben.token, "place": "feed"}
    answer = _send(cast.ben.client, cast.ben.url("/files"), LARGEST + 1, **form)
    assert (answer.status_code, answer.json["sentence"]) == (413, "“large.txt” is too large: at most 10 MB.")  # type: ignore[index]
    assert _send(cast.ben.client, cast.ben.url("/files"), LARGEST, **form).status_code == 201


def _send(client: FlaskClient, url: str, size: int, **form: str) -> TestResponse:
    large = FileStorage(io.BytesIO(b"x" * size), "large.txt")
    boundary, data = encode_multipart({**form, "file": large})
    more: dict[str, Any] = {"content_type": f"multipart/form-data; boundary={boundary}"}
    return client.post(url, data=data, base_url="http://localhost:8000", **more)


def test_an_upload_needs_its_token_and_its_place(cast: Cast) -> None:
    assert upload(cast.ben, csrf_token="x").status_code == 403
    for place in ("", "elsewhere", "reply-0", "edit-x"):
        assert upload(cast.ben, place=place).status_code == 400
    assert cast.ben.post("/files", place="feed").status_code == 400


@pytest.mark.parametrize("wanted", ["0", "-1", "x", "999999", "9" * 30, "1; DROP TABLE post", ""])
def test_numbers_of_nothing_are_refused_in_the_form(cast: Cast, wanted: str) -> None:
    answer = cast.ben.post("/feed", body=WORDS, file=wanted)
    assert answer.status_code in (303, 422)
    assert "files/" not in answer.headers.get("Location", "")


def test_bytes_that_are_gone_are_a_404(app: Flask, cast: Cast) -> None:
    file = number(upload(cast.ben))
    with app.app_context():
        key = db.session.get_one(Attachment, int(file)).key
        app.extensions["files"].remove(key)
    assert cast.ben.get(f"/files/{file}/x").status_code == 404


def test_a_full_cohort_says_so_and_keeps_the_text(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "FILES_QUOTA", 3)
    assert upload(cast.ben).status_code == 413
    answer = cast.ben.post("/feed", body=WORDS, files=sent("a.txt", b"four"))
    assert answer.status_code == 422
    assert "no room left" in answer.text
    assert WORDS[:40] in answer.text
