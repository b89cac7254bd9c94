"""A manager who tries to learn what a unit of three did.

This one looks at every page and every export on many days, keeps all of it, knows from elsewhere who belongs to which
unit, and knows the rules by which numbers are hidden. Learnt would be: a number about the unit that follows from what
was shown by any sums and differences; or one of which fewer than five values are left, fewer than a number of people
told in fives leaves open. Totals over everybody may be small: that hardly anybody did anything is about everybody.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import delete, select

from sociallearn import clock
from sociallearn.activity.models import Activity
from sociallearn.database import db, transaction
from sociallearn.insights import closing, hiding, tallying
from sociallearn.insights.hiding import Part
from sociallearn.insights.models import Cell, Closed
from sociallearn.roster.models import Member, Role, Unit
from tests.conftest import Cast
from tests.insights import making
from tests.insights.making import START
from tests.insights.test_insights import manage

UNITS = ("Editors", "Sales", "Online", "Print")
SMALL = "Print"  # three people
AGAIN = ("acts", "week", "weekday", "replies", "size", "spread", "silent", "chance", "block")  # can be made again
FIXED = (*AGAIN, "pulse")
CLOSED = timedelta(minutes=11)
LOOKS = (timedelta(minutes=5), CLOSED, timedelta(days=1), timedelta(days=6))  # after a week's end
Row = dict[str, str]
Sum = dict[Any, int]  # unknowns that are added up


def follows(wanted: Sum, equations: Iterable[Sum]) -> bool:
    """Whether a sum of unknowns is a combination of sums that are known (exactly, by elimination)."""
    echelon: dict[Any, dict[Any, Fraction]] = {}

    def rest(of: Sum) -> dict[Any, Fraction]:
        row = {key: Fraction(value) for key, value in of.items()}
        while (lead := next((key for key in row if key in echelon), None)) is not None:
            times = row[lead]
            for key, value in echelon[lead].items():
                row[key] = row.get(key, Fraction(0)) - times * value
            row = {key: value for key, value in row.items() if value}
        return row

    for equation in equations:
        if row := rest(equation):
            lead = next(iter(row))
            new = {key: value / row[lead] for key, value in row.items()}
            for other in echelon.values():  # reduced: each lead stands in its own row alone
                if times := other.get(lead):
                    for key, value in new.items():
                        other[key] = other.get(key, Fraction(0)) - times * value
            echelon[lead] = new
    return not rest(wanted)


def test_elimination_by_hand() -> None:
    known = [{"a": 1, "b": 1}, {"b": 1, "c": 1}, {"c": 1}]
    assert follows({"a": 1}, known)
    assert not follows({"a": 1}, known[:2])
    assert follows({"a": 1, "c": -1}, known[:2])


class Attack:
    """What follows from cells."""

    def __init__(self, cells: list[Row], sizes: dict[str, int]) -> None:
        self.cells, self.sizes = cells, sizes
        self.told: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
        for cell in cells:
            self.told[cell["what"], cell["since"]].append(cell)
        self.weeks = sorted(since for what, since in self.told if what == "week")
        self.blocks = sorted(since for what, since in self.told if what == "block")

    def hidden(self, week: str) -> list[str]:
        """Units without a number of their own."""
        return [unit for unit in UNITS if unit not in {cell["unit"] for cell in self.told["acts", week]}]

    def of_week(self, week: str) -> list[Sum]:
        """What the cells of a week say: each a sum over (week, weekday, unit)."""
        sums = [{(week, day, unit): 1 for day in range(7) for unit in UNITS}]
        sums += [{(week, day, cell["unit"]): 1 for day in range(7)} for cell in self.told["acts", week] if cell["unit"]]
        # all the others are one number; where there is none, they did nothing, each of them
        others = [{(week, day, unit): 1 for day in range(7)} for unit in self.hidden(week)]
        if any(cell["key"] == "other" for cell in self.told["acts", week]):
            others = [{key: 1 for each in others for key in each}]
        return sums + others

    def acts(self) -> list[Sum]:
        """The same of all weeks, and what the blocks say of weekdays."""
        found = [each for week in self.weeks for each in self.of_week(week)]
        for block in self.blocks:
            [cell] = self.told["block", block]
            weeks = [week for week in self.weeks if block <= week <= cell["until"]]
            days = {int(cell["key"]) for cell in self.told["weekday", block] if cell["key"] != "other"}
            has_rest = any(cell["key"] == "other" for cell in self.told["weekday", block])
            parts = [[day] for day in days] + ([[day for day in range(7) if day not in days]] if has_rest else [])
            found += [{(week, day, unit): 1 for week in weeks for day in part for unit in UNITS} for part in parts]
        return found

    def wants(self) -> list[Sum]:
        """What a unit did in each week in which it is hidden, in each block, and ever."""
        wanted = [{(week, day, unit): 1 for day in range(7)} for week in self.weeks for unit in self.hidden(week)]
        for part in [self.weeks[at : at + 4] for at in range(len(self.weeks))] + [self.weeks]:
            wanted.append({(week, day, SMALL): 1 for week in part for day in range(7)})
        return wanted

    def on_acts(self) -> int:
        """Try what the small unit did, and whatever else is hidden; how many numbers."""
        known, wanted = self.acts(), self.wants()
        for each in wanted:
            assert not follows(each, known), each
        mixed = [week for week in self.weeks if any(cell["unit"] for cell in self.told["acts", week])]
        for week in mixed:
            assert len(self.values(week)) >= hiding.FEWEST, (week, self.told["acts", week])
        return len(wanted) + len(mixed)

    def on_replies(self) -> int:
        """Try how often people of the small unit replied to, or heard from, each unit; how many numbers."""
        tried = 0
        for block in self.blocks:
            sums, told = self.replies(block)
            for other in UNITS:
                pair = tuple(sorted((other, SMALL), key=UNITS.index))
                assert not follows({(block, *pair): 1}, sums), pair
                tried += 1
            for number, people in told:  # all may be theirs but those that the others need, two a reply
                assert number - ceil((people - self.sizes[SMALL]) / 2) + 1 >= hiding.FEWEST, (number, people)
        return tried

    def values(self, week: str) -> set[int]:
        """How much the small unit may have done, as far as we look: five values are enough."""
        [total] = self.told["week", week]
        parts = self.told["acts", week]
        [rest] = [cell for cell in parts if cell["key"] == "other"]
        hidden, number = self.hidden(week), int(float(rest["number"]))
        others = [unit for unit in hidden if unit != SMALL]
        shown = {  # one way to fill them is enough: more would only leave more open
            cell["unit"]: Part(frozenset(f"{cell['unit']}{n}" for n in range(int(cell["people_in_fives"]))), 99)
            for cell in parts
            if cell["unit"]
        }
        found: set[int] = set()
        for mine in range(number + 1):
            worlds = (
                (people, acts)
                for people in product(*(range(self.sizes[unit] + 1) for unit in [SMALL, *others]))
                for acts in _ways(number - mine, people[1:])
                if people[0] <= mine and (people[0] > 0) == (mine > 0)
            )
            for people, acts in worlds:
                did = dict(zip([SMALL, *others], zip(people, (mine, *acts), strict=True), strict=True))
                made = {
                    unit: Part(frozenset(f"{unit}{n}" for n in range(who)), much) for unit, (who, much) in did.items()
                }
                if self._looks_so({**made, **shown}, set(shown), rest, total):
                    found.add(mine)
                    break
            if len(found) >= hiding.FEWEST:
                break
        return found

    def _looks_so(self, parts: dict[str, Part], shown: set[str], rest: Row, total: Row) -> bool:
        told, others = hiding.join(parts)
        spans = [_span(len(parts[unit].people), self.sizes[unit]) for unit in shown]
        fewest, most = (len(others.people) + sum(each) for each in zip((0, 0), *spans, strict=True))
        least, largest = _span(int(total["people_in_fives"]), sum(self.sizes.values()))
        of = sum(size for unit, size in self.sizes.items() if unit not in shown)
        is_rest_so = hiding.in_fives(len(others.people), of) == int(rest["people_in_fives"])
        return set(told) == shown and is_rest_so and fewest <= largest and least <= most

    def replies(self, block: str) -> tuple[list[Sum], list[tuple[int, int]]]:
        """Sums of a block's replies over pairs of units; and, of each that holds the small unit's, the number and the
        fewest people behind it."""
        cells = self.told["replies", block]
        if not cells:
            return [], []
        named = {cell["unit"] for cell in self.told["size", block]} - {""}
        pairs = list(combinations_with_replacement(UNITS, 2))
        place: dict[tuple[str, str], str] = {}
        own = {(cell["unit"], cell["other_unit"]) for cell in cells if cell["key"] == "pair"}
        for one, other in pairs:
            names = {unit if unit in named else "" for unit in (one, other)}
            key = next((pair for pair in own if set(pair) == names), None)
            place[one, other] = "within" if one == other else str(key or "other")
        found = [{(block, *pair): 1 for pair in pairs if place[pair] == each} for each in {*place.values()}]
        if not any(cell["key"] == "other" for cell in cells):  # then there were none
            found = [each for each in found if place[next(iter(each))[1:]] != "other"]
            found += [{(block, *pair): 1} for pair in pairs if place[pair] == "other"]
        holds = {place[pair] for pair in pairs if SMALL in pair}
        told = [
            (int(float(cell["number"])), int(cell["people_in_fives"]))
            for cell in cells
            if (str((cell["unit"], cell["other_unit"])) if cell["key"] == "pair" else cell["key"]) in holds
        ]
        return found, told


def _span(told: int, of: int) -> tuple[int, int]:
    """How many people may be told so, at least and at most."""
    so = [number for number in range(of + 1) if hiding.in_fives(number, of) == told]
    return so[0], so[-1]


def _ways(number: int, people: tuple[int, ...]) -> Iterable[tuple[int, ...]]:
    """How so many acts can be of these numbers of people of a few units: each at least one, and nobody none."""
    if not people:
        if number == 0:
            yield ()
        return
    if len(people) == 1:
        if (number >= people[0]) if people[0] else number == 0:
            yield (number,)
        return
    for first in [0] if not people[0] else range(people[0], number + 1):
        for rest in _ways(number - first, people[1:]):
            yield (first, *rest)


def look(cast: Cast, at: str) -> list[Row]:
    """Everything a manager can open today; the cells of it, as both exports say them."""
    cells = making.read(cast.mona.get(f"{at}/cells.csv"))
    pages = [f"{at}{page}{query}" for page in ("", "/periods") for query in ("", "?weeks=4", "?weeks=8", "?weeks=12")]
    for page in [*pages, "/insights/organisation", f"/insights/beside?cohort={at.rpartition('/')[2]}"]:
        answer = cast.mona.get(page)
        assert answer.status_code == 200, page
        assert SMALL not in answer.text
    assert SMALL not in {cell[name] for cell in cells for name in ("unit", "other_unit")}
    return cells


def watch(app: Flask, cast: Cast, at: str, weeks: int) -> tuple[dict[tuple[str, ...], Row], list[Row]]:
    """All that was ever shown and is not replaced; and what is shown at last."""
    kept: dict[tuple[str, ...], Row] = {}
    cells: list[Row] = []
    for week in range(1, weeks + 1):
        midnight = datetime.combine((START + timedelta(weeks=week)).date(), time(), ZoneInfo("Europe/Brussels"))
        for after in LOOKS:
            before = cells
            with clock.at(midnight + after):
                with app.app_context():
                    closing.close_all()
                cells = look(cast, at)
            assert cells == before or after == CLOSED, "numbers move within a week"
            for cell in cells:
                key = (cell["what"], cell["since"], cell["key"], cell["unit"], cell["other_unit"])
                if cell["what"] in FIXED:
                    assert kept.setdefault(key, cell) == cell, "a number changed after it was told"
    return kept, cells


def learn(app: Flask, cast: Cast, cohort_id: int, *, weeks: int = 8) -> int:
    """Attack a cohort with all that was ever shown; how many numbers that were. It fails where anything is learnt."""
    at = f"/insights/cohorts/{cohort_id}"
    kept, last = watch(app, cast, at, weeks)
    with app.app_context():
        here = (Member.cohort_id == cohort_id, Member.role == Role.LEARNER)
        names = db.session.scalars(select(Unit.name).join(Member, Member.unit_id == Unit.id).where(*here)).all()
    attack = Attack(list(kept.values()), {unit: names.count(unit) for unit in UNITS})
    tried = attack.on_acts() + attack.on_replies()
    for (what, *_rest), cell in kept.items():
        assert what != "spread" or float(cell["number"]) >= hiding.FEWEST
        if what == "pulse":  # of everybody, in fives, some left out by lot: there is no part to take from another
            assert not cell["unit"]
            assert int(cell["people_in_fives"]) in range(hiding.FEWEST, len(names) + 1, hiding.FEWEST)
    for cell in last:
        if cell["what"] == "funnel" and cell["key"] != "invited":  # nor, from the number of all, those who did not
            told = int(float(cell["number"]))
            assert sum(hiding.in_fives(n, len(names)) == told for n in range(len(names) + 1)) >= hiding.FEWEST
        assert date.fromisoformat(cell["until"]) < START.date() + timedelta(weeks=weeks)
    with app.app_context():  # when a week is closed says nothing: all at once, long after, gives the same
        with transaction() as session:
            session.execute(delete(Cell).where(Cell.cohort_id == cohort_id))
            session.execute(delete(Closed).where(Closed.cohort_id == cohort_id))
        with clock.at(START + timedelta(weeks=weeks, days=3)):
            closing.close_all()
    with clock.at(START + timedelta(weeks=weeks, days=3)):
        again = [cell for cell in look(cast, at) if cell["what"] in FIXED]
    # what was answered is not there any more
    assert sorted(map(str, again)) == sorted(str(cell) for cell in kept.values() if cell["what"] in AGAIN)
    return tried


def cohort_of(app: Flask, cast: Cast, acts: int, seed: int, sizes: tuple[int, ...]) -> int:
    """A cohort of units of these sizes."""
    looking = (cast.tess, cast.mona)
    assert looking
    with app.app_context(), clock.at(START), transaction() as session:
        tess = session.get_one(Member, cast.tess.member_id)
        [made] = making.fill(
            session, tess, cohorts=1, people=sum(sizes), acts=acts, seed=seed, units=sizes, with_pulse=True
        )
    with app.app_context(), transaction() as session:  # in the second week the three do nothing
        three = session.scalars(select(Member.id).where(Member.cohort_id == made).order_by(Member.id.desc()).limit(3))
        second = Activity.at.between(START + timedelta(days=6), START + timedelta(days=15))
        session.execute(delete(Activity).where(Activity.member_id.in_(three.all()), second))
        tallying.recount(session, made)
    return made


def test_nothing_is_learnt_about_a_unit_of_three(app: Flask, cast: Cast) -> None:
    manage(app, cast)
    assert learn(app, cast, cohort_of(app, cast, 900, 1, (14, 12, 7, 3)), weeks=4) > 15


@pytest.mark.prove
@pytest.mark.timeout(3000)
def test_nothing_is_learnt_whatever_a_cohort_is_like(app: Flask, cast: Cast) -> None:
    manage(app, cast)
    chance = random.Random(5)
    tried = 0
    for seed in range(12):
        sizes = (chance.randrange(5, 16), chance.randrange(5, 14), chance.randrange(4, 12), 3)
        tried += learn(app, cast, cohort_of(app, cast, chance.choice((60, 120, 260, 700)), seed, sizes))
    print(f"\n{tried} numbers attacked in 12 cohorts, none learnt")  # noqa: T201
