"""Which placed thing a link in the course stands for, also after the LMS copied the course.

A copy has new ids and keeps the links' parameters, so its links name items of the first course. Such an item is made
again here, once, for the copy: never another cohort's own, so that nothing said there can be reached from here.
"""

import secrets
from string import ascii_letters, digits

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sociallearn.database import insert_or_get
from sociallearn.lti.claims import Launch
from sociallearn.lti.models import Deployment
from sociallearn.roster.models import Cohort, ContentItem, Placement

KEY_LENGTH = 12  # about 71 bits: no link can be guessed
LONGEST_KEY = 60
MOST_COPIES = 20  # of copies of copies that are followed


def new_key() -> str:
    """A key for an item: letters and digits alone, as parameters pass through many hands."""
    return "".join(secrets.choice(ascii_letters + digits) for _ in range(KEY_LENGTH))


def find(session: Session, cohort: Cohort, launch: Launch) -> ContentItem | None:
    """What this link was placed to open; nothing for a link that names no item this cohort may know."""
    key = launch.custom.get("item")
    if key is not None:
        return _by_key(session, cohort, key) if len(key) <= LONGEST_KEY else None
    if launch.link_history and cohort.copied_from_id is not None:
        return _inherited(session, cohort, launch)
    return None


def _by_key(session: Session, cohort: Cohort, key: str) -> ContentItem | None:
    named = or_(ContentItem.key == key, ContentItem.original_key == key)
    own = session.scalar(select(ContentItem).where(ContentItem.cohort_id == cohort.id, named))
    if own is not None or cohort.copied_from_id is None:
        return own
    ids = ancestors(session, cohort)
    found = session.scalars(select(ContentItem).where(ContentItem.cohort_id.in_(ids), named)).all()
    newest = min(found, key=lambda item: ids.index(item.cohort_id), default=None)
    return remake(session, cohort, newest) if newest else None


def _inherited(session: Session, cohort: Cohort, launch: Launch) -> ContentItem | None:
    """What the link's newest known original opens; of a course this one was copied from."""
    rows = session.execute(
        select(Placement.resource_link_id, ContentItem)
        .join(ContentItem, ContentItem.id == Placement.content_item_id)
        .join(Deployment, Deployment.id == Placement.deployment_id)
        .where(
            Deployment.registration_id == launch.registration_id,
            Placement.resource_link_id.in_(launch.link_history[:MOST_COPIES]),
            Placement.cohort_id.in_(ancestors(session, cohort)),
        )
    )
    known = {link_id: item for link_id, item in rows}
    found = next((known[id_] for id_ in launch.link_history if id_ in known), None)
    return remake(session, cohort, found) if found else None


def ancestors(session: Session, cohort: Cohort) -> list[int]:
    """The cohorts this one was copied from, newest first."""
    ids: list[int] = []
    next_id = cohort.copied_from_id
    while next_id is not None and next_id not in ids and next_id != cohort.id and len(ids) < MOST_COPIES:
        ids.append(next_id)
        next_id = session.scalar(select(Cohort.copied_from_id).where(Cohort.id == next_id))
    return ids


def remake(session: Session, cohort: Cohort, item: ContentItem) -> ContentItem:
    """The same item for a copy of its course, made if nobody did so yet; it opens its room, and nothing of before."""
    values = {
        "organisation_id": cohort.organisation_id,
        "key": new_key(),
        "room": item.room,
        "title": item.title,
        "points": item.points,
    }
    return insert_or_get(session, ContentItem, {"cohort_id": cohort.id, "original_key": item.link_key}, values)
