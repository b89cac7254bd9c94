"""Two ideas become one, in public; and two again, as if nothing had been."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.ideas import commenting, merging, moving, proposing, rating, rounds, settling, sitting, staging
from sociallearn.ideas.commenting import RemarkKind
from sociallearn.ideas.models import CoAuthor, Idea, Rating, SetAside
from sociallearn.posts import deciding, writing
from sociallearn.posts.models import Decision, Post
from tests import make
from tests.conftest import Actor, Cast
from tests.ideas.test_moving import columns, proposed

Facts = tuple[object, ...]


def facts(session: Session, *ideas: Idea) -> list[Facts]:
    """All the database knows of the ideas' stages, authors and ratings."""
    session.flush()
    found: list[Facts] = []
    for idea in ideas:
        its = session.execute(
            select(Idea.stage, Idea.merged_into, Idea.rating_count, Idea.rating_sum).where(Idea.post_id == idea.post_id)
        ).one()
        authors = session.scalars(select(CoAuthor.member_id).where(CoAuthor.idea_id == idea.post_id))
        of = [
            sorted(
                tuple(row)
                for row in session.execute(
                    select(table.member_id, table.value, table.at).where(table.idea_id == idea.post_id)
                )
            )
            for table in (Rating, SetAside)
        ]
        found.append((*its, sorted(authors), *of))
    return found


def counted(session: Session, idea: Idea) -> dict[int, int]:
    """What counts for the idea, by person; the tally says the same."""
    session.flush()
    rows = session.execute(select(Rating.member_id, Rating.value).where(Rating.idea_id == idea.post_id))
    values = {member_id: value for member_id, value in rows}
    tally = select(Idea.rating_count, Idea.rating_sum).where(Idea.post_id == idea.post_id)
    assert tuple(session.execute(tally).one()) == (len(values), sum(values.values()))
    return values


