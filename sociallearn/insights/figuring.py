"""Figures from fixed cells, and from nothing else, so that whoever has the cells can reckon them again. Pure.

=============== ================== =============================================================================
what            key                number (``people``: who stand behind it, in fives)
=============== ================== =============================================================================
week            –                  acts in a week
acts            –, none, other     the same by unit: one, people without any, units too small to stand alone
block           –                  weeks in a block
weekday         0 to 6, other      acts of the block's weeks by day, Monday first
spread          0, 1, 3, 6, 11     people, in fives, who did so many acts in the block, up to the next there is
silent          –                  people, in fives, whom nobody replied to and who replied to nobody in the block
size            –, other           people, in fives, of a unit
replies         within, pair,      replies within units, between two units, between all others
                other
chance          –                  the share of replies that would cross at random (``mixing``)
questions,      asked, in-time,    questions; answered in twelve hours; with two or more answers
work-questions  several
                answered-after,    one a question: hours until its first answer, or that it has waited
                waits-for
funnel          invited, opened,   people, in fives, up to now
                read, took-part
ideas           stage:…, rated,    ideas in a stage; with enough ratings; ever refused; there, with evidence
                refused,
                implemented
stay            a stage            median days ideas stayed in it, where they are of at least five people
pulse           liked, found       the average answer, from 1 to 5, in a round that ended in that week; of
                                   just as many as ``people`` says
=============== ================== =============================================================================
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sociallearn.questions import surviving

WEEK = timedelta(weeks=1)
FEW = 10  # questions: of fewer, a share says little
RECENT = 4  # weeks that are held against as many before


@dataclass(frozen=True, slots=True)
class Number:
    """A cell as it is read: units by name, empty where there is none."""

    cohort_id: int
    what: str
    since: date
    until: date
    key: str
    unit: str
    other: str
    people: int | None
    number: float


@dataclass(frozen=True, slots=True)
class Week:
    """Acts of a week; nothing where fewer than five people took part."""

    monday: date
    acts: int | None
    people: int | None


@dataclass(frozen=True, slots=True)
class Questions:
    """How questions of one kind of clock were answered. Hours are of that clock."""

    in_work_hours: bool
    asked: int
    in_time: int
    several: int
    median: float | None  # nothing: not reached

    @property
    def share(self) -> float:
        """Of those asked, answered in twelve hours."""
        return self.in_time / self.asked


@dataclass(frozen=True, slots=True)
class Pulse:
    """What people answered in one round, on average from 1 to 5, and of how many that is; nothing below five."""

    monday: date
    liked: float | None
    liked_people: int | None
    found: float | None
    found_people: int | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Replies between two units, of all that crossed; names are empty for units too small to be named."""

    one: str
    other: str
    replies: int


