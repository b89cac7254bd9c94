"""An answer is given once, to one request, by its own seat; and opens exactly what was placed."""

import threading
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from sociallearn import clock, jobs
from sociallearn.database import db, unit_of_work
from sociallearn.ideas.models import IdeaRound
from sociallearn.lti import deep_linking
from sociallearn.lti.models import ContentRequest
from sociallearn.posts.models import Post
from sociallearn.roster.models import Cohort, ContentItem, Placement, Seat
from tests.conftest import ELSEWHERE, HERE, Actor, Cast, person
from tests.placing.cast import DL, dialog, heading, items, launch, sent, settings, where


def test_cancelling_answers_with_nothing(app: Flask) -> None:
    body = sent(app, dialog(app).post("/placing/cancellation", choice="feed"))
    assert body[DL + "content_items"] == []
    assert DL + "errormsg" not in body
    with app.app_context():
        assert db.session.scalar(select(func.count(ContentItem.id))) == 0


def test_an_answer_is_given_once(app: Flask) -> None:
    trainer = dialog(app)
    form = {"choice": "starter", "starter-body": "What did you try?"}
    assert len(items(app, trainer.post("/placing", **form))) == 1
    for again in (
        trainer.post("/placing", **form),
        trainer.post("/placing/cancellation"),
        trainer.get("/placing"),
    ):
        assert again.status_code == 409
        assert "already placed" in heading(again.text)
        assert 'name="JWT"' not in again.text
    with app.app_context():
        assert db.session.scalar(select(func.count(ContentItem.id))) == 1
        assert db.session.scalar(select(func.count(Post.id))) == 1


