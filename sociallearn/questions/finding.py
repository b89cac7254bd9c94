"""Who knows about a topic: of those who said that others may find them, whoever helped with it before.

Counted are answers to questions which the reader can see, so that a place in the list tells nobody what others talk
about. The order is that of ``suggesting``: accepted and recommended by a trainer count one, "helped me" a half.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from sociallearn.posts import sight
from sociallearn.posts.models import Post, PostTopic, Topic, Visibility
from sociallearn.questions import offering, suggesting
from sociallearn.questions.models import HelperProfile, HelperTopic
from sociallearn.roster.models import Member, Person, Role
from sociallearn.text.naming import topic_key

MOST_TOPICS = 200
MOST_PEOPLE = 50


@dataclass(frozen=True, slots=True)
class Known:
    """A topic that somebody may be found by."""

    key: str
    name: str
    people: int


@dataclass(frozen=True, slots=True)
class Expert:
    """Somebody to ask, and on how many questions about the topic their answers were of use, by what says so."""

    member_id: int
    name: str
    line: str  # what they like to be asked
    accepted: int = 0
    recommended: int = 0
    helped: int = 0


@dataclass(frozen=True, slots=True)
class Offered:
    """What somebody said that others may find them by: the line, and keys and names of topics."""

    line: str
    topics: list[tuple[str, str]]


def topics(session: Session, member: Member) -> list[Known]:
    """The topics somebody may be found by, by name. One query."""
    people = func.count(Member.id).label("people")
    rows = session.execute(
        select(Topic.key, Topic.name, people)
        .join(HelperTopic, HelperTopic.topic_id == Topic.id)
        .join(HelperProfile, HelperProfile.member_id == HelperTopic.member_id)
        .join(Member, Member.id == HelperProfile.member_id)
        .where(Topic.cohort_id == member.cohort_id, offering.in_sight_of(member), *_findable(member))
        .group_by(Topic.id, Topic.key, Topic.name)
        .order_by(Topic.key)
        .limit(MOST_TOPICS)
    )
    return [Known(*row) for row in rows]


def topic(session: Session, member: Member, name: str) -> Topic | None:
    """The cohort's topic called so, if a text the member can read names it."""
    return session.scalar(
        select(Topic).where(
            Topic.cohort_id == member.cohort_id, Topic.key == topic_key(name), offering.in_sight_of(member)
        )
    )


def experts(session: Session, member: Member, topic_id: int) -> list[Expert]:
    """Who may be found by it, most use first, then by name. Five queries, however many they are."""
    rows = session.execute(
        select(Member.id, Person.name, HelperProfile.line)
        .join(Person, Person.id == Member.person_id)
        .join(HelperProfile, HelperProfile.member_id == Member.id)
        .join(HelperTopic, HelperTopic.member_id == Member.id)
        .where(HelperTopic.topic_id == topic_id, HelperTopic.cohort_id == member.cohort_id, *_findable(member))
    ).all()
    names: dict[int, str] = {id_: name for id_, name, _line in rows}
    lines: dict[int, str] = {id_: line for id_, _name, line in rows}
    if not names:
        return []
    signs = {
        look: set(look(session, member.cohort_id, names))
        for look in (suggesting.accepted, suggesting.recommended, suggesting.helped)
    }
    about = _about(session, member, topic_id, [sign.question_id for found in signs.values() for sign in found])
    weights, counts = Counter[int](), Counter[tuple[int, object]]()
    for look, found in signs.items():
        for sign in found:
            if sign.question_id in about:
                counts[sign.member_id, look] += 1
                weights[sign.member_id] += sign.weight  # type: ignore[assignment]
    order = sorted(names, key=lambda one: (-weights[one], names[one].casefold(), one))
    return [Expert(one, names[one], lines[one], *(counts[one, look] for look in signs)) for one in order[:MOST_PEOPLE]]


def offered(session: Session, member: Member, of: int) -> Offered | None:
    """What ``member`` may find another one by: the topics of texts ``member`` can read, and the line. Nothing where
    they did not say so. Two queries."""
    found = select(HelperProfile.line).join(Member, Member.id == HelperProfile.member_id)
    line = session.scalar(found.where(HelperProfile.member_id == of, *_findable(member)))
    if line is None:
        return None
    named = select(Topic.key, Topic.name).join(HelperTopic, HelperTopic.topic_id == Topic.id)
    named = named.where(HelperTopic.member_id == of, Topic.cohort_id == member.cohort_id, offering.in_sight_of(member))
    return Offered(line, [(key, name) for key, name in session.execute(named.order_by(Topic.key))])


def _findable(member: Member) -> tuple[ColumnElement[bool], ...]:
    return (
        HelperProfile.cohort_id == member.cohort_id,
        HelperProfile.is_listed.is_(True),
        Member.role.in_((Role.LEARNER, Role.TRAINER)),
        Member.is_test.is_(False),
        Member.joined_at.is_not(None),
        Member.left_at.is_(None),
    )


def _about(session: Session, member: Member, topic_id: int, question_ids: Sequence[int]) -> set[int]:
    """Those of the questions that name the topic and that the member can read."""
    return set(
        session.scalars(
            select(Post.id)
            .join(PostTopic, PostTopic.post_id == Post.id)
            .where(
                Post.cohort_id == member.cohort_id,
                PostTopic.topic_id == topic_id,
                Post.id.in_(question_ids),
                Post.visibility == Visibility.VISIBLE,
                sight.in_sight(member),
            )
        )
    )
