"""Files in the forms texts are written in: taken in before the form is looked at, so that a mistake loses none."""

import flask_login
from flask import Flask, g, request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from sociallearn import access
from sociallearn.attachments import keeping, preparing, reading, storing
from sociallearn.attachments.attaching import Chosen
from sociallearn.attachments.kinds import ENDINGS, LARGEST, MOST
from sociallearn.database import db, release, transaction
from sociallearn.errors import Refusal
from sociallearn.parameters import whole
from sociallearn.posts.forms import PostForm, tidy_line
from sociallearn.roster.models import Member

# The forms that take files, and the place each is, as drafts name it.
FORMS = {
    "feed.post": "feed",
    "questions.ask": "questions",
    "questions.look": "questions",
    "ideas.propose": "ideas",
    "posts.reply": "reply-{post_id}",
    "questions.answer": "reply-{post_id}",
    "ideas.comment": "reply-{post_id}",
    "posts.save": "edit-{post_id}",
}
UPLOAD = "files.upload"
LARGEST_UPLOAD = LARGEST + 1024 * 1024  # bytes of a request with one file
LARGEST_FORM = 3 * LARGEST + 8 * 1024 * 1024  # with some files and the text


def init_app(app: Flask) -> None:
    """Let forms of people who are here bring files, and say in the forms which."""
    app.before_request(take_in)
    app.jinja_env.globals.update(
        files_most=MOST, files_largest=LARGEST, files_accepted=",".join(f".{ending}" for ending in ENDINGS)
    )


def allow_size() -> None:
    """Requests of people who are here may be larger where files come in; nobody else makes us read that much."""
    most = LARGEST_UPLOAD if request.endpoint == UPLOAD else LARGEST_FORM if request.endpoint in FORMS else None
    if most is not None and request.mimetype == "multipart/form-data" and flask_login.current_user.is_authenticated:
        request.max_content_length = most


def take_in() -> None:
    """Files a browser without JavaScript sends with its form."""
    if request.method != "POST" or request.endpoint not in FORMS or not access.member().may_write:
        return
    place = FORMS[request.endpoint].format(**(request.view_args or {}))
    alt = tidy_line(request.form.get("alt"))
    g.files_taken, g.file_problems = [], []
    for incoming in request.files.getlist("files"):
        if not incoming.filename:
            continue
        try:
            g.files_taken.append(Chosen(bring_in(incoming, place, alt), alt))
        except Refusal as error:
            g.file_problems.append(f"{error.sentence} {error.advice}")


def bring_in(incoming: FileStorage, place: str, alt: str = "") -> int:
    """Keep an uploaded file for a text that is written there; its number.

    In a transaction of its own: none is open while an image is made anew, and a form that is refused keeps its files.
    Raises Refusal as ``preparing.prepare`` and ``keeping.keep`` do.
    """
    member_id, content = access.member().id, incoming.stream.read(LARGEST + 1)
    release()
    try:
        prepared = preparing.prepare(incoming.filename, content)
        return _store(prepared, member_id, place, alt)
    finally:
        access.come_back()


def _store(prepared: preparing.Prepared, member_id: int, place: str, alt: str) -> int:
    key, store = storing.new_key(), storing.store()
    store.put(key, prepared.content)
    if prepared.small:
        store.put(key + storing.SMALL, prepared.small)
    try:
        with transaction() as session:
            member = session.get_one(Member, member_id)
            return keeping.keep(session, prepared, key, by=member, place=place, alt=alt).id
    except BaseException:
        for each in (key, key + storing.SMALL):
            store.remove(each)
        raise


def choose(form: PostForm, post_id: int | None = None) -> list[Chosen]:
    """Have the form show the files that go with it; those it names, whether or not they are still there."""
    wanted = [*_named(), *g.get("files_taken", ())]
    form.files.data = reading.chosen(db.session(), access.member(), wanted, post_id)
    return wanted


def is_complete(form: PostForm, post_id: int | None = None) -> bool:
    """Whether what was sent can be posted, with its files; ``post_id`` is the text that is changed. What is wrong
    stands in the form."""
    wanted = choose(form, post_id)
    is_valid = form.validate()
    problems = list(g.get("file_problems", ()))
    if len(form.files.data) < len(wanted):
        problems.append(_("A file you chose is no longer there. Choose it again."))
    if len(form.files.data) > MOST:
        problems.append(_("At most 10 files go with one text. Remove some."))
    form.files.errors = problems
    return is_valid and not problems


def _named() -> list[Chosen]:
    """The files the form names, but for those it says to remove."""
    removed = set(request.form.getlist("remove"))
    names = [name for name in dict.fromkeys(request.form.getlist("file")) if name not in removed][: 10 * MOST]
    words = {name: tidy_line(request.form.get(f"alt-{name}"))[: keeping.LONGEST_ALT] for name in names}
    return [Chosen(number, words[name]) for name in names if (number := whole(name)) is not None]
