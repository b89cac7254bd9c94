"""How far somebody has read."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_or_get
from sociallearn.posts.models import Post, ReadMark, Visibility
from sociallearn.roster.models import Member


def mark(session: Session, member: Member, root_id: int, up_to: int | None = None) -> None:
    """The member has seen the thread up to this post of it; without ``up_to``, up to its newest."""
    last_reply_id, replies = session.execute(
        select(Post.last_reply_id, Post.reply_count).where(Post.id == root_id, Post.cohort_id == member.cohort_id)
    ).one()
    newest, now = max(last_reply_id or 0, root_id), clock.now()
    if up_to is not None and up_to < newest:  # somebody replied while the page was on the screen
        later = select(func.count()).where(
            Post.root_id == root_id, Post.id > up_to, Post.visibility == Visibility.VISIBLE
        )
        newest, replies = up_to, replies - (session.scalar(later) or 0)
    seen = {"last_read_id": newest, "replies_read": replies}
    values = {**seen, "at": now, "cohort_id": member.cohort_id, "organisation_id": member.organisation_id}
    row = insert_or_get(session, ReadMark, {"member_id": member.id, "root_id": root_id}, values)
    row.last_read_id = max(row.last_read_id, seen["last_read_id"])
    row.replies_read, row.at = replies, now


def mark_all(session: Session, member: Member) -> None:
    """Everything there is now counts as read."""
    newest = session.scalar(select(func.max(Post.id)).where(Post.cohort_id == member.cohort_id))
    member.read_up_to = max(member.read_up_to, newest or 0)
    now_there = select(Post.reply_count).where(Post.id == ReadMark.root_id).scalar_subquery()
    session.execute(update(ReadMark).where(ReadMark.member_id == member.id).values(replies_read=now_there))
