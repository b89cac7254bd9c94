"""Mentions and topics are kept with their text, and counted while it can be read."""

import threading

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import db, unit_of_work
from sociallearn.posts import deciding, writing
from sociallearn.posts.models import Mention, Post, PostTopic, Topic, Visibility
from sociallearn.roster.models import Member
from tests import make
from tests.conftest import Cast


def counts(session: Session) -> dict[str, int]:
    return dict(session.execute(select(Topic.key, Topic.post_count)).tuples().all())


def mentioned(session: Session, post: Post) -> set[int]:
    return set(session.scalars(select(Mention.member_id).where(Mention.post_id == post.id)))


def test_write_reply_and_edit_keep_them(session: Session, cast: Cast) -> None:
    ben, cleo, dora = (getattr(cast, name).member(session) for name in ("ben", "cleo", "dora"))
    post = make.post(session, ben, "@Cleo Test, what of #Mail and #planning?")
    answer = make.reply(session, post, cleo, "Ask @dora test about #MAIL. #mail")
    assert (mentioned(session, post), mentioned(session, answer)) == ({cleo.id}, {dora.id})
    assert '<span class="mention">@Dora Test</span>' in answer.html
    assert 'href="/-/topics/mail"' in answer.html
    assert counts(session) == {"mail": 2, "planning": 1}
    assert session.scalars(select(Topic.name).order_by(Topic.key)).all() == ["Mail", "planning"]
    writing.edit(session, post, by=ben, body="@Dora Test, what of #planning and #time?", title=None)
    assert mentioned(session, post) == {dora.id}
    assert counts(session) == {"mail": 1, "planning": 1, "time": 1}
    writing.edit(session, post, by=ben, body="Nobody and nothing.", title=None)
    assert mentioned(session, post) == set()
    assert counts(session) == {"mail": 1, "planning": 0, "time": 0}
    row = session.scalars(select(PostTopic)).one()
    assert (row.post_id, row.organisation_id) == (answer.id, ben.organisation_id)


def test_a_text_counts_while_it_can_be_read(session: Session, cast: Cast) -> None:
    ben, tess = cast.ben.member(session), cast.tess.member(session)
    post = make.post(session, ben, "#mail and #time")
    make.reply(session, post, tess, "#mail")
    deciding.decide(session, post, Visibility.DELETED, by=ben, reason="")
    assert counts(session) == {"mail": 1, "time": 0}
    deciding.decide(session, post, Visibility.VISIBLE, by=ben, reason="")
    assert counts(session) == {"mail": 2, "time": 1}
    deciding.decide(session, post, Visibility.HIDDEN, by=tess, reason="a name")
    assert counts(session) == {"mail": 1, "time": 0}
    deciding.decide(session, post, Visibility.VISIBLE, by=tess, reason="")
    assert counts(session) == {"mail": 2, "time": 1}


def test_who_cannot_be_mentioned(session: Session, cast: Cast) -> None:
    ben, cleo, dora, tess = (getattr(cast, name).member(session) for name in ("ben", "cleo", "dora", "tess"))
    cleo.left_at, dora.is_test = clock.now(), True
    tess.person.name = "tess@x.org"
    session.flush()
    post = make.post(session, ben, "@Cleo Test @Dora Test @tess@x.org @Otto Test @Nobody")
    assert mentioned(session, post) == set()
    assert "mention" not in post.html


def test_two_of_the_same_name_are_both_mentioned(session: Session, cast: Cast) -> None:
    ben, cleo, dora = (getattr(cast, name).member(session) for name in ("ben", "cleo", "dora"))
    cleo.person.name, dora.person.name = "An Maes", "Án  Maes"
    session.flush()
    assert mentioned(session, make.post(session, ben, "Dag @an maes")) == {cleo.id, dora.id}


def test_members_are_looked_up_only_for_an_at_sign(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)

    def asked(body: str) -> int:
        seen: list[str] = []

        def hear(*args: object) -> None:
            if " ".join(str(args[2]).split()).startswith("SELECT member.id, person.name FROM"):
                seen.append(str(args[2]))

        event.listen(db.engine, "before_cursor_execute", hear)
        try:
            make.post(session, ben, body)
        finally:
            event.remove(db.engine, "before_cursor_execute", hear)
        return len(seen)

    assert asked("Nobody and #nothing") == 0
    assert asked("@Cleo Test and @Dora Test and @Cleo Test") == 1


def test_another_cohorts_topics_and_people_are_others(app: Flask, cast: Cast) -> None:
    assert cast.ben.post("/feed", body="#mail @Otto Test").status_code == 303
    assert cast.otto.post("/feed", body="#mail @Ben Test").status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Topic.post_count).where(Topic.key == "mail")).all() == [1, 1]
        assert db.session.scalars(select(Mention)).all() == []


@pytest.mark.parametrize("bodies", [("#new #also", "#also #new"), ("#Nieuw", "#nieuw")])
def test_two_who_invent_a_topic_at_once_both_succeed(app: Flask, cast: Cast, bodies: tuple[str, str]) -> None:
    ids, failures = (cast.ben.member_id, cast.cleo.member_id), []
    barrier = threading.Barrier(2)

    def write(number: int) -> None:
        try:
            with app.test_request_context("/", method="POST"), unit_of_work() as session:
                who = session.get_one(Member, ids[number])
                who.cohort  # noqa: B018 - read before the start
                if app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
                    barrier.wait(10)  # SQLite's writers stand in line anyway
                make.post(session, who, bodies[number])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    with app.app_context():
        found = counts(db.session())
    assert set(found.values()) == {2}
    assert len(found) == len(bodies[0].split())
