"""Who is in a cohort, and in which groups, as trainers see it. The LMS's pretend students are nowhere."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask import url_for
from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, contains_eager

from sociallearn.roster.models import Group, GroupMember, Member, Person, Placement, Role, RosterSync, Unit

PAGE = 50
MOST_UNITS = 200  # to choose from


class State(StrEnum):
    """Which people are listed."""

    ALL = ""  # in the course now
    HERE = "here"  # of those, who opened SocialLearn
    INVITED = "invited"  # and who did not yet
    LEFT = "left"


@dataclass(frozen=True)
class Search:
    """What the list was narrowed down to."""

    words: str = ""  # part of a name
    state: State = State.ALL
    group_id: int | None = None
    after: int | None = None  # id of the member the page before ended with

    @property
    def is_narrow(self) -> bool:
        """Whether somebody looks for something."""
        return bool(self.words) or self.state != State.ALL or self.group_id is not None

    def query(self, **changes: Any) -> dict[str, Any]:
        """The same as parameters of an address, without what says nothing."""
        found = {"q": self.words, "state": self.state.value, "group": self.group_id, "after": self.after} | changes
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True)
class Row:
    """One member as the trainer's list shows them."""

    id: int
    name: str
    role: str
    unit: str | None
    groups: list[str]
    state: State
    seen_at: datetime | None
    left_at: datetime | None
    is_you: bool
    url: str
    participation_url: str | None


@dataclass(frozen=True)
class Page:
    """Some people by name, and the id to go on after; None on the last page."""

    rows: list[Row]
    next_after: int | None


@dataclass(frozen=True)
class Counts:
    """How many people; those who left stand apart."""

    learners: int
    trainers: int
    others: int  # L&D managers and observers
    invited: int  # of all those
    left: int

    @property
    def all(self) -> int:
        """Everybody in the course now."""
        return self.learners + self.trainers + self.others


@dataclass(frozen=True)
class GroupRow:
    """A group and how many are in it now."""

    id: int
    title: str
    name: str
    is_ours: bool
    count: int


@dataclass(frozen=True)
class Roster:
    """How reading the LMS's list of participants goes; without ``is_offered`` the LMS has none for us."""

    is_offered: bool
    is_running: bool
    done_at: datetime | None
    found: int
    problem: str | None
    next_at: datetime | None


def page(session: Session, cohort_id: int, search: Search, you: int) -> Page:
    """Fifty people by name, from where ``search`` says. Two queries."""
    members = session.scalars(_page_of(cohort_id, search).limit(PAGE + 1)).all()
    shown = members[:PAGE]
    groups = _groups_of(session, [member.id for member in shown])
    rows = [_row(member, groups.get(member.id, []), you) for member in shown]
    return Page(rows, shown[-1].id if len(members) > PAGE else None)


def _page_of(cohort_id: int, search: Search) -> Select[tuple[Member]]:
    key = func.lower(Person.name)
    statement = (
        select(Member)
        .join(Member.person)
        .options(contains_eager(Member.person))
        .where(Member.cohort_id == cohort_id, Member.is_test.is_(False), _in_state(search.state))
        .order_by(key, Member.id)
    )
    if search.words:
        statement = statement.where(_is_called(search.words))
    if search.group_id is not None:
        in_group = exists().where(GroupMember.member_id == Member.id, GroupMember.group_id == search.group_id)
        statement = statement.where(in_group)
    if search.after is not None:
        last = (
            select(func.lower(Person.name))
            .join(Member, Member.person_id == Person.id)
            .where(Member.id == search.after, Member.cohort_id == cohort_id)
            .correlate(None)
            .scalar_subquery()
        )
        statement = statement.where(tuple_(key, Member.id) > tuple_(last, literal(search.after)))
    return statement


def _in_state(state: State) -> ColumnElement[bool]:
    if state == State.LEFT:
        return Member.left_at.is_not(None)
    came = {State.HERE: Member.joined_at.is_not(None), State.INVITED: Member.joined_at.is_(None)}
    return and_(Member.left_at.is_(None), *([came[state]] if state in came else []))