@dataclass(frozen=True, slots=True)
class Bridging:
    """Replies across units, against chance."""

    replies: int
    crossing: int
    chance: float  # the share that would cross at random
    pairs: tuple[Pair, ...]
    apart: tuple[Pair, ...]  # named units between which too few people talk to say a number
    sizes: dict[str, int]  # of the newest block

    @property
    def share(self) -> float:
        """Of all replies, those that crossed."""
        return self.crossing / self.replies

    @property
    def index(self) -> float:
        """That, minus what chance would give."""
        return self.share - self.chance


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is known of one cohort in a stretch of time."""

    weeks: tuple[Week, ...] = ()
    units: dict[str, int] = field(default_factory=dict)  # acts; "" none, "other" those too small
    weekdays: dict[str, int] = field(default_factory=dict)
    block: tuple[date, date] | None = None  # first and last day of the newest
    spread: dict[int, int] = field(default_factory=dict)  # of the newest block
    silent: int | None = None  # of the newest block
    funnel: dict[str, int] = field(default_factory=dict)
    questions: tuple[Questions, ...] = ()
    bridging: Bridging | None = None
    ideas: dict[str, int] = field(default_factory=dict)
    stages: dict[str, int] = field(default_factory=dict)
    stays: dict[str, float] = field(default_factory=dict)
    pulses: tuple[Pulse, ...] = ()  # the oldest first

    @property
    def pulse(self) -> Pulse | None:
        """The newest round."""
        return self.pulses[-1] if self.pulses else None

    @property
    def acts(self) -> int:
        """In the weeks that are shown."""
        return sum(week.acts or 0 for week in self.weeks)

    @property
    def acts_a_week(self) -> float | None:
        """On average, over the weeks that are shown."""
        return self.acts / self.weeks_shown if self.weeks_shown else None

    @property
    def weeks_shown(self) -> int:
        """How many weeks that average is of."""
        return sum(week.acts is not None for week in self.weeks)

    @property
    def quiet_since(self) -> date | None:
        """The Monday from which on no week is shown; nothing where the newest is, or where none ever was."""
        shown = [week.monday for week in self.weeks if week.acts is not None]
        return shown[-1] + WEEK if shown and shown[-1] != self.weeks[-1].monday else None

    @property
    def change(self) -> float | None:
        """Acts of the last four weeks by those of the four before, minus 1; nothing where not all eight are shown."""
        acts = [week.acts for week in self.weeks[-2 * RECENT :] if week.acts is not None]
        return sum(acts[RECENT:]) / sum(acts[:RECENT]) - 1 if len(acts) == 2 * RECENT else None

    @property
    def people_a_week(self) -> float | None:
        """On average, in fives."""
        shown = [week.people for week in self.weeks if week.people is not None]
        return sum(shown) / len(shown) if shown else None

    @property
    def asked(self) -> int:
        """Questions of both kinds of clock."""
        return sum(one.asked for one in self.questions)

    @property
    def in_time(self) -> int:
        """Of them, answered in twelve hours of their clock."""
        return sum(one.in_time for one in self.questions)

    @property
    def has_few_questions(self) -> bool:
        """Too few for a share of them to say much."""
        return self.asked < FEW

    @property
    def idea_count(self) -> int:
        """Ideas in all stages."""
        return sum(self.stages.values())

    @property
    def implemented(self) -> int:
        """Of them, there and with evidence."""
        return self.ideas.get("implemented", 0)

    @property
    def is_empty(self) -> bool:
        """Nothing was closed yet, or nothing can be shown."""
        return not (self.acts or self.asked or self.ideas or self.pulses or any(self.funnel.values()))


def figures(cells: Iterable[Number], since: date, until: date) -> Figures:
    """One cohort's, from a Monday to before another one: of cells that lie within, and those of how it stands now."""
    by: defaultdict[str, list[Number]] = defaultdict(list)
    for cell in cells:
        if cell.what in ("funnel", "ideas", "stay") or (cell.since >= since and cell.until < until):
            by[cell.what].append(cell)
    block = max(((cell.since, cell.until) for cell in by["block"]), default=None)
    newest = block[1] if block else None
    spread = {int(cell.key): int(cell.number) for cell in by["spread"] if cell.until == newest}
    ideas = {cell.key: int(cell.number) for cell in by["ideas"]}
    stages = {key.removeprefix("stage:"): count for key, count in ideas.items() if key.startswith("stage:")}
    return Figures(
        weeks=_weeks(by["week"], since, until),
        units=_sums(by["acts"], lambda cell: cell.unit or ("other" if cell.key == "other" else "")),
        weekdays=_sums(by["weekday"], lambda cell: cell.key),
        block=block,
        spread=spread,
        silent=next((int(cell.number) for cell in by["silent"] if cell.until == newest), None),
        funnel={cell.key: int(cell.number) for cell in by["funnel"]},
        questions=tuple(
            _questions(by[what], what == "work-questions") for what in ("questions", "work-questions") if by[what]
        ),
        bridging=_bridging(by["replies"], by["chance"], by["size"]),
        ideas={key: count for key, count in ideas.items() if not key.startswith("stage:")},
        stages=stages,
        stays={cell.key: cell.number for cell in by["stay"]},
        pulses=_pulses(by["pulse"]),
    )


def _weeks(cells: Sequence[Number], since: date, until: date) -> tuple[Week, ...]:
    known = {cell.since: cell for cell in cells}
    mondays = [since + WEEK * number for number in range(max(0, (until - since) // WEEK))]
    return tuple(
        Week(one, int(known[one].number), known[one].people) if one in known else Week(one, None, None)
        for one in mondays
    )


def _pulses(cells: Sequence[Number]) -> tuple[Pulse, ...]:
    by = {(cell.since, cell.key): (cell.number, cell.people) for cell in cells}
    weeks = sorted({cell.since for cell in cells})
    nothing = (None, None)
    return tuple(Pulse(one, *by.get((one, "liked"), nothing), *by.get((one, "found"), nothing)) for one in weeks)


def _sums(cells: Iterable[Number], key: Callable[[Number], str]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for cell in cells:
        found[key(cell)] += int(cell.number)
    return dict(sorted(found.items()))


def _questions(cells: Sequence[Number], in_work_hours: bool) -> Questions:
    sums = _sums((cell for cell in cells if cell.key in ("asked", "in-time", "several")), lambda cell: cell.key)
    waits = ("answered-after", "waits-for")
    times = [(cell.number, cell.key == "answered-after") for cell in cells if cell.key in waits]
    return Questions(in_work_hours, sums["asked"], sums["in-time"], sums["several"], surviving.quantile(times, 0.5))


def _bridging(replies: Sequence[Number], chances: Sequence[Number], sizes: Sequence[Number]) -> Bridging | None:
    """Over all blocks: chance weighs as much as a block has replies."""
    if not replies:
        return None
    of_block: Counter[date] = Counter()
    between: Counter[tuple[str, str]] = Counter()
    for cell in replies:
        of_block[cell.since] += int(cell.number)
        if cell.key != "within":
            names = sorted((cell.unit, cell.other))
            between[names[0], names[1]] += int(cell.number)
    total, crossing = sum(of_block.values()), sum(between.values())
    newest = max(cell.until for cell in sizes)
    latest = {cell.unit: int(cell.number) for cell in sizes if cell.until == newest}
    named = sorted(name for name in latest if name)
    apart = [
        Pair(one, other, 0) for n, one in enumerate(named) for other in named[n + 1 :] if (one, other) not in between
    ]
    pairs = sorted((Pair(one, other, count) for (one, other), count in between.items()), key=lambda p: -p.replies)
    chance = sum(cell.number * of_block[cell.since] for cell in chances) / total
    return Bridging(total, crossing, chance, tuple(pairs), tuple(apart), latest)
