"""Try rules before they begin: on what happened in this cohort, and on made-up learners who play fair or do not.

Writes nothing. Whoever would change is named, so that only trainers may see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from sociallearn.grades import calendar, folding, scoring, valuing
from sociallearn.grades.folding import Rules, Version
from sociallearn.grades.models import Standing
from sociallearn.grades.schemes import Kind, Scheme
from sociallearn.grades.scoring import Event, Sign
from sociallearn.grades.wording import percent
from sociallearn.roster.models import Cohort, Member

MOST = 200  # learners tried; the page says so where there are more
BINS = 10  # 0 to 9 %, 10 to 19 %, … 90 to 100 %
WEEKS = 8
_START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday


@dataclass(frozen=True)
class Change:
    """What a learner would have, in hundredths; None where there is nothing to say."""

    member: Member
    before: int | None
    after: int | None

    @property
    def by(self) -> int:
        """How much it rises."""
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True)
class Replay:
    """What rules would have made of the cohort's history."""

    changes: list[Change]  # of those who change, the largest first
    before: list[int]  # how many learners, by bin
    after: list[int]
    tried: int
    is_part: bool  # there are more learners than were tried


@dataclass(frozen=True)
class Invented:
    """A made-up learner of eight weeks, in hundredths."""

    who: str
    before: int
    after: int


def replay(session: Session, cohort: Cohort, draft: Scheme) -> Replay:
    """The grades of everybody as they are, and as if the draft had been in force from the first day."""
    rules = folding.rules_of(session, cohort, folding.moment(cohort))
    drafted = Rules((Version(None, rules.since, draft),), rules.plan, rules.now)
    statement = select(Member).join(Standing, Standing.member_id == Member.id).where(Member.cohort_id == cohort.id)
    statement = statement.options(joinedload(Member.person)).order_by(Member.id).limit(MOST + 1)
    members = [one for one in session.scalars(statement) if one.is_graded]
    found = [
        Change(one, _grade(session, one, rules), _grade(session, one, drafted))
        for one in sorted(members[:MOST], key=lambda one: one.name.casefold())
    ]
    changes = sorted((one for one in found if one.before != one.after), key=lambda one: -abs(one.by))
    before, after = _bins([one.before for one in found]), _bins([one.after for one in found])
    return Replay(changes, before, after, tried=len(found), is_part=len(members) > MOST)


def _grade(session: Session, member: Member, rules: Rules) -> int | None:
    periods = folding.periods_of(member.joined_at or rules.now, rules)
    adjustments = folding.adjustments_of(session, member)
    events = folding.events_of(session, member, rules)
    signs = valuing.signs_of(session, member, events, periods, rules)
    points = scoring.sums(folding.judge(events, periods, rules, adjustments, signs))
    given = folding.excused_in(adjustments), folding.settled_in(adjustments)
    value = folding.grade(points, periods, rules, *given).value
    return None if value is None else percent(value)


def _bins(shares: Sequence[int | None]) -> list[int]:
    counts = [0] * BINS
    for share in shares:
        if share is not None:
            counts[min(BINS - 1, share * BINS // 100)] += 1
    return counts


def invented(now: Scheme, draft: Scheme) -> list[Invented]:
    """What made-up learners get by the rules of now, and by the draft."""
    told = _thanks()
    return [
        Invented(who, _share(events, told.get(who, []), now), _share(events, told.get(who, []), draft))
        for who, events in _learners().items()
    ]


def warnings(found: Sequence[Invented], draft: Scheme) -> list[str]:
    """Codes of where gaming pays by the draft, or taking part does not; told in words on the page."""
    after = {one.who: one.after for one in found}
    told = [who for who, most in _TOLERATED.items() if after[who] > most]
    told += ["beats_honest"] if max(after[who] for who in _TOLERATED) > after["honest"] else []
    replies = draft.rule("reply")
    told += ["not_by_replies"] if replies is None or replies.points * replies.most < draft.target else []
    return told


# How much taking a short cut may bring before we warn, in hundredths.
_TOLERATED = {"spammer": 10, "long_posts": 50, "pair": 70, "crammer": 30}


def _share(events: Sequence[Event], signs: Sequence[Sign], scheme: Scheme) -> int:
    if not scheme.counts:
        return 0
    weeks = calendar.weeks(_START, "UTC", _START + timedelta(weeks=WEEKS, seconds=-1))
    outcomes = scoring.judge(events, weeks, scheme) + (scoring.value(signs, weeks, scheme) if scheme.quality else [])
    return percent(scoring.grade(scoring.sums(outcomes), weeks, weeks[-1].ends, scheme).value or 0.0)


def _learners() -> dict[str, list[Event]]:
    every = range(WEEKS)
    return {
        "honest": _does("post", 1, every) + _does("reply", 2, every),
        "quiet": _does("reply", 1, every, words=30) + _does("rating", 5, every),
        "part_time": _does("post", 1, every[::2]) + _does("reply", 2, every[::2]),
        "spammer": _does("post", 9, every, words=5) + _does("reply", 30, every, words=5),
        "long_posts": _does("post", 9, every, words=300),
        "pair": _does("reply", 9, every, people=1),
        "crammer": _does("post", 9, every[-1:]) + _does("reply", 30, every[-1:]),
    }


def _thanks() -> dict[str, list[Sign]]:
    """What others say of their texts: of two people who only answer each other, each says so of every text; of who
    plays fair, two others do once a week."""
    return {
        "pair": [_helped(week, number, giver=1) for week in range(WEEKS) for number in range(9)],
        "honest": [_helped(week, number, giver=number) for week in range(WEEKS) for number in range(2)],
    }


def _helped(week: int, number: int, *, giver: int) -> Sign:
    return Sign(1000 * week + number, "helped", _START + timedelta(weeks=week, days=2, hours=number), giver)


def _does(kind: Kind, count: int, weeks: Sequence[int], *, words: int = 60, people: int = 3) -> list[Event]:
    """So many of a kind in each of these weeks, over its first days."""
    return [
        Event(
            id=1000 * week + number,
            kind=kind,
            at=_START + timedelta(weeks=week, days=1, hours=number),
            words=words,
            reached=number % people + 1 if kind == "reply" else None,
            subject=1000 * week + number if kind == "rating" else 0,
        )
        for week in weeks
        for number in range(count)
    ]
