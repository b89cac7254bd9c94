"""Whoever no longer offers to be asked stands nowhere any more, at once: no page, no mail, no later request."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.notifications import delivering, planning
from sociallearn.questions.models import HelperProfile, HelperTopic
from sociallearn.roster.models import Member
from tests.conftest import Actor, Cast
from tests.notifications.postbox import Postbox, serving
from tests.questions import town

MONDAY = town.local("2027-03-08T10:00")
TOPIC, LINE, WORDS = "glagolitic", "Any zebrafish, on any day", "quokka habits"


@pytest.fixture
def postbox(app: Flask) -> Iterator[Postbox]:
    """A mail server."""
    with serving(app) as box:
        yield box


def said(reader: Actor, path: str) -> str:
    """What a page says in its middle; nothing where it does not open."""
    answer = reader.get(path)
    assert answer.status_code < 500, path
    return answer.text.split("<main", 1)[-1].split("</main>")[0] if answer.status_code == 200 else ""


def pages(app: Flask, cleo: int, question: int) -> list[str]:
    """Every page there is, about Cleo, the question and its topic."""
    fill = {"member_id": str(cleo), "post_id": str(question), "topic_key": TOPIC}
    found = [f"/search?q={TOPIC}", "/search?q=Cleo", f"/questions/who-knows?about={TOPIC}", "/questions?show=asked"]
    for rule in app.url_map.iter_rules():
        needs = rule.arguments - {"seat"}
        if "seat" in rule.arguments and "GET" in (rule.methods or set()) and not needs - set(fill):
            path = rule.rule.removeprefix("/s/<seat>")
            found.append(re.sub(r"<(?:\w+:)?(\w+)>", lambda name: fill[name[1]], path))
    assert len(found) > 80
    return found


def send_mails(hours: int) -> None:
    """What a worker does so many hours later."""
    with clock.at(MONDAY + timedelta(hours=hours)):
        for task, due in ((planning.plan_next, planning._due), (delivering.deliver, delivering._due)):
            with transaction() as session:
                rows = list(due(session))
            for row in rows:
                task(row)


def test_it_goes_from_every_page_and_mail_at_once(app: Flask, cast: Cast, postbox: Postbox) -> None:
    cleo, readers = cast.cleo.member_id, (cast.ben, cast.tess, cast.mona)
    shows = (f"/people/{cleo}", f"/questions/who-knows?about={TOPIC}")
    with app.app_context(), clock.at(MONDAY):
        town.stay()
        question = town.ask(cast.ben.member_id, f"Who reads {TOPIC}?", f"About #{TOPIC}, please.")
        with transaction() as session:
            topic = town.topic(session, session.get_one(Member, cleo).cohort_id, TOPIC)
    with clock.at(MONDAY):
        form = {"words": WORDS, "line": LINE, "is_listed": "1", "topic": str(topic)}
        assert cast.cleo.post("/questions/ask-me", **form).status_code == 303
    with app.app_context():
        town.sweep(MONDAY + timedelta(hours=6))
    with clock.at(MONDAY + timedelta(hours=7)):
        for reader in readers:
            assert all(LINE in said(reader, path) and WORDS not in said(reader, path) for path in shows)
        assert "Cleo Test" in said(cast.tess, f"/questions/{question}")  # whom was asked
        assert TOPIC in said(cast.cleo, "/notifications/digest")
        assert LINE in said(cast.cleo, "/me")
        assert cast.cleo.post("/questions/ask-me/withdrawal").status_code == 303
        for reader in (cast.ben, cast.tess):
            for path in pages(app, cleo, question):
                text = said(reader, path)
                assert LINE not in text, path
                assert WORDS not in text, path
                assert not any("Cleo Test" in part and TOPIC in part for part in text.split("<section")), path
        for path in (*shows, "/me", "/questions/ask-me", "/notifications", "/notifications/digest"):
            text = said(cast.cleo, path) + said(cast.mona, path)
            assert LINE not in text, path
            assert WORDS not in text, path
        assert TOPIC not in said(cast.cleo, "/notifications/digest")
    with app.app_context(), clock.at(MONDAY + timedelta(hours=8)):
        later = town.ask(cast.ben.member_id, f"Who else reads {TOPIC}?", f"More of #{TOPIC}, and {WORDS}.")
    with app.app_context():
        for hours in (14, 26, 40):
            town.sweep(MONDAY + timedelta(hours=hours))
        assert {member for _step, member, _state in town.nudges(later)} == {cast.tess.member_id}
        for hours in (22, 46):
            send_mails(hours)
        with transaction() as session:
            assert session.query(HelperProfile).count() == session.query(HelperTopic).count() == 0
    assert postbox.recipients == ["tess@x.org"] * len(postbox.mails) != []  # a trainer hears of the questions
    for mail in postbox.mails:
        parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
        assert LINE not in "".join(parts)
        assert "Cleo" not in "".join(parts)
