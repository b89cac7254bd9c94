"""A question answered before it was asked: by another one like it. Kept as a row, so that it counts as answered."""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_or_get
from sociallearn.errors import Refusal
from sociallearn.posts import drafting, sight
from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.questions import memory
from sociallearn.questions.models import Settled
from sociallearn.roster.models import Member

PLACE = "questions"  # where the draft of a question is kept
UNDO = timedelta(days=1)  # what was typed is kept as long


def settle(session: Session, alike_id: int, *, by: Member, title: str, body: str) -> Settled:
    """The question typed needs no asking: this one answers it. Its draft goes, until it is undone. Twice is once.

    Raises Refusal 409 when the other question is not there any more, 422 when nothing was typed.
    """
    if not title and not body:
        raise Refusal(422, _("Write your question first."))
    if not _can_read(session, alike_id, by):
        raise Refusal(409, _("That question is no longer there."), _("Your question was not asked; it stands below."))
    values = {"cohort_id": by.cohort_id, "organisation_id": by.organisation_id, "body": body, "at": clock.now()}
    row = insert_or_get(session, Settled, {"member_id": by.id, "alike_id": alike_id, "title": title}, values)
    row.body, row.at = body, clock.now()  # settled before, with other words: these are the ones to come back
    session.flush()
    drafting.clear(session, by, PLACE)
    return row


def undo(session: Session, row: Settled, *, by: Member) -> None:
    """It does not answer it after all: what was typed is a draft again, unless another one was begun meanwhile.

    Raises Refusal 404 for anybody else's.
    """
    if row.member_id != by.id:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    if drafting.find(session, by, PLACE) is None:
        drafting.save(session, by, PLACE, row.title, row.body)
    session.delete(row)
    session.flush()


def count(session: Session, cohort_id: int) -> int:
    """For figures: how many questions of a cohort were answered by another one like them."""
    statement = select(func.count()).select_from(Settled).join(Member, Member.id == Settled.member_id)
    statement = statement.where(Settled.cohort_id == cohort_id, Member.is_test.is_(False))
    return session.scalar(statement) or 0


def forget_texts(session: Session) -> None:
    """Housekeeping: what was typed and need not come back any more. That it was answered stays."""
    old = update(Settled).where(Settled.at < clock.now() - UNDO, Settled.body != "")
    session.execute(old.values(body=""))


def _can_read(session: Session, question_id: int, member: Member) -> bool:
    own = select(Post.id).where(
        Post.id == question_id,
        Post.cohort_id == member.cohort_id,
        Post.kind == Kind.QUESTION,
        Post.visibility == Visibility.VISIBLE,
        sight.in_sight(member),
    )
    return session.scalar(own) is not None or memory.find(session, member, question_id) is not None
