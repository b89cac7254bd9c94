"""The ladder: each step once, never early, in work hours only, and none lost."""

import csv
import io
import random
from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.posts import deciding
from sociallearn.posts.models import Extra, Post, Visibility
from sociallearn.questions import accepting, escalating, offering, promising, starting, states, surviving, waiting
from sociallearn.questions.models import Escalation, Nudge, QuestionClock
from sociallearn.roster.models import Cohort, Holiday, Member
from sociallearn.topics import following
from tests import make
from tests.conftest import Cast
from tests.questions import town
from tests.questions.town import BRUSSELS, local

MONDAY = local("2027-03-08T10:00")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ALL_WAIT = {step: ("waiting", None) for step in ("followers", "helpers", "trainer")}


@pytest.fixture
def here(app: Flask, cast: Cast) -> Iterator[Cast]:
    """Everybody is in, nothing was asked, and it is no request's context."""
    for name in ("tess", "ben", "cleo", "dora"):
        getattr(cast, name)
    with app.app_context():
        town.stay()
        yield cast


def offer(member_id: int, words: str) -> None:
    with transaction() as session:
        offering.offer(session, by=session.get_one(Member, member_id), topic_ids=[], words=words)


def follow(member_id: int, topic: str) -> None:
    with transaction() as session:
        member = session.get_one(Member, member_id)
        following.follow(session, town.topic(session, member.cohort_id, topic), by=member)


def test_followers_at_once_helpers_after_six_hours_trainers_after_ten(here: Cast) -> None:
    with clock.at(MONDAY - 24 * HOUR):
        town.ask(here.ben.member_id, body="About #planning.")
    follow(here.dora.member_id, "planning")
    offer(here.cleo.member_id, "planning, budgets")
    with clock.at(local("2027-03-08T09:00")):
        question = town.ask(here.ben.member_id, "How do you plan?", "About #planning.")
    assert town.steps(question) == ALL_WAIT
    town.sweep(local("2027-03-08T09:00"))
    assert town.nudges(question) == [("followers", here.dora.member_id, "open")]
    town.sweep(local("2027-03-08T14:59"))
    assert town.steps(question)["helpers"] == ("waiting", None)
    town.sweep(local("2027-03-08T15:00"))
    assert town.nudges(question)[1:] == [("helpers", here.cleo.member_id, "open")]
    town.sweep(local("2027-03-08T19:00"))  # due, and nobody works
    assert town.steps(question)["trainer"] == ("waiting", None)
    town.sweep(local("2027-03-09T09:00"))
    assert town.nudges(question)[2:] == [("trainer", here.tess.member_id, "open")]
    town.sweep(local("2027-03-09T10:00"))
    assert len(town.nudges(question)) == 3


@pytest.mark.parametrize(
    "what", ["answered", "accepted", "solved", "removed", "hidden", "locked", "starter", "archived", "closed"]
)
def test_a_step_that_is_no_longer_needed_says_why(here: Cast, what: str) -> None:
    offer(here.dora.member_id, "knows")
    with clock.at(MONDAY):
        question = town.ask(here.ben.member_id)
        if what in ("answered", "accepted"):
            answer = town.answer(question, here.cleo.member_id)
        if what == "accepted":
            with transaction() as session:
                asker, posts = session.get_one(Member, here.ben.member_id), (question, answer)
                accepting.accept(session, *(session.get_one(Post, one) for one in posts), by=asker)
        if what == "solved":
            with transaction() as session:
                asker = session.get_one(Member, here.ben.member_id)
                states.solve(session, session.get_one(Post, question), by=asker, words="I found it.")
        if what == "removed":
            town.decide(question, Visibility.DELETED, here.ben.member_id)
        if what == "hidden":
            town.decide(question, Visibility.HIDDEN, here.tess.member_id)
        with transaction() as session:
            post = session.get_one(Post, question)
            cohort = session.get_one(Cohort, post.cohort_id)
            if what == "locked":
                deciding.lock(session, post, by=here.tess.member(session), reason="Enough.")
            post.extras |= Extra.STARTER if what == "starter" else 0
            cohort.archived_at = clock.now() if what == "archived" else None
            cohort.rooms_off = ["questions"] if what == "closed" else []
    town.sweep(MONDAY + 6 * HOUR)
    why = "removed" if what == "hidden" else what
    assert town.steps(question)["helpers"] == ("skipped", why)
    assert town.nudges(question) == []


