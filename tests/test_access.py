"""Who gets in where: every view, tried by everybody who should not."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from werkzeug.test import TestResponse

from sociallearn import access, clock
from sociallearn.database import db, transaction
from sociallearn.posts.models import Post
from sociallearn.roster.models import Seat
from tests import make
from tests.conftest import ELSEWHERE, HERE, Cast
from tests.lms import MEMBERSHIP


def _seat_rules(app: Flask) -> list[tuple[str, str]]:
    found = []
    for rule in app.url_map.iter_rules():
        if "seat" in rule.arguments:
            path = re.sub(r"<int:[a-z_]+>", "1", rule.rule).replace("/s/<seat>", "")
            path = re.sub(r"<any\((\w+)[^>]*>", r"\1", path)
            found += [(method, path) for method in sorted(rule.methods & {"GET", "POST"})]
    return sorted(found)


def test_without_a_session_every_page_is_401(app: Flask, cast: Cast) -> None:
    seat = cast.ben.seat
    stranger = app.test_client()
    rules = _seat_rules(app)
    assert len(rules) > 25
    for method, path in rules:
        response = stranger.open(f"/s/{seat}{path}", method=method)
        assert response.status_code == 401, (method, path)
        assert "Open the activity from your course again" in response.text


def test_somebody_elses_seat_is_404_with_any_session(app: Flask, cast: Cast) -> None:
    seat = cast.ben.seat
    for method, path in _seat_rules(app):
        response = cast.cleo.client.open(f"/s/{seat}{path}", method=method, base_url="http://localhost:8000")
        assert response.status_code == 404, (method, path)


def test_every_unsafe_method_needs_the_token(app: Flask, cast: Cast) -> None:
    for method, path in _seat_rules(app):
        if method == "POST":
            for data in ({"body": "kept"}, {"body": "kept", "csrf_token": "0" * 64}, {"csrf_token": cast.cleo.token}):
                response = cast.ben.client.post(cast.ben.url(path), data=data, base_url="http://localhost:8000")
                assert response.status_code == 403, path
                if "body" in data:
                    assert "kept" in response.text


def _make_everything(app: Flask, cast: Cast) -> dict[str, int]:
    ids = {}
    ben = cast.ben
    with app.test_request_context("/", method="POST"):
        session = db.session()
        member = ben.member(session)
        ids["post"] = make.post(session, member).id
        question = make.question(session, member)
        ids["question"] = question.id
        ids["answer"] = make.reply(session, question, member).id
        ids["idea"] = make.idea(session, member).post_id
        session.commit()
    return ids


ADDRESSES = [
    ("GET", "/posts/{post}", {}),
    ("GET", "/posts/{answer}", {}),
    ("GET", "/posts/{post}/edit", {}),
    ("GET", "/posts/{post}/history", {}),
    ("GET", "/posts/{post}/hiding", {}),
    ("GET", "/questions/{question}", {}),
    ("GET", "/ideas/{idea}", {}),
    ("POST", "/posts/{post}/replies", {"body": "hello"}),
    ("POST", "/posts/{post}/edit", {"body": "hello"}),
    ("POST", "/posts/{post}/deletion", {}),
    ("POST", "/posts/{post}/deletion/withdrawal", {}),
    ("POST", "/posts/{post}/read", {}),
    ("POST", "/posts/{post}/hiding", {"reason": "x"}),
    ("POST", "/posts/{post}/hiding/withdrawal", {"reason": "x"}),
    ("POST", "/questions/{question}/answers", {"body": "hello"}),
    ("POST", "/questions/{question}/acceptance", {"answer_id": "{answer}"}),
    ("POST", "/questions/{question}/acceptance/withdrawal", {}),
    ("POST", "/ideas/{idea}/rating", {"value": "5"}),
]


@pytest.mark.parametrize("outsider", ["otto", "tara", "zoe"])
def test_other_cohorts_and_organisations_see_nothing(app: Flask, cast: Cast, outsider: str) -> None:
    ids = _make_everything(app, cast)
    actor = getattr(cast, outsider)
    for method, path, form in ADDRESSES:
        filled = {name: value.format(**ids) for name, value in form.items()}
        response = actor.get(path.format(**ids)) if method == "GET" else actor.post(path.format(**ids), **filled)
        is_trainers_page = "hiding" in path and outsider != "tara"
        assert response.status_code == (403 if is_trainers_page else 404), (path, response.status_code)
    for page in ("/feed", "/questions", "/ideas", "/decisions"):
        assert "spring campaign" not in actor.get(page).text


TRAINERS_ONLY = ["/grading", "/moderation", "/cohort", "/posts/{post}/hiding"]


@pytest.mark.parametrize("who", ["ben", "mona", "omar"])
def test_trainers_pages_are_trainers(app: Flask, cast: Cast, who: str) -> None:
    ids = _make_everything(app, cast)
    actor = getattr(cast, who)
    for path in TRAINERS_ONLY:
        assert actor.get(path.format(**ids)).status_code == 403, path
    assert actor.post("/posts/{post}/hiding".format(**ids), reason="x").status_code == 403
    assert actor.post("/cohort", time_zone="Europe/Paris").status_code == 403


@pytest.mark.parametrize("who", ["mona", "omar"])
def test_those_who_only_read_cannot_write(app: Flask, cast: Cast, who: str) -> None:
    ids = _make_everything(app, cast)
    actor = getattr(cast, who)
    for path, form in [
        ("/feed", {"body": "x"}),
        ("/questions", {"title": "t", "body": "x"}),
        ("/ideas", {"title": "t", "body": "x"}),
        ("/posts/{post}/replies", {"body": "x"}),
        ("/questions/{question}/answers", {"body": "x"}),
        ("/ideas/{idea}/rating", {"value": "4"}),
    ]:
        assert actor.post(path.format(**ids), **form).status_code == 403, path


def test_insights_are_for_managers_and_trainers(cast: Cast) -> None:
    assert cast.mona.get("/insights").status_code == 200
    assert cast.tess.get("/insights").status_code == 200
    assert cast.ben.get("/insights").status_code == 403


NAVIGATION = {
    "ben": ["Feed", "Questions", "Ideas", "My participation"],
    "tess": ["Feed", "Questions", "Ideas", "My participation", "Today", "Grading", "Moderation", "Cohort"],
    "mona": ["Feed", "Questions", "Ideas", "My participation", "Insights"],
}


@pytest.mark.parametrize("who", NAVIGATION)
def test_navigation_comes_first_and_fits_the_role(cast: Cast, who: str) -> None:
    actor = getattr(cast, who)
    html = actor.get("/feed").text
    nav = html[html.index("<nav") : html.index("</nav>")]
    links = [" ".join(re.sub(r"<[^>]+>", " ", link).split()) for link in re.findall(r"<a\b.*?</a>", nav, re.S)]
    assert links == NAVIGATION[who]
    assert html.index("<nav") < html.index("<main")
    for href in re.findall(r'href="(/s/[^"]+)"', nav):
        assert actor.get(href).status_code == 200, href


def test_several_launches_live_side_by_side_in_one_browser(app: Flask) -> None:
    client = app.test_client()
    places = []
    for sub in ("ann", "bob"):
        places.append(HERE.launch(client, sub=sub, name=sub.title()).location)
    first, second = (client.get(place, base_url="http://localhost:8000").text for place in places)
    assert "Ann" in first
    assert "Ann" not in second
    assert "Bob" in second


def test_the_thirteenth_seat_takes_the_oldests_place(app: Flask, client: FlaskClient) -> None:
    places = [HERE.launch(client, sub="ann").location for _ in range(access.MOST_SEATS + 1)]
    cookies = [c.key for c in client._cookies.values() if c.key.startswith(access.COOKIE)]
    assert len(cookies) == access.MOST_SEATS
    assert client.get(places[-1], base_url="http://localhost:8000").status_code == 200
    assert client.get(places[0], base_url="http://localhost:8000").status_code == 404


def test_an_expired_seat_gives_the_text_back(app: Flask, cast: Cast) -> None:
    token = cast.ben.token
    with app.app_context(), transaction() as session:
        seat = session.get_one(Seat, cast.ben.seat)
        seat.expires_at = seat.expires_at.replace(year=2001)
    response = cast.ben.post("/feed", body="What I spent an hour on", csrf_token=token)
    assert response.status_code == 401
    assert "What I spent an hour on" in response.text


def test_the_token_outlives_a_restart_and_serves_twice(app: Flask, cast: Cast) -> None:
    token = cast.ben.token
    assert {cast.ben.post("/feed", body=f"text {n}", csrf_token=token).status_code for n in range(3)} == {303}


def test_too_many_writes_slow_down_and_keep_the_text(app: Flask, cast: Cast) -> None:
    statuses = [cast.ben.post("/drafts", place="feed", body=f"{n}").status_code for n in range(125)]
    assert statuses[:110] == [204] * 110
    assert statuses[-1] == 429
    assert "precious" in cast.ben.post("/feed", body="precious").text
    assert cast.cleo.post("/feed", body="not slowed by ben").status_code == 303


def test_get_never_writes(app: Flask, cast: Cast) -> None:
    ids = _make_everything(app, cast)

    def counts() -> dict[str, Any]:
        with app.app_context():
            tables = db.metadata.sorted_tables
            return {table.name: db.session.scalar(select(func.count()).select_from(table)) for table in tables}

    for actor in (cast.tess, cast.cleo, cast.mona):
        actor.get("/feed")
    before = counts()
    for method, path, _form in ADDRESSES:
        if method == "GET":
            cast.tess.get(path.format(**ids))
    for path in ("/feed", "/questions", "/ideas", "/participation", "/grading", "/moderation", "/cohort", "/insights"):
        cast.tess.get(path)
        cast.cleo.get(path)
    assert counts() == before


def frames(response: TestResponse) -> list[str]:
    """Who may hold this answer in a frame."""
    return response.headers["Content-Security-Policy"].split("frame-ancestors ")[1].split()


def test_headers_are_strict(cast: Cast) -> None:
    headers = cast.ben.get("/feed").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "X-Frame-Options" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in headers["Cache-Control"]


def test_frames_are_those_of_ones_own_lms_and_no_answer_tells_of_another(app: Flask, cast: Cast) -> None:
    assert frames(cast.ben.get("/feed")) == ["'self'", "https://lms.example"]
    assert frames(cast.ben.get("/questions/999999")) == ["'self'", "https://lms.example"]
    assert frames(cast.zoe.get("/feed")) == ["'self'", "https://elsewhere.example"]
    browser = app.test_client()
    hints = {"iss": ELSEWHERE.issuer, "login_hint": "7", "target_link_uri": "http://localhost:8000/lti/launch"}
    agent = {"User-Agent": "Mozilla/5.0"}
    checking = browser.post("/lti/login", data=hints, headers=agent, base_url="http://localhost:8000")
    assert checking.status_code == 200
    assert frames(checking) == ["'self'", "https://elsewhere.example"]
    # nothing of anybody's, and nothing to click: readable in whatever course it stands
    ended = browser.get(f"/s/{cast.ben.seat}/feed", base_url="http://localhost:8000")
    assert (ended.status_code, frames(ended)) == (401, ["*"])
    assert "<form" not in ended.text
    assert frames(browser.get("/", base_url="http://localhost:8000")) == ["'self'"]


def test_a_seatless_link_finds_the_one_seat(app: Flask, cast: Cast) -> None:
    ids = _make_everything(app, cast)
    response = cast.ben.client.get(f"/-/questions/{ids['question']}", base_url="http://localhost:8000")
    assert response.location == f"/s/{cast.ben.seat}/questions/{ids['question']}"
    assert app.test_client().get("/-/feed").status_code == 401


def test_what_is_stored_never_holds_a_seat(app: Flask, cast: Cast) -> None:
    seat = cast.ben.seat
    cast.ben.post(
        "/feed", body=f"See http://localhost:8000/s/{seat}/questions/9 and [this](http://localhost:8000/s/{seat}/feed)"
    )
    with app.app_context():
        html = db.session.scalars(select(Post.html)).one()
    assert seat not in html
    assert "/-/questions/9" in html
    assert f'href="/s/{cast.cleo.seat}/questions/9"' in cast.cleo.get("/feed").text


HUGE = "9" * 30


@pytest.mark.parametrize(
    "path",
    [
        f"/posts/{HUGE}",
        f"/questions/{HUGE}",
        f"/participation/{HUGE}",
        f"/feed?before={HUGE}",
        "/feed?before=-1",
        "/feed?before=²",
        "/feed?before=%00",
        f"/questions?before={HUGE}&show=%00",
        f"/news?room=feed&after={HUGE}&thread={HUGE}",
        f"/feed?toast=deleted&undo={HUGE}",
        "/feed?toast=nonsense",
        "/nothing/here",
    ],
)
def test_silly_addresses_never_crash(app: Flask, cast: Cast, path: str) -> None:
    assert cast.tess.get(path).status_code in (200, 400, 404)


def test_silly_positions_in_a_thread_never_crash(app: Flask, cast: Cast) -> None:
    ids = _make_everything(app, cast)
    for query in (f"after={HUGE}-1", "after=x", "after=1-", f"reply_to={HUGE}", "reply_to=-4", "after=%00-%00"):
        assert cast.ben.get(f"/posts/{ids['post']}?{query}").status_code in (200, 400), query
    assert cast.ben.post(f"/questions/{ids['question']}/acceptance", answer_id=HUGE).status_code == 404
    assert cast.cleo.post(f"/ideas/{ids['idea']}/rating", value=HUGE).status_code == 422
    assert cast.ben.post("/drafts", place="x\x00y", body="a\x00b").status_code in (204, 400)
    assert cast.ben.post(f"/posts/{ids['post']}/edit", body="fine", version=HUGE).status_code in (303, 409)


def test_an_error_after_a_broken_transaction_still_gives_the_text_back(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the database itself refuses: the session is broken, and the page must not be."""
    token = cast.ben.token

    def breaks(*_: Any, **__: Any) -> None:
        db.session.execute(Post.__table__.insert().values(id=None, cohort_id=None))

    monkeypatch.setattr("sociallearn.posts.writing.repeating.compare", breaks)
    response = cast.ben.post("/feed", body="typed with care", csrf_token=token)
    assert response.status_code == 500
    assert "typed with care" in response.text
    with app.app_context():
        assert db.session.scalar(select(func.count(Post.id))) == 0


