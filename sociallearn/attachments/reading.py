"""Files as they are shown, beside a text or in the form where it is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flask import g
from flask_babel import format_decimal
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from sociallearn.attachments.attaching import Chosen
from sociallearn.attachments.kinds import KINDS, SHOWN_AS
from sociallearn.attachments.models import Attachment
from sociallearn.attachments.picturing import SMALL_SIDE
from sociallearn.roster.models import Member


@dataclass(slots=True)
class ShownFile:
    """One file, for somebody who may see it."""

    id: int
    name: str
    label: str  # what kind it is, as people call it
    icon: str
    size: str
    is_image: bool
    width: int  # of the small image
    height: int
    alt: str
    path: str  # what begins the addresses of what can be done with it
    url: str  # its bytes
    is_loose: bool  # comes with no text yet


def of(session: Session, cohort_id: int, post_ids: Sequence[int]) -> dict[int, list[ShownFile]]:
    """What comes with each of these texts of the cohort, in order: one query."""
    statement = (
        select(Attachment)
        .where(Attachment.cohort_id == cohort_id, Attachment.post_id.in_(post_ids))
        .order_by(Attachment.post_id, Attachment.position, Attachment.id)
    )
    found: dict[int, list[ShownFile]] = {}
    for row in session.scalars(statement):
        found.setdefault(row.post_id or 0, []).append(show(row))
    return found


def waiting(session: Session, member: Member, place: str) -> list[ShownFile]:
    """What the member uploaded for a text that is still being written there."""
    rows = session.scalars(_loose(member).where(Attachment.place == place).order_by(Attachment.id))
    return [show(row) for row in rows]


def chosen(session: Session, member: Member, wanted: Iterable[Chosen], post_id: int | None) -> list[ShownFile]:
    """Of the files a form names, those that may go with this member's text, in the form's order and with its words."""
    words = {one.id: one.alt for one in wanted}
    if not words:
        return []
    ids = Attachment.id.in_(words)
    rows = list(session.scalars(_loose(member).where(ids)))
    if post_id is not None:
        rows += session.scalars(
            select(Attachment).where(Attachment.cohort_id == member.cohort_id, Attachment.post_id == post_id, ids)
        )
    shown = {row.id: show(row) for row in rows}
    for one in shown.values():
        one.alt = words[one.id]
    return [shown[number] for number in words if number in shown]


def _loose(member: Member) -> Select[tuple[Attachment]]:
    mine: tuple[ColumnElement[bool], ...] = (
        Attachment.cohort_id == member.cohort_id,
        Attachment.member_id == member.id,
        Attachment.post_id.is_(None),
        Attachment.removed_at.is_(None),
    )
    return select(Attachment).where(*mine)


def show(row: Attachment) -> ShownFile:
    """One row."""
    kind = KINDS.get(row.media_type)
    width, height = row.width or 0, row.height or 0
    scale = min(1.0, SMALL_SIDE / max(width, height, 1))
    path = f"{g.seat_path}/files/{row.id}"
    ending = row.name.rpartition(".")[2].upper()
    return ShownFile(
        id=row.id,
        name=row.name,
        label=ending if row.media_type in ("text/plain", SHOWN_AS) or kind is None else kind.label,
        icon=kind.icon if kind else "image",
        size=_in_words(row.size),
        is_image=row.is_image,
        width=max(1, round(width * scale)) if row.is_image else 0,
        height=max(1, round(height * scale)) if row.is_image else 0,
        alt=row.alt,
        path=path,
        url=f"{path}/{quote(row.name, safe='')}",
        is_loose=row.post_id is None,
    )


def _in_words(size: int) -> str:
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} kB"
    return f"{format_decimal(round(size / 1_000_000, 1))} MB"
