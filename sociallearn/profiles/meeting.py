"""People the reader has not met: nobody replied to the other. A few at a time, by chance, and the same all day.

Of other units where there are any left to meet. Each is somebody to say hello to, by answering a text of theirs that
the reader can read: about a topic of the reader's own where there is one, else the newest.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import g
from sqlalchemy import ColumnElement, Row, Select, func, select, union
from sqlalchemy.orm import Session, aliased

from sociallearn import clock
from sociallearn.posts import reading
from sociallearn.posts.models import Kind, Post, PostTopic, Topic, TopicFollow
from sociallearn.posts.reading import hue, initials
from sociallearn.profiles import helping
from sociallearn.roster.models import Member, Person, Unit
from sociallearn.text.excerpting import excerpt

MOST = 3
EXCERPT = 140


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody to meet, a text of theirs, and the topic of the reader's that it names."""

    member_id: int
    name: str
    initials: str
    hue: int
    unit: str | None
    topic: tuple[str, str] | None  # key and name
    title: str | None
    text: str
    url: str  # where that text is answered


@dataclass(frozen=True, slots=True)
class Strangers:
    """A few, and whether they are of other units than the reader's."""

    people: list[Stranger]
    of_other_units: bool


def strangers(session: Session, member: Member) -> Strangers:
    """Whom to meet today; nobody for who cannot write to them. Three queries at most."""
    if not member.may_write:
        return Strangers([], of_other_units=False)
    rows = session.execute(_unmet(member)).all()
    elsewhere = [row for row in rows if member.unit_id and row.unit_id and row.unit_id != member.unit_id]
    chosen = sorted(elsewhere or rows, key=lambda row: _chance(member, row.id))[:MOST]
    if not chosen:
        return Strangers([], of_other_units=False)
    shared = {author_id: named for author_id, *named in session.execute(_shared(member, [row.id for row in chosen]))}
    wanted = [shared[row.id][2] if row.id in shared else row.newest_id for row in chosen]
    texts = {row.id: row for row in session.execute(_texts(wanted))}
    people = [_stranger(row, texts[text_id], shared.get(row.id)) for row, text_id in zip(chosen, wanted, strict=True)]
    return Strangers(people, bool(elsewhere))


def _chance(member: Member, other_id: int) -> bytes:
    today = clock.now().astimezone(ZoneInfo(member.cohort.time_zone)).date()
    return hashlib.blake2b(f"{today} {member.id} {other_id}".encode(), digest_size=8).digest()


def _answerable(statement: Select[Any], member: Member) -> Select[Any]:
    thread = aliased(Post)
    statement = statement.outerjoin(thread, thread.id == func.coalesce(Post.root_id, Post.id))
    return reading.open_to(statement, member).where(thread.is_locked.is_(False), helping.not_imported())


def _unmet(member: Member) -> Select[Any]:
    newest = _answerable(select(Post.id).where(Post.author_id == Member.id), member)
    newest_id = newest.correlate(Member).order_by(Post.id.desc()).limit(1).scalar_subquery()
    found = (
        select(
            Member.id,
            Member.person_id,
            Person.name,
            Member.unit_id,
            Unit.name.label("unit"),
            newest_id.label("newest_id"),
        )
        .join(Person, Person.id == Member.person_id)
        .outerjoin(Unit, Unit.id == Member.unit_id)
        .where(
            Member.cohort_id == member.cohort_id,
            Member.id != member.id,
            Member.is_graded,
            Person.name.not_like("%@%"),
            Member.id.not_in(_met(member)),
        )
        .subquery()
    )
    return select(found).where(found.c.newest_id.is_not(None))


def _met(member: Member) -> Any:
    """Whose texts the member answered, and who answered the member's."""
    mine, theirs = aliased(Post), aliased(Post)
    answered = select(theirs.author_id).join(mine, mine.parent_id == theirs.id).where(mine.author_id == member.id)
    mine, theirs = aliased(Post), aliased(Post)
    answering = select(theirs.author_id).join(mine, mine.id == theirs.parent_id).where(mine.author_id == member.id)
    return union(answered, answering)


def _shared(member: Member, ids: Sequence[int]) -> Select[Any]:
    """Of these people, the newest text about each topic the member follows or writes about; the newest topic last."""
    own = aliased(Post)
    written = select(PostTopic.topic_id).join(own, own.id == PostTopic.post_id).where(own.author_id == member.id)
    followed = select(TopicFollow.topic_id).where(TopicFollow.member_id == member.id)
    text_id: ColumnElement[int] = func.max(Post.id)
    statement = (
        select(Post.author_id, Topic.key, Topic.name, text_id)
        .join(PostTopic, PostTopic.post_id == Post.id)
        .join(Topic, Topic.id == PostTopic.topic_id)
        .where(Post.author_id.in_(ids), Topic.id.in_(union(written, followed)))
    )
    return _answerable(statement, member).group_by(Post.author_id, Topic.id, Topic.key, Topic.name).order_by(text_id)


def _texts(ids: Sequence[int]) -> Select[Any]:
    thread = aliased(Post)
    return (
        select(Post.id, Post.root_id, Post.title, Post.html, thread.kind.label("kind"))
        .join(thread, thread.id == func.coalesce(Post.root_id, Post.id))
        .where(Post.id.in_(ids))
    )


def _stranger(row: Row[Any], text: Row[Any], shared: list[Any] | None) -> Stranger:
    room = reading.ROOMS.get(Kind(text.kind), "posts")
    place = f"{text.root_id}?reply_to={text.id}" if text.root_id else str(text.id)
    return Stranger(
        member_id=row.id,
        name=row.name,
        initials=initials(row.name),
        hue=hue(row.person_id),
        unit=row.unit,
        topic=(shared[0], shared[1]) if shared else None,
        title=text.title,
        text=excerpt(text.html, EXCERPT),
        url=f"{g.seat_path}/{room}/{place}#write",
    )
