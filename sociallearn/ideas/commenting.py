"""Comment on an idea: ask, build on it, or raise a concern together with a suggestion. Never a verdict alone."""

from collections.abc import Iterable
from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.errors import Refusal
from sociallearn.ideas.models import Remark
from sociallearn.posts import writing
from sociallearn.posts.models import Kind, Post
from sociallearn.posts.reading import Shown
from sociallearn.roster.models import Member


class RemarkKind(StrEnum):
    """What a comment is."""

    QUESTION = "question"
    BUILD = "build"
    CONCERN = "concern"


def comment(session: Session, idea: Post, kind: RemarkKind, *, by: Member, body: str, suggestion: str = "") -> Post:
    """Say something about an idea. What one suggests against a concern stands below it in the same text.

    Raises Refusal 422 for a concern without a suggestion, 404 for what is no idea; else as ``writing.reply`` does.
    """
    if idea.kind != Kind.IDEA:
        raise Refusal(404, _("There is no such idea here."), _("Perhaps it was an old link."))
    if kind == RemarkKind.CONCERN and not suggestion:
        raise Refusal(422, _("Say what would take your concern away."), _("Your text stands below."))
    text = f"{body}\n\n{suggestion}" if kind == RemarkKind.CONCERN else body
    made = writing.reply(session, idea, by=by, body=text)
    session.add(Remark(cohort_id=made.cohort_id, post_id=made.id, kind=kind))
    session.flush()
    return made


def give_remarks(session: Session, items: Iterable[Shown]) -> None:
    """Say of each comment what it is: one query."""
    by_id = {item.id: item for item in items if item.level == 1 and item.is_visible}
    if not by_id:
        return
    for post_id, kind in session.execute(select(Remark.post_id, Remark.kind).where(Remark.post_id.in_(by_id))):
        by_id[post_id].remark = kind
