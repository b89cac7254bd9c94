"""Starter questions as one member sees them, and the one place that decides who answers before seeing the others.

Whoever may write and does not train sees the replies of others to such a discussion once a reply of their own stands
in it, or once it is due. Where nobody can answer (locked, removed, archived), nobody has to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import g
from flask_babel import gettext as _
from sqlalchemy import Boolean, ColumnElement, Row, Select, and_, bindparam, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from sociallearn import clock
from sociallearn.database import Moment
from sociallearn.posts.models import Extra, Kind, Post, Starter, Visibility
from sociallearn.roster.models import Member, Role
from sociallearn.text.excerpting import excerpt

if TYPE_CHECKING:
    from sociallearn.posts.reading import Shown

DISCUSSION, QUESTION, ROUND = "discussion", "question", "round"
MOST_WAITING = 20  # more than anybody would open at once
EXCERPT = 90
MOST_PREPARED = 1024  # conditions kept ready, one a member: making one takes longer than asking with it

# made once, as every list asks with them
_ROOT, _OWN = aliased(Post), aliased(Post)
_ROOTS = select(_ROOT.id).join(Starter, Starter.post_id == _ROOT.id)
NOW = bindparam("now", callable_=clock.now, type_=Moment(), unique=True)  # the moment a query is sent


@dataclass(frozen=True, slots=True)
class ShownStarter:
    """What stands with a discussion or question that is a starter question, or with an idea round of one."""

    due_at: datetime | None
    is_due: bool  # answers are still asked for: it has a due date, which is to come
    answer_first: bool
    answered: int  # learners who did
    asked: int  # learners there are; 0 with an idea round, where it would be about another part
    waits: bool  # the replies of others show once this member has answered
    links: dict[str, str] = field(default_factory=dict)  # to the other parts, by DISCUSSION, QUESTION and ROUND


@dataclass(frozen=True, slots=True)
class Waiting:
    """A starter question this member has not answered."""

    url: str
    title: str
    due_at: datetime


def _closed_to(cohort_id: Any, member_id: Any, now: Any) -> Select[tuple[int]]:
    return _ROOTS.where(Starter.cohort_id == cohort_id, *_closing(_ROOT, member_id, now))


def _closing(root: type[Post], member_id: Any, now: Any) -> tuple[ColumnElement[bool], ...]:
    return (
        Starter.answer_first.is_(True),
        or_(Starter.due_at.is_(None), Starter.due_at > now),
        root.visibility == Visibility.VISIBLE,
        root.is_locked.is_(False),
        ~_has_answered(root, member_id),
    )


def _has_answered(root: type[Post], member_id: Any) -> ColumnElement[bool]:
    return (
        exists()
        .where(_OWN.root_id == root.id, _OWN.author_id == member_id, _OWN.visibility == Visibility.VISIBLE)
        .correlate(root)
    )


def answers_first(member: Member) -> bool:
    """Whether a starter question can ask this member to answer before seeing the others."""
    return member.may_write and not member.is_trainer


def readable(member: Member) -> tuple[ColumnElement[bool], ...]:
    """What every query for replies is narrowed by: not those of others where this member answers first."""
    if not answers_first(member):
        return ()
    return (_readable(member.cohort_id, member.id),)


@lru_cache(maxsize=MOST_PREPARED)
def _readable(cohort_id: int, member_id: int) -> ColumnElement[bool]:
    closed_ones = _closed_to(cohort_id, member_id, NOW)
    return or_(Post.root_id.is_(None), Post.author_id == member_id, Post.root_id.not_in(closed_ones))


# the same for statements prepared once; filled by ``sight.values``
READABLE = or_(
    bindparam("sees_replies", type_=Boolean()),
    Post.root_id.is_(None),
    Post.author_id == bindparam("member_id"),
    Post.root_id.not_in(_closed_to(bindparam("cohort_id"), bindparam("member_id"), NOW)),
)


def hides_replies(session: Session, thread: Post, member: Member) -> bool:
    """Whether this member answers before seeing the replies of this thread. Asks nothing about an ordinary thread."""
    return bool(thread.extras & Extra.STARTER) and _is_closed(session, thread.id, member)


def hides(session: Session, post: Post, member: Member) -> bool:
    """Whether this text is a reply that this member answers before seeing."""
    return post.root_id is not None and not post.written_by(member) and _is_closed(session, post.root_id, member)


def closed(session: Session, member: Member) -> list[int]:
    """The threads whose replies this member does not see: their ids. No query for who never answers first."""
    if not answers_first(member):
        return []
    values = {"cohort_id": member.cohort_id, "member_id": member.id, "now": clock.now()}
    return list(session.scalars(_CLOSED, values))


def hides_any(session: Session, member: Member) -> bool:
    """Whether there is a thread whose replies this member does not see."""
    return answers_first(member) and session.scalar(_closed(member).limit(1)) is not None


def sentence() -> str:
    """What stands where the replies would."""
    text: str = _("Write your answer first; then you see those of the others.")
    return text


def _is_closed(session: Session, root_id: int, member: Member) -> bool:
    if not answers_first(member):
        return False
    return session.scalar(_closed(member).where(Starter.post_id == root_id)) is not None


def _closed(member: Member) -> Select[tuple[int]]:
    """The threads whose replies this member does not see."""
    return _closed_to(member.cohort_id, member.id, NOW)


# prepared once; filled by ``closed``
_CLOSED = _closed_to(bindparam("cohort_id"), bindparam("member_id"), bindparam("now", type_=Moment()))


def give_starters(session: Session, items: Sequence["Shown"], member: Member) -> None:
    """Put on each discussion and question what its starter question says: one query, and none without any."""
    flagged = {item.id: item for item in items if item.extras & Extra.STARTER}
    if not flagged:
        return
    statement = _shown(member).where(Post.id.in_(flagged))
    for row in session.execute(statement):
        item = flagged[row.id]
        item.starter = _starter(row, member, but=DISCUSSION if item.kind == Kind.POST else QUESTION)
        if item.starter.waits:
            item.new_replies = 0  # they cannot be read yet


def of_round(session: Session, round_id: int, member: Member) -> ShownStarter | None:
    """What an idea round's starter question says, if it has one: of the discussion, or else of the question."""
    lead = func.coalesce(Starter.post_id, Starter.question_id)
    row = session.execute(_shown(member).where(Starter.round_id == round_id, Post.id == lead)).first()
    return None if row is None else _starter(row, member, but=ROUND)


