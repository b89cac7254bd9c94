"""How far somebody has read."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_or_get
from sociallearn.posts.models import Post, ReadMark
from sociallearn.roster.models import Member


def mark(session: Session, member: Member, root_id: int) -> None:
    """The member has now seen the thread up to its newest reply."""
    last_reply_id, replies = session.execute(
        select(Post.last_reply_id, Post.reply_count).where(Post.id == root_id, Post.cohort_id == member.cohort_id)
    ).one()
    now = clock.now()
    seen = {"last_read_id": max(last_reply_id or 0, root_id), "replies_read": replies}
    values = {**seen, "at": now, "cohort_id": member.cohort_id, "organisation_id": member.organisation_id}
    row = insert_or_get(session, ReadMark, {"member_id": member.id, "root_id": root_id}, values)
    row.last_read_id = max(row.last_read_id, seen["last_read_id"])
    row.replies_read, row.at = replies, now


def mark_all(session: Session, member: Member) -> None:
    """Everything there is now counts as read."""
    newest = session.scalar(select(func.max(Post.id)).where(Post.cohort_id == member.cohort_id))
    member.read_up_to = max(member.read_up_to, newest or 0)