def test_hidden_posts_cost_no_query_each(app: Flask, cast: Cast) -> None:
    for number in range(4):
        post_id = cast.ben.post("/feed", body=f"text {number}").location.rpartition("-")[2]
        cast.tess.post(f"/posts/{post_id}/hiding", reason=f"reason {number}")
    page = cast.tess.get("/moderation").text
    assert all(f"reason {number}" in page for number in range(4))


def test_the_language_can_be_chosen_on_a_form_shown_again(cast: Cast) -> None:
    asked = cast.ben.post("/questions", title="Q", body="?").location
    response = cast.ben.client.post(
        cast.ben.url("/language"),
        data={"csrf_token": cast.ben.token, "language": "nl"},
        headers={"Referer": f"http://localhost:8000{asked}/answers"},
        base_url="http://localhost:8000",
    )
    assert response.location == cast.ben.url("/feed")


# Seats whose address holds it all: for browsers that keep no cookie.

TOOL = "http://localhost:8000"


class Addressed:
    """Somebody whose browser keeps no cookie, in a seat."""

    def __init__(self, app: Flask, role: str = "Learner", sub: str = "ann") -> None:
        self.client = app.test_client(use_cookies=False)
        launched = HERE.launch_without_cookies(self.client, sub=sub, name=sub.title(), roles=[MEMBERSHIP + role])
        assert launched.status_code == 303, launched.text
        self.seat, self.secret = launched.location.split("/")[2].split("~")
        self.root = f"/s/{self.seat}~{self.secret}"

    def get(self, path: str) -> Any:
        """Open a page."""
        return self.client.get(self.root + path, base_url=TOOL)

    def post(self, path: str, headers: dict[str, str] | None = None, **form: str) -> Any:
        """Send a form with this seat's token."""
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.get("/feed").text)
        assert found
        data = {"csrf_token": found[1], **form}
        return self.client.post(self.root + path, data=data, base_url=TOOL, headers=headers)


