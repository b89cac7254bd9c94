"""The pages about grades: one's own, a learner's for the trainer, and what the LMS has."""

from sqlalchemy import select

from sociallearn.database import transaction
from sociallearn.grades.models import Delivery
from tests.conftest import Cast
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
