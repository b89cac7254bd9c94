"""What counts for an idea others are merged into.

It is reckoned anew from what each of them was given itself, so that parting them leaves what was there before, in
whatever order ideas are merged and parted.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from sociallearn.ideas import authoring
from sociallearn.ideas.models import Idea, ImportedRating, Rating, SetAside


@dataclass(frozen=True)
class _Given:
    """A rating, and with which merged idea it came."""

    at: datetime
    value: int
    from_id: int | None


def reckon(session: Session, idea: Idea) -> None:
    """What counts for ``idea`` (locked): of each person the newest rating of it and of what is merged into it, nobody's
    who is an author; what was given to it itself and does not count is kept aside. What a file brought is added."""
    own: dict[int, _Given] = {}
    mine = select(Rating.member_id, Rating.at, Rating.value).where(
        Rating.idea_id == idea.post_id, Rating.from_id.is_(None)
    )
    aside = select(SetAside.member_id, SetAside.at, SetAside.value).where(SetAside.idea_id == idea.post_id)
    for statement in (mine, aside):
        own |= {member_id: _Given(at, value, None) for member_id, at, value in session.execute(statement)}
    counts = dict(own)
    came = session.execute(
        select(Rating.member_id, Rating.at, Rating.value, Rating.idea_id)
        .join(Idea, Idea.post_id == Rating.idea_id)
        .where(Idea.merged_into == idea.post_id)
        .order_by(Rating.at, Rating.idea_id)
    )
    for member_id, at, value, from_id in came:
        if member_id not in counts or at >= counts[member_id].at:
            counts[member_id] = _Given(at, value, from_id)
    for author in authoring.ids_of(session, idea.post_id):
        counts.pop(author, None)
    _keep(session, idea, own, counts)


def _keep(session: Session, idea: Idea, own: dict[int, _Given], counts: dict[int, _Given]) -> None:
    session.execute(delete(Rating).where(Rating.idea_id == idea.post_id))
    session.execute(delete(SetAside).where(SetAside.idea_id == idea.post_id))
    at = {"cohort_id": idea.cohort_id, "idea_id": idea.post_id}
    session.add_all(
        Rating(**at, member_id=who, value=one.value, at=one.at, from_id=one.from_id)
        for who, one in sorted(counts.items())
    )
    session.add_all(
        SetAside(**at, member_id=who, value=one.value, at=one.at)
        for who, one in sorted(own.items())
        if counts.get(who) != one
    )
    brought = select(func.sum(ImportedRating.number), func.sum(ImportedRating.number * ImportedRating.value))
    number, total = session.execute(brought.where(ImportedRating.idea_id == idea.post_id)).one()
    session.execute(
        update(Idea)
        .where(Idea.post_id == idea.post_id)
        .values(
            rating_count=len(counts) + int(number or 0),
            rating_sum=sum(one.value for one in counts.values()) + int(total or 0),
        )
    )
    session.flush()
