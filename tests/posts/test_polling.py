"""Polls: votes are changed and taken back until it closes, results keep silent where asked, two at once count right."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from sociallearn import clock
from sociallearn.activity.models import Activity
from sociallearn.database import db, transaction
from sociallearn.errors import Refusal
from sociallearn.posts import deciding, polling, writing
from sociallearn.posts.extra_forms import FeedForm
from sociallearn.posts.models import Extra, Poll, PollOption, PollVote, Post, PostVersion, Visibility
from sociallearn.posts.polling import Wanted
from sociallearn.roster.models import Member
from tests import make
from tests.conftest import HERE, Actor, Cast
from tests.lms import MEMBERSHIP

THREE = ["Morning", "Afternoon", "Evening"]
QUESTION = "When shall we meet?"


def asked(session: Session, by: Member, options: list[str] | None = None, **how: Any) -> Post:
    """A poll by an act."""
    post = make.post(session, by, QUESTION)
    polling.begin(session, post, Wanted(options or THREE, **how))
    return post


def ask(who: Actor, options: list[str] | None = None, **more: Any) -> str:
    """A poll by the form of the feed; its post's id."""
    answer = who.post("/feed", body=QUESTION, part="poll", poll_option=options or THREE, **more)
    assert answer.status_code == 303, answer.text
    return answer.location.rpartition("-")[2]


def tally(session: Session, post_id: int) -> list[int]:
    """Voters, then the votes of each option."""
    voters = session.scalar(select(Poll.voter_count).where(Poll.post_id == post_id))
    options = select(PollOption.vote_count).where(PollOption.post_id == post_id).order_by(PollOption.place)
    return [voters or 0, *session.scalars(options)]


def tally_of(app: Flask, post_id: str) -> list[int]:
    with app.app_context():
        return tally(db.session(), int(post_id))


def refused(status: int, act: Any, *args: Any, **more: Any) -> str:
    """The sentence with which an act refuses."""
    with pytest.raises(Refusal) as refusal:
        act(*args, **more)
    assert refusal.value.status == status
    return refusal.value.sentence


def by_script(who: Actor, path: str, **form: Any) -> TestResponse:
    return who.client.post(
        who.url(path),
        data={"csrf_token": who.token, **form},
        headers={"Accept": "application/json"},
        base_url="http://localhost:8000",
    )


# -- the acts


def test_a_vote_is_given_changed_and_taken_back(session: Session, cast: Cast) -> None:
    ben, cleo, dora = (getattr(cast, name).member(session) for name in ("ben", "cleo", "dora"))
    post = asked(session, ben)
    for _ in range(2):
        polling.vote(session, post, [2], by=cleo)
    polling.vote(session, post, [2], by=dora)
    polling.vote(session, post, [1], by=ben)
    assert tally(session, post.id) == [3, 1, 2, 0]
    polling.vote(session, post, [3], by=dora)
    assert tally(session, post.id) == [3, 1, 1, 1]
    for _ in range(2):
        polling.withdraw(session, post, by=cleo)
    assert tally(session, post.id) == [2, 1, 0, 1]


def test_several_only_where_that_was_asked_for(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    one, several = asked(session, ben), asked(session, ben, allows_several=True)
    assert refused(422, polling.vote, session, one, [1, 2], by=cleo) == "Choose one option only."
    polling.vote(session, several, [1, 3], by=cleo)
    polling.vote(session, several, [3, 2, 3], by=cleo)
    assert tally(session, several.id) == [1, 0, 1, 1]


def test_nothing_and_what_is_not_there_is_no_vote(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    post = asked(session, ben)
    assert refused(422, polling.vote, session, post, [], by=cleo) == "Choose an option first."
    for place in (0, 4, -1, 2**62):
        assert refused(409, polling.vote, session, post, [place], by=cleo) == "The options were changed meanwhile."
    refused(404, polling.vote, session, make.post(session, ben), [1], by=cleo)
    assert tally(session, post.id) == [0, 0, 0, 0]


@pytest.mark.alike
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "Give at least two options."),
        (["One"], "Give at least two options."),
        ([str(number) for number in range(11)], "Ten options at most."),
        (["a" * 121, "b"], "An option has at most 120 characters."),
        (["Café", "cafe"], "Two options are the same."),
        (["Yes", "no", "YES"], "Two options are the same."),
    ],
)
def test_options_that_will_not_do(session: Session, cast: Cast, options: list[str], sentence: str) -> None:
    post = make.post(session, cast.ben.member(session))
    assert refused(422, polling.begin, session, post, Wanted(options)) == sentence


