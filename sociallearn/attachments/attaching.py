"""Hang uploaded files on a text, in the order and with the words chosen; what is no longer chosen goes."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from sociallearn.attachments import keeping
from sociallearn.attachments.kinds import MOST
from sociallearn.attachments.models import Attachment
from sociallearn.errors import Refusal
from sociallearn.roster.models import Member


@dataclass(frozen=True)
class Chosen:
    """A file that goes with a text, and what the image shows."""

    id: int
    alt: str = ""


def attach(session: Session, post_id: int, chosen: Sequence[Chosen], *, by: Member) -> bool:
    """These files, and no others, come with the text of that number; whether there are any.

    Raises Refusal 409 when one of them is not the member's own, hangs on another text or was swept; 422 when there are
    too many.
    """
    if len(chosen) > MOST:
        raise Refusal(422, _("At most 10 files go with one text."), _("Your text stands below."))
    mine = and_(
        Attachment.id.in_([one.id for one in chosen]),
        Attachment.member_id == by.id,
        Attachment.post_id.is_(None),
        Attachment.removed_at.is_(None),
    )
    statement = select(Attachment).where(Attachment.cohort_id == by.cohort_id, or_(Attachment.post_id == post_id, mine))
    rows = {row.id: row for row in session.scalars(statement.with_for_update())}
    if any(one.id not in rows for one in chosen):
        raise Refusal(409, _("A file you chose is no longer there."), _("Choose it again. Your text stands below."))
    for position, one in enumerate(chosen):
        row = rows.pop(one.id)
        row.post_id, row.position = post_id, position
        keeping.describe(row, one.alt)
    for row in rows.values():
        keeping.take_away(session, row)
    session.flush()
    return bool(chosen)
