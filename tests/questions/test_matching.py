"""Questions like the one being typed: what is found, by whom, and that they can answer it."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, event, func, select

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.posts.models import Draft
from sociallearn.questions import indexing, settling
from sociallearn.questions.models import QuestionStem, Settled
from sociallearn.roster import grouping
from tests.conftest import Actor, Cast

ASKED = "Hoe reset ik mijn wachtwoord van de beeldbank?"
TYPED = "Wachtwoord beeldbank resetten"


def ask(who: Actor, title: str = ASKED, body: str = "Ik raak er niet meer in.", **more: str) -> str:
    answer = who.post("/questions", title=title, body=body, **more)
    assert answer.status_code == 303, answer.text
    return str(answer.location.rpartition("/")[2])


def answer(who: Actor, question: str, body: str) -> str:
    return str(who.post(f"/questions/{question}/answers", body=body).location.rpartition("-")[2])


def look(who: Actor, title: str = TYPED, body: str = "") -> list[str]:
    """The titles found."""
    response = who.post("/questions/alike", title=title, body=body)
    assert response.status_code == 200
    return re.findall(r'<h3 dir="auto"><a href="[^"]+">([^<]+)</a>', response.text)


@pytest.fixture
def talk(cast: Cast) -> Cast:
    """A cohort in which other things are asked too."""
    for who, title in (
        (cast.ben, "Waar kan ik parkeren?"),
        (cast.dora, "Wanneer begint de les?"),
        (cast.ben, "Who made the map of the building?"),
        (cast.tess, "Welke woordenlijst gebruikt de redactie?"),
    ):
        ask(who, title, "Graag wat hulp hierbij.")
    return cast


def test_what_was_answered_is_found_with_its_state_and_how_the_answer_begins(talk: Cast) -> None:
    question = ask(talk.ben)
    response = talk.cleo.post("/questions/alike", title=TYPED, body="")
    assert "Unanswered" in response.text
    assert "This answers my question" not in response.text
    answer(talk.dora, question, "Vraag het aan de helpdesk.")
    best = answer(talk.cleo, question, "Klik op *wachtwoord vergeten* onder het scherm.")
    response = talk.cleo.post("/questions/alike", title=TYPED, body="")
    assert "2 answers" in response.text
    assert "Vraag het aan de helpdesk." in response.text
    talk.dora.post(f"/posts/{best}/reactions", give="thanks")
    assert "Klik op wachtwoord vergeten" in talk.cleo.post("/questions/alike", title=TYPED, body="").text
    talk.ben.post(f"/questions/{question}/acceptance", answer_id=best)
    response = talk.cleo.post("/questions/alike", title=TYPED, body="")
    assert "Accepted answer" in response.text
    assert f"/questions/{question}" in response.text
    assert "1 question like yours" in response.text
    assert look(talk.cleo, "Kan iemand mij een goede film aanraden?") == []
    assert look(talk.cleo, "Hoe dan?") == []


def test_it_follows_every_change_in_the_same_moment(talk: Cast) -> None:
    question = ask(talk.ben)
    assert look(talk.cleo) == [ASKED]
    talk.ben.post(f"/posts/{question}/edit", title="Wie kent een fotograaf?", body="Voor de opening.", version="1")
    assert look(talk.cleo) == []
    assert look(talk.cleo, "Een fotograaf voor de opening") == ["Wie kent een fotograaf?"]
    talk.ben.post(f"/posts/{question}/edit", title=ASKED, body="Help.", version="2")
    for away, back, who in (("deletion", "deletion/withdrawal", talk.ben), ("hiding", "hiding/withdrawal", talk.tess)):
        assert who.post(f"/posts/{question}/{away}", reason="Because.").status_code == 303
        assert look(talk.cleo) == [], away
        assert who.post(f"/posts/{question}/{back}", reason="Sorry.").status_code == 303
        assert look(talk.cleo) == [ASKED], back


def test_only_what_the_person_may_see(app: Flask, talk: Cast) -> None:
    people = (talk.ben, talk.tess, talk.cleo, talk.dora, talk.otto, talk.zoe)
    assert all(who.token for who in people)
    with app.test_request_context(), transaction() as session:
        blue, red = (grouping.make(session, talk.tess.member(session).cohort, name) for name in ("Blue", "Red"))
        grouping.add(session, blue, [talk.ben.member(session)])
        grouping.add(session, red, [talk.cleo.member(session)])
        key = f"g{blue.id}"
    question = ask(talk.ben, space=key)
    for who, found in (
        (talk.ben, [ASKED]),
        (talk.tess, [ASKED]),
        (talk.cleo, []),  # of the other group
        (talk.dora, []),
        (talk.otto, []),  # of another cohort
        (talk.zoe, []),  # of another organisation
    ):
        assert look(who) == found
    for who in (talk.mona, talk.omar):  # they only read: nothing to type
        assert who.post("/questions/alike", title=TYPED, body="").status_code == 403
    for who in (talk.cleo, talk.otto, talk.zoe):
        assert who.post("/questions/settled", typed_title=TYPED, typed_body="", alike_id=question).status_code == 409


def test_informal_talk_is_never_indexed(app: Flask, talk: Cast) -> None:
    talk.tess.post("/cohort/spaces", name="Coffee", tone="informal", keep_days="7")
    [key] = re.findall(r'<option value="(s\d+)"', talk.ben.get("/feed").text)
    question = ask(talk.ben, space=key)
    assert look(talk.cleo) == []
    with app.app_context(), transaction() as session:
        assert indexing.catch_up(session) == 0
        assert session.scalar(select(func.count()).where(QuestionStem.post_id == int(question))) == 0


def test_what_was_asked_before_there_was_an_index_is_caught_up_with(app: Flask, talk: Cast) -> None:
    gone = ask(talk.ben, "Een vraag die weg is")
    talk.ben.post(f"/posts/{gone}/deletion")
    ask(talk.ben)
    with app.app_context(), transaction() as session:
        session.execute(delete(QuestionStem))
    assert look(talk.cleo) == []
    with app.app_context(), transaction() as session:
        assert indexing.catch_up(session) == 5
        assert indexing.catch_up(session) == 0
    assert look(talk.cleo) == [ASKED]


def test_it_answers_the_question_and_that_can_be_undone(app: Flask, talk: Cast) -> None:
    question, other = ask(talk.ben), ask(talk.ben, "Wat is het wachtwoord van de beeldbank?")
    talk.cleo.post("/drafts", place="questions", title=TYPED, body="Ik ben het *vergeten*.")
    typed = {"typed_title": TYPED, "typed_body": "Ik ben het *vergeten*."}
    settled = talk.cleo.post("/questions/settled", **typed, alike_id=question)
    again = talk.cleo.post("/questions/settled", **typed, alike_id=question)  # from a second tab
    assert settled.location == again.location
    page = talk.cleo.get(settled.location).text
    assert "answered before you asked it" in page
    [undo] = re.findall(r'action="(/s/[^"]+/questions/settled/\d+/withdrawal)"', page)
    with app.app_context():
        assert db.session.scalars(select(Draft.place)).all() == []
        row = db.session.scalars(select(Settled)).one()
        assert (row.alike_id, row.title, row.member_id) == (int(question), TYPED, talk.cleo.member_id)
        assert settling.count(db.session(), row.cohort_id) == 1
        assert settling.count(db.session(), row.cohort_id + 1) == 0
    assert "Answered before they were asked" in talk.dora.get("/questions/promise").text
    number = undo.split("/")[-2]
    assert talk.dora.post(f"/questions/settled/{number}/withdrawal").status_code == 404
    assert talk.cleo.post(undo).location.endswith("/questions/new")
    assert TYPED in talk.cleo.get("/questions/new").text
    assert "Ik ben het *vergeten*." in talk.cleo.get("/questions/new").text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Settled)) == 0
    assert talk.cleo.post(undo).status_code == 404
    # a question begun since then is not overwritten
    row = talk.cleo.post("/questions/settled", **typed, alike_id=other)
    talk.cleo.post("/drafts", place="questions", title="Something else", body="entirely")
    number = row.location.rpartition("=")[2]
    assert talk.cleo.post(f"/questions/settled/{number}/withdrawal").status_code == 303
    assert "Something else" in talk.cleo.get("/questions/new").text


def test_what_was_typed_is_forgotten_after_a_day_and_the_count_stays(app: Flask, talk: Cast) -> None:
    question = ask(talk.ben)
    talk.cleo.post("/questions/settled", typed_title=TYPED, typed_body="Long story.", alike_id=question)
    with app.app_context(), transaction() as session:
        settling.forget_texts(session)
        assert session.scalars(select(Settled.body)).all() == ["Long story."]
        with clock.at(clock.now() + timedelta(days=2)):
            settling.forget_texts(session)
        session.expire_all()
        assert session.scalars(select(Settled.body)).all() == [""]


def test_a_question_that_went_meanwhile_answers_nothing_and_no_text_is_lost(talk: Cast) -> None:
    question = ask(talk.ben)
    talk.ben.post(f"/posts/{question}/deletion")
    refused = talk.cleo.post("/questions/settled", typed_title=TYPED, typed_body="My long story.", alike_id=question)
    assert refused.status_code == 409
    assert "My long story." in refused.text
    for wrong in ("", "x", "0", "999999", "-1"):
        answer = talk.cleo.post("/questions/settled", typed_title=TYPED, typed_body="b", alike_id=wrong)
        assert answer.status_code == 409
    assert talk.cleo.post("/questions/settled", typed_title=" ", typed_body="", alike_id=question).status_code == 422


@pytest.mark.parametrize("title", ["", " ", "%_'\"\\", "\ud83d\ude00" * 60, "x" * 5000, "a b " * 400, "\u200b"])
def test_whatever_is_typed_is_taken(talk: Cast, title: str) -> None:
    assert look(talk.cleo, title.encode("utf-16", "surrogatepass").decode("utf-16"), "y " * 9000) == []


def test_without_a_script_the_form_comes_back_with_what_was_found(talk: Cast) -> None:
    question = ask(talk.ben)
    answer(talk.dora, question, "Klik op wachtwoord vergeten.")
    page = talk.cleo.post("/questions/look", title=TYPED, body="Mijn verhaal.")
    assert page.status_code == 200
    assert "1 question like yours" in page.text
    assert page.text.count("Mijn verhaal.") == 2  # in the form, and with what can be settled
    assert f'form="settling" name="alike_id" value="{question}"' in page.text
    assert "No question here is like yours yet." in talk.cleo.post("/questions/look", title="Kameel", body="").text
    # the first button of the form still asks
    composer = page.text[page.text.index('class="composer"') : page.text.index("</form>", page.text.index("composer"))]
    buttons = [
        found for found in re.findall(r"<button[^>]*>", composer) if "type=" not in found and "form=" not in found
    ]
    assert "formaction" not in buttons[0]


def test_a_look_costs_the_same_few_statements_however_much_there_is(app: Flask, talk: Cast) -> None:
    def statements() -> int:
        seen: list[str] = []
        with app.app_context():
            engine = db.engine

            def listener(*args: object) -> None:
                seen.append(str(args[2]))

        event.listen(engine, "before_cursor_execute", listener)
        try:
            assert look(talk.cleo)
        finally:
            event.remove(engine, "before_cursor_execute", listener)
        return len(seen)

    answer(talk.dora, ask(talk.ben), "Klik.")
    look(talk.cleo)
    few = statements()
    for number in range(12):
        answer(talk.cleo, ask(talk.dora, f"{ASKED} ({number})"), "Klik hier.")
    assert statements() == few
