"""What others may see of somebody: the name, what they say of themselves, and their texts."""

from dataclasses import dataclass, field
from datetime import datetime

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from sociallearn.posts import reading
from sociallearn.posts.models import Post, Topic, TopicFollow
from sociallearn.posts.reading import Page, hue, initials
from sociallearn.profiles import helping
from sociallearn.profiles.models import Profile
from sociallearn.questions import finding
from sociallearn.questions.finding import Offered
from sociallearn.roster.models import Group, GroupMember, Member, Role


@dataclass(slots=True)
class ShownPerson:
    """Somebody as one member sees them."""

    id: int
    name: str
    role: str
    initials: str
    hue: int
    unit: str | None
    groups: list[str]
    left_at: datetime | None
    is_mine: bool
    may_be_praised: bool
    about: str = ""
    offered: Offered | None = None
    page: Page = field(default_factory=Page)


def person(session: Session, reader: Member, member_id: int, before: int | None) -> ShownPerson | None:
    """Somebody of the reader's cohort with twenty of their texts; nobody who never came. Who only reads finds nobody
    but those who wrote something they can read, or said that others may find them.

    What somebody says of themselves goes with them when they leave. A constant number of queries.
    """
    here = (Member.id == member_id, Member.cohort_id == reader.cohort_id, Member.is_test.is_(False))
    found = session.scalar(select(Member).where(*here, Member.joined_at.is_not(None)))
    if found is None:
        return None
    shown = _shown(session, reader, found)
    shown.page = _texts(session, reader, found.id, before)
    if found.left_at is None:
        shown.about = about(session, found)
        if "questions" not in reader.cohort.rooms_off:
            shown.offered = finding.offered(session, reader, found.id)
    is_listed = reader.role == Role.LEARNER and found.left_at is None and "@" not in found.name
    knows_names = reader.is_trainer or is_listed or shown.is_mine
    return shown if knows_names or shown.page.items or shown.offered else None


def _texts(session: Session, reader: Member, member_id: int, before: int | None) -> Page:
    """Twenty texts of somebody that the reader can read, newest first."""
    statement = select(Post).where(Post.author_id == member_id, helping.not_imported())
    items, following = reading.texts(session, reading.open_to(statement, reader), reader, before)
    next_url = url_for("profiles.person", member_id=member_id, before=following) if following else None
    return Page(items, next_url, before is None)


def about(session: Session, member: Member) -> str:
    """The line they wrote about themselves."""
    return session.scalar(select(Profile.about).where(Profile.member_id == member.id)) or ""


def followed(session: Session, member: Member) -> list[tuple[str, str]]:
    """The topics a member follows: key and name, by name. One query."""
    statement = select(Topic.key, Topic.name).join(TopicFollow, TopicFollow.topic_id == Topic.id)
    rows = session.execute(statement.where(TopicFollow.member_id == member.id).order_by(Topic.key))
    return [(key, name) for key, name in rows]


def _shown(session: Session, reader: Member, found: Member) -> ShownPerson:
    is_mine = found.id == reader.id
    return ShownPerson(
        id=found.id,
        name=found.name,
        role=found.role,
        initials=initials(found.name),
        hue=hue(found.person_id),
        unit=found.unit.name if found.unit else None,
        groups=_groups(session, reader, found),
        left_at=found.left_at,
        is_mine=is_mine,
        may_be_praised=reader.may_write and not is_mine and found.left_at is None and "@" not in found.name,
    )


def _groups(session: Session, reader: Member, found: Member) -> list[str]:
    """Those the reader is in too; all of them for trainers."""
    theirs, mine = aliased(GroupMember), aliased(GroupMember)
    statement = select(Group).join(theirs, theirs.group_id == Group.id).where(theirs.member_id == found.id)
    if not reader.is_trainer:
        statement = statement.join(mine, mine.group_id == Group.id).where(mine.member_id == reader.id)
    return sorted(group.title for group in session.scalars(statement))
