"""When somebody's next mail is due: once a day at the hour they chose where they are, on Monday, or never.

A mail belongs to a day of the person's. The row of ``Digest`` for (person, day) is made here and nowhere else, so that
no second one can be.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.database import insert_new, insert_or_get, locked, transaction
from sociallearn.notifications import composing, delivering
from sociallearn.notifications.days import following, zone_of
from sociallearn.notifications.models import Digest, DigestState, MailPlan, Rhythm
from sociallearn.questions import starting, timing
from sociallearn.roster.models import Member, Person

HOUR = 8  # until somebody chooses another


def of(session: Session, person: Person) -> MailPlan:
    """The person's plan, made if there is none."""
    own = {"organisation_id": person.organisation_id, "rhythm": Rhythm.DAILY, "hour": HOUR, "next_at": clock.now()}
    known = session.get(MailPlan, person.id)
    if known is None:
        known = insert_or_get(session, MailPlan, {"person_id": person.id}, own)
        known.next_at = following(clock.now(), known.rhythm, known.hour, zone_of(session, known))
        session.flush()
    return known


def on_arrival(member: Member, session: Session) -> None:
    """Whoever comes in can be sent a mail from then on."""
    if not member.is_test:
        of(session, member.person)


def change(session: Session, person: Person, *, rhythm: str, hour: int, time_zone: str | None) -> None:
    """Choose how mails come; whatever stood in their way is tried anew."""
    plan = locked(session, MailPlan, of(session, person).person_id)
    plan.rhythm, plan.hour, plan.time_zone = rhythm, hour, time_zone
    plan.paused_at = plan.problem = plan.early_at = None
    plan.next_at = following(clock.now(), rhythm, hour, zone_of(session, plan))
    session.flush()


def hurry(session: Session, member_id: int) -> None:
    """Somebody is asked for help: this day's mail, if they get one, may leave before its hour."""
    person = select(Member.person_id).where(Member.id == member_id)
    session.execute(
        update(MailPlan)
        .where(MailPlan.person_id.in_(person), MailPlan.rhythm == Rhythm.DAILY, MailPlan.early_at.is_(None))
        .values(early_at=clock.now()),
        execution_options={"synchronize_session": False},
    )


def _due(session: Session) -> Sequence[int]:
    if current_app.config.get("MAIL") is None:
        return []
    now = clock.now()
    due = or_(MailPlan.next_at <= now, MailPlan.early_at <= now)
    wanted = (MailPlan.rhythm != Rhythm.OFF, MailPlan.paused_at.is_(None), due)
    return session.scalars(
        select(MailPlan.person_id).where(*wanted).order_by(MailPlan.next_at).limit(jobs.MOST_A_SWEEP)
    ).all()


@jobs.task(due=_due)
def plan_next(person_id: int) -> None:
    """Make the row of the mail that is due now, if there is anything to tell and none was made today."""
    with transaction() as session:
        take(session, person_id)


def take(session: Session, person_id: int) -> None:
    """The same within a transaction."""
    plan, now = locked(session, MailPlan, person_id), clock.now()
    if plan.rhythm == Rhythm.OFF or plan.paused_at is not None:
        return
    zone = zone_of(session, plan)
    is_due = plan.next_at <= now
    if is_due:
        plan.next_at = following(now, plan.rhythm, plan.hour, zone)
    may_leave_early = plan.early_at is not None and plan.early_at <= now and _may_hurry(session, plan, now)
    if not (is_due or may_leave_early):
        return
    today = now.astimezone(ZoneInfo(zone)).date()
    last = session.scalar(select(Digest.day).where(Digest.person_id == person_id).order_by(Digest.day.desc()).limit(1))
    if last is not None and last >= today:
        return
    person = session.get_one(Person, person_id)
    if not person.email or not composing.letters_wait(session, person):
        return
    session.execute(
        update(Digest)
        .where(Digest.person_id == person_id, Digest.state == DigestState.WAITING)
        .values(state=DigestState.OVER)
    )
    row = {"person_id": person_id, "organisation_id": plan.organisation_id, "day": today, "next_at": now}
    row |= {"state": DigestState.WAITING, "attempts": 0, "failures": 0, "created_at": now}
    if insert_new(session, Digest, row):
        made = select(Digest.id).where(Digest.person_id == person_id, Digest.day == today)
        jobs.after_commit(session, delivering.deliver, session.scalars(made).one())


def _may_hurry(session: Session, plan: MailPlan, now: datetime) -> bool:
    """In the work hours of the cohort that asks; else it waits for them, or for the mail's own hour."""
    plan.early_at = None
    cohort = composing.who_asks(session, plan.person_id)
    if cohort is None:
        return False
    moment = timing.next_work(now, starting.work_hours(session, cohort))
    if moment <= now:
        return True
    if moment < plan.next_at:
        plan.early_at = moment
    return False
