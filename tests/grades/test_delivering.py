"""Scores on their way: every answer of an LMS, late workers, dead workers, and stamps that only grow."""

import threading
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.grades import delivering
from sociallearn.grades.delivering import Attempt, deliver
from sociallearn.grades.models import Delivery, LineItem
from sociallearn.lti import services
from sociallearn.lti.failures import Conflict, Unreachable
from sociallearn.lti.models import Registration
from sociallearn.roster.models import Member, Placement, Role
from tests.grades import cast
from tests.grades.cast import MONDAY, School

START = MONDAY + timedelta(days=1)


@pytest.fixture
def ben(school: School) -> int:
    """A learner with a score of 0.4 that waits to be delivered."""
    member_id = school.learner("ben")
    with clock.at(START):
        cast.write(member_id)
    return member_id


def attempt_at(member_id: int, seconds: float) -> Delivery:
    """Let a worker try; the delivery afterwards."""
    with clock.at(START + timedelta(seconds=seconds)):
        deliver(cast.delivery(member_id).id)
        return cast.delivery(member_id)


def due(seconds: float = 0.0) -> list[int]:
    with clock.at(START + timedelta(seconds=seconds)), transaction() as session:
        return list(delivering._due(session))


def test_a_score_arrives(school: School, ben: int) -> None:
    row = attempt_at(ben, 0)
    assert (row.state, row.sent_grade, row.sent, row.problem, row.lease_until) == ("sent", 0.4, row.wanted, None, None)
    assert school.lms.scores == [
        {
            "userId": "sub-ben",
            "scoreGiven": 8.0,
            "scoreMaximum": 20.0,
            "activityProgress": "InProgress",
            "gradingProgress": "FullyGraded",
            "timestamp": "2026-03-03T08:00:00.000+00:00",
            "comment": "Week 1 is open: 4 of 10 so far.",
        }
    ]
    attempt_at(ben, 1)
    assert len(school.lms.scores) == 1
    assert due(100) == []


def test_what_is_sent_is_not_rounded(school: School, ben: int) -> None:
    school.lms.maximum = 7.0
    attempt_at(ben, 0)
    assert school.lms.scores[0]["scoreGiven"] == 0.4 * 7.0


def test_the_maximum_is_asked_once_a_day(school: School, ben: int) -> None:
    attempt_at(ben, 0)
    for hours, calls, maximum in ((1, 1, 20.0), (25, 2, 50.0)):
        school.lms.maximum = 50.0
        with clock.at(START + timedelta(hours=hours)):
            with transaction() as session:
                delivering.resend(session, session.get_one(Delivery, cast.delivery(ben).id))
            deliver(cast.delivery(ben).id)
        assert len(school.lms.line_item_calls) == calls
        assert school.lms.scores[-1]["scoreMaximum"] == maximum


@pytest.mark.alike
@pytest.mark.parametrize("answer", [400, 401, 403, 404, 500, (200, "[]")])
def test_a_line_item_that_cannot_be_read_holds_up_nothing(school: School, ben: int, answer: int) -> None:
    school.lms.line_item_answers.extend([answer, answer])
    assert attempt_at(ben, 0).state == "sent"
    assert school.lms.scores[0]["scoreMaximum"] == 100.0
    assert school.lms.scores[0]["scoreGiven"] == 40.0


def test_without_the_line_item_scopes_it_is_not_read(school: School, ben: int) -> None:
    with transaction() as session:
        session.get_one(Placement, school.placement_id).ags_scopes = [cast.AGS + "score"]
    attempt_at(ben, 0)
    assert school.lms.line_item_calls == []
    assert school.lms.scores[0]["scoreMaximum"] == 100.0


def test_a_conflict_is_tried_again_with_a_later_stamp(school: School, ben: int) -> None:
    school.lms.score_answers.append(409)
    row = attempt_at(ben, 0)
    assert (row.state, row.problem, row.failures) == ("waiting", "conflict", 1)
    assert attempt_at(ben, 0.5).attempts == 1  # not yet
    assert attempt_at(ben, 1.3).state == "sent"
    first, second = school.lms.stamps()
    assert second - first >= timedelta(seconds=1)


