"""Whom a text mentions and which topics it names, kept with the text; and how many texts name each topic."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sociallearn.database import insert_or_get
from sociallearn.posts import sight, starters
from sociallearn.posts.models import Mention, Post, PostTopic, Topic, Visibility
from sociallearn.roster.models import Member, Person
from sociallearn.text import rendering
from sociallearn.text.naming import LONGEST_NAME, Named, fold


@dataclass
class People:
    """Who may be mentioned: names to show, and the members called so, by folded name."""

    names: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[int]] = field(default_factory=dict)


def people(session: Session, cohort_id: int) -> People:
    """Everybody who is in the cohort now; not the LMS's test user, and nobody whose name is an e-mail address."""
    found = People()
    statement = select(Member.id, Person.name).join(Person, Person.id == Member.person_id).order_by(Member.id)
    statement = statement.where(Member.cohort_id == cohort_id, Member.left_at.is_(None), Member.is_test.is_(False))
    for member_id, name in session.execute(statement):
        key = fold(name)
        if key and len(name) <= LONGEST_NAME and "@" not in name:
            found.names.setdefault(key, name)
            found.members.setdefault(key, []).append(member_id)
    return found


def people_in(session: Session, cohort_id: int, body: str) -> People:
    """The same for a text: one query, and none where it holds no ``@``."""
    return people(session, cohort_id) if "@" in body else People()


def keep(session: Session, post: Post, who: People) -> None:
    """Bring mentions and topics in step with the text, which is visible. ``who`` is from ``people_in`` for it."""
    named = rendering.named(post.body, names=who.names) if "@" in post.body or "#" in post.body else Named()
    if post.version == 1 and named == Named():
        return  # it is new
    _keep_mentions(session, post, {member_id for key in named.people for member_id in who.members[key]})
    _keep_topics(session, post, named.topics)


def _keep_mentions(session: Session, post: Post, wanted: set[int]) -> None:
    before = set(session.scalars(select(Mention.member_id).where(Mention.post_id == post.id)))
    gone, new = before - wanted, wanted - before
    if gone:
        session.execute(delete(Mention).where(Mention.post_id == post.id, Mention.member_id.in_(gone)))
    session.add_all(Mention(post_id=post.id, member_id=each, cohort_id=post.cohort_id) for each in sorted(new))


def _keep_topics(session: Session, post: Post, wanted: dict[str, str]) -> None:
    before = _topics_of(session, post)
    topics = _topics(session, post, wanted)
    gone, new = before - topics, topics - before
    if gone:
        session.execute(delete(PostTopic).where(PostTopic.post_id == post.id, PostTopic.topic_id.in_(gone)))
    session.add_all(PostTopic(post_id=post.id, topic_id=each, cohort_id=post.cohort_id) for each in sorted(new))
    session.flush()
    # hidden: counted when it can be read again; in a space: a number must not tell others what is talked about there
    if post.is_visible and post.space_id is None:
        _change(session, {**dict.fromkeys(gone, -1), **dict.fromkeys(new, 1)})


def _topics(session: Session, post: Post, wanted: dict[str, str]) -> set[int]:
    if not wanted:
        return set()
    statement = select(Topic.key, Topic.id).where(Topic.cohort_id == post.cohort_id, Topic.key.in_(wanted))
    ids: dict[str, int] = {key: topic_id for key, topic_id in session.execute(statement)}
    for key in sorted(wanted.keys() - ids.keys()):  # in order: two who invent the same ones wait in line, not in a ring
        values = {"name": wanted[key], "organisation_id": post.organisation_id}
        ids[key] = insert_or_get(session, Topic, {"cohort_id": post.cohort_id, "key": key}, values).id
    return set(ids.values())


def count(session: Session, post: Post, change: int) -> None:
    """A text can be read again (1) or no longer (-1): its topics have one more or one less."""
    if post.space_id is None:
        _change(session, dict.fromkeys(_topics_of(session, post), change))


def _topics_of(session: Session, post: Post) -> set[int]:
    return set(session.scalars(select(PostTopic.topic_id).where(PostTopic.post_id == post.id)))


def _change(session: Session, changes: dict[int, int]) -> None:
    for topic_id in sorted(changes):
        by = changes[topic_id]
        session.execute(update(Topic).where(Topic.id == topic_id).values(post_count=Topic.post_count + by))


def matching_people(session: Session, by: Member, start: str, most: int) -> list[str]:
    """Names one of whose words begins so; those that begin so themselves first. Not one's own."""
    wanted = fold(start)
    found = people(session, by.cohort_id)
    fitting = [
        (not key.startswith(wanted), key)
        for key in found.names
        if (key.startswith(wanted) or f" {wanted}" in key) and found.members[key] != [by.id]
    ]
    return [found.names[key] for _rank, key in sorted(fitting)[:most]]


def matching_topics(session: Session, by: Member, start: str, most: int) -> Collection[str]:
    """Topics that begin so, the most used first; none that only texts name which this member cannot see yet."""
    statement = select(Topic.name).where(
        Topic.cohort_id == by.cohort_id, Topic.post_count > 0, Topic.key.startswith(start, autoescape=True)
    )
    if starters.hides_any(session, by):
        named = select(PostTopic.topic_id).join(Post, Post.id == PostTopic.post_id)
        named = named.where(Post.cohort_id == by.cohort_id, Post.visibility == Visibility.VISIBLE)
        statement = statement.where(Topic.id.in_(named.where(sight.in_sight(by))))
    return session.scalars(statement.order_by(Topic.post_count.desc(), Topic.key).limit(most)).all()
