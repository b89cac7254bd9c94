"""Two short questions: who is asked, what is kept of an answer, and what is told of all of them."""

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.errors import Refusal
from sociallearn.insights import closing, reading
from sociallearn.insights.models import Cell
from sociallearn.notifications import choosing, wording
from sociallearn.notifications import reading as notified
from sociallearn.notifications.models import About
from sociallearn.pulse import answering, asking, sealing
from sociallearn.pulse import reading as pulse
from sociallearn.pulse.models import PulseReply, PulseRound
from sociallearn.pulse.sealing import Answers
from sociallearn.roster.models import Cohort, Member
from tests.conftest import HERE, MEMBERSHIP, Actor, Cast
from tests.insights import making

_NOW = datetime.now(UTC)
WEDNESDAY = (_NOW - timedelta(weeks=14, days=_NOW.weekday() - 2)).replace(hour=10, minute=0, second=0, microsecond=0)


def learners(app: Flask, cast: Cast, count: int) -> list[Actor]:
    """More of them, in a course that began long ago. Who looks at it comes in first: nobody launches in the past."""
    looking = (cast.tess, cast.mona)
    with app.app_context(), transaction() as session:
        cohort = session.get_one(Member, looking[0].member_id).cohort_id
        session.get_one(Cohort, cohort).created_at = WEDNESDAY
    return [Actor(app, HERE, sub=f"l{n}", name=f"L {n}", roles=[MEMBERSHIP + "Learner"]) for n in range(count)]


def cells(app: Flask, at: datetime) -> list[Cell]:
    """What is told of the questions once what is over by then is closed."""
    with app.app_context(), clock.at(at):
        closing.close_all()
        return list(db.session.scalars(select(Cell).where(Cell.what == "pulse").order_by(Cell.since, Cell.key)))


def test_answers_can_be_changed_and_put_off_and_are_told_once(session: Session, cast: Cast) -> None:
    tess, ben, cleo = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo"))
    with pytest.raises(Refusal) as nothing_asked:
        answering.answer(session, by=ben, liked=3)
    assert nothing_asked.value.status == 409
    with clock.at(WEDNESDAY):
        assert pulse.shown(session, ben) is None
        asking.ask(session, tess.cohort, by=tess)
        for member in (ben, cleo):
            assert [wording.sentence(line) for line in notified.page(session, member, None)[0]] == [
                "Two short questions: how do you like learning here together?"
            ]
        assert notified.page(session, tess, None)[0] == []
        answering.answer(session, by=ben, liked=3)
        seen = pulse.shown(session, ben)
        assert seen is not None
        assert (seen.answers, seen.waits, seen.last_day) == (Answers(3), True, WEDNESDAY.date() + timedelta(days=6))
        answering.put_off(session, by=ben)
        assert not pulse.shown(session, ben).waits  # type: ignore[union-attr]
        answering.answer(session, by=ben, found=6)
        answering.answer(session, by=ben, liked=5)
        assert pulse.shown(session, ben).answers == Answers(5, 6)  # type: ignore[union-attr]
        assert notified.count(session, ben) == 0, "who answered has seen it"
        assert notified.count(session, cleo) == 1
        choosing.choose(session, cleo.person, here=[one for one in About if one != About.PULSE], mail=[])
        assert notified.count(session, cleo) == 0
        for wrong in ({}, {"liked": 0}, {"liked": 6}, {"found": 7}):
            with pytest.raises(Refusal) as refused:
                answering.answer(session, by=cleo, **wrong)
            assert refused.value.status == 400
        with pytest.raises(Refusal) as not_asked:
            answering.answer(session, by=tess, liked=3)
        assert not_asked.value.status == 403
        with pytest.raises(Refusal) as again:
            asking.ask(session, tess.cohort, by=tess)
        assert again.value.status == 409
    with clock.at(WEDNESDAY + timedelta(days=7)):
        assert pulse.shown(session, ben) is None
        assert notified.page(session, ben, None)[0] == []
        with pytest.raises(Refusal) as too_late:
            answering.answer(session, by=ben, liked=1)
        assert too_late.value.status == 409
    with clock.at(WEDNESDAY + timedelta(weeks=4)):
        asking.ask(session, tess.cohort, by=tess)
        assert pulse.shown(session, ben).answers == Answers()  # type: ignore[union-attr]
        answering.answer(session, by=ben, liked=1)
        asking.take_back(session, tess.cohort, by=tess)
        assert pulse.shown(session, ben) is None
        assert session.scalars(select(PulseReply.sealed).join(PulseRound).where(PulseRound.told_at.is_(None))).all()
        assert notified.page(session, cleo, None)[0] == []


