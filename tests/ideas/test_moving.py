"""Stages and the board: who moves an idea says why, once, in public."""

import re
import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.ideas import moving, proposing, rounds, staging
from sociallearn.ideas.models import Idea, IdeaRound
from sociallearn.ideas.staging import Wanted
from sociallearn.posts import deciding
from sociallearn.posts.models import Decision
from tests import make
from tests.conftest import Actor, Cast


def proposed(actor: Actor, title: str = "A map", **more: str) -> str:
    """The path of a new idea."""
    return "/ideas/" + actor.post("/ideas", title=title, body="Of who knows what", **more).location.rpartition("/")[2]


def test_moved_with_a_reason_and_one_row(session: Session, cast: Cast) -> None:
    idea, tess = make.idea(session, cast.ben.member(session)), cast.tess.member(session)
    row = moving.move(session, idea, "discussion", by=tess, reason="Nine rated it", seen="new")
    assert idea.stage == "discussion"
    assert session.scalars(select(Decision)).one() is row
    assert (row.before, row.after, row.role, row.reason) == (
        "stage:new",
        "stage:discussion",
        "trainer",
        "Nine rated it",
    )


@pytest.mark.alike
@pytest.mark.parametrize(
    ("to", "reason", "seen", "status"),
    [
        ("discussion", "", "new", 422),
        ("nowhere", "Because", "new", 422),
        ("discussion", "Because", "done", 409),
        ("discussion", "Because", "", 409),
        ("new", "Because", "new", 409),
    ],
)
def test_what_is_refused(session: Session, cast: Cast, to: str, reason: str, seen: str, status: int) -> None:
    idea = make.idea(session, cast.ben.member(session))
    with pytest.raises(Refusal) as refusal:
        moving.move(session, idea, to, by=cast.tess.member(session), reason=reason, seen=seen)
    assert refusal.value.status == status
    assert session.scalar(select(func.count(Decision.id))) == 0