def _is_called(words: str) -> ColumnElement[bool]:
    # SQLite knows capitals of plain letters only: Élodie is found by "élo" through the third way
    return or_(
        func.lower(Person.name).contains(words.lower(), autoescape=True),
        Person.name.contains(words, autoescape=True),
        Person.name.contains(words.title(), autoescape=True),
    )


def _groups_of(session: Session, member_ids: list[int]) -> dict[int, list[str]]:
    statement = (
        select(GroupMember.member_id, Group)
        .join(Group, Group.id == GroupMember.group_id)
        .where(GroupMember.member_id.in_(member_ids))
    )
    found: dict[int, list[str]] = {}
    for member_id, group in session.execute(statement):
        found.setdefault(member_id, []).append(group.title)
    return {member_id: sorted(titles, key=str.casefold) for member_id, titles in found.items()}


def _row(member: Member, groups: list[str], you: int) -> Row:
    return Row(
        id=member.id,
        name=member.name,
        role=member.role,
        unit=member.unit.name if member.unit else None,
        groups=groups,
        state=state_of(member),
        seen_at=member.seen_at,
        left_at=member.left_at,
        is_you=member.id == you,
        url=url_for("people.person", member_id=member.id),
        participation_url=url_for("grades.learner", member_id=member.id) if member.is_graded else None,
    )


def state_of(member: Member) -> State:
    """Invited, here or left."""
    if member.left_at is not None:
        return State.LEFT
    return State.INVITED if member.joined_at is None else State.HERE


def counts(session: Session, cohort_id: int) -> Counts:
    """How many there are of each, in one query."""
    here = Member.left_at.is_(None)

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    statement = select(
        count(and_(here, Member.role == Role.LEARNER)),
        count(and_(here, Member.role == Role.TRAINER)),
        count(and_(here, Member.role.not_in((Role.LEARNER, Role.TRAINER)))),
        count(and_(here, Member.joined_at.is_(None))),
        count(Member.left_at.is_not(None)),
    ).where(Member.cohort_id == cohort_id, Member.is_test.is_(False))
    return Counts(*(int(value) for value in session.execute(statement).one()))


def groups(session: Session, cohort_id: int) -> list[GroupRow]:
    """The cohort's groups by name, each with how many are in it now. One query."""
    is_here = and_(Member.id == GroupMember.member_id, Member.left_at.is_(None), Member.is_test.is_(False))
    rows = session.execute(
        select(Group, func.count(Member.id))
        .outerjoin(GroupMember, GroupMember.group_id == Group.id)
        .outerjoin(Member, is_here)
        .where(Group.cohort_id == cohort_id)
        .group_by(Group.id)
    )
    made = [GroupRow(group.id, group.title, group.name, group.lms_id is None, count) for group, count in rows]
    return sorted(made, key=lambda row: (row.title.casefold(), row.id))


def group_ids_of(session: Session, member: Member) -> set[int]:
    """The groups somebody is in."""
    return set(session.scalars(select(GroupMember.group_id).where(GroupMember.member_id == member.id)))


def unit_names(session: Session, organisation_id: int) -> list[str]:
    """Units the organisation has, to choose from."""
    statement = select(Unit.name).where(Unit.organisation_id == organisation_id).order_by(Unit.name)
    return list(session.scalars(statement.limit(MOST_UNITS)))


def roster(session: Session, cohort_id: int, now: datetime) -> Roster:
    """When the LMS's list was last read and what came of it."""
    row = session.get(RosterSync, cohort_id)
    if row is None:
        statement = select(Placement.id).where(Placement.cohort_id == cohort_id, Placement.memberships_url.is_not(None))
        is_offered = session.scalar(statement.limit(1)) is not None
        return Roster(is_offered, False, None, 0, None, None)
    is_running = row.next_at <= now or (row.lease_until is not None and row.lease_until > now)
    return Roster(True, is_running, row.done_at, row.found, row.problem, row.next_at)