def test_one_person_one_rating_the_newer_and_no_authors(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    mine, other = make.idea(session, ben, "Mine"), make.idea(session, cleo, "Other")
    rating.rate(session, mine, 1, by=tess)
    rating.rate(session, other, 2, by=dora)
    rating.rate(session, other, 5, by=ben)  # becomes an author
    with clock.at(clock.now() + timedelta(hours=1)):
        rating.rate(session, other, 4, by=tess)
        rating.rate(session, mine, 3, by=dora)
        before = facts(session, mine, other)
        row = merging.merge(session, mine, other.post_id, by=tess, reason="Both want a map")
    assert (row.before, row.after, row.post_id) == ("alone", f"merged:{other.post_id}", mine.post_id)
    assert counted(session, other) == {tess.id: 4, dora.id: 3}
    assert list(session.scalars(select(CoAuthor.member_id).where(CoAuthor.idea_id == other.post_id))) == [ben.id]
    row = merging.split(session, mine, by=tess, reason="Two maps after all")
    assert (row.before, row.after) == (f"merged:{other.post_id}", "alone")
    assert facts(session, mine, other) == before


def test_what_was_rated_meanwhile_stays_with_what_was_rated(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    mine, other = make.idea(session, ben), make.idea(session, cleo)
    rating.rate(session, mine, 5, by=dora)
    merging.merge(session, mine, other.post_id, by=tess, reason="The same")
    rating.rate(session, other, 2, by=dora)
    rating.rate(session, other, 1, by=tess)
    assert counted(session, other) == {dora.id: 2, tess.id: 1}
    merging.split(session, mine, by=tess, reason="Not the same")
    assert counted(session, other) == {dora.id: 2, tess.id: 1}
    assert counted(session, mine) == {dora.id: 5}


def test_several_at_once_and_one_in_another_in_a_third(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    one, two, three = make.idea(session, ben), make.idea(session, cleo), make.idea(session, dora)
    for value, idea in ((1, one), (2, two), (3, three)):
        with clock.at(clock.now() + timedelta(hours=value)):
            rating.rate(session, idea, value, by=tess)
    start = facts(session, one, two, three)
    merging.merge(session, one, three.post_id, by=tess, reason="Because")
    merging.merge(session, two, three.post_id, by=tess, reason="Because")
    merging.split(session, one, by=tess, reason="Because")  # not in the order in which they came
    merging.split(session, two, by=tess, reason="Because")
    assert facts(session, one, two, three) == start
    merging.merge(session, three, two.post_id, by=tess, reason="Because")
    middle = facts(session, one, two, three)
    merging.merge(session, two, one.post_id, by=tess, reason="Because")
    assert counted(session, one) == {tess.id: 3}
    assert set(session.scalars(select(CoAuthor.member_id).where(CoAuthor.idea_id == one.post_id))) == {cleo.id, dora.id}
    with pytest.raises(Refusal) as refusal:
        merging.split(session, three, by=tess, reason="Because")
    assert refusal.value.status == 409
    merging.split(session, two, by=tess, reason="Because")
    assert facts(session, one, two, three) == middle
    merging.split(session, three, by=tess, reason="Because")
    assert facts(session, one, two, three) == start


def test_who_may_and_what_is_refused(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    round_ = rounds.open_one(session, by=tess, question="What now?")
    one, two = (proposing.propose(session, by=ben, title=title, body="x", to=round_) for title in "ab")
    elsewhere = make.idea(session, ben)
    staging.set_owners(session, round_, [cleo.id], by=tess)
    for idea, into, by, reason, status in (
        (one, two.post_id, ben, "Mine", 403),
        (one, two.post_id, tess, "", 422),
        (one, elsewhere.post_id, tess, "Because", 422),
        (one, one.post_id, tess, "Because", 422),
        (one, 999999, tess, "Because", 422),
    ):
        with pytest.raises(Refusal) as refusal:
            merging.merge(session, idea, into, by=by, reason=reason)
        assert refusal.value.status == status
    with pytest.raises(Refusal) as refusal:
        merging.split(session, one, by=tess, reason="Because")
    assert refusal.value.status == 409
    assert merging.merge(session, one, two.post_id, by=cleo, reason="The same").role == "owner"
    post = session.get_one(Post, one.post_id)
    comment = commenting.comment
    for act in (
        lambda: merging.merge(session, one, two.post_id, by=tess, reason="Again"),
        lambda: merging.merge(session, two, one.post_id, by=tess, reason="Round"),
        lambda: moving.move(session, one, "done", by=tess, reason="There", seen="new"),
        lambda: rating.rate(session, one, 3, by=dora),
        lambda: comment(session, post, RemarkKind.QUESTION, by=dora, body="Why?"),
        lambda: writing.reply(session, post, by=dora, body="Why?"),
        lambda: settling.settle(session, one, settling.Plan(benefit="Time"), by=tess, seen=0),
    ):
        with pytest.raises(Refusal) as refusal:
            act()
        assert refusal.value.status == 409
        assert refusal.value.link is not None
        assert refusal.value.link[1] == {"post_id": two.post_id}


def test_there_is_no_other_way(session: Session, cast: Cast) -> None:
    one, two = make.idea(session, cast.ben.member(session)), make.idea(session, cast.cleo.member(session))
    with pytest.raises(deciding.UnloggedDecision):
        session.execute(update(Idea).values(merged_into=two.post_id))
    one.merged_into = two.post_id
    with pytest.raises(deciding.UnloggedDecision):
        session.flush()


def test_whoever_rated_one_is_not_asked_about_both(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    one, two = make.idea(session, ben), make.idea(session, cleo)
    rating.rate(session, one, 4, by=dora)
    merging.merge(session, one, two.post_id, by=tess, reason="The same")
    for nobody in (dora, ben, cleo):
        assert sitting.begin(session, by=nobody) is None
    with pytest.raises(Refusal) as refusal:
        rating.rate(session, two, 5, by=ben)
    assert refusal.value.status == 403
    assert sitting.begin(session, by=tess) is not None


def test_the_pages(cast: Cast) -> None:
    one, two = proposed(cast.ben, "A map"), proposed(cast.cleo, "The same map")
    cast.dora.post(f"{one}/comments", body="Who draws it?", remark="question")
    into = two.rpartition("/")[2]
    assert "Merge into…" not in cast.cleo.get(one).text
    assert cast.cleo.get(f"{one}/merging").status_code == 403
    assert cast.tara.get(f"{one}/merging").status_code == 404
    assert f'<option value="{into}">The same map</option>' in cast.tess.get(f"{one}/merging").text
    missing = cast.tess.post(f"{one}/merging", into="", reason="Kept words")
    assert missing.status_code == 422
    assert "Kept words" in missing.text
    assert cast.tess.post(f"{one}/merging", into=into, reason="One map is enough").status_code == 303
    page = cast.dora.get(one).text
    assert "Merged into" in page
    assert "One map is enough" in page
    assert "Who draws it?" in page
    assert 'name="remark"' not in page
    assert 'name="value"' not in page
    target = cast.dora.get(two).text
    assert "<bdi>Ben Test</bdi>" in target
    assert "Merged into this one:" in target
    assert columns(cast.dora, "/ideas/board")["New"] == ["The same map"]
    assert "<bdi>Ben Test</bdi>" in cast.dora.get("/ideas").text
    assert "A map</a>" not in cast.dora.get("/ideas").text
    late = cast.dora.post(f"{one}/rating", value="4")
    assert late.status_code == 409
    assert f'{two}">The same map</a>' in late.text
    log = cast.dora.get("/decisions").text
    assert "merged an idea by Ben Test into “The same map”" in log
    # what is hidden names nobody's title
    cast.tess.post(two.replace("/ideas/", "/posts/") + "/hiding", reason="Names a customer")
    for path in (one, "/decisions"):
        assert "The same map" not in cast.dora.get(path).text
    assert cast.cleo.post(f"{one}/merging/withdrawal", reason="Mine").status_code == 403
    assert cast.tess.post(f"{one}/merging/withdrawal", reason=" ").status_code == 422
    assert cast.tess.post(f"{one}/merging/withdrawal", reason="Two maps").status_code == 303
    assert cast.tess.post(f"{one}/merging/withdrawal", reason="Two maps").status_code == 409  # from a second tab
    assert cast.tess.post(f"{one}/merging/withdrawal", reason="").status_code == 422
    assert 'name="remark"' in cast.dora.get(one).text


def at_once(*acts: tuple[Actor, str, dict[str, str]]) -> list[int]:
    """Statuses of requests sent together, in their order."""
    answers = [0] * len(acts)

    def send(place: int) -> None:
        actor, path, form = acts[place]
        answers[place] = actor.post(path, **form).status_code

    for actor, _path, _form in acts:
        assert actor.token
    threads = [threading.Thread(target=send, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_each_into_the_other_at_once(app: Flask, cast: Cast) -> None:
    for _again in range(3):
        one, two = proposed(cast.ben, "One"), proposed(cast.cleo, "Two")
        ids = [path.rpartition("/")[2] for path in (one, two)]
        answers = at_once(
            (cast.tess, f"{one}/merging", {"into": ids[1], "reason": "x"}),
            (cast.tess, f"{two}/merging", {"into": ids[0], "reason": "y"}),
        )
        assert sorted(answers) == [303, 409]
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(Idea.merged_into.is_not(None))) == 3
        assert db.session.scalar(select(func.count(Decision.id))) == 3


def test_rating_and_moving_while_merging(app: Flask, cast: Cast) -> None:
    for _again in range(3):
        one, two = proposed(cast.ben, "One"), proposed(cast.cleo, "Two")
        into = two.rpartition("/")[2]
        merge, first, second, other, move, propose = at_once(
            (cast.tess, f"{one}/merging", {"into": into, "reason": "x"}),
            (cast.dora, f"{one}/rating", {"value": "2"}),
            (cast.dora, f"{two}/rating", {"value": "5"}),
            (cast.tess, f"{two}/rating", {"value": "1"}),
            (cast.tess, f"{one}/stage", {"to": "done", "seen": "new", "reason": "y"}),
            (cast.dora, "/ideas", {"title": "Three", "body": "Once more"}),
        )
        assert (merge, second, other, propose) == (303, 303, 303, 303)
        assert first in (303, 409)
        assert move in (303, 409)
        with app.app_context():
            session = db.session()
            idea = session.get_one(Idea, int(into))
            dora, tess = cast.dora.member(session), cast.tess.member(session)
            values = counted(session, idea)
            assert values.keys() == {dora.id, tess.id}  # nobody's is lost
            assert values[dora.id] in ((2, 5) if first == 303 else (5,))
            assert values[tess.id] == 1
