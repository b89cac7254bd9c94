"""A column of our own making: never two, whatever is lost on the way, and out of the way once the LMS has one."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.grades import columns, delivering, keeping, results
from sociallearn.grades.models import ColumnState, Delivery, LineItem, OwnColumn
from sociallearn.lti.models import Registration
from sociallearn.lti.services import LineItemData
from sociallearn.roster.models import Cohort, ContentItem, Placement
from tests.grades import cast
from tests.grades.cast import AGS, MONDAY, SCOPES, GradeLms, School

START = MONDAY + timedelta(days=1)
NAME = "sociallearn-course-1"


@pytest.fixture
def school(app: Flask, lms: GradeLms) -> School:
    """A course whose one link has no column, in an LMS that would let us make one."""
    cast.forget_lms(app)
    app.extensions["jobs"].flush()
    with app.app_context():
        made = cast.school(lms, graded=False)
        open_to_columns(made, made.placement_id)
        yield made  # type: ignore[misc]


def open_to_columns(school: School, placement_id: int) -> None:
    with transaction() as session:
        placement = session.get_one(Placement, placement_id)
        placement.line_items_url, placement.ags_scopes = school.lms.line_items, [*SCOPES, AGS + "lineitem"]


def ask(school: School, label: str = "Taking part", maximum: float = 20.0, seconds: float = 0.0) -> None:
    with clock.at(START + timedelta(seconds=seconds)), transaction() as session:
        columns.ask(session, session.get_one(Placement, school.placement_id), label, maximum)


def make(school: School, seconds: float = 0.0) -> OwnColumn:
    """Let a worker try; our column afterwards."""
    with clock.at(START + timedelta(seconds=seconds)):
        columns.make(school.cohort_id)
    return own(school)


def own(school: School) -> OwnColumn:
    with transaction() as session:
        return session.get_one(OwnColumn, school.cohort_id)


def due(seconds: float) -> list[int]:
    with clock.at(START + timedelta(seconds=seconds)), transaction() as session:
        return list(columns._due(session))


def link(school: School) -> Placement:
    with transaction() as session:
        return session.get_one(Placement, school.placement_id)


def posts(lms: GradeLms) -> list[Any]:
    return [body for method, _path, body in lms.column_calls if method == "POST"]


def coupled(school: School, placement_id: int, number: int) -> str:
    """The LMS gives a link a column of its own accord, as the next launch says."""
    url = school.lms.line_item(number)
    school.lms.columns[url] = {"id": url, "label": "Link 1", "scoreMaximum": 50, "resourceLinkId": "link-1"}
    with transaction() as session:
        session.get_one(Placement, placement_id).line_item_url = url
    return url


def deliver(member_id: int, seconds: float) -> Delivery:
    with clock.at(START + timedelta(seconds=seconds)):
        delivering.deliver(cast.delivery(member_id).id)
        return cast.delivery(member_id)


def test_a_column_is_made_and_gets_everybodys_score(school: School) -> None:
    ben = school.learner("ben")
    with clock.at(START):
        cast.write(ben)
    ask(school)
    row = make(school)
    assert (row.state, row.problem, row.is_ours) == ("made", None, True)
    assert posts(school.lms) == [
        {"label": "Taking part", "scoreMaximum": 20, "resourceId": NAME, "tag": "participation"}
    ]
    placement = link(school)
    assert (placement.line_item_url, placement.wants_column) == (row.line_item_url, True)
    with transaction() as session:
        known = session.get_one(LineItem, school.placement_id)
        assert (known.label, known.score_maximum) == ("Taking part", 20.0)
    with clock.at(START + timedelta(seconds=1)):
        cast.recompute(ben)
    assert deliver(ben, 1).state == "sent"
    assert school.lms.scores[0]["scoreGiven"] == 8.0
    assert due(3600) == []


def test_canvas_makes_an_assignment_with_nothing_to_hand_in(school: School) -> None:
    with transaction() as session:
        session.get_one(Registration, school.registration_id).product = "canvas"
    ask(school)
    make(school)
    [body] = posts(school.lms)
    assert body["https://canvas.instructure.com/lti/submission_type"] == {"type": "none"}
    assert "resourceLinkId" not in body


def test_two_lost_answers_and_still_one_column(school: School) -> None:
    school.lms.lost_answers = 2
    ask(school)
    row = make(school)
    assert (row.state, row.line_item_url, row.problem) == ("waiting", None, "unreachable")
    assert due(59) == []  # the LMS may still be at it
    assert due(61) == [school.cohort_id]
    row = make(school, 61)
    assert row.state == "made"
    assert len(posts(school.lms)) == 1
    assert list(school.lms.columns) == [row.line_item_url]


def test_a_worker_that_died_after_asking_is_made_up_for(school: School) -> None:
    ask(school)
    with clock.at(START), transaction() as session:
        dead = columns._claim(session, school.cohort_id)
    assert dead is not None
    columns._act(dead)
    assert due(119) == []
    row = make(school, 121)
    assert (row.state, len(posts(school.lms)), len(school.lms.columns)) == ("made", 1, 1)
    columns._record(dead, columns.Outcome(LineItemData("Late", 5.0, url="http://late")))
    assert own(school).line_item_url == row.line_item_url


def test_many_workers_make_one(school: School) -> None:
    ask(school)
    threads = [threading.Thread(target=cast.in_context(lambda: columns.make(school.cohort_id))) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(posts(school.lms)) == 1
    assert own(school).attempts == 1


def test_two_trainers_asking_on_two_links_get_one(school: School) -> None:
    other = cast.link(school, 2, None)
    open_to_columns(school, other)
    ask(school)
    with clock.at(START), transaction() as session:
        columns.ask(session, session.get_one(Placement, other), "Another", 10.0)
    make(school)
    make(school, 200)
    assert [(body["label"], body["scoreMaximum"]) for body in posts(school.lms)] == [("Another", 10)]
    assert len(school.lms.columns) == 1


def test_what_came_with_a_copied_course_is_used(school: School) -> None:
    url = school.lms.line_item(7)
    school.lms.columns[url] = {
        "id": url, "label": "Last year", "scoreMaximum": 10, "resourceId": "sociallearn-course-0",
        "tag": "participation", "somethingElse": [1],
    }  # fmt: skip
    ask(school, "Taking part", 20.0)
    row = make(school)
    assert (row.line_item_url, row.is_ours, posts(school.lms)) == (url, True, [])
    assert school.lms.columns[url] == {
        "id": url, "label": "Taking part", "scoreMaximum": 20, "resourceId": "sociallearn-course-0",
        "tag": "participation", "somethingElse": [1],
    }  # fmt: skip


def test_it_is_found_on_the_last_of_many_pages(school: School) -> None:
    school.lms.page_size = 10
    for number in range(2, 36):
        url = school.lms.line_item(number)
        name = NAME if number == 35 else f"elsewhere-{number}"
        school.lms.columns[url] = {"id": url, "label": "Taking part", "scoreMaximum": 20, "resourceId": name}
    ask(school)
    assert make(school).line_item_url == school.lms.line_item(35)
    assert len(school.lms.list_calls) == 4
    assert school.lms.list_calls[0][0] == "/items?type_id=1"  # no limit: Moodle's answer to one cannot be parsed
    assert school.lms.list_calls[0][1]["accept"] == "application/vnd.ims.lis.v2.lineitemcontainer+json"
    assert school.lms.column_calls == []


def test_the_column_the_lms_tied_to_this_link_is_used_as_it_is(school: School) -> None:
    url = school.lms.line_item(7)
    school.lms.columns[url] = {"id": url, "label": "The LMS's", "scoreMaximum": 50, "resourceLinkId": "link-1"}
    ask(school)
    row = make(school)
    assert (row.line_item_url, row.is_ours, row.state) == (url, False, "made")
    assert school.lms.column_calls == []
    assert due(3600) == []


def test_others_columns_are_left_alone(school: School) -> None:
    url = school.lms.line_item(7)
    school.lms.columns[url] = {
        "id": url,
        "label": "Exam",
        "scoreMaximum": 50,
        "tag": "participation",
        "resourceId": "x",
    }
    ask(school)
    assert make(school).line_item_url != url


def test_a_placed_item_is_known_by_its_key(school: School) -> None:
    member = school.trainer()
    with transaction() as session:
        item = ContentItem(cohort_id=school.cohort_id, key="k7", room="feed", title="Talk", made_by_id=member)
        session.add(item)
        session.flush()
        session.get_one(Placement, school.placement_id).content_item_id = item.id
    ask(school)
    make(school)
    assert posts(school.lms)[0]["resourceId"] == "k7"


def test_another_name_and_number_of_points(school: School) -> None:
    ben = school.learner("ben")
    with clock.at(START):
        cast.write(ben)
    ask(school)
    url = make(school).line_item_url or ""
    with clock.at(START):
        cast.recompute(ben)
    deliver(ben, 1)
    school.lms.columns[url] |= {"tag": "set in the LMS", "submissionReview": {"reviewableStatus": []}}
    ask(school, "Joining in", 50.0, seconds=10)
    row = make(school, 10)
    assert (row.state, row.line_item_url) == ("made", url)
    assert school.lms.columns[url] == {
        "id": url, "label": "Joining in", "scoreMaximum": 50, "resourceId": NAME, "tag": "set in the LMS",
        "submissionReview": {"reviewableStatus": []},
    }  # fmt: skip
    assert deliver(ben, 11).state == "sent"
    assert [(score["scoreGiven"], score["scoreMaximum"]) for score in school.lms.scores] == [(8.0, 20.0), (20.0, 50.0)]


def test_one_that_was_removed_in_the_lms_is_made_again_when_asked(school: School) -> None:
    ask(school)
    first = make(school).line_item_url
    school.lms.columns.clear()
    ask(school, seconds=10)
    row = make(school, 10)
    assert row.state == "made"
    assert row.line_item_url != first
    assert link(school).line_item_url == row.line_item_url


@pytest.mark.alike
@pytest.mark.parametrize("status", [400, 404, 412, 422])
def test_an_lms_that_will_not_have_it(school: School, status: int) -> None:
    school.lms.column_answers.append(status)
    ask(school)
    row = make(school)
    assert (row.state, row.problem) == ("refused", "refused")
    assert due(3600) == []
    ask(school, seconds=10)
    assert make(school, 10).state == "made"


@pytest.mark.parametrize(("answer", "problem"), [(500, "unreachable"), (403, "unauthorised"), (429, "throttled")])
def test_an_lms_that_is_in_trouble_is_asked_again(school: School, answer: int, problem: str) -> None:
    school.lms.column_answers.append(answer)
    ask(school)
    row = make(school)
    assert (row.state, row.problem, row.failures) == ("waiting", problem, 1)
    assert make(school, 120).state == "made"


def test_something_else_wanted_meanwhile(school: School) -> None:
    ask_again = cast.in_context(lambda: ask(school, "Newer", 30.0, seconds=1))

    def meanwhile() -> int:
        ask_again()
        return 200

    school.lms.column_answers.append(meanwhile)
    ask(school)
    row = make(school)
    assert row.state == "waiting"
    row = make(school, 2)
    assert row.state == "made"
    assert [column["label"] for column in school.lms.columns.values()] == ["Newer"]


def sent_to_ours(school: School) -> int:
    """Ben's score stands in our column."""
    ben = school.learner("ben")
    with clock.at(START):
        cast.write(ben)
    ask(school)
    make(school)
    with clock.at(START):
        cast.recompute(ben)
    assert deliver(ben, 1).state == "sent"
    return ben


