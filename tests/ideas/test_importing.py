"""A table of ideas comes back as it was, once, and only if all of it is whole."""

import base64
import csv
import io
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from sociallearn import clock
from sociallearn.activity.models import Activity
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.ideas import (
    authoring,
    bringing,
    building,
    commenting,
    exporting,
    importing,
    merging,
    moving,
    proposing,
    rating,
    rounds,
    settling,
    staging,
)
from sociallearn.ideas.commenting import RemarkKind
from sociallearn.ideas.models import Idea
from sociallearn.ideas.settling import Plan
from sociallearn.ideas.staging import Wanted
from sociallearn.notifications.models import Notification
from sociallearn.posts import deciding, writing
from sociallearn.posts.models import Mention, Post, Visibility
from sociallearn.roster.models import Member
from tests import make
from tests.conftest import Actor, Cast
from tests.ideas.cast import people

START = datetime(2026, 9, 1, 8, 30, 0, 123456, tzinfo=UTC)
ODD = '=cmd|"Küche" ☕ ;=1+1'
BODY = "Line one, “two” @Ben Test\n\n- a #Café list;=1+1\n\n'quoted'\n\t@x\n\n\"\"'=\n한국어 עברית"


def rich_board(session: Session, app: Flask, cast: Cast) -> Member:
    """Everything a table can hold, in the cast's cohort; its trainer."""
    actors = [cast.tess, cast.ben, cast.cleo, cast.dora, *people(app, 5)]
    tess, ben, cleo, dora, *more = (one.member(session) for one in actors)
    with clock.at(START):
        round_ = rounds.open_one(session, by=tess, question="What next?", closes_at=START + timedelta(days=30))
        stages = [Wanted("new", "New"), Wanted(None, "+ Pilot"), Wanted("not_now", "Not now")]
        staging.set_stages(session, round_, stages, by=tess)
        first = proposing.propose(session, by=ben, title="Earlier", body="One #cafe", to=round_)
        for value, by in zip((5, 1, 3, 2, 2), more, strict=True):
            rating.rate(session, first, value, by=by)
    with clock.at(START + timedelta(days=1)):
        idea = proposing.propose(session, by=cleo, title=ODD, body=BODY, to=round_)
        for value, by in zip((4, 4, 3, 5, 1), more, strict=True):
            rating.rate(session, idea, value, by=by)
        building.build(session, idea, first, by=cleo)
        third = proposing.propose(session, by=dora, title="Third", body="Three", to=round_)
        moving.move(session, idea, "s1", by=tess, reason="Go", seen="new")
        merging.merge(session, first, idea.post_id, by=tess, reason="Same")
        merging.merge(session, idea, third.post_id, by=tess, reason="Same again")
        plan = Plan(dora.id, START.date(), "+ Fewer mails", "https://example.org/x", is_there=True)
        settling.settle(session, third, plan, by=tess, seen=0)
    outside = make.idea(session, ben)  # in the round that stays open: the averages are for who rated
    for by in (tess, *more[:4]):
        rating.rate(session, outside, 3, by=by)
    post = session.get_one(Post, outside.post_id)
    said = commenting.comment(session, post, RemarkKind.QUESTION, by=cleo, body="Cost?")
    writing.reply(session, said, by=dora, body="@ noon")
    gone = commenting.comment(session, post, RemarkKind.BUILD, by=dora, body="Gone")
    replies = [writing.reply(session, gone, by=ben, body=f"Reply {number}") for number in range(2)]
    writing.reply(session, replies[0], by=cleo, body="Reply to the first")
    commenting.comment(session, post, RemarkKind.CONCERN, by=dora, body="But", suggestion="Then")
    deciding.decide(session, gone, Visibility.HIDDEN, by=tess, reason="Rude")
    rounds.open_one(session, by=tess, question="Nothing here yet?")
    return tess


