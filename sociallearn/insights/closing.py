"""Close the weeks that are over: from then on their numbers are fixed cells, and figures are made of those alone.

Figures that moved while somebody watches would tell who just did what; two figures over parts that overlap would tell
what their difference is. So nothing is shown of the week that runs, and a number is written once, in parts that do not
overlap and that at least five people stand behind each (``hiding``):

- *acts* of a week by unit; a week in which fewer than five took part has none, nor is it in any sum;
- what a few weeks are needed for, by *blocks* of four: weekdays, how much people did, who replies to whom;
- *questions*, over as many weeks as it takes until five different people have asked;
- the *pulse*, with the week in which its round ended (``pulsing``);
- the *funnel* and *ideas* as they stood when the newest week was closed, in place of what was there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.database import insert_or_get, locked, transaction
from sociallearn.insights import gathering, hiding, mixing, pulsing, tallying
from sociallearn.insights.hiding import FEWEST, NOTHING, Part
from sociallearn.insights.models import Cell, Closed, MemberWeek
from sociallearn.questions import waiting
from sociallearn.questions.promising import Asked, monday
from sociallearn.roster.models import Cohort

WEEK = timedelta(weeks=1)
LATE = timedelta(minutes=10)  # longer than any request: what was written in a week's last second is in it by then
BLOCK = 4  # weeks
BINS = (0, 1, 3, 6, 11)  # how much people did: from so many acts up to the next
OTHER = "other"

T = TypeVar("T")


def close_weeks(session: Session) -> None:
    """Housekeeping: have each cohort closed where a week is over, by a task and in a transaction of its own."""
    state = select(Cohort, Closed.next_monday).outerjoin(Closed, Closed.cohort_id == Cohort.id)
    for cohort, next_monday in session.execute(state.order_by(Cohort.id)).all():
        if next_monday is None or (next_monday < _running(cohort) and not _is_long_over(cohort, next_monday)):
            jobs.after_commit(session, close_cohort, cohort.id)


@jobs.task()
def close_cohort(cohort_id: int) -> None:
    """Close its weeks that are over. Killed halfway, nothing is done, and the next hour does it."""
    _close_one(cohort_id)


def close_all() -> int:
    """The same for every cohort, one after the other; how many cells that made."""
    with transaction() as session:
        ids = session.scalars(select(Cohort.id).order_by(Cohort.id)).all()
    return sum(_close_one(id_) for id_ in ids)


def _close_one(cohort_id: int) -> int:
    with transaction() as session:
        cohort = session.get(Cohort, cohort_id)
        return close(session, cohort) if cohort else 0


def rebuild() -> tuple[int, int]:
    """Count everything again from the activity, and close what is over: (rows of weeks, cells). People may write
    meanwhile. Cells that were written stay as they are: who has seen them would learn from what changed."""
    with transaction() as session:
        ids = session.scalars(select(Cohort.id).order_by(Cohort.id)).all()
    counted = sum(_recount(id_) for id_ in ids)
    return counted, close_all()


def fill() -> None:
    """For cohorts that were there before figures were kept: count what they did, and close what is over."""
    with transaction() as session:
        ids = tallying.uncounted(session)
    for id_ in ids:
        _recount(id_)
        _close_one(id_)


def _recount(cohort_id: int) -> int:
    with transaction() as session:
        return tallying.recount(session, cohort_id)


def _running(cohort: Cohort) -> date:
    return monday(clock.now() - LATE, cohort.time_zone)


def close(session: Session, cohort: Cohort) -> int:
    """Close the cohort's weeks that are over; how many cells that made. Two at once: the second finds nothing to do."""
    this = _running(cohort)
    first = _first(session, cohort)
    state = insert_or_get(
        session, Closed, {"cohort_id": cohort.id}, {"organisation_id": cohort.organisation_id, "next_monday": first}
    )
    if state.next_monday >= this or _is_long_over(cohort, state.next_monday):
        return 0
    state = locked(session, Closed, cohort.id)
    since, before = state.next_monday, _count(session, cohort)
    weeks = _weeks(session, cohort, _last(session, cohort, "block") or first)
    while state.next_monday < this and not _is_long_over(cohort, state.next_monday):
        _Week(session, cohort, state.next_monday, weeks).close()
        state.next_monday += WEEK
        session.flush()
    if state.next_monday > since:
        _close_questions(session, cohort, first, state.next_monday)
        _stand(session, cohort, state.next_monday)
        pulsing.close(session, cohort, state.next_monday)
    session.flush()
    return _count(session, cohort) - before


def _count(session: Session, cohort: Cohort) -> int:
    return session.scalar(select(func.count()).select_from(Cell).where(Cell.cohort_id == cohort.id)) or 0


def _first(session: Session, cohort: Cohort) -> date:
    earliest = session.scalar(select(func.min(MemberWeek.monday)).where(MemberWeek.cohort_id == cohort.id))
    made = monday(cohort.created_at, cohort.time_zone)
    return min(earliest, made) if earliest else made


