"""Remove what nobody sees: files taken away, uploads that never came with a text, and bytes without a row.

The row goes first, the bytes after it: killed in between, only bytes are left over, and they are looked for hourly.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.attachments import storing
from sociallearn.attachments.models import Attachment, FileSpace
from sociallearn.database import locked, transaction

WAITS = timedelta(hours=24)  # an upload, for its text
_AT_ONCE = 500


def _due(session: Session) -> Sequence[int]:
    too_old = Attachment.created_at < clock.now() - WAITS
    loose = select(Attachment.id).where(Attachment.post_id.is_(None), or_(Attachment.removed_at.is_not(None), too_old))
    return session.scalars(loose.order_by(Attachment.id).limit(jobs.MOST_A_SWEEP)).all()


@jobs.task(due=_due)
def erase(attachment_id: int) -> None:
    """The row, unless a text has it meanwhile; then its bytes."""
    with transaction() as session:
        key = _erase_row(session, attachment_id)
    if key is not None:
        for each in (key, key + storing.SMALL):
            storing.store().remove(each)


def _erase_row(session: Session, attachment_id: int) -> str | None:
    try:
        row = locked(session, Attachment, attachment_id)
    except LookupError:
        return None  # done already
    if row.post_id is not None or (row.removed_at is None and row.created_at >= clock.now() - WAITS):
        return None
    key = row.key
    room = update(FileSpace).where(FileSpace.cohort_id == row.cohort_id)
    session.execute(room.values(used=FileSpace.used - row.size))
    session.delete(row)
    return key


@jobs.task()
def erase_strays(_number: int) -> None:
    """Bytes nobody has a row for, unless they came today: their row may be on its way."""
    kept = storing.store()
    for keys in _batches(kept.keys_before(clock.now() - WAITS)):
        with transaction() as session:
            owned = select(Attachment.key).where(Attachment.key.in_({key.partition(".")[0] for key in keys}))
            known = set(session.scalars(owned))
        for key in keys:
            if key.partition(".")[0] not in known or key.endswith(".part"):
                kept.remove(key)


def look_for_strays(_session: Session) -> None:
    """Housekeeping: a worker does it, as it may take long, and no transaction should be open meanwhile."""
    jobs.enqueue(f"{erase_strays.__module__}.{erase_strays.__qualname__}", 0)


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch
