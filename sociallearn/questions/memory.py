"""What a member may read of earlier cohorts: the one place that knows. Nothing is copied; every page asks again.

A question shows where its cohort's trainers offer it, its author agrees, it is for the whole cohort and visible, and
the trainers here did not switch it off; an answer where its author agrees too, and it was accepted or thanked for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import g
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.questions.models import Acceptance, Memory, TextConsent
from sociallearn.questions.remembering import Choice
from sociallearn.roster.models import Cohort, Member, Person
from sociallearn.text.completing import complete

MOST_ANSWERS = 5
_ROOM = "questions"
_MENTION = re.compile(r'<span class="mention">[^<]*</span>')


@dataclass(slots=True)
class Remembered:
    """A text of an earlier cohort."""

    id: int
    title: str | None
    html: Markup
    author: str | None  # empty: they did not want their name shown
    written_at: datetime
    is_accepted: bool = False


@dataclass(frozen=True, slots=True)
class RememberedQuestion:
    """A question of an earlier cohort, with the answers that may be read: the accepted one first."""

    question: Remembered
    cohort: str
    answers: list[Remembered] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Membership:
    """A cohort somebody is or was in, and what later ones may read of their texts there."""

    member_id: int
    cohort: str
    choice: Choice
    is_offered: bool  # by its trainers; what was chosen counts once it is
    is_here: bool


def cohorts(session: Session, member: Member) -> dict[int, str]:
    """The earlier cohorts whose questions this member may meet: id → title. Two queries."""
    mine, here = member.cohort, session.get(Memory, member.cohort_id)
    if here is not None and not here.is_read:
        return {}
    rows = session.execute(
        select(Cohort.id, Cohort.title, Cohort.rooms_off)
        .join(Memory, Memory.cohort_id == Cohort.id)
        .where(
            Memory.is_offered.is_(True),
            Cohort.organisation_id == member.organisation_id,
            Cohort.id != mine.id,
            Cohort.created_at < mine.created_at,
        )
    )
    return {cohort_id: title for cohort_id, title, rooms_off in rows if _ROOM not in rooms_off}


def agreed(within: Sequence[int]) -> Select[tuple[int]]:
    """The members of these cohorts whose texts may be read."""
    return select(TextConsent.member_id).where(TextConsent.cohort_id.in_(within))


def questions(within: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
    """What picks the questions of these cohorts that may be read."""
    return (
        Post.cohort_id.in_(within),
        Post.kind == Kind.QUESTION,
        Post.root_id.is_(None),
        Post.space_id.is_(None),
        Post.visibility == Visibility.VISIBLE,
        Post.author_id.in_(agreed(within)),
    )


def answers(within: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
    """What picks their answers: joined with Acceptance, of whoever agreed, accepted or thanked for."""
    return (
        Post.cohort_id.in_(within),
        Post.kind == Kind.ANSWER,
        Post.space_id.is_(None),
        Post.visibility == Visibility.VISIBLE,
        Post.author_id.in_(agreed(within)),
        or_(Acceptance.answer_id.is_not(None), Post.thanks + Post.agree + Post.insight > 0),
    )


def is_accepted() -> ColumnElement[bool]:
    """How answers are joined with what was accepted."""
    return and_(Acceptance.question_id == Post.root_id, Acceptance.answer_id == Post.id)


def find(session: Session, member: Member, question_id: int) -> RememberedQuestion | None:
    """A question of an earlier cohort as this member may read it now; nothing otherwise. Four queries."""
    earlier = cohorts(session, member)
    if not earlier:
        return None
    within = list(earlier)
    row = session.execute(_texts().where(Post.id == question_id, *questions(within))).first()
    if row is None:
        return None
    found = session.execute(
        _texts()
        .add_columns(Acceptance.answer_id)
        .outerjoin(Acceptance, is_accepted())
        .where(Post.root_id == question_id, *answers(within))
        .order_by(Acceptance.answer_id.is_(None), (Post.thanks + Post.agree + Post.insight).desc(), Post.id)
        .limit(MOST_ANSWERS)
    )
    shown = []
    for *columns, _cohort_id, accepted in found:
        answer = _remembered(*columns)
        answer.is_accepted = accepted is not None
        shown.append(answer)
    *columns, cohort_id = row
    return RememberedQuestion(_remembered(*columns), earlier[cohort_id], shown)


def _texts() -> Select[Any]:
    columns = (Post.id, Post.title, Post.html, Post.created_at, Person.name, TextConsent.with_name, Post.cohort_id)
    return (
        select(*columns)
        .join(Member, Member.id == Post.author_id)
        .join(Person, Person.id == Member.person_id)
        .join(TextConsent, TextConsent.member_id == Member.id)
    )


def _remembered(post_id: int, title: str | None, html: str, at: datetime, name: str, with_name: bool) -> Remembered:
    author = name if with_name else None
    return Remembered(post_id, title, Markup(readable(html)), author, at)  # noqa: S704 - made by our sanitiser


def readable(html: str) -> str:
    """``html`` without the names it mentions: those people may not have agreed. Links stay in the reader's seat."""
    return complete(_MENTION.sub('<span class="mention">@…</span>', html), g.seat_path)


def of_cohort(session: Session, cohort: Cohort) -> tuple[bool, bool, int]:
    """Whether a cohort's questions are offered, whether it reads those of earlier ones, and how many questions can be
    read by later cohorts, or could be if they were offered."""
    row = session.get(Memory, cohort.id)
    counted = select(func.count()).select_from(Post).where(*questions([cohort.id]))
    readable_ones = session.scalar(counted) or 0
    return (row.is_offered, row.is_read, readable_ones) if row else (False, True, readable_ones)


def memberships(session: Session, person: Person, here: Member) -> list[Membership]:
    """Where somebody is or was a member, this cohort first: what was agreed to can be taken back from everywhere."""
    rows = session.execute(
        select(Member.id, Cohort.title, TextConsent.with_name, Memory.is_offered)
        .join(Cohort, Cohort.id == Member.cohort_id)
        .outerjoin(TextConsent, TextConsent.member_id == Member.id)
        .outerjoin(Memory, Memory.cohort_id == Cohort.id)
        .where(Member.person_id == person.id, Member.joined_at.is_not(None))
        .order_by(Member.id != here.id, Cohort.created_at.desc(), Cohort.id.desc())
    )
    return [
        Membership(member_id, title, _choice(with_name), bool(is_offered), member_id == here.id)
        for member_id, title, with_name, is_offered in rows
    ]


def _choice(with_name: bool | None) -> Choice:
    if with_name is None:
        return Choice.NOTHING
    return Choice.NAMED if with_name else Choice.TEXTS
