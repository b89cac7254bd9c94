"""What the LMS has, read back: shown, compared, and never overwritten without a reason."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.grades import comparing, delivering, results
from sociallearn.grades.models import Delivery, LineItem
from sociallearn.roster.models import Placement
from tests.grades import cast
from tests.grades.cast import AGS, MONDAY, GradeLms, School

START = MONDAY + timedelta(days=1)


@pytest.fixture
def ben(school: School) -> int:
    """A learner whose 0.4 (8 of 20) the LMS has."""
    member_id = school.learner("ben")
    with clock.at(START):
        cast.write(member_id)
    deliver(member_id, 0)
    return member_id


def deliver(member_id: int, seconds: float) -> Delivery:
    with clock.at(START + timedelta(seconds=seconds)):
        delivering.deliver(cast.delivery(member_id).id)
        return cast.delivery(member_id)


def due(seconds: float) -> list[int]:
    with clock.at(START + timedelta(seconds=seconds)), transaction() as session:
        return list(results._due(session))


def look(school: School, seconds: float) -> LineItem:
    """Look when it is due; the column afterwards."""
    with clock.at(START + timedelta(seconds=seconds)):
        results.look(school.placement_id)
        with transaction() as session:
            return session.get_one(LineItem, school.placement_id)


def ask(school: School, seconds: float) -> None:
    with clock.at(START + timedelta(seconds=seconds)), transaction() as session:
        results.ask(session, school.cohort_id)


def changed(school: School) -> list[int]:
    """Who has another score in the LMS, asked of the database and of the rows alike."""
    with transaction() as session:
        statement = select(Delivery, LineItem).join(LineItem, LineItem.placement_id == Delivery.placement_id)
        by_row = [row.member_id for row, column in session.execute(statement) if comparing.is_changed(row, column)]
        by_query = [row.member_id for row, _column in session.execute(statement.where(comparing.changed()))]
    assert by_row == by_query
    return by_row


def test_a_minute_after_a_score_what_the_lms_has_is_read(school: School, ben: int) -> None:
    assert due(59) == []
    assert due(60) == [school.placement_id]
    column = look(school, 60)
    row = cast.delivery(ben)
    assert (row.result_score, row.result_maximum) == (8.0, 20.0)
    assert (column.results_at, column.problem) == (START + timedelta(seconds=60), None)
    assert changed(school) == []
    path, headers = school.lms.result_calls[0]
    assert path == "/items/1/lineitem/results?type_id=1"
    assert headers["accept"] == "application/vnd.ims.lis.v2.resultcontainer+json"


def test_at_most_once_an_hour_by_itself_and_daily_without_news(school: School, ben: int) -> None:
    look(school, 60)
    assert due(3 * 3600) == []
    assert due(86460) == [school.placement_id]
    with clock.at(START + timedelta(seconds=100)):
        cast.reply(ben, cast.write(school.learner("cleo")))
    deliver(ben, 100)
    assert due(3659) == []
    assert due(3660) == [school.placement_id]


def test_at_once_when_a_trainer_asks(school: School, ben: int) -> None:
    look(school, 60)
    ask(school, 70)
    assert due(70) == [school.placement_id]
    look(school, 70)
    assert len(school.lms.result_calls) == 2


def test_what_somebody_changed_is_seen_and_left_alone(school: School, ben: int) -> None:
    school.lms.changed["sub-ben"] = 15.0
    look(school, 60)
    assert cast.delivery(ben).result_score == 15.0
    assert changed(school) == [ben]
    assert cast.delivery(ben).state == "sent"
    assert len(school.lms.scores) == 1


@pytest.mark.parametrize(
    ("has", "is_changed"), [(8.0, False), (8.005, False), (8.01, True), (0.0, True), (None, True), (20.0, True)]
)
def test_what_is_another_score(school: School, ben: int, has: float | None, is_changed: bool) -> None:
    school.lms.changed["sub-ben"] = has
    look(school, 60)
    assert changed(school) == ([ben] if is_changed else [])


def test_a_0_that_moodle_keeps_back_is_no_change(school: School) -> None:
    cleo = school.learner("cleo")
    with clock.at(START):
        post = cast.write(cleo)
        cast.decide(post, cast.Visibility.DELETED)
    assert deliver(cleo, 0).sent_grade == 0.0
    look(school, 60)
    assert cast.delivery(cleo).result_score is None
    assert changed(school) == []


def test_a_new_comment_alone_does_not_overwrite_it(school: School, ben: int) -> None:
    school.lms.changed["sub-ben"] = 15.0
    look(school, 60)
    with clock.at(START + timedelta(seconds=120)), transaction() as session:
        member = session.get_one(cast.Member, ben)
        delivering.want(session, member, 0.4, "Said otherwise.")
    row = cast.delivery(ben)
    assert (row.state, row.comment) == ("sent", "Said otherwise.")
    with clock.at(START + timedelta(seconds=180)), transaction() as session:
        delivering.want(session, session.get_one(cast.Member, ben), 0.5, "Said otherwise.")
    assert cast.delivery(ben).state == "waiting"


def test_where_nobody_changed_it_a_new_comment_is_sent(school: School, ben: int) -> None:
    look(school, 60)
    with clock.at(START + timedelta(seconds=120)), transaction() as session:
        delivering.want(session, session.get_one(cast.Member, ben), 0.4, "Said otherwise.")
    assert cast.delivery(ben).state == "waiting"


def test_another_maximum_in_the_lms_is_followed_for_everybody_nobody_changed(school: School, ben: int) -> None:
    cleo = school.learner("cleo")
    with clock.at(START):
        cast.write(cleo)
    deliver(cleo, 1)
    school.lms.changed["sub-cleo"] = 19.0
    look(school, 61)
    assert changed(school) == [cleo]
    school.lms.maximum = 50.0
    ask(school, 100)
    column = look(school, 100)
    assert column.score_maximum == 50.0
    assert (cast.delivery(ben).state, cast.delivery(cleo).state) == ("waiting", "sent")
    assert deliver(ben, 101).state == "sent"
    assert (school.lms.scores[-1]["scoreGiven"], school.lms.scores[-1]["scoreMaximum"]) == (20.0, 50.0)
    assert len(school.lms.scores) == 3


def test_a_maximum_found_out_while_sending_is_followed_for_everybody_else(school: School, ben: int) -> None:
    cleo = school.learner("cleo")
    with clock.at(START):
        cast.write(cleo)
    deliver(cleo, 1)
    school.lms.maximum = 50.0
    day = 86500.0
    with clock.at(START + timedelta(seconds=day)), transaction() as session:
        delivering.want(session, session.get_one(cast.Member, ben), 0.5, "More.")
    row = deliver(ben, day)
    assert (row.state, row.sent) == ("sent", row.wanted)  # not once more for itself
    assert cast.delivery(cleo).state == "waiting"
    assert deliver(cleo, day + 1).state == "sent"
    assert [score["scoreMaximum"] for score in school.lms.scores] == [20.0, 20.0, 50.0, 50.0]


def test_a_renamed_column_is_called_by_its_new_name(school: School, ben: int) -> None:
    url = school.lms.line_item()
    school.lms.columns[url] = {"id": url, "label": "Renamed", "scoreMaximum": 20}
    assert look(school, 60).label == "Renamed"
    assert len(school.lms.scores) == 1


def test_many_pages_are_read_to_the_end(school: School, ben: int) -> None:
    school.lms.page_size = 7
    for number in range(30):
        school.lms.changed[f"somebody-{number:02}"] = 1.0
    school.lms.changed["sub-ben"] = 12.0  # on some page
    look(school, 60)
    assert len(school.lms.result_calls) == 5
    assert changed(school) == [ben]


def test_a_failing_page_changes_nothing(school: School, ben: int) -> None:
    look(school, 60)
    school.lms.page_size = 1
    school.lms.changed = {"sub-ben": 3.0, "sub-cleo": 4.0}
    school.lms.result_answers.extend([503])
    ask(school, 70)
    column = look(school, 70)
    assert (column.problem, column.failures, column.lease_until) == ("unreachable", 1, None)
    assert cast.delivery(ben).result_score == 8.0
    assert due(129) == []
    assert look(school, 131).problem is None
    assert cast.delivery(ben).result_score == 3.0


def test_a_column_that_is_gone(school: School, ben: int) -> None:
    school.lms.line_item_answers.append(404)
    assert look(school, 60).problem == "gone"


def test_a_column_that_stays_gone_is_believed_in_no_longer(school: School, ben: int) -> None:
    def url() -> str | None:
        with transaction() as session:
            return session.get_one(Placement, school.placement_id).line_item_url

    school.lms.line_item_answers += [404, 404]
    look(school, 60)
    assert url() is not None, "once may be a mishap"
    look(school, 7200)
    assert url() is None


def test_a_score_that_went_out_after_the_reading_is_not_compared(school: School, ben: int) -> None:
    look(school, 60)
    with clock.at(START + timedelta(seconds=61)):
        cast.reply(ben, cast.write(school.learner("cleo")))
    assert deliver(ben, 61).sent_grade == 0.7
    assert changed(school) == []  # the LMS was last seen with 8, and we sent 14 since


def test_without_the_scope_nothing_is_read(school: School, ben: int) -> None:
    with transaction() as session:
        session.get_one(Placement, school.placement_id).ags_scopes = [AGS + "score"]
    assert look(school, 60).look_at is None
    assert school.lms.result_calls == []


def test_a_late_reading_of_another_column_is_thrown_away(school: School, ben: int) -> None:
    with clock.at(START + timedelta(seconds=60)), transaction() as session:
        late = results._claim(session, school.placement_id)
    assert late is not None
    with transaction() as session:
        session.get_one(Placement, school.placement_id).line_item_url = school.lms.line_item(9)
    with clock.at(START + timedelta(seconds=61)):
        delivering.follow(school.placement_id)
        results._record(late, *results._read(late))
    assert cast.delivery(ben).result_score is None


def test_a_dead_reader_is_made_up_for(school: School, ben: int) -> None:
    with clock.at(START + timedelta(seconds=60)), transaction() as session:
        assert results._claim(session, school.placement_id) is not None
    assert due(61) == []
    assert due(60 + 301) == [school.placement_id]
    assert look(school, 361).attempts == 2


def test_two_thousand_results_are_one_call_and_few_statements(app: Flask, lms: GradeLms, school: School) -> None:
    with transaction() as session:
        organisation_id = school.organisation_id
        people = [
            cast.Person(organisation_id=organisation_id, registration_id=1, sub=f"s{n}", name=f"P{n}", locale="en")
            for n in range(2000)
        ]
        session.add_all(people)
        session.flush()
        members = [cast.Member(cohort_id=school.cohort_id, person_id=one.id, role="learner") for one in people]
        session.add_all(members)
        session.flush()
        facts = {"cohort_id": school.cohort_id, "placement_id": school.placement_id, "comment": "", "next_at": START}
        session.add_all(
            Delivery(
                member_id=one.id, state="sent", grade=0.5, sent_grade=0.5, sent_at=START, wanted=1, sent=1, **facts
            )
            for one in members
        )
        delivering.follow_now(session, session.get_one(Placement, school.placement_id))
    lms.changed = {f"s{n}": 10.0 for n in range(2000)} | {"s7": 11.0}
    ask(school, 60)
    look(school, 60)
    assert len(lms.result_calls) == 1
    assert len(changed(school)) == 1
