"""Keep texts for later (nobody else knows), and hear of a thread or be spared it."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_new, insert_or_get
from sociallearn.posts.models import Bookmark, Post, ThreadFollow
from sociallearn.roster.models import Member


def bookmark(session: Session, post: Post, *, by: Member) -> None:
    """Keep it; a second time changes nothing."""
    insert_new(session, Bookmark, {"member_id": by.id, "post_id": post.id, **_cohort(by), "at": clock.now()})


def forget(session: Session, post: Post, *, by: Member) -> None:
    """No longer keep it."""
    session.execute(delete(Bookmark).where(Bookmark.member_id == by.id, Bookmark.post_id == post.id))


def follow(session: Session, root_id: int, *, by: Member) -> None:
    """Hear of what is new in a thread."""
    _set(session, root_id, by, is_muted=False)


def mute(session: Session, root_id: int, *, by: Member) -> None:
    """Be spared what is new in a thread: it is never marked as unread."""
    _set(session, root_id, by, is_muted=True)


def unfollow(session: Session, root_id: int, *, by: Member) -> None:
    """Neither."""
    session.execute(delete(ThreadFollow).where(ThreadFollow.member_id == by.id, ThreadFollow.root_id == root_id))


def follow_by_writing(session: Session, root_id: int, *, by: Member) -> None:
    """Whoever writes in a thread follows it from then on, unless they muted it."""
    values = {"is_muted": False, "at": clock.now(), **_cohort(by)}
    insert_new(session, ThreadFollow, {"member_id": by.id, "root_id": root_id, **values})


def _set(session: Session, root_id: int, by: Member, *, is_muted: bool) -> None:
    values = {"is_muted": is_muted, "at": clock.now(), **_cohort(by)}
    row = insert_or_get(session, ThreadFollow, {"member_id": by.id, "root_id": root_id}, values)
    row.is_muted = is_muted


def _cohort(member: Member) -> dict[str, int]:
    return {"cohort_id": member.cohort_id, "organisation_id": member.organisation_id}
