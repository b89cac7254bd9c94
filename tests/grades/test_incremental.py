"""One act judges only what it can touch, and everything is as if all had been judged anew."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from sociallearn import clock
from sociallearn.activity.models import Activity
from sociallearn.database import transaction
from sociallearn.grades import adjusting, folding, keeping, receipts, scoring
from sociallearn.grades.calendar import Period, Plan
from sociallearn.grades.folding import Rules, Version
from sociallearn.grades.models import GradeAdjustment, LedgerEntry, SchemeVersion, Standing
from sociallearn.grades.schemes import to_json
from sociallearn.grades.scoring import Adjustment, Event
from sociallearn.roster.models import Cohort, Holiday, Member, Phase
from sociallearn.roster.signals import left, returned
from tests.grades import cast
from tests.grades.cast import DAY, MONDAY, WEEK, School
from tests.grades.test_independent import Story
from tests.grades.test_optional_rules import COMBINATIONS, START

ZONES = ("Europe/Brussels", "America/New_York", "Asia/Kathmandu")


class Restless(Story):
    """People who do anything, while trainers change the rules, the calendar, and what periods count for."""

    def __init__(self, school: School, seed: int) -> None:
        super().__init__(school, seed)
        self.school, self.moment = school, MONDAY
        self.away: set[int] = set()
        with transaction() as session:
            session.get_one(Member, self.tess).may_grade = True

    def go_on(self) -> None:
        """Something happens, sooner or later."""
        steps = [0, 0, 1, 1, 5, 30, 30, 24 * 8]
        self.moment += timedelta(hours=self.chance.choice(steps), seconds=1)
        with clock.at(self.moment):
            if self.chance.random() < 0.1:
                sweep()
            rare = [self.new_rules, self.new_calendar, self.own_word, self.unsay, self.come_and_go]
            (self.chance.choice(rare) if self.chance.random() < 0.12 else self.act)()

    def new_rules(self) -> None:
        """Other rules, from now on or from the next period on."""
        with transaction() as session:
            cohort = session.get_one(Cohort, self.school.cohort_id)
            due = select(func.min(Standing.next_change_at)).where(Standing.next_change_at > clock.now())
            most = select(func.max(SchemeVersion.number)).where(SchemeVersion.cohort_id == cohort.id)
            session.add(
                SchemeVersion(
                    cohort_id=cohort.id,
                    number=(session.scalar(most) or 1) + 1,
                    scheme=to_json(self.chance.choice(COMBINATIONS)),
                    starts_at=self.chance.choice([clock.now(), session.scalar(due) or clock.now()]),
                )
            )
            keeping.recompute_soon(session, cohort.id)

    def new_calendar(self) -> None:
        """Another time zone, a holiday, or phases instead of weeks."""
        with transaction() as session:
            cohort = session.get_one(Cohort, self.school.cohort_id)
            cohort.time_zone = self.chance.choice(ZONES)
            day = clock.now().date()
            if self.chance.random() < 0.3:
                session.add(Holiday(cohort_id=cohort.id, name="Free", first_day=day, last_day=day + 7 * DAY))
            for phase in session.scalars(select(Phase).where(Phase.cohort_id == cohort.id)):
                session.delete(phase)
            if self.chance.random() < 0.4:
                begin = MONDAY
                for number in range(12):
                    end = begin + self.chance.choice([1, 2, 9]) * DAY
                    session.add(Phase(cohort_id=cohort.id, name=str(number), starts_at=begin, ends_at=end))
                    begin = end + self.chance.choice([0, 0, 3]) * DAY
            session.flush()
            keeping.on_calendar(cohort, session)

    def own_word(self) -> None:
        """A trainer's own word on one period."""
        with transaction() as session:
            learner = session.get_one(Member, self.chance.choice(self.members))
            by = session.get_one(Member, self.tess)
            choices = adjusting.choices(session, learner)
            if choices and learner.is_graded and session.get(Standing, learner.id):
                kind = self.chance.choice(adjusting.KINDS)
                period = self.chance.choice(choices[:3]).period.key
                adjusting.adjust(session, learner, period, kind, by=by, reason="so", points=2.25)

    def adjust(self, by: int) -> None:
        """The same: people may be away here."""
        self.own_word()

    def unsay(self) -> None:
        """And back."""
        with transaction() as session:
            row = session.scalars(select(GradeAdjustment).where(GradeAdjustment.withdrawn_at.is_(None))).first()
            if row and session.get_one(Member, row.member_id).is_graded:
                adjusting.withdraw(session, row, by=session.get_one(Member, self.tess))

    def come_and_go(self) -> None:
        """Somebody leaves the course, or is there again."""
        who = self.chance.choice(self.members)
        with transaction() as session:
            member, cohort = session.get_one(Member, who), session.get_one(Cohort, self.school.cohort_id)
            member.left_at = None if who in self.away else clock.now()
            session.flush()
            (returned if who in self.away else left).send(cohort, member_ids=[who], session=session)
        self.away ^= {who}