def test_nobody_to_ask_is_said_too(here: Cast) -> None:
    with clock.at(MONDAY):
        question = town.ask(here.ben.member_id)
    town.sweep(MONDAY + 6 * HOUR)
    assert town.steps(question)["helpers"] == ("skipped", "nobody")


def test_a_self_answer_and_a_comment_stop_nothing_and_a_removed_answer_no_longer_does(here: Cast) -> None:
    with clock.at(MONDAY):
        question = town.ask(here.ben.member_id)
        own = town.answer(question, here.ben.member_id)
        with transaction() as session:
            make.reply(session, session.get_one(Post, own), here.cleo.member(session))
        answer = town.answer(question, here.cleo.member_id)
        town.decide(answer, Visibility.HIDDEN, here.tess.member_id)
    town.sweep(MONDAY + 24 * HOUR)
    assert town.steps(question)["trainer"] == ("done", None)
    assert town.nudges(question) == [("trainer", here.tess.member_id, "open")]
    town.decide(answer, Visibility.VISIBLE, here.tess.member_id)
    assert town.nudges(question)[0][2] == "over"
    town.decide(answer, Visibility.HIDDEN, here.tess.member_id)
    assert town.nudges(question)[0][2] == "open"
    town.answer(question, here.tess.member_id)
    assert town.nudges(question)[0][2] == "answered"


def test_a_question_that_becomes_one_starts_its_clock_then_and_once(here: Cast) -> None:
    with transaction() as session, clock.at(MONDAY):
        post = make.post(session, here.ben.member(session))
    with transaction() as session, clock.at(MONDAY + HOUR):
        row = starting.start(session, session.get_one(Post, post.id))
        assert row is not None
        assert row.due_at == MONDAY + 13 * HOUR
    with transaction() as session, clock.at(MONDAY + 2 * HOUR):
        again = starting.start(session, session.get_one(Post, post.id))
        assert again is not None
        assert again.started_at == MONDAY + HOUR
    assert town.steps(post.id) == ALL_WAIT


def test_the_pretend_student_has_no_clock_and_is_never_asked(here: Cast) -> None:
    with transaction() as session:
        here.dora.member(session).is_test = True
        offering.offer(session, by=here.dora.member(session), topic_ids=[], words="who knows")
    with clock.at(MONDAY):
        assert town.steps(town.ask(here.dora.member_id)) == {}
        question = town.ask(here.ben.member_id)
        town.answer(question, here.dora.member_id)
    town.sweep(MONDAY + 6 * HOUR)
    assert town.steps(question)["helpers"] == ("skipped", "nobody")


def test_a_question_keeps_the_clock_it_was_asked_under(here: Cast) -> None:
    def choose(work: bool) -> None:
        with transaction() as session:
            session.get_one(Cohort, here.ben.member(session).cohort_id).goal_in_work_hours = work

    choose(True)
    with clock.at(MONDAY):
        question = town.ask(here.ben.member_id)
    choose(False)
    with transaction() as session:
        cohort_id = here.ben.member(session).cohort_id
        session.add(Holiday(cohort_id=cohort_id, name="Off", first_day=date(2027, 3, 9), last_day=date(2027, 3, 9)))
    with transaction() as session:
        assert session.get_one(QuestionClock, question).due_at == local("2027-03-09T14:00")


def test_two_workers_at_once_take_a_step_once(app: Flask, here: Cast) -> None:
    offer(here.cleo.member_id, "knows")
    with clock.at(MONDAY):
        question = town.ask(here.ben.member_id)
    with clock.at(MONDAY + 6 * HOUR):
        due = town.due()

    def work(_number: int) -> None:
        with app.app_context(), clock.at(MONDAY + 6 * HOUR):
            for one in due:
                escalating.escalate(one)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert town.nudges(question) == [("helpers", here.cleo.member_id, "open")]


# --- a month -------------------------------------------------------------------------------------------------------

FIRST, LAST = local("2027-03-08T00:00"), local("2027-04-07T00:00")  # the clocks change on 28 March
EASTER = date(2027, 3, 29)


