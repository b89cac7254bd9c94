"""Write one row per act, in the act's own transaction, and tell whoever reads the ledger."""

from blinker import Signal
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.activity.models import Activity, Verb
from sociallearn.roster.models import Member

# Sent inside the transaction, after the row has its id: recorded.send(activity, session=session)
recorded = Signal()
# Sent before the first of several acts of one transaction: upcoming.send(member_ids, session=session), whose texts they
# concern. Whoever locks something of each can then do so in one order.
upcoming = Signal()


def record(  # noqa: PLR0913 - one argument a column
    session: Session,
    verb: Verb,
    *,
    by: Member,
    post_id: int,
    root_id: int,
    author_id: int,
    reached_id: int | None = None,
    words: int | None = None,
    parted: frozenset[int] = frozenset(),
) -> Activity:
    """``by`` did ``verb`` to the post ``author_id`` wrote, in the thread of ``root_id``.

    A new text also says whose text it answers (``reached_id``), and a new or changed one its own ``words`` and which
    texts it no longer is compared with as a copy (``parted``).
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
    row.parted = parted
    return keep(session, row)


def keep(session: Session, row: Activity) -> Activity:
    """The same for a row somebody made: by an administrator, who is no member."""
    session.add(row)
    session.flush()
    recorded.send(row, session=session)
    return row
