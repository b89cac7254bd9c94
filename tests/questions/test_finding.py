"""Who knows about a topic: only who said so is found, and not a moment longer."""

import pytest
from flask import Flask

from sociallearn.database import transaction
from sociallearn.posts import writing
from sociallearn.posts.models import Kind, Post
from sociallearn.questions import accepting
from sociallearn.roster import grouping, spaces
from sociallearn.roster.models import Member
from tests import make
from tests.conftest import Cast
from tests.questions import town

PAGE = "/questions/who-knows"
TOPIC = f"{PAGE}?about=planning"


@pytest.fixture(autouse=True)
def everybody(cast: Cast) -> None:
    """Everybody is in."""
    for name in ("tess", "ben", "cleo", "dora", "otto"):
        getattr(cast, name)


@pytest.fixture
def topic(app: Flask, cast: Cast) -> int:
    """A topic that Ben asked about; Dora gave the answer he accepted, and Cleo another."""
    with app.app_context():
        question = town.ask(cast.ben.member_id, "Who can plan?", "About #planning.")
        town.answer(question, cast.cleo.member_id)
        best = town.answer(question, cast.dora.member_id)
        with transaction() as session:
            asker = session.get_one(Member, cast.ben.member_id)
            accepting.accept(session, session.get_one(Post, question), session.get_one(Post, best), by=asker)
            return town.topic(session, asker.cohort_id, "planning")


def offer(cast: Cast, who: str, topic: int, **more: str) -> None:
    assert (
        getattr(cast, who).post("/questions/ask-me", words="secret words", topic=str(topic), **more).status_code == 303
    )


def test_only_who_said_so_is_found_most_helpful_first_and_gone_at_once(cast: Cast, topic: int) -> None:
    offer(cast, "cleo", topic, is_listed="1")
    offer(cast, "dora", topic)
    assert "1 person" in cast.ben.get(PAGE).text
    assert "Dora" not in cast.ben.get(TOPIC).text  # can be asked, did not say that others may find her
    offer(cast, "dora", topic, is_listed="1")
    text = cast.ben.get(TOPIC).text.split("<main", 1)[1]
    assert text.index("Dora") < text.index("Cleo")
    assert "Gave the accepted answer to 1 question about this." in text
    assert "Offers to help with this." in text
    assert "secret words" not in text
    assert "@" not in text
    assert (
        'name="is_listed" value="1" aria-describedby="listed-help" checked' in cast.dora.get("/questions/ask-me").text
    )
    assert cast.dora.post("/questions/ask-me/withdrawal").status_code == 303
    offer(cast, "cleo", topic)
    for path in (PAGE, TOPIC):
        page = cast.ben.get(path).text.split("<main", 1)[1]
        assert "Dora" not in page
        assert "Cleo" not in page
        assert "person<" not in page


def test_answers_in_a_group_count_only_for_who_reads_them(app: Flask, cast: Cast, topic: int) -> None:
    offer(cast, "cleo", topic, is_listed="1")
    with app.app_context(), transaction() as session:
        cleo, dora = (session.get_one(Member, one.member_id) for one in (cast.cleo, cast.dora))
        group = grouping.make(session, cleo.cohort, "Table one")
        grouping.add(session, group, [cleo, dora])
        space = spaces.of_group(session, group)
        own = {"by": dora, "title": "Within", "body": "About #planning.", "space": space}
        question = writing.write(session, Kind.QUESTION, **own)
        reply = make.reply(session, question, cleo, "I do, like this.")
        accepting.accept(session, question, reply, by=dora)
    assert "accepted answer" in cast.dora.get(TOPIC).text
    assert "accepted answer" not in cast.ben.get(TOPIC).text


def test_what_is_not_a_topic_here_is_not_found(cast: Cast, topic: int) -> None:
    assert cast.ben.get(f"{PAGE}?about=nothing").status_code == 404
    assert cast.otto.get(TOPIC).status_code == 404
    assert "planning" not in cast.otto.get(PAGE).text