def test_once_the_lms_has_a_column_ours_goes(school: School) -> None:
    ben = sent_to_ours(school)
    theirs = coupled(school, school.placement_id, 9)
    assert due(10) == [school.cohort_id]
    row = make(school, 10)
    assert (row.state, row.problem) == ("left", None)
    assert list(school.lms.columns) == [theirs]
    assert (link(school).line_item_url, link(school).wants_column) == (theirs, False)
    with clock.at(START + timedelta(seconds=11)):
        delivering.follow(school.placement_id)
    assert deliver(ben, 11).state == "sent"
    assert school.lms.score_calls[-1][0] == "/items/9/lineitem/scores?type_id=1"
    assert due(3600) == []


def test_while_it_goes_nothing_more_is_put_into_it(school: School) -> None:
    ben = sent_to_ours(school)
    with transaction() as session:
        session.get_one(OwnColumn, school.cohort_id).state = ColumnState.LEAVING
    with clock.at(START + timedelta(seconds=5)):
        cast.write(ben)
        cast.recompute(ben)
        with transaction() as session:
            assert list(delivering._due(session)) == []
    calls = len(school.lms.score_calls)
    deliver(ben, 6)
    assert len(school.lms.score_calls) == calls


def test_a_score_on_its_way_when_it_goes_is_not_taken_for_somebodys_own(school: School) -> None:
    ben = sent_to_ours(school)
    with transaction() as session:
        row = session.scalars(select(Delivery).where(Delivery.member_id == ben)).one()
        row.grade = 0.75  # under way; nobody has written down yet that the LMS took it
    school.lms.changed["sub-ben"] = 15.0
    theirs = coupled(school, school.placement_id, 9)
    assert (make(school, 10).state, list(school.lms.columns)) == ("left", [theirs])


