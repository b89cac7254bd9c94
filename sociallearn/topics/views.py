"""The cohort's topics, the texts of one, following it; and names for whoever types ``@`` or ``#``."""

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.parameters import number
from sociallearn.posts import naming
from sociallearn.text.naming import LONGEST_NAME, topic_key
from sociallearn.topics import following, reading
from sociallearn.topics.reading import Listed

bp = Blueprint("topics", __name__, url_prefix="/s/<seat>")

MOST_NAMES = 8


@bp.get("/topics")
def index() -> ResponseReturnValue:
    """What the cohort talks about."""
    found = reading.topics(db.session(), access.member())
    return render_template("topics/index.html", topics=found, room="feed")


@bp.get("/topics/<topic_key>")
def show(topic_key: str) -> ResponseReturnValue:
    """Twenty texts that name it."""
    topic = _find(topic_key)
    page = reading.texts(db.session(), topic, access.member(), number(request.args, "before"))
    return render_template("topics/show.html", topic=topic, page=page, room="feed")


@bp.post("/topics/<topic_key>/following")
@access.even_when_archived
def follow(topic_key: str) -> ResponseReturnValue:
    """Follow this topic."""
    topic = _find(topic_key)
    following.follow(db.session(), topic.id, by=access.member())
    return toasts.redirect(url_for("topics.show", topic_key=topic.key), "topic-followed")


@bp.post("/topics/<topic_key>/following/withdrawal")
@access.even_when_archived
def unfollow(topic_key: str) -> ResponseReturnValue:
    """No longer follow it."""
    topic = _find(topic_key)
    following.unfollow(db.session(), topic.id, by=access.member())
    return toasts.redirect(url_for("topics.show", topic_key=topic.key), "topic-unfollowed")


@bp.get("/names")
def names() -> ResponseReturnValue:
    """At most eight names of people (``kind=@``) or topics (``kind=#``) that begin with ``q``, for who writes."""
    access.require_writer()
    session, member, start = db.session(), access.member(), request.args.get("q", "")[:LONGEST_NAME]
    if request.args.get("kind") == "#":
        return jsonify(list(naming.matching_topics(session, member, topic_key(start), MOST_NAMES)))
    return jsonify(naming.matching_people(session, member, start, MOST_NAMES))


def _find(name: str) -> Listed:
    topic = reading.find(db.session(), access.member(), name)
    if topic is None:
        raise Refusal(404, _("Nobody has named this topic yet."), _("Write # and its name in a text to begin it."))
    return topic
