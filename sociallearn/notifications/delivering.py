"""Bring a person's one mail of the day to the mail server: claim, speak, hand over, record.

    claim      a lease and a new attempt number, committed; the mail is made from what may be read at this moment
    speak      no transaction is open; the server says whether it takes the address
    hand over  committed before the mail itself leaves: from here on it may have arrived, whatever becomes of us
    record     only under one's own attempt number: a late worker keeps silent

Killed before the hand-over, the mail is tried again once the lease ends; after it, never: nobody gets two. What it
would have told is then told by the next day's. A mail whose day went by is not sent either.
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from sociallearn import clock, jobs, languages
from sociallearn.database import locked, transaction
from sociallearn.notifications import composing, mailing
from sociallearn.notifications.days import zone_of
from sociallearn.notifications.mailing import Went
from sociallearn.notifications.models import Digest, DigestState, MailPlan, Notification, Rhythm
from sociallearn.roster.models import Person

LEASE = timedelta(minutes=5)  # longer than a conversation with the slowest server
LONGEST = timedelta(hours=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attempt:
    """One attempt, as it stood when it was claimed."""

    digest_id: int
    number: int
    message: EmailMessage
    told: Sequence[int]  # rows of Notification


def _due(session: Session) -> Sequence[int]:
    if current_app.config.get("MAIL") is None:
        return []
    now = clock.now()
    is_free = or_(Digest.lease_until.is_(None), Digest.lease_until < now)
    due = select(Digest.id).where(Digest.state == DigestState.WAITING, Digest.next_at <= now, is_free)
    return session.scalars(due.order_by(Digest.next_at, Digest.id).limit(jobs.MOST_A_SWEEP)).all()


@jobs.task(due=_due)
def deliver(digest_id: int) -> None:
    """Send one mail, if it is due and nobody else is sending it. Any number of workers may try at once."""
    if current_app.config.get("MAIL") is None:
        return
    with current_app.app_context(), transaction() as session:  # a context of its own: it has a language
        attempt = _claim(session, digest_id)
    if attempt is None:
        return
    try:
        went, problem = mailing.send(current_app.config["MAIL"], attempt.message, lambda: _hand_over(attempt))
    except Exception as error:  # whatever it was: the row says whether the mail may have left
        log.exception("digest %s, attempt %s", digest_id, attempt.number)
        went, problem = Went.UNSURE, type(error).__name__
    if went != Went.SENT:
        log.info("digest %s, attempt %s: %s %s", digest_id, attempt.number, went, problem)
    with transaction() as session:
        _record(session, attempt, went, problem)


def _claim(session: Session, digest_id: int) -> Attempt | None:
    known = session.get(Digest, digest_id)
    if known is None:
        return None
    row, now = locked(session, Digest, digest_id), clock.now()
    if row.state != DigestState.WAITING or row.next_at > now or (row.lease_until and row.lease_until >= now):
        return None
    if row.handed_over_at is not None:  # whoever did that is gone, and took the answer along
        row.state, row.problem = DigestState.UNSURE, "stopped"
        return None
    person, plan = session.get_one(Person, row.person_id), session.get_one(MailPlan, row.person_id)
    is_today = now.astimezone(ZoneInfo(zone_of(session, plan))).date() == row.day
    if not is_today or plan.rhythm == Rhythm.OFF or plan.paused_at is not None:
        row.state = DigestState.OVER
        return None
    languages.speak(composing.language_of(session, person))
    letter = composing.compose(session, person)
    if letter is None:
        row.state = DigestState.EMPTY
        return None
    try:
        message = composing.message(letter, person, row.id)
    except ValueError:
        _pause(plan, "address")
        row.state, row.problem = DigestState.REFUSED, "address"
        return None
    row.attempts += 1
    row.lease_until = now + LEASE
    return Attempt(row.id, row.attempts, message, letter.ids)


def _hand_over(attempt: Attempt) -> bool:
    """Whether this attempt is still the one that sends; from now on the mail may be out."""
    with transaction() as session:
        row = locked(session, Digest, attempt.digest_id)
        if row.attempts != attempt.number or row.state != DigestState.WAITING or row.handed_over_at is not None:
            return False
        row.handed_over_at = clock.now()
        return True


def _record(session: Session, attempt: Attempt, went: Went, problem: str | None) -> None:
    row, now = locked(session, Digest, attempt.digest_id), clock.now()
    if row.attempts != attempt.number or row.state != DigestState.WAITING:
        return
    row.lease_until, row.problem = None, problem
    if went == Went.UNSURE and row.handed_over_at is None:
        went = Went.LATER
    if went == Went.SENT:
        row.state, row.sent_at = DigestState.SENT, now
        _tell(session, attempt)
    elif went == Went.LATER:
        row.handed_over_at = None
        row.failures += 1
        row.next_at = now + back_off(row.failures)
    elif went in (Went.REFUSED, Went.UNSURE):
        row.state = DigestState(went.value)
    elif went == Went.NO_ADDRESS:
        row.state = DigestState.REFUSED
        _pause(locked(session, MailPlan, row.person_id), problem)


def _tell(session: Session, attempt: Attempt) -> None:
    for begin in range(0, len(attempt.told), 500):
        session.execute(
            update(Notification)
            .where(Notification.id.in_(attempt.told[begin : begin + 500]))
            .values(digest_id=attempt.digest_id),
            execution_options={"synchronize_session": False},
        )


def _pause(plan: MailPlan, problem: str | None) -> None:
    plan.paused_at, plan.problem, plan.early_at = clock.now(), problem, None


def back_off(failures: int) -> timedelta:
    """How long to wait after so many failures: one minute, two, four, up to an hour; never all at the same second."""
    waited = min(LONGEST, timedelta(minutes=1) * 2 ** min(failures - 1, 10))
    return timedelta(seconds=waited.total_seconds() * random.uniform(0.8, 1.2))  # noqa: S311 - no secret


def resume(session: Session, plan: MailPlan) -> None:
    """Try this address again, from its next mail on."""
    plan.paused_at = plan.problem = None
