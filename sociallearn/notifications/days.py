"""Days and hours where a person is."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.notifications.models import MailPlan, Rhythm
from sociallearn.roster.models import Cohort, Member

_DAY = timedelta(days=1)
MONDAY = 0


def following(after: datetime, rhythm: str, hour: int, zone: str) -> datetime:
    """The first moment later than ``after`` at which a mail of this rhythm is due."""
    place = ZoneInfo(zone)
    day = after.astimezone(place).date()
    while True:
        moment = datetime.combine(day, time(hour), place)
        fits = rhythm != Rhythm.WEEKLY or day.weekday() == MONDAY
        if fits and moment.timestamp() > after.timestamp():
            return moment.astimezone(ZoneInfo("UTC"))
        day += _DAY


def zone_of(session: Session, plan: MailPlan) -> str:
    """Where the person is: as they said, else where their newest course is."""
    if plan.time_zone:
        return plan.time_zone
    newest = (
        select(Cohort.time_zone)
        .join(Member, Member.cohort_id == Cohort.id)
        .where(Member.person_id == plan.person_id)
        .order_by(Member.id.desc())
        .limit(1)
    )
    return session.scalar(newest) or str(current_app.config["TIME_ZONE"])
