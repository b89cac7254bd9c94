"""The rules of a cohort: what counts, how much, and how often. Pure values; a version is stored as their JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

Kind = Literal["post", "reply", "idea", "rating"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_MOST = 1000  # of anything that is counted
MOST_MAKE_UP_DAYS = 3
SMALLEST_PART = 0.25  # points are whole quarters: their sums are exact in floating point, in any order
_QUALITY_TENTHS = 3  # of the target: as much as signs of quality can bring in a period


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST


def _is_quarters(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return 0 < value <= _MOST and value % SMALLEST_PART == 0


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of event counts for in a period. Raises ValueError, in a sentence, when it makes no sense.

    "post" is a post or question; "reply" a reply, answer or comment; "rating" the rating of an idea.
    """

    event: Kind
    points: float
    most: int  # how many count in one period
    least_words: int = 0
    most_unless_two_people: int | None = None  # the maximum while all valid replies of the period reach one person
    per: int = 1  # how many different ideas rated make one round, which then counts once

    def __post_init__(self) -> None:
        """Refuse what could not be scored."""
        _check(self.event in KINDS, f"A rule is about one of {', '.join(KINDS)}, not about {self.event!r}.")
        _check(_is_quarters(self.points), "Points are a positive number of whole quarters, such as 3 or 0.25.")
        _check(_is_count(self.most, 1), f"The maximum a period is a whole number from 1 to {_MOST}.")
        _check(_is_count(self.least_words, 0), f"The least number of words is a whole number from 0 to {_MOST}.")
        _check(_is_count(self.per, 1), f"A round is a whole number of ratings from 1 to {_MOST}.")
        _check(self.per == 1 or self.event == "rating", "Only ratings are counted in rounds.")
        lower = self.most_unless_two_people
        if lower is not None:
            _check(self.event == "reply", "Only replies have another maximum while they reach one person.")
            _check(_is_count(lower, 0) and lower <= self.most, "While reaching one person, at most the usual maximum.")


@dataclass(frozen=True, slots=True)
class Scheme:
    """The rules of a cohort: ``target`` points make a period full. Raises ValueError when they contradict."""

    name: str
    target: float
    rules: tuple[Rule, ...]
    drops_after: int = 4  # the weakest closed period is left out once so many have closed
    counts: bool = True  # else nothing is counted: no period is graded by it
    make_up_days: int = 0  # so long after a period closed, work beyond the maximum of the next fills it at half
    whole_course: bool = False  # what is still to come counts too, as nothing; else only what has begun
    when_closed: bool = False  # the grade moves when a period closes; else the open one can raise it at once
    passes_at: float | None = None  # completion: full marks from this share of the points on, else none
    quality: bool = False  # signs of others that a text helped bring points too
    reserve: int = 0  # so many points above the target are kept for later periods that lack some
    room: int = 0  # so many points above the target count, and make up for weaker periods

    def __post_init__(self) -> None:
        """Refuse what could not be scored."""
        _check(isinstance(self.name, str) and bool(self.name), "A scheme has a name.")
        _check(_is_quarters(self.target), "The target is a positive number of whole quarters, such as 10.")
        _check(bool(self.rules), "A scheme has at least one rule.")
        events = [rule.event for rule in self.rules]
        _check(len(set(events)) == len(events), "A scheme has one rule for each kind of event.")
        _check(_is_count(self.drops_after, 2), f"The weakest period can be left out once 2 to {_MOST} have closed.")
        for name in ("counts", "whole_course", "when_closed", "quality"):
            _check(isinstance(getattr(self, name), bool), f"Of a scheme, {name} is true or false.")
        days = self.make_up_days
        _check(_is_count(days, 0) and days <= MOST_MAKE_UP_DAYS, f"Making up takes 0 to {MOST_MAKE_UP_DAYS} days.")
        for name in ("reserve", "room"):
            _check(_is_count(getattr(self, name), 0), f"Of a scheme, {name} is a whole number from 0 to {_MOST}.")
        # both would spend the same points: once in their own period, and once more in a later one
        _check(
            not (self.reserve and self.room), "Points above the target are kept for later or count at once, not both."
        )
        share = self.passes_at
        is_share = isinstance(share, int | float) and not isinstance(share, bool) and 0 < share <= 1
        _check(share is None or is_share, "Completion needs a share of the points above 0 and up to 1.")

    @property
    def most_quality(self) -> float:
        """The points signs of quality can bring in a period: 30 % of the target, in whole quarters."""
        return int(self.target / SMALLEST_PART) * _QUALITY_TENTHS // 10 * SMALLEST_PART if self.quality else 0.0

    def rule(self, kind: Kind) -> Rule | None:
        """The rule for this kind of event, if it counts at all."""
        return next((rule for rule in self.rules if rule.event == kind), None)


def _preset(name: str, target: float, *, posts: int, replies: tuple[int, int], ideas: int, rounds: int) -> Scheme:
    most, to_one_person = replies
    rules = (
        Rule("post", points=4, most=posts, least_words=40),
        Rule("reply", points=3, most=most, least_words=20, most_unless_two_people=to_one_person),
        Rule("idea", points=4, most=ideas),
        Rule("rating", points=2, most=rounds, per=5),
    )
    return Scheme(name, target, rules)


LIGHT = _preset("light", 10, posts=1, replies=(4, 2), ideas=1, rounds=1)
STANDARD = _preset("standard", 20, posts=2, replies=(7, 4), ideas=1, rounds=1)
INTENSIVE = _preset("intensive", 30, posts=3, replies=(10, 6), ideas=2, rounds=2)
PRESETS: dict[str, Scheme] = {scheme.name: scheme for scheme in (LIGHT, STANDARD, INTENSIVE)}
NOTHING = replace(LIGHT, name="nothing", counts=False)
CHOICES: dict[str, Scheme] = {**PRESETS, NOTHING.name: NOTHING}
OWN = "own"  # the name of rules a trainer wrote
# stored where they are not usual
_OPTIONAL = ("counts", "make_up_days", "whole_course", "when_closed", "passes_at", "quality", "reserve", "room")


def to_json(scheme: Scheme) -> dict[str, Any]:
    """The scheme in JSON's own types, as a version stores it."""
    rules = [{name: getattr(rule, name) for name in Rule.__slots__} for rule in scheme.rules]
    stored = {"name": scheme.name, "target": scheme.target, "rules": rules, "drops_after": scheme.drops_after}
    unusual = {name: getattr(scheme, name) for name in _OPTIONAL if getattr(scheme, name) != getattr(LIGHT, name)}
    return stored | unusual


def from_json(stored: object) -> Scheme:
    """The scheme ``to_json`` wrote. Raises ValueError, in a sentence, for anything else."""
    data = _fields(stored, of=Scheme, needed={"name", "target", "rules"})
    rules = data["rules"]
    _check(isinstance(rules, list | tuple), "The rules of a scheme are a list.")
    data["rules"] = tuple(Rule(**_fields(rule, of=Rule, needed={"event", "points", "most"})) for rule in rules)
    return Scheme(**data)


def _fields(stored: object, *, of: type[Rule] | type[Scheme], needed: set[str]) -> dict[str, Any]:
    what = of.__name__.lower()
    if not isinstance(stored, Mapping):
        raise ValueError(f"A {what} is an object with named fields.")
    missing, unknown = needed - stored.keys(), stored.keys() - set(of.__slots__)
    _check(not missing, f"A {what} needs {', '.join(sorted(missing))}.")
    _check(not unknown, f"A {what} has no {', '.join(sorted(map(str, unknown)))}.")
    return dict(stored)
