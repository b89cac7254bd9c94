"""From the gradebook straight to a learner's receipt: LtiSubmissionReviewRequest, and who gets to see whose."""

import pytest
from werkzeug.test import TestResponse

from tests.conftest import ELSEWHERE, GRADED, HERE, Actor, Cast, person
from tests.lms import CLAIM, MEMBERSHIP, Lms
from tests.make import WORDS

OTHER = {"context": {"id": "course-2", "title": "Course two"}, "resource_link": {"id": "link-2", "title": "Two"}}


def review(cast: Cast, sub: str, role: str, about: object, lms: Lms = HERE, **claims: object) -> Actor:
    """Somebody comes in from the gradebook to look at ``about``'s work."""
    return Actor(
        cast.ben.app,
        lms,
        sub=sub,
        roles=[MEMBERSHIP + role],
        message_type="LtiSubmissionReviewRequest",
        **{**person(sub), **GRADED, CLAIM + "for_user": {"user_id": about}, **claims},
    )


def page(actor: Actor) -> TestResponse:
    """Where the launch led."""
    return actor.client.get(actor.launched.location, base_url="http://localhost:8000")


def ends(actor: Actor, path: str) -> bool:
    return actor.launched.location.split("?")[0].endswith(f"/s/{actor.seat}{path}")


def test_a_trainer_gets_to_that_learners_receipt(cast: Cast) -> None:
    assert cast.ben.post("/feed", body=WORDS).status_code == 303
    tess = review(cast, "tess", "Instructor", "ben")
    assert ends(tess, f"/participation/{cast.ben.member_id}")
    found = page(tess)
    assert found.status_code == 200
    assert "Participation of Ben Test" in found.text
    assert "Yesterday a colleague" in found.text


def test_a_learner_gets_to_their_own(cast: Cast) -> None:
    ben = review(cast, "ben", "Learner", "ben")
    assert ends(ben, "/participation")
    assert "My participation" in page(ben).text


@pytest.mark.parametrize(
    ("sub", "role"), [("cleo", "Learner"), ("omar", "Mentor"), ("mona", "Manager"), ("dirk", "ContentDeveloper")]
)
def test_who_may_not_gets_to_their_own(cast: Cast, sub: str, role: str) -> None:
    assert cast.ben.post("/feed", body=WORDS).status_code == 303
    actor = review(cast, sub, role, "ben")
    assert ends(actor, "/participation")
    found = page(actor)
    assert found.status_code == 200
    assert "Ben Test" not in found.text
    assert actor.get(f"/participation/{cast.ben.member_id}").status_code == 403


@pytest.mark.parametrize("about", ["nobody", "otto", "zoe", "7' OR 1=1"])
def test_somebody_who_is_not_in_this_course_is_nobody(cast: Cast, about: str) -> None:
    assert cast.otto.member_id
    assert cast.zoe.member_id
    tess = review(cast, "tess", "Instructor", about)
    assert ends(tess, "/participation")
    assert page(tess).status_code == 200


def test_the_same_id_in_another_lms_is_somebody_else(cast: Cast) -> None:
    assert cast.ben.member_id
    other = review(cast, "tess", "Instructor", "ben", lms=ELSEWHERE)
    assert ends(other, "/participation")


def test_about_themselves_a_trainer_sees_their_own(cast: Cast) -> None:
    assert ends(review(cast, "tess", "Instructor", "tess"), "/participation")


@pytest.mark.parametrize(
    "claims",
    [
        {CLAIM + "for_user": None},
        {CLAIM + "for_user": {}},
        {CLAIM + "for_user": "ben"},
        {CLAIM + "for_user": {"user_id": 7}},
        {"resource_link": None},
    ],
)
def test_without_whom_or_which_link_it_is_refused(cast: Cast, claims: dict[str, object]) -> None:
    client = cast.ben.app.test_client()
    changes: dict[str, object] = {
        "message_type": "LtiSubmissionReviewRequest",
        "roles": [MEMBERSHIP + "Instructor"],
        CLAIM + "for_user": {"user_id": "ben"},
        **claims,
    }
    answer = HERE.launch(client, **changes)
    assert answer.status_code == 400
    assert "cannot trust" in answer.text
    assert "__Host-seat" not in answer.headers.get("Set-Cookie", "")


def test_a_review_counts_as_coming_in(cast: Cast) -> None:
    """Somebody's very first launch may be one from the gradebook."""
    eve = review(cast, "eve", "Instructor", "ben")
    assert ends(eve, f"/participation/{cast.ben.member_id}")
    assert eve.get("/grading").status_code == 200
