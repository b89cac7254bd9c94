"""The grade computed a second time, naively and from raw rows, for histories nobody thought of."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.grades import adjusting, receipts, scoring
from sociallearn.grades.models import GradeAdjustment, SchemeVersion
from sociallearn.grades.schemes import LIGHT, Scheme, to_json
from sociallearn.ideas import building
from sociallearn.ideas.models import Idea
from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.questions import accepting, converting, marking
from sociallearn.roster.models import Cohort, Member
from tests.grades import cast, naive
from tests.grades.cast import MONDAY, School

BRUSSELS = ZoneInfo("Europe/Brussels")
WEEKS = 8
NEEDED = {"post": 40, "reply": 20, "idea": 0}


def week(moment: datetime) -> int:
    """Weeks since the course began, by the calendar in Brussels."""
    return (moment.astimezone(BRUSSELS).date() - MONDAY.date()).days // 7


def naive_grade(scheme: Scheme, member_id: int, now: datetime) -> float | None:
    """The model of PRODUCT.md in the plainest words, from raw rows."""
    with transaction() as session:
        columns = "id, member_id, verb, post_id, root_id, author_id, reached_id, words, at"
        rows = [dict(row._mapping) for row in session.execute(text(f"SELECT {columns} FROM activity ORDER BY id"))]
        pairs = [tuple(row) for row in session.execute(text("SELECT copy_id, original_id FROM overlap"))]
        given = "SELECT period, kind, points FROM grade_adjustment WHERE member_id = :id AND withdrawn_at IS NULL"
        said = [tuple(row) for row in session.execute(text(given), {"id": member_id})]
    for row in rows:
        at = row["at"] if isinstance(row["at"], datetime) else datetime.fromisoformat(row["at"])
        row["at"] = at.replace(tzinfo=at.tzinfo or ZoneInfo("UTC"))
    texts = naive_texts(rows)
    copies, own = naive_copies(texts, pairs)
    praise = naive_praise(rows, texts, copies - own, member_id)
    begun, word = week(now) + 1, naive_word(said)
    points = naive.collected(naive_facts(rows, texts, copies, member_id), praise, scheme, begun, word)
    to_come = [0.0] * (WEEKS - begun if scheme.whole_course else 0)
    return naive.grade(points + to_come, begun - 1, begun, scheme, word)


def naive_word(said: list[Any]) -> naive.Word:
    word = naive.Word()
    for period, kind, points in said:
        number = (date.fromisoformat(period) - MONDAY.date()).days // 7
        if kind == "override":
            word.override[number] = points
        elif kind == "bonus":
            word.bonus[number] = word.bonus.get(number, 0) + points
        else:
            word.excused.add(number)
    return word


def naive_signs(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The acts that gave what nobody took back while its week was open."""
    signs: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    for row in rows:
        verb, root = row["verb"], row["root_id"]
        before = signs
        accepted = [one for one in signs if one["verb"] == "accepted" and one["root_id"] == root]
        if verb == "accepted":
            if any(one["post_id"] == row["post_id"] and one["member_id"] != one["author_id"] for one in accepted):
                continue  # it is already
            signs = [one for one in signs if one not in accepted]
        if verb in ("accepted", "endorsed", "helped", "built_on"):
            names = ("verb", "post_id", "root_id", *(() if verb == "accepted" else ("member_id",)))
            again = [one for one in kept if all(one[name] == row[name] for name in names)]
            kept += naive_late(before, signs, row)
            signs = signs if again else [*signs, row]
            continue
        if verb == "unaccepted":
            signs = [one for one in signs if one not in accepted]
        elif verb in ("unendorsed", "unhelped", "unbuilt"):
            kind = {"unendorsed": "endorsed", "unhelped": "helped", "unbuilt": "built_on"}[verb]
            gone = (kind, row["post_id"], root, row["member_id"])
            signs = [one for one in signs if (one["verb"], one["post_id"], one["root_id"], one["member_id"]) != gone]
        elif verb == "converted":
            signs = [one for one in signs if one["verb"] == "built_on" or one["root_id"] != root]
        kept += naive_late(before, signs, row)
    return signs + kept


