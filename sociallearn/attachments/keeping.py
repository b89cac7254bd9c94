"""Take a file in, for a text that is being written; give an image its words; take it away again."""

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import update
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.attachments import sweeping
from sociallearn.attachments.models import Attachment, FileSpace
from sociallearn.attachments.preparing import Prepared
from sociallearn.database import insert_or_get
from sociallearn.errors import Refusal
from sociallearn.roster.models import Member

LONGEST_ALT = 500  # characters


def keep(session: Session, prepared: Prepared, key: str, *, by: Member, place: str, alt: str = "") -> Attachment:
    """A row for bytes that are already there under ``key``. Raises Refusal 413 when the cohort's room is full."""
    _take_room(session, by, prepared.size)
    row = Attachment(
        cohort_id=by.cohort_id,
        member_id=by.id,
        place=place,
        key=key,
        name=prepared.name,
        media_type=prepared.media_type,
        size=prepared.size,
        width=prepared.width,
        height=prepared.height,
        alt=alt if prepared.width else "",
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def _take_room(session: Session, member: Member, size: int) -> None:
    empty = {"organisation_id": member.organisation_id, "used": 0}
    insert_or_get(session, FileSpace, {"cohort_id": member.cohort_id}, empty)
    # checked and counted in one statement: two at once cannot both get the last room
    taken = session.execute(
        update(FileSpace)
        .where(FileSpace.cohort_id == member.cohort_id, FileSpace.used + size <= current_app.config["FILES_QUOTA"])
        .values(used=FileSpace.used + size)
        .returning(FileSpace.used)
    ).first()
    if taken is None:
        raise Refusal(
            413,
            _("There is no room left for files in this cohort."),
            _("Ask your trainer, or put a link to the file in your text."),
        )


def describe(row: Attachment, alt: str) -> None:
    """What an image shows, in words."""
    row.alt = alt[:LONGEST_ALT] if row.is_image else ""


def take_away(session: Session, row: Attachment) -> None:
    """Nobody sees it from now on; its bytes go after that."""
    row.post_id, row.removed_at = None, clock.now()
    session.flush()
    jobs.after_commit(session, sweeping.erase, row.id)