@pytest.mark.parametrize("role", ["Learner", "Instructor", "Manager"])
def test_a_seat_in_the_address_leads_through_every_page(app: Flask, role: str) -> None:
    ann = Addressed(app, role)
    pages, seen = ["/feed"], set()
    while pages:
        path = pages.pop()
        seen.add(path)
        response = ann.get(path)
        assert response.status_code == 200, path
        text = response.text if response.mimetype == "text/html" else ""  # else a table to take along
        ours = re.findall(r'(?:href|action|data-[a-z-]*url)="(/s/[^"#?]*)', text)
        assert ours or response.mimetype != "text/html", path
        assert all(link.startswith(ann.root + "/") for link in ours), path
        assert response.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"  # no path to other sites
        assert "no-store" in response.headers["Cache-Control"]
        assert "Set-Cookie" not in response.headers
        links = re.findall(rf'href="{re.escape(ann.root)}(/[^"#?]*)"', text)
        pages += [link for link in dict.fromkeys(links) if link not in seen and link not in pages]
    assert len(seen) >= 6


def test_a_seat_in_the_address_reads_writes_and_goes_back(app: Flask) -> None:
    ann = Addressed(app)
    posted = ann.post("/feed", body="Written without a cookie.")
    assert posted.location.startswith(ann.root + "/feed#post-")
    number = posted.location.rpartition("-")[2]
    assert ann.post(f"/posts/{number}/replies", body="And answered.").location.startswith(ann.root)
    assert "And answered." in ann.get(f"/posts/{number}").text
    assert ann.post("/drafts", place="feed", body="Half a thought").status_code == 204
    assert "Half a thought" in ann.get("/feed").text
    deleted = ann.post(f"/posts/{number}/deletion")
    assert deleted.location.startswith(ann.root)
    assert (
        f'action="{ann.root}/posts/{number}/deletion/withdrawal"'
        in ann.client.get(deleted.location, base_url=TOOL).text
    )
    chosen = ann.post("/language", headers={"Referer": f"{TOOL}{ann.root}/ideas?x=1"}, language="nl")
    assert chosen.location == f"{ann.root}/ideas?x=1"
    assert ann.client.post(ann.root + "/feed", data={"body": "kept"}, base_url=TOOL).status_code == 403