def test_nothing_is_done_for_an_lms_that_was_removed(school: School) -> None:
    ben = sent_to_ours(school)
    with clock.at(START + timedelta(seconds=5)):
        cast.write(ben)
    ask(school, "Another name", seconds=6)
    later = START + timedelta(days=30)
    with clock.at(later), transaction() as session:
        assert results._due(session)
        assert keeping._due(session)
        assert columns._due(session)
        session.execute(update(Registration).values(is_active=False))
        session.flush()
        for room in (delivering, results, keeping, columns):
            assert list(room._due(session)) == [], room.__name__


def test_also_when_it_is_another_links(school: School) -> None:
    ben = sent_to_ours(school)
    other = cast.link(school, 2, None)
    theirs = coupled(school, other, 9)
    make(school, 10)
    assert list(school.lms.columns) == [theirs]
    assert link(school).line_item_url is None
    with transaction() as session:
        assert session.scalars(select(Delivery.placement_id)).all() == []
    with clock.at(START + timedelta(seconds=11)):
        delivering.follow(other)
        cast.recompute(ben)
    assert deliver(ben, 11).placement_id == other


def test_a_column_with_somebodys_own_score_stays(school: School) -> None:
    sent_to_ours(school)
    school.lms.changed["sub-ben"] = 19.0
    coupled(school, school.placement_id, 9)
    row = make(school, 10)
    assert (row.state, row.problem, len(school.lms.columns)) == ("left", "kept_changed", 2)