def sweep() -> None:
    with transaction() as session:
        due = list(keeping._due(session))
    for member_id in due:
        keeping.catch_up(member_id)


def state(session: Any, member_id: int) -> dict[str, Any]:
    """All that was kept about somebody's points."""
    row = session.get(Standing, member_id)
    if row is None:
        return {}
    names = ("grade", "comment", "next_change_at", "hints", "foreseen", "collected", "basis")
    kept: dict[str, Any] = {name: getattr(row, name) for name in names}
    newest: dict[tuple[str, int], Any] = {}
    sums: defaultdict[str, float] = defaultdict(float)
    for entry in session.scalars(select(LedgerEntry).filter_by(member_id=member_id).order_by(LedgerEntry.id)):
        newest[entry.kind, entry.event_id] = entry.period, entry.points, entry.why, entry.short_by
        sums[entry.period] += entry.change
    assert row.collected == {key: value for key, value in sums.items() if value}
    return kept | {"newest": newest}


def check(story: Restless) -> None:
    """Whoever does not wait for a sweep stands where they would if everything was judged anew."""
    with clock.at(story.moment):
        for member_id in story.members:
            with transaction() as session:
                before = state(session, member_id)
                if not before or before["next_change_at"] is None or before["next_change_at"] <= story.moment:
                    continue
                member = session.get_one(Member, member_id)
                assert receipts.recompute_from_ledger(session, member).value == before["grade"]
                keeping.recompute(session, member)
                assert state(session, member_id) == before
                session.rollback()


def live(school: School, seed: int, steps: int) -> None:
    story = Restless(school, seed)
    for _ in range(steps):
        story.go_on()
        check(story)


@pytest.mark.alike
@pytest.mark.parametrize("seed", range(3))
def test_it_is_as_if_everything_was_judged_anew(school: School, seed: int) -> None:
    live(school, seed, 40)


PHASES = tuple(
    Period(f"p{number}", START + (begin - 1) * DAY, START + (end - 1) * DAY, str(number))
    for number, (begin, end) in enumerate(pairwise([1, 8, 9, 10, 11, 18, 20, 27, 35]))
)
# often full weeks, right after one another: else nothing is made up
ACTS = st.lists(
    st.builds(
        lambda day, hour, kind, words, reached, removed: (day * 24 + hour, kind, words, reached, removed),
        st.sampled_from([0, 7, 8, 9, 14, 21, 28]), st.sampled_from([1, 2, 50, 90]),
        st.sampled_from(["reply", "reply", "reply", "post", "rating"]), st.sampled_from([60, 60, 60, 5]),
        st.integers(1, 3), st.sampled_from([False, False, False, True]),
    ),
    min_size=25, max_size=60,
)  # fmt: skip
CHANGES = st.lists(
    st.builds(Adjustment, st.integers(1, 99), st.sampled_from(["override", "excuse", "bonus"]),
              st.sampled_from([*(one.key for one in PHASES), "2026-03-09", "2026-03-16", "2026-03-23"]), st.just(2.5)),
    max_size=2, unique_by=(lambda one: one.id, lambda one: one.period_key),
)  # fmt: skip