def test_only_the_whole_address_opens_such_a_seat(app: Flask, cast: Cast) -> None:
    ann, bob = Addressed(app), Addressed(app, sub="bob")
    stranger = app.test_client()
    paths = {
        "no token": f"/s/{ann.seat}/feed",
        "an empty token": f"/s/{ann.seat}~/feed",
        "a guess": f"/s/{ann.seat}~{'A' * 43}/feed",
        "somebody else's": f"/s/{ann.seat}~{bob.secret}/feed",
        "two": f"/s/{ann.seat}~{ann.secret}~{ann.secret}/feed",
        "not ASCII": f"/s/{ann.seat}~é/feed",
    }
    for what, path in paths.items():
        assert stranger.get(path, base_url=TOOL).status_code == 401, what
        assert cast.ben.client.get(path, base_url=TOOL).status_code == 404, what
    # nor does its token serve as a cookie
    stranger.set_cookie(access.COOKIE + ann.seat, ann.secret, secure=True)
    assert stranger.get(f"/s/{ann.seat}/feed", base_url=TOOL).status_code == 401
    assert stranger.get("/-/feed", base_url=TOOL).status_code == 401
    assert ann.get("/feed").status_code == 200


def test_a_seat_with_a_cookie_takes_no_token_in_the_address(app: Flask, cast: Cast) -> None:
    ben = cast.ben
    [cookie] = [one for one in ben.client._cookies.values() if one.key == access.COOKIE + ben.seat]
    path = f"/s/{ben.seat}~{cookie.value}/feed"
    assert app.test_client().get(path, base_url=TOOL).status_code == 401
    assert ben.client.get(path, base_url=TOOL).status_code == 404
    assert ben.get("/feed").status_code == 200


