"""Who helped whom, for the one whose page it is: newest first, as far back as the newest texts reach.

What somebody wrote to somebody else in a thread: answers and replies, and whatever else was said to have helped. Only
what can be read now counts, so that nothing here outlives a text that was hidden or deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import g
from sqlalchemy import ColumnElement, Select, exists, func, or_, select, union
from sqlalchemy.orm import Session, aliased

from sociallearn.activity.models import Activity, Verb
from sociallearn.ideas.authoring import AUTHOR
from sociallearn.ideas.models import ImportedName
from sociallearn.posts import reading
from sociallearn.posts.models import Extra, Kind, Post, Visibility
from sociallearn.posts.reading import hue, initials
from sociallearn.questions.models import Acceptance, AnswerTally, Endorsement, Help
from sociallearn.questions.reading import LISTS
from sociallearn.roster.models import Member, Person, Unit
from sociallearn.text.excerpting import excerpt

MOST_TEXTS = 100  # looked back
TEXTS_A_PERSON = 3
EXCERPT = 90
MOST_WAITING = 3

_Root: Any = aliased(Post)
_Parent: Any = aliased(Post)


@dataclass(frozen=True, slots=True)
class HelpingText:
    """An answer or a reply, by what stands above it."""

    url: str
    title: str
    is_answer: bool
    is_accepted: bool
    is_recommended: bool
    helped: bool

    @property
    def weight(self) -> int:
        """What was said of it goes before what was not."""
        return self.is_accepted + self.is_recommended + self.helped


@dataclass(slots=True)
class Helped:
    """Somebody, and the texts between them and the one who reads."""

    member_id: int
    name: str
    initials: str
    hue: int
    unit: str | None
    texts: list[HelpingText] = field(default_factory=list)

    @property
    def best(self) -> list[HelpingText]:
        """The few to show."""
        return sorted(self.texts, key=lambda one: -one.weight)[:TEXTS_A_PERSON]


def given(session: Session, member: Member) -> list[Helped]:
    """Whom the member answered. One query."""
    helped = func.coalesce(AnswerTally.helped, 0) > 0
    of = (Post.author_id == member.id, _Parent.author_id != member.id)
    return _people(session, _texts(member, Member.id == _Parent.author_id, helped, of))


def received(session: Session, member: Member) -> list[Helped]:
    """Who answered the member, or wrote something elsewhere that they said helped them. One query."""
    mine, theirs = aliased(Post), aliased(Post)
    to_me = select(theirs.id).join(mine, mine.id == theirs.parent_id)
    to_me = to_me.where(mine.author_id == member.id, theirs.author_id != member.id)
    thanked = select(Help.post_id).join(Activity, Activity.post_id == Help.post_id)
    thanked = thanked.where(Help.member_id == member.id, Activity.member_id == member.id, Activity.verb == Verb.HELPED)
    helped = exists().where(Help.post_id == Post.id, Help.member_id == member.id)
    of = (Post.id.in_(union(to_me, thanked)), Post.author_id != member.id)
    return _people(session, _texts(member, Member.id == Post.author_id, helped, of))


def not_imported() -> ColumnElement[bool]:
    """Texts by their author; those a file brought may be by somebody who is not here."""
    of_others = exists().where(ImportedName.post_id == Post.id, ImportedName.place == AUTHOR)
    return or_(Post.extras.op("&")(int(Extra.IMPORTED)) == 0, ~of_others)


def _texts(
    member: Member, who: ColumnElement[bool], helped: ColumnElement[bool], of: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    statement = (
        select(
            Post.id,
            Post.kind,
            _Root.title,
            _Root.html,
            exists().where(Acceptance.answer_id == Post.id).label("is_accepted"),
            exists().where(Endorsement.post_id == Post.id).label("is_recommended"),
            helped.label("helped"),
            Member.id.label("member_id"),
            Member.person_id,
            Person.name,
            Unit.name.label("unit"),
        )
        .join(_Root, _Root.id == Post.root_id)
        .join(_Parent, _Parent.id == Post.parent_id)
        .join(Member, who)
        .join(Person, Person.id == Member.person_id)
        .outerjoin(Unit, Unit.id == Member.unit_id)
        .outerjoin(AnswerTally, AnswerTally.post_id == Post.id)
        .where(
            *of,
            Member.is_test.is_(False),
            or_(Post.kind.in_([Kind.ANSWER, Kind.REPLY]), helped),
            _Root.visibility == Visibility.VISIBLE,
            _Parent.visibility == Visibility.VISIBLE,
            _Parent.extras.op("&")(int(Extra.IMPORTED)) == 0,
            not_imported(),
        )
    )
    return reading.open_to(statement, member).order_by(Post.id.desc()).limit(MOST_TEXTS)


def _people(session: Session, statement: Select[Any]) -> list[Helped]:
    found: dict[int, Helped] = {}
    for row in session.execute(statement):
        who = Helped(row.member_id, row.name, initials(row.name), hue(row.person_id), row.unit)
        one = found.setdefault(row.member_id, who)
        title = row.title or excerpt(row.html, EXCERPT)
        said = (bool(row.is_accepted), bool(row.is_recommended), bool(row.helped))
        one.texts.append(HelpingText(f"{g.seat_path}/posts/{row.id}", title, row.kind == Kind.ANSWER, *said))
    return list(found.values())


def waiting(session: Session, member: Member) -> list[tuple[int, str]]:
    """Three questions nobody answered, for who may answer them: id and title, newest first. One query at most."""
    if not member.may_write or "questions" in member.cohort.rooms_off:
        return []
    statement = select(Post.id, Post.title).where(
        Post.kind == Kind.QUESTION,
        Post.root_id.is_(None),
        Post.author_id != member.id,
        Post.is_locked.is_(False),
        Post.extras.op("&")(int(Extra.STARTER)) == 0,
        *LISTS["unanswered"],
    )
    rows = session.execute(reading.open_to(statement, member).order_by(Post.id.desc()).limit(MOST_WAITING))
    return [(post_id, title or "") for post_id, title in rows]