def _shown(member: Member) -> Select[Any]:
    reply, who, learner = aliased(Post), aliased(Member), aliased(Member)
    discussion, question = aliased(Post), aliased(Post)
    answered = (
        select(func.count(reply.author_id.distinct()))
        .join(who, who.id == reply.author_id)
        .where(reply.root_id == Post.id, reply.visibility == Visibility.VISIBLE, *_learns(who))
        .correlate(Post)
        .scalar_subquery()
    )
    asked = select(func.count(learner.id)).where(learner.cohort_id == member.cohort_id, *_learns(learner))
    closes = (
        and_(Starter.post_id == Post.id, *_closing(Post, member.id, clock.now())) if answers_first(member) else false()
    )
    return (
        select(
            Post.id,
            Starter.due_at,
            Starter.answer_first,
            answered.label("answered"),
            asked.scalar_subquery().label("asked"),
            closes.label("waits"),
            discussion.id.label("discussion_id"),
            question.id.label("question_id"),
            Starter.round_id,
        )
        .select_from(Post)
        .join(Starter, or_(Starter.post_id == Post.id, Starter.question_id == Post.id))
        .outerjoin(discussion, and_(discussion.id == Starter.post_id, discussion.visibility == Visibility.VISIBLE))
        .outerjoin(question, and_(question.id == Starter.question_id, question.visibility == Visibility.VISIBLE))
        .where(Post.cohort_id == member.cohort_id, Starter.cohort_id == member.cohort_id)
    )


def _learns(member: type[Member]) -> tuple[ColumnElement[bool], ...]:
    """Who is asked: learners who came, and are still there."""
    return (
        member.role == Role.LEARNER,
        member.is_test.is_(False),
        member.joined_at.is_not(None),
        member.left_at.is_(None),
    )


def _starter(row: Row[Any], member: Member, *, but: str) -> ShownStarter:
    rooms_off, path = member.cohort.rooms_off, g.seat_path
    links = {}
    if row.discussion_id and but != DISCUSSION:
        links[DISCUSSION] = f"{path}/posts/{row.discussion_id}"
    if row.question_id and but != QUESTION and "questions" not in rooms_off:
        links[QUESTION] = f"{path}/questions/{row.question_id}"
    if row.round_id and but != ROUND and "ideas" not in rooms_off:
        links[ROUND] = f"{path}/ideas?round={row.round_id}"
    return ShownStarter(
        due_at=row.due_at,
        is_due=row.due_at is not None and row.due_at > clock.now(),
        answer_first=row.answer_first,
        answered=row.answered,
        asked=0 if but == ROUND else max(row.asked, row.answered),
        waits=bool(row.waits),
        links=links,
    )


def waiting(session: Session, member: Member) -> list[Waiting]:
    """Starter questions with a due date to come that this learner has not answered, the first due first. One query,
    and none for anybody else."""
    if member.role != Role.LEARNER or not member.may_write:
        return []
    kinds = (Kind.POST,) if "questions" in member.cohort.rooms_off else (Kind.POST, Kind.QUESTION)
    values = {"cohort_id": member.cohort_id, "member_id": member.id, "now": clock.now()}
    rows = session.execute(_unanswered(kinds), values)
    return [_waiting(*row) for row in rows]


@lru_cache(maxsize=2)
def _unanswered(kinds: tuple[Kind, ...]) -> Select[Any]:
    return (
        select(Post.id, Post.kind, Post.title, Post.html, Starter.due_at)
        .join(Starter, Post.id == func.coalesce(Starter.post_id, Starter.question_id))
        .where(
            Starter.cohort_id == bindparam("cohort_id"),
            Starter.due_at > bindparam("now"),
            Post.kind.in_(kinds),
            Post.visibility == Visibility.VISIBLE,
            Post.is_locked.is_(False),
            ~_has_answered(Post, bindparam("member_id")),
        )
        .order_by(Starter.due_at, Post.id)
        .limit(MOST_WAITING)
    )


def _waiting(post_id: int, kind: str, title: str | None, html: str, due_at: datetime) -> Waiting:
    room = "questions" if kind == Kind.QUESTION else "posts"
    return Waiting(f"{g.seat_path}/{room}/{post_id}#write", title or excerpt(html, EXCERPT), due_at)
