"""The pages about grades: one's own, a learner's for the trainer, and what the LMS has."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.grades import columns, delivering
from sociallearn.grades.models import Delivery, LineItem, OwnColumn
from sociallearn.lti.services import LineItemData
from sociallearn.roster.models import Member, Person, Placement
from tests.conftest import GRADED, HERE, Actor, Cast, person
from tests.lms import AGS, MEMBERSHIP
from tests.make import WORDS


def take_part(cast: Cast) -> int:
    """Ben posts; the id of his score on its way."""
    assert cast.ben.post("/feed", body=WORDS).status_code == 303
    with cast.ben.app.app_context(), transaction() as session:
        return session.scalars(select(Delivery.id)).one()


def test_ones_own_participation(cast: Cast) -> None:
    take_part(cast)
    page = cast.ben.get("/participation")
    assert page.status_code == 200
    assert "Week 1 is open: 4 of 10 so far." in page.text
    assert "Yesterday a colleague" in page.text
    assert re.search(r'<h3>Week 1 <span class="soft">\(\d+( \w+)? ?– ?\d+ \w+\)</span></h3>', page.text)
    assert "2 times, or 4 if they reach different people" in " ".join(page.text.split())
    assert re.search(
        r"With 6 more points by <time[^>]*>[^<]+23:59</time> this week is full, for example with 2 replies\.", page.text
    )
    assert "Then your score is 100%." in page.text


def test_nothing_yet_and_nothing_ever(cast: Cast) -> None:
    assert cast.cleo.get("/participation").status_code == 200
    assert cast.tess.get("/participation").status_code == 200


def test_a_trainer_sees_a_learners(cast: Cast) -> None:
    take_part(cast)
    page = cast.tess.get(f"/participation/{cast.ben.member_id}")
    assert page.status_code == 200
    assert "Ben Test" in page.text


def test_nobody_else_does(cast: Cast) -> None:
    take_part(cast)
    path = f"/participation/{cast.ben.member_id}"
    assert cast.cleo.get(path).status_code == 403
    assert cast.mona.get(path).status_code == 403
    assert cast.tara.get(path).status_code == 404
    for actor in (cast.cleo, cast.mona):
        assert actor.get("/grading").status_code == 403


def test_the_trainer_sees_and_resends_scores(cast: Cast) -> None:
    delivery_id = take_part(cast)
    page = cast.tess.get("/grading")
    assert page.status_code == 200
    assert "Ben Test" in page.text
    path = f"/grading/deliveries/{delivery_id}/resend"
    assert cast.cleo.post(path).status_code == 403
    assert cast.tara.post(path).status_code == 404
    assert cast.tess.post(path).status_code == 303
    with cast.ben.app.app_context(), transaction() as session:
        assert session.get_one(Delivery, delivery_id).wanted == 2


UNGRADED = {
    "ags": {
        "scope": [AGS + name for name in ("scope/score", "scope/lineitem", "scope/result.readonly")],
        "lineitems": "https://lms.example/services/1/lineitems?type_id=1",
    }
}


def ungraded(cast: Cast, name: str, role: str, **claims: Any) -> Actor:
    """Somebody comes in by a link that has no column, in an LMS that would let us make one."""
    return Actor(cast._app, HERE, sub=name, roles=[MEMBERSHIP + role], **{**person(name), **UNGRADED, **claims})


def column(app: Flask) -> OwnColumn | None:
    with app.app_context(), transaction() as session:
        return session.scalars(select(OwnColumn)).one_or_none()


def test_a_trainer_asks_for_a_column(cast: Cast) -> None:
    tess = ungraded(cast, "tess", "Instructor")
    page = tess.get("/grading")
    assert "Make a column in the gradebook" in page.text
    assert tess.post("/grading/column", label="  Joining\tin ", points="12,5").status_code == 303
    made = column(cast._app)
    assert made is not None
    assert (made.label, made.score_maximum, made.state) == ("Joining in", 12.5, "waiting")
    page = tess.get("/grading")
    assert "Your column is being made" in page.text
    assert "“Joining in”, 12.5 points." in page.text


@pytest.mark.alike
@pytest.mark.parametrize(
    ("label", "points", "said"),
    [
        ("", "10", "Give the column a name."),
        ("x" * 121, "10", "At most 100 characters."),
        ("Name", "", "Say how many points full marks are."),
        ("Name", "ten", "Write a number, such as 10 or 7.5."),
        ("Name", "0", "Between 1 and 10,000 points."),
        ("Name", "-5", "Between 1 and 10,000 points."),
        ("Name", "NaN", "Between 1 and 10,000 points."),
        ("Name", "1e99", "Between 1 and 10,000 points."),
    ],
)
def test_what_is_no_column_comes_back(cast: Cast, label: str, points: str, said: str) -> None:
    tess = ungraded(cast, "tess", "Instructor")
    answer = tess.post("/grading/column", label=label, points=points)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{points}"' in answer.text
    assert column(cast._app) is None


def test_only_who_grades_makes_columns_and_looks(cast: Cast) -> None:
    for actor in (ungraded(cast, "ben", "Learner"), ungraded(cast, "dirk", "ContentDeveloper"), cast.mona, cast.omar):
        for path in ("/grading/column", "/grading/results"):
            assert actor.post(path, label="Name", points="10").status_code == 403
    assert column(cast._app) is None


def test_where_the_lms_has_a_column_or_allows_none_there_is_nothing_to_ask(cast: Cast) -> None:
    assert "Make a column" not in cast.tess.get("/grading").text
    assert cast.tess.post("/grading/column", label="Name", points="10").status_code == 409
    readers = {"ags": {**UNGRADED["ags"], "scope": [AGS + "scope/score", AGS + "scope/lineitem.readonly"]}}
    other = {"context": {"id": "course-3", "title": "Three"}, "resource_link": {"id": "link-3", "title": "Three"}}
    tess = ungraded(cast, "tess", "Instructor", **readers, **other)
    page = tess.get("/grading").text
    assert "There is no grade column in your LMS yet" in page
    assert tess.post("/grading/column", label="Name", points="10").status_code == 409
    assert column(cast._app) is None


def test_our_own_column_stays_at_the_next_launch_and_can_be_renamed(cast: Cast) -> None:
    tess = ungraded(cast, "tess", "Instructor")
    tess.post("/grading/column", label="Joining in", points="10")
    url = "https://lms.example/services/1/lineitems/7/lineitem?type_id=1"
    with cast._app.app_context(), transaction() as session:
        job = columns._claim(session, tess.member(session).cohort_id)
    assert job is not None
    with cast._app.app_context():
        columns._record(job, columns.Outcome(LineItemData("Joining in", 10.0, url=url)))
    again = ungraded(cast, "tess", "Instructor")
    page = again.get("/grading").text
    assert "SocialLearn made this column." in page
    assert "Name and points" in page
    with cast._app.app_context(), transaction() as session:
        assert session.scalars(select(Placement.line_item_url)).one() == url
    assert again.post("/grading/column", label="Taking part", points="20").status_code == 303
    made = column(cast._app)
    assert made is not None
    assert (made.label, made.score_maximum, made.state, made.line_item_url) == ("Taking part", 20.0, "waiting", url)


def test_looking_in_the_lms(cast: Cast) -> None:
    take_part(cast)
    with cast._app.app_context(), transaction() as session:
        placement = session.scalars(select(Placement)).one()
        delivering.follow_now(session, placement)
        placement.ags_scopes = [*placement.ags_scopes, AGS + "scope/result.readonly"]
        session.scalars(select(LineItem)).one().look_at = None
    assert "Look in the LMS now" in cast.tess.get("/grading").text
    assert cast.tess.post("/grading/results").status_code == 303
    with cast._app.app_context(), transaction() as session:
        assert session.scalars(select(LineItem)).one().look_at is not None


def sent(cast: Cast, **facts: Any) -> None:
    """The LMS took Ben's 4 of 10 an hour ago, and was asked just now."""
    delivery_id = take_part(cast)
    with cast._app.app_context(), transaction() as session:
        row = session.get_one(Delivery, delivery_id)
        placement = session.get_one(Placement, row.placement_id)
        delivering.follow_now(session, placement)
        item = session.scalars(select(LineItem)).one()
        item.results_at, item.score_maximum = clock.now(), 10.0
        row.state, row.sent_grade, row.sent_at = "sent", 0.4, clock.now() - timedelta(hours=1)
        for name, value in facts.items():
            setattr(row, name, value)


