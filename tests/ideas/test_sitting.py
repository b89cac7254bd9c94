"""Rate five: begun by a button, kept, and everybody's idea gets its turn."""

import re
import threading
from collections import Counter

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.ideas import proposing, rating, rounds, sitting
from sociallearn.ideas.models import Idea, Serving, Sitting
from sociallearn.posts import deciding
from sociallearn.posts.models import Post, Visibility
from sociallearn.roster.models import Role
from tests import make
from tests.conftest import Actor, Cast
from tests.ideas.cast import people

BEGIN = "/ideas/sittings"


def served(session: Session, of: Sitting) -> list[int]:
    """The ideas of a sitting, in order."""
    return list(session.scalars(select(Serving.idea_id).where(Serving.sitting_id == of.id).order_by(Serving.place)))


def test_least_seen_first_without_ones_own_and_rated_ones(session: Session, cast: Cast) -> None:
    ben, cleo, dora = (getattr(cast, name).member(session) for name in ("ben", "cleo", "dora"))
    own = make.idea(session, cleo, "Cleo’s own")
    ideas = [make.idea(session, ben, f"Idea {number}") for number in range(8)]
    hidden = make.idea(session, ben, "Hidden")
    post = session.get_one(Post, hidden.post_id)
    deciding.decide(session, post, Visibility.HIDDEN, by=cast.tess.member(session), reason="No")
    rating.rate(session, ideas[0], 4, by=cleo)
    first = sitting.begin(session, by=dora)
    assert first
    seen = served(session, first)
    assert len(seen) == 5
    second = sitting.begin(session, by=cleo)
    assert second
    fresh = {own.post_id, *(one.post_id for one in ideas)} - set(seen) - {own.post_id, ideas[0].post_id}
    assert fresh <= set(served(session, second))  # what nobody saw yet comes before what dora saw
    assert not {own.post_id, ideas[0].post_id, hidden.post_id} & set(served(session, second))
    total = session.scalar(select(func.sum(Idea.served_count)))
    assert (
        total == session.scalar(select(func.count()).select_from(Serving)) == len(seen) + len(served(session, second))
    )


