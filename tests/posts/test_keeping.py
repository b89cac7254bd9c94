"""Kept texts, followed and muted threads, and the lists of the feed that follow from them."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from sociallearn.database import db
from sociallearn.posts.models import Bookmark, ThreadFollow
from tests.conftest import Actor, Cast


def _write(who: Actor, body: str) -> str:
    return who.post("/feed", body=body).location.rpartition("-")[2]


def test_what_is_kept_stands_in_ones_own_list_only(app: Flask, cast: Cast) -> None:
    post_id = _write(cast.ben, "Worth reading again.")
    for _ in range(2):
        assert cast.cleo.post(f"/posts/{post_id}/bookmark").status_code == 303
    assert "Worth reading again." in cast.cleo.get("/bookmarks").text
    assert "Worth reading again." not in cast.dora.get("/bookmarks").text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Bookmark)) == 1
    cast.ben.post(f"/posts/{post_id}/deletion")
    kept = cast.cleo.get("/bookmarks").text
    assert "Worth reading again." not in kept
    assert "deleted this text" in kept
    cast.cleo.post(f"/posts/{post_id}/bookmark/withdrawal")
    assert "Nothing kept yet." in cast.cleo.get("/bookmarks").text


def test_kept_texts_come_in_pages(cast: Cast) -> None:
    for number in range(23):
        cast.cleo.post(f"/posts/{_write(cast.ben, f'thought {number}.')}/bookmark")
    first = cast.cleo.get("/bookmarks").text
    assert "thought 22." in first
    assert "thought 2." not in first
    [older] = [part.split('href="')[1].split('"')[0] for part in first.split("<a ") if 'rel="next"' in part]
    second = cast.cleo.get(older).text
    assert "thought 2." in second
    assert 'rel="next"' not in second


def test_a_muted_thread_is_never_new(cast: Cast) -> None:
    post_id = _write(cast.ben, "first")
    assert "first" in cast.cleo.get("/feed?sort=unread").text
    cast.cleo.post(f"/posts/{post_id}/muting")
    cast.dora.post(f"/posts/{post_id}/replies", body="and more")
    assert "You have read everything." in cast.cleo.get("/feed?sort=unread").text
    assert "is new to you" not in cast.cleo.get("/feed").text
    cast.cleo.post(f"/posts/{post_id}/following/withdrawal")
    assert "first" in cast.cleo.get("/feed?sort=unread").text


def test_who_writes_follows_unless_they_muted(app: Flask, cast: Cast) -> None:
    post_id = _write(cast.ben, "a thread to follow")
    assert "a thread to follow" in cast.ben.get("/feed?sort=followed").text
    assert "You follow no conversation yet." in cast.cleo.get("/feed?sort=followed").text
    cast.cleo.post(f"/posts/{post_id}/muting")
    cast.cleo.post(f"/posts/{post_id}/replies", body="one remark, then peace")
    with app.app_context():
        assert sorted(db.session.scalars(select(ThreadFollow.is_muted))) == [False, True]
    cast.cleo.post(f"/posts/{post_id}/following")
    assert "a thread to follow" in cast.cleo.get("/feed?sort=followed").text


def test_the_active_list_and_the_first_unread_reply(cast: Cast) -> None:
    old, new = _write(cast.ben, "the old one"), _write(cast.ben, "the new one")
    cast.dora.post(f"/posts/{old}/replies", body="known")
    cast.cleo.post("/read-all", room="feed")
    reply = cast.dora.post(f"/posts/{old}/replies", body="not yet known").location.rpartition("-")[2]
    active = cast.cleo.get("/feed?sort=active").text
    assert active.index("the old one") < active.index("the new one")
    assert cast.cleo.get(f"/posts/{old}/unread").location.endswith(f"#post-{reply}")
    assert cast.cleo.get(f"/posts/{new}/unread").location.endswith(f"/posts/{new}")


def test_good_but_unanswered(cast: Cast) -> None:
    short, liked, long_ = _write(cast.ben, "hm"), _write(cast.ben, "brief but liked"), _write(cast.ben, "long " * 60)
    answered = _write(cast.ben, "answered " * 40)
    cast.dora.post(f"/posts/{liked}/reactions", give="insight")
    cast.dora.post(f"/posts/{answered}/replies", body="here you are")
    page = cast.cleo.get("/feed?sort=unanswered").text
    assert [f'id="post-{one}"' in page for one in (short, liked, long_, answered)] == [False, True, True, False]
    assert "Nobody waits for an answer." in cast.ben.get("/feed?sort=unanswered").text, "one's own is for others"


@pytest.mark.parametrize("sort", ["active", "unread", "followed"])
def test_each_list_comes_in_pages_and_loses_nothing(cast: Cast, sort: str) -> None:
    reader = cast.cleo
    for number in range(45):
        post_id = _write(cast.ben, f"thought {number}.")
        if sort == "followed":
            reader.post(f"/posts/{post_id}/following")
    seen, address = [], f"/feed?sort={sort}"
    while address:
        page = reader.get(address).text
        seen += [n for n in range(45) if f"thought {n}." in page]
        links = [part.split('href="')[1].split('"')[0] for part in page.split("<a ") if 'rel="next"' in part]
        address = links[0].replace("&amp;", "&") if links else ""
    assert sorted(seen) == list(range(45))


@pytest.mark.parametrize("act", ["bookmark", "bookmark/withdrawal", "following", "following/withdrawal", "muting"])
def test_only_in_ones_own_cohort(cast: Cast, act: str) -> None:
    post_id = _write(cast.ben, "ours")
    assert cast.otto.post(f"/posts/{post_id}/{act}").status_code == 404
    assert cast.zoe.post(f"/posts/{post_id}/{act}").status_code == 404
