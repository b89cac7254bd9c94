"""A learner asks the trainer to look again at a period or a text, in words; a trainer answers, once."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.grades import adjusting
from sociallearn.grades.models import GradeReview, LedgerEntry, Standing
from sociallearn.posts.models import Post
from sociallearn.roster.models import Member

MOST_OPEN = 10  # of one learner
PAGE = 50


def ask(
    session: Session, learner: Member, *, words: str, period: str | None = None, post_id: int | None = None
) -> GradeReview:
    """Ask about a period, or about a text of one's own that stands in the ledger.

    Raises Refusal 403 for somebody who is not graded, 404 for what is not on their receipt, 409 while the same waits.
    """
    if not learner.is_graded:
        raise Refusal(403, _("Only learners are graded."))
    if session.get(Standing, learner.id) is None:
        raise Refusal(404, _("There is no such week or phase."), _("Go back and choose again."))
    locked(session, Standing, learner.id)  # so that the same is asked once
    if post_id is not None:
        period = _period_of(session, learner, post_id)
    elif period not in {one.period.key for one in adjusting.choices(session, learner)}:
        raise Refusal(404, _("There is no such week or phase."), _("Go back and choose again."))
    waiting = session.scalars(
        select(GradeReview).where(GradeReview.member_id == learner.id, GradeReview.answered_at.is_(None))
    ).all()
    if any((one.period, one.post_id) == (period, post_id) for one in waiting) or len(waiting) >= MOST_OPEN:
        raise Refusal(409, _("You asked already. Your trainer will look."), _("What you typed stands below."))
    made = GradeReview(
        cohort_id=learner.cohort_id,
        organisation_id=learner.organisation_id,
        member_id=learner.id,
        period=period,
        post_id=post_id,
        words=words.strip(),
        created_at=clock.now(),
    )
    session.add(made)
    session.flush()
    return made


def answer(session: Session, review: GradeReview, *, by: Member, words: str) -> None:
    """Answer it. Raises Refusal 403 for who does not grade, 409 when somebody did already."""
    if not (by.is_trainer and by.may_grade) or by.id == review.member_id:
        raise Refusal(403, _("Only trainers who grade can do this."), _("Ask your trainer."))
    standing = locked(session, Standing, review.member_id)
    row = locked(session, GradeReview, review.id)
    if row.answered_at is not None:
        raise Refusal(409, _("Somebody answered it already."), _("What you typed stands below."))
    row.answer, row.answered_by_id, row.answered_at = words.strip(), by.id, clock.now()
    standing.told_at = clock.now()
    session.flush()


def of(session: Session, learner: Member) -> Sequence[GradeReview]:
    """What a learner asked, newest first, each with its text and who answered."""
    statement = select(GradeReview).where(GradeReview.member_id == learner.id)
    return session.scalars(_whole(statement).order_by(GradeReview.id.desc()).limit(PAGE)).all()


def queue(session: Session, cohort_id: int, *, answered: bool, before: int | None = None) -> Sequence[GradeReview]:
    """A page of what is asked in a cohort, and one more: what waits, oldest first; what was answered, newest first."""
    statement = select(GradeReview).where(GradeReview.cohort_id == cohort_id)
    if answered:
        statement = statement.where(GradeReview.answered_at.is_not(None)).order_by(GradeReview.id.desc())
        if before is not None:
            statement = statement.where(GradeReview.id < before)
    else:
        statement = statement.where(GradeReview.answered_at.is_(None)).order_by(GradeReview.id)
        if before is not None:
            statement = statement.where(GradeReview.id > before)
    return session.scalars(_whole(statement).limit(PAGE + 1)).all()


def waiting(session: Session, cohort_id: int) -> int:
    """How many wait for an answer."""
    statement = select(func.count()).where(GradeReview.cohort_id == cohort_id, GradeReview.answered_at.is_(None))
    return session.scalar(statement) or 0


def _whole(statement: Select[tuple[GradeReview]]) -> Select[tuple[GradeReview]]:
    return statement.options(
        joinedload(GradeReview.member), joinedload(GradeReview.post), joinedload(GradeReview.answered_by)
    )


def _period_of(session: Session, learner: Member, post_id: int) -> str:
    entry = session.execute(
        select(LedgerEntry.period)
        .join(Post, Post.id == LedgerEntry.event_id)
        .where(
            LedgerEntry.member_id == learner.id,
            LedgerEntry.event_id == post_id,
            LedgerEntry.kind.in_(("post", "reply", "idea")),
            Post.cohort_id == learner.cohort_id,
        )
        .order_by(LedgerEntry.id.desc())
    ).first()
    if entry is None:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    return str(entry.period)