def test_the_lms_has_what_we_sent(cast: Cast) -> None:
    sent(cast, result_score=4.0, result_maximum=10.0)
    page = cast.tess.get("/grading").text
    assert "We sent 4 of 10" in page
    assert "Your LMS has 4 of 10." in page
    assert "Somebody changed it" not in page


def test_somebody_changed_it_in_the_lms(cast: Cast) -> None:
    sent(cast, result_score=7.5, result_maximum=10.0)
    page = cast.tess.get("/grading?state=changed").text
    assert "Your LMS has 7.5 of 10. Somebody changed it in the LMS." in page
    assert "Send ours again" in page
    assert "Ben Test" not in cast.tess.get("/grading?state=waiting").text


def test_who_left_is_said_to_have_left(cast: Cast) -> None:
    sent(cast, state="refused", problem="left")
    assert "This person has left the course." in cast.tess.get("/grading?state=refused").text


def test_fifty_at_a_time(cast: Cast) -> None:
    take_part(cast)
    with cast._app.app_context(), transaction() as session:
        ben = session.get_one(Member, cast.ben.member_id)
        row = session.scalars(select(Delivery)).one()
        for number in range(120):
            who = Person(
                organisation_id=ben.organisation_id,
                registration_id=ben.person.registration_id,
                sub=f"s{number}",
                name=f"Somebody {number % 7}",
                locale="en",
            )
            session.add(who)
            session.flush()
            member = Member(cohort_id=ben.cohort_id, person_id=who.id, role="learner")
            session.add(member)
            session.flush()
            state = ("waiting", "sent", "refused")[number % 3]
            facts = {"cohort_id": ben.cohort_id, "placement_id": row.placement_id, "next_at": clock.now()}
            session.add(Delivery(member_id=member.id, state=state, grade=0.5, comment="", **facts))
    seen, states, url = [], [], "/grading"
    for rows in (50, 50, 21):
        page = cast.tess.get(url).text
        found = re.findall(r'/participation/(\d+)"><bdi>', page)
        assert len(found) == rows
        seen += found
        states += re.findall(r'class="chip state-(\w+)', page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        url = unescape(following[1]) if following else ""
    assert url == ""
    assert len(set(seen)) == 121
    assert states == ["refused"] * 40 + ["waiting"] * 41 + ["sent"] * 40
    assert len(re.findall(r"<bdi>Somebody", cast.tess.get("/grading?state=refused").text)) == 40
    assert cast.tess.get("/grading?state=nonsense&after=99999999999999999999").status_code == 200


def test_as_many_queries_for_fifty_as_for_one(cast: Cast) -> None:
    take_part(cast)
    one = statements(cast)
    for name in ("cleo", "dora"):
        getattr(cast, name).post("/feed", body=WORDS + " " + name)
    assert statements(cast) == one


def statements(cast: Cast) -> int:
    counted: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        counted.append(statement)

    assert cast.tess.get("/grading").status_code == 200
    with cast._app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        assert cast.tess.get("/grading").status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(counted)


def test_a_trainer_who_learns_again_is_sent_for_after_all(cast: Cast) -> None:
    delivery_id = take_part(cast)
    with cast._app.app_context(), transaction() as session:
        row = session.get_one(Delivery, delivery_id)
        row.state, row.problem = "refused", "not_gradable"
    Actor(cast._app, HERE, sub="ben", roles=[MEMBERSHIP + "Instructor"], **person("ben"), **GRADED)
    with cast._app.app_context(), transaction() as session:
        assert session.get_one(Delivery, delivery_id).state == "refused"
    Actor(cast._app, HERE, sub="ben", roles=[MEMBERSHIP + "Learner"], **person("ben"), **GRADED)
    with cast._app.app_context(), transaction() as session:
        row = session.get_one(Delivery, delivery_id)
        assert (row.state, row.problem, row.wanted) == ("waiting", None, 2)
