"""Ideas with several authors."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from sociallearn.ideas.models import CoAuthor, Idea, ImportedName
from sociallearn.posts.models import Extra, Kind, Post
from sociallearn.posts.reading import Shown, initials
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


OWNER, AUTHOR = -1, 0  # places of ImportedName; further authors follow


@dataclass(frozen=True)
class Imported:
    """Names a file brought, by text and place; empty where the file did not say."""

    names: dict[int, dict[int, str]] = field(default_factory=dict)

    def author(self, post_id: int, otherwise: str) -> str:
        """Who wrote it, in place of whose it is here."""
        return self.names.get(post_id, {}).get(AUTHOR, otherwise)

    def owner(self, post_id: int) -> str:
        """Who took it on."""
        return self.names.get(post_id, {}).get(OWNER, "")

    def further(self, post_id: int) -> list[str]:
        """Who else is an author of it."""
        return [name for place, name in self.names.get(post_id, {}).items() if place > AUTHOR]

    def all_of(self, post_id: int, authors: Mapping[int, str]) -> list[str]:
        """Every author as pages name them; ``authors`` are those who are here, whose it is among them and first."""
        first, *others = authors.values()
        return [
            self.author(post_id, first) or somebody(),
            *others,
            *(name or somebody() for name in self.further(post_id)),
        ]


def imported_names(session: Session, post_ids: Collection[int]) -> Imported:
    """What files say of these texts: one query, and none for no text."""
    found: dict[int, dict[int, str]] = {}
    if post_ids:
        of = select(ImportedName.post_id, ImportedName.place, ImportedName.name)
        rows = session.execute(of.where(ImportedName.post_id.in_(post_ids)).order_by(ImportedName.place))
        for post_id, place, name in rows:
            found.setdefault(post_id, {})[place] = name
    return Imported(found)


def give_imported(session: Session, items: Iterable[Shown]) -> None:
    """Name who wrote what a file brought: a query where one did."""
    by_id = {item.id: item for item in items if item.extras & Extra.IMPORTED}
    for post_id, places in imported_names(session, by_id).names.items():
        item = by_id[post_id]
        item.co_authors += [name or somebody() for place, name in places.items() if place > AUTHOR and item.is_visible]
        if AUTHOR in places:
            item.author = places[AUTHOR] or somebody()
            item.initials, item.unit, item.is_trainer = initials(item.author), None, False
            item.author_url = ""


def somebody() -> str:
    """An author whom a file does not name."""
    return str(_("Somebody of an earlier cohort"))


def give_authors(session: Session, items: Iterable[Shown], member: Member) -> None:
    """Put the further authors on each idea: one query. Nobody is named beside a text that cannot be read."""
    by_id = {item.id: item for item in items if item.kind == Kind.IDEA and item.is_visible}
    for idea_id, names in authors_of(session, by_id).items():
        item = by_id[idea_id]
        item.co_authors = [name for member_id, name in names.items() if member_id != item.author_id]
        item.is_co_author = member.id in names and not item.is_mine
    give_imported(session, by_id.values())