@pytest.mark.alike
@pytest.mark.parametrize(
    ("status", "problem"), [(400, "not_gradable"), (404, "gone"), (412, "refused"), (422, "refused")]
)
def test_what_the_lms_will_never_take(school: School, ben: int, status: int, problem: str) -> None:
    school.lms.score_answers.append(status)
    row = attempt_at(ben, 0)
    assert (row.state, row.problem) == ("refused", problem)
    attempt_at(ben, 3600)
    assert due(3600) == []
    assert len(school.lms.scores) == 1


@pytest.mark.alike
@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (429, "throttled"),
        ((403, "Rate Limit Exceeded"), "throttled"),
        (403, "unauthorised"),
        (500, "unreachable"),
        (503, "unreachable"),
        (302, "unreachable"),
        (405, "unreachable"),
    ],
)
def test_what_is_tried_again(school: School, ben: int, answer: int, problem: str) -> None:
    school.lms.score_answers.extend([answer, answer])
    assert attempt_at(ben, 0).problem == problem
    row = attempt_at(ben, 2)
    assert (row.state, row.failures, row.failing_since) == ("waiting", 2, START)
    row = attempt_at(ben, 10)
    assert (row.state, row.failures, row.failing_since, row.problem) == ("sent", 0, None, None)


@pytest.mark.alike
@pytest.mark.parametrize("answer", [400, 401, 404, 422, 500])
def test_what_the_token_endpoint_says_is_never_final(school: School, ben: int, answer: int) -> None:
    school.lms.token_answers.append(answer)
    row = attempt_at(ben, 0)
    assert (row.state, row.problem) == ("waiting", "token")
    assert attempt_at(ben, 2).state == "sent"


def test_a_token_that_is_no_longer_good(school: School, ben: int) -> None:
    school.lms.refuses_tokens.add("token-1")
    assert attempt_at(ben, 0).state == "sent"
    assert len(school.lms.token_calls) == 2


def test_an_lms_that_is_down(school: School, ben: int) -> None:
    school.lms.stop()
    row = attempt_at(ben, 0)
    assert (row.state, row.problem, row.lease_until) == ("waiting", "unreachable", None)


def test_an_lms_that_hangs(school: School, ben: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "TIMEOUT", 0.2)
    monkeypatch.setattr(services, "REST", 0.0)
    done = threading.Event()

    def hang() -> int:
        done.wait(5)
        return 200

    school.lms.score_answers.append(hang)
    row = attempt_at(ben, 0)
    done.set()
    assert (row.state, row.problem) == ("waiting", "timeout")
    assert attempt_at(ben, 2).state == "sent"


def test_stamps_grow_by_a_second_or_more_whatever_the_clock_does(school: School, ben: int) -> None:
    school.lms.score_answers.extend([500] * 6)
    for seconds in (0, 5, 3, 20, 20.2, 100, 300):
        with clock.at(START + timedelta(seconds=seconds)):
            with transaction() as session:
                session.get_one(Delivery, cast.delivery(ben).id).next_at = START
            deliver(cast.delivery(ben).id)
    stamps = school.lms.stamps()
    assert len(stamps) == 7
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(stamps))
    assert {len(score["timestamp"]) for score in school.lms.scores} == {29}
    assert cast.delivery(ben).state == "sent"


def test_another_grade_wanted_while_one_is_sent(school: School, ben: int) -> None:
    sending, written = threading.Event(), threading.Event()

    def meanwhile() -> int:
        sending.set()
        written.wait(5)
        return 200

    school.lms.score_answers.append(meanwhile)
    worker = threading.Thread(target=cast.in_context(lambda: attempt_at(ben, 0)))
    worker.start()
    assert sending.wait(5)
    with clock.at(START + timedelta(seconds=1)):
        cast.reply(ben, cast.write(school.learner("cleo")))
    written.set()
    worker.join()
    row = cast.delivery(ben)
    assert (row.state, row.sent, row.wanted, row.sent_grade) == ("waiting", 1, 2, 0.4)
    assert attempt_at(ben, 1).state == "sent"
    assert [score["scoreGiven"] for score in school.lms.scores] == [8.0, 14.0]


def test_a_refusal_of_what_is_no_longer_wanted_is_not_final(school: School, ben: int) -> None:
    def meanwhile() -> int:
        in_context_of_server()
        return 422

    def act() -> None:
        with clock.at(START + timedelta(seconds=1)):
            cast.reply(ben, cast.write(school.learner("cleo")))

    in_context_of_server = cast.in_context(act)
    school.lms.score_answers.append(meanwhile)
    assert attempt_at(ben, 0).state == "waiting"
    assert attempt_at(ben, 2).state == "sent"


