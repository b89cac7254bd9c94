"""Our agreements: ready text, the trainer's lines, and a card that greets once and stands before nothing."""

import pytest
from flask import Flask
from sqlalchemy import select

from sociallearn.database import db
from sociallearn.roster.models import Agreements, Cohort, Member
from tests.conftest import Cast

CARD = 'aria-labelledby="agreements"'
LINES = {"line1": "We answer within a day.", "line2": "", "line3": "Dutch or English, as you like."}


def test_the_card_greets_at_the_first_visit_until_it_is_read(app: Flask, cast: Cast) -> None:
    page = cast.ben.get("/feed").text
    assert CARD in page
    assert page.index(CARD) < page.index('<textarea id="body"')
    assert cast.ben.post("/feed", body="I can write before I said anything.").status_code == 303
    assert CARD in cast.ben.get("/feed").text
    answer = cast.ben.post("/agreements/read", number="1")
    assert (answer.status_code, answer.location) == (303, cast.ben.url("/feed"))
    assert CARD not in cast.ben.get("/feed").text
    assert CARD in cast.cleo.get("/feed").text


def test_everybody_reads_them_at_any_time_and_the_footer_leads_there(cast: Cast) -> None:
    for actor in (cast.ben, cast.mona, cast.omar, cast.tess):
        assert f'href="{actor.url("/agreements")}"' in actor.get("/feed").text
        page = actor.get("/agreements")
        assert page.status_code == 200
        assert "We judge ideas, never people." in page.text
        assert ("Your own lines" in page.text) == (actor is cast.tess)


def test_both_languages_have_them(cast: Cast) -> None:
    cast.ben.post("/language", language="nl")
    assert '<html lang="nl">' in cast.ben.get("/agreements").text


def test_a_changed_version_greets_once_more_and_shorter(app: Flask, cast: Cast) -> None:
    cast.ben.post("/agreements/read", number="1")
    assert cast.tess.post("/agreements", **LINES).status_code == 303
    page = cast.ben.get("/feed").text
    assert "Our agreements have changed" in page
    assert "We answer within a day." in page
    assert "We judge ideas, never people." not in page
    cast.ben.post("/agreements/read", number="2")
    assert CARD not in cast.ben.get("/feed").text
    # the same lines once more change nothing, and fewer do
    cast.tess.post("/agreements", **LINES)
    assert CARD not in cast.ben.get("/feed").text
    cast.tess.post("/agreements", line1="", line2="", line3="")
    assert "Your trainer’s own lines are gone" in cast.ben.get("/feed").text
    with app.app_context():
        rows = db.session.execute(select(Agreements.number, Agreements.lines).order_by(Agreements.number)).all()
    assert [tuple(row) for row in rows] == [(1, [LINES["line1"], LINES["line3"]]), (2, [])]


def test_who_never_read_the_first_gets_all_of_it(cast: Cast) -> None:
    cast.tess.post("/agreements", **LINES)
    page = cast.ben.get("/feed").text
    assert "We judge ideas, never people." in page
    assert "We answer within a day." in page
    assert "have changed" not in page


def test_reading_never_runs_ahead_or_back(app: Flask, cast: Cast) -> None:
    for number in ("99", "-1", "x", "0", ""):
        cast.ben.post("/agreements/read", number=number)
    with app.app_context():
        assert db.session.get_one(Member, cast.ben.member_id).agreements_read == 1
    cast.tess.post("/agreements", **LINES)
    cast.ben.post("/agreements/read", number="1")
    assert CARD in cast.ben.get("/feed").text


@pytest.mark.parametrize("name", ["ben", "mona", "omar"])
def test_only_trainers_write_them(app: Flask, cast: Cast, name: str) -> None:
    assert getattr(cast, name).post("/agreements", **LINES).status_code == 403
    with app.app_context():
        assert db.session.scalars(select(Agreements)).all() == []


def test_a_line_too_long_comes_back(cast: Cast) -> None:
    answer = cast.tess.post("/agreements", line1="x" * 201, line2="kept", line3="")
    assert answer.status_code == 422
    assert "At most 200 characters." in answer.text
    assert 'value="kept"' in answer.text


def test_lines_stay_in_their_cohort_and_are_escaped(app: Flask, cast: Cast) -> None:
    cast.tess.post("/agreements", line1="<script>alert(1)</script>", line2="", line3="")
    page = cast.ben.get("/agreements").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "alert(1)" not in cast.otto.get("/agreements").text
    with app.app_context():
        row = db.session.scalars(select(Agreements)).one()
        assert row.organisation_id == db.session.get_one(Cohort, row.cohort_id).organisation_id


def test_the_composer_leads_to_them(cast: Cast) -> None:
    page = cast.ben.get("/feed").text
    help_text = page[page.index('id="body-help"') :]
    assert f'<a href="{cast.ben.url("/agreements")}">Our agreements</a>' in help_text[:600]


def test_a_trainer_is_first_asked_to_set_up(cast: Cast) -> None:
    assert CARD not in cast.tess.get("/feed").text
    cast.tess.post("/cohort/set-up/template", template="weekly")
    assert CARD in cast.tess.get("/feed").text
