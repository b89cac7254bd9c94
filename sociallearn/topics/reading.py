"""Topics as one member sees them; rooms that are closed in the cohort are left out, and replies one answers before
seeing."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from sociallearn.posts import reading, starters
from sociallearn.posts.models import Post, PostTopic, Topic, TopicFollow
from sociallearn.posts.reading import Page
from sociallearn.roster.models import Member
from sociallearn.text.naming import topic_key

MOST_TOPICS = 200  # in the list


@dataclass(frozen=True)
class Listed:
    """One topic: how many texts name it, and whether this member follows it."""

    id: int
    key: str
    name: str
    count: int
    is_followed: bool


def topics(session: Session, member: Member) -> list[Listed]:
    """The cohort's topics: those one follows first, then the most used."""
    counted = Topic.post_count.label("count")
    statement = _topics(member)
    if reading.closed_kinds(member) or starters.hides_any(session, member):
        numbers = (
            _texts(select(PostTopic.topic_id, func.count().label("number")).select_from(Post), member)
            .group_by(PostTopic.topic_id)
            .subquery()
        )
        counted = func.coalesce(numbers.c.number, 0).label("count")
        statement = statement.outerjoin(numbers, numbers.c.topic_id == Topic.id)
    is_followed = TopicFollow.member_id.is_not(None)
    rows = session.execute(
        statement.add_columns(counted, is_followed)
        .where(or_(counted > 0, is_followed))
        .order_by(is_followed.desc(), counted.desc(), Topic.key)
        .limit(MOST_TOPICS)
    )
    return [Listed(*row) for row in rows]


def find(session: Session, member: Member, name: str) -> Listed | None:
    """The cohort's topic called so, however it is spelt. None that only texts name which this member cannot see yet."""
    key = topic_key(name)
    row = session.execute(
        _topics(member).add_columns(Topic.post_count, TopicFollow.member_id.is_not(None)).where(Topic.key == key)
    ).first()
    if row is None:
        return None
    topic = Listed(*row)
    is_certain = topic.is_followed or (topic.count and not starters.hides_any(session, member))
    return topic if is_certain or _is_named(session, topic, member) else None


def _is_named(session: Session, topic: Listed, member: Member) -> bool:
    """Whether a text within this member's sight names it; ``count`` is of all texts for the whole cohort."""
    statement = _texts(select(Post.id), member).where(PostTopic.topic_id == topic.id).limit(1)
    return session.scalar(statement) is not None


def texts(session: Session, topic: Listed, member: Member, before: int | None) -> Page:
    """Twenty texts that name it, newest first, older than ``before``."""
    statement = _texts(select(Post), member).where(PostTopic.topic_id == topic.id)
    items, next_before = reading.texts(session, statement, member, before)
    next_url = url_for("topics.show", topic_key=topic.key, before=next_before) if next_before else None
    return Page(items, next_url, before is None)


def _topics(member: Member) -> Select[Any]:
    follow = (TopicFollow.topic_id == Topic.id) & (TopicFollow.member_id == member.id)
    statement = select(Topic.id, Topic.key, Topic.name).outerjoin(TopicFollow, follow)
    return statement.where(Topic.cohort_id == member.cohort_id)


def _texts(statement: Select[Any], member: Member) -> Select[Any]:
    """Only what this member can read, and what stands in a room that is open."""
    return reading.open_to(statement.join(PostTopic, PostTopic.post_id == Post.id), member)