def _last(session: Session, cohort: Cohort, what: str) -> date | None:
    until = session.scalar(select(func.max(Cell.until)).where(Cell.cohort_id == cohort.id, Cell.what == what))
    return until + timedelta(days=1) if until else None


def _is_long_over(cohort: Cohort, week: date) -> bool:
    return cohort.archived_at is not None and week > monday(cohort.archived_at, cohort.time_zone)


def _weeks(session: Session, cohort: Cohort, since: date) -> dict[date, list[MemberWeek]]:
    rows = select(MemberWeek).where(MemberWeek.cohort_id == cohort.id, MemberWeek.monday >= since)
    found: defaultdict[date, list[MemberWeek]] = defaultdict(list)
    for row in session.scalars(rows.order_by(MemberWeek.monday, MemberWeek.member_id)):
        found[row.monday].append(row)
    return found


class _Week:
    """One week of a cohort being closed."""

    def __init__(self, session: Session, cohort: Cohort, monday_: date, weeks: dict[date, list[MemberWeek]]) -> None:
        self.session, self.cohort, self.monday, self.weeks = session, cohort, monday_, weeks
        self.since = _last(session, cohort, "block") or _first(session, cohort)  # of the block it stands in
        self.present = gathering.present(session, cohort, gathering.begin(self.next, cohort))

    @property
    def next(self) -> date:
        return self.monday + WEEK

    def close(self) -> None:
        self._acts()
        is_over = self.cohort.ends_on is not None and self.cohort.ends_on < self.next
        is_over = is_over or _is_long_over(self.cohort, self.next)
        if (self.next - self.since) // WEEK >= BLOCK or is_over:
            self._block()

    def _acts(self) -> None:
        rows = self.weeks.get(self.monday, [])
        if not _is_told(rows):
            return
        units = {**self.present, **{row.member_id: row.unit_id for row in rows}}
        sizes = Counter(unit or 0 for unit in units.values())
        did = _parts((row.unit_id or 0, row.member_id, row.acts) for row in rows)
        shown, rest = hiding.join({unit: did.get(unit, NOTHING) for unit in sizes})
        for unit_id, part in shown.items():
            key = "" if unit_id else "none"
            self._add("acts", self.monday, part, sizes[unit_id], unit_id=unit_id or None, key=key)
        if rest.people:
            others = sum(size for unit, size in sizes.items() if unit not in shown)
            self._add("acts", self.monday, rest, others, key=OTHER)
        everybody = Part(frozenset(row.member_id for row in rows), sum(row.acts for row in rows))
        self._add("week", self.monday, everybody, len(units))

    def _block(self) -> None:
        units = self.present
        told = [week for week in self.weeks if self.since <= week < self.next and _is_told(self.weeks[week])]
        rows = [row for week in told for row in self.weeks[week]]
        people = len(units.keys() | {row.member_id for row in rows})
        self._put("block", self.since, None, (self.next - self.since).days // 7)
        days = _parts((str(day), row.member_id, count) for row in rows for day, count in enumerate(row.days) if count)
        shown, rest = hiding.join(days)
        for day, part in shown.items():
            self._add("weekday", self.since, part, people, key=day)
        if rest.people:
            self._add("weekday", self.since, rest, people, key=OTHER)
        did = Counter({member_id: 0 for member_id in units})
        for row in rows:
            did[row.member_id] += row.acts
        spread = Counter(max(least for least in BINS if least <= count) for count in did.values())
        for least, count in hiding.in_bins({least: spread[least] for least in BINS}).items():
            self._put("spread", self.since, None, hiding.in_fives(count, people), key=str(least))
        if len(units) >= mixing.FROM:
            self._talk(units)

    def _talk(self, units: dict[int, int | None]) -> None:
        said = gathering.replies(self.session, self.cohort, self.since, self.next)
        said = [(one, other, at) for one, other, at in said if one in units and other in units]
        met = {person for one, other, _at in said for person in (one, other)}
        self._put("silent", self.since, None, hiding.in_fives(len(units) - len(met), len(units)))
        own = {person: unit for person, unit in units.items() if unit is not None}
        chance = mixing.expected(Counter(own.values()).values())
        if len(own) < mixing.FROM or chance is None:
            return
        sizes, rest = hiding.join(_parts((unit, person, 1) for person, unit in own.items()), each=0)
        crossing: list[tuple[tuple[int, int], int, int]] = []
        within = NOTHING
        for one, other, _at in said:
            if one not in own or other not in own:
                continue
            both = frozenset((one, other))
            if own[one] == own[other]:
                within += Part(both, 1)
                continue
            # 0: a unit too small to be named
            pair = sorted(unit if unit in sizes else 0 for unit in (own[one], own[other]))
            crossing += [((pair[0], pair[1]), person, number) for number, person in enumerate(sorted(both))]
        between = _parts(crossing)
        small = {(0, unit) for unit in (0, *sizes)} if rest.people else set()
        pairs, others = hiding.join({**dict.fromkeys(small, NOTHING), **between}, each=2, mixed=small)
        if not within.stands(each=2) or not sum(between.values(), NOTHING).stands(each=2):
            return  # one of the two would follow from the other
        for unit, part in sizes.items():
            self._put("size", self.since, None, hiding.in_fives(len(part.people)), unit_id=unit)
        if rest.people:
            self._put("size", self.since, None, hiding.in_fives(len(rest.people)), key=OTHER)
        self._add("replies", self.since, within, len(own), key="within")
        for (one, other), part in pairs.items():
            self._add("replies", self.since, part, len(own), key="pair", unit_id=one or None, other_id=other or None)
        if others.people:
            self._add("replies", self.since, others, len(own), key=OTHER)
        self._put("chance", self.since, None, round(chance, 2))

    def _add(
        self, what: str, since: date, part: Part, of: int, *, key: str = "", unit_id: int | None = None,
        other_id: int | None = None,
    ) -> None:  # fmt: skip
        people = hiding.in_fives(len(part.people), of)
        self._put(what, since, people, part.number, key=key, unit_id=unit_id, other_id=other_id)

    def _put(
        self, what: str, since: date, people: int | None, number: float, *, key: str = "", unit_id: int | None = None,
        other_id: int | None = None,
    ) -> None:  # fmt: skip
        until = self.next - timedelta(days=1)
        cell = Cell(cohort_id=self.cohort.id, organisation_id=self.cohort.organisation_id)
        cell.what, cell.since, cell.until, cell.key, cell.people = what, since, until, key, people
        cell.unit_id, cell.other_id, cell.number = unit_id, other_id, number
        self.session.add(cell)


def _is_told(rows: Sequence[MemberWeek]) -> bool:
    return Part(frozenset(row.member_id for row in rows), sum(row.acts for row in rows)).stands(each=1)


def _parts(each: Iterable[tuple[T, int, int]]) -> dict[T, Part]:
    people: defaultdict[T, set[int]] = defaultdict(set)
    numbers: Counter[T] = Counter()
    for key, person, number in each:
        people[key].add(person)
        numbers[key] += number
    return {key: Part(frozenset(who), numbers[key]) for key, who in people.items()}


def _close_questions(session: Session, cohort: Cohort, first: date, until: date) -> None:
    """Over as many weeks as it takes: until five people have asked, and everything they asked has had its time."""
    rows = waiting.counted(session, cohort.id)
    for what, in_work_hours in (("questions", False), ("work-questions", True)):
        since = _last(session, cohort, what) or first
        pending: list[Asked] = []
        for week in [since + WEEK * number for number in range((until - since) // WEEK)]:
            asked_in = [row for row in rows if monday(row.asked_at, cohort.time_zone) == week]
            pending += [row for row in asked_in if row.in_work_hours == in_work_hours]
            if any(row.due_at > clock.now() for row in pending):
                break
            if len({row.asker_id for row in pending}) >= FEWEST:
                _add_questions(session, cohort, what, (since, week + WEEK), pending)
                since, pending = week + WEEK, []


def _add_questions(session: Session, cohort: Cohort, what: str, days: tuple[date, date], rows: Sequence[Asked]) -> None:
    people = hiding.in_fives(len({row.asker_id for row in rows}))
    numbers: list[tuple[str, float]] = [
        ("asked", len(rows)),
        ("in-time", sum(row.is_in_time for row in rows)),
        ("several", sum(row.answers > 1 for row in rows)),
        *(("answered-after" if row.is_answered else "waits-for", round(row.hours, 2)) for row in rows),
    ]
    numbers[3:] = sorted(numbers[3:])  # not in the order in which they were asked
    own = {"cohort_id": cohort.id, "organisation_id": cohort.organisation_id, "what": what, "people": people}
    until = days[1] - timedelta(days=1)
    session.add_all(Cell(**own, since=days[0], until=until, key=key, number=number) for key, number in numbers)
    session.flush()


def _stand(session: Session, cohort: Cohort, until: date) -> None:
    """How people and ideas stand now, in place of how they stood."""
    session.execute(delete(Cell).where(Cell.cohort_id == cohort.id, Cell.what.in_(("funnel", "ideas", "stay"))))
    day = until - timedelta(days=1)
    funnel = gathering.funnel(session, cohort, until)
    found: list[tuple[str, str, float]] = [
        ("funnel", key, hiding.in_fives(count, None if key == "invited" else funnel["invited"]))
        for key, count in funnel.items()
    ]
    ideas = gathering.ideas(session, cohort)
    if len(ideas.authors) >= FEWEST:
        found += [("ideas", f"stage:{stage}", count) for stage, count in ideas.stages.items()]
        found += [("ideas", "rated", ideas.rated), ("ideas", "refused", ideas.refused)]
        found += [("ideas", "implemented", ideas.implemented)]
        found += [("stay", stage, days) for stage, days in ideas.days.items()]
    own = {"cohort_id": cohort.id, "organisation_id": cohort.organisation_id, "since": day, "until": day}
    session.add_all(Cell(**own, what=what, key=key, number=number) for what, key, number in found)