def table(*rows: Iterable[object]) -> bytes:
    """Rows as a file."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def counts(session: Session) -> tuple[int, ...]:
    """How much there is of what an import must not make."""
    tables = (Activity, Mention, Notification)
    return tuple(session.scalar(select(func.count()).select_from(one)) or 0 for one in tables)


def test_a_board_comes_back_as_it_was(session: Session, app: Flask, cast: Cast) -> None:
    stranger = cast.tara  # comes in before the session reads anybody
    tess, tara = rich_board(session, app, cast), stranger.member(session)
    text = exporting.as_csv(session, tess)
    plan = importing.read(text.encode())
    assert plan.problems == []
    assert plan.ratings == 20
    before = counts(session)
    bringing.bring_in(session, plan, by=tara)
    session.expire_all()
    assert exporting.as_csv(session, tara) == text
    assert counts(session) == before


def test_it_comes_back_as_it_was_where_its_people_are(session: Session, app: Flask, cast: Cast) -> None:
    tess = rich_board(session, app, cast)
    text = exporting.as_csv(session, tess)
    before = counts(session)
    bringing.bring_in(session, importing.read(text.encode()), by=tess)
    assert counts(session) == before
    newest = session.scalars(select(Idea.post_id).where(Idea.cohort_id == tess.cohort_id).order_by(Idea.post_id)).all()
    third = session.scalar(select(Post).where(Post.title == "Third").order_by(Post.id.desc()).limit(1))
    assert third is not None
    assert third.id in newest
    assert third.author_id == cast.dora.member_id
    assert third.created_at == START + timedelta(days=1)
    assert set(authoring.authors_of(session, [third.id])[third.id].values()) == {"Ben Test", "Cleo Test"}


PLAIN = (
    ("Title", "Body", "Author", "Date"),
    ("Fewer meetings", "Two a week.", "Ben Test", "2026-05-01"),
    ("A map", "Of who knows what.", "Nobody\u202e Here", ""),
)


def test_any_table_with_titles_and_texts_will_do(session: Session, cast: Cast) -> None:
    tess = cast.tess.member(session)
    for content in (table(*PLAIN), table(*PLAIN).decode().replace(",", ";").encode("utf-8-sig")):
        plan = importing.read(content)
        assert plan.problems == []
        bringing.bring_in(session, plan, by=tess)
        newest = session.scalars(select(Post).where(Post.cohort_id == tess.cohort_id).order_by(Post.id.desc())).all()[
            :2
        ]
        assert [(post.title, post.author_id) for post in newest] == [
            ("A map", tess.id),
            ("Fewer meetings", cast.ben.member_id),
        ]
        assert newest[1].created_at == datetime(2026, 5, 1, tzinfo=UTC)
        assert authoring.imported_names(session, [newest[0].id]).author(newest[0].id, "") == "Nobody Here"
    alone = importing.read(table(("title", "body"), ("One", "Mine")))
    bringing.bring_in(session, alone, by=tess)
    assert exporting.as_csv(session, tess).count(tess.name) == 1


IDEA = ("row", "id", "of", "title", "text", "rating", "stage", "merged_into", "builds_on", "date", "kind")


@pytest.mark.alike
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The first row has to name"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "UTF-8"),
        ("title,body\nCafé,é".encode("latin-1"), "UTF-8"),
        (table(("name", "words"), ("a", "b")), "The first row has to name"),
        (table(("title", "title", "body")), "The first row has to name"),
        (b'title,body\n"a,b', "no whole CSV"),
        (b"title,body\n" + b"a" * 200_000, "no whole CSV"),
        (b"title,body\n" + b"a,b\n" * 2001, "more than 2,000 rows"),
        (b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
        (table(("title", "body")), "There is no idea"),
        (table(("title", "body"), ("", "b")), "Row 2: It has no title"),
        (table(("title", "body"), ("a",)), "Row 2: It has no text"),
        (table(("title", "body"), ("a" * 151, "b")), "at most 150 characters"),
        (table(("title", "body", "date"), ("a", "b", "soon")), "“soon” is no date"),
        (table(("title", "body", "date"), ("a", "b", "0001-01-01T00:00+09:00")), "is no date"),
        (table(("title", "body", "date"), ("a", "b", "2999-01-01")), "still to come"),
        (table(IDEA, ("poll", "", "", "a", "b")), "is no kind of row"),
        (table(IDEA, ("idea", "1", "", "a", "b"), ("idea", "1", "", "a", "b")), "the same id"),
        (table(IDEA, ("idea", "1", "r", "a", "b")), "belongs to “r”"),
        (table(IDEA, ("idea", "1", "", "a", "b", "", "", "2")), "cannot be merged"),
        (table(IDEA, ("idea", "1", "", "a", "b", "", "", "1")), "cannot be merged"),
        (table(IDEA, ("idea", "1", "", "a", "b", "", "", "", "1")), "belongs to “1”"),
        (table(IDEA, ("rating", "", "1", "", "", "3")), "belongs to “1”"),
        (table(IDEA, ("idea", "1", "", "a", "b"), ("rating", "", "1", "", "", "6")), "from 1 to 5"),
        (table(IDEA, ("idea", "1", "", "a", "b"), ("comment", "", "1", "", "c", *[""] * 5, "odd")), "kind of comment"),
        (table(IDEA, ("round", "r"), ("stage", "", "r", "One"), ("idea", "", "r", "a", "b", "", "x")), "is no stage"),
        (table(IDEA, ("round", "r"), ("stage", "", "r", "One")), "Keep at least two stages"),
        (table(IDEA, ("round", "r"), ("round", "s")), "Only one round"),
    ],
)
def test_what_is_wrong_is_said(app: Flask, content: bytes, said: str) -> None:
    with app.test_request_context("/"):
        assert said in "\n".join(importing.read(content).problems)


def test_only_trainers_bring_in(session: Session, cast: Cast) -> None:
    plan = importing.read(table(*PLAIN))
    for actor in (cast.ben, cast.dora):
        with pytest.raises(Refusal) as refusal:
            bringing.bring_in(session, plan, by=actor.member(session))
        assert refusal.value.status == 403


def sent(actor: Actor, content: bytes) -> TestResponse:
    """The answer to a file."""
    return actor.post("/ideas/import", table=(io.BytesIO(content), "ideas.csv"))


def kept(content: bytes) -> str:
    """How the page keeps a file until it is confirmed."""
    return base64.b64encode(content).decode()


def ideas(app: Flask) -> int:
    """How many there are."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Idea)) or 0