def claim(member_id: int, moment: datetime) -> Attempt | None:
    with clock.at(moment), transaction() as session:
        return delivering._claim(session, cast.delivery_id(member_id, session))


def test_a_leased_delivery_is_left_alone(school: School, ben: int) -> None:
    assert claim(ben, START) is not None
    assert claim(ben, START + timedelta(seconds=29)) is None
    assert due(29) == []
    assert len(due(31)) == 1


def test_a_worker_that_died_is_made_up_for(school: School, ben: int) -> None:
    dead = claim(ben, START)
    row = attempt_at(ben, 31)
    assert dead is not None
    assert (row.state, row.attempts) == ("sent", 2)
    assert school.lms.stamps()[0] > dead.stamp


@pytest.mark.parametrize("error", [None, Unreachable("unreachable")])
def test_a_late_worker_keeps_silent(school: School, ben: int, error: Unreachable | None) -> None:
    late = claim(ben, START)
    assert late is not None
    with clock.at(START + timedelta(seconds=31)):
        cast.reply(ben, cast.write(school.learner("cleo")))
    row = attempt_at(ben, 31)
    with pytest.raises(Conflict):  # it even sends: the stamp is older, so the LMS keeps what it has
        delivering._send(late)
    with clock.at(START + timedelta(seconds=40)):
        delivering._record(late, error)
    after = cast.delivery(ben)
    assert (after.state, after.sent_grade, after.sent_at, after.failures) == (row.state, 0.7, row.sent_at, 0)
    assert [score["scoreGiven"] for score in school.lms.book.values()] == [14.0]


def test_a_late_worker_does_not_begin_to_send(school: School, ben: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "BEGIN_WITHIN", -1.0)
    row = attempt_at(ben, 0)
    assert (row.problem, school.lms.scores) == ("timeout", [])


