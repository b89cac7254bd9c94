"""A copied course: its links open the right place, and what comes along is the trainer's choice."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import db, unit_of_work
from sociallearn.errors import Refusal
from sociallearn.ideas.models import Idea, IdeaRound
from sociallearn.placing import carrying
from sociallearn.posts.models import Kind, Post
from sociallearn.roster import agreeing, phases
from sociallearn.roster.models import Agreements, Cohort, ContentItem, Member, Placement
from tests.conftest import ELSEWHERE, HERE, Actor, Cast, person
from tests.lms import MEMBERSHIP
from tests.placing.cast import dialog, items, launch, where

TRAINER = {"roles": [MEMBERSHIP + "Instructor"]}
THURSDAY = datetime(2026, 9, 10, 12, tzinfo=UTC)
ALL = ["questions", "rounds", "settings", "agreements"]


def in_course(number: int, *history: str, link: str = "", **custom: str) -> dict[str, Any]:
    """Claims of a launch in a copy; ``history`` are the ids of its originals, newest first."""
    more = {"context_history": ",".join(history)} if history else {}
    more |= {"link_history": link} if link else {}
    return {
        "context": {"id": f"course-{number}", "title": f"Run {number}"},
        "resource_link": {"id": f"link-{number}-{'-'.join(custom.values())}", "title": "Placed"},
        "custom": custom | more,
    }


@pytest.fixture
def first_run(app: Flask) -> dict[str, Any]:
    """A course in which a question, a round and a room stand, and people talked: the placed items by kind."""
    tess = dialog(app)
    form = {
        "choice": ["questions", "starter", "round"],
        "starter-body": "What did **you** try first?",
        "round-question": "What could we stop doing?",
    }
    made = items(app, tess.post("/placing", **form))
    by_kind = dict(zip(("questions", "starter", "round"), made, strict=True))
    ben = launch(app, "ben", by_kind["starter"])
    with app.app_context():
        post_id, round_id = db.session.scalars(select(Post.id)).one(), db.session.scalars(select(IdeaRound.id)).one()
    ben.post(f"/posts/{post_id}/replies", body="A reply that stays behind")
    ben.post("/ideas", title="An idea that stays behind", body="Whatever", round=str(round_id))
    return by_kind


def key(item: dict[str, Any]) -> str:
    return str(item["custom"]["item"])


def test_until_somebody_decides_links_of_a_copy_open_their_rooms(app: Flask, first_run: dict[str, Any]) -> None:
    for kind, goal in (("starter", "/feed"), ("round", "/ideas"), ("questions", "/questions")):
        cleo = Actor(app, HERE, sub="cleo", **in_course(2, "course-1", item=key(first_run[kind])))
        assert where(cleo) == goal
        assert "stays behind" not in cleo.get(goal).text
        assert "What did" not in cleo.get(goal).text
    with app.app_context():
        copy = db.session.scalars(select(Cohort).where(Cohort.context_id == "course-2")).one()
        made = db.session.scalars(select(ContentItem).where(ContentItem.cohort_id == copy.id)).all()
        assert {item.link_key for item in made} == {key(item) for item in first_run.values()}
        assert {item.key for item in made}.isdisjoint(item.link_key for item in made)
        assert all(item.post_id is None and item.round_id is None for item in made)


def test_a_trainer_of_a_copy_is_asked_until_one_decides(app: Flask, first_run: dict[str, Any]) -> None:
    tess = Actor(app, HERE, sub="tess", **TRAINER, **in_course(2, "course-1"))
    cleo = Actor(app, HERE, sub="cleo", **in_course(2, "course-1"))
    assert "a copy of an earlier one" in tess.get("/feed").text
    assert "a copy of an earlier one" not in cleo.get("/feed").text
    assert cleo.get("/cohort/copy").status_code == 403
    assert cleo.post("/cohort/copy", start="fresh").status_code == 403
    page = tess.get("/cohort/copy").text
    for words in ("Course one", "1 starter question", "1 idea round", "There are none."):
        assert words in page
    assert tess.post("/cohort/copy").status_code == 422
    assert tess.post("/cohort/copy", part=["questions", "people"]).status_code == 422
    assert "toast=fresh" in tess.post("/cohort/copy", start="fresh", part="questions").location
    assert "a copy of an earlier one" not in tess.get("/feed").text
    with app.app_context():
        copy = db.session.scalars(select(Cohort).where(Cohort.context_id == "course-2")).one()
        assert db.session.scalar(select(func.count(Post.id)).where(Post.cohort_id == copy.id)) == 0


def test_what_comes_along_opens_in_the_copy_and_nothing_else_came(app: Flask, first_run: dict[str, Any]) -> None:
    tess = Actor(app, HERE, sub="tess", **TRAINER, **in_course(2, "course-1"))
    assert "toast=carried" in tess.post("/cohort/copy", part=ALL).location
    with app.app_context():
        copy = db.session.scalars(select(Cohort).where(Cohort.context_id == "course-2")).one()
        assert copy.carried_over_at is not None
        [post] = db.session.scalars(select(Post).where(Post.cohort_id == copy.id)).all()
        assert (post.kind, post.body) == (Kind.POST, "What did **you** try first?")
        assert (post.author_id, post.reply_count) == (tess.member_id, 0)
        [round_] = db.session.scalars(select(IdeaRound).where(IdeaRound.cohort_id == copy.id)).all()
        assert (round_.question, round_.is_open) == ("What could we stop doing?", True)
        assert db.session.scalar(select(func.count(Idea.post_id)).where(Idea.cohort_id == copy.id)) == 0
        assert db.session.scalar(select(func.count(Member.id)).where(Member.cohort_id == copy.id)) == 1
        goals = {"starter": f"/posts/{post.id}", "round": f"/ideas?round={round_.id}", "questions": "/questions"}
    for kind, goal in goals.items():
        assert where(Actor(app, HERE, sub="cleo", **in_course(2, "course-1", item=key(first_run[kind])))) == goal
    # and the first course stands as it stood
    assert where(launch(app, "ben", first_run["starter"])) != goals["starter"]


def test_done_again_it_adds_what_is_missing_and_doubles_nothing(app: Flask, first_run: dict[str, Any]) -> None:
    tess = Actor(app, HERE, sub="tess", **TRAINER, **in_course(2, "course-1"))
    tess.post("/cohort/copy", start="fresh")
    for _ in range(2):
        tess.post("/cohort/copy", part=["questions", "rounds"])
    trainer = dialog(app)
    [later] = items(app, trainer.post("/placing", **{"choice": "starter", "starter-body": "And now?"}))
    tess.post("/cohort/copy", part=ALL)
    with app.app_context():
        copy = db.session.scalars(select(Cohort).where(Cohort.context_id == "course-2")).one()
        bodies = db.session.scalars(select(Post.body).where(Post.cohort_id == copy.id).order_by(Post.id)).all()
        assert bodies == ["What did **you** try first?", "And now?"]
        assert db.session.scalar(select(func.count(IdeaRound.id)).where(IdeaRound.cohort_id == copy.id)) == 1
    assert where(Actor(app, HERE, sub="cleo", **in_course(2, "course-1", item=key(later)))).startswith("/posts/")


def test_two_items_of_one_conversation_share_its_copy(app: Flask, first_run: dict[str, Any]) -> None:
    with app.app_context():
        post_id = db.session.scalars(select(Post.id).where(Post.root_id.is_(None), Post.kind == Kind.POST)).one()
    [twin] = items(app, dialog(app).post("/placing", **{"choice": "starter", "starter-existing": str(post_id)}))
    tess = Actor(app, HERE, sub="tess", **TRAINER, **in_course(2, "course-1"))
    tess.post("/cohort/copy", part="questions")
    goals = {
        where(Actor(app, HERE, sub="cleo", **in_course(2, "course-1", item=key(one))))
        for one in (first_run["starter"], twin)
    }
    assert len(goals) == 1


def test_what_was_hidden_or_deleted_does_not_come_along(app: Flask, first_run: dict[str, Any]) -> None:
    tess = dialog(app)
    with app.app_context():
        post_id = db.session.scalars(select(Post.id).where(Post.root_id.is_(None), Post.kind == Kind.POST)).one()
    tess.post(f"/posts/{post_id}/deletion")
    copied = Actor(app, HERE, sub="tess", **TRAINER, **in_course(2, "course-1"))
    assert "0 starter questions" in copied.get("/cohort/copy").text
    copied.post("/cohort/copy", part=ALL)
    assert where(Actor(app, HERE, sub="cleo", **in_course(2, "course-1", item=key(first_run["starter"])))) == "/feed"


def test_copies_of_copies_find_their_way(app: Flask, first_run: dict[str, Any]) -> None:
    second = Actor(app, HERE, sub="tess", **TRAINER, **in_course(2, "course-1"))
    second.post("/cohort/copy", part=ALL)
    third = Actor(app, HERE, sub="tess", **TRAINER, **in_course(3, "course-2", "course-1"))
    # nobody decided in the third run yet, and no link of the second was ever opened
    path = where(Actor(app, HERE, sub="cleo", **in_course(3, "course-2", "course-1", item=key(first_run["starter"]))))
    assert path == "/feed"
    third.post("/cohort/copy", part=ALL)
    cleo = Actor(app, HERE, sub="cleo", **in_course(3, "course-2", "course-1", item=key(first_run["starter"])))
    assert where(cleo).startswith("/posts/")
    # a run that was copied straight from the first, while the one between is unknown here
    tess = Actor(app, HERE, sub="tess", **TRAINER, **in_course(5, "course-4", "course-1"))
    assert "1 starter question" in tess.get("/cohort/copy").text


def test_links_without_a_key_inherit_what_their_originals_open(app: Flask, first_run: dict[str, Any]) -> None:
    tess = Actor(app, HERE, sub="tess", **TRAINER, **in_course(2, "course-1"))
    tess.post("/cohort/copy", part=ALL)
    cleo = Actor(app, HERE, sub="cleo", **in_course(2, "course-1", link="unknown,placed-1"))
    assert where(cleo).startswith("/posts/")
    with app.app_context():
        item = db.session.scalars(select(ContentItem).where(ContentItem.original_key == key(first_run["starter"])))
        assert item.one().post_id == int(where(cleo).rpartition("/")[2])
    # of another course, the same id says nothing
    other = {"context": {"id": "course-9"}, "custom": {"link_history": "placed-1"}}
    assert where(Actor(app, HERE, sub="cleo", **other)) == "/feed"


def test_two_first_launches_in_a_copy_make_one_item(app: Flask, first_run: dict[str, Any]) -> None:
    claims = in_course(2, "course-1", item=key(first_run["starter"]))
    Actor(app, HERE, sub="tess", **TRAINER, **in_course(2, "course-1"))
    statuses: list[int] = []

    def come(name: str) -> None:
        statuses.append(HERE.launch(app.test_client(), sub=name, **claims).status_code)

    threads = [threading.Thread(target=come, args=(f"learner-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [303] * 6
    with app.app_context():
        made = select(func.count(ContentItem.id)).where(ContentItem.original_key == key(first_run["starter"]))
        assert db.session.scalar(made) == 1
        placements = select(Placement).where(Placement.resource_link_id == claims["resource_link"]["id"])
        assert db.session.scalars(placements).one().content_item_id is not None


def test_two_trainers_deciding_at_once_bring_everything_once(app: Flask, first_run: dict[str, Any]) -> None:
    actors = [Actor(app, HERE, sub=name, **TRAINER, **in_course(2, "course-1")) for name in ("tess", "tom", "tim")]
    assert all(actor.token for actor in actors)
    threads = [threading.Thread(target=one.post, args=("/cohort/copy",), kwargs={"part": ALL}) for one in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        copy = db.session.scalars(select(Cohort).where(Cohort.context_id == "course-2")).one()
        assert db.session.scalar(select(func.count(Post.id)).where(Post.cohort_id == copy.id)) == 1
        assert db.session.scalar(select(func.count(IdeaRound.id)).where(IdeaRound.cohort_id == copy.id)) == 1


def test_a_course_of_another_lms_is_nobody_s_original(app: Flask, first_run: dict[str, Any]) -> None:
    zoe = Actor(app, ELSEWHERE, sub="zoe", **TRAINER, **in_course(2, "course-1", item=key(first_run["starter"])))
    assert where(zoe) == "/feed?toast=link-unknown"
    assert "a copy of an earlier one" not in zoe.get("/feed").text
    assert zoe.get("/cohort/copy").status_code == 404
    assert zoe.post("/cohort/copy", part="questions").status_code == 409


def test_a_key_alone_makes_no_copy(app: Flask, first_run: dict[str, Any]) -> None:
    tara = Actor(app, HERE, sub="tara", **TRAINER, **in_course(2, item=key(first_run["starter"])), **person("tara"))
    assert where(tara) == "/feed?toast=link-unknown"
    assert tara.get("/cohort/copy").status_code == 404


def test_the_way_it_runs_comes_along_with_its_phases_moved_by_weeks(app: Flask) -> None:
    first = Actor(app, HERE, sub="tess", **TRAINER)
    with app.app_context(), unit_of_work() as session:
        old, by = session.scalars(select(Cohort)).one(), session.get_one(Member, first.member_id)
        old.template, old.language, old.rooms_off = "one-day", "nl", ["ideas"]
        old.work_days, old.work_starts, old.work_ends = [0, 2], 480, 960
        agreeing.write(session, old, ["Old"], by=by)
        agreeing.write(session, old, ["Be kind", "Be brief"], by=by)
        phases.add(session, old, "Before", date(2026, 3, 3), date(2026, 3, 20), by=by)
        phases.add(session, old, "The day", date(2026, 4, 1), date(2026, 4, 1), by=by)
    tess = Actor(app, HERE, sub="tess", **TRAINER, **in_course(2, "course-1"))
    page = tess.get("/cohort/copy").text
    assert "moved by whole weeks" in page
    with app.test_request_context("/", method="POST"), clock.at(THURSDAY):
        session = db.session()
        copy = session.scalars(select(Cohort).where(Cohort.context_id == "course-2")).one()
        copy.time_zone = "America/New_York"
        for _ in range(2):
            carrying.carry(session, copy, {"settings", "agreements"}, by=tess.member(session))
        assert (copy.template, copy.language, copy.rooms_off) == ("one-day", "nl", ["ideas"])
        assert (copy.work_days, copy.work_starts, copy.work_ends) == ([0, 2], 480, 960)
        assert copy.time_zone == "Europe/Brussels"
        moved = [(part.name, part.first_day, part.last_day) for part in phases.of(session, copy)]
        # the next Tuesday, and the Wednesday four weeks later
        assert moved == [
            ("Before", date(2026, 9, 15), date(2026, 10, 2)),
            ("The day", date(2026, 10, 14), date(2026, 10, 14)),
        ]
        assert agreeing.current(session, copy.id).lines == ["Be kind", "Be brief"]
        written = session.scalars(select(Agreements).where(Agreements.cohort_id == copy.id)).one()
        assert written.author_id == tess.member_id
        db.session.rollback()


def test_a_first_phase_still_to_come_stays_where_it_is(app: Flask) -> None:
    first = Actor(app, HERE, sub="tess", **TRAINER)
    day = clock.now().date() + timedelta(days=3)
    with app.app_context(), unit_of_work() as session:
        old = session.scalars(select(Cohort)).one()
        phases.add(session, old, "Soon", day, day, by=session.get_one(Member, first.member_id))
    tess = Actor(app, HERE, sub="tess", **TRAINER, **in_course(2, "course-1"))
    tess.post("/cohort/copy", part="settings")
    with app.app_context():
        copy = db.session.scalars(select(Cohort).where(Cohort.context_id == "course-2")).one()
        assert [part.first_day for part in phases.of(db.session(), copy)] == [day]


def test_who_changed_their_mind_finds_the_choice_on_the_set_up_page(app: Flask, first_run: dict[str, Any]) -> None:
    tess = Actor(app, HERE, sub="tess", **TRAINER, **in_course(2, "course-1"))
    assert "Choose what to bring along" in tess.get("/cohort").text
    tess.post("/cohort/copy", start="fresh")
    assert "a copy of an earlier one" not in tess.get("/cohort").text
    page = tess.get("/cohort/set-up")
    assert page.status_code == 200
    assert "Bring more along" in page.text


def test_only_trainers_decide_and_only_about_copies(session: Session, cast: Cast) -> None:
    cohort = session.scalars(select(Cohort)).one()
    for actor, status in ((cast.ben, 403), (cast.tess, 409)):
        with pytest.raises(Refusal) as refusal:
            carrying.carry(session, cohort, {"questions"}, by=actor.member(session))
        assert refusal.value.status == status


def test_a_course_that_claims_to_be_its_own_copy_is_none(app: Flask) -> None:
    ben = Actor(app, HERE, sub="ben", **in_course(7, "course-7", item="abc"))
    assert where(ben) == "/feed?toast=link-unknown"
    again = Actor(app, HERE, sub="ben", **in_course(7, "course-7", "course-7", item="abc"))
    assert where(again) == "/feed?toast=link-unknown"


def test_who_never_trained_the_original_reads_nothing_of_it(app: Flask, first_run: dict[str, Any]) -> None:
    """In some LMSs a teacher writes a link's parameters: naming a course there must not open it."""
    eve = Actor(app, HERE, sub="eve", **TRAINER, **in_course(2, "course-1"))
    for answer in (eve.get("/cohort/copy"), eve.post("/cohort/copy", part=ALL)):
        assert answer.status_code == 403
        assert "Only who trained the course before" in answer.text
        assert "Course one" not in answer.text
        assert "What did" not in answer.text
    with app.app_context():
        assert len(db.session.scalars(select(Post).where(Post.root_id.is_(None), Post.kind == "post")).all()) == 1
    assert eve.post("/cohort/copy", start="fresh").status_code == 303
