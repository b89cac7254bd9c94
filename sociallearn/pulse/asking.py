"""Open the two questions for a week, or take them back."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from blinker import Signal
from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.pulse.models import PulseRound
from sociallearn.roster.models import Cohort, Member
from sociallearn.roster.phases import check_trains

OPEN_FOR = timedelta(days=7)  # the first one counted
APART = timedelta(weeks=4)  # from the first day of one to that of the next

taken_back = Signal()  # taken_back.send(round_, session=session), before it is gone


def ask(session: Session, cohort: Cohort, *, by: Member) -> PulseRound:
    """Open the questions for a week, in which everybody hears of them once.

    Four weeks lie between two times, so that their answers are not those of the same days with one person more.
    Raises Refusal 403 for who does not train, 409 when it is too soon.
    """
    check_trains(by)
    cohort = locked(session, Cohort, cohort.id)
    first = next_day(cohort, newest(session, cohort))
    if first is not None:
        day = format_date(first, "d MMMM")
        raise Refusal(409, _("These questions can be opened again on %(day)s.", day=day), _("Four weeks lie between."))
    closes_at = _midnight(_day(cohort, clock.now()) + OPEN_FOR, cohort)
    made = PulseRound(cohort_id=cohort.id, by_id=by.id, opened_at=clock.now(), closes_at=closes_at)
    session.add(made)
    session.flush()
    return made


def take_back(session: Session, cohort: Cohort, *, by: Member) -> None:
    """Ask no longer: what was answered so far is gone, and no figure comes of it. After the week nothing happens.

    Raises Refusal 403 for who does not train.
    """
    check_trains(by)
    cohort = locked(session, Cohort, cohort.id)
    last = newest(session, cohort)
    if last is None or not last.is_open:
        return
    taken_back.send(last, session=session)
    session.delete(last)
    session.flush()


def newest(session: Session, cohort: Cohort) -> PulseRound | None:
    """The cohort's last round, open or over."""
    statement = select(PulseRound).where(PulseRound.cohort_id == cohort.id)
    return session.scalar(statement.order_by(PulseRound.id.desc()).limit(1))


def next_day(cohort: Cohort, last: PulseRound | None) -> date | None:
    """From when on the questions can be opened again; nothing: now."""
    if last is None:
        return None
    first = _day(cohort, last.opened_at) + APART
    return first if first > _day(cohort, clock.now()) else None


def last_day(cohort: Cohort, round_: PulseRound) -> date:
    """On which they can be answered."""
    return _day(cohort, round_.closes_at - timedelta(microseconds=1))


def told_on(cohort: Cohort, round_: PulseRound) -> date:
    """When its figures are made: the Monday after."""
    last = last_day(cohort, round_)
    return last + timedelta(days=7 - last.weekday())


def _day(cohort: Cohort, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(cohort.time_zone)).date()


def _midnight(day: date, cohort: Cohort) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(cohort.time_zone)).astimezone(UTC)