def test_a_seat_in_the_address_ends_after_four_hours(app: Flask) -> None:
    ann = Addressed(app)
    start = clock.now()
    with clock.at(start + timedelta(hours=3, minutes=59)):
        assert ann.get("/feed").status_code == 200
    with clock.at(start + timedelta(hours=4, minutes=1)):
        assert ann.get("/feed").status_code == 401


def test_nobodys_address_is_stored_whatever_it_is_pasted_into(app: Flask, cast: Cast) -> None:
    ann, tess = Addressed(app), Addressed(app, "Instructor", "tim")
    for pasted in (f"{TOOL}{ann.root}/questions", f"{TOOL}{ann.root}/feed".replace("~", "%7E"), f"{ann.root}/ideas"):
        number = ann.post("/feed", body=f"Look at {pasted} or [here]({pasted})").location.rpartition("-")[2]
        ann.post("/questions", title=f"What is {pasted}?", body=f"See {pasted}.")
        ann.post("/drafts", place="ideas", title=pasted, body=f"An idea: {pasted}")
        cast.cleo.post("/feed", body=f"Ann sent me {pasted}")
        tess.post(f"/posts/{number}/hiding", reason=f"Not here, see {pasted}")
    with app.app_context():
        rows = [row for table in db.metadata.sorted_tables for row in db.session.execute(select(table))]
    assert "/-/questions" in str(rows)
    for secret in (ann.secret, tess.secret):
        assert secret not in str(rows)


def test_the_log_never_shows_an_address(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    ann = Addressed(app)
    with caplog.at_level("INFO"):
        app.logger.error("Exception on %s [%s]", f"{ann.root}/feed", "GET")
        ann.post("/feed", body="")
        ann.client.get(f"{ann.root}/posts/99", base_url=TOOL)
    assert "/s/…/feed" in caplog.text
    assert ann.secret not in caplog.text


def test_a_seat_in_the_address_costs_no_further_statement(app: Flask, cast: Cast) -> None:
    ann = Addressed(app)
    cast.cleo.get("/feed")
    cast.ben.post("/feed", body="Something to read")

    def statements(look: Callable[[], Any]) -> int:
        asked: list[str] = []

        def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            asked.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", hear)
        try:
            assert look().status_code == 200
        finally:
            event.remove(engine, "before_cursor_execute", hear)
        return len(asked)

    assert statements(lambda: ann.get("/feed")) == statements(lambda: cast.cleo.get("/feed"))