def test_a_trainer_sees_what_it_holds_and_then_brings_it_in(app: Flask, cast: Cast) -> None:
    content = table(*PLAIN)
    assert "/ideas/import" in cast.tess.get("/ideas").text
    assert "/ideas/import" not in cast.ben.get("/ideas").text
    assert "2,000 rows" in cast.tess.get("/ideas/import").text
    page = sent(cast.tess, content)
    assert page.status_code == 200
    assert "2 ideas" in page.text
    assert "Nobody Here" in page.text
    assert "Ben Test" not in page.text.partition("Not in this cohort")[2].partition("</section>")[0]
    assert kept(content) in page.text
    assert ideas(app) == 0
    done = cast.tess.post("/ideas/import", kept=kept(content))
    assert done.status_code == 303
    listed = cast.ben.get("/ideas").text
    assert "Nobody Here" in listed
    assert "Nobody Here" in cast.ben.get("/ideas/board").text
    assert "ideas/" in cast.ben.get("/search?q=map").text.partition("<main")[2].partition("hit-by")[0]
    again = sent(cast.tess, content), cast.tess.post("/ideas/import", kept=kept(content))
    for answer in again:
        assert answer.status_code == 409
        assert "This file was brought in already on" in answer.text
    assert ideas(app) == 2
    assert cast.tara.post("/ideas/import", kept=kept(content)).status_code == 303  # elsewhere it is new
    for actor in (cast.ben, cast.mona, cast.omar):
        assert actor.get("/ideas/import").status_code == 403
        assert actor.post("/ideas/import", kept=kept(content)).status_code == 403


def test_a_broken_file_is_answered_in_words(cast: Cast) -> None:
    for answer in (
        sent(cast.tess, table(("title", "body"), ("", "b"))),
        cast.tess.post("/ideas/import"),
        cast.tess.post("/ideas/import", kept="é"),
        cast.tess.post("/ideas/import", kept=kept(b"x")),
    ):
        assert answer.status_code == 422
        assert "data-problems" in answer.text
    many = sent(cast.tess, table(("title", "body"), *[("", "b")] * 25))
    assert "And 5 more." in many.text


def test_twice_at_once_is_once(app: Flask, cast: Cast) -> None:
    assert cast.tess.token
    answers: list[int] = []

    def confirm() -> None:
        answers.append(cast.tess.post("/ideas/import", kept=kept(table(*PLAIN))).status_code)

    threads = [threading.Thread(target=confirm) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 409]
    assert ideas(app) == 2


def test_ratings_given_here_are_added_to_those_of_the_file(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    rows = [("rating", "", "1", "", "", "4")] * 5
    bringing.bring_in(session, importing.read(table(IDEA, ("idea", "1", "", "a", "b"), *rows)), by=tess)
    idea = session.scalars(select(Idea)).one()
    rating.rate(session, idea, 1, by=ben)
    with pytest.raises(Refusal):
        rating.rate(session, idea, 1, by=tess)  # it is hers here: she cannot count twice
    other = make.idea(session, cleo)
    rating.rate(session, other, 2, by=dora)
    merging.merge(session, session.get_one(Idea, other.post_id), idea.post_id, by=tess, reason="Same")
    session.refresh(idea)
    assert (idea.rating_count, idea.rating_sum) == (7, 23)
    merging.split(session, session.get_one(Idea, other.post_id), by=tess, reason="Not the same")
    session.refresh(idea)
    assert (idea.rating_count, idea.rating_sum) == (6, 21)


def test_names_that_came_with_a_merged_idea_leave_with_it(session: Session, cast: Cast) -> None:
    tess = cast.tess.member(session)
    head = (*IDEA, "author", "co_authors")
    empty = [""] * 6
    content = table(
        head,
        ("idea", "1", "", "Part", "b", "", "", "2", "", "", "", "Ann Away", ""),
        ("idea", "2", "", "Whole", "b", *empty, "Bob Away", "Ann Away\nCora Away"),
    )
    bringing.bring_in(session, importing.read(content), by=tess)
    part, whole = session.scalars(select(Idea).order_by(Idea.post_id)).all()
    assert part.merged_into == whole.post_id
    merging.split(session, part, by=tess, reason="Not the same")
    assert authoring.imported_names(session, [whole.post_id]).further(whole.post_id) == ["Cora Away"]