def test_options_of_signs_alone_are_not_the_same(session: Session, cast: Cast) -> None:
    assert tally(session, asked(session, cast.ben.member(session), ["👍", "👎", "+1", "-1"]).id) == [0, 0, 0, 0, 0]


def test_only_a_post_of_the_feed_asks(session: Session, cast: Cast) -> None:
    refused(422, polling.begin, session, make.question(session, cast.ben.member(session)), Wanted(THREE))


def test_once_it_closed_nothing_changes(session: Session, cast: Cast) -> None:
    ben, cleo, tess = (getattr(cast, name).member(session) for name in ("ben", "cleo", "tess"))
    now = clock.now()
    post = asked(session, ben, closes_at=now + timedelta(hours=1))
    with clock.at(now + timedelta(minutes=59)):
        polling.vote(session, post, [1], by=cleo)
    with clock.at(now + timedelta(hours=1)):
        for act in (
            lambda: polling.vote(session, post, [2], by=cleo),
            lambda: polling.withdraw(session, post, by=cleo),
            lambda: polling.change(session, post, ["a", "b"], by=ben),
        ):
            assert refused(409, act) == "This poll is closed: it takes no more votes."
        polling.close(session, post, by=tess)
    assert session.get_one(Poll, post.id).closes_at == now + timedelta(hours=1)
    assert tally(session, post.id) == [1, 1, 0, 0]


def test_its_author_and_trainers_close_it(session: Session, cast: Cast) -> None:
    ben, cleo, tess = (getattr(cast, name).member(session) for name in ("ben", "cleo", "tess"))
    for closer in (ben, tess):
        post = asked(session, ben)
        refused(403, polling.close, session, post, by=cleo)
        polling.close(session, post, by=closer)
        refused(409, polling.vote, session, post, [1], by=cleo)


def test_a_moment_to_close_is_still_to_come_and_not_years_away(session: Session, cast: Cast) -> None:
    post = make.post(session, cast.ben.member(session))
    for moment in (clock.now(), clock.now() - timedelta(days=1), clock.now() + timedelta(days=400)):
        refused(422, polling.begin, session, post, Wanted(THREE, closes_at=moment))