def test_many_workers_send_once(school: School, ben: int) -> None:
    identity = cast.delivery(ben).id
    with transaction() as session:  # the threads below live in the real present
        session.get_one(Delivery, identity).next_at = START
    threads = [threading.Thread(target=cast.in_context(lambda: deliver(identity))) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(school.lms.scores) == 1
    assert cast.delivery(ben).attempts == 1


def test_the_trainers_button_revives(school: School, ben: int) -> None:
    school.lms.score_answers.append(404)
    assert attempt_at(ben, 0).state == "refused"
    with clock.at(START + timedelta(seconds=5)), transaction() as session:
        delivering.resend(session, session.get_one(Delivery, cast.delivery(ben).id))
    assert attempt_at(ben, 5).state == "sent"


def test_never_for_somebody_who_is_no_longer_graded(school: School, ben: int) -> None:
    with transaction() as session:
        session.get_one(Member, ben).role = Role.TRAINER
    row = attempt_at(ben, 0)
    assert (row.state, row.problem) == ("refused", "not_gradable")
    assert school.lms.scores == []


def test_another_column_after_a_new_launch(school: School, ben: int) -> None:
    attempt_at(ben, 0)
    with transaction() as session:
        session.get_one(Placement, school.placement_id).line_item_url = school.lms.line_item(9)
    with clock.at(START + timedelta(seconds=5)):
        with transaction() as session:
            moved = list(delivering._moved(session))
        assert moved == [school.placement_id]
        delivering.follow(moved[0])
        with transaction() as session:
            assert list(delivering._moved(session)) == []
    assert attempt_at(ben, 5).state == "sent"
    assert [path for path, _headers in school.lms.score_calls] == [
        "/items/1/lineitem/scores?type_id=1",
        "/items/9/lineitem/scores?type_id=1",
    ]


def test_a_new_column_is_followed_while_sending_too(school: School, ben: int) -> None:
    cleo = school.learner("cleo")
    with clock.at(START):
        cast.write(cleo)
    for member in (ben, cleo):
        attempt_at(member, 0)
    with transaction() as session:
        session.get_one(Placement, school.placement_id).line_item_url = school.lms.line_item(9)
    with clock.at(START + timedelta(seconds=5)):
        cast.reply(ben, cast.write(school.learner("dora")))
    attempt_at(ben, 5)
    assert cast.delivery(cleo).state == "waiting"
    assert attempt_at(cleo, 5).state == "sent"
    assert {path for path, _user in school.lms.book} == {
        "/items/1/lineitem/scores?type_id=1",
        "/items/9/lineitem/scores?type_id=1",
    }


def test_a_column_that_comes_later_gets_everybodys_score(school: School, ben: int) -> None:
    attempt_at(ben, 0)
    later = cast.link(school, 2, school.lms.line_item(2))
    with clock.at(START + timedelta(seconds=5)):
        delivering.follow(later)
        cast.recompute(ben)
        deliver(cast.delivery(ben, later).id)
        assert cast.delivery(ben, later).state == "sent"


def test_a_column_that_is_gone_waits(school: School, ben: int) -> None:
    with transaction() as session:
        session.get_one(Placement, school.placement_id).line_item_url = None
    assert due(5) == []
    row = attempt_at(ben, 5)
    assert (row.state, row.problem, school.lms.scores) == ("waiting", "no_column", [])
    with transaction() as session:
        session.get_one(Placement, school.placement_id).line_item_url = school.lms.line_item()
    assert attempt_at(ben, 6).state == "sent"


def test_what_is_known_of_a_column(school: School, ben: int) -> None:
    attempt_at(ben, 0)
    with transaction() as session:
        known = session.get_one(LineItem, school.placement_id)
        assert (known.label, known.score_maximum, known.read_at) == ("Taking part", 20.0, START)


@pytest.mark.parametrize(
    ("failures", "failing_for", "least", "most"),
    [
        (1, 0, 0.8, 1.2),
        (2, 1, 1.6, 2.4),
        (5, 30, 12.8, 19.2),
        (6, 60, 25.6, 30),
        (40, 3599, 30, 30),
        (200, 3600, 360, 360),
        (5000, 10**6, 900, 900),
    ],
)
def test_back_off(failures: int, failing_for: float, least: float, most: float) -> None:
    for _again in range(50):
        assert least <= delivering.back_off(failures, timedelta(seconds=failing_for)) <= most


def test_canvas_is_told_what_others_are_not(school: School, ben: int) -> None:
    extension = "https://canvas.instructure.com/lti/submission"
    attempt_at(ben, 0)
    assert extension not in school.lms.scores[0]
    with transaction() as session:
        session.get_one(Registration, school.registration_id).product = "canvas"
    with clock.at(START + timedelta(seconds=5)):
        cast.reply(ben, cast.write(school.learner("cleo")))
    attempt_at(ben, 5)
    assert school.lms.scores[1][extension] == {
        "new_submission": False,
        "preserve_score": True,
        "prioritize_non_tool_grade": True,
    }


def test_who_left_is_not_sent_for_until_they_are_back(school: School, ben: int) -> None:
    with transaction() as session:
        session.get_one(Member, ben).left_at = START
    row = attempt_at(ben, 0)
    assert (row.state, row.problem, school.lms.scores) == ("refused", "left", [])
    with transaction() as session:
        session.get_one(Member, ben).left_at = None
    with clock.at(START + timedelta(seconds=5)), transaction() as session:
        delivering.want(session, session.get_one(Member, ben), row.grade, row.comment)  # equal numbers
    assert attempt_at(ben, 5).state == "sent"


def test_what_the_lms_refuses_for_other_reasons_stays_so(school: School, ben: int) -> None:
    school.lms.score_answers.append(404)
    row = attempt_at(ben, 0)
    with transaction() as session:
        delivering.want(session, session.get_one(Member, ben), row.grade, row.comment)
        delivering.on_arrival(session.get_one(Member, ben), session)
    assert cast.delivery(ben).state == "refused"


def test_canvas_says_422_for_who_is_no_student(school: School, ben: int) -> None:
    school.lms.score_answers.append((422, "User not found in course or is not a student"))
    assert attempt_at(ben, 0).problem == "not_gradable"


def test_waiting_for_a_throttled_lms_is_no_failure(school: School, ben: int) -> None:
    cleo = school.learner("cleo")
    with clock.at(START):
        cast.write(cleo)
    school.lms.score_answers.append((403, "Rate Limit Exceeded"))
    assert attempt_at(ben, 0).failures == 1
    row = attempt_at(cleo, 0.1)
    assert (row.state, row.problem, row.failures, row.failing_since) == ("waiting", "throttled", 0, None)
    assert len(school.lms.scores) == 1
    assert attempt_at(cleo, 3).state == "sent"
    assert attempt_at(ben, 3).state == "sent"