def test_what_is_kept_says_nothing_without_the_key(app: Flask, session: Session, cast: Cast) -> None:
    tess, ben = cast.tess.member(session), cast.ben.member(session)
    asking.ask(session, tess.cohort, by=tess)
    kept = []
    for act in (
        lambda: answering.answer(session, by=ben, liked=5, found=1),
        lambda: answering.answer(session, by=ben, liked=5, found=1),
        lambda: answering.put_off(session, by=ben),
    ):
        act()
        [row] = session.scalars(select(PulseReply)).all()
        kept.append(row.sealed)
    assert len(set(kept)) == 3
    assert len({len(one) for one in kept}) == 1, "its length would tell"
    assert sealing.unseal(kept[0]) == Answers(5, 1)
    before, app.config["SECRET_KEY"] = app.config["SECRET_KEY"], "another " * 6
    try:
        assert sealing.unseal(kept[0]) == Answers()
    finally:
        app.config["SECRET_KEY"] = before


def test_an_average_of_five_and_nothing_of_four(app: Flask, cast: Cast) -> None:
    """And whoever has it all, of every week, learns no more: the rows are gone and the number never moves."""
    people, mona = learners(app, cast, 6), cast.mona
    with clock.at(WEDNESDAY):
        assert cast.tess.post("/cohort/pulse").status_code == 303
        for n, one in enumerate(people[:5]):
            one.post("/pulse", liked=str(n + 1))
            one.post("/pulse", found="6" if n == 4 else "4")
        people[0].post("/pulse", liked="2")
        people[5].post("/pulse/later")
    monday = WEDNESDAY - timedelta(days=2) + timedelta(weeks=1)
    assert cells(app, WEDNESDAY + timedelta(days=6)) == [], "the week in which it ends is not over"
    [liked] = cells(app, monday + timedelta(weeks=1))  # four found or did not find anybody
    assert (liked.key, liked.number, liked.people) == ("liked", 3.2, 5)
    assert (liked.since, liked.until) == (monday.date(), monday.date() + timedelta(days=6))
    with app.app_context():
        assert db.session.scalars(select(PulseReply)).all() == []
    with clock.at(monday + timedelta(weeks=1)):
        exported = making.read(mona.get(f"/insights/cohorts/{liked.cohort_id}/cells.csv"))
        [row] = [one for one in exported if one["what"] == "pulse"]
        assert (row["key"], row["number"], row["people_in_fives"]) == ("liked", "3.2", "5")
        page = mona.get("/insights").text
        assert "3.2 of 5" in page
        assert "at least 5 people" in page
        assert cast.tess.get("/insights").text.count("3.2") == page.count("3.2"), "a trainer sees the same"
        for path in ("/insights/organisation", f"/insights/cohorts/{liked.cohort_id}/periods?weeks=4"):
            assert "3.2" in mona.get(path).text
    # the next round: one more answers, and the others as before; whoever knows all that still cannot tell the answer
    later = WEDNESDAY + timedelta(weeks=4)
    with clock.at(later):
        assert cast.tess.post("/cohort/pulse").status_code == 303
        for one, said in zip(people, (2, 2, 3, 4, 5, 3), strict=True):
            one.post("/pulse", liked=str(said))
    first, second = cells(app, later + timedelta(weeks=2))
    assert (first.id, first.number, first.people) == (liked.id, 3.2, 5)
    assert (second.number, second.people) in {(round((19 - out) / 5, 1), 5) for out in (2, 3, 4, 5)}
    more = round(5 * second.number) - 16  # what came in, minus what was left out
    assert len([said for said in range(1, 6) if said - more in range(1, 6)]) >= 3
    # four of them: no figure, and the page says no more than that
    third = WEDNESDAY + timedelta(weeks=8)
    with clock.at(third):
        cast.tess.post("/cohort/pulse")
        for one in people[:4]:
            one.post("/pulse", liked="1", found="1")
    assert len(cells(app, third + timedelta(weeks=2))) == 2


