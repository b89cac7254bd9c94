"""The grade computed a second time, naively and from raw rows, for histories nobody thought of."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.grades import receipts
from sociallearn.posts.models import Kind, Visibility
from sociallearn.roster.models import Member
from tests.grades import cast
from tests.grades.cast import MONDAY, School

BRUSSELS = ZoneInfo("Europe/Brussels")
NEEDED = {"post": 40, "reply": 20, "idea": 0}


def week(moment: datetime) -> int:
    """Weeks since the course began, by the calendar in Brussels."""
    return (moment.astimezone(BRUSSELS).date() - MONDAY.date()).days // 7


def naive_grade(member_id: int, now: datetime) -> float | None:
    """The model of PRODUCT.md in the plainest words, from raw rows."""
    with transaction() as session:
        columns = "id, member_id, verb, post_id, author_id, reached_id, words, at"
        rows = [dict(row._mapping) for row in session.execute(text(f"SELECT {columns} FROM activity ORDER BY id"))]
        pairs = [tuple(row) for row in session.execute(text("SELECT copy_id, original_id FROM overlap"))]
    for row in rows:
        at = row["at"] if isinstance(row["at"], datetime) else datetime.fromisoformat(row["at"])
        row["at"] = at.replace(tzinfo=at.tzinfo or ZoneInfo("UTC"))
    texts = naive_texts(rows)
    copies = naive_copies(texts, pairs)
    points = [naive_points(rows, texts, copies, member_id, number) for number in range(week(now) + 1)]
    closed, everything = points[:-1], points
    values = [naive_average(closed)] if closed else []
    if points[-1]:
        values.append(naive_average(everything))
    return max(values) if values else None


def naive_texts(rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    kinds = {"posted": "post", "asked": "post", "proposed": "idea"}
    kinds |= {"replied": "reply", "answered": "reply", "commented": "reply"}
    texts: dict[int, dict[str, Any]] = {}
    for row in rows:
        found = texts.get(row["post_id"])
        if row["verb"] in kinds:
            kind = kinds[row["verb"]]
            facts = {"kind": kind, "since": None, "deleted": False, "hidden": False, "week": week(row["at"])}
            found = texts[row["post_id"]] = {**row, **facts}
        elif row["verb"] == "edited" and found and week(row["at"]) == found["week"]:
            found["words"] = row["words"]
        elif row["verb"] in ("deleted", "undeleted") and found:
            found["deleted"] = row["verb"] == "deleted"
        elif row["verb"] in ("hid", "restored") and found:
            found["hidden"] = row["verb"] == "hid"
        if found and row["verb"] in (*kinds, "edited"):
            if found["words"] < NEEDED[found["kind"]]:
                found["since"] = None
            elif found["since"] is None:
                found["since"] = row["at"]
    for found in texts.values():
        to_self = found["kind"] == "reply" and found["reached_id"] == found["author_id"]
        found["valid"] = found["since"] is not None and not found["deleted"] and not found["hidden"] and not to_self
    return texts


def naive_copies(texts: dict[int, dict[str, Any]], pairs: list[Any]) -> set[int]:
    alike = set(pairs) | {(b, a) for a, b in pairs if texts[a]["author_id"] == texts[b]["author_id"]}
    copies: set[int] = set()
    firsts: dict[int, list[int]] = {}
    for number in sorted(texts, key=lambda number: (texts[number]["since"] or texts[number]["at"], number)):
        mine = texts[number]
        before = [first for first, family in firsts.items() if (number, family[0]) in alike]
        if before:
            copies.add(number)
            oldest = before[0]
            own = all(texts[first]["author_id"] == mine["author_id"] for first in before)
            place = [mine[name] == texts[oldest][name] for name in ("kind", "week", "reached_id")]
            if mine["valid"] and own and all(place):
                firsts[oldest].append(number)
        elif mine["valid"]:
            firsts[number] = [number]
    for first, family in firsts.items():
        best = max(family, key=lambda number: texts[number]["words"])
        if best != first:
            copies.add(first)
            copies.remove(best)
    return copies


def naive_points(
    rows: list[dict[str, Any]], texts: dict[int, dict[str, Any]], copies: set[int], member_id: int, number: int
) -> float:
    mine = defaultdict(list)
    for key, found in texts.items():
        if found["author_id"] == member_id and found["week"] == number and found["valid"] and key not in copies:
            mine[found["kind"]].append(found["reached_id"])
    first_rated: dict[int, int] = {}
    for row in rows:
        if row["verb"] == "rated" and row["member_id"] == member_id:
            first_rated.setdefault(row["post_id"], week(row["at"]))
    rated = sum(when == number for when in first_rated.values())
    most_replies = 4 if len(set(mine["reply"])) >= 2 else 2
    points = 4 * min(1, len(mine["post"])) + 3 * min(most_replies, len(mine["reply"]))
    return min(10, points + 4 * min(1, len(mine["idea"])) + 2 * min(1, rated // 5))


def naive_average(points: list[float]) -> float:
    kept = sorted(points)[1:] if len(points) >= 4 else points
    return sum(kept) / (10 * len(kept))


class Story:
    """Random people doing random things."""

    def __init__(self, school: School, seed: int) -> None:
        self.chance = random.Random(seed)
        self.members = [school.learner(name) for name in ("ann", "bob", "cas")]
        self.tess = school.trainer()
        self.texts: list[int] = []
        self.of_tess: set[int] = set()  # which she cannot hide herself
        self.ideas: list[tuple[int, int]] = []
        self.bodies: list[str] = []
        self.state: dict[int, str] = {}

    def body(self) -> str:
        """New words, or somebody's again."""
        if self.bodies and self.chance.random() < 0.3:
            return self.chance.choice(self.bodies)
        made = cast.text(self.chance.choice([5, 19, 20, 39, 40, 60]), f"q{self.chance.random()}"[2:].replace(".", ""))
        self.bodies.append(made)
        return made

    def act(self) -> None:
        """One thing that can happen."""
        by = self.chance.choice([*self.members, self.tess])
        self.chance.choice([self.write, self.write, self.reply, self.reply, self.edit, self.remove, self.rate])(by)

    def write(self, by: int) -> None:
        kind = self.chance.choice([Kind.POST, Kind.QUESTION, Kind.IDEA])
        made = cast.write(by, kind=kind, body=self.body())
        self._keep(made, by)
        if kind == Kind.IDEA:
            self.ideas.append((made, by))

    def reply(self, by: int) -> None:
        visible = [number for number in self.texts if number not in self.state]
        if visible:
            self._keep(cast.reply(by, self.chance.choice(visible), body=self.body()), by)

    def _keep(self, made: int, by: int) -> None:
        self.texts.append(made)
        if by == self.tess:
            self.of_tess.add(made)

    def edit(self, by: int) -> None:
        visible = [number for number in self.texts if number not in self.state]
        if visible:
            cast.edit(self.chance.choice(visible), body=self.body())

    def remove(self, by: int) -> None:
        if not self.texts:
            return
        number = self.chance.choice(self.texts)
        state = self.state.pop(number, None)
        if state == "deleted":
            cast.decide(number, Visibility.VISIBLE)
        elif state == "hidden":
            cast.decide(number, Visibility.VISIBLE, self.tess)
        elif self.chance.random() < 0.5 or number in self.of_tess:
            cast.decide(number, Visibility.DELETED)
            self.state[number] = "deleted"
        else:
            cast.decide(number, Visibility.HIDDEN, self.tess)
            self.state[number] = "hidden"

    def rate(self, by: int) -> None:
        others = [idea for idea, author in self.ideas if author != by and idea not in self.state]
        for idea in self.chance.sample(others, min(3, len(others))):
            cast.rate(by, idea)


@pytest.mark.alike
@pytest.mark.parametrize("seed", range(6))
def test_a_second_computation_agrees(school: School, seed: int) -> None:
    story, moment = Story(school, seed), MONDAY
    for step in range(60):
        moment += timedelta(hours=story.chance.choice([0, 1, 5, 30]), seconds=1)
        with clock.at(moment):
            story.act()
            if step % 6 == 5:
                check(story, moment)
    with clock.at(moment + timedelta(days=20)):
        check(story, moment + timedelta(days=20))


def check(story: Story, moment: datetime) -> None:
    for member in story.members:
        standing_before = len(cast.ledger(member))
        cast.recompute(member)
        found = cast.grade(member)
        assert found == pytest.approx(naive_grade(member, moment))
        assert found is None or 0 <= found <= 1
        with transaction() as session:
            again = receipts.recompute_from_ledger(session, session.get_one(Member, member))
        assert again.value == found
        assert len(cast.ledger(member)) == standing_before  # acts alone keep the ledger right
