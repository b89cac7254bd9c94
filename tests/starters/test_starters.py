"""Opening a starter question, what stands with it, what waits for an answer, and taking it back."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.errors import Refusal
from sociallearn.ideas import proposing
from sociallearn.ideas.models import IdeaRound
from sociallearn.placing import making
from sociallearn.placing.forms import Wanted as Placed
from sociallearn.posts import writing
from sociallearn.posts.models import Extra, Kind, Post, Starter
from sociallearn.roster.models import Cohort
from sociallearn.starters import opening, themes, withdrawing
from sociallearn.starters.opening import Wanted
from tests.conftest import HERE, Actor, Cast, person
from tests.lms import MEMBERSHIP
from tests.starters.cast import DETAILS, DISCUSSION, IDEA, QUESTION, opened, reply, row

ALL = ("discussion", "question", "round")
EVERYTHING = Wanted(discussion=DISCUSSION, title=QUESTION, details=DETAILS, idea=IDEA)
LATER = "2099-01-01T18:00"


def close(app: Flask, *rooms: str) -> None:
    with app.app_context(), transaction() as session:
        session.scalars(select(Cohort).order_by(Cohort.id)).first().rooms_off = list(rooms)  # type: ignore[union-attr]


# -- opening


def test_one_act_opens_all_three_and_they_lead_to_each_other(app: Flask, cast: Cast) -> None:
    made = row(app, opened(cast.tess, *ALL, due=LATER))
    page = cast.tess.get(f"/starters/{made.id}?toast=starter-opened").text
    for words in ("Published.", f"/posts/{made.post_id}", f"/questions/{made.question_id}", f"?round={made.round_id}"):
        assert words in page
    discussion = cast.ben.get(f"/posts/{made.post_id}").text
    assert '<span class="tag">Starter question</span>' in discussion
    assert f'href="{cast.ben.url(f"/questions/{made.question_id}")}">Also asked as a question' in discussion
    assert f'href="{cast.ben.url(f"/ideas?round={made.round_id}")}">Idea round' in discussion
    for path in (f"/questions/{made.question_id}", f"/ideas?round={made.round_id}"):
        page = cast.ben.get(path).text
        assert f'href="{cast.ben.url(f"/posts/{made.post_id}")}">Discussion in the feed' in page
    assert '<span class="tag">Starter question</span>' in cast.ben.get("/questions").text


def test_only_what_is_ticked_is_opened(app: Flask, cast: Cast) -> None:
    made = row(app, opened(cast.tess, "round"))
    assert (made.post_id, made.question_id) == (None, None)
    assert IDEA in cast.ben.get(f"/ideas?round={made.round_id}").text
    assert DISCUSSION not in cast.ben.get("/feed").text
    asked = row(app, opened(cast.tess, "question", answer_first="1"))
    assert asked.question_id
    assert not asked.answer_first  # is for the discussion alone


def test_what_is_missing_is_said_and_nothing_typed_is_lost(cast: Cast) -> None:
    page = cast.tess.post(
        "/starters", parts=[*ALL], body="Half a thought", title="", details="", idea="Which?", due="soon"
    )
    assert page.status_code == 422
    assert "Ask a question first." in page.text
    assert "Write something first." in page.text
    assert "Write a date and a time" in page.text
    assert "Half a thought" in page.text
    assert 'value="Which?"' in page.text
    assert 'value="soon"' in page.text
    assert page.text.count(" checked") == 3
    nothing = cast.tess.post("/starters", body="Half a thought")
    assert nothing.status_code == 422
    assert "Tick at least one thing to open." in nothing.text
    over = cast.tess.post("/starters", parts="discussion", body="Well?", due="2020-01-01T12:00")
    assert over.status_code == 422
    assert "Choose a moment that is still to come." in over.text
    assert "Well?" not in cast.tess.get("/feed").text


def test_a_preview_shows_everything_and_keeps_nothing(cast: Cast) -> None:
    form = {"body": "What did **you** try?", "title": QUESTION, "details": DETAILS, "idea": IDEA}
    page = cast.tess.post("/starters/preview", parts=[*ALL], **form)
    assert page.status_code == 200
    assert "This is what will appear" in page.text
    assert "What did <strong>you</strong> try?" in page.text
    assert f'<strong dir="auto">{IDEA}</strong>' in page.text
    assert "What did **you** try?" in page.text  # still in the form
    assert "try?" not in cast.tess.get("/feed").text
    assert cast.tess.post("/starters/preview", parts="discussion", body="").status_code == 422


def test_a_closed_room_cannot_be_ticked_and_says_why(app: Flask, cast: Cast) -> None:
    assert cast.tess.seat
    close(app, "questions", "ideas")
    page = cast.tess.get("/starters/new").text
    assert page.count("disabled") == 2
    assert page.count("This room is closed in this cohort.") == 2
    for part in ("question", "round"):
        refused = cast.tess.post("/starters", parts=[part], title=QUESTION, details=DETAILS, idea=IDEA)
        assert refused.status_code == 422
        assert "This room is closed in this cohort." in refused.text
    made = row(app, opened(cast.tess, "discussion"))
    assert "Also asked" not in cast.ben.get(f"/posts/{made.post_id}").text


def test_links_to_a_room_that_closed_are_gone(app: Flask, cast: Cast) -> None:
    made = row(app, opened(cast.tess, *ALL))
    close(app, "questions", "ideas")
    page = cast.ben.get(f"/posts/{made.post_id}").text
    assert "Also asked" not in page
    assert "Idea round" not in page


def test_the_act_refuses_what_the_form_does_not_offer(session: Session, cast: Cast) -> None:
    tess, ben = cast.tess.member(session), cast.ben.member(session)
    tries = [(403, EVERYTHING, ben), (422, Wanted(), tess), (422, Wanted("Well?", due_at=clock.now()), tess)]
    session.get_one(Cohort, tess.cohort_id).rooms_off = ["ideas"]
    tries.append((409, EVERYTHING, tess))
    for status, wanted, by in tries:
        with pytest.raises(Refusal) as refused:
            opening.start(session, wanted, by=by)
        assert refused.value.status == status


def test_only_trainers_of_the_cohort(app: Flask, cast: Cast) -> None:
    made = opened(cast.tess)
    for actor in (cast.ben, cast.mona, cast.omar):
        assert actor.get("/starters/new").status_code == 403
        assert actor.get(f"/starters/{made}").status_code == 403
        for path in ("/starters", "/starters/preview", f"/starters/{made}/withdrawal"):
            assert actor.post(path, parts="discussion", body="Well?").status_code == 403
    assert cast.tara.get(f"/starters/{made}").status_code == 404
    assert cast.tara.post(f"/starters/{made}/withdrawal").status_code == 404
    assert DISCUSSION not in cast.otto.get("/feed").text
    assert "/starters/new" in cast.tess.get("/feed").text
    assert "/starters/new" in cast.tess.get("/cohort/set-up").text
    assert "/starters/new" not in cast.ben.get("/feed").text


def test_an_archived_cohort_opens_nothing(cast: Cast) -> None:
    made = opened(cast.tess, due=LATER)
    cast.tess.post("/cohort/set-up/archive")
    assert cast.tess.post("/starters", parts="discussion", body="Well?").status_code == 403
    assert cast.tess.post(f"/starters/{made}/withdrawal").status_code == 403
    assert "Take back" not in cast.tess.get(f"/starters/{made}").text
    assert "waits for you" not in cast.ben.get("/feed").text


# -- ready-made themes


def test_themes_come_in_the_language_of_the_cohort_and_what_fits_comes_first(app: Flask, cast: Cast) -> None:
    assert cast.tess.seat
    with app.test_request_context("/"):
        cohort = Cohort(template="weekly", language="nl")
        dutch = themes.ready(cohort)
        cohort.language = "en"
        english = themes.ready(cohort)
    assert len(dutch) == len(english) >= 8
    assert english[0].name == "Into practice"
    for theirs, ours in zip(dutch, english, strict=True):
        for name in ("name", "discussion", "title", "details", "idea"):
            assert getattr(theirs, name) != getattr(ours, name), name
        assert max(len(theirs.title), len(theirs.idea), len(ours.title), len(ours.idea)) <= 150


def test_every_theme_can_be_published_as_it_is_and_own_words_begin_empty(app: Flask, cast: Cast) -> None:
    found = re.search(r'<textarea id="body"[^>]*>\s*([^<]+)</textarea>', cast.tess.get("/starters/new?theme=2").text)
    assert found
    assert found[1].strip()
    empty = re.search(r'<textarea id="body"[^>]*>\s*</textarea>', cast.tess.get("/starters/new?theme=own").text)
    assert empty
    assert cast.tess.get("/starters/new?theme=99").status_code == 200


# -- until when


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2027-07-01T18:00", datetime(2027, 7, 1, 16, tzinfo=UTC)),
        ("2027-12-01T18:00", datetime(2027, 12, 1, 17, tzinfo=UTC)),
        ("2027-03-28T02:30", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),  # does not exist: the clock jumps to three
        ("2027-10-31T02:30", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),  # comes twice: the first one
    ],
)
def test_a_due_date_is_in_the_cohorts_zone_summer_and_winter(
    app: Flask, cast: Cast, typed: str, meant: datetime
) -> None:
    assert row(app, opened(cast.tess, due=typed)).due_at == meant


def test_who_answered_is_counted_and_the_strip_goes_with_the_answer(app: Flask, cast: Cast) -> None:
    for actor in (cast.ben, cast.cleo, cast.dora, cast.tess, cast.mona):
        assert actor.seat
    soon, later = (clock.now().astimezone(ZoneInfo("Europe/Brussels")) + timedelta(hours=hours) for hours in (1, 3))
    first = row(app, opened(cast.tess, due=soon.strftime("%Y-%m-%dT%H:%M")))
    opened(cast.tess, "question", due=later.strftime("%Y-%m-%dT%H:%M"))
    opened(cast.tess)  # without an end: nothing waits
    feed = cast.ben.get("/feed").text
    assert "2 starter questions wait for you" in feed
    assert feed.count('class="card calm starter-strip"') == 1
    assert f"/posts/{first.post_id}#write" in feed
    assert re.search(rf"Until <time [^>]*>{soon:%A %H:%M}</time>", feed)
    assert "0 of 3 have answered" in feed
    mine = reply(cast.ben, first.post_id or 0, "Mine.")
    reply(cast.ben, first.post_id or 0, "And more.")
    reply(cast.tess, mine, "Thank you.")
    feed = cast.ben.get("/feed").text
    assert "1 starter question waits for you" in feed
    assert "1 of 3 has answered" in feed
    for path in ("/feed?sort=active", "/questions"):
        assert "waits for you" not in cast.ben.get(path).text
    for actor in (cast.tess, cast.mona):
        assert "waits for you" not in actor.get("/feed").text
    with clock.at(clock.now() + timedelta(hours=2)):
        assert "1 starter question waits for you" in cast.cleo.get("/feed").text  # the question has more time
        assert re.search(r"It was due <time", cast.cleo.get("/feed").text)
        assert cast.cleo.post(f"/posts/{first.post_id}/replies", body="Late, and welcome.").status_code == 303


def test_a_text_that_was_removed_shows_nothing_of_it(app: Flask, cast: Cast) -> None:
    made = row(app, opened(cast.tess, *ALL, due=LATER))
    reply(cast.cleo, made.post_id or 0, "Mine.")
    cast.tess.post(f"/posts/{made.post_id}/deletion")
    feed = cast.ben.get("/feed").text
    assert "Starter question</span>" not in feed
    assert "waits for you" not in feed
    assert "Discussion in the feed" not in cast.ben.get(f"/questions/{made.question_id}").text


# -- taking it back


def test_what_nobody_answered_is_taken_back(app: Flask, cast: Cast) -> None:
    made = row(app, opened(cast.tess, *ALL))
    assert "Take back" in cast.tess.get(f"/starters/{made.id}").text
    gone = cast.tess.post(f"/starters/{made.id}/withdrawal")
    assert gone.location.endswith("/feed?toast=starter-withdrawn")
    assert DISCUSSION not in cast.ben.get("/feed").text
    assert QUESTION not in cast.ben.get("/questions").text
    assert IDEA not in cast.ben.get("/ideas").text
    assert "It was taken back." in cast.tess.get(f"/starters/{made.id}").text
    assert cast.tess.post(f"/starters/{made.id}/withdrawal").status_code == 303  # a second click


def test_what_somebody_answered_stays(app: Flask, cast: Cast) -> None:
    made = row(app, opened(cast.tess, *ALL))
    reply(cast.ben, made.post_id or 0, "Mine.")
    cast.ben.post("/ideas", title="A map", body="Of who knows what.", round=str(made.round_id))
    kept = cast.tess.post(f"/starters/{made.id}/withdrawal")
    assert kept.location.endswith(f"/starters/{made.id}?toast=starter-kept")
    assert DISCUSSION in cast.ben.get("/feed").text
    assert IDEA in cast.ben.get("/ideas").text
    assert QUESTION not in cast.ben.get("/questions").text
    page = cast.tess.get(f"/starters/{made.id}").text
    assert "1 idea<" in page
    assert "Take back" not in page


def test_another_trainer_does_not_take_it_back(app: Flask, cast: Cast) -> None:
    made = opened(cast.tess, *ALL)
    other = Actor(app, HERE, sub="tom", roles=[MEMBERSHIP + "Instructor"], **person("tom"))
    assert "Take back" not in other.get(f"/starters/{made}").text
    assert other.post(f"/starters/{made}/withdrawal").status_code == 403
    assert opened(other) != made  # two trainers, two of them
    assert cast.ben.get("/feed").text.count(DISCUSSION) == 2


def test_an_idea_on_its_way_keeps_its_round(session: Session, cast: Cast) -> None:
    tess, ben = cast.tess.member(session), cast.ben.member(session)
    made = opening.start(session, EVERYTHING, by=tess)
    round_ = session.get_one(IdeaRound, made.round_id)
    proposing.propose(session, by=ben, title="A map", body="Of who knows what.", to=round_)
    assert not withdrawing.withdraw(session, made, by=tess)
    session.expire_all()
    assert made.round_id == round_.id
    assert session.get_one(IdeaRound, round_.id).is_open


def test_what_comes_with_a_text_is_said_by_its_flag(session: Session, cast: Cast) -> None:
    tess = cast.tess.member(session)
    made = opening.start(session, EVERYTHING, by=tess)
    plain = writing.write(session, Kind.POST, by=tess, body="Just a post.")
    flags = {id_: session.get_one(Post, id_).extras for id_ in (made.post_id, made.question_id, plain.id)}
    assert flags == {made.post_id: Extra.STARTER, made.question_id: Extra.STARTER, plain.id: 0}


# -- placed from the LMS, and copied


def test_one_placed_from_the_lms_is_one_as_well(session: Session, cast: Cast) -> None:
    tess = cast.tess.member(session)
    [item] = making.make(session, [Placed("starter", "", None, None, None, text="What did you try?")], by=tess)
    assert session.scalars(select(Starter.post_id)).all() == [item.post_id]