@pytest.mark.alike
@pytest.mark.parametrize("status", [401, 403, 405, 400])
def test_a_column_the_lms_keeps_stays(school: School, status: int) -> None:
    sent_to_ours(school)
    coupled(school, school.placement_id, 9)
    school.lms.column_answers.extend([status, status])
    row = make(school, 10)
    assert (row.state, row.problem, len(school.lms.columns)) == ("left", "kept", 2)


def test_without_seeing_what_stands_in_it_nothing_is_removed(school: School) -> None:
    sent_to_ours(school)
    coupled(school, school.placement_id, 9)
    with transaction() as session:
        placement = session.get_one(Placement, school.placement_id)
        placement.ags_scopes = [AGS + "score", AGS + "lineitem"]
    assert make(school, 10).problem == "kept"
    assert len(school.lms.columns) == 2


def test_an_outage_while_leaving_is_waited_for(school: School) -> None:
    sent_to_ours(school)
    coupled(school, school.placement_id, 9)
    school.lms.result_answers.append(503)
    assert make(school, 10).state == "leaving"
    assert make(school, 15).state == "left"
    assert len(school.lms.columns) == 1


def test_the_lms_was_faster(school: School) -> None:
    ask(school)
    theirs = coupled(school, school.placement_id, 9)
    row = make(school)
    assert (row.state, row.problem, posts(school.lms)) == ("left", None, [])
    assert link(school).line_item_url == theirs


def test_the_lms_was_faster_while_we_asked(school: School) -> None:
    couple = cast.in_context(lambda: coupled(school, school.placement_id, 9))

    def meanwhile() -> int:
        couple()
        return 200

    school.lms.column_answers.append(meanwhile)
    ask(school)
    make(school)
    assert link(school).line_item_url == school.lms.line_item(9)
    assert make(school, 10).state == "left"
    assert list(school.lms.columns) == [school.lms.line_item(9)]


def test_which_link_can_have_a_column(school: School) -> None:
    other = cast.link(school, 2, None)
    with transaction() as session:
        assert columns.candidate(session, school.cohort_id, other).id == school.placement_id  # type: ignore[union-attr]
    open_to_columns(school, other)
    with transaction() as session:
        assert columns.candidate(session, school.cohort_id, None).id == other  # type: ignore[union-attr]
        preferred = columns.candidate(session, school.cohort_id, school.placement_id)
        assert preferred is not None
        assert preferred.id == school.placement_id
        for placement in session.scalars(select(Placement)):
            placement.ags_scopes = SCOPES  # may read columns, not make them
        assert columns.candidate(session, school.cohort_id, None) is None
        assert session.get_one(Cohort, school.cohort_id).context_id == "course-1"
