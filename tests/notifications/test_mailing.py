"""Mails: one a person a day at most, through a server that really speaks SMTP, whatever stops us."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.config import Relay
from sociallearn.database import transaction
from sociallearn.notifications import delivering, going, mailing, planning
from sociallearn.notifications.models import Digest, MailPlan, Notification
from sociallearn.posts import deciding
from sociallearn.posts.models import Post, Visibility
from sociallearn.questions import escalating, offering
from sociallearn.questions.models import Escalation
from sociallearn.roster.models import Member, Person
from tests import make
from tests.conftest import Cast
from tests.notifications.postbox import Postbox
from tests.questions.town import local

MONDAY = local("2027-03-08T10:00")
EIGHT = local("2027-03-09T08:00")


@pytest.fixture
def here(app: Flask, cast: Cast) -> Iterator[Cast]:
    """Everybody came in before; it is no request's context."""
    for name in ("tess", "ben", "cleo", "dora"):
        getattr(cast, name)
    with app.app_context():
        with transaction() as session:
            for plan in session.scalars(select(MailPlan)):
                plan.next_at = local("2027-03-09T08:00")
        yield cast


def outside(request: Callable[[], Any]) -> Any:
    """What a browser does, now, and not in the middle of what a worker does."""
    return Context().run(request)


def sweep(at: datetime) -> None:
    """What a worker does at that moment."""
    with clock.at(at):
        for task, due in ((planning.plan_next, planning._due), (delivering.deliver, delivering._due)):
            with transaction() as session:
                found = list(due(session))
            for row_id in found:
                task(row_id)


def post(by: int, body: str = "Who is in?") -> int:
    with transaction() as session:
        return make.post(session, session.get_one(Member, by), body).id


def reply(to: int, by: int, body: str = "I am.") -> int:
    with transaction() as session:
        return make.reply(session, session.get_one(Post, to), session.get_one(Member, by), body).id


def digests() -> list[tuple[str, str | None]]:
    with transaction() as session:
        return [(row.state, row.problem) for row in session.scalars(select(Digest).order_by(Digest.id))]


def talk(here: Cast, at: datetime = MONDAY, body: str = "I am.") -> int:
    """Ben asks and Cleo replies."""
    with clock.at(at):
        return reply(post(here.ben.member_id), here.cleo.member_id, body)


def test_a_mail_says_what_is_new_in_both_ways_and_names_no_address(here: Cast, postbox: Postbox) -> None:
    talk(here, body="I am <b>in</b> & ready.")
    sweep(EIGHT - timedelta(minutes=1))
    assert postbox.mails == []
    sweep(EIGHT)
    (mail,) = postbox.mails
    assert postbox.recipients == ["ben@x.org"]
    assert mail["Subject"] == "1 piece of news in Course one"
    assert mail["From"] == "SocialLearn <learn@tool.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    plain, html = (part.get_content() for part in mail.iter_parts())
    for text in (plain, html):
        assert "Cleo Test replied to you" in text
        assert "cleo@" not in text
        assert "ben@" not in text
    assert "ready" in html
    assert "<b>in</b>" not in html
    assert digests() == [("sent", None)]
    sweep(EIGHT + timedelta(days=1))
    assert len(postbox.mails) == 1, "nothing new, so no mail"


def test_it_is_in_their_language_at_their_hour_or_once_a_week_or_never(here: Cast, postbox: Postbox) -> None:
    with clock.at(MONDAY), transaction() as session:
        ben, cleo, dora = (session.get_one(Member, one.member_id).person for one in (here.ben, here.cleo, here.dora))
        ben.language = "nl"
        planning.change(session, ben, rhythm="daily", hour=7, time_zone="Asia/Tokyo")
        planning.change(session, cleo, rhythm="weekly", hour=8, time_zone=None)
        planning.change(session, dora, rhythm="off", hour=8, time_zone=None)
    with clock.at(MONDAY):
        for who in (here.ben, here.cleo, here.dora):
            reply(post(who.member_id), here.tess.member_id)
    sweep(local("2027-03-08T22:59"))
    assert postbox.mails == []
    sweep(local("2027-03-08T23:00"))
    assert postbox.recipients == ["ben@x.org"]
    assert postbox.mails[0]["Content-Language"] == "nl"
    for day in range(1, 9):
        sweep(local("2027-03-08T08:00") + timedelta(days=day))
    assert postbox.recipients == ["ben@x.org", "cleo@x.org"]


