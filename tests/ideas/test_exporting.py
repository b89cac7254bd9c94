"""Ideas as a table: all that its reader can read on the pages, and no more."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.errors import Refusal
from sociallearn.ideas import (
    building,
    commenting,
    exporting,
    merging,
    moving,
    proposing,
    rating,
    rounds,
    settling,
    staging,
)
from sociallearn.ideas.commenting import RemarkKind
from sociallearn.ideas.models import IdeaRound
from sociallearn.ideas.settling import Plan
from sociallearn.ideas.staging import Wanted
from sociallearn.posts import deciding, writing
from sociallearn.posts.models import Post, Visibility
from sociallearn.roster.models import Member
from tests import make
from tests.conftest import Cast
from tests.ideas.cast import people
from tests.ideas.test_moving import proposed
from tests.ideas.test_rounds import opened

START = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
TITLE, BODY = '=cmd|"Küche" ☕', "Line one, “two”\n\n- a #café list;=1+1\n\n'quoted'"


def lines(session: Session, member: Member, only: IdeaRound | None = None) -> list[dict[str, str]]:
    """The table, row by row, without empty cells."""
    text = exporting.as_csv(session, member, only)
    assert text.startswith("\ufeff")
    rows = csv.DictReader(io.StringIO(text[1:], newline=""))
    return [{name: cell for name, cell in row.items() if cell} for row in rows]


def only(rows: list[dict[str, str]], kind: str) -> list[dict[str, str]]:
    """Those of one kind."""
    return [row for row in rows if row["row"] == kind]


def test_everything_about_a_round(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    with clock.at(START):
        round_ = rounds.open_one(session, by=tess, question="What next?", closes_at=START + timedelta(days=30))
        staging.set_stages(session, round_, [Wanted("new", "New"), Wanted(None, "+ Pilot")], by=tess)
        first = proposing.propose(session, by=ben, title="Earlier", body="One", to=round_)
        idea = proposing.propose(session, by=cleo, title=TITLE, body=BODY, to=round_)
        building.build(session, idea, first, by=cleo)
        post = session.get_one(Post, idea.post_id)
        said = commenting.comment(session, post, RemarkKind.CONCERN, by=dora, body="Cost?", suggestion="Ask")
        writing.reply(session, said, by=cleo, body="@ noon")
        merging.merge(session, first, idea.post_id, by=tess, reason="The same")
        moving.move(session, idea, "s1", by=tess, reason="Go", seen="new")
        plan = Plan(dora.id, START.date(), "Fewer mails", "https://example.org/x", is_there=True)
        settling.settle(session, idea, plan, by=tess, seen=0)
    moment = "2026-09-01T08:30:00.000000+00:00"
    assert lines(session, tess, round_) == [
        {
            "row": "round",
            "id": "round-1",
            "title": "What next?",
            "date": moment,
            "until": "2026-10-01T08:30:00.000000+00:00",
        },
        {"row": "stage", "of": "round-1", "title": "New"},
        {"row": "stage", "of": "round-1", "title": "'+ Pilot"},
        {
            "row": "idea",
            "id": "idea-1",
            "of": "round-1",
            "title": "Earlier",
            "text": "One",
            "author": ben.name,
            "date": moment,
            "stage": "New",
            "merged_into": "idea-2",
        },
        {
            "row": "idea",
            "id": "idea-2",
            "of": "round-1",
            "title": "'" + TITLE,
            "text": BODY.replace("- a", "'- a").replace(";=", ";'=").replace("\n'q", "\n''q"),
            "author": cleo.name,
            "co_authors": ben.name,
            "topics": "#café",
            "date": moment,
            "stage": "'+ Pilot",
            "builds_on": "idea-1",
            "owner": dora.name,
            "due": "2026-09-01",
            "benefit": "Fewer mails",
            "evidence": "https://example.org/x",
            "implemented": moment,
        },
        {
            "row": "comment",
            "id": "comment-1",
            "of": "idea-2",
            "text": "Cost?\n\nAsk",
            "author": dora.name,
            "date": moment,
            "kind": "concern",
        },
        {
            "row": "comment",
            "id": "comment-2",
            "of": "comment-1",
            "text": "'@ noon",
            "author": cleo.name,
            "date": moment,
        },
    ]


def test_ratings_without_anybody_and_only_where_its_reader_may_know_them(
    app: Flask, session: Session, cast: Cast
) -> None:
    actors = [cast.tess, cast.ben, cast.cleo, *people(app, 4)]  # everybody comes in before a session reads anybody
    tess, ben, cleo, *more = (one.member(session) for one in actors)
    idea, few = make.idea(session, ben), make.idea(session, cleo, "Few")
    for value, by in zip((5, 1, 3, 2), more, strict=True):
        rating.rate(session, idea, value, by=by)
    for by in (tess, *more[:2]):
        rating.rate(session, few, 4, by=by)
    rating.rate(session, idea, 4, by=cleo)
    assert only(lines(session, tess), "rating") == []  # five there, and not rated by its reader; few here
    rating.rate(session, idea, 3, by=tess)
    found = only(lines(session, tess), "rating")
    assert found == [{"row": "rating", "of": "idea-1", "rating": str(value)} for value in (1, 2, 3, 3, 4, 5)]


def test_what_cannot_be_read_is_not_in_it(session: Session, cast: Cast) -> None:
    tess, ben, cleo = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo"))
    gone, idea = make.idea(session, ben, "Gone"), make.idea(session, cleo, "Stays")
    building.build(session, idea, gone, by=cleo)
    post = session.get_one(Post, idea.post_id)
    said = commenting.comment(session, post, RemarkKind.BUILD, by=ben, body="Hidden remark")
    writing.reply(session, said, by=cleo, body="A reply that stays")
    deciding.decide(session, session.get_one(Post, gone.post_id), Visibility.DELETED, by=ben, reason="")
    deciding.decide(session, said, Visibility.HIDDEN, by=tess, reason="Rude")
    rows = lines(session, tess)
    assert [row["title"] for row in only(rows, "idea")] == ["Stays"]
    assert "builds_on" not in only(rows, "idea")[0]
    assert [(row["of"], row["text"]) for row in only(rows, "comment")] == [("idea-1", "A reply that stays")]
    with pytest.raises(Refusal) as refusal:
        exporting.as_csv(session, ben)
    assert refusal.value.status == 403


def test_a_trainer_finds_it_below_the_ideas(cast: Cast) -> None:
    proposed(cast.ben, "Outside")
    round_id = opened(cast)
    proposed(cast.cleo, "Inside", round=round_id)
    assert "/ideas/ideas.csv" in cast.tess.get("/ideas").text
    assert "/ideas/ideas.csv" not in cast.ben.get("/ideas").text
    every, one = cast.tess.get("/ideas/ideas.csv"), cast.tess.get(f"/ideas/ideas.csv?round={round_id}")
    assert every.headers["Content-Disposition"] == 'attachment; filename="ideas.csv"'
    assert "Outside" in every.text
    assert "Inside" in every.text
    assert "Outside" not in one.text
    assert "ben@" not in every.text
    assert cast.ben.get("/ideas/ideas.csv").status_code == 403
    assert cast.tess.get("/ideas/ideas.csv?round=x").status_code == 404
    assert cast.otto.get(f"/ideas/ideas.csv?round={round_id}").status_code in (403, 404)
