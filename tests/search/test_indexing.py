"""The index goes with the texts: in the same transaction, whatever happens to them. And what one may not see, one does
not find: not as a hit, not in a count, not as a spelling."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.posts import expiring
from sociallearn.posts.models import Post
from sociallearn.roster import grouping
from sociallearn.roster.models import Group
from sociallearn.search import indexing
from sociallearn.search.engines import engine_of
from sociallearn.search.models import SearchText
from tests.conftest import Actor, Cast
from tests.posts.test_spaces import acting, blue, corner, member  # noqa: F401 - a fixture
from tests.search.test_searching import found, page, wrote
from tests.starters.cast import opened, reply, row
from tests.test_organisation_cli import Operator, operator  # noqa: F401 - a fixture

WORD = "zebrafinch"
CLOSE = "zebrafinsh"


def sees_nothing(who: Actor) -> bool:
    """Neither the word nor anything about it, however it is asked for."""
    for asked in (WORD, "zebraf", f'"the {WORD}"', CLOSE, "zebrafinches singing dawn"):
        shown = page(who, asked).partition("<main")[2]
        said = re.sub(r"<[^>]+>", "", shown)  # what was typed stands in attributes
        if found(who, asked) or "<mark>" in shown or WORD in said or "results for" in said or "Did you mean" in said:
            return False
    return not found(who, person="Ben Test") and not found(who, kind="post")


def held(app: Flask) -> int:
    """Rows of the index that hold the word, asked of the database itself."""
    with app.app_context():
        count = db.session.scalar(select(func.count()).where(SearchText.words.contains(WORD))) or 0
        if db.engine.dialect.name == "sqlite":  # FTS5's own check: the index is exactly what the rows say
            db.session.execute(text("INSERT INTO search_index(search_index, rank) VALUES ('integrity-check', 1)"))
        db.session.rollback()
        return count


@pytest.fixture
def said(cast: Cast) -> int:
    for name in ("tess", "cleo", "dora", "otto", "tara", "zoe"):
        assert getattr(cast, name).seat
    return wrote(cast.ben, f"The {WORD} sings at dawn. #{WORD}")


def test_other_cohorts_and_organisations_find_nothing(app: Flask, cast: Cast, said: int) -> None:
    assert found(cast.cleo, WORD) == [said]
    for stranger in (cast.otto, cast.tara, cast.zoe):
        assert sees_nothing(stranger)
        assert cast.ben.client.get(stranger.url(f"/search?q={WORD}")).status_code == 404
    assert app.test_client().get(cast.ben.url(f"/search?q={WORD}")).status_code == 401


def test_hidden_and_deleted_texts_are_not_found_and_come_back(app: Flask, cast: Cast, said: int) -> None:
    cast.tess.post(f"/posts/{said}/hiding", reason="Not here")
    for who in (cast.cleo, cast.tess, cast.ben):
        assert sees_nothing(who)
    assert held(app) == 0
    cast.tess.post(f"/posts/{said}/hiding/withdrawal")
    assert found(cast.cleo, WORD) == [said]
    cast.ben.post(f"/posts/{said}/deletion")
    assert sees_nothing(cast.cleo)
    assert held(app) == 0


def test_earlier_versions_are_not_found(app: Flask, cast: Cast, said: int) -> None:
    cast.cleo.post(f"/posts/{said}/replies", body="Really?")
    cast.ben.post(f"/posts/{said}/edit", body="The blackbird sings", version="1")
    assert found(cast.dora, "blackbird") == [said]
    assert found(cast.dora, WORD) == found(cast.dora, topic=WORD) == []
    assert held(app) == 0


def test_a_reply_to_a_hidden_text_is_found_without_its_title(cast: Cast) -> None:
    asked = int(cast.ben.post("/questions", title=f"A {WORD}?", body="?").location.rpartition("/")[2])
    cast.cleo.post(f"/questions/{asked}/answers", body="It is a blackbird")
    cast.tess.post(f"/posts/{asked}/hiding", reason="Not here")
    html = page(cast.dora, "blackbird")
    assert "<mark>blackbird</mark>" in html
    assert WORD not in html


def test_what_a_group_says_is_for_the_group(app: Flask, cast: Cast, blue: str) -> None:  # noqa: F811
    post = wrote(cast.ben, f"Just us: the {WORD} sings at dawn", space=blue)
    answer = reply(cast.cleo, post, f"I heard the {WORD}")
    for who in (cast.cleo, cast.tess):
        assert set(found(who, WORD)) == {post, answer}
        assert found(who, CLOSE)
    for who in (cast.dora, cast.mona, cast.omar, cast.otto, cast.zoe):
        assert sees_nothing(who)
    with acting(app) as session:
        group = session.get_one(Group, int(blue[1:]))
        grouping.take_out(session, group, [member(session, "cleo")])
    assert post not in found(cast.cleo, WORD)


def test_replies_one_answers_first_are_not_found_before(app: Flask, cast: Cast) -> None:
    assert cast.dora.seat
    thread = row(app, opened(cast.tess, answer_first="1")).post_id or 0
    first = reply(cast.cleo, thread, f"The {WORD} sings at dawn. #{WORD}")
    assert found(cast.tess, WORD) == found(cast.cleo, WORD) == [first]
    assert found(cast.ben, WORD) == found(cast.ben, "zebra") == found(cast.ben, CLOSE) == []
    assert WORD not in page(cast.ben, CLOSE)
    assert WORD not in page(cast.ben, "zebraf")
    reply(cast.ben, thread, "And I a blackbird")
    assert found(cast.ben, WORD) == [first]


def test_who_left_finds_nothing_any_more(app: Flask, cast: Cast, said: int) -> None:
    with acting(app) as session:
        member(session, "dora").left_at = clock.now()
    assert cast.dora.get(f"/search?q={WORD}").status_code in (401, 403, 404)
    assert found(cast.cleo, WORD) == [said]


def test_informal_talk_is_found_until_it_goes(app: Flask, cast: Cast) -> None:
    post = wrote(cast.ben, f"The {WORD} over coffee", space=corner(cast))
    reply(cast.cleo, post, f"Another {WORD}")
    assert len(found(cast.dora, WORD)) == held(app) == 2
    with acting(app) as session:
        long_ago = clock.now() - timedelta(days=9)
        session.execute(update(Post).values(created_at=long_ago, last_reply_at=long_ago))
        assert expiring.remove_expired(session) == 1
    assert held(app) == 0
    assert found(cast.dora, WORD) == []


def test_a_refused_text_leaves_nothing_in_the_index(app: Flask, cast: Cast, said: int) -> None:
    with acting(app) as session:
        engine_of(session).drop(session, [said])
        session.rollback()
    assert found(cast.cleo, WORD) == [said]
    assert held(app) == 1


def test_the_index_can_be_made_anew_by_command(app: Flask, cast: Cast, said: int, operator: Operator) -> None:  # noqa: F811
    hidden = wrote(cast.ben, f"Another {WORD}")
    cast.tess.post(f"/posts/{hidden}/hiding", reason="Not here")
    with app.app_context(), transaction() as session:
        session.execute(update(SearchText).values(words="nothing"))
        engine_of(session).drop(session, [said])
    assert found(cast.cleo, WORD) == []
    assert "2 texts indexed." in operator.says("search", "rebuild")
    assert found(cast.cleo, WORD) == [said]
    assert held(app) == 1
    assert "Example: sociallearn search rebuild" in operator.says("search", "rebuild", "--help")
    with app.app_context():
        assert indexing.rebuild(only_if_needed=True) == 0
    assert "up to date" in operator.says("db", "upgrade")


def test_an_upgrade_indexes_what_was_there_before(app: Flask, cast: Cast, said: int, operator: Operator) -> None:  # noqa: F811
    with app.app_context(), transaction() as session:
        engine_of(session).drop(session, [said])
    cast.cleo.post("/feed", body="Written between a half-made index and the next upgrade.")
    operator.says("db", "upgrade")
    assert found(cast.cleo, WORD) == [said]