def test_a_course_that_ends_in_the_week_is_told_at_its_end(app: Flask, cast: Cast) -> None:
    people = learners(app, cast, 5)
    with clock.at(WEDNESDAY):
        cast.tess.post("/cohort/pulse")
        for one in people:
            one.post("/pulse", liked="4", found="3")
        with app.app_context(), transaction() as session:
            cohort = session.get_one(Cohort, session.get_one(Member, cast.tess.member_id).cohort_id)
            cohort.archived_at = clock.now()
        assert 'id="pulse"' not in people[0].get("/feed").text
        assert people[0].post("/pulse", liked="1").status_code == 403
    tuesday = WEDNESDAY + timedelta(days=6)
    found = cells(app, tuesday)
    assert [(one.key, one.number) for one in found] == [("found", 3.0), ("liked", 4.0)]
    with clock.at(tuesday):  # the course goes on: what was told stays told, and no second round follows so soon
        with app.app_context(), transaction() as session:
            session.get_one(Cohort, found[0].cohort_id).archived_at = None
        assert "Open until" not in cast.tess.get("/cohort/pulse").text
        assert people[0].post("/pulse", liked="1").status_code == 409
        cast.tess.post("/cohort/pulse/withdrawal")
        assert cast.tess.post("/cohort/pulse").status_code == 409
    with app.app_context(), clock.at(WEDNESDAY + timedelta(weeks=3)):
        [told] = reading.told(db.session(), [db.session.get_one(Cohort, found[0].cohort_id)], None)
        assert told.figures.pulse is not None


def test_pages(cast: Cast) -> None:
    for actor in (cast.ben, cast.cleo, cast.dora):
        actor.post("/agreements/read", number="1")  # one card at a time
    assert "Open for a week" in cast.tess.get("/cohort/pulse").text
    for actor in (cast.ben, cast.mona, cast.omar):
        assert actor.get("/cohort/pulse").status_code == 403
        assert actor.post("/cohort/pulse").status_code == 403
        assert actor.post("/cohort/pulse/withdrawal").status_code == 403
    cast.tess.post("/cohort/pulse")
    assert "Open until" in cast.tess.get("/cohort/pulse").text
    for actor in (cast.tess, cast.mona, cast.omar, cast.otto):
        assert 'id="pulse"' not in actor.get("/feed").text
    for actor, status in ((cast.tess, 403), (cast.mona, 403), (cast.omar, 403), (cast.otto, 409)):
        assert actor.post("/pulse", liked="3").status_code == status
        assert actor.post("/pulse/later").status_code == status
    assert cast.tara.post("/cohort/pulse/withdrawal").status_code == 303
    page = cast.ben.get("/feed").text
    assert 'id="pulse"' in page
    assert page.index('id="pulse"') < page.index('id="write"')
    for form, pressed in (({"liked": "4"}, 1), ({"found": "2"}, 2)):  # two clicks
        there = cast.ben.post("/pulse", **form).location
        assert there.endswith("/feed?pulse=1#pulse")
        assert cast.ben.get("/feed?pulse=1").text.count('aria-pressed="true"') == pressed
    page = cast.ben.get("/feed").text
    assert 'id="pulse"' not in page
    assert "Change your answers" in page
    assert cast.ben.post("/pulse", liked="9").status_code == 400
    cast.cleo.post("/pulse/later")
    page = cast.cleo.get("/feed").text
    assert 'id="pulse"' not in page
    assert "Change your answers" not in page
    there = re.search(r'href="([^"]*pulse=1#pulse)"', cast.cleo.get("/notifications").text)
    assert there
    assert 'id="pulse"' in cast.cleo.get(there[1].partition("#")[0]).text, "the way back to it"
    assert cast.tess.post("/cohort/pulse/withdrawal").status_code == 303
    assert 'id="pulse"' not in cast.dora.get("/feed").text


@pytest.mark.parametrize("what", ["ask", "answer"])
def test_two_at_once(app: Flask, cast: Cast, what: str) -> None:
    tess, people = cast.tess, learners(app, cast, 6)
    gate = threading.Barrier(6)
    if what == "answer":
        tess.post("/cohort/pulse")

    def at_once(act: Callable[[], object]) -> threading.Thread:
        thread = threading.Thread(target=lambda: (gate.wait(20), act()))
        thread.start()
        return thread

    acts = [lambda one=one: one.post("/pulse", liked="3") for one in (people[0], people[0], *people[1:5])]
    if what == "ask":
        acts = [lambda: Actor(app, HERE, sub="tess", roles=[MEMBERSHIP + "Instructor"]).post("/cohort/pulse")] * 6
    for thread in [at_once(act) for act in acts]:
        thread.join(60)
    with app.app_context():
        assert len(db.session.scalars(select(PulseRound)).all()) == 1
        kept = db.session.scalars(select(PulseReply.sealed)).all()
        assert [sealing.unseal(one).liked for one in kept] == ([3] * 5 if what == "answer" else [])