class Killed(BaseException):
    """The worker is gone; nothing of ours catches it."""


@dataclass
class Truth:
    """What happened to one question, as the test itself knows it."""

    asked: datetime
    work: bool
    answers: list[list[datetime | None]] = field(default_factory=list)  # of others: from, until

    def is_answered(self, at: datetime) -> bool:
        return any(start and start <= at and (end is None or at < end) for start, end in self.answers)


def work_minutes() -> list[int]:
    """How many minutes of work lie before each minute of the month, counted one by one."""
    total, found = 0, [0]
    for number in range(50 * 24 * 60):
        here = (FIRST + number * MINUTE).astimezone(BRUSSELS)
        total += here.weekday() < 5 and here.date() != EASTER and 9 <= here.hour < 17
        found.append(total)
    return found


def month(dice: random.Random, size: int) -> list[tuple[datetime, int]]:
    """When so many questions are asked: (moment, number)."""
    length = int((LAST - FIRST) / MINUTE)
    return sorted((FIRST + dice.randrange(length) * MINUTE, number) for number in range(size))


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("size", [50, pytest.param(500, marks=pytest.mark.prove)])
def test_a_month_of_questions_with_a_worker_killed_again_and_again(here: Cast, size: int) -> None:
    dice = random.Random(12)
    with transaction() as session:
        like = here.ben.member(session)
        cohort_id = like.cohort_id
        session.add(Holiday(cohort_id=cohort_id, name="Easter", first_day=EASTER, last_day=EASTER))
        crowd = town.people(session, like, 20)
        for member_id in crowd[:8]:
            member = session.get_one(Member, member_id)
            offering.offer(session, by=member, topic_ids=[], words="plans, campaigns")
    truth = _live_through(here, dice, crowd, cohort_id, size)
    _check_steps(truth)
    _check_figures(here, truth)


def _live_through(here: Cast, dice: random.Random, crowd: list[int], cohort_id: int, size: int) -> dict[int, Truth]:
    truth: dict[int, Truth] = {}
    coming: list[tuple[datetime, int, str, int]] = []  # moment, order, act, what
    for order, (moment, number) in enumerate(month(dice, size)):
        coming.append((moment, order, "ask", number))
    asker = {number: dice.choice(crowd) for number in range(size)}
    order, now, killed, is_work = 1000, FIRST, 0, False
    every = (20 if size > 100 else 60) * MINUTE  # how often a worker looks
    while now < LAST + timedelta(days=7):
        while coming and min(coming)[0] <= now:
            one = min(coming)
            coming.remove(one)
            moment, _order, act, what = one
            with clock.at(moment):
                if act == "ask":
                    work = moment.astimezone(BRUSSELS).day % 2 == 0
                    if work != is_work:
                        is_work = work
                        with transaction() as session:
                            session.get_one(Cohort, cohort_id).goal_in_work_hours = work
                    question = town.ask(asker[what], f"Question {what}", "Plan a campaign?")
                    truth[question] = Truth(moment, work)
                    for _again in range(dice.choice([0, 1, 1, 1, 2])):
                        after = dice.choice([20, 300, 500, 700, 1500, 4000])
                        order += 1
                        coming.append((moment + dice.randrange(1, after) * MINUTE, order, "answer", question))
                elif act == "answer":
                    by = dice.choice(crowd)
                    post = town.answer(what, by)
                    with transaction() as session:
                        is_own = session.get_one(Post, what).author_id == by
                    if not is_own:
                        truth[what].answers.append([moment, None])
                        if dice.random() < 0.15:
                            town.decide(post, Visibility.HIDDEN, here.tess.member_id)
                            truth[what].answers[-1][1] = moment
        with clock.at(now):
            killed += _sweep(dice)
        now += every
    assert killed > size / 3
    return truth


def _sweep(dice: random.Random) -> int:
    """A sweep whose worker is killed now and then just before its transaction would have ended."""
    killed = 0
    for one in town.due():
        is_last_word = dice.random() < 0.3

        def kill(_session: Session, last: bool = is_last_word) -> None:
            if last:
                raise Killed

        event.listen(Session, "before_commit", kill)
        try:
            escalating.escalate(one)
        except Killed:
            killed += 1
        finally:
            event.remove(Session, "before_commit", kill)
    return killed


