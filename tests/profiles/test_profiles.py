"""People: one's own page, somebody else's, and people one has not met."""

import re
from datetime import timedelta

import pytest
from flask import Flask, g
from sqlalchemy import event, select, update

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.posts import deciding
from sociallearn.posts.models import Post, Visibility
from sociallearn.profiles import meeting
from sociallearn.questions import accepting, marking
from sociallearn.roster import grouping, spaces
from sociallearn.roster.models import Member, Person, Role
from tests import make
from tests.conftest import Actor, Cast
from tests.questions import town


@pytest.fixture(autouse=True)
def everybody(cast: Cast) -> None:
    """Everybody is in."""
    for name in ("tess", "ben", "cleo", "dora", "mona", "otto"):
        getattr(cast, name)


def main(actor: Actor, path: str) -> str:
    """What a page says."""
    answer = actor.get(path)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text.split("<main", 1)[1].split("</main>")[0]


def section(page: str, name: str) -> str:
    """A part of it, empty where it is not there."""
    found = re.search(rf'<section aria-labelledby="{name}">.*?</section>', page, re.DOTALL)
    return found[0] if found else ""


def test_whom_one_helped_and_by_whom_stands_on_ones_own_page_alone(app: Flask, cast: Cast) -> None:
    with app.app_context():
        question = town.ask(cast.ben.member_id, "Who can plan?")
        best = town.answer(question, cast.cleo.member_id, "Begin at the end.")
        town.answer(question, cast.dora.member_id, "Begin early.")
        town.answer(question, cast.ben.member_id, "Thanks, all of you.")  # to oneself: nobody is helped
        asked = town.ask(cast.tess.member_id, "Where is the list?")
        useful = town.answer(asked, cast.dora.member_id, "On the drive.")
        with transaction() as session:
            ben = session.get_one(Member, cast.ben.member_id)
            accepting.accept(session, session.get_one(Post, question), session.get_one(Post, best), by=ben)
            marking.helped(session, session.get_one(Post, useful), by=ben)
    gave = section(main(cast.cleo, "/me"), "gave")
    assert re.search("Ben Test.*Who can plan[?].*Accepted answer", gave, re.DOTALL)
    got = section(main(cast.ben, "/me"), "got")
    assert got.index("Dora Test") < got.index("Cleo Test")  # the newest first: no ranking
    assert re.search('Where is the list[?]</a>\\s*<span class="tag">Helped you', got)
    assert "Ben Test" not in section(main(cast.ben, "/me"), "gave")
    assert {"Ben Test", "Tess Test"} <= set(re.findall(r"\w+ Test", section(main(cast.dora, "/me"), "gave")))
    for reader in (cast.dora, cast.tess):
        assert "Ben Test" not in main(reader, f"/people/{cast.cleo.member_id}")
    with app.app_context():
        town.decide(best, Visibility.HIDDEN, cast.tess.member_id)
        with transaction() as session:
            marking.take_help(session, session.get_one(Post, useful), by=session.get_one(Member, cast.ben.member_id))
    assert "Ben Test" not in section(main(cast.cleo, "/me"), "gave")
    assert re.findall(r"\w+ Test", section(main(cast.ben, "/me"), "got")) == ["Dora Test"]
    assert "Helped you" not in section(main(cast.ben, "/me"), "got")


def test_who_helped_nobody_yet_finds_what_nobody_answered(app: Flask, cast: Cast) -> None:
    with app.app_context():
        town.answer(town.ask(cast.ben.member_id, "Answered already"), cast.dora.member_id)
        waits = town.ask(cast.ben.member_id, "Still waiting")
    gave = section(main(cast.cleo, "/me"), "gave")
    assert f"/questions/{waits}#write" in gave
    assert "Answered already" not in gave
    assert "Still waiting" not in section(main(cast.ben, "/me"), "gave")
    assert "answered anybody yet." in section(main(cast.mona, "/me"), "gave")  # who only reads is asked nothing


def test_people_one_has_not_met_are_of_other_units_and_the_same_all_day(app: Flask, cast: Cast) -> None:
    monday = town.local("2027-03-08T09:00")
    with app.test_request_context("/"), transaction() as session, clock.at(monday):
        g.seat_path = "/s/seat"
        ben = session.get_one(Member, cast.ben.member_id)
        crowd = [session.get_one(Member, one) for one in town.people(session, ben, 24)]
        texts = {one.id: make.post(session, one, f"I am new here, in #room{one.id % 2}.") for one in crowd}
        for place, one in enumerate([ben, *crowd]):
            grouping.set_unit(session, one, "Sales" if place % 2 else "Press")
        others = [one.id for one in crowd if one.unit_id != ben.unit_id]
        left, invited, pretended, locked, replied, answered, silent, trains, *met = others
        session.get_one(Member, left).left_at = clock.now()
        session.get_one(Member, invited).joined_at = None
        session.get_one(Member, pretended).is_test = True
        session.get_one(Member, trains).role = "trainer"
        deciding.lock(session, texts[locked], by=session.get_one(Member, cast.tess.member_id), reason="So.")
        make.reply(session, texts[replied], ben, "Welcome!")
        make.reply(session, make.post(session, ben, "Who is in? #room1"), session.get_one(Member, answered), "I am.")
        group = grouping.make(session, ben.cohort, "Table one")
        texts[silent].space_id = spaces.of_group(session, group).id
        session.flush()

        def strangers(hours: int) -> list[int]:
            with clock.at(monday + timedelta(hours=hours)):
                found = meeting.strangers(session, ben)
            assert found.of_other_units
            assert all((one.topic is not None) == (one.member_id % 2 == 1) for one in found.people)
            return [one.member_id for one in found.people]

        assert len(met) == 4
        assert set().union(*(strangers(24 * day) for day in range(12))) == set(met)
        assert strangers(0) == strangers(14)
        assert len({tuple(strangers(24 * day)) for day in range(12)}) > 4
        for one in met:
            make.reply(session, texts[one], ben, "Hello.")
        rest = meeting.strangers(session, ben)
        assert not rest.of_other_units
        assert {session.get_one(Member, one.member_id).unit_id for one in rest.people} == {ben.unit_id}
    hello = section(main(cast.ben, "/me"), "strangers")
    assert "People you have not met" in hello
    assert re.search(r'href="/s/[^"]*/posts/\d+#write"', hello)