def test_nobody_votes_under_a_text_that_is_gone(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    post = asked(session, ben)
    polling.vote(session, post, [1], by=cleo)
    deciding.decide(session, post, Visibility.DELETED, by=ben, reason="")
    for act in (polling.withdraw, polling.close):
        refused(409, act, session, post, by=ben)
    deciding.decide(session, post, Visibility.VISIBLE, by=ben, reason="")
    assert tally(session, post.id) == [1, 1, 0, 0]


def test_options_change_until_somebody_votes(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    post = asked(session, ben)
    refused(403, polling.change, session, post, ["Now", "Later"], by=cleo)
    refused(422, polling.change, session, post, ["Now"], by=ben)
    polling.change(session, post, ["Now", "Later"], by=ben)
    assert polling.options_of(session, post) == ["Now", "Later"]
    # from a page made before: never a vote for something else
    assert refused(409, polling.vote, session, post, [1], by=cleo) == "The options were changed meanwhile."
    polling.vote(session, post, [5], by=cleo)
    assert tally(session, post.id) == [1, 0, 1]
    sentence = refused(409, polling.change, session, post, THREE, by=ben)
    assert sentence == "Somebody has voted already: the options stay as they are."
    polling.withdraw(session, post, by=cleo)
    polling.change(session, post, THREE, by=ben)


def test_a_question_people_voted_on_is_not_put_right_in_silence(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    post = asked(session, ben)
    writing.edit(session, post, by=ben, body="When shall we meet??", title=None)
    versions = select(func.count()).where(PostVersion.post_id == post.id)
    assert session.scalar(versions) == 0
    polling.vote(session, post, [1], by=cleo)
    writing.edit(session, post, by=ben, body="When shall we never meet?", title=None)
    assert session.scalar(versions) == 1


def test_votes_of_people_who_left_stay(app: Flask, cast: Cast) -> None:
    post_id = ask(cast.ben)
    cast.cleo.post(f"/posts/{post_id}/poll/vote", option="2")
    with app.app_context(), transaction() as session:
        session.get_one(Member, cast.cleo.member_id).left_at = clock.now()
    assert cast.cleo.post(f"/posts/{post_id}/poll/vote/withdrawal").status_code == 401
    assert tally_of(app, post_id) == [1, 0, 1, 0]


# -- the pages


def test_ask_vote_and_read_the_results(app: Flask, cast: Cast) -> None:
    with app.app_context():
        before = db.session.scalar(select(func.count()).select_from(Activity))
    post_id = ask(cast.ben, ["Morning", " ", "The  <b>afternoon</b>", ""], closes_at="")
    page = cast.cleo.get("/feed").text
    assert "The &lt;b&gt;afternoon&lt;/b&gt;" in page
    assert page.count('name="option"') == 2
    assert "Nobody sees who chose what." in page
    answer = cast.cleo.post(f"/posts/{post_id}/poll/vote", option="2")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/posts/{post_id}?toast=voted")
    cast.dora.post(f"/posts/{post_id}/poll/vote", option="1")
    text = said(cast.cleo.get(f"/posts/{post_id}").text)
    assert "Morning : 1 vote , 50 %" in text
    assert "The &lt;b&gt;afternoon&lt;/b&gt; : 1 vote , 50 % Your choice" in text
    assert "2 people voted" in text
    for who in (cast.ben, cast.tess, cast.cleo):
        assert "Dora" not in re.sub(r"(?s)<nav.*?</nav>", "", poll_in(who.get(f"/posts/{post_id}").text))
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Activity)) == (before or 0) + 1, "a vote is no act"


def said(page: str) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def poll_in(page: str) -> str:
    """The poll's part of a page."""
    found = re.search(r'(?s)<div class="poll".*?class="poll-said"', page)
    assert found, page
    return found[0]


def test_by_script_it_answers_with_the_poll_as_it_is_now(cast: Cast) -> None:
    post_id = ask(cast.ben)
    answer = by_script(cast.cleo, f"/posts/{post_id}/poll/vote", option="3").get_json()
    assert "Evening : 1 vote , 100 % Your choice" in said(answer["html"])
    assert answer["said"] == "Your vote counts. You can change it until the poll closes."
    answer = by_script(cast.cleo, f"/posts/{post_id}/poll/vote/withdrawal").get_json()
    assert "Your choice" not in answer["html"]
    answer = by_script(cast.ben, f"/posts/{post_id}/poll/closing").get_json()
    assert 'name="option"' not in answer["html"]
    assert by_script(cast.cleo, f"/posts/{post_id}/poll/vote", option="3").status_code == 409


def test_hidden_results_are_nowhere_until_one_voted_or_it_closed(app: Flask, cast: Cast) -> None:
    post_id = ask(cast.ben, hidden="1")
    waiting, paths = (cast.ben, cast.tess, cast.mona, cast.omar), ("/feed", f"/posts/{post_id}")
    before = [poll_in(who.get(path).text) for who in waiting for path in paths]
    for who, option in ((cast.cleo, "2"), (cast.dora, "2")):
        cast_vote = by_script(who, f"/posts/{post_id}/poll/vote", option=option)
        assert "voted" in cast_vote.get_json()["html"]
    assert [poll_in(who.get(path).text) for who in waiting for path in paths] == before, "to the letter"
    assert not any(re.search(r"\d+ (vote|people|person)|%|poll-bar|poll-count", part) for part in before)
    for who in waiting:
        news = who.get(f"/news?room=feed&after=0&shown={post_id}").get_json()
        assert news["reactions"] == {post_id: [0, 0, 0, 0, 0, 0]}
    assert "The results show once you have voted." in cast.tess.get("/feed").text
    assert "2 people voted" in cast.cleo.get("/feed").text
    gone = by_script(cast.cleo, f"/posts/{post_id}/poll/vote/withdrawal").get_json()
    assert "voted</span>" not in gone["html"]
    cast.ben.post(f"/posts/{post_id}/poll/closing")
    assert "1 person voted" in cast.mona.get("/feed").text


def test_the_clock_closes_it(cast: Cast) -> None:
    soon = clock.now() + timedelta(hours=3, minutes=30)
    local = soon.astimezone(ZoneInfo("Europe/Brussels")).strftime("%Y-%m-%dT%H:%M")
    post_id = ask(cast.ben, hidden="1", closes_at=local)
    assert re.search(r"Closes <time[^>]*>in 3 hours</time>", cast.cleo.get("/feed").text)
    with clock.at(soon):
        part = poll_in(cast.cleo.get("/feed").text)
        assert "Closed <time" in part
        assert "0 people voted" in part
        assert 'name="option"' not in part
        late = cast.cleo.post(f"/posts/{post_id}/poll/vote", option="1")
        assert late.status_code == 409
        assert "This poll is closed: it takes no more votes." in late.text


@pytest.mark.parametrize(
    ("typed", "closes"),
    [
        ("2027-03-28T01:59", datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        ("2027-03-28T02:30", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),  # the clock jumps from two to three
        ("2027-03-28T03:00", datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        ("2027-10-31T02:30", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),  # and comes by twice: the first time
        ("2027-10-31T03:00", datetime(2027, 10, 31, 2, 0, tzinfo=UTC)),
    ],
)
def test_it_closes_by_the_cohorts_clock(app: Flask, typed: str, closes: datetime) -> None:
    fields = {"body": QUESTION, "part": "poll", "poll_option": THREE, "closes_at": typed}
    with app.test_request_context(), clock.at(closes - timedelta(hours=9)):
        form = FeedForm(MultiDict(fields))
        form.time_zone = "Europe/Brussels"
        assert form.validate(), form.errors
    assert form.poll.closes_at == closes


def test_what_was_typed_stands_there_again(app: Flask, cast: Cast) -> None:
    form = {"part": "poll", "poll_option": ["Tea", "tea", "Coffee", "Water"], "several": "1", "hidden": "1"}
    page = cast.tess.post("/feed", body=QUESTION, **form, closes_at="2020-01-01T10:00", announcement="1")
    assert page.status_code == 422
    for what in (QUESTION, 'value="Tea"', 'value="Coffee"', 'value="Water"', 'value="2020-01-01T10:00"'):
        assert what in page.text
    assert "Two options are the same." in page.text
    assert "Choose a moment that is still to come." in page.text
    assert all(re.search(f'name="{name}" value="1" checked', page.text) for name in ("several", "hidden"))
    assert 'name="announcement" value="1" checked' in page.text
    with app.app_context():
        assert db.session.scalars(select(Post)).all() == []


@pytest.mark.parametrize("moment", ["soon", "2027-13-01T10:00", "0001-01-01T00:00", "9999-12-31T23:59", "2027-01-31"])
def test_what_is_no_moment_gives_a_sentence(cast: Cast, moment: str) -> None:
    page = cast.ben.post("/feed", body=QUESTION, part="poll", poll_option=THREE, closes_at=moment)
    assert page.status_code == 422
    assert 'id="closes_at-problem"' in page.text


def test_more_is_asked_for_without_losing_anything_and_without_posting(app: Flask, cast: Cast) -> None:
    assert 'name="poll_option"' not in cast.ben.get("/feed").text
    page = cast.ben.post("/feed", body="", more="poll")
    assert page.status_code == 200
    assert page.text.count('name="poll_option"') == 3
    form: dict[str, Any] = {"body": QUESTION, "part": "poll", "poll_option": ["Tea", "", ""]}
    page = cast.ben.post("/feed", **form, more="option")
    assert page.text.count('name="poll_option"') == 4
    assert 'value="Tea"' in page.text
    assert QUESTION in page.text
    full = cast.ben.post("/feed", body="", part="poll", poll_option=["x"] * 30, more="option").text
    assert "Add an option" not in full
    page = cast.ben.post("/feed", **form, more="no-poll")
    assert 'name="poll_option"' not in page.text
    for odd in ("", "no-", "no-nonsense", "nonsense"):
        assert cast.ben.post("/feed", **form, more=odd).status_code == 200
    assert cast.omar.post("/feed", body="", more="poll").status_code == 403
    with app.app_context():
        assert db.session.scalars(select(Post)).all() == []


def test_without_the_part_its_fields_are_nothing(app: Flask, cast: Cast) -> None:
    cast.ben.post("/feed", body=QUESTION, poll_option=["One"], closes_at="nonsense", praised="x")
    with app.app_context():
        assert db.session.scalars(select(Post.extras)).all() == [0]


def test_too_much_typed_is_refused_with_the_text(cast: Cast) -> None:
    for _ in range(3):
        cast.tess.post("/feed", body="Hear", announcement="1")
    fourth = cast.tess.post("/feed", body=QUESTION, part="poll", poll_option=THREE, announcement="1")
    assert fourth.status_code == 409
    assert QUESTION in fourth.text
    assert "Afternoon" in fourth.text


def test_the_page_to_change_the_options(app: Flask, cast: Cast) -> None:
    post_id = ask(cast.ben)
    path = f"/posts/{post_id}/poll/options"
    assert path in cast.ben.get("/feed").text
    assert path not in cast.cleo.get("/feed").text
    assert 'value="Evening"' in cast.ben.get(path).text
    assert cast.cleo.get(path).status_code == 403
    assert cast.cleo.post(path, poll_option=["a", "b"]).status_code == 403
    again = cast.ben.post(path, poll_option=["Night", "night"])
    assert again.status_code == 422
    assert 'value="Night"' in again.text
    assert cast.ben.post(path, poll_option=["Night", "Day"], more="option").text.count('name="poll_option"') == 3
    assert cast.ben.post(path, poll_option=["Night", "Day"]).status_code == 303
    assert "Night" in cast.cleo.get("/feed").text
    cast.cleo.post(f"/posts/{post_id}/poll/vote", option="4")
    assert path not in cast.ben.get("/feed").text
    assert cast.ben.get(path).status_code == 409
    assert cast.ben.post(path, poll_option=["Night", "Noon"]).status_code == 409


@pytest.mark.parametrize("option", ["", "x", "99", "-1", "1.5", "9" * 30, "1; DROP TABLE poll", "²"])
def test_bad_options_are_refused_with_a_sentence(app: Flask, cast: Cast, option: str) -> None:
    post_id = ask(cast.ben)
    assert cast.cleo.post(f"/posts/{post_id}/poll/vote", option=option).status_code == 409
    assert cast.cleo.post(f"/posts/{post_id}/poll/vote").status_code == 422
    assert tally_of(app, post_id) == [0, 0, 0, 0]


def test_others_roles_and_cohorts_stay_out(app: Flask, cast: Cast) -> None:
    post_id = ask(cast.ben)
    plain = cast.ben.post("/feed", body="No poll here.").location.rpartition("-")[2]
    for what in ("vote", "vote/withdrawal", "closing"):
        for who in (cast.omar, cast.mona):
            assert who.post(f"/posts/{post_id}/poll/{what}", option="1").status_code == 403
        for stranger in (cast.otto, cast.tara, cast.zoe):
            assert stranger.post(f"/posts/{post_id}/poll/{what}", option="1").status_code == 404
        assert cast.ben.post(f"/posts/{plain}/poll/{what}", option="1").status_code == 404
        assert cast.ben.post(f"/posts/999/poll/{what}", option="1").status_code == 404
    assert cast.ben.get(f"/posts/{plain}/poll/options").status_code == 404
    assert cast.cleo.post(f"/posts/{post_id}/poll/closing").status_code == 403
    assert tally_of(app, post_id) == [0, 0, 0, 0]


def test_a_removed_text_shows_no_poll(cast: Cast) -> None:
    post_id = ask(cast.ben)
    cast.cleo.post(f"/posts/{post_id}/replies", body="Good question.")
    cast.tess.post(f"/posts/{post_id}/hiding", reason="Not here.")
    for who in (cast.ben, cast.tess, cast.cleo):
        for path in ("/feed", f"/posts/{post_id}"):
            assert "Afternoon" not in who.get(path).text
    assert cast.cleo.post(f"/posts/{post_id}/poll/vote", option="1").status_code == 409
    cast.tess.post(f"/posts/{post_id}/hiding/withdrawal")
    assert "Afternoon" in cast.cleo.get("/feed").text


def test_in_an_archive_everybody_reads_the_results(cast: Cast) -> None:
    post_id = ask(cast.ben, hidden="1")
    cast.cleo.post(f"/posts/{post_id}/poll/vote", option="1")
    cast.tess.post("/cohort/set-up/archive")
    part = poll_in(cast.dora.get("/feed").text)
    assert "1 person voted" in part
    assert "Closed" in part
    assert "<form" not in part
    assert cast.dora.post(f"/posts/{post_id}/poll/vote", option="1").status_code == 403


def test_a_page_with_polls_asks_once_more_and_one_without_not_at_all(app: Flask, cast: Cast) -> None:
    cast.ben.post("/feed", body="Plain.")
    assert cast.cleo.seat
    with counted(app) as without:
        cast.cleo.get("/feed")
    for number in range(3):
        ask(cast.ben, [f"{number}{option}" for option in THREE])
    with counted(app) as with_polls:
        cast.cleo.get("/feed")
    assert len(with_polls) == len(without) + 1
    assert not any("poll" in statement for statement in without)


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements of a block."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


# -- at once


def together(acts: list[Any]) -> None:
    """All at the same moment."""
    barrier = Barrier(len(acts))

    def run(act: Any) -> None:
        barrier.wait()
        act()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sending(app: Flask, who: Actor, path: str, form: dict[str, Any], answers: list[int]) -> Any:
    """The same browser in another tab sends a form, later."""
    client, data = app.test_client(), {"csrf_token": who.token, **form}
    for cookie in list(who.client._cookies.values()):
        client.set_cookie(cookie.key, cookie.value, domain="localhost")
    return lambda: answers.append(client.post(who.url(path), data=data, base_url="http://localhost:8000").status_code)


def test_many_vote_at_once_and_each_counts_once(app: Flask, cast: Cast) -> None:
    post_id, answers = ask(cast.ben, allows="1", several="1"), []
    crowd = [Actor(app, HERE, sub=f"voter-{number}", roles=[MEMBERSHIP + "Learner"]) for number in range(5)]
    votes = [({"option": ["1", "2"]}, who) for who in crowd] + [({"option": ["2", "3"]}, who) for who in crowd]
    together([sending(app, who, f"/posts/{post_id}/poll/vote", form, answers) for form, who in votes])
    assert answers == [303] * 10
    with app.app_context():
        session = db.session()
        counted_votes = [
            session.scalar(select(func.count()).where(PollVote.post_id == int(post_id), PollVote.place == place))
            for place in (1, 2, 3)
        ]
        assert tally(session, int(post_id)) == [5, *counted_votes]
        assert counted_votes[1] == 5
        assert sum(n or 0 for n in counted_votes) == 10


def test_a_vote_and_a_change_of_options_at_once_never_mix(app: Flask, cast: Cast) -> None:
    for _ in range(3):
        post_id, answers = ask(cast.ben), []
        form = {"poll_option": ["New", "Newer"]}
        acts = [sending(app, cast.ben, f"/posts/{post_id}/poll/options", form, answers)]
        acts += [
            sending(app, who, f"/posts/{post_id}/poll/vote", {"option": "1"}, answers) for who in (cast.cleo, cast.dora)
        ]
        together(acts)
        assert sorted(answers) in ([303, 303, 409], [303, 409, 409])
        assert sum(tally_of(app, post_id)[1:]) == answers.count(303) - (len(tally_of(app, post_id)) == 3)


def test_the_flag_says_that_there_is_one(app: Flask, cast: Cast) -> None:
    post_id = ask(cast.ben)
    with app.app_context():
        assert db.session.get_one(Post, int(post_id)).extras == Extra.POLL