def _check_steps(truth: dict[int, Truth]) -> None:
    counted = work_minutes()
    waits = {"followers": 0, "helpers": 360, "trainer": 600}
    with transaction() as session:
        rows = session.scalars(select(Escalation)).all()
        asked = session.scalars(select(Nudge)).all()
    assert sorted((row.question_id, row.step) for row in rows) == sorted((one, step) for one in truth for step in waits)
    for row in rows:
        known = truth[row.question_id]
        at = int((known.asked - FIRST) / MINUTE)
        plain = known.asked + waits[row.step] * MINUTE
        due = FIRST + bisect_left(counted, counted[at] + waits[row.step], at) * MINUTE if known.work else plain
        assert row.due_at == due, row.step
        assert row.state in ("done", "skipped")
        assert row.done_at is not None
        assert row.done_at >= due
        if row.why == "answered":
            assert known.is_answered(row.done_at)
        else:
            assert not known.is_answered(row.done_at)
            assert row.why in (None, "nobody")
            here = row.done_at.astimezone(BRUSSELS)
            assert here.weekday() < 5
            assert 9 <= here.hour < 17
            assert here.date() != EASTER
    done = {row.id for row in rows if row.state == "done"}
    assert {one.escalation_id for one in asked} == done
    assert len({(one.escalation_id, one.member_id) for one in asked}) == len(asked)
    assert sum(row.state == "done" and row.step == "helpers" for row in rows) > 5


def _check_figures(here: Cast, truth: dict[int, Truth]) -> None:
    counted, now = work_minutes(), LAST + timedelta(days=7)
    with transaction() as session, clock.at(now):
        member = here.ben.member(session)
        rows = waiting.rows(session, member)
    with clock.at(now):
        table = list(csv.DictReader(io.StringIO(here.cleo.get("/questions/promise.csv").text.lstrip("\ufeff"))))
    assert len(table) == len(rows) == len(truth)
    for work in (False, True):
        found = promising.figures(rows, now, "Europe/Brussels", in_work_hours=work)
        mine = [one for one in truth.values() if one.work == work]
        firsts = [min((start for start, end in one.answers if start and end is None), default=None) for one in mine]

        def hours(one: Truth, first: datetime | None, work: bool = work) -> float:
            end = first or now
            if not work:
                return (end - one.asked) / HOUR
            return (counted[int((end - FIRST) / MINUTE)] - counted[int((one.asked - FIRST) / MINUTE)]) / 60

        times = [(hours(one, first), first is not None) for one, first in zip(mine, firsts, strict=True)]
        assert found.asked == len(mine)
        assert found.in_time == promising.Share(sum(answered and time <= 12 for time, answered in times), len(mine))
        assert found.unanswered == firsts.count(None)
        several = sum(sum(end is None for _start, end in one.answers) > 1 for one in mine)
        assert found.several == promising.Share(several, len(mine))
        for part, value in ((0.5, found.median), (0.9, found.p90)):
            assert value == pytest.approx(by_hand(times, part))
        of_csv = [row for row in table if row["clock"] == ("work hours" if work else "plain hours")]
        assert sum(row["is_due"] == row["in_time"] == "1" for row in of_csv) == found.in_time.part
        assert sum(row["is_due"] == "1" for row in of_csv) == found.in_time.n
        assert sum(row["is_due"] == "1" and int(row["answers"]) > 1 for row in of_csv) == found.several.part
        again = [(float(row["hours"]), row["answered"] == "1") for row in of_csv]
        for part, value in ((0.5, found.median), (0.9, found.p90)):
            assert surviving.quantile(again, part) == (value if value is None else pytest.approx(value, abs=1e-5))
        assert sum(week.asked for week in found.weeks) == found.asked
        assert sum(week.in_time.part for week in found.weeks) == found.in_time.part


def by_hand(times: list[tuple[float, bool]], part: float) -> float | None:
    """The same estimate from its definition, the slow way: one factor for each answer."""
    for goal in sorted(time for time, answered in times if answered):
        left = 1.0
        for moment in {time for time, answered in times if answered and time <= goal}:
            left *= 1 - sum(one == (moment, True) for one in times) / sum(time >= moment for time, _ in times)
        if left <= 1 - part + 1e-9:
            return goal
    return None
