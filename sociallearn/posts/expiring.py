"""What is said informally goes by itself: a conversation some time after its last text, with all that hangs on it."""

from datetime import timedelta
from functools import cache

from blinker import Signal
from sqlalchemy import Column, delete, func, or_, select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.attachments.models import Attachment
from sociallearn.database import Model
from sociallearn.posts.models import Post
from sociallearn.roster.models import Space

# Sent inside the transaction before texts go: removed.send(ids, session=session). Only for what must do more than lose
# the rows that refer to them.
removed = Signal()

MOST_AT_ONCE = 200  # conversations; the next time takes more


def remove_expired(session: Session) -> int:
    """Housekeeping: delete for good what nobody wrote in for its space's ``keep_days``; how many conversations."""
    gone = 0
    spaces = session.execute(select(Space.id, Space.keep_days).where(Space.is_informal.is_(True))).all()
    for space_id, keep_days in spaces:
        last = func.coalesce(Post.last_reply_at, Post.created_at)
        ended = last < clock.now() - timedelta(days=keep_days)
        statement = select(Post.id).where(Post.space_id == space_id, Post.root_id.is_(None), ended)
        roots = session.scalars(statement.order_by(Post.id).limit(MOST_AT_ONCE)).all()
        if roots:
            texts = session.scalars(select(Post.id).where(or_(Post.id.in_(roots), Post.root_id.in_(roots)))).all()
            _remove(session, list(texts))
            gone += len(roots)
    return gone


def _remove(session: Session, ids: list[int]) -> None:
    removed.send(ids, session=session)
    # the worker gives back the room of files and removes their bytes
    taken_away = update(Attachment).where(Attachment.post_id.in_(ids))
    session.execute(taken_away.values(post_id=None, removed_at=clock.now()))
    for column in _columns_naming_a_text():
        if column.table is not Post.__table__:
            session.execute(delete(column.table).where(column.in_(ids)))
    session.execute(delete(Post).where(Post.id.in_(ids)).execution_options(synchronize_session=False))


@cache
def _columns_naming_a_text() -> list[Column[int]]:
    """Columns that hold a text's id, those of rows that hang on others first: whatever room keeps something about one
    says so by a foreign key, and there is no list of rooms to forget one in."""
    found = [Post.__table__.c.id]
    for table in Model.metadata.sorted_tables:  # what is referred to stands before what refers to it
        for key in table.foreign_keys:
            if any(key.column is one for one in found):
                found.append(key.parent)
    return list(reversed(found))
