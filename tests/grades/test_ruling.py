"""A trainer's own rules: every number, tried out before they begin."""

from typing import Any

import pytest
from sqlalchemy import select

from sociallearn.database import transaction
from sociallearn.grades import folding, ruling
from sociallearn.grades.models import SchemeVersion
from sociallearn.grades.schemes import CHOICES, LIGHT, from_json
from sociallearn.roster.models import Cohort
from tests.conftest import Cast
from tests.make import WORDS

USUAL = {
    "target": "10", "drops_after": "4", "passes_at": "70", "reserve_most": "5", "room_most": "5",
    "post_points": "4", "post_most": "1", "post_words": "40",
    "reply_points": "3", "reply_most": "4", "reply_words": "20", "reply_one": "2",
    "idea_points": "4", "idea_most": "1", "idea_words": "0",
    "rating_points": "2", "rating_most": "1", "rating_per": "5",
}  # fmt: skip


@pytest.mark.parametrize("name", list(CHOICES))
def test_a_scheme_comes_out_of_its_form_as_it_went_in(app: Any, name: str) -> None:
    with app.test_request_context():
        form = ruling.RulesForm.of(CHOICES[name])
        assert form.scheme.rules == CHOICES[name].rules
        assert (form.scheme.target, form.scheme.drops_after) == (CHOICES[name].target, 4)


def test_trying_shows_who_changes_and_writes_nothing(cast: Cast) -> None:
    cast.ben.post("/feed", body=WORDS)
    page = cast.tess.post("/cohort/set-up/own-rules/trial", **USUAL | {"target": "8"})
    assert page.status_code == 200
    assert "1 learner would have another score" in page.text
    assert "Ben Test" in page.text
    assert ">40%<" in page.text
    assert ">50%<" in page.text
    assert 'value="8"' in page.text
    with cast.ben.app.app_context(), transaction() as session:
        assert len(session.scalars(select(SchemeVersion)).all()) == 1


def test_they_begin_with_the_next_period_and_are_listed(cast: Cast) -> None:
    cast.ben.post("/feed", body=WORDS)
    form = USUAL | {"target": "12,5", "idea_most": "0", "make_up": "y", "completion": "y", "when_closed": "y"}
    form |= {"quality": "y", "reserve": "y", "reserve_most": "2"}
    assert cast.tess.post("/cohort/set-up/own-rules", **form).status_code == 303
    with cast.ben.app.app_context(), transaction() as session:
        first, second = session.scalars(select(SchemeVersion).order_by(SchemeVersion.number)).all()
        scheme = from_json(second.scheme)
        assert (from_json(first.scheme), scheme.name, scheme.target, scheme.rule("idea")) == (LIGHT, "own", 12.5, None)
        assert (scheme.quality, scheme.reserve, scheme.room) == (True, 2, 0)
        assert (scheme.make_up_days, scheme.passes_at, scheme.when_closed, scheme.whole_course) == (3, 0.7, True, False)
        assert second.starts_at > first.starts_at
    page = cast.tess.get("/cohort/set-up/own-rules").text
    assert "own rules, full marks from 12.5 points" in page
    assert "light, full marks from 10 points" in page
    assert "Own rules" in cast.tess.get("/cohort/set-up").text or "own rules" in cast.tess.get("/cohort/set-up").text


@pytest.mark.alike
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"target": "99"}, "nobody can collect more than 22"),
        ({"target": "NaN"}, "whole quarters"),
        ({"post_points": "0.3"}, "whole quarters"),
        ({"reply_most": "viele"}, "A whole number from 0 to 100."),
        ({"reply_one": "5"}, "Not more than the usual maximum of replies."),
        ({"whole_course": "y"}, "Set the last day of the course first"),
        ({"drops_after": ""}, "A whole number from 2 to 100."),
        ({"reserve": "y", "room": "y"}, "choose one of the two"),
        ({"reserve_most": "2.5"}, "A whole number from 1 to 100."),
    ],
)
def test_what_makes_no_sense_is_said_in_words(cast: Cast, wrong: dict[str, str], sentence: str) -> None:
    for path in ("/cohort/set-up/own-rules", "/cohort/set-up/own-rules/trial"):
        page = cast.tess.post(path, **USUAL | wrong)
        assert page.status_code == 422
        assert sentence in page.text
        assert "data-problems" in page.text
        assert all(f'value="{value}"' in page.text for value in wrong.values() if value != "y")


def test_only_who_grades(cast: Cast) -> None:
    for path in ("/cohort/set-up/own-rules", "/cohort/set-up/own-rules/trial"):
        assert cast.ben.post(path, **USUAL).status_code == 403
    assert cast.ben.get("/cohort/set-up/own-rules").status_code == 403
    with cast.ben.app.app_context(), transaction() as session:
        cohort = session.scalars(select(Cohort).order_by(Cohort.id)).first()
        assert folding.rules_of(session, cohort, folding.moment(cohort)).versions[-1].scheme == LIGHT