def one_change(acts: Any, changed: int, schemes: Any, given_: Any, is_in_phases: bool) -> None:
    """One text comes, or goes: what hangs together with it, judged alone, leaves everything as if all was judged."""
    versions = tuple(Version(n, START + n * 10 * DAY, scheme) for n, scheme in enumerate(schemes))
    rules = Rules(versions, Plan("UTC", PHASES if is_in_phases else ()), START + 33 * DAY)
    periods = folding.periods_of(START, rules)
    every = [
        Event(number, kind, START + timedelta(hours=hours), words, reached, removed, subject=number)
        for number, (hours, kind, words, reached, removed) in enumerate(acts, start=1)
    ]
    other = every[changed % len(every)]
    now = [replace(one, removed=not one.removed) if one is other else one for one in every]
    before, after = (folding.judge(some, periods, rules, given_) for some in (every, now))
    part = folding.part([other.at], periods, rules)
    read = [one for one in now if any(begin <= one.at < end for begin, end in part.spans)]
    outcomes, sums = part.judge(read, given_)
    kept = {(one.kind, one.event_id): one for one in before} | {(one.kind, one.event_id): one for one in outcomes}
    assert kept == {(one.kind, one.event_id): one for one in after}
    points = scoring.sums(before) | sums
    assert {key: value for key, value in points.items() if value} == {
        key: value for key, value in scoring.sums(after).items() if value
    }
    written = [one for one in before if (one.kind, one.event_id) in {(one.kind, one.event_id) for one in outcomes}]
    assert {one.period_key for one in written} <= part.keys  # where the ledger is looked into


TWO_SCHEMES = st.lists(st.sampled_from([*COMBINATIONS, *(one for one in COMBINATIONS if one.make_up_days)]), min_size=1,
                       max_size=3)  # fmt: skip


@given(ACTS, st.integers(0, 99), TWO_SCHEMES, CHANGES, st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_part_is_all_that_can_change(acts, changed, schemes, given_, is_in_phases):
    one_change(acts, changed, schemes, given_, is_in_phases)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@given(ACTS, st.integers(0, 99), TWO_SCHEMES, CHANGES, st.booleans())
@settings(max_examples=20_000, deadline=None)
def test_a_part_is_all_that_can_change_in_twenty_thousand_histories(acts, changed, schemes, given_, is_in_phases):
    one_change(acts, changed, schemes, given_, is_in_phases)


@pytest.mark.prove
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("seed", range(100, 110))
def test_it_is_so_for_long_histories(school: School, seed: int) -> None:
    live(school, seed, 120)


def test_an_act_reads_one_period_and_the_end_of_a_period_reads_all(school: School) -> None:
    ben, tess = school.learner("ben"), school.trainer()
    with clock.at(MONDAY + DAY):
        old = cast.write(ben)
    with clock.at(MONDAY + 4 * WEEK):
        cast.write(ben)
        assert cast.standing(ben).collected == {"2026-03-02": 4, "2026-03-30": 4}
        with transaction() as session:  # behind everybody's back
            session.execute(update(Activity).where(Activity.post_id == old).values(words=3))
        cast.reply(ben, cast.write(tess))
        assert cast.standing(ben).collected == {"2026-03-02": 4, "2026-03-30": 7}
        cast.recompute(ben)
        assert cast.standing(ben).collected == {"2026-03-30": 7}


def test_what_parts_from_its_original_is_felt_by_what_repeats_it(school: School) -> None:
    """Of two own texts alike the later is the copy, whichever became so; and who repeats that one is judged with it."""
    ann, bob = school.learner("ann"), school.learner("bob")
    same = cast.text(45, "same")
    with clock.at(MONDAY + DAY):
        first = cast.write(ann)
    with clock.at(MONDAY + WEEK):
        cast.write(ann, body=same)
        copied = cast.write(bob, body=same)
        assert cast.why(bob, copied) == "near_copy"
    story = Restless(school, 0)
    story.members = [ann, bob]
    for hour, body in enumerate([same, None, same], start=1):
        story.moment = MONDAY + WEEK + timedelta(hours=hour)
        with clock.at(story.moment):
            cast.edit(first, body=body)
        check(story)
