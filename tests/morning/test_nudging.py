"""A friendly word: in the learner's language, once a week whoever writes, and never to who left."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.errors import Refusal
from sociallearn.grades import reviewing
from sociallearn.grades.models import GradeReview
from sociallearn.morning import nudging
from sociallearn.notifications import choosing, marking, reading, wording
from sociallearn.notifications.models import About, FriendlyNudge, Need, Notification
from sociallearn.roster.models import Member
from tests.conftest import HERE, Actor, Cast, person
from tests.lms import MEMBERSHIP

WORDS = {"en": "Good to have you here.", "nl": "Fijn dat je erbij bent."}


@pytest.fixture
def people(session: Session, cast: Cast) -> dict[str, Member]:
    """The cast as members of this session."""
    return {name: getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora")}


def lines(session: Session, member: Member) -> list[tuple[str, str, str]]:
    """What a member reads of what concerns them alone."""
    found = reading.page(session, member, None)[0]
    return [(wording.sentence(one), one.words, one.goal) for one in found if one.about == About.WORD]


def test_each_reads_it_in_their_language_once_a_week(session: Session, people: dict[str, Member]) -> None:
    tess, ben, cleo, dora = (people[name] for name in ("tess", "ben", "cleo", "dora"))
    cleo.person.language = "nl"
    dora.left_at = clock.now()
    session.flush()
    ids = [one.id for one in (ben, cleo, dora, tess)]
    sent = nudging.write(session, ids, by=tess, need=Need.SILENT, words=WORDS)
    assert [one.member_id for one in sent] == [ben.id, cleo.id], "not to who left, nor to trainers"
    assert lines(session, ben) == [("Tess Test wrote to you", WORDS["en"], "feed")]
    assert lines(session, cleo) == [("Tess Test wrote to you", WORDS["nl"], "feed")]
    assert [one.words for one in reading.to_mail(session, cleo)] == [WORDS["nl"]]
    with pytest.raises(Refusal) as refused:
        nudging.write(session, [ben.id], by=tess, need=Need.QUIET, words=WORDS)
    assert (refused.value.status, "Tess Test wrote to Ben Test" in refused.value.sentence) == (409, True)
    with clock.at(clock.now() + timedelta(days=7, minutes=1)):
        assert len(nudging.write(session, ids, by=tess, need=Need.UNANSWERED, words=WORDS)) == 2
        assert lines(session, ben)[0][2] == "questions"
    for who in (ben, cleo):
        with pytest.raises(Refusal):
            nudging.write(session, [dora.id], by=who, need=Need.SILENT, words=WORDS)


def test_it_can_be_turned_off_and_taken_back(session: Session, people: dict[str, Member]) -> None:
    tess, ben, cleo = people["tess"], people["ben"], people["cleo"]
    others = [about for about in About if about != About.WORD]
    choosing.choose(session, ben.person, here=others, mail=others)
    sent = nudging.write(session, [ben.id, cleo.id], by=tess, need=Need.SILENT, words=WORDS)
    assert lines(session, ben) == []
    assert reading.count(session, cleo) == 1
    rows = reading.page(session, cleo, None)[0][0].ids
    marking.read(session, cleo, max(rows), None)
    assert nudging.take_back(session, sent[0], by=tess) == 1, "what was read stays"
    assert session.scalars(select(FriendlyNudge.member_id)).all() == [cleo.id]
    with pytest.raises(Refusal):
        nudging.take_back(session, sent[1], by=tess)
    late = nudging.write(session, [ben.id], by=tess, need=Need.SILENT, words=WORDS)[0]
    with clock.at(clock.now() + timedelta(minutes=11)), pytest.raises(Refusal):
        nudging.take_back(session, late, by=tess)


def test_an_answer_about_a_score_is_told(session: Session, people: dict[str, Member]) -> None:
    tess, ben = people["tess"], people["ben"]
    asked = GradeReview(cohort_id=ben.cohort_id, member_id=ben.id, period="w1", words="Really?")
    session.add(asked)
    session.flush()
    assert lines(session, ben) == []
    reviewing.answer(session, asked, by=tess, words="Yes: it was two words short.")
    assert lines(session, ben) == [("Tess Test answered what you asked about your score", "", "participation")]
    session.flush()
    told = select(func.count()).where(Notification.event == f"review:{asked.id}")
    assert session.scalar(told) == 1


def test_two_trainers_at_once_write_once(app: Flask, cast: Cast) -> None:
    other = Actor(app, HERE, sub="tom", roles=[MEMBERSHIP + "Instructor"], **person("tom"))
    to = [cast.ben.member_id, cast.cleo.member_id]
    gate, found = threading.Barrier(2), []

    def send(member_id: int) -> None:
        with app.test_request_context("/", method="POST"):
            gate.wait()
            try:
                with transaction() as session:
                    by = session.get_one(Member, member_id)
                    found.append(len(nudging.write(session, to, by=by, need=Need.SILENT, words=WORDS)))
            except Refusal as refusal:
                found.append(refusal.status)

    threads = [threading.Thread(target=send, args=(one,)) for one in (cast.tess.member_id, other.member_id)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [2, 409]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(FriendlyNudge)) == 2


def test_the_pages(cast: Cast) -> None:
    ben, cleo, tess = cast.ben, cast.cleo, cast.tess
    cleo.post("/language", language="nl")
    form = tess.get(f"/today/word?why=silent&to={ben.member_id}&to={cleo.member_id}").text
    assert "Good to have you here." in form
    assert "Fijn dat je erbij bent." in form
    about = {"why": "silent", "to": [ben.member_id, cleo.member_id]}
    missing = tess.post("/today/word", **about, words_en="Mine alone.", words_nl=" ")
    assert missing.status_code == 422
    assert "Mine alone." in missing.text
    sent = tess.post("/today/word", **about, words_en="Hello there.", words_nl="Dag daar.")
    assert sent.status_code == 303
    assert "Hello there." in ben.get("/notifications").text
    assert "Tess Test schreef je" in cleo.get("/notifications").text
    assert "Dag daar." in cleo.get("/notifications/digest").text
    again = tess.post("/today/word", **about, words_en="Once more.", words_nl="Nog eens.")
    assert again.status_code == 409
    assert "Once more." in again.text, "what was typed is not lost"
    assert "Tess Test wrote to Ben Test" in tess.get(f"/today/word?to={ben.member_id}").text
    for nobody in (cast.otto, cast.zoe, cast.mona):
        assert tess.get(f"/today/word?to={nobody.member_id}").status_code == 404
    for who in (ben, cast.mona):
        assert who.get(f"/today/word?to={cast.dora.member_id}").status_code == 403
        assert who.post("/today/word", to=cast.dora.member_id, words_en="Hm.").status_code == 403
    undo = sent.location.partition("undo=")[2]
    assert cast.tara.post(f"/today/words/{undo}/withdrawal").status_code == 404
    assert tess.post(f"/today/words/{undo}/withdrawal").status_code == 303
    assert "Hello there." not in ben.get("/notifications").text
