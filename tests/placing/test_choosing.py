"""The dialog: who may choose, from what, and every way to ask or choose wrongly."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from sociallearn import clock
from sociallearn.database import db, unit_of_work
from sociallearn.ideas.models import IdeaRound
from sociallearn.lti.deep_linking import LIFETIME
from sociallearn.lti.models import ContentRequest, Registration
from sociallearn.posts.models import Post
from sociallearn.roster.models import Cohort, ContentItem
from tests.conftest import HERE, Cast
from tests.lms import MEMBERSHIP
from tests.placing.cast import DL, SETTINGS, ask, claims, dialog, heading, items, sent, settings

pytestmark = pytest.mark.alike

NONE_AT_ALL = {
    "a learner chooses": ({}, {"roles": [MEMBERSHIP + "Learner"]}),
    "an observer chooses": ({}, {"roles": [MEMBERSHIP + "Mentor"]}),
    "a manager chooses": ({}, {"roles": [MEMBERSHIP + "Manager"]}),
    "nobody in particular chooses": ({}, {"roles": []}),
    "a foreign return address": ({"deep_link_return_url": "https://evil.example/take"}, {}),
    "a return address on a part of the name": ({"deep_link_return_url": "https://lms.example.evil.example/"}, {}),
    "a return address that begins alike": ({"deep_link_return_url": "https://xlms.example/"}, {}),
    "a return address with a user name": ({"deep_link_return_url": "https://lms.example@evil.example/"}, {}),
    "a return address browsers read differently": ({"deep_link_return_url": "https://evil.example\\@lms.example/"}, {}),
    "a return address without encryption": ({"deep_link_return_url": "http://lms.example/"}, {}),
    "a return address at another port": ({"deep_link_return_url": "https://lms.example:8443/"}, {}),
    "a return address with a port that is none": ({"deep_link_return_url": "https://lms.example:99999999/"}, {}),
    "a return address that breaks out of a header": ({"deep_link_return_url": "https://lms.example/;\nx"}, {}),
    "a return address of our own": ({"deep_link_return_url": "http://localhost:8000/lti/launch"}, {}),
    "a script as return address": ({"deep_link_return_url": "javascript:alert(1)"}, {}),
    "data as return address": ({"deep_link_return_url": "data:text/html,x"}, {}),
    "a number as return address": ({"deep_link_return_url": 7}, {}),
    "no return address": ({"deep_link_return_url": None}, {}),
    "no types": ({"accept_types": None}, {}),
    "types as a string": ({"accept_types": "ltiResourceLink"}, {}),
    "types as numbers": ({"accept_types": [1]}, {}),
    "several as a number": ({"accept_multiple": 3}, {}),
    "grades as a list": ({"accept_lineitem": []}, {}),
    "data as an object": ({"data": {"x": 1}}, {}),
    "settings as a list": ([], {}),
    "settings as a string": ("all", {}),
    "no settings": ({}, {SETTINGS: None}),
    "no course": ({}, {"context": None}),
}


@pytest.mark.parametrize("case", NONE_AT_ALL)
def test_a_forged_or_broken_request_is_refused_in_words(app: Flask, case: str) -> None:
    changes, more = NONE_AT_ALL[case]
    wanted = settings(**changes) if isinstance(changes, dict) else changes
    refused = ask(app.test_client(), wanted, **more)
    assert refused.status_code in (400, 403), case
    assert len(heading(refused.text)) > 20
    assert "reference" in refused.text
    with app.app_context():
        assert db.session.scalar(select(func.count(ContentRequest.id))) == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://lms.example/x",
        "https://LMS.example:443/x?y=[1]".replace("[1]", "%5B1%5D"),
        "https://pages.school.example/x",
        "https://other.example/",
    ],
)
def test_the_lms_s_own_sites_are_all_of_its_addresses_and_frame_origins(app: Flask, url: str) -> None:
    with app.app_context(), unit_of_work() as session:
        row = session.scalars(select(Registration).where(Registration.issuer == HERE.issuer)).one()
        row.frame_origins = ["https://*.school.example", "https://other.example"]
    page = dialog(app, settings(deep_link_return_url=url)).post("/placing/cancellation")
    assert page.status_code == 200


def test_the_dialog_fits_what_the_lms_takes(app: Flask) -> None:
    many = dialog(app).get("/placing").text
    assert len(re.findall(r'type="checkbox" id="choice-\w+" name="choice"', many)) == 6
    assert 'value="space" checked' in re.sub(r"\s+", " ", many)
    assert "A column in the gradebook" in many
    one = dialog(app, settings(accept_multiple=False, accept_lineitem=False)).get("/placing").text
    assert len(re.findall(r'type="radio" id="choice-\w+" name="choice"', one)) == 6
    assert "takes no grades" in one
    assert "A column in the gradebook" not in one


def test_an_lms_that_wants_no_links_hears_why(app: Flask) -> None:
    trainer = dialog(app, settings(accept_types=["html", "file"]))
    page = trainer.get("/placing")
    assert page.status_code == 400
    assert "only be placed as a link" in page.text
    for path, form in (("/placing", {"choice": "space"}), ("/placing/cancellation", {})):
        trainer = dialog(app, settings(accept_types=[]))
        body = sent(app, trainer.post(path, **form))
        assert body[DL + "content_items"] == []
        assert "link" in body[DL + "errormsg"]


def test_two_clicks_place_the_whole_space_graded(app: Flask) -> None:
    trainer = dialog(app)
    page = trainer.get("/placing").text
    ticked = re.findall(r'name="([\w-]+)" value="([^"]*)"[^>]* checked', page)
    assert ticked == [("choice", "space"), ("space-graded", "1")]
    form = {**dict(ticked), "space-title": "Join in", "space-points": "20"}
    [made] = items(app, trainer.post("/placing", **form))
    assert made["lineItem"]["scoreMaximum"] == 20
    assert made["title"] == "Join in"


def test_where_something_stands_already_nothing_is_ticked(app: Flask, cast: Cast) -> None:
    assert cast.ben.seat
    assert "checked" not in dialog(app).get("/placing").text


WRONG: dict[str, dict[str, Any]] = {
    "nothing": {},
    "an unknown thing": {"choice": "everything"},
    "one known and one unknown": {"choice": ["feed", "x"]},
    "points that are no number": {"choice": "feed", "feed-graded": "1", "feed-points": "NaN"},
    "points that never end": {"choice": "feed", "feed-graded": "1", "feed-points": "Infinity"},
    "points below nothing": {"choice": "feed", "feed-graded": "1", "feed-points": "-5"},
    "no points": {"choice": "feed", "feed-graded": "1", "feed-points": "0"},
    "empty points": {"choice": "feed", "feed-graded": "1", "feed-points": ""},
    "huge points": {"choice": "feed", "feed-graded": "1", "feed-points": "1000.01"},
    "points in powers": {"choice": "feed", "feed-graded": "1", "feed-points": "1e3"},
    "points in other digits": {"choice": "feed", "feed-graded": "1", "feed-points": "٢٠"},
    "a title without end": {"choice": "feed", "feed-title": "x" * 151},
    "dates reversed": {"choice": "feed", "feed-opens": "2090-02-02T10:00", "feed-closes": "2090-02-02T09:00"},
    "a date that is none": {"choice": "feed", "feed-opens": "tomorrow"},
    "a date before all zones": {"choice": "feed", "feed-opens": "0001-01-01T00:00"},
    "a date at the end of time": {"choice": "feed", "feed-closes": "9999-12-31T23:59"},
    "a due date that passed": {"choice": "feed", "feed-closes": "2020-01-01T10:00"},
    "an empty question": {"choice": "starter", "starter-body": "  "},
    "a question without end": {"choice": "starter", "starter-body": "x" * 20_001},
    "a conversation that is no number": {"choice": "starter", "starter-existing": "first"},
    "a conversation that is not there": {"choice": "starter", "starter-existing": "999"},
    "a round without question": {"choice": "round"},
    "a round that is no number": {"choice": "round", "round-existing": "-1"},
    "a round that is not there": {"choice": "round", "round-existing": "9223372036854775807"},
    "a round too far": {"choice": "round", "round-existing": "9223372036854775808"},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_choice_is_said_and_nothing_is_made(app: Flask, case: str) -> None:
    trainer = dialog(app)
    page = trainer.post("/placing", **WRONG[case])
    assert page.status_code == 422, case
    assert 'name="JWT"' not in page.text
    assert "problems" in page.text or len(heading(page.text)) > 20
    with app.app_context():
        assert db.session.scalar(select(func.count(ContentItem.id))) == 0
        assert db.session.scalar(select(func.count(Post.id))) == 0
        assert db.session.scalars(select(ContentRequest.answered_at)).one() is None
    assert trainer.post("/placing", choice="feed").status_code == 200  # and it can still be put right


def test_what_was_typed_comes_back(app: Flask) -> None:
    form = {"choice": ["starter", "feed"], "starter-body": "What did you try?", "feed-graded": "1", "feed-points": "x"}
    page = dialog(app).post("/placing", **form).text
    assert "What did you try?" in page
    assert page.count(" checked") == 3


def test_one_thing_at_a_time_where_the_lms_says_so(app: Flask) -> None:
    trainer = dialog(app, settings(accept_multiple=False))
    assert trainer.post("/placing", choice=["feed", "ideas"]).status_code == 422
    assert len(items(app, trainer.post("/placing", choice="ideas"))) == 1


def test_grades_an_lms_does_not_take_are_not_sent(app: Flask) -> None:
    trainer = dialog(app, settings(accept_lineitem=False))
    [made] = items(app, trainer.post("/placing", **{"choice": "feed", "feed-graded": "1", "feed-points": "5"}))
    assert "lineItem" not in made


def test_only_readable_conversations_of_this_cohort_s_trainers_start_anything(app: Flask, cast: Cast) -> None:
    def post(actor: Any, body: str) -> str:
        return str(actor.post("/feed", body=body).location.rpartition("-")[2])

    good, hidden = post(cast.tess, "What did you try first?"), post(cast.tess, "A slip of the tongue")
    learners, elsewhere = post(cast.ben, "A learner’s own"), post(cast.tara, "The other course’s secret")
    cast.tess.post(f"/posts/{hidden}/deletion")
    trainer = dialog(app)
    page = trainer.get("/placing").text
    assert "What did you try first?" in page
    assert not [one for one in ("slip of the tongue", "learner’s own", "secret") if one in page]
    for other in (hidden, learners, elsewhere):
        refused = trainer.post("/placing", **{"choice": "starter", "starter-existing": other})
        assert refused.status_code == 422
        assert "secret" not in refused.text
    [made] = items(app, trainer.post("/placing", **{"choice": "starter", "starter-existing": good}))
    assert made["title"] == "What did you try first?"


def test_only_open_rounds_of_this_cohort_are_offered(app: Flask, cast: Cast) -> None:
    cast.tess.post("/ideas/rounds", question="What could we stop doing?")
    cast.tess.post("/ideas/rounds", question="What is over?")
    cast.tara.post("/ideas/rounds", question="A secret question")
    with app.app_context():
        ids = {row.question: row.id for row in db.session.scalars(select(IdeaRound))}
    cast.tess.post(f"/ideas/rounds/{ids['What is over?']}/closing")
    trainer = dialog(app)
    page = trainer.get("/placing").text
    assert "What could we stop doing?" in page
    assert "What is over?" not in page
    assert "secret" not in page
    for question in ("What is over?", "A secret question"):
        refused = trainer.post("/placing", **{"choice": "round", "round-existing": str(ids[question])})
        assert refused.status_code == 422
    form = {"choice": "round", "round-existing": str(ids["What could we stop doing?"])}
    assert items(app, trainer.post("/placing", **form))[0]["title"] == "What could we stop doing?"


def test_rooms_that_are_off_are_not_offered(app: Flask, cast: Cast) -> None:
    assert cast.tess.seat
    with app.app_context(), unit_of_work() as session:
        session.scalars(select(Cohort)).one().rooms_off = ["ideas"]
    trainer = dialog(app)
    page = trainer.get("/placing").text
    assert 'value="ideas"' not in page
    assert 'value="round"' not in page
    assert trainer.post("/placing", choice="ideas").status_code == 422


def test_a_seat_of_any_other_launch_has_no_dialog(app: Flask, cast: Cast) -> None:
    assert dialog(app).seat
    for path in ("/placing", "/placing/cancellation"):
        assert cast.tess.post(path, choice="feed").status_code == 404
        assert cast.ben.post(path, choice="feed").status_code == 403
    assert cast.tess.get("/placing").status_code == 404


def test_who_is_no_trainer_any_more_places_nothing(app: Flask) -> None:
    trainer = dialog(app)
    assert trainer.token
    HERE.launch(app.test_client(), sub="tess", roles=[MEMBERSHIP + "Learner"])
    assert trainer.get("/placing").status_code == 403
    assert trainer.post("/placing", choice="feed").status_code == 403


def test_designers_place_too(app: Flask) -> None:
    trainer = dialog(app, roles=[MEMBERSHIP + "ContentDeveloper"])
    assert len(items(app, trainer.post("/placing", choice="feed"))) == 1


def test_choosing_takes_a_working_day_at_most(app: Flask) -> None:
    trainer = dialog(app)
    assert trainer.token
    with clock.at(clock.now() + LIFETIME + timedelta(minutes=1)):
        for page in (trainer.get("/placing"), trainer.post("/placing", **{"choice": "feed", "starter-body": "Typed"})):
            assert page.status_code == 400
            assert "no longer waits" in page.text
        assert "Typed" in page.text


def test_opening_the_dialog_costs_the_same_with_much_in_it(app: Flask) -> None:
    def statements() -> int:
        seen: list[str] = []
        with app.app_context():
            engine = db.engine
        note = lambda *given: seen.append(given[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        assert trainer.get("/placing").status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    trainer = dialog(app)
    few = statements()
    for number in range(8):
        trainer.post("/feed", body=f"Question {number}?")
        trainer.post("/ideas/rounds", question=f"Round {number}?")
    assert statements() == few


def test_a_request_in_an_lms_s_own_words(app: Flask) -> None:
    """Booleans as strings, as some write them; everything optional left out."""
    plain = {"deep_link_return_url": "https://lms.example/x", "accept_types": ["ltiResourceLink"]}
    assert 'type="radio"' in dialog(app, plain).get("/placing").text
    assert 'name="choice"' in dialog(app, {**plain, "accept_multiple": "true"}).get("/placing").text
    assert claims()["message_type"] == "LtiDeepLinkingRequest"
