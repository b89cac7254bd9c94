"""An idea that goes on from another: said by its author, shown on both."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.activity import recording
from sociallearn.activity.models import Verb
from sociallearn.database import insert_new
from sociallearn.errors import Refusal
from sociallearn.ideas import authoring, joining
from sociallearn.ideas.models import BuildsOn, Idea
from sociallearn.posts import sight
from sociallearn.posts.models import Post, Visibility
from sociallearn.roster.models import Member


def build(session: Session, idea: Idea, on: Idea, *, by: Member) -> None:
    """Say that ``idea`` goes on from ``on``; a second time changes nothing.

    Raises Refusal 403 for others than its author, 409 when it is the same idea, a later one or one that is gone.
    """
    _check_author(session, idea, by)
    if idea.post_id <= on.post_id:  # only on earlier ones, so that nothing goes round in a ring
        raise Refusal(409, _("An idea builds on an earlier one."))
    joining.check_not_merged(session, on)
    if not session.get_one(Post, on.post_id).is_visible:
        raise Refusal(409, _("This idea was removed meanwhile."), _("Your text stands below."))
    own = {"cohort_id": idea.cohort_id, "organisation_id": idea.organisation_id, "at": clock.now()}
    if insert_new(session, BuildsOn, {"idea_id": idea.post_id, "on_id": on.post_id, **own}):
        _record(session, Verb.BUILT_ON, idea.post_id, on.post_id, by)


def unlink(session: Session, idea: Idea, on_id: int, *, by: Member) -> None:
    """Take that back. Raises Refusal 403 for others than its author."""
    _check_author(session, idea, by)
    statement = delete(BuildsOn).where(BuildsOn.idea_id == idea.post_id, BuildsOn.on_id == on_id)
    gone: CursorResult[Any] = session.execute(statement)  # type: ignore[assignment]
    if gone.rowcount:
        _record(session, Verb.UNBUILT, idea.post_id, on_id, by)


def _record(session: Session, verb: Verb, idea_id: int, on_id: int, by: Member) -> None:
    """An act, unless both ideas are the same people's: then nobody else built on it."""
    if verb == Verb.BUILT_ON and by.id in authoring.ids_of(session, on_id):
        return
    reached = session.get_one(Post, on_id).author_id
    recording.record(session, verb, by=by, post_id=idea_id, root_id=on_id, author_id=by.id, reached_id=reached)


def _check_author(session: Session, idea: Idea, by: Member) -> None:
    if not session.get_one(Post, idea.post_id).written_by(by):
        raise Refusal(403, _("Only its author says what an idea builds on."))


@dataclass(frozen=True)
class Links:
    """Ideas (id and title) that can be read, on which this one builds and that build on it."""

    on: list[tuple[int, str]]
    by: list[tuple[int, str]]


def links_of(session: Session, idea_id: int, member: Member) -> Links:
    """Both ways: two queries."""
    readable = (Post.cohort_id == member.cohort_id, Post.visibility == Visibility.VISIBLE, sight.in_sight(member))
    titles = select(Post.id, Post.title).where(*readable).order_by(Post.id)
    on = session.execute(titles.join(BuildsOn, BuildsOn.on_id == Post.id).where(BuildsOn.idea_id == idea_id))
    by = session.execute(titles.join(BuildsOn, BuildsOn.idea_id == Post.id).where(BuildsOn.on_id == idea_id))
    return Links([(post_id, title or "") for post_id, title in on], [(post_id, title or "") for post_id, title in by])