def test_what_was_read_hidden_or_told_already_is_not_mailed(here: Cast, postbox: Postbox) -> None:
    made = talk(here, body="This goes too far.")
    with clock.at(MONDAY), transaction() as session:
        tess = session.get_one(Member, here.tess.member_id)
        deciding.decide(session, session.get_one(Post, made), Visibility.HIDDEN, by=tess, reason="Not kind.")
    sweep(EIGHT)
    assert postbox.recipients == ["cleo@x.org"], "ben is told nothing of what he cannot read"
    assert "Not kind." in postbox.words()
    assert "too far" not in postbox.words()


def test_somebody_asked_for_help_gets_that_days_mail_at_once(here: Cast, postbox: Postbox) -> None:
    with clock.at(MONDAY - timedelta(days=1)), transaction() as session:
        cleo = session.get_one(Member, here.cleo.member_id)
        offering.offer(session, by=cleo, topic_ids=[], words="planning budgets")
    with clock.at(local("2027-03-08T09:00")), transaction() as session:
        ben = session.get_one(Member, here.ben.member_id)
        make.question(session, ben, "Planning budgets?", "Who knows planning and budgets?")
    with transaction() as session:
        steps = session.execute(select(Escalation.id, Escalation.next_at).order_by(Escalation.next_at)).all()
    for step_id, next_at in steps[:2]:
        with clock.at(next_at):
            escalating.escalate(step_id)
    asked_at = steps[1][1]
    sweep(asked_at + timedelta(minutes=1))
    assert postbox.recipients == ["cleo@x.org"]
    assert postbox.mails[0]["Subject"] == "Somebody hopes for your help in Course one"
    talk(here, asked_at + timedelta(minutes=2))
    with clock.at(asked_at + timedelta(minutes=2)), transaction() as session:
        make.reply(
            session, session.scalars(select(Post).order_by(Post.id)).all()[-1], ben_of(session, here), "@Cleo Test"
        )
    sweep(asked_at + timedelta(hours=1))
    assert postbox.recipients == ["cleo@x.org"], "that was today's"
    sweep(EIGHT)
    assert sorted(postbox.recipients) == ["ben@x.org", "cleo@x.org", "cleo@x.org"]


def ben_of(session: Session, here: Cast) -> Member:
    return session.get_one(Member, here.ben.member_id)


def test_an_early_mail_waits_for_work_hours(here: Cast, postbox: Postbox) -> None:
    evening = local("2027-03-08T20:00")
    with clock.at(evening), transaction() as session:
        plan = planning.of(session, ben_of(session, here).person)
        plan.hour, plan.next_at = 20, evening + timedelta(days=1)
        planning.hurry(session, here.ben.member_id)
    talk(here, evening)
    sweep(evening + timedelta(minutes=1))
    assert postbox.mails == []