def test_others_see_what_one_says_and_wrote_for_them(app: Flask, cast: Cast) -> None:
    page = f"/people/{cast.cleo.member_id}"
    assert cast.cleo.post("/me", about="Loud &  <b>early</b>").status_code == 303
    assert "Loud &amp; &lt;b&gt;early&lt;/b&gt;" in main(cast.ben, page)
    assert cast.mona.get(page).status_code == 404  # who only reads knows nobody who wrote nothing
    assert cast.otto.get(page).status_code == 404
    assert cast.ben.get("/people/999999").status_code == 404
    with app.app_context(), transaction() as session:
        cleo, ben = (session.get_one(Member, one.member_id) for one in (cast.cleo, cast.ben))
        group = grouping.make(session, cleo.cohort, "Table one")
        grouping.add(session, group, [cleo])
        for number in range(21):
            make.post(session, cleo, f"For everybody {number}.")
        within = make.post(session, cleo, "For us alone.")
        within.space_id = spaces.of_group(session, group).id
        session.get_one(Member, town.people(session, ben, 1)[0]).joined_at = None
        invited = max(session.scalars(select(Member.id)))
    for reader, sees in ((cast.ben, False), (cast.mona, False), (cast.tess, True), (cast.cleo, True)):
        text = main(reader, page)
        assert "For everybody 20." in text
        assert ("For us alone." in text) == sees
        assert ("Table one" in text) == sees
        assert "@x.org" not in text
        assert "have not met" not in text
    older = re.search(r'rel="next" href="([^"]+)"', main(cast.ben, page))
    assert older
    assert "For everybody 0." in main(cast.ben, older[1])
    assert cast.tess.get(f"/people/{invited}").status_code == 404
    assert f'href="/s/{cast.ben.seat}/people/{cast.cleo.member_id}">Cleo Test</a>' in main(cast.ben, "/feed")
    praised = cast.ben.post("/feed", more="praise", praised=str(cast.cleo.member_id)).text
    assert f'<option value="{cast.cleo.member_id}" selected>' in praised
    with app.app_context(), transaction() as session:
        session.get_one(Member, cast.cleo.member_id).left_at = clock.now()
    gone = main(cast.ben, page)
    assert "No longer in this course." in gone
    assert "For everybody 20." in gone
    assert "Loud" not in gone


def test_who_left_without_a_text_is_nobody_to_learners(app: Flask, cast: Cast) -> None:
    page = f"/people/{cast.dora.member_id}"
    assert cast.ben.get(page).status_code == 200
    with app.app_context(), transaction() as session:
        session.get_one(Member, cast.dora.member_id).left_at = clock.now()
    assert cast.ben.get(page).status_code == 404
    assert "No longer in this course" in main(cast.tess, page)


def test_a_line_is_short_comes_back_and_goes_again(cast: Cast) -> None:
    long = "very " * 40
    refused = cast.ben.post("/me", about=long)
    assert refused.status_code == 422
    assert long.strip() in refused.text
    assert "At most 140 characters." in refused.text
    assert cast.mona.post("/me", about="I see all").status_code == 403
    cast.ben.post("/me", about="At the front desk")
    cast.ben.post("/me", about="At the back desk")
    assert 'value="At the back desk"' in main(cast.ben, "/me")
    cast.ben.post("/me", about=" ")
    assert "back desk" not in main(cast.ben, "/me") + main(cast.cleo, f"/people/{cast.ben.member_id}")
    cast.ben.post("/me", about="At the front desk")
    assert cast.tess.post("/cohort/set-up/archive").status_code == 303
    assert "Take it away" in main(cast.ben, "/me")
    assert cast.ben.post("/me", about="Elsewhere").status_code == 403
    assert cast.ben.post("/me/withdrawal").status_code == 303
    assert "front desk" not in main(cast.ben, "/me") + main(cast.cleo, f"/people/{cast.ben.member_id}")


def test_pages_need_no_more_queries_for_more_people_and_texts(app: Flask, cast: Cast) -> None:
    def statements() -> int:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            main(cast.ben, "/me")
            main(cast.ben, f"/people/{cast.cleo.member_id}")
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    def talk(number: int) -> None:
        with app.app_context(), transaction() as session:
            ben, cleo = (session.get_one(Member, one.member_id) for one in (cast.ben, cast.cleo))
            for one in [cleo, *(session.get_one(Member, each) for each in town.people(session, ben, number))]:
                make.reply(session, make.question(session, one, f"Who {one.id}?"), ben, "I do.")
                make.reply(session, make.question(session, ben, f"And {one.id}?"), one, "I do.")
            for each in town.people(session, ben, 4, Role.OBSERVER):  # whom he has not met
                stranger = session.get_one(Member, each)
                stranger.role = Role.LEARNER
                make.post(session, stranger, f"Hello from {each}.")

    talk(2)
    few = statements()
    with app.app_context(), transaction() as session:
        session.execute(update(Person).values(sub=Person.sub + "-earlier", name=Person.name))
    talk(12)
    assert statements() == few