def test_a_sitting_goes_on_where_it_was(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    for number in range(7):
        make.idea(session, ben, f"Idea {number}")
    begun = sitting.begin(session, by=cleo)
    assert begun
    first, second = served(session, begun)[:2]
    rating.rate(session, session.get_one(Idea, first), 3, by=cleo)
    assert sitting.begin(session, by=cleo) is begun
    assert sitting.to_do(session, begun, cleo) == 2
    sitting.skip(session, begun, 2)
    sitting.skip(session, begun, 2)
    assert sitting.to_do(session, begun, cleo) == 3
    for idea_id in served(session, begun)[2:]:
        rating.rate(session, session.get_one(Idea, idea_id), 3, by=cleo)
    assert sitting.to_do(session, begun, cleo) is None
    rest = sitting.begin(session, by=cleo)
    assert rest
    assert rest is not begun
    assert len(served(session, rest)) == 2
    assert second not in served(session, rest)  # skipped is skipped
    for place in (1, 2):
        sitting.skip(session, rest, place)
    assert sitting.begin(session, by=cleo) is None


def test_one_round_at_a_time_and_only_open_ones(session: Session, cast: Cast) -> None:
    tess, ben, cleo = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo"))
    one = rounds.open_one(session, by=tess, question="Here?")
    inside = proposing.propose(session, by=ben, title="In it", body="x", to=one)
    outside = make.idea(session, ben, "Elsewhere")
    begun = sitting.begin(session, by=cleo, within=one)
    assert begun
    assert served(session, begun) == [inside.post_id]
    rounds.close(session, one, by=tess)
    assert sitting.to_do(session, begun, cleo) is None
    wide = sitting.begin(session, by=cleo)
    assert wide
    assert served(session, wide) == [outside.post_id]


def test_who_only_reads_does_not_rate(session: Session, cast: Cast) -> None:
    make.idea(session, cast.ben.member(session))
    cleo = cast.cleo.member(session)
    cleo.role = Role.OBSERVER
    with pytest.raises(Refusal) as refusal:
        sitting.begin(session, by=cleo)
    assert refusal.value.status == 403


def propose(actor: Actor, count: int) -> None:
    """That many ideas."""
    for number in range(count):
        assert actor.post("/ideas", title=f"Idea {number}", body="Because it helps").status_code == 303


def test_through_the_pages(app: Flask, cast: Cast) -> None:
    assert "Rate five ideas" not in cast.cleo.get("/ideas").text
    propose(cast.ben, 6)
    assert "Rate five ideas" in cast.cleo.get("/ideas").text
    assert "Rate five ideas" not in cast.ben.get("/ideas").text  # all are his own
    first = cast.cleo.post(BEGIN).location
    assert cast.cleo.post(BEGIN).location == first  # again, by the back button
    before = counts(app)
    for _ in range(3):  # reading changes nothing, and leads to the same idea
        page = cast.cleo.get(first).text
    assert "Idea 1 of 5" in page
    assert counts(app) == before
    titles = set()
    for place in range(1, 6):
        page = cast.cleo.get(first.replace("place=1", f"place={place}")).text
        title = re.search(r'<h1 dir="auto">([^<]+)', page)
        action = re.search(r'action="([^"]+)/rating"', page)
        assert title
        assert action
        titles.add(title[1])
        number = re.search(r"sittings/(\d+)", first)
        assert number
        answer = (
            cast.cleo.post(f"{first.partition('?')[0]}/skipping", place="2")
            if place == 2
            else cast.cleo.post(action[1] + "/rating", value="4", sitting=number[1])
        )
        assert answer.status_code == 303
    assert len(titles) == 5
    assert answer.location == first.partition("?")[0]
    assert "Done: you rated 4 ideas." in cast.cleo.get(answer.location).text
    back = cast.cleo.get(first).text
    assert "Change my rating" in back
    assert "toast=all-rated" in cast.ben.post(BEGIN).location


def counts(app: Flask) -> Counter[int]:
    """How often each idea was served."""
    with app.app_context():
        return Counter(dict(db.session.execute(select(Idea.post_id, Idea.served_count)).tuples().all()))


def test_nobody_sits_in_for_somebody_else(cast: Cast) -> None:
    propose(cast.ben, 2)
    path = cast.cleo.post(BEGIN).location.partition("?")[0]
    for other in (cast.dora, cast.otto, cast.zoe):
        inner = re.sub(r"^/s/[^/]+", "", path)
        assert other.get(inner).status_code == 404
        assert other.post(inner + "/skipping", place="1").status_code == 404
    assert cast.cleo.post(path + "/skipping", place="9").status_code == 404
    assert cast.omar.post(BEGIN).status_code == 403
    assert cast.cleo.post(BEGIN, round="999").status_code == 404


def test_those_who_begin_at_once_are_served_evenly(app: Flask, cast: Cast) -> None:
    propose(cast.ben, 10)
    crowd = people(app, 6)
    for actor in crowd:
        assert actor.token
    threads = [threading.Thread(target=actor.post, args=(BEGIN,)) for actor in crowd for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(counts(app).values()) == {3}  # six people, five each, ten ideas


def test_the_ranking_waits_for_ones_own_ratings(app: Flask, cast: Cast) -> None:
    assert cast.cleo.get("/ideas/ranking").status_code == 200
    ids = []
    for number in range(3):
        made = cast.ben.post("/ideas", title=f"Idea {number}", body="x").location
        ids.append(made.rpartition("/")[2])
    crowd = people(app, 6)
    for number, idea_id in enumerate(ids[:2]):
        for actor in crowd:
            actor.post(f"/ideas/{idea_id}/rating", value=str(3 + number))
    page = cast.cleo.get("/ideas/ranking").text
    assert "Rate 3 more ideas" in page
    assert "2 of 3 ideas have five ratings" in page
    assert "4.0" not in page
    for idea_id in ids:
        cast.cleo.post(f"/ideas/{idea_id}/rating", value="3")
    page = cast.cleo.get("/ideas/ranking").text
    assert re.findall(r'<h2 dir="auto"><a[^>]*>([^<]+)', page) == ["Idea 1", "Idea 0"]
    assert "most likely between" in page
