"""Locking a thread: by trainers, with a reason in the log, and by no other way."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sociallearn.errors import Refusal
from sociallearn.posts import deciding
from sociallearn.posts.deciding import UnloggedDecision
from sociallearn.posts.models import Decision, Post
from tests import make
from tests.conftest import Cast


def test_a_locked_thread_takes_no_replies_until_it_is_unlocked(session: Session, cast: Cast) -> None:
    tess, ben, cleo = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo"))
    root = make.post(session, ben)
    first = make.reply(session, root, cleo)
    deciding.lock(session, root, by=tess, reason="Everything is said.")
    for parent in (root, first):
        with pytest.raises(Refusal) as refusal:
            make.reply(session, parent, cleo)
        assert refusal.value.status == 409
    deciding.unlock(session, root, by=tess)
    make.reply(session, root, cleo)
    log = session.execute(select(Decision.before, Decision.after, Decision.reason).order_by(Decision.id)).all()
    assert [tuple(row) for row in log] == [("open", "locked", "Everything is said."), ("locked", "open", "")]


def test_only_trainers_only_threads_only_once(session: Session, cast: Cast) -> None:
    tess, ben = cast.tess.member(session), cast.ben.member(session)
    root = make.post(session, ben)
    reply = make.reply(session, root, tess)
    for post, by, reason, status in (
        (root, ben, "Mine.", 403),
        (root, tess, "", 422),
        (reply, tess, "A reply.", 409),
    ):
        with pytest.raises(Refusal) as refusal:
            deciding.lock(session, post, by=by, reason=reason)
        assert refusal.value.status == status
    deciding.lock(session, root, by=tess, reason="Enough.")
    with pytest.raises(Refusal) as refusal:
        deciding.lock(session, root, by=tess, reason="Enough.")
    assert refusal.value.status == 409


def test_there_is_no_other_way(session: Session, cast: Cast) -> None:
    root = make.post(session, cast.ben.member(session))
    root.is_locked = True
    with pytest.raises(UnloggedDecision):
        session.flush()
    session.expire(root)
    with pytest.raises(UnloggedDecision):
        session.execute(update(Post).values(is_locked=True))


def test_everybody_reads_why_and_nothing_typed_is_lost(cast: Cast) -> None:
    post_id = cast.ben.post("/feed", body="Shall we?").location.rpartition("-")[2]
    assert "Lock this conversation" in cast.tess.get(f"/posts/{post_id}/lock").text
    assert cast.ben.get(f"/posts/{post_id}/lock").status_code == 403
    assert cast.tara.post(f"/posts/{post_id}/lock", reason="Not mine.").status_code == 404
    assert cast.tess.post(f"/posts/{post_id}/lock", reason="  ").status_code == 422
    assert cast.tess.post(f"/posts/{post_id}/lock", reason="We meet on Monday.").status_code == 303
    page = cast.cleo.get(f"/posts/{post_id}").text
    assert "We meet on Monday." in page
    assert '<textarea id="body"' not in page
    late = cast.cleo.post(f"/posts/{post_id}/replies", body="typed while it was locked")
    assert late.status_code == 409
    assert "typed while it was locked" in late.text
    assert "locked a conversation started by" in cast.dora.get("/decisions").text
    assert cast.tess.post(f"/posts/{post_id}/lock/withdrawal").status_code == 303
    assert '<textarea id="body"' in cast.cleo.get(f"/posts/{post_id}").text
