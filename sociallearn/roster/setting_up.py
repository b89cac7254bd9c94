"""Set up a cohort: how it runs, its hours, holidays, rooms, end. One click on a template fills in what is sensible."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.roster import enrolling, phases, public_holidays
from sociallearn.roster.models import Cohort, Holiday, Member, Template
from sociallearn.roster.phases import check_trains
from sociallearn.roster.signals import calendar_changed

ROOMS = ("questions", "ideas")  # that can be switched off; the feed always stays
MOST_HOLIDAYS = 100
LONGEST_HOLIDAY = timedelta(days=366)


@dataclass(frozen=True)
class Settings:
    """What the form about a cohort says."""

    language: str | None
    time_zone: str
    work_days: list[int]  # Monday is 0
    work_starts: int  # minutes after midnight
    work_ends: int
    last_day: date | None
    rooms_off: list[str]
    goal_in_work_hours: bool = False  # the clock of questions asked from now on


def choose_template(session: Session, cohort: Cohort, template: Template, *, by: Member) -> None:
    """How the cohort runs, with dates from the LMS where it says any.

    A one-day course gets its three phases, unless it has phases already; a weekly one its last day, and an open
    community no end; neither has phases. Raises Refusal 403 for who does not train.
    """
    check_trains(by)
    cohort = locked(session, Cohort, cohort.id)
    cohort.template = template
    known = phases.of(session, cohort)
    if template == Template.ONE_DAY:
        cohort.ends_on = None  # its last phase is the end
        if not known:
            phases.replace_all(session, cohort, _one_day(session, cohort))
    else:
        phases.replace_all(session, cohort, [])
        _first, last = phases.lms_days(session, cohort)
        is_to_come = last is not None and last >= _today(cohort)
        cohort.ends_on = (cohort.ends_on or (last if is_to_come else None)) if template == Template.WEEKLY else None
    _tell(session, cohort)


def _one_day(session: Session, cohort: Cohort) -> list[tuple[str, date, date]]:
    first, day, last = phases.propose(session, cohort, clock.now())
    one = timedelta(days=1)
    with force_locale(_language(cohort)):
        return [
            (_("Before the day"), first, day - one),
            (_("The day itself"), day, day),
            (_("After the day"), day + one, last),
        ]


def change(session: Session, cohort: Cohort, settings: Settings, *, by: Member) -> None:
    """Everything the form says. Rooms that are off keep what was written in them.

    Raises Refusal 403 for who does not train.
    """
    check_trains(by)
    cohort = locked(session, Cohort, cohort.id)
    cohort.language = settings.language
    cohort.work_days = sorted(set(settings.work_days))
    cohort.work_starts, cohort.work_ends = settings.work_starts, settings.work_ends
    cohort.goal_in_work_hours = settings.goal_in_work_hours
    cohort.rooms_off = [room for room in ROOMS if room in settings.rooms_off]
    cohort.ends_on = settings.last_day
    if settings.time_zone != cohort.time_zone:
        enrolling.set_time_zone(session, cohort.id, settings.time_zone)
    _tell(session, cohort)


def holidays(session: Session, cohort: Cohort) -> Sequence[Holiday]:
    """In order of time."""
    statement = select(Holiday).where(Holiday.cohort_id == cohort.id).order_by(Holiday.first_day, Holiday.id)
    return session.scalars(statement).all()


def add_holiday(session: Session, cohort: Cohort, name: str, first_day: date, last_day: date, *, by: Member) -> None:
    """Days nobody is expected to work. Raises Refusal 403 for who does not train, 409 when there are too many."""
    check_trains(by)
    cohort = locked(session, Cohort, cohort.id)
    if len(holidays(session, cohort)) >= MOST_HOLIDAYS:
        raise Refusal(409, _("A cohort has at most %(most)s holidays.", most=MOST_HOLIDAYS), _("Remove one first."))
    session.add(Holiday(cohort_id=cohort.id, name=name, first_day=first_day, last_day=last_day))
    _tell(session, cohort)


def add_public_holidays(session: Session, cohort: Cohort, *, by: Member) -> int:
    """Belgium's of this school year, but those that are in the list already; how many were added.

    Raises Refusal 403 for who does not train.
    """
    check_trains(by)
    cohort = locked(session, Cohort, cohort.id)
    known = {holiday.first_day for holiday in holidays(session, cohort) if holiday.first_day == holiday.last_day}
    with force_locale(_language(cohort)):
        missing = [(d, name) for d, name in public_holidays.of_school_year(_today(cohort)) if d not in known]
    for day, name in missing:
        session.add(Holiday(cohort_id=cohort.id, name=name, first_day=day, last_day=day))
    _tell(session, cohort)
    return len(missing)


def remove_holiday(session: Session, holiday: Holiday, *, by: Member) -> None:
    """Work as usual on these days. Raises Refusal 403 for who does not train."""
    check_trains(by)
    cohort = locked(session, Cohort, holiday.cohort_id)
    session.delete(holiday)
    _tell(session, cohort)


def archive(session: Session, cohort: Cohort, *, by: Member) -> None:
    """The cohort is over: everybody reads, nobody writes, no grade moves. Raises Refusal 403 for who does not train."""
    check_trains(by)
    cohort = locked(session, Cohort, cohort.id)
    cohort.archived_at = cohort.archived_at or clock.now()
    session.flush()


def reopen(session: Session, cohort: Cohort, *, by: Member) -> None:
    """It goes on. The days it was archived become a holiday, so that nobody gets empty weeks for them.

    Raises Refusal 403 for who does not train.
    """
    check_trains(by)
    cohort = locked(session, Cohort, cohort.id)
    if cohort.archived_at is None:
        return
    first, today = cohort.archived_at.astimezone(ZoneInfo(cohort.time_zone)).date(), _today(cohort)
    if today > first:
        with force_locale(_language(cohort)):
            session.add(Holiday(cohort_id=cohort.id, name=_("Archived"), first_day=first, last_day=today))
    cohort.archived_at = None
    _tell(session, cohort)


def _today(cohort: Cohort) -> date:
    return clock.now().astimezone(ZoneInfo(cohort.time_zone)).date()


def _language(cohort: Cohort) -> str:
    """The cohort's, else of whoever sets it up."""
    return cohort.language or str(get_locale() or "en")


def _tell(session: Session, cohort: Cohort) -> None:
    session.flush()
    calendar_changed.send(cohort, session=session)
