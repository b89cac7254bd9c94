"""A text rendered by an earlier renderer reads like a new one after housekeeping, whatever state it is in."""

import pytest
from flask import current_app
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sociallearn.posts import deciding, rerendering
from sociallearn.posts.models import Mention, Post, PostTopic, Topic, Visibility
from sociallearn.text.rendering import RENDERER
from tests import make
from tests.conftest import Cast


def age(session: Session, *posts: Post) -> None:
    """As a renderer left them that knew neither mentions nor topics."""
    session.flush()
    ids = [post.id for post in posts]
    session.execute(update(Post).where(Post.id.in_(ids)).values(html="<p>old</p>", renderer=RENDERER - 1))
    for row in (Mention, PostTopic, Topic):
        session.execute(delete(row))
    session.expire_all()


def renew(session: Session) -> int:
    """As a new process does."""
    current_app.extensions.pop("rendered_by", None)
    return rerendering.renew(session)


def test_an_older_text_is_rendered_again_once(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    post, gone = make.post(session, ben, "**Ask** @Cleo Test. #plan"), make.post(session, ben, "Two #plan")
    deciding.decide(session, gone, Visibility.DELETED, by=ben, reason="")
    age(session, post, gone)
    fresh = make.post(session, ben, "Three")
    assert renew(session) == 2
    assert "<strong>Ask</strong>" in post.html
    assert '<span class="mention">@Cleo Test</span>' in post.html
    assert 'href="/-/topics/plan"' in gone.html
    assert {post.renderer, gone.renderer, fresh.renderer} == {RENDERER}
    assert (post.version, post.edited_at) == (1, None), "nobody edited it"
    assert session.scalars(select(Mention.member_id)).all() == [cast.cleo.member_id]
    assert session.scalars(select(Topic.post_count)).all() == [1], "what cannot be read is not counted"
    deciding.decide(session, gone, Visibility.VISIBLE, by=ben, reason="")
    assert session.scalars(select(Topic.post_count)).all() == [2]
    assert renew(session) == 0


def test_it_takes_some_at_a_time(session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    age(session, *[make.post(session, cast.ben.member(session), f"Text {number}") for number in range(3)])
    monkeypatch.setattr(rerendering, "MOST_AT_ONCE", 2)
    current_app.extensions.pop("rendered_by", None)
    assert [rerendering.renew(session) for _ in range(3)] == [2, 1, 0]
