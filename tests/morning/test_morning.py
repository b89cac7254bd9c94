"""The morning page: what waits for one trainer, each thing once, and nothing that is not theirs to see."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask, g
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.grades.models import Delivery, DeliveryState, GradeReview
from sociallearn.ideas.models import IdeaRound
from sociallearn.moderation import reporting
from sociallearn.moderation.models import Reason
from sociallearn.morning import reading
from sociallearn.notifications.models import Need
from sociallearn.posts import deciding
from sociallearn.posts.models import Visibility
from sociallearn.questions import accepting, escalating, offering
from sociallearn.roster.models import Member, Placement
from sociallearn.starters import opening
from sociallearn.starters.opening import Wanted
from tests import make
from tests.conftest import Actor, Cast


@pytest.fixture
def people(session: Session, cast: Cast) -> dict[str, Member]:
    """The cast as members of this session, in whose seat the page is asked for."""
    g.seat_path = "/s/here"
    return {name: getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora")}


def names(hands: reading.Hands, need: Need) -> list[str]:
    return [one.name for one in hands.of(need)]


def test_a_question_shows_as_its_time_runs_out_and_goes_with_an_answer_by_somebody_else(
    session: Session, people: dict[str, Member]
) -> None:
    tess, ben, cleo = people["tess"], people["ben"], people["cleo"]
    question = make.question(session, ben)
    other = make.question(session, cleo, "And what else?")
    now = clock.now()
    with clock.at(now + timedelta(hours=13)):
        found = reading.morning(session, tess).questions
        assert [one.post.id for one in found.rows] == [question.id, other.id]
        assert found.rows[0].clock is not None
        assert found.rows[0].clock.is_missed
        assert found.rows[0].may_write
        assert found.rows[0].may_ask, "the step that asks helpers waits for its sweep"
        make.reply(session, question, ben, "Nobody? I go on looking.")
        assert reading.morning(session, tess).questions.count == 2, "one's own answer is none"
        make.reply(session, question, cleo)
        assert [one.post.id for one in reading.morning(session, tess).questions.rows] == [other.id]
        accepting.accept(session, other, make.reply(session, other, cleo, "Found it."), by=cleo)
        assert reading.morning(session, tess).questions.count == 0, "whoever asked found it"
    hidden = make.question(session, ben, "Hm?")
    deciding.decide(session, hidden, Visibility.HIDDEN, by=tess, reason="Not here.")
    with clock.at(now + timedelta(hours=13)):
        assert reading.morning(session, tess).questions.count == 0


def test_reports_are_not_told_to_the_trainer_they_are_about(
    session: Session, cast: Cast, people: dict[str, Member]
) -> None:
    tess, ben = people["tess"], people["ben"]
    about_tess, about_ben = make.post(session, tess), make.post(session, ben, "Hm.")
    for post in (about_tess, about_ben):
        reporting.report(session, post, by=people["cleo"], reason=Reason.OTHER, words="Look.")
    assert reading.morning(session, tess).reports.count == 1


def test_scores_and_requests_are_for_trainers_who_grade(session: Session, people: dict[str, Member]) -> None:
    tess, ben = people["tess"], people["ben"]
    placement = session.scalars(select(Placement).where(Placement.cohort_id == tess.cohort_id)).first()
    assert placement is not None
    now = clock.now()
    session.query(Delivery).delete()
    session.add(
        Delivery(cohort_id=tess.cohort_id, placement_id=placement.id, member_id=ben.id, state=DeliveryState.REFUSED,
                 grade=0.5, comment="", next_at=now, problem="refused")
    )  # fmt: skip
    session.add(GradeReview(cohort_id=tess.cohort_id, member_id=ben.id, period="w1", words="Really?"))
    session.flush()
    found = reading.morning(session, tess)
    assert (found.failing, found.reviews.count) == (1, 1)
    assert not found.is_clear
    tess.may_grade = False
    found = reading.morning(session, tess)
    assert (found.failing, found.reviews.count, found.closing) == (0, 0, None)


def test_who_needs_a_hand(session: Session, people: dict[str, Member]) -> None:
    tess, ben, cleo, dora = (people[name] for name in ("tess", "ben", "cleo", "dora"))
    now = clock.now()
    make.post(session, ben)
    first = make.post(session, dora, "Who comes along?")
    assert not any(reading.hands(session, tess, {}).of(need) for need in Need), "nobody on the first day"
    with clock.at(now + timedelta(days=4)):
        hands = reading.hands(session, tess, {})
        assert names(hands, Need.SILENT) == ["Cleo Test"]
        assert names(hands, Need.UNHEARD) == ["Ben Test", "Dora Test"], "by name"
        make.reply(session, first, ben)
        assert names(reading.hands(session, tess, {}), Need.UNHEARD) == ["Ben Test"]
    with clock.at(now + timedelta(weeks=5)):
        make.reply(session, make.post(session, cleo, "Late, and here."), dora)
        hands = reading.hands(session, tess, {})
        assert names(hands, Need.SILENT) == []
        assert names(hands, Need.UNHEARD) == ["Ben Test"], "once, for the nearest reason"
        assert names(hands, Need.QUIET) == []
        make.reply(session, make.post(session, ben, "Anybody?"), cleo)
    with clock.at(now + timedelta(weeks=9)):
        hands = reading.hands(session, tess, {})
        assert names(hands, Need.QUIET) == ["Ben Test", "Cleo Test", "Dora Test"]
        dora.left_at = clock.now()
        cleo.is_test = True
        session.flush()
        assert names(reading.hands(session, tess, {}), Need.QUIET) == ["Ben Test"]
        tess.cohort.ends_on = date(2020, 1, 1)
        assert reading.hands(session, tess, {}) == reading.Hands(), "the course is over"


def test_today_is_the_trainers_own(session: Session, people: dict[str, Member]) -> None:
    tess = people["tess"]
    moment = datetime(2027, 3, 10, 23, 30, tzinfo=UTC)  # in Brussels it is the 11th already
    closes = datetime(2027, 3, 11, 22, 0, tzinfo=UTC)
    session.add(IdeaRound(cohort_id=tess.cohort_id, question="What next?", opened_at=moment, closed_at=closes))
    session.flush()
    with clock.at(moment):
        assert [one.question for one in reading.morning(session, tess).rounds] == ["What next?"]
        plan = session.get_one(reading.MailPlan, tess.person_id)
        plan.time_zone = "America/New_York"  # there it is the 10th
        session.flush()
        assert reading.morning(session, tess).rounds == []


def test_what_comes_up_and_what_happened(session: Session, people: dict[str, Member]) -> None:
    tess, ben = people["tess"], people["ben"]
    now = clock.now()
    started = opening.start(session, Wanted(discussion="What surprised you?"), by=tess)
    with clock.at(now + timedelta(days=2)):
        found = reading.morning(session, tess)
        assert [one.post.id for one in found.starters.rows] == [started.post_id]
        assert found.since.texts == 0, "that was before yesterday"
        assert found.since.arrived == 0
        make.reply(session, make.post(session, ben), people["cleo"])
        found = reading.morning(session, tess)
        assert (found.since.texts, found.since.replies) == (1, 1)
    tess.cohort.archived_at = clock.now()
    with clock.at(now + timedelta(days=2)):
        assert reading.morning(session, tess).is_clear


def test_the_page_is_for_trainers_and_costs_the_same_however_many_there_are(app: Flask, cast: Cast) -> None:
    cast.cleo.get("/feed")
    for name in ("ben", "mona", "omar"):
        assert getattr(cast, name).get("/today").status_code == 403
        assert "/today" not in getattr(cast, name).get("/feed").text.partition("</nav>")[0]
    assert "Nothing waits for you." in cast.tess.get("/today").text
    none = _statements(app, cast.tess)
    question = cast.ben.post("/questions", title="Who knows?", body=make.WORDS)
    assert question.status_code == 303
    later = timedelta(hours=13)
    with clock.at(clock.now() + later):
        one = _statements(app, cast.tess)
    for who in (cast.ben, cast.cleo):
        for title in ("How?", "Why?", "When?", "Where?"):
            assert who.post("/questions", title=title, body=make.WORDS).status_code == 303
    with clock.at(clock.now() + later):
        assert _statements(app, cast.tess) == one
        assert "and 4 more" in cast.tess.get("/today").text
    assert one - none == 3, "its clock, and who was asked"


def _statements(app: Flask, actor: Actor) -> int:
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", hear)
    assert actor.get("/today").status_code == 200
    event.remove(engine, "before_cursor_execute", hear)
    return len(said)


def test_likely_helpers_are_asked_before_their_hour(session: Session, people: dict[str, Member]) -> None:
    tess, ben, cleo = people["tess"], people["ben"], people["cleo"]
    offering.offer(session, by=cleo, topic_ids=set(), words="knows", is_listed=False)
    work = datetime(2027, 3, 10, 10, 0, tzinfo=UTC)  # a Wednesday
    with clock.at(work):
        question = make.question(session, ben)
        with pytest.raises(Refusal):
            escalating.ask_now(session, question, by=ben)
        assert escalating.ask_now(session, question, by=tess) == "done"
        with pytest.raises(Refusal) as refused:
            escalating.ask_now(session, question, by=tess)
        assert refused.value.status == 409
    with clock.at(work + timedelta(hours=9)):
        assert reading.morning(session, tess).questions.rows[0].asked == ["Cleo Test"]
    with clock.at(work + timedelta(hours=10)):
        late = make.question(session, ben, "After work?")
        assert escalating.ask_now(session, late, by=tess) == "waiting", "people are asked in work hours only"