def naive_late(before: list[dict[str, Any]], after: list[dict[str, Any]], row: dict[str, Any]) -> list[dict[str, Any]]:
    """Of what an act took back: what was given in a week that is over, and not to oneself."""
    gone = [one for one in before if one not in after and week(one["at"]) < week(row["at"])]
    return [
        one
        for one in gone
        if one["member_id"] != (one["reached_id"] if one["verb"] == "built_on" else one["author_id"])
    ]


def naive_praise(
    rows: list[dict[str, Any]], texts: dict[int, dict[str, Any]], copies: set[int], member_id: int
) -> list[naive.Praise]:
    found = []
    for one in naive_signs(rows):
        is_built = one["verb"] == "built_on"
        about, whose = (one["root_id"], one["reached_id"]) if is_built else (one["post_id"], one["author_id"])
        through = texts[one["post_id"]]
        if is_built and (through["deleted"] or through["hidden"]):
            continue
        if whose == member_id != one["member_id"] and texts[about]["valid"] and about not in copies:
            found.append(naive.Praise(one["verb"], week(one["at"]), one["member_id"]))
    return found


def naive_facts(
    rows: list[dict[str, Any]], texts: dict[int, dict[str, Any]], copies: set[int], member_id: int
) -> list[naive.Fact]:
    found = []
    for key, one in texts.items():
        if one["author_id"] == member_id and one["valid"] and key not in copies:
            local = one["first_at"].astimezone(BRUSSELS)
            found.append(naive.Fact(one["kind"], one["week"], local.weekday() < 3, one["reached_id"], 0))
    first_rated: dict[int, int] = {}
    for row in rows:
        if row["verb"] == "rated" and row["member_id"] == member_id:
            first_rated.setdefault(row["post_id"], week(row["at"]))
    return found + [naive.Fact("rating", when, False, None, idea) for idea, when in first_rated.items()]


