"""Write, reply, edit."""

from datetime import timedelta

import pytest
from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from sociallearn import clock
from sociallearn.activity.models import Activity, Overlap, Verb
from sociallearn.errors import Refusal
from sociallearn.posts import deciding, reading, versions, writing
from sociallearn.posts.models import Kind, Post, PostVersion, Visibility
from sociallearn.roster.models import Seat
from tests import make
from tests.conftest import Cast


def test_a_post_is_stored_rendered_and_recorded(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    post = make.post(session, ben, "Hello **you**")
    assert "<strong>you</strong>" in post.html
    act = session.scalars(select(Activity)).one()
    assert (act.verb, act.member_id, act.author_id, act.root_id, act.words) == (Verb.POSTED, ben.id, ben.id, post.id, 2)
    assert act.organisation_id == ben.organisation_id


def test_replies_stand_two_levels_deep_in_reading_order(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    root = make.post(session, ben)
    first = make.reply(session, root, cleo, "first")
    second = make.reply(session, root, ben, "second")
    below = make.reply(session, first, ben, "below first")
    beside = make.reply(session, below, cleo, "beside it")
    order = session.scalars(select(Post.id).where(Post.root_id == root.id).order_by(Post.branch_id, Post.id)).all()
    assert order == [first.id, below.id, beside.id, second.id]
    assert [first.level, below.level, beside.level] == [1, 2, 2]
    session.refresh(root)
    assert (root.reply_count, root.last_reply_id) == (4, beside.id)
    reached = {
        act.post_id: act.reached_id for act in session.scalars(select(Activity).where(Activity.verb == Verb.REPLIED))
    }
    assert reached == {first.id: ben.id, second.id: ben.id, below.id: cleo.id, beside.id: ben.id}


def test_kinds_follow_from_the_place(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    question = make.question(session, ben)
    answer = make.reply(session, question, cleo)
    comment = make.reply(session, answer, ben)
    idea = make.idea(session, ben)
    on_idea = make.reply(session, session.get_one(Post, idea.post_id), cleo)
    assert [answer.kind, comment.kind, on_idea.kind] == [Kind.ANSWER, Kind.COMMENT, Kind.COMMENT]
    session.refresh(question)
    assert (question.answer_count, question.reply_count) == (1, 2)


def test_nobody_replies_to_what_is_gone(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    root = make.post(session, ben)
    deciding.decide(session, root, Visibility.DELETED, by=ben, reason="")
    with pytest.raises(Refusal) as refusal:
        make.reply(session, root, cleo)
    assert refusal.value.status == 409


def test_editing_keeps_how_it_read(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    post = make.post(session, ben, "one")
    make.reply(session, post, cast.cleo.member(session))
    writing.edit(session, post, by=ben, body="two words", title=None)
    writing.edit(session, post, by=ben, body="two words", title=None)  # nothing changed: no version
    assert session.scalars(select(PostVersion.body)).all() == ["one"]
    assert [v.number for v in versions.of(session, post, "/s/x")] == [2, 1]
    edited = session.scalars(select(Activity).where(Activity.verb == Verb.EDITED)).one()
    assert edited.words == 2


def test_a_typing_error_put_right_at_once_leaves_no_version(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    post = make.post(session, ben, "teh")
    writing.edit(session, post, by=ben, body="the", title=None)
    assert (post.body, post.version, post.edited_at) == ("the", 2, None)
    with clock.at(clock.now() + timedelta(minutes=6)):
        writing.edit(session, post, by=ben, body="the end", title=None)
    assert post.edited_at is not None
    assert session.scalars(select(PostVersion.body)).all() == ["the"]


def test_two_windows_do_not_overwrite_each_other(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    post = make.post(session, ben, "one")
    writing.edit(session, post, by=ben, body="from window one", title=None, version=1)
    with pytest.raises(Refusal) as refusal:
        writing.edit(session, post, by=ben, body="from window two", title=None, version=1)
    assert refusal.value.status == 409
    assert post.body == "from window one"


def test_nobody_edits_for_somebody_else(session: Session, cast: Cast) -> None:
    post = make.post(session, cast.ben.member(session))
    with pytest.raises(Refusal) as refusal:
        writing.edit(session, post, by=cast.tess.member(session), body="mine", title=None)
    assert refusal.value.status == 403


def test_copies_are_noticed_and_forgotten_when_rewritten(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    original = make.post(session, ben)
    copy = make.post(session, cleo, make.WORDS + " indeed")
    other = make.post(session, cleo, " ".join(f"word{n}" for n in range(60)))
    found = session.scalars(select(Overlap)).all()
    assert [(o.copy_id, o.original_id) for o in found] == [(copy.id, original.id)]
    assert found[0].share > 0.8
    writing.edit(session, copy, by=cleo, body="Something entirely my own this time, promised.", title=None)
    assert session.scalars(select(Overlap)).all() == []
    assert other.id


def test_fifty_thousand_replies_still_come_in_pages(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    root = make.post(session, ben)
    first = make.reply(session, root, ben)
    values = {c.key: getattr(first, c.key) for c in Post.__table__.columns if c.key != "id"}
    total = 50_000
    session.execute(Post.__table__.insert(), [{**values, "parent_id": first.id} for _ in range(total)])
    member = cast.cleo.member(session)
    seat = select(Seat).where(Seat.id == cast.cleo.seat).options(joinedload(Seat.cohort), joinedload(Seat.member))
    g.seat, g.seat_path = session.scalars(seat).one(), "/s/x"
    page = reading.replies(session, root, member, None)
    assert len(page.items) == reading.REPLIES_A_PAGE
    assert page.next_url
    newest = session.scalars(select(Post).where(Post.root_id == root.id).order_by(Post.id.desc()).limit(1)).one()
    assert f"#post-{newest.id}" in reading.place_of(session, newest)