def test_two_workers_at_once_send_one(app: Flask, here: Cast, postbox: Postbox) -> None:
    talk(here)

    def work(_number: int) -> None:
        with app.app_context(), clock.at(EIGHT):
            with transaction() as session:
                person_id = session.get_one(Member, here.ben.member_id).person_id
            planning.plan_next(person_id)
            with transaction() as session:
                found = list(session.scalars(select(Digest.id)))
            for digest_id in found:
                delivering.deliver(digest_id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(postbox.mails) == 1
    assert digests() == [("sent", None)]


def test_killed_before_it_was_handed_over_it_is_sent_again_and_after_that_never(
    here: Cast, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk(here)
    with clock.at(EIGHT):
        with transaction() as session:
            planning.take(session, ben_of(session, here).person_id)
        with transaction() as session:
            digest_id = session.scalars(select(Digest.id)).one()
            attempt = delivering._claim(session, digest_id)
        assert attempt is not None
        delivering.deliver(digest_id)
        assert postbox.mails == [], "somebody holds the lease"
    after = EIGHT + delivering.LEASE + timedelta(seconds=1)
    with clock.at(after):
        with transaction() as session:
            again = delivering._claim(session, digest_id)
        assert again is not None
        assert not delivering._hand_over(attempt), "the late one keeps silent"
        assert delivering._hand_over(again)
    for later in (1, 2):
        sweep(after + later * delivering.LEASE + timedelta(seconds=5))
    assert postbox.mails == []
    assert digests() == [("unsure", "stopped")]
    sweep(EIGHT + timedelta(days=1))
    assert len(postbox.mails) == 1, "the next day's mail tells it"


@pytest.mark.alike
@pytest.mark.parametrize(
    ("answer", "becomes"),
    [
        ({"to_recipient": "450 busy"}, ("waiting", "450")),
        ({"to_recipient": "550 nobody here by that name"}, ("refused", "550")),
        ({"to_mail": "452 full"}, ("waiting", "452")),
        ({"to_mail": "554 no"}, ("refused", "554")),
    ],
    ids=["busy", "nobody", "full", "no"],
)
def test_what_the_server_answers(
    here: Cast, postbox: Postbox, answer: dict[str, str], becomes: tuple[str, str]
) -> None:
    for name, value in answer.items():
        setattr(postbox, name, value)
    talk(here)
    sweep(EIGHT)
    assert digests() == [becomes]
    postbox.to_recipient = postbox.to_mail = "250 OK"
    sweep(EIGHT + timedelta(minutes=2))
    assert len(postbox.mails) == (becomes[0] == "waiting")
    talk(here, EIGHT + timedelta(hours=1), "And more.")
    sweep(EIGHT + timedelta(days=1))
    is_paused = becomes == ("refused", "550")
    assert bool(postbox.mails) is not is_paused
    with transaction() as session:
        plan = session.get_one(MailPlan, ben_of(session, here).person_id)
        assert (plan.paused_at is not None) == is_paused
        assert "@" not in (plan.problem or "")


def test_a_server_that_is_away_is_tried_again_until_the_day_is_over(app: Flask, here: Cast, postbox: Postbox) -> None:
    relay = app.config["MAIL"]
    app.config["MAIL"] = Relay("127.0.0.1", 9, False, "", "", relay.sender)
    talk(here)
    sweep(EIGHT)
    assert digests() == [("waiting", "unreachable")]
    app.config["MAIL"] = relay
    sweep(local("2027-03-10T00:01"))
    assert (digests(), postbox.mails) == ([("over", "unreachable")], [])
    sweep(local("2027-03-10T08:00"))
    assert len(postbox.mails) == 1
    assert [state for state, _ in digests()] == ["over", "sent"]


def test_a_password_never_goes_in_the_clear(postbox: Postbox, app: Flask) -> None:
    relay = app.config["MAIL"]
    careless = Relay("127.0.0.2", relay.port, False, "me", "secret", relay.sender)
    made = EmailMessage()
    assert mailing.send(careless, made, lambda: True)[0] == mailing.Went.LATER


def test_unsubscribing_takes_one_click_and_no_session(app: Flask, here: Cast, postbox: Postbox) -> None:
    talk(here)
    sweep(EIGHT)
    (mail,) = postbox.mails
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = mail["List-Unsubscribe"].strip("<>").removeprefix("http://localhost:8000")
    stranger = app.test_client()
    assert "No more mails" in outside(lambda: stranger.get(address)).text
    assert digest_rhythm(here) == "daily", "looking at a link stops nothing"
    assert outside(lambda: stranger.post(address[:-3] + "xyz")).status_code == 404
    assert outside(lambda: stranger.post(address, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    assert digest_rhythm(here) == "off"
    talk(here, EIGHT + timedelta(hours=1))
    sweep(EIGHT + timedelta(days=1))
    assert len(postbox.mails) == 1
    assert "ben" not in outside(lambda: stranger.get(address)).text.lower()


def digest_rhythm(here: Cast) -> str:
    with transaction() as session:
        return session.get_one(MailPlan, ben_of(session, here).person_id).rhythm


def link_in(postbox: Postbox) -> str:
    """The first link to an item in the newest mail."""
    found = re.search(r"http://localhost:8000(/go/\S+)", postbox.mails[-1].get_body(("plain",)).get_content())
    assert found
    return found[1]


def test_a_link_leads_into_the_seat_somebody_holds_and_tells_strangers_nothing(
    app: Flask, here: Cast, postbox: Postbox
) -> None:
    made = talk(here)
    sweep(EIGHT)
    link, stranger = link_in(postbox), app.test_client()
    with_seat = outside(lambda: here.ben.client.get(link, base_url="http://localhost:8000"))
    assert with_seat.location == f"/s/{here.ben.seat}/posts/{made}"
    for client in (stranger, here.cleo.client):
        page = outside(lambda client=client: client.get(link, base_url="http://localhost:8000"))
        assert page.status_code == 200
        assert "I am." not in page.text
        assert "Test" not in page.text
    assert outside(lambda: stranger.get(link[:-2] + "zz")).status_code == 404


def test_the_next_launch_opens_what_the_link_was_about_once(app: Flask, here: Cast, postbox: Postbox) -> None:
    made = talk(here)
    sweep(EIGHT)
    link, stranger = link_in(postbox), app.test_client()
    led = outside(lambda: stranger.post(link))
    assert led.status_code in (200, 303)
    launched = [outside(lambda name=name: getattr(Cast(app), name)).launched for name in ("cleo", "ben", "ben")]
    assert [one.location.partition("/feed")[1] for one in launched] == ["/feed", "", "/feed"]
    assert launched[1].location.endswith(f"/posts/{made}")
    with transaction() as session, clock.at(clock.now() - timedelta(hours=2)):
        going.remember(session, ben_of(session, here), f"post:{made}")
    assert outside(lambda: Cast(app).ben).launched.location.endswith("/feed"), "that was too long ago"
    with transaction() as session:
        going.remember(session, ben_of(session, here), "post:999999")
    assert "toast=gone" in outside(lambda: Cast(app).ben).launched.location


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("https://m.org/x/mod/lti/return.php?course=7&instanceid=2&sesskey=a", "https://m.org/x/course/view.php?id=7"),
        ("https://c.org/courses/12/external_content/success/external_tool_redirect", "https://c.org/courses/12"),
        ("https://lms.org/courses/x?link=y", "https://lms.org/courses/x?link=y"),
    ],
)
def test_the_way_to_the_course_holds_nothing_of_one_session(given: str, wanted: str) -> None:
    assert going.course_address(given) == wanted


def test_without_a_mail_server_nothing_is_made(app: Flask, here: Cast) -> None:
    talk(here)
    sweep(EIGHT)
    assert digests() == []
    assert "No mails leave this server yet" in outside(lambda: here.ben.get("/notifications/settings")).text


def test_told_once_by_mail_stays_in_the_list(here: Cast, postbox: Postbox) -> None:
    talk(here)
    sweep(EIGHT)
    assert "Cleo Test replied to you" in outside(lambda: here.ben.get("/notifications")).text
    with transaction() as session:
        assert session.scalars(select(Notification.digest_id)).all() != [None]
        assert session.scalars(select(Person.email).where(Person.email == "ben@x.org")).one()