def test_of_eight_clicks_at_once_one_places(app: Flask) -> None:
    trainer = dialog(app)
    assert trainer.token
    statuses: list[int] = []
    form = {"choice": "starter", "starter-body": "What did you try?"}
    threads = [
        threading.Thread(target=lambda: statuses.append(trainer.post("/placing", **form).status_code)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 7
    with app.app_context():
        assert db.session.scalar(select(func.count(ContentItem.id))) == 1
        assert db.session.scalar(select(func.count(Post.id))) == 1


def test_each_dialog_answers_its_own_request_and_no_other(app: Flask) -> None:
    first, second = dialog(app, settings(data="first")), dialog(app, settings(data="second"))
    # what a forged form might add is not even read
    with app.app_context():
        ids = db.session.scalars(select(ContentRequest.id).order_by(ContentRequest.id)).all()
    page = second.post("/placing", choice="feed", content_request_id=str(ids[0]), request=str(ids[0]), data="first")
    assert sent(app, page)[DL + "data"] == "second"
    assert sent(app, first.post("/placing", choice="ideas"))[DL + "data"] == "first"
    # nor does one browser's form work in the other's seat
    third = dialog(app, settings(data="third"))
    assert first.client.post(third.url("/placing"), base_url="http://localhost:8000").status_code == 404
    assert app.test_client().post(third.url("/placing"), base_url="http://localhost:8000").status_code == 401
    assert third.client.post(third.url("/placing"), data={"choice": "feed"}, base_url=HERE.tool).status_code == 403


def test_housekeeping_takes_old_requests_and_leaves_the_seats(app: Flask) -> None:
    assert deep_linking.remove_expired in jobs.housekeeping
    old, new = dialog(app), None
    with clock.at(clock.now() + timedelta(hours=17)):
        with app.app_context(), unit_of_work() as session:
            deep_linking.remove_expired(session)
            assert session.scalar(select(func.count(ContentRequest.id))) == 0
            assert session.get_one(Seat, old.seat).content_request_id is None
        assert old.get("/placing").status_code == 401  # the seat's own time is over by then
    assert new is None


def test_a_learner_lands_exactly_where_it_was_placed(app: Flask) -> None:
    form = {
        "choice": ["space", "feed", "questions", "ideas", "starter", "round"],
        "starter-body": "What did **you** try first?",
        "round-question": "What could we stop doing?",
        "space-title": "Meet",
    }
    trainer = dialog(app)
    made = items(app, trainer.post("/placing", **form))
    assert [one["title"] for one in made[4:]] == ["What did you try first?", "What could we stop doing?"]
    with app.app_context():
        post, round_ = db.session.scalars(select(Post)).one(), db.session.scalars(select(IdeaRound)).one()
        assert post.author_id == trainer.member_id
        goals = ["/feed", "/feed", "/questions", "/ideas", f"/posts/{post.id}", f"/ideas?round={round_.id}"]
    for number, (item, goal) in enumerate(zip(made, goals, strict=True)):
        ben = launch(app, "ben", item, f"placed-{number}")
        assert where(ben) == goal
        assert ben.client.get(ben.launched.location).status_code == 200
    with app.app_context():
        links = db.session.scalars(select(Placement).order_by(Placement.id)).all()
        found = {row.id: row for row in db.session.scalars(select(ContentItem))}
        placed = [row.content_item_id for row in links if row.resource_link_id.startswith("placed")]
        assert [found[id_ or 0].key for id_ in placed] == [one["custom"]["item"] for one in made]


def test_what_is_gone_leads_to_everything_else_with_a_sentence(app: Flask) -> None:
    trainer = dialog(app)
    [made] = items(app, trainer.post("/placing", **{"choice": "starter", "starter-body": "A slip of the tongue"}))
    with app.app_context():
        post_id = db.session.scalars(select(Post.id)).one()
    trainer.post(f"/posts/{post_id}/deletion")
    ben = launch(app, "ben", made)
    assert where(ben) == "/feed?toast=gone"
    page = ben.get(where(ben)).text
    assert "no longer there" in page
    assert "slip of the tongue" not in page
    trainer.post(f"/posts/{post_id}/deletion/withdrawal")
    assert where(launch(app, "ben", made)) == f"/posts/{post_id}"


def test_keys_of_others_open_nothing_of_theirs(app: Flask, cast: Cast) -> None:
    assert cast.tara.seat
    trainer = dialog(app)
    [made] = items(app, trainer.post("/placing", **{"choice": "starter", "starter-body": "Our own secret"}))
    other = {"context": {"id": "course-2", "title": "Course two"}}
    for key in (made["custom"]["item"], "unknown00000", "x" * 4000, "' or 1=1 --", "$item", "%00"):
        item = {**made, "custom": {"item": key}}
        for actor in (
            launch(app, "otto", item, "link-2", **other),
            Actor(app, ELSEWHERE, sub="zoe", custom=item["custom"], **person("zoe")),
        ):
            assert where(actor) in ("/feed?toast=link-unknown", "/feed")
            page = actor.get(where(actor))
            assert page.status_code == 200
            assert "secret" not in page.text
    with app.app_context():
        assert set(db.session.scalars(select(Placement.content_item_id))) == {None}


def test_a_link_set_up_by_hand_opens_its_room(app: Flask) -> None:
    for room, goal in (("questions", "/questions"), ("ideas", "/ideas"), ("feed", "/feed"), ("cellar", "/feed")):
        assert where(Actor(app, HERE, custom={"room": room})) == goal


def test_a_room_that_is_off_leads_to_one_that_is_not(app: Flask) -> None:
    trainer = dialog(app)
    form = {"choice": ["questions", "starter"], "starter-body": "What did you try?"}
    questions, starter = items(app, trainer.post("/placing", **form))
    with app.app_context(), unit_of_work() as session:
        session.scalars(select(Cohort)).one().rooms_off = ["feed", "questions"]
    assert where(launch(app, "ben", questions)) == "/ideas"
    assert where(launch(app, "ben", starter)) == "/ideas"


def test_items_nobody_placed_do_no_harm(app: Flask, cast: Cast) -> None:
    dialog(app).post("/placing", choice=["feed", "ideas"])
    assert where(cast.ben) == "/feed"
    assert "checked" not in dialog(app).get("/placing").text
