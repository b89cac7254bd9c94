"""What becomes of reports: who may see them, and what closes them.

A report is for the cohort's trainers, and never for whoever wrote the text: they neither find it in the queue nor
count it nor reach it by its address. Where no other trainer is left, it is for the administrators of the LMS.

Hiding, deleting and restoring close reports by themselves: this hears of every decision, so that no way of making one
can forget them.
"""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.lti.models import Deployment
from sociallearn.moderation.models import Reason, Report, State
from sociallearn.posts.deciding import decided
from sociallearn.posts.models import Decision, Post, Visibility
from sociallearn.roster import granting
from sociallearn.roster.models import Cohort, Member, Person, Role

Conditions = tuple[ColumnElement[bool], ...]


def connect() -> None:
    """Hear of decisions. Safe to call again."""
    decided.connect(on_decision)


def of_trainer(member: Member) -> Conditions:
    """What picks the reports this trainer may see, whatever became of them."""
    return (Report.cohort_id == member.cohort_id, Report.author_id != member.id)


def of_administrator(session: Session, person: Person) -> Conditions:
    """What picks those this administrator may see: in cohorts of LMSs they look after, where no other trainer is."""
    reach = granting.reach(session, person).registration_ids
    cohorts = select(Cohort.id).join(Deployment, Deployment.id == Cohort.deployment_id)
    author, trainer = aliased(Member), aliased(Member)
    another = exists().where(
        trainer.cohort_id == Report.cohort_id,
        trainer.role == Role.TRAINER,
        trainer.joined_at.is_not(None),
        trainer.left_at.is_(None),
        trainer.id != Report.author_id,
    )
    return (
        Report.organisation_id == person.organisation_id,
        Report.cohort_id.in_(cohorts.where(Deployment.registration_id.in_(reach))),
        Report.author_id.not_in(select(author.id).where(author.person_id == person.id)),
        or_(Report.to_administrators, ~another),
    )


def of(session: Session, by: Member | Person) -> Conditions:
    """What picks the reports these may handle."""
    return of_administrator(session, by) if isinstance(by, Person) else of_trainer(by)


def dismiss(session: Session, post: Post, *, by: Member | Person, note: str, seen: int) -> None:
    """Leave a text as it is, with a note to whoever asked. ``seen`` is the newest report they read: later ones stay.

    Raises Refusal 403 for who is no trainer, 404 where there is nothing for them, 409 when somebody was faster, 422
    without a note.
    """
    check(by)
    if not note:
        raise Refusal(422, _("Say why, so that whoever asked knows."))
    theirs = (*of(session, by), Report.post_id == post.id, Report.id <= seen)
    locked(session, Post, post.id)
    found = session.execute(select(Report.id, Report.state).where(*theirs)).all()
    if not found:
        raise nothing()
    waiting = [report_id for report_id, state in found if state == State.OPEN]
    if not waiting:
        raise Refusal(409, _("Somebody was faster: this was already handled."), _("Reload the page to see it."))
    _close(session, waiting, State.DISMISSED, note=note, **_signed(by))


def reopen(session: Session, post: Post, *, by: Member | Person) -> None:
    """Take the newest dismissal back: what it answered waits again.

    Raises Refusal 403 for who is no trainer, 404 where there is nothing for them, 409 where there is no dismissal
    any more.
    """
    check(by)
    theirs = (*of(session, by), Report.post_id == post.id)
    post = locked(session, Post, post.id)
    rows = session.scalars(select(Report).where(*theirs).order_by(Report.id)).all()
    if not rows:
        raise nothing()
    dismissed = [row for row in rows if row.state == State.DISMISSED]
    newest = max((row.handled_at for row in dismissed if row.handled_at), default=None)
    taken = {row.reporter_id for row in rows if row.state == State.OPEN}  # they reported it anew meanwhile
    again = [
        row.id
        for row in dismissed
        if row.handled_at == newest
        and row.reporter_id not in taken
        and post.visibility == (Visibility.HIDDEN if row.reason == Reason.ANOTHER_LOOK else Visibility.VISIBLE)
    ]
    if not again:
        raise Refusal(409, _("Somebody was faster: this was already changed."), _("Reload the page to see it."))
    _open(session, Report.id.in_(again))


def require(session: Session, post: Post, *, by: Member | Person) -> None:
    """Raises Refusal 404 unless there is a report about this text for them, whatever became of it."""
    if session.scalar(select(Report.id).where(*of(session, by), Report.post_id == post.id).limit(1)) is None:
        raise nothing()


def check(by: Member | Person) -> None:
    """Raises Refusal 403 for members who do not train. What administrators may see is looked up each time."""
    if isinstance(by, Member) and not by.is_trainer:
        raise Refusal(403, _("Only trainers of this cohort can do this."), _("Ask your trainer."))


def nothing() -> Refusal:
    """The same words whether there is no report or it is not for them."""
    return Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))


def on_decision(decision: Decision, session: Session) -> None:
    """A text was hidden, deleted, or can be read again: what was asked about it is answered by that."""
    about = (Report.cohort_id == decision.cohort_id, Report.post_id == decision.post_id)
    if decision.before == Visibility.DELETED:
        _open(session, *about, Report.state == State.GONE)
        return
    waiting = session.scalars(select(Report.id).where(*about, Report.state == State.OPEN)).all()
    if not waiting:
        return
    if decision.after == Visibility.DELETED:
        _close(session, waiting, State.GONE)
    else:
        by = {"handled_by_id": decision.by_id, "handled_by_person_id": decision.by_person_id}
        _close(session, waiting, State.HANDLED, **by)


def _signed(by: Member | Person) -> dict[str, int]:
    return {"handled_by_person_id" if isinstance(by, Person) else "handled_by_id": by.id}


def _close(session: Session, ids: Any, state: State, **values: Any) -> None:
    session.execute(update(Report).where(Report.id.in_(ids)).values(state=state, handled_at=clock.now(), **values))


def _open(session: Session, *which: ColumnElement[bool]) -> None:
    values = {"state": State.OPEN, "handled_at": None, "handled_by_id": None, "handled_by_person_id": None, "note": ""}
    session.execute(update(Report).where(*which).values(**values))


def count(session: Session, by: Member | Person) -> int:
    """How many texts wait for them."""
    statement = select(func.count(Report.post_id.distinct())).where(Report.state == State.OPEN, *of(session, by))
    return session.scalar(statement) or 0
