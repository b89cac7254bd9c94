"""The feed's lists: what each holds and how it is sorted."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, bindparam, func, or_

from sociallearn.posts.models import Post, ReadMark, ThreadFollow, Visibility
from sociallearn.posts.reading import Order

_REACTIONS = Post.thanks + Post.agree + Post.insight + Post.curious + Post.cheer
LONG_ENOUGH = 200  # characters of a text that is worth an answer even before anybody reacted


@dataclass(frozen=True)
class Sort:
    """One list."""

    where: tuple[ColumnElement[bool], ...] = ()
    order: Order = Order.NEW


_SEEN = func.coalesce(ReadMark.last_read_id, 0)
_NOT_MUTED = or_(ThreadFollow.is_muted.is_(None), ThreadFollow.is_muted.is_(False))

SORTS = {
    "new": Sort(),
    "active": Sort(order=Order.ACTIVE),
    "unread": Sort((Post.active_id > _SEEN, Post.active_id > bindparam("read_up_to"), _NOT_MUTED), Order.ACTIVE),
    # good, and nobody has answered yet
    "unanswered": Sort(
        (
            Post.reply_count == 0,
            Post.visibility == Visibility.VISIBLE,
            Post.is_locked.is_(False),
            Post.author_id != bindparam("member_id"),
            or_(_REACTIONS > 0, func.length(Post.body) >= LONG_ENOUGH),
        )
    ),
    "followed": Sort((and_(ThreadFollow.member_id.is_not(None), ThreadFollow.is_muted.is_(False)),), Order.ACTIVE),
}
