"""Drafts: what somebody was writing survives a closed tab and an ended session."""

import re
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_or_get
from sociallearn.posts.forms import LONGEST_BODY, tidy, tidy_line
from sociallearn.posts.models import Draft
from sociallearn.roster.models import Member

PLACE = re.compile(r"feed|questions|ideas|(reply|edit)-[1-9]\d{0,17}")
LONGEST = 5 * LONGEST_BODY  # a draft may be too long to post; it is still not lost


def save(session: Session, member: Member, place: str, title: str, body: str) -> None:
    """Keep this text for that place; an empty one removes the draft."""
    title, body = tidy_line(title)[:500], tidy(body)[:LONGEST]
    if not title and not body:
        clear(session, member, place)
        return
    values: dict[str, Any] = {"cohort_id": member.cohort_id, "organisation_id": member.organisation_id}
    values |= {"title": title, "body": body, "at": clock.now()}
    row = insert_or_get(session, Draft, {"member_id": member.id, "place": place}, values)
    row.title, row.body, row.at = title, body, clock.now()


def find(session: Session, member: Member, place: str) -> Draft | None:
    """The draft for that place."""
    return session.get(Draft, (member.id, place))


def clear(session: Session, member: Member, place: str) -> None:
    """It was sent, or emptied."""
    session.execute(delete(Draft).where(Draft.member_id == member.id, Draft.place == place))
