"""Reporting a text: who may, who reads it, what becomes of it, and that it never reaches whoever wrote the text."""

import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.errors import Refusal
from sociallearn.moderation import handling, reporting
from sociallearn.moderation.models import Reason, Report, State
from sociallearn.moderation.reporting import Readers
from sociallearn.posts import deciding, writing
from sociallearn.posts.models import Decision, Extra, Post, PostVersion, Topic, Visibility
from sociallearn.roster.models import Member, Person
from tests import make
from tests.attachments.making import image
from tests.conftest import ELSEWHERE, HERE, Actor, Cast
from tests.lms import MEMBERSHIP
from tests.topics.test_topics import statements

SYSTEM_ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator"
OTHER = {"context": {"id": "course-2", "title": "Course two"}, "resource_link": {"id": "link-2", "title": "Two"}}


def enter(app: Flask, name: str, role: str = "Instructor", **claims: object) -> Actor:
    """Somebody more comes in."""
    lms = claims.pop("lms", HERE)
    roles = [MEMBERSHIP + role, *claims.pop("more_roles", [])]  # type: ignore[misc]
    return Actor(app, lms, sub=name, name=f"{name.title()} Test", given_name=name.title(), roles=roles, **claims)  # type: ignore[arg-type]


def administrator(app: Flask, name: str = "sam", **claims: object) -> Actor:
    """Who looks after an LMS, from a course of their own."""
    return enter(app, name, "Learner", more_roles=[SYSTEM_ADMINISTRATOR], **{**OTHER, **claims})


def write(who: Actor, body: str = "Some people here should just keep quiet.") -> str:
    return who.post("/feed", body=body).location.rpartition("-")[2]


def file(who: Actor, post_id: str, kind: str = "unkind", words: str = "") -> int:
    return who.post(f"/posts/{post_id}/report", kind=kind, words=words).status_code


def states(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Report.state).order_by(Report.id)))


# -- acts


def test_one_open_report_per_person_and_text(session: Session, cast: Cast) -> None:
    ben, cleo, dora = (getattr(cast, name).member(session) for name in ("ben", "cleo", "dora"))
    post = make.post(session, ben)
    assert reporting.report(session, post, by=cleo, reason=Reason.UNKIND, words="") == Readers.TRAINERS
    with pytest.raises(Refusal) as refusal:
        reporting.report(session, post, by=cleo, reason=Reason.SPAM, words="again")
    assert (refusal.value.status, refusal.value.sentence) == (409, "You reported this; a trainer will look.")
    reporting.report(session, post, by=dora, reason=Reason.OTHER, words="It is about me.")
    session.refresh(post)
    assert post.extras == Extra.REPORTED
    assert session.scalar(select(func.count(Report.id))) == 2
    reporting.withdraw(session, post, by=dora)
    assert session.scalars(select(Report.reporter_id)).all() == [cleo.id], "nothing stays of what is taken back"