def naive_texts(rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    kinds = {"posted": "post", "asked": "post", "proposed": "idea"}
    kinds |= {"replied": "reply", "answered": "reply", "commented": "reply"}
    texts: dict[int, dict[str, Any]] = {}
    for row in rows:
        found = texts.get(row["post_id"])
        if row["verb"] in kinds:
            kind = kinds[row["verb"]]
            facts = {"kind": kind, "since": None, "deleted": False, "hidden": False, "week": week(row["at"])}
            facts |= {"first_at": row["at"]}
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


def naive_copies(texts: dict[int, dict[str, Any]], pairs: list[Any]) -> tuple[set[int], set[int]]:
    """Which do not count, and which are only alike with others of their author."""
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
    return copies, {number for family in firsts.values() if len(family) > 1 for number in family}


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
        self.answers: list[tuple[int, int, int]] = []  # with question and author
        self.given: list[int] = []
        with transaction() as session:
            session.get_one(Member, self.tess).may_grade = True

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
        acts = [self.write, self.reply, self.reply, self.edit, self.remove, self.rate, self.praise, self.praise]
        self.chance.choice([*acts, self.write, self.build, self.adjust])(by)

    def write(self, by: int) -> None:
        kind = self.chance.choice([Kind.POST, Kind.QUESTION, Kind.IDEA])
        made = cast.write(by, kind=kind, body=self.body())
        self._keep(made, by)
        if kind == Kind.IDEA:
            self.ideas.append((made, by))

    def reply(self, by: int) -> None:
        visible = [number for number in self.texts if number not in self.state]
        if visible:
            made = cast.reply(by, self.chance.choice(visible), body=self.body())
            self._keep(made, by)
            with transaction() as session:
                post = session.get_one(Post, made)
                if post.kind == Kind.ANSWER:
                    self.answers.append((made, post.parent_id, by))

    def praise(self, by: int) -> None:
        """Say that an answer helped, in one of three ways, or take that back; or make its question a post."""
        there = [one for one in self.answers if one[0] not in self.state and one[1] not in self.state]
        if not there:
            return
        answer_id, question_id, author = self.chance.choice(there)
        by = self.tess if by == author else by
        with transaction() as session:
            question, answer = (session.get_one(Post, one) for one in (question_id, answer_id))
            asker, tess, member = (session.get_one(Member, one) for one in (question.author_id, self.tess, by))
            choice = self.chance.random()
            if choice < 0.3:
                accepting.accept(session, question, answer, by=self.chance.choice([asker, tess]))
            elif choice < 0.35:
                accepting.withdraw(session, question, by=tess)
            elif choice < 0.6 and author != self.tess:
                self.chance.choice([marking.endorse, marking.endorse, marking.take_endorsement])(
                    session, answer, by=tess
                )
            elif choice < 0.95 and author != by:
                self.chance.choice([marking.helped, marking.helped, marking.take_help])(session, answer, by=member)
            elif choice > 0.98:
                converting.to_post(session, question, by=tess)
                self.answers = [one for one in self.answers if one[1] != question_id]

    def build(self, by: int) -> None:
        """Say that an idea goes on from an earlier one, or no longer."""
        there = [one for one, _ in self.ideas if one not in self.state]
        mine = [one for one, author in self.ideas if author == by and one in there and one > there[0]]
        if mine:
            with transaction() as session:
                idea = session.get_one(Idea, self.chance.choice(mine))
                on = session.get_one(Idea, self.chance.choice([one for one in there if one < idea.post_id]))
                member = session.get_one(Member, by)
                if self.chance.random() < 0.75:
                    building.build(session, idea, on, by=member)
                else:
                    building.unlink(session, idea, on.post_id, by=member)

    def adjust(self, by: int) -> None:
        """The trainer changes a week of somebody, or takes the last change back."""
        with transaction() as session:
            tess, learner = (
                session.get_one(Member, self.tess),
                session.get_one(Member, self.chance.choice(self.members)),
            )
            if self.given and self.chance.random() < 0.3:
                adjusting.withdraw(session, session.get_one(GradeAdjustment, self.given.pop()), by=tess)
                return
            key = self.chance.choice(adjusting.choices(session, learner)).period.key
            points, kind = self.chance.randint(1, 40) / 4, self.chance.choice(["override", "bonus", "bonus", "excuse"])
            made = adjusting.adjust(session, learner, key, kind, by=tess, reason="because", points=points)
            self.given.append(made.id)

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


SCHEMES = [
    LIGHT,
    replace(LIGHT, quality=True, make_up_days=3, drops_after=2),
    replace(LIGHT, quality=True, reserve=6, whole_course=True),
    replace(LIGHT, quality=True, room=5, when_closed=True),
    replace(LIGHT, quality=True, reserve=4, make_up_days=3, drops_after=3),
    replace(LIGHT, quality=True, make_up_days=3, passes_at=0.4),
]


@pytest.mark.alike
@pytest.mark.parametrize("seed", range(len(SCHEMES)))
def test_a_second_computation_agrees(school: School, seed: int) -> None:
    scheme = SCHEMES[seed]
    with transaction() as session:
        cohort = session.get_one(Cohort, school.cohort_id)
        cohort.ends_on = (MONDAY + timedelta(weeks=WEEKS, days=-1)).date()
        facts = {"cohort_id": cohort.id, "organisation_id": cohort.organisation_id, "number": 1}
        session.add(SchemeVersion(**facts, scheme=to_json(scheme), starts_at=cohort.created_at))
    story, moment = Story(school, seed), MONDAY
    with clock.at(moment):
        for member in story.members:
            cast.recompute(member)  # as their arrival does
    for step in range(75):
        moment += timedelta(hours=story.chance.choice([0, 1, 5, 30]), seconds=1)
        with clock.at(moment):
            story.act()
            if step % 6 == 5:
                check(story, scheme, moment)
    with clock.at(moment + timedelta(days=20)):
        check(story, scheme, moment + timedelta(days=20))
    kinds = {entry.kind for member in story.members for entry in cast.ledger(member)}
    assert (not scheme.quality) == kinds.isdisjoint(scoring.SIGNS)


def check(story: Story, scheme: Scheme, moment: datetime) -> None:
    for member in story.members:
        standing_before = len(cast.ledger(member))
        cast.recompute(member)
        found = cast.grade(member)
        assert found == pytest.approx(naive_grade(scheme, member, moment))
        assert found is None or 0 <= found <= 1
        with transaction() as session:
            again = receipts.recompute_from_ledger(session, session.get_one(Member, member))
        assert again.value == found
        assert len(cast.ledger(member)) == standing_before  # acts alone keep the ledger right
