"""Figures about a cohort, each with its definition and its n. Fewer than five people are never shown."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_date, format_percent, ngettext
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from sociallearn import clock
from sociallearn.activity.models import WRITING, Activity, Verb
from sociallearn.roster.models import Cohort, Member, Role

FEWEST = 5
PROMISE = timedelta(hours=12)
WEEKS = 8


@dataclass(frozen=True)
class Figure:
    """One number: ``value`` is empty where it would be about fewer than five people."""

    label: str
    value: str | None
    definition: str
    n: int


@dataclass(frozen=True)
class Week:
    """How many acts a week saw; ``count`` is empty when fewer than five people took part."""

    label: str
    count: int | None


def figures(session: Session, cohort_id: int) -> list[Figure]:
    """Learners, who took part, and how questions were answered."""
    learners = _learners(session, cohort_id)
    active = _active(session, cohort_id)
    asked, in_time = _answered(session, cohort_id)
    askable = len(asked)
    return [
        Figure(
            _("Opened it"),
            _count(len(learners), len(learners)),
            _("Learners in this course now who opened SocialLearn at least once."),
            len(learners),
        ),
        Figure(
            _("Took part"),
            _share(len(active), len(learners)),
            _("Of those, the share who wrote or rated something at least once."),
            len(learners),
        ),
        Figure(
            _("Answered within 12 hours"),
            _share(in_time, askable) if len(set(asked.values())) >= FEWEST else None,
            _("First answer by somebody else within 12 hours, of all questions older than 12 hours."),
            askable,
        ),
    ]


def sentences(session: Session, cohort_id: int) -> list[str]:
    """The figures in words; nothing about fewer than five people."""
    learners = _learners(session, cohort_id)
    if len(learners) < FEWEST:
        return [_("Fewer than five learners opened SocialLearn so far, so there are no figures yet.")]
    active = len(_active(session, cohort_id))
    said = [ngettext("%(num)s learner opened SocialLearn.", "%(num)s learners opened SocialLearn.", len(learners))]
    if FEWEST <= active <= len(learners) - FEWEST or active == len(learners):
        said.append(ngettext("%(num)s of them took part.", "%(num)s of them took part.", active))
    return said


def weeks(session: Session, cohort_id: int) -> list[Week]:
    """Acts a week over the last eight weeks, in the cohort's time zone."""
    zone = ZoneInfo(session.get_one(Cohort, cohort_id).time_zone)
    today = clock.now().astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    since = clock.now() - timedelta(weeks=WEEKS + 1)
    rows = session.execute(
        select(Activity.at, Activity.member_id)
        .join(Member, Member.id == Activity.member_id)
        .where(Activity.cohort_id == cohort_id, Activity.at >= since, Activity.verb.in_(_taking_part()))
        .where(Member.role == Role.LEARNER, Member.is_test.is_(False))
    ).all()
    acts: Counter[int] = Counter()
    people: dict[int, set[int]] = {}
    for at, member_id in rows:
        day = at.astimezone(zone).date()
        ago = (monday - (day - timedelta(days=day.weekday()))).days // 7
        acts[ago] += 1
        people.setdefault(ago, set()).add(member_id)
    return [
        _week(monday - timedelta(weeks=ago), acts[ago], len(people.get(ago, ()))) for ago in range(WEEKS - 1, -1, -1)
    ]


def _week(start: date, count: int, people: int) -> Week:
    return Week(format_date(start, "d MMM"), count if people >= FEWEST or count == 0 else None)


def _taking_part() -> list[Verb]:
    return [*WRITING, Verb.RATED]


def _learners(session: Session, cohort_id: int) -> set[int]:
    statement = select(Member.id).where(
        Member.cohort_id == cohort_id, Member.role == Role.LEARNER, Member.is_test.is_(False), *_still_here()
    )
    return set(session.scalars(statement))


def _still_here() -> tuple[ColumnElement[bool], ...]:
    """Not those who were only invited, nor those who left: they opened or missed nothing here that says anything."""
    return Member.joined_at.is_not(None), Member.left_at.is_(None)


def _active(session: Session, cohort_id: int) -> set[int]:
    statement = (
        select(Activity.member_id)
        .join(Member, Member.id == Activity.member_id)
        .where(Activity.cohort_id == cohort_id, Activity.verb.in_(_taking_part()))
        .where(Member.role == Role.LEARNER, Member.is_test.is_(False), *_still_here())
        .distinct()
    )
    return set(session.scalars(statement))


def _answered(session: Session, cohort_id: int) -> tuple[dict[int, int], int]:
    """({question: asker} older than 12 hours, how many of them had an answer by somebody else within 12 hours)."""
    asked = session.execute(
        select(Activity.post_id, Activity.author_id, Activity.at).where(
            Activity.cohort_id == cohort_id,
            Activity.verb == Verb.ASKED,
            Activity.at <= clock.now() - PROMISE,
        )
    ).all()
    question, answer = aliased(Activity), aliased(Activity)
    first = session.execute(
        select(question.post_id, func.min(answer.at))
        .join(answer, (answer.root_id == question.post_id) & (answer.verb == Verb.ANSWERED))
        .where(question.cohort_id == cohort_id, question.verb == Verb.ASKED)
        .where(answer.cohort_id == cohort_id, answer.member_id != question.member_id)
        .group_by(question.post_id)
    ).all()
    firsts = {post_id: at for post_id, at in first}
    in_time = sum(1 for post_id, _asker, at in asked if post_id in firsts and firsts[post_id] - at <= PROMISE)
    return {post_id: member_id for post_id, member_id, _at in asked}, in_time


def _count(value: int, people: int) -> str | None:
    return str(value) if people >= FEWEST else None


def _share(part: int, whole: int) -> str | None:
    if whole < FEWEST or 0 < part < FEWEST or 0 < whole - part < FEWEST:
        return None
    return str(format_percent(part / whole))
