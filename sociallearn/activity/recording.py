"""Write one row per act, in the act's own transaction, and tell whoever reads the ledger."""

from blinker import Signal
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.activity.models import Activity, Verb
from sociallearn.roster.models import Member

# Sent inside the transaction, after the row has its id: recorded.send(activity, session=session)
recorded = Signal()


def record(
    session: Session,
    verb: Verb,
    *,
    by: Member,
    post_id: int,
    root_id: int,
    author_id: int,
    reached_id: int | None = None,
    words: int | None = None,
) -> Activity:
    """``by`` did ``verb`` to the post ``author_id`` wrote, in the thread of ``root_id``.

    A new text also says whose text it answers (``reached_id``), and a new or changed one its own ``words``.
    """
    row = Activity(
        cohort_id=by.cohort_id,
        member_id=by.id,
        verb=verb,
        post_id=post_id,
        root_id=root_id,
        author_id=author_id,
        reached_id=reached_id,
        words=words,
        at=clock.now(),
    )
    return keep(session, row)


def keep(session: Session, row: Activity) -> Activity:
    """The same for a row somebody made: by an administrator, who is no member."""
    session.add(row)
    session.flush()
    recorded.send(row, session=session)
    return row