def test_what_cannot_be_reported(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    post = make.post(session, ben)
    for by, reason, status in ((ben, Reason.SPAM, 403), (cleo, Reason.OTHER, 422)):
        with pytest.raises(Refusal) as refusal:
            reporting.report(session, post, by=by, reason=reason, words="")
        assert refusal.value.status == status
    deciding.decide(session, post, Visibility.DELETED, by=ben, reason="")
    with pytest.raises(Refusal) as refusal:
        reporting.report(session, post, by=cleo, reason=Reason.SPAM, words="")
    assert refusal.value.status == 409


def test_hiding_handles_all_reports_in_the_same_transaction(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    post = make.post(session, ben)
    for who in (cleo, dora):
        reporting.report(session, post, by=who, reason=Reason.PERSONAL, words="")
    deciding.decide(session, post, Visibility.HIDDEN, by=tess, reason="names somebody")
    rows = session.execute(select(Report.state, Report.handled_by_id)).all()
    assert [tuple(row) for row in rows] == [(State.HANDLED, tess.id)] * 2
    with pytest.raises(Refusal) as refusal:
        reporting.withdraw(session, post, by=cleo)
    assert refusal.value.status == 409


def test_deleting_closes_them_and_undoing_that_opens_them_again(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    post = make.post(session, ben)
    reporting.report(session, post, by=cleo, reason=Reason.UNKIND, words="")
    deciding.decide(session, post, Visibility.DELETED, by=ben, reason="")
    assert session.scalars(select(Report.state)).one() == State.GONE
    deciding.decide(session, post, Visibility.VISIBLE, by=ben, reason="")
    row = session.execute(select(Report.state, Report.handled_at)).one()
    assert tuple(row) == (State.OPEN, None), "nobody gets rid of a report by deleting and undoing"


def test_a_dismissal_answers_what_was_seen_and_can_be_taken_back(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    post = make.post(session, ben)
    reporting.report(session, post, by=cleo, reason=Reason.UNKIND, words="")
    seen = session.scalars(select(Report.id)).one()
    reporting.report(session, post, by=dora, reason=Reason.UNKIND, words="meanwhile")
    with pytest.raises(Refusal) as refusal:
        handling.dismiss(session, post, by=cleo, note="no", seen=seen)
    assert refusal.value.status == 403
    handling.dismiss(session, post, by=tess, note="A joke between friends.", seen=seen)
    assert session.scalars(select(Report.state).order_by(Report.id)).all() == [State.DISMISSED, State.OPEN]
    with pytest.raises(Refusal) as refusal:
        handling.dismiss(session, post, by=tess, note="twice", seen=seen)
    assert refusal.value.status == 409
    handling.reopen(session, post, by=tess)
    assert session.scalars(select(Report.state)).all() == [State.OPEN] * 2
    with pytest.raises(Refusal) as refusal:
        handling.reopen(session, post, by=tess)
    assert refusal.value.status == 409


def test_trainers_never_decide_about_their_own_texts(session: Session, cast: Cast) -> None:
    tess, cleo = cast.tess.member(session), cast.cleo.member(session)
    post = make.post(session, tess)
    assert reporting.report(session, post, by=cleo, reason=Reason.UNKIND, words="") == Readers.ADMINISTRATORS
    assert handling.count(session, tess) == 0
    for act in (
        lambda: deciding.decide(session, post, Visibility.HIDDEN, by=tess, reason="so that it is handled"),
        lambda: handling.dismiss(session, post, by=tess, note="nothing to see", seen=999),
        lambda: handling.reopen(session, post, by=tess),
    ):
        with pytest.raises(Refusal) as refusal:
            act()
        assert refusal.value.status in (403, 404)
    assert session.scalars(select(Report.state)).one() == State.OPEN


def test_only_administrators_of_that_lms_decide_in_its_stead(session: Session, cast: Cast) -> None:
    tess, ben = cast.tess.member(session), cast.ben.member(session)
    post = make.post(session, tess)
    for person in (ben.person, tess.person):
        with pytest.raises(Refusal) as refusal:
            deciding.administer(session, post, Visibility.HIDDEN, by=person, reason="because")
        assert refusal.value.status == 403
    ben.person.is_lms_administrator = True
    deciding.administer(session, post, Visibility.HIDDEN, by=ben.person, reason="because")
    row = session.scalars(select(Decision)).one()
    assert (row.by_id, row.by_person_id, row.role, row.before) == (None, ben.person_id, "administrator", "visible")
    with pytest.raises(Refusal) as refusal:
        deciding.decide(session, post, Visibility.VISIBLE, by=tess, reason="it is mine")
    assert refusal.value.status == 403, "the trainer it is about cannot undo that"


def test_how_a_hidden_text_read_does_not_come_back_with_it(session: Session, cast: Cast) -> None:
    tess, ben = cast.tess.member(session), cast.ben.member(session)
    post = make.post(session, ben, "Call Jan on 0470 12 34 56 #phones")
    deciding.decide(session, post, Visibility.HIDDEN, by=tess, reason="a number")
    text = {"body": "Ask me for Jan’s number #people", "title": None, "version": 1}
    with pytest.raises(Refusal) as refusal:
        reporting.ask_again(session, post, by=ben, words="", **text)
    assert refusal.value.status == 422
    assert reporting.ask_again(session, post, by=ben, words="It is gone.", **text) == Readers.TRAINERS
    assert session.scalars(select(PostVersion.is_withdrawn)).all() == [True]
    with pytest.raises(Refusal) as refusal:
        reporting.ask_again(session, post, by=ben, words="Please?", **text)
    assert refusal.value.status == 409
    with pytest.raises(Refusal) as refusal:
        writing.edit(session, post, by=ben, body="without asking", title=None)
    assert refusal.value.status == 409
    deciding.decide(session, post, Visibility.VISIBLE, by=tess, reason="")
    assert session.scalars(select(Report.state)).one() == State.HANDLED
    counts = {name: number for name, number in session.execute(select(Topic.name, Topic.post_count))}
    assert counts == {"phones": 0, "people": 1}


# -- pages


def test_from_a_menu_to_a_hidden_text(app: Flask, cast: Cast) -> None:
    assert cast.tess.member_id
    post_id = write(cast.ben)
    assert f"/posts/{post_id}/report" in cast.cleo.get("/feed").text
    assert f"/posts/{post_id}/report" not in cast.ben.get("/feed").text, "not one's own"
    form = cast.cleo.get(f"/posts/{post_id}/report").text
    assert "The trainers of this cohort read it." in form
    assert "Ben Test is not told who reported it." in form
    assert file(cast.cleo, post_id, "other") == 422
    typed = cast.cleo.post(f"/posts/{post_id}/report", words="half a sentence")
    assert typed.status_code == 422
    assert "half a sentence" in typed.text
    assert file(cast.cleo, post_id, words="He means Dora.") == 303
    assert file(cast.omar, post_id, "personal") == 303, "whoever can read can report"
    again = cast.cleo.post(f"/posts/{post_id}/report", kind="spam", words="typed twice")
    assert again.status_code == 409
    assert "typed twice" in again.text
    assert "You reported this. Somebody will look." in cast.cleo.get("/feed").text
    assert "You reported this" not in cast.dora.get("/feed").text
    assert "You reported this" not in cast.ben.get(f"/posts/{post_id}").text

    page = cast.tess.get("/moderation").text
    assert "Reported by 2 people" in page
    assert "He means Dora." in page
    for name in ("Cleo", "Omar"):
        assert name not in page, "who reported is told to nobody"
    assert 'class="waiting">1<' in page
    for other in (cast.ben, cast.cleo):
        assert 'class="waiting"' not in other.get("/feed").text
        assert other.get(f"/posts/{post_id}/reports").status_code == 403
    hiding = cast.tess.get(f"/posts/{post_id}/hiding").text
    assert "It is unkind to somebody." in hiding
    done = cast.tess.post(f"/posts/{post_id}/hiding", reason="Not how we talk here.")
    assert done.location.endswith("/moderation?toast=hidden")
    assert states(app) == [State.HANDLED] * 2
    assert "Nothing waits for you." in cast.tess.get("/moderation").text
    assert "Dora" not in cast.cleo.get("/decisions").text


def test_left_as_it_is_with_a_note_to_who_reported(app: Flask, cast: Cast) -> None:
    post_id = write(cast.ben)
    file(cast.cleo, post_id)
    page = cast.tess.get(f"/posts/{post_id}/reports").text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    empty = cast.tess.post(f"/posts/{post_id}/reports/dismissal", note=" ", seen=seen)
    assert empty.status_code == 422
    done = cast.tess.post(f"/posts/{post_id}/reports/dismissal", note="It was about himself.", seen=seen)
    assert "toast=dismissed" in done.location
    shown = cast.tess.get(done.location).text
    assert f"/posts/{post_id}/reports/dismissal/withdrawal" in shown
    assert "It was about himself." in cast.cleo.get("/feed").text
    for other in (cast.ben, cast.dora):
        assert "It was about himself." not in other.get("/feed").text
    assert cast.tess.post(f"/posts/{post_id}/reports/dismissal/withdrawal").status_code == 303
    assert states(app) == [State.OPEN]
    assert "It was about himself." not in cast.cleo.get("/feed").text
    assert cast.cleo.post(f"/posts/{post_id}/report/withdrawal").status_code == 303
    assert states(app) == []


def test_two_trainers_at_once_end_in_words(app: Flask, cast: Cast) -> None:
    theo = enter(app, "theo")
    post_id = write(cast.ben)
    file(cast.cleo, post_id)
    seen = theo.get(f"/posts/{post_id}/reports").text.partition('name="seen" value="')[2].partition('"')[0]
    assert cast.tess.post(f"/posts/{post_id}/reports/dismissal", note="Fine.", seen=seen).status_code == 303
    late = theo.post(f"/posts/{post_id}/reports/dismissal", note="Typed with care.", seen=seen)
    assert late.status_code == 409
    assert "Somebody was faster" in late.text
    assert "Typed with care." in late.text
    assert theo.get(f"/posts/{post_id}/reports").status_code == 409


def test_a_report_about_a_trainer_goes_to_the_other_one(app: Flask, cast: Cast) -> None:
    theo, sam = enter(app, "theo"), administrator(app)
    post_id = write(cast.tess)
    assert "The other trainers of this cohort read it, not Tess Test." in cast.cleo.get(f"/posts/{post_id}/report").text
    file(cast.cleo, post_id, words="She laughed at me.")
    for path in ("/moderation", "/feed", f"/posts/{post_id}"):
        assert "She laughed at me." not in cast.tess.get(path).text
        assert 'class="waiting"' not in cast.tess.get(path).text
    assert cast.tess.get(f"/posts/{post_id}/reports").status_code == 404
    assert cast.tess.post(f"/posts/{post_id}/reports/dismissal", note="x", seen="99").status_code == 404
    assert cast.tess.post(f"/posts/{post_id}/reports/dismissal/withdrawal").status_code == 404
    assert cast.tess.post(f"/posts/{post_id}/hiding", reason="Gone, and nobody looks.").status_code == 403
    assert "She laughed at me." in theo.get("/moderation").text
    assert "She laughed at me." not in sam.get("/administration/reports").text
    assert theo.post(f"/posts/{post_id}/hiding", reason="Unkind.").status_code == 303
    assert cast.tess.post(f"/posts/{post_id}/hiding/withdrawal").status_code == 403


def test_without_another_trainer_it_goes_to_administrators(app: Flask, cast: Cast) -> None:
    sam, eve = administrator(app), administrator(app, "eve", lms=ELSEWHERE)
    post_id = write(cast.tess, "What a stupid question that was.")
    assert "An administrator of your LMS reads it" in cast.cleo.get(f"/posts/{post_id}/report").text
    assert cast.cleo.post(f"/posts/{post_id}/report", kind="unkind", words="").location.endswith(
        f"/posts/{post_id}?toast=reported-above"
    )
    assert "stupid question" not in cast.tess.get("/moderation").text
    page = sam.get("/administration/reports").text
    assert "What a stupid question that was." in page, "they are not in the cohort"
    assert 'class="waiting">1<' in sam.get("/feed").text
    assert sam.get(f"/posts/{post_id}").status_code == 404
    assert cast.ben.get("/administration/reports").status_code == 403
    for path in ("hiding", "dismissal"):
        assert eve.get(f"/administration/reports/{post_id}/{path}").status_code == 404, "another organisation"
        assert eve.post(f"/administration/reports/{post_id}/{path}", reason="x", note="x", seen="9").status_code == 404
    assert "stupid question" not in eve.get("/administration/reports").text

    assert sam.post(f"/administration/reports/{post_id}/hiding", reason=" ").status_code == 422
    assert sam.post(f"/administration/reports/{post_id}/hiding", reason="Nobody is stupid here.").status_code == 303
    log = cast.cleo.get("/decisions").text
    assert "Sam Test" in log
    assert "(administrator)" in log
    assert "Nobody is stupid here." in log
    assert states(app) == [State.HANDLED]
    # and the trainer asks as anybody does
    asked = cast.tess.post(
        f"/posts/{post_id}/another-look", body="A hard question.", words="Put kindly now.", version="1"
    )
    assert asked.status_code == 303
    assert "Put kindly now." not in cast.tess.get("/moderation").text
    assert "Put kindly now." in sam.get("/administration/reports").text
    assert sam.post(f"/administration/reports/{post_id}/hiding/withdrawal").status_code == 303
    assert "A hard question." in cast.cleo.get(f"/posts/{post_id}").text
    assert "made a text by Tess Test readable again" in cast.cleo.get("/decisions").text


def test_an_administrator_dismisses_and_takes_it_back(app: Flask, cast: Cast) -> None:
    sam = administrator(app)
    post_id = write(cast.tess)
    file(cast.cleo, post_id)
    page = sam.get(f"/administration/reports/{post_id}/dismissal").text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    form = {"note": "A figure of speech.", "seen": seen}
    assert sam.post(f"/administration/reports/{post_id}/dismissal", note="", seen=seen).status_code == 422
    done = sam.post(f"/administration/reports/{post_id}/dismissal", **form)
    assert "toast=dismissed-above" in done.location
    assert f"/administration/reports/{post_id}/dismissal/withdrawal" in sam.get(done.location).text
    assert sam.post(f"/administration/reports/{post_id}/dismissal", **form).status_code == 409
    assert "A figure of speech." in cast.cleo.get("/feed").text
    assert sam.post(f"/administration/reports/{post_id}/dismissal/withdrawal").status_code == 303
    assert states(app) == [State.OPEN]


def test_a_trainer_who_joins_or_leaves_changes_who_reads(app: Flask, cast: Cast) -> None:
    sam = administrator(app)
    post_id = write(cast.tess, "said by tess")
    file(cast.cleo, post_id)
    theo = enter(app, "theo")
    assert "said by tess" in theo.get("/moderation").text
    assert "said by tess" in sam.get("/administration/reports").text
    other = write(cast.tess, "said while theo was there")
    file(cast.cleo, other)
    assert "while theo was there" not in sam.get("/administration/reports").text
    with app.app_context(), transaction() as session:
        session.get_one(Member, theo.member_id).left_at = clock.now() - timedelta(hours=1)
    assert "while theo was there" in sam.get("/administration/reports").text


def test_an_administrator_who_trains_there_reads_nothing_about_themselves(app: Flask, cast: Cast) -> None:
    assert cast.tess.member_id
    with app.app_context(), transaction() as session:
        session.get_one(Member, cast.tess.member_id).person.is_lms_administrator = True
    post_id = write(cast.tess, "by the only one there is")
    file(cast.cleo, post_id)
    page = cast.tess.get("/administration/reports").text
    assert "by the only one" not in page
    assert 'class="waiting"' not in page
    assert cast.tess.get(f"/administration/reports/{post_id}/hiding").status_code == 404


def test_the_author_is_told_why_and_asks_for_another_look(app: Flask, cast: Cast) -> None:
    post_id = write(cast.ben, "Call Jan on 0470 12 34 56")
    cast.tess.post(f"/posts/{post_id}/hiding", reason="holds a private number")
    page = cast.ben.get(f"/posts/{post_id}").text
    assert "holds a private number" in page
    assert "Edit and ask to show it again" in page
    assert "Edit and ask" not in cast.cleo.get(f"/posts/{post_id}").text
    assert cast.cleo.get(f"/posts/{post_id}/another-look").status_code == 403
    form = cast.ben.get(f"/posts/{post_id}/another-look").text
    assert "0470" in form
    assert "holds a private number" in form
    typed = cast.ben.post(f"/posts/{post_id}/another-look", body="Call me for his number.", words="", version="1")
    assert typed.status_code == 422
    assert "Call me for his number." in typed.text
    form_again = {"body": "Call me for his number.", "words": "The number is gone.", "version": "1"}
    assert cast.ben.post(f"/posts/{post_id}/another-look", **form_again).status_code == 303
    late = cast.ben.post(f"/posts/{post_id}/another-look", **form_again)
    assert late.status_code == 409
    assert "You asked that it be shown again." in cast.ben.get(f"/posts/{post_id}").text
    queue = cast.tess.get("/moderation").text
    assert "Ben Test asks for another look" in queue
    assert "The number is gone." in queue
    seen = cast.tess.get(f"/posts/{post_id}/reports").text.partition('name="seen" value="')[2].partition('"')[0]
    cast.tess.post(f"/posts/{post_id}/reports/dismissal", note="It still names Jan.", seen=seen)
    assert "It stays hidden: It still names Jan." in cast.ben.get(f"/posts/{post_id}").text
    assert "It still names Jan." not in cast.cleo.get(f"/posts/{post_id}").text
    form_again = {"body": "Call me for a number.", "words": "Now nobody is named.", "version": "2"}
    assert cast.ben.post(f"/posts/{post_id}/another-look", **form_again).status_code == 303
    assert cast.tess.post(f"/posts/{post_id}/hiding/withdrawal").status_code == 303
    assert "Call me for a number." in cast.cleo.get(f"/posts/{post_id}").text
    history = cast.cleo.get(f"/posts/{post_id}/history").text
    assert "0470" not in history
    assert "his number" not in history
    assert states(app) == [State.DISMISSED, State.HANDLED]
    assert "Nothing waits for you." in cast.tess.get("/moderation").text


def test_a_titled_text_keeps_its_title_to_edit(cast: Cast) -> None:
    post_id = cast.ben.post("/questions", title="Who is the worst?", body="Tell me.").location.rpartition("/")[2]
    cast.tess.post(f"/posts/{post_id}/hiding", reason="unkind")
    assert "Who is the worst?" in cast.ben.get(f"/posts/{post_id}/another-look").text
    form = {"title": "Who can help?", "body": "Tell me, please.", "words": "Kinder.", "version": "1"}
    assert cast.ben.post(f"/posts/{post_id}/another-look", **form).status_code == 303
    assert "Who can help?" in cast.tess.get("/moderation").text


def test_nobody_from_elsewhere_reports(cast: Cast) -> None:
    post_id = write(cast.ben)
    for stranger in (cast.otto, cast.tara, cast.zoe):
        assert file(stranger, post_id) == 404
        assert stranger.get(f"/posts/{post_id}/report").status_code == 404
    file(cast.cleo, post_id)
    assert cast.tara.get(f"/posts/{post_id}/reports").status_code == 404
    assert "Nothing waits for you." in cast.tara.get("/moderation").text
    own = cast.ben.post(f"/posts/{post_id}/report", kind="spam", words="")
    assert own.status_code == 403
    assert "This is your own text." in own.text


def test_pages_without_reports_ask_nothing_more(app: Flask, cast: Cast) -> None:
    ids = [write(cast.ben, f"thought {number}") for number in range(4)]
    cast.cleo.get("/feed")
    before = statements(app, lambda: cast.cleo.get("/feed"))
    file(cast.cleo, ids[0])
    one = statements(app, lambda: cast.cleo.get("/feed"))
    for post_id in ids[1:]:
        file(cast.cleo, post_id)
    assert before + 1 == one == statements(app, lambda: cast.cleo.get("/feed"))
    cast.tess.get("/moderation")
    few = statements(app, lambda: cast.tess.get("/moderation"))
    file(cast.dora, ids[0])
    file(cast.cleo, write(cast.dora))
    assert statements(app, lambda: cast.tess.get("/moderation")) == few


def test_a_closed_room_leaves_nothing_waiting_for_ever(app: Flask, cast: Cast) -> None:
    post_id = cast.ben.post("/questions", title="Hm?", body="Well.").location.rpartition("/")[2]
    file(cast.cleo, post_id)
    with app.app_context(), transaction() as session:
        session.get_one(Member, cast.tess.member_id).cohort.rooms_off = ["questions"]
    assert cast.tess.get(f"/posts/{post_id}/reports").status_code == 200


def test_the_conversation_of_a_reported_reply_can_be_locked(cast: Cast) -> None:
    assert cast.tess.member_id
    root = write(cast.ben, "Who broke the printer?")
    reply = cast.dora.post(f"/posts/{root}/replies", body="You did, as always.").location.rpartition("-")[2]
    file(cast.ben, reply)
    assert f"/posts/{root}/lock" in cast.tess.get("/moderation").text
    cast.tess.post(f"/posts/{root}/lock", reason="Enough.")
    page = cast.tess.get("/moderation").text
    assert "You did, as always." in page, "locking is no answer to who reported it"
    assert f'/posts/{root}/lock"' not in page


def test_a_text_put_better_counts_as_it_reads_then(app: Flask, cast: Cast) -> None:
    post_id = write(cast.ben, "Too short, and about Jan.")
    cast.tess.post(f"/posts/{post_id}/hiding", reason="It names somebody.")
    form = {"body": make.WORDS, "words": "Nobody is named.", "version": "1"}
    assert cast.ben.post(f"/posts/{post_id}/another-look", **form).status_code == 303
    assert "Removed" in cast.ben.get("/participation").text
    cast.tess.post(f"/posts/{post_id}/hiding/withdrawal")
    page = cast.ben.get("/participation").text
    assert "Counts" in page
    assert "Removed" not in page


def test_in_an_archive_nobody_reports(app: Flask, cast: Cast) -> None:
    post_id = write(cast.ben)
    assert cast.cleo.member_id
    cast.tess.post("/cohort/set-up/archive")
    assert f"/posts/{post_id}/report" not in cast.cleo.get("/feed").text
    assert file(cast.cleo, post_id) == 403
    with app.app_context():
        assert db.session.scalar(select(func.count(Report.id))) == 0
        assert db.session.scalar(select(func.count(Post.id))) == 1
        assert db.session.scalar(select(func.count(Person.id)))


def test_whoever_judges_sees_all_that_came_with_it(cast: Cast) -> None:
    upload = cast.ben.post("/files", place="feed", file=(io.BytesIO(image()), "look.png"))
    (number,) = re.findall(r'name="file" value="(\d+)"', upload.json["html"])
    form = {"part": "poll", "poll_option": ["Keep quiet", "Leave"], f"alt-{number}": "A drawing"}
    post_id = cast.ben.post("/feed", body="Look", file=number, **form).location.rpartition("-")[2]
    assert file(cast.cleo, post_id) == 303
    page = cast.tess.get("/moderation").text
    assert 'alt="A drawing"' in page
    assert "Keep quiet" in page
