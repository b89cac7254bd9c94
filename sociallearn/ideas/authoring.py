"""Ideas with several authors."""

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from sociallearn.ideas.models import CoAuthor, Idea
from sociallearn.posts.models import Kind, Post
from sociallearn.posts.reading import Shown
from sociallearn.roster.models import Member, Person


def ids_of(session: Session, idea_id: int) -> set[int]:
    """Every author of an idea, whoever proposed it among them."""
    further = session.scalars(select(CoAuthor.member_id).where(CoAuthor.idea_id == idea_id))
    return {session.get_one(Post, idea_id).author_id, *further}


def is_author(session: Session, idea_id: int, member: Member) -> bool:
    """Whether this member is an author of what is merged into the idea, or of the idea with its author."""
    its = (CoAuthor.idea_id == idea_id, CoAuthor.member_id == member.id)
    return bool(session.scalar(select(select(CoAuthor.idea_id).where(*its).exists())))


def authored(member: Member) -> ColumnElement[bool]:
    """Holds for ideas of which this member is an author without having proposed them."""
    return Idea.post_id.in_(select(CoAuthor.idea_id).where(CoAuthor.member_id == member.id))


def authors_of(session: Session, idea_ids: Collection[int]) -> dict[int, dict[int, str]]:
    """Of each idea the further authors: names by member, first those whose idea came first. One query."""
    rows = session.execute(
        select(CoAuthor.idea_id, CoAuthor.member_id, Person.name)
        .join(Member, Member.id == CoAuthor.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(CoAuthor.idea_id.in_(idea_ids))
        .order_by(CoAuthor.from_id, CoAuthor.member_id)
    )
    found: dict[int, dict[int, str]] = {}
    for idea_id, member_id, name in rows:
        found.setdefault(idea_id, {}).setdefault(member_id, name)
    return found


def give_authors(session: Session, items: Iterable[Shown], member: Member) -> None:
    """Put the further authors on each idea: one query. Nobody is named beside a text that cannot be read."""
    by_id = {item.id: item for item in items if item.kind == Kind.IDEA and item.is_visible}
    for idea_id, names in authors_of(session, by_id).items():
        item = by_id[idea_id]
        item.co_authors = [name for member_id, name in names.items() if member_id != item.author_id]
        item.is_co_author = member.id in names and not item.is_mine