def test_trainers_and_whoever_looks_after_the_round(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    round_ = rounds.open_one(session, by=tess, question="What now?")
    idea = proposing.propose(session, by=ben, title="Mail", body="x", to=round_)
    staging.set_owners(session, round_, [cleo.id], by=tess)
    for who in (ben, dora):
        with pytest.raises(Refusal) as refusal:
            moving.move(session, idea, "done", by=who, reason="Mine", seen="new")
        assert refusal.value.status == 403
    assert moving.move(session, idea, "done", by=cleo, reason="It works", seen="new").role == "owner"
    elsewhere = make.idea(session, ben)
    with pytest.raises(Refusal):
        moving.move(session, elsewhere, "done", by=cleo, reason="It works", seen="new")


@pytest.mark.parametrize(
    "change",
    [
        lambda session, idea: setattr(idea, "stage", "done"),
        lambda session, idea: session.execute(update(Idea).values(stage="done")),
        lambda session, idea: session.execute(update(Idea).values({Idea.stage: "done"})),
        lambda session, idea: session.execute(update(Idea.__table__).values(stage="done")),
        lambda session, idea: session.add(
            Decision(
                cohort_id=idea.cohort_id, post_id=idea.post_id, role="x", before="stage:new", after="stage:x", reason=""
            )
        ),
    ],
)
def test_there_is_no_other_way(session: Session, cast: Cast, change: Callable[[Session, Idea], object]) -> None:
    idea = make.idea(session, cast.ben.member(session))
    with pytest.raises(deciding.UnloggedDecision):
        flushed(session, idea, change)


def flushed(session: Session, idea: Idea, change: Callable[[Session, Idea], object]) -> None:
    """Change something and send it to the database."""
    change(session, idea)
    session.flush()


def test_the_second_of_two_is_told_where_it_stands(cast: Cast) -> None:
    path = proposed(cast.ben)
    assert cast.tess.post(f"{path}/stage", to="building", seen="new", reason="Go").status_code == 303
    late = cast.tess.post(f"{path}/stage", to="not_now", seen="new", reason="A reason I thought about")
    assert late.status_code == 409
    assert "It now stands in “Being built”" in late.text
    assert "A reason I thought about" in late.text


def test_many_move_at_once_and_one_succeeds(app: Flask, cast: Cast) -> None:
    path = proposed(cast.ben)
    assert cast.tess.token
    assert cast.cleo.token
    answers: list[int] = []
    moves = [
        threading.Thread(
            target=lambda to=to: answers.append(
                cast.tess.post(f"{path}/stage", to=to, seen="new", reason="Go").status_code
            )
        )
        for to in ("discussion", "building", "done", "not_now")
    ]
    rates = [
        threading.Thread(target=cast.cleo.post, args=(f"{path}/rating",), kwargs={"value": str(value)})
        for value in (2, 5)
    ]
    for thread in (*moves, *rates):
        thread.start()
    for thread in (*moves, *rates):
        thread.join()
    assert sorted(answers) == [303, 409, 409, 409]
    with app.app_context():
        assert db.session.scalar(select(func.count(Decision.id))) == 1
        assert db.session.scalars(select(Idea.rating_count)).one() == 1


def test_the_forms_and_the_public_log(cast: Cast) -> None:
    path = proposed(cast.ben)
    assert "Move to…" not in cast.cleo.get(path).text
    assert cast.cleo.get(f"{path}/stage").status_code == 403
    assert cast.otto.get(f"{path}/stage").status_code == 404
    assert cast.tara.post(f"{path}/stage", to="done", seen="new", reason="x").status_code == 404
    assert "Move to…" in cast.tess.get(path).text
    form = cast.tess.get(f"{path}/stage?to=building").text
    assert '<option value="building" selected>Being built</option>' in form
    missing = cast.tess.post(f"{path}/stage", to="building", seen="new", reason=" ")
    assert missing.status_code == 422
    assert '<option value="building" selected>' in missing.text
    done = cast.tess.post(f"{path}/stage", to="building", seen="new", reason="Two people begin", board="1")
    assert "/ideas/board?" in done.location
    log = cast.cleo.get("/decisions").text
    assert "moved an idea by Ben Test from “New” to “Being built”" in log
    assert "Two people begin" in log


def columns(actor: Actor, path: str) -> dict[str, list[str]]:
    """The board: what stands where."""
    page = actor.get(path).text
    found = {}
    for section in re.findall(r'(?s)<section class="stage".*?</section>', page):
        name = re.search(r"<h2[^>]*><span>(.*?)</span>", section)
        assert name
        found[re.sub("<.*?>", "", name[1])] = re.findall(r'<h3 dir="auto"><a[^>]*>([^<]+)', section)
    return found


def test_the_board_shows_each_idea_where_it_stands(cast: Cast) -> None:
    assert cast.cleo.get("/ideas/board").status_code == 200
    one, two = proposed(cast.ben, "One"), proposed(cast.cleo, "Two")
    gone = proposed(cast.dora, "Three")
    cast.tess.post(f"{one}/stage", to="done", seen="new", reason="It is there")
    cast.dora.post(gone.replace("/ideas/", "/posts/") + "/deletion")
    assert columns(cast.cleo, "/ideas/board") == {
        "New": ["Two"], "In discussion": [], "Being built": [], "Done": ["One"], "Not now": [],
    }  # fmt: skip
    assert "data-board" not in cast.cleo.get("/ideas/board").text
    assert f'{two}/stage?board=1"' in cast.tess.get("/ideas/board").text


def test_a_trainer_names_and_orders_the_stages(app: Flask, cast: Cast) -> None:
    opened = re.search(r"round=(\d+)", cast.tess.post("/ideas/rounds", question="What now?").location)
    assert opened
    one = opened[1]
    path = proposed(cast.ben, "Mail", round=one)
    form = {
        "stage": ["new", "discussion", "building", "done", "not_now", ""],
        "name": ["New", "", "We try it", "Done", "", "Pilot in Ghent"],
        "place": ["1", "2", "4", "5", "6", "3"],
    }
    assert cast.tess.post(f"/ideas/rounds/{one}/stages", **form).status_code == 303
    assert list(columns(cast.cleo, f"/ideas/board?round={one}")) == ["New", "Pilot in Ghent", "We try it", "Done"]
    assert cast.tess.post(f"{path}/stage", to="s1", seen="new", reason="Two shops").status_code == 303
    # another name would say something else of what stands there, and no log would tell
    form = {"stage": ["new", "s1", "building"], "name": ["New", "Pilot", "We try it"], "place": ["1", "2", "3"]}
    refused = cast.tess.post(f"/ideas/rounds/{one}/stages", **form)
    assert refused.status_code == 409
    assert "it keeps its name until they are moved" in refused.text
    assert cast.tess.post(f"{path}/stage", to="new", seen="s1", reason="Only for now").status_code == 303
    # renamed while it is empty: the log keeps the name of then
    assert cast.tess.post(f"/ideas/rounds/{one}/stages", **form).status_code == 303
    assert cast.tess.post(f"{path}/stage", to="s1", seen="new", reason="Two shops").status_code == 303
    assert columns(cast.cleo, f"/ideas/board?round={one}")["Pilot"] == ["Mail"]
    assert "“<bdi>Pilot in Ghent</bdi>”" in cast.cleo.get("/decisions").text
    # what an idea stands in cannot go
    form = {"stage": ["new", "s1", "building"], "name": ["New", "", "We try it"], "place": ["1", "2", "3"]}
    refused = cast.tess.post(f"/ideas/rounds/{one}/stages", **form)
    assert refused.status_code == 409
    assert "Ideas stand in “Pilot”" in refused.text
    # the first in order is where ideas begin
    form = {"stage": ["new", "s1", "building"], "name": ["New", "Pilot", "We try it"], "place": ["3", "2", "1"]}
    cast.tess.post(f"/ideas/rounds/{one}/stages", **form)
    proposed(cast.cleo, "Later", round=one)
    assert columns(cast.cleo, f"/ideas/board?round={one}") == {"We try it": ["Later"], "Pilot": ["Mail"], "New": []}
    proposed(cast.cleo, "Outside the round")
    assert "In discussion" in columns(cast.cleo, "/ideas/board")  # other rounds keep theirs


@pytest.mark.alike
@pytest.mark.parametrize("names", [["Only one", ""], ["Same", "same"], ["x" * 41, "y"], [str(n) for n in range(9)]])
def test_stages_that_will_not_do(cast: Cast, names: list[str]) -> None:
    opened = re.search(r"round=(\d+)", cast.tess.post("/ideas/rounds", question="What now?").location)
    assert opened
    form = {"stage": [""] * len(names), "name": names, "place": [str(n) for n in range(len(names))]}
    page = cast.tess.post(f"/ideas/rounds/{opened[1]}/stages", **form)
    assert page.status_code == 422
    assert names[0] in page.text


def test_no_idea_is_born_refused(cast: Cast) -> None:
    opened = re.search(r"round=(\d+)", cast.tess.post("/ideas/rounds", question="What now?").location)
    assert opened
    path = f"/ideas/rounds/{opened[1]}/stages"
    form = {"stage": ["not_now", "new"], "name": ["Not now", "New"], "place": ["1", "2"]}
    assert cast.tess.post(path, **form).status_code == 422
    form = {"stage": ["new", "not_now"], "name": ["New", "Rejected"], "place": ["1", "2"]}
    assert cast.tess.post(path, **form).status_code == 409


def test_only_trainers_set_a_round_up(session: Session, cast: Cast) -> None:
    tess, ben = cast.tess.member(session), cast.ben.member(session)
    round_ = rounds.open_one(session, by=tess, question="What now?")
    with pytest.raises(Refusal) as refusal:
        staging.set_stages(session, round_, [Wanted(None, "A"), Wanted(None, "B")], by=ben)
    assert refusal.value.status == 403
    with pytest.raises(Refusal):
        staging.set_owners(session, round_, [ben.id], by=ben)
    with pytest.raises(Refusal) as refusal:
        staging.set_owners(session, round_, [tess.id], by=tess)
    assert refusal.value.status == 422


def test_set_up_pages_are_for_the_cohorts_own_trainers(app: Flask, cast: Cast) -> None:
    assert cast.tess.post("/ideas/rounds", question="What now?").status_code == 303
    with app.app_context():
        one = db.session.scalars(select(IdeaRound.id)).one()
    for path in ("set-up",):
        assert cast.tess.get(f"/ideas/rounds/{one}/{path}").status_code == 200
        assert cast.ben.get(f"/ideas/rounds/{one}/{path}").status_code == 403
        assert cast.tara.get(f"/ideas/rounds/{one}/{path}").status_code == 404
    assert cast.tess.post(f"/ideas/rounds/{one}/owners", member=["x", "99999"]).status_code == 422
    assert cast.tess.post(f"/ideas/rounds/{one}/owners", member=str(cast.cleo.member_id)).status_code == 303
    assert "checked" in cast.tess.get(f"/ideas/rounds/{one}/set-up").text
