"""Ask that somebody looks at a text: whoever reads it, or its author once it is hidden."""

from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_new, locked
from sociallearn.errors import Refusal
from sociallearn.moderation.models import Reason, Report, State
from sociallearn.posts import writing
from sociallearn.posts.models import Extra, Post, Visibility
from sociallearn.roster.models import Member, Role


class Readers(StrEnum):
    """Who is going to read a report. Never whoever wrote the text."""

    TRAINERS = "trainers"
    OTHER_TRAINERS = "other-trainers"  # the text is by one of them
    ADMINISTRATORS = "administrators"  # there is no other trainer


def readers(session: Session, post: Post) -> Readers:
    """Who reads a report about this text, or its author's wish that it be shown again."""
    trainers = select(Member.id).where(
        Member.cohort_id == post.cohort_id,
        Member.role == Role.TRAINER,
        Member.joined_at.is_not(None),
        Member.left_at.is_(None),
    )
    found = set(session.scalars(trainers))
    if not found - {post.author_id}:
        return Readers.ADMINISTRATORS
    return Readers.OTHER_TRAINERS if post.author_id in found else Readers.TRAINERS


def report(session: Session, post: Post, *, by: Member, reason: Reason, words: str) -> Readers:
    """Say that a text is not right; who will read that.

    Raises Refusal 403 about one's own text, 409 when it cannot be read any more or one has reported it already, 422
    for "something else" without words.
    """
    post = locked(session, Post, post.id)  # whoever handles reports of this text stands in the same line
    if post.written_by(by):
        raise Refusal(403, _("This is your own text."), _("You can change or delete it yourself."))
    if not post.is_visible:
        raise Refusal(409, _("This text was removed meanwhile."), _("Nobody reads it any more."))
    if reason == Reason.OTHER and not words:
        raise Refusal(422, _("Say in a few words what it is."))
    to = readers(session, post)
    if not _insert(session, post, by, reason, words, to):
        raise Refusal(409, reported_already(to), _("You can take your report back from the text’s menu."))
    post.extras |= Extra.REPORTED
    session.flush()
    return to


def reported_already(to: Readers) -> str:
    """What somebody reads who reported it before."""
    if to == Readers.ADMINISTRATORS:
        return str(_("You reported this; an administrator will look."))
    return str(_("You reported this; a trainer will look."))


def withdraw(session: Session, post: Post, *, by: Member) -> None:
    """Take one's report back: nothing stays of it. Raises Refusal 409 when somebody has handled it."""
    post = locked(session, Post, post.id)
    mine = (Report.post_id == post.id, Report.reporter_id == by.id, Report.state == State.OPEN)
    gone = session.execute(delete(Report).where(*mine, Report.reason != Reason.ANOTHER_LOOK).returning(Report.id))
    if gone.first() is None:
        raise Refusal(409, _("Somebody was faster: your report was handled."), _("Reload the page to see it."))


def ask_again(session: Session, post: Post, *, by: Member, words: str, **text: Any) -> Readers:
    """Change one's own hidden text (``text`` as ``writing.edit`` takes it) and ask that it be shown again.

    Raises Refusal 403 for somebody else's, 409 when it is not hidden or one has asked already, 422 without words.
    """
    post = locked(session, Post, post.id)
    if not post.written_by(by):
        raise Refusal(403, _("You can change your own texts only."))
    if post.visibility != Visibility.HIDDEN:
        raise Refusal(409, _("This text is not hidden."), _("What you typed stands below."))
    if not words:
        raise Refusal(422, _("Say in a sentence what you changed, or why it should be shown."))
    to = readers(session, post)
    if not _insert(session, post, by, Reason.ANOTHER_LOOK, words, to):
        raise Refusal(409, _("You asked already; somebody will look."), _("What you typed stands below."))
    writing.edit(session, post, by=by, while_hidden=True, **text)
    return to


def latest(session: Session, post: Post, member: Member) -> Report | None:
    """What this member last reported about a text, or asked about their own."""
    mine = select(Report).where(Report.post_id == post.id, Report.reporter_id == member.id)
    return session.scalar(mine.order_by(Report.id.desc()).limit(1))


def _insert(session: Session, post: Post, by: Member, reason: Reason, words: str, to: Readers) -> bool:
    values = {
        "cohort_id": post.cohort_id,
        "organisation_id": post.organisation_id,
        "post_id": post.id,
        "author_id": post.author_id,
        "reporter_id": by.id,
        "reason": reason,
        "words": words,
        "to_administrators": to == Readers.ADMINISTRATORS,
        "state": State.OPEN,
        "created_at": clock.now(),
        "note": "",
    }
    return insert_new(session, Report, values)
