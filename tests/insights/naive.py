"""Figures once more, by the plainest code there is: from what is exported, and from the raw rows of the database."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from sociallearn.activity.models import Activity
from sociallearn.database import db
from sociallearn.ideas.models import Idea, Outcome
from sociallearn.insights import reading
from sociallearn.insights.figuring import Figures
from sociallearn.posts.models import Decision, Kind, Post
from sociallearn.questions.models import QuestionClock
from sociallearn.roster.models import Cohort, Member, Unit

Row = dict[str, str]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SAID = {
    "posted": "texts", "asked": "texts", "proposed": "texts", "replied": "replies", "answered": "replies",
    "commented": "replies", "rated": "ratings",
}  # fmt: skip
Parts = dict[Any, tuple[set[str], int]]  # who, and how much


def fives(count: int, of: int) -> int:
    """Five, ten, fifteen, but never so that nearly everybody could be known to be in it."""
    if count < 5:
        return 0
    steps = [5 * n for n in range(1, count // 5 + 1)]
    return max(step for step in steps if step == 5 or step + 4 <= of)


def stands(who: set[str], number: int, needed: float | None) -> bool:
    """Five people, and three acts more than ``needed`` a person."""
    return len(who) >= 5 and (needed is None or number >= needed * len(who) + 3)


def joined(parts: Parts, needed: float | None = 1, mixed: Collection[Any] = ()) -> Parts:
    """What may be shown, the rest under ``other``."""
    shown = {key: part for key, part in parts.items() if stands(*part, needed if key in mixed else None)}
    hidden = [key for key in parts if key not in shown]
    waiting = sorted(shown, key=lambda key: (len(parts[key][0]), str(key)))
    while hidden:
        who = {one for key in hidden for one in parts[key][0]}
        number = sum(parts[key][1] for key in hidden)
        if stands(who, number, needed):
            return {**{key: shown[key] for key in waiting}, "other": (who, number)}
        if not waiting:
            return {}
        hidden.append(waiting.pop(0))
    return shown


def by(each: Iterable[tuple[Any, str, int]]) -> Parts:
    """(key, who, number) added up."""
    found: Parts = {}
    for key, who, number in each:
        people, count = found.get(key, (set(), 0))
        found[key] = (people | {who}, count + number)
    return found


def acts_of(row: Row) -> int:
    """All of a week."""
    return int(row["texts"]) + int(row["replies"]) + int(row["ratings"])


class Rows:
    """What a trainer has."""

    def __init__(self, rows: list[Row], replies: list[Row], people: list[Row], ids: dict[str, int]) -> None:
        self.rows, self.replies, self.people, self.ids = (
            rows,
            replies,
            people,
            ids,
        )  # units by name: what order they have

    def here(self, day: str) -> dict[str, str]:
        """Who had opened it before a Monday and had not left: and their unit."""
        return {
            one["person"]: one["unit"]
            for one in self.people
            if one["opened"] and one["opened"] < day and (not one["left"] or one["left"] >= day)
        }

    def is_told(self, week: str) -> bool:
        """Whether a week may be shown."""
        rows = [row for row in self.rows if row["week"] == week]
        return len(rows) >= 5 and sum(map(acts_of, rows)) >= len(rows) + 3

    def week(self, week: str) -> dict[tuple[str, str], tuple[int, int]]:
        """Its cells of acts: (what, unit) → (people, acts)."""
        rows = [row for row in self.rows if row["week"] == week]
        unit_of = {**self.here(_after(week, 1)), **{row["person"]: row["unit"] for row in rows}}
        did = by((self.ids[row["unit"]], row["person"], acts_of(row)) for row in rows)
        sizes = Counter(self.ids[unit] for unit in unit_of.values())
        shown = joined({unit: did.get(unit, (set(), 0)) for unit in sizes})
        sizes["other"] = sum(size for unit, size in sizes.items() if unit not in shown)  # type: ignore[index]
        name = {id_: unit for unit, id_ in self.ids.items()}
        found = {
            ("acts", name.get(unit, unit)): (fives(len(who), sizes[unit]), number)
            for unit, (who, number) in shown.items()
        }
        return {**found, ("week", ""): (fives(len(rows), len(unit_of)), sum(map(acts_of, rows)))}

    def block(self, since: str, until: str) -> dict[tuple[str, str], tuple[int | None, float]]:
        """The cells of a block that ends before ``until``: (what, key, unit, unit) → (people, number)."""
        here = self.here(until)
        rows = [row for row in self.rows if since <= row["week"] < until and self.is_told(row["week"])]
        count = len(set(here) | {row["person"] for row in rows})
        found: dict[Any, tuple[int | None, float]] = {}
        days = by((str(n), row["person"], int(row[day])) for row in rows for n, day in enumerate(DAYS) if int(row[day]))
        for day, (who, number) in joined(days).items():
            found["weekday", day, "", ""] = (fives(len(who), count), number)
        did = Counter(dict.fromkeys(here, 0))
        for row in rows:
            did[row["person"]] += acts_of(row)
        bins, edges = [[n for n in did.values() if low <= n < high] for low, high in EDGES], [low for low, _ in EDGES]
        while len(bins) > 1 and any(len(each) < 5 for each in bins):
            at = max(n for n, each in enumerate(bins) if len(each) < 5)
            to = max(at, 1)  # joined to the one below; the lowest to the one above
            bins[to - 1 : to + 1], edges[to : to + 1] = [bins[to - 1] + bins[to]], []
        for low, each in zip(edges, bins, strict=True):
            found["spread", str(low), "", ""] = (None, fives(len(each), count))
        if len(here) >= 30:
            self._talk(since, until, here, found)
        return found

    def _talk(self, since: str, until: str, here: dict[str, str], found: dict[Any, Any]) -> None:
        said = [row for row in self.replies if since <= row["week"] < until]
        said = [row for row in said if row["person"] in here and row["to_person"] in here]
        met = {row["person"] for row in said} | {row["to_person"] for row in said}
        found["silent", "", "", ""] = (None, fives(len(here) - len(met), len(here)))
        sizes = joined(by((self.ids[unit], person, 1) for person, unit in here.items()), needed=None)
        name = {id_: unit for unit, id_ in self.ids.items()}
        within, crossing = [], []
        for row in said:
            one, other = (self.ids[here[row[who]]] for who in ("person", "to_person"))
            pair = tuple(sorted(unit if unit in sizes else 0 for unit in (one, other)))
            for who, number in ((row["person"], int(row["replies"])), (row["to_person"], 0)):
                (within if one == other else crossing).append((pair if one != other else "within", who, number))
        parts = by(crossing)
        small = {(0, unit) for unit in (0, *(unit for unit in sizes if unit != "other"))} if "other" in sizes else set()
        some, all_within = by(within).get("within", (set(), 0))
        across = {who for people, _number in parts.values() for who in people}
        if not stands(some, all_within, 0.5) or not stands(across, sum(n for _, n in parts.values()), 0.5):
            return
        for unit, (who, _number) in sizes.items():
            key = ("other", "") if unit == "other" else ("", name[unit])
            found["size", *key, ""] = (None, len(who) // 5 * 5)
        found["replies", "within", "", ""] = (fives(len(some), len(here)), all_within)
        for pair, (who, number) in joined({**dict.fromkeys(small, (set(), 0)), **parts}, 0.5, small).items():
            key = ("other", "", "") if pair == "other" else ("pair", *(name.get(unit, "") for unit in pair))
            found["replies", *key] = (fives(len(who), len(here)), number)
        units = Counter(here.values()).values()
        pairs = sum(one * other for n, one in enumerate(units) for m, other in enumerate(units) if n != m)
        found["chance", "", "", ""] = (None, round(pairs / (len(here) * (len(here) - 1)), 2))


EDGES = ((0, 1), (1, 3), (3, 6), (6, 11), (11, 10**9))


def _after(week: str, weeks: int) -> str:
    return (date.fromisoformat(week) + timedelta(weeks=weeks)).isoformat()


def cells_from_rows(rows: Rows, cells: list[Row]) -> None:
    """Every cell about people is what their rows give, and none is missing."""
    kinds = ("acts", "week", "weekday", "spread", "silent", "size", "replies", "chance")
    told = {
        (cell["what"], cell["since"], cell["key"], cell["unit"], cell["other_unit"]): (
            int(cell["people_in_fives"]) if cell["people_in_fives"] else None,
            float(cell["number"]),
        )
        for cell in cells
        if cell["what"] in kinds
    }
    made: dict[Any, Any] = {}
    blocks = [cell for cell in cells if cell["what"] == "block"]
    end = max(cell["until"] for cell in cells if cell["what"] in ("funnel", "week"))
    for week in sorted({row["week"] for row in rows.rows}):
        if week <= end and rows.is_told(week):
            for (what, unit), value in rows.week(week).items():
                key, name = (unit, "") if unit == "other" else ("", unit)
                made[what, week, key, name, ""] = value
    for block in blocks:
        until = (date.fromisoformat(block["until"]) + timedelta(days=1)).isoformat()
        for (what, *key), value in rows.block(block["since"], until).items():
            made[what, block["since"], *key] = value
    assert told == made, sorted(map(str, told.items() ^ made.items()))


def rows_from_activity(rows: Rows, cohort: Cohort) -> None:
    """Rows, and who replied to whom, are what the raw activity gives."""
    zone = ZoneInfo(cohort.time_zone)
    people = {one["person"] for one in rows.people}
    did: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    pairs: Counter[tuple[str, str, str]] = Counter()
    columns = (Activity.verb, Activity.member_id, Activity.reached_id, Activity.at)
    number = reading.numbers(cohort)
    for verb, *ids, at in db.session.execute(select(*columns).where(Activity.cohort_id == cohort.id)):
        by, to = (str(number(one)) if one else "" for one in ids)
        day = at.astimezone(zone).date()
        week = (day - timedelta(days=day.weekday())).isoformat()
        if by in people and verb in SAID:
            did[week, by].update((SAID[verb], DAYS[day.weekday()]))
        if SAID.get(verb) == "replies" and people.issuperset((by, to)) and by != to:
            pairs[week, by, to] += 1
    names = ("texts", "replies", "ratings", *DAYS)
    assert {(row["week"], row["person"]): [int(row[name]) for name in names] for row in rows.rows} == {
        key: [counts[name] for name in names] for key, counts in did.items()
    }
    assert {(row["week"], row["person"], row["to_person"]): int(row["replies"]) for row in rows.replies} == pairs


def questions_from_posts(cells: list[Row], cohort: Cohort) -> None:
    """Cells of questions: in stretches in which five people asked, each with its answers by others."""
    zone = ZoneInfo(cohort.time_zone)
    tests = set(db.session.scalars(select(Member.id).where(Member.is_test.is_(True))))
    posts = db.session.execute(
        select(Post.id, Post.kind, Post.root_id, Post.author_id, Post.created_at).where(Post.cohort_id == cohort.id)
    ).all()
    asked = {post.id: post for post in posts if post.kind == Kind.QUESTION}
    due = dict(db.session.execute(select(QuestionClock.question_id, QuestionClock.due_at)).tuples().all())
    answers = defaultdict(list)
    for post in posts:
        is_other = post.root_id in asked and post.author_id != asked[post.root_id].author_id
        if post.kind == Kind.ANSWER and is_other and post.author_id not in tests:
            answers[post.root_id].append(post.created_at)
    for since, until in sorted({(cell["since"], cell["until"]) for cell in cells if cell["what"] == "questions"}):
        here = [cell for cell in cells if cell["what"] == "questions" and cell["since"] == since]
        mine = [one for one in asked.values() if since <= one.created_at.astimezone(zone).date().isoformat() <= until]
        assert len({one.author_id for one in mine}) >= 5
        told = {cell["key"]: float(cell["number"]) for cell in here}
        assert told["asked"] == len(mine)
        assert told["in-time"] == sum(any(at <= due[one.id] for at in answers[one.id]) for one in mine)
        assert told["several"] == sum(len(answers[one.id]) >= 2 for one in mine)
        hours = [(min(answers[one.id]) - one.created_at).total_seconds() / 3600 for one in mine if answers[one.id]]
        assert sorted(float(cell["number"]) for cell in here if cell["key"] == "answered-after") == pytest.approx(
            sorted(hours), abs=0.006
        )
        assert sum(cell["key"] == "waits-for" for cell in here) == len(mine) - len(hours)


def pulse_from_answers(rows: Rows, cells: list[Row], given: Sequence[int]) -> None:
    """An average of so many answers in fives. Whose were left out by lot nobody knows, so it lies between the lowest
    and the highest there can be. ``given``: what all who came answered, in turn."""
    answers = [given[n % len(given)] for n in range(sum(bool(one["opened"]) for one in rows.people))]
    [cell] = [cell for cell in cells if cell["what"] == "pulse" and cell["key"] == "liked"]
    assert (cell["unit"], cell["other_unit"]) == ("", "")
    count = int(cell["people_in_fives"])
    assert count == fives(len(answers), len(answers))
    low, high = sum(sorted(answers)[:count]) / count, sum(sorted(answers)[-count:]) / count
    assert round(low, 1) <= float(cell["number"]) <= round(high, 1)


def standing_from_rows(rows: Rows, cells: list[Row], cohort: Cohort) -> None:
    """Funnel and ideas, from people, ideas, ratings and the decision log."""
    until = _after(max(cell["until"] for cell in cells if cell["what"] == "funnel"), 0)
    until = (date.fromisoformat(until) + timedelta(days=1)).isoformat()
    still = {one["person"] for one in rows.people if not one["left"] or one["left"] >= until}
    opened = {one["person"] for one in rows.people if one["opened"] and one["opened"] < until} & still
    took = {row["person"] for row in rows.rows if row["week"] < until} & opened
    number = reading.numbers(cohort)
    marked = {str(number(one)) for one in db.session.scalars(select(Member.id).where(Member.read_up_to > 0))}
    read = opened & (marked | took)
    told = {cell["key"]: int(float(cell["number"])) for cell in cells if cell["what"] == "funnel"}
    of = len(still)
    assert told == {
        "invited": of // 5 * 5, "opened": fives(len(opened), of), "read": fives(len(read), of),
        "took-part": fives(len(took), of),
    }  # fmt: skip
    ideas = db.session.scalars(select(Idea).where(Idea.cohort_id == cohort.id)).all()
    posts = {post.id: post for post in db.session.scalars(select(Post).where(Post.cohort_id == cohort.id))}
    log = db.session.scalars(select(Decision).where(Decision.cohort_id == cohort.id).order_by(Decision.id)).all()
    there = set(db.session.scalars(select(Outcome.idea_id).where(Outcome.implemented_at.is_not(None))))
    ratings = Counter(
        db.session.scalars(select(Activity.post_id).where(Activity.cohort_id == cohort.id, Activity.verb == "rated"))
    )
    wanted: dict[str, float] = {f"stage:{stage}": n for stage, n in Counter(idea.stage for idea in ideas).items()}
    wanted["rated"] = sum(ratings[idea.post_id] >= 5 for idea in ideas)
    wanted["refused"] = len({row.post_id for row in log if row.after == "stage:not_now"})
    wanted["implemented"] = len(there & {idea.post_id for idea in ideas})
    assert {cell["key"]: float(cell["number"]) for cell in cells if cell["what"] == "ideas"} == wanted
    days, authors = defaultdict(list), defaultdict(set)
    for idea in ideas:
        begun = posts[idea.post_id].created_at
        for row in (row for row in log if row.post_id == idea.post_id):
            days[row.before[6:]].append((row.at - begun).total_seconds() / 86400)
            authors[row.before[6:]].add(posts[idea.post_id].author_id)
            begun = row.at
    assert {cell["key"]: float(cell["number"]) for cell in cells if cell["what"] == "stay"} == {
        stage: round(median(each), 1) for stage, each in days.items() if len(authors[stage]) >= 5
    }


def median_wait(times: list[tuple[float, bool]]) -> float | None:
    """Kaplan and Meier, as the paper has it: at each answer, the share of those still waiting who are not answered."""
    waiting = 1.0
    for moment in sorted({time for time, answered in times if answered}):
        at_risk = sum(time >= moment for time, _ in times)
        waiting *= 1 - sum(time == moment and answered for time, answered in times) / at_risk
        if waiting <= 0.5 + 1e-9:
            return moment
    return None


def figures_from_cells(cells: list[Row], told: Figures, since: date, until: date) -> None:
    """Every figure of a page over these days is what its cells add up to."""
    first, last = since.isoformat(), until.isoformat()
    inside = [cell for cell in cells if cell["since"] >= first and cell["until"] < last]
    of: defaultdict[str, list[tuple[Row, float]]] = defaultdict(list)
    for cell in inside:
        of[cell["what"]].append((cell, float(cell["number"])))
    assert {week.monday.isoformat(): (week.acts, week.people) for week in told.weeks if week.acts is not None} == {
        cell["since"]: (number, int(cell["people_in_fives"])) for cell, number in of["week"]
    }
    assert [week.monday for week in told.weeks] == [
        since + timedelta(weeks=n) for n in range((until - since).days // 7)
    ]
    assert told.acts == sum(number for _, number in of["week"]) == sum(number for _, number in of["acts"])
    for figure, what in ((told.units, "acts"), (told.weekdays, "weekday")):
        sums: Counter[str] = Counter()
        for cell, number in of[what]:
            sums[cell["unit"] or cell["key"]] += int(number)
        assert figure == sums
    newest = max((cell["until"] for cell, _ in of["block"]), default="")
    assert told.spread == {int(cell["key"]): n for cell, n in of["spread"] if cell["until"] == newest}
    assert [told.silent] == ([n for cell, n in of["silent"] if cell["until"] == newest] or [None])
    [asked] = told.questions or [None]
    if asked:
        sums = Counter()
        for cell, number in of["questions"]:
            sums[cell["key"]] += int(number)
        assert (asked.asked, asked.in_time, asked.several) == (sums["asked"], sums["in-time"], sums["several"])
        assert asked.share == sums["in-time"] / sums["asked"]
        waits = ("answered-after", "waits-for")
        times = [(n, cell["key"] == "answered-after") for cell, n in of["questions"] if cell["key"] in waits]
        assert len(times) == asked.asked
        assert asked.median == median_wait(times)
    else:
        assert not of["questions"]
    if told.bridging:
        total = sum(n for _, n in of["replies"])
        crossing = sum(n for cell, n in of["replies"] if cell["key"] != "within")
        by_block: Counter[str] = Counter()
        for cell, number in of["replies"]:
            by_block[cell["since"]] += int(number)
        chance = sum(number * by_block[cell["since"]] for cell, number in of["chance"]) / total
        assert (told.bridging.replies, told.bridging.crossing) == (total, crossing)
        assert told.bridging.chance == pytest.approx(chance)
        assert told.bridging.index == pytest.approx(crossing / total - chance)
    else:
        assert not of["replies"]
    rounds: defaultdict[str, dict[str, tuple[float, int]]] = defaultdict(dict)
    for cell, number in of["pulse"]:
        rounds[cell["since"]][cell["key"]] = (number, int(cell["people_in_fives"]))
    assert {
        one.monday.isoformat(): {
            key: value
            for key, value in (("liked", (one.liked, one.liked_people)), ("found", (one.found, one.found_people)))
            if value[0] is not None
        }
        for one in told.pulses
    } == rounds
    standing = {
        what: {cell["key"]: float(cell["number"]) for cell in cells if cell["what"] == what}
        for what in ("funnel", "ideas", "stay")
    }
    assert told.funnel == standing["funnel"]
    assert {**told.ideas, **{f"stage:{stage}": n for stage, n in told.stages.items()}} == standing["ideas"]
    assert told.stays == standing["stay"]


def unit_ids() -> dict[str, int]:
    """Units by name; none is 0."""
    return {"": 0, **dict(db.session.execute(select(Unit.name, Unit.id)).tuples().all())}
