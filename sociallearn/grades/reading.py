"""What the pages about grades show, read from the cohort on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from flask import url_for
from sqlalchemy import ColumnElement, Select, case, func, select, tuple_
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.grades import comparing, folding, results
from sociallearn.grades.delivering import failing
from sociallearn.grades.folding import Rules
from sociallearn.grades.models import ColumnState, Delivery, DeliveryState, LineItem, OwnColumn, Standing
from sociallearn.grades.wording import percent
from sociallearn.lti import services
from sociallearn.roster.models import Cohort, Member, Person, Placement

PAGE = 50
T = TypeVar("T", bound=tuple[Any, ...])
CHANGED = "changed"  # beside the states: the LMS has another score than we sent
FILTERS = (DeliveryState.REFUSED, CHANGED, DeliveryState.WAITING, DeliveryState.SENT)

# what needs looking at comes first
_RANK = case((Delivery.state == DeliveryState.REFUSED, 0), (Delivery.state == DeliveryState.WAITING, 1), else_=2)
_NAME = func.lower(Person.name)


@dataclass(frozen=True)
class Row:
    """One learner's score in one column of the LMS. Points are those of the column, as it is known."""

    id: int
    name: str
    grade_percent: int
    state: str
    sent_at: datetime | None
    sent_points: float | None  # what the LMS took from us
    points: float  # what it goes up to
    has_result: bool  # the LMS was asked what it has, after it took our score
    result_points: float | None  # what it has; nothing where it is empty
    result_of: float
    is_changed: bool  # somebody changed it there
    problem: str | None
    failures: int
    next_at: datetime
    placement_title: str
    member_url: str


@dataclass(frozen=True)
class Page:
    """Fifty scores, and where the next ones are."""

    rows: list[Row]
    next_url: str | None


@dataclass(frozen=True)
class Totals:
    """How many scores there are of each kind; those changed in the LMS are among the sent ones."""

    waiting: int
    sent: int
    refused: int
    changed: int
    failing: int = 0  # refused, or waiting after a try that failed

    @property
    def arrived(self) -> int:
        """In the LMS, of a hundred."""
        return 100 * self.sent // self.all if self.all else 0

    @property
    def all(self) -> int:
        """All of them."""
        return self.waiting + self.sent + self.refused

    def of(self, name: str) -> int:
        """One kind by its name in ``FILTERS``."""
        return int(getattr(self, name))


@dataclass(frozen=True)
class Learner:
    """Somebody who collects points."""

    name: str
    percent: int | None
    comment: str
    url: str


@dataclass(frozen=True)
class Learners:
    """Fifty of them, and where the next ones are."""

    rows: list[Learner]
    next_url: str | None


@dataclass(frozen=True)
class Column:
    """A column of the LMS's gradebook, as we know it."""

    title: str
    points: float
    is_known: bool  # the LMS said so
    results_at: datetime | None
    looked_at: datetime | None
    look_at: datetime | None
    problem: str | None
    may_look: bool
    may_read_results: bool
    link_title: str
    is_ours: bool


def rules(session: Session, cohort: Cohort) -> Rules:
    """What counts in the cohort now."""
    return folding.rules_of(session, cohort, clock.now())


def deliveries(session: Session, cohort: Cohort, kind: str | None, after: int | None) -> Page:
    """Fifty scores of the cohort, what needs looking at first, then by name; ``after`` is the last one seen.

    ``kind`` is one of ``FILTERS``, or nothing for all.
    """
    statement = _deliveries(cohort, kind)
    if after is not None:
        last = (
            select(_RANK, _NAME, Delivery.id)
            .join(Member, Member.id == Delivery.member_id)
            .join(Person, Person.id == Member.person_id)
            .where(Delivery.id == after, Delivery.cohort_id == cohort.id)
        )
        seen = session.execute(last).one_or_none()
        if seen is not None:
            statement = statement.where(tuple_(_RANK, _NAME, Delivery.id) > tuple_(*seen))
    found = session.execute(statement.order_by(_RANK, _NAME, Delivery.id).limit(PAGE + 1)).all()
    rows = [_row(*one) for one in found[:PAGE]]
    following = None
    if len(found) > PAGE:
        following = url_for("grades.index", state=kind, after=rows[-1].id, _anchor="scores")
    return Page(rows, following)


def all_deliveries(session: Session, cohort: Cohort, kind: str | None) -> list[Row]:
    """The same without pages, for a file."""
    return [_row(*one) for one in session.execute(_deliveries(cohort, kind).order_by(_RANK, _NAME, Delivery.id))]


def _deliveries(cohort: Cohort, kind: str | None) -> Select[tuple[Delivery, LineItem, int, str, str]]:
    statement = _of_cohort(
        select(Delivery, LineItem, Member.id, Person.name, Placement.title)
        .join(Member, Member.id == Delivery.member_id)
        .join(Person, Person.id == Member.person_id)
        .join(Placement, Placement.id == Delivery.placement_id),
        cohort,
    )
    return statement if kind is None else statement.where(_is(kind))


def _of_cohort(statement: Select[T], cohort: Cohort) -> Select[T]:
    return statement.outerjoin(LineItem, LineItem.placement_id == Delivery.placement_id).where(
        Delivery.cohort_id == cohort.id
    )


def _is(kind: str) -> ColumnElement[bool]:
    return comparing.changed() if kind == CHANGED else Delivery.state == kind


def _row(delivery: Delivery, column: LineItem | None, member_id: int, name: str, placement_title: str) -> Row:
    points = column.score_maximum if column is not None else 100.0
    sent, read_at = delivery.sent_at, column.results_at if column is not None else None
    return Row(
        id=delivery.id,
        name=name,
        grade_percent=percent(delivery.grade),
        state=delivery.state,
        sent_at=sent,
        sent_points=None if delivery.sent_grade is None else delivery.sent_grade * points,
        points=points,
        has_result=sent is not None and read_at is not None and read_at >= sent,
        result_points=delivery.result_score,
        result_of=delivery.result_maximum or points,
        is_changed=column is not None and comparing.is_changed(delivery, column),
        problem=delivery.problem,
        failures=delivery.failures,
        next_at=delivery.next_at,
        placement_title=placement_title,
        member_url=url_for("grades.learner", member_id=member_id),
    )


def totals(session: Session, cohort: Cohort) -> Totals:
    """How many scores of the cohort are waiting, sent, refused, and changed in the LMS."""
    kinds = (DeliveryState.WAITING, DeliveryState.SENT, DeliveryState.REFUSED, CHANGED)
    conditions = [*map(_is, kinds), failing()]
    counts = (func.coalesce(func.sum(case((condition, 1), else_=0)), 0) for condition in conditions)
    statement = select(*counts).select_from(Delivery)
    return Totals(*map(int, session.execute(_of_cohort(statement, cohort)).one()))


def known_columns(session: Session, cohort: Cohort, own: OwnColumn | None) -> list[Column]:
    """The columns scores of this cohort go to, one for each however many links share it."""
    statement = (
        select(Placement, LineItem)
        .outerjoin(LineItem, LineItem.placement_id == Placement.id)
        .where(Placement.cohort_id == cohort.id, Placement.line_item_url.is_not(None))
        .order_by(Placement.id.desc())
    )
    found = {placement.line_item_url: (placement, row) for placement, row in session.execute(statement)}
    return [_column(placement, row, own) for placement, row in reversed(found.values())]


def _column(placement: Placement, row: LineItem | None, own: OwnColumn | None) -> Column:
    is_current = row is not None and row.line_item_url == placement.line_item_url
    known = row if is_current else None
    return Column(
        title=(known.label if known is not None else "") or placement.title,
        points=known.score_maximum if known is not None else 100.0,
        is_known=known is not None and known.read_at.year > 1970,
        results_at=known.results_at if known is not None else None,
        looked_at=known.looked_at if known is not None else None,
        look_at=known.look_at if known is not None else None,
        problem=known.problem if known is not None else None,
        may_look=known is not None and results.may_look(placement.ags_scopes),
        may_read_results=services.RESULT_SCOPE in placement.ags_scopes,
        link_title=placement.title,
        is_ours=own is not None and own.is_ours and own.line_item_url == placement.line_item_url,
    )


def own_column(session: Session, cohort: Cohort) -> OwnColumn | None:
    """The column we made, or were asked to make."""
    return session.get(OwnColumn, cohort.id)


def can_be_changed(own: OwnColumn | None) -> bool:
    """Whether name and points of the cohort's column are ours to set."""
    return own is not None and own.is_ours and own.state in (ColumnState.WAITING, ColumnState.MADE, ColumnState.REFUSED)


def learners(session: Session, cohort: Cohort, words: str, after: int | None) -> Learners:
    """Fifty people who collect points, by name; ``words`` are part of one, ``after`` is the last one seen."""
    statement = (
        select(Member.id, Person.name, Standing.grade, Standing.comment)
        .join(Person, Person.id == Member.person_id)
        .join(Standing, Standing.member_id == Member.id)
        .where(
            Member.cohort_id == cohort.id,
            Member.is_graded,
        )
    )
    if words:
        statement = statement.where(_NAME.contains(words.lower(), autoescape=True))
    if after is not None:
        last = select(_NAME, Member.id).join(Person, Person.id == Member.person_id)
        seen = session.execute(last.where(Member.id == after, Member.cohort_id == cohort.id)).one_or_none()
        if seen is not None:
            statement = statement.where(tuple_(_NAME, Member.id) > tuple_(*seen))
    found = session.execute(statement.order_by(_NAME, Member.id).limit(PAGE + 1)).all()
    rows = [
        Learner(name, None if grade is None else percent(grade), comment, url_for("grades.learner", member_id=id_))
        for id_, name, grade, comment in found[:PAGE]
    ]
    following = None
    if len(found) > PAGE:
        following = url_for("grades.learners", q=words or None, after=found[PAGE - 1][0])
    return Learners(rows, following)


def newest_delivery(session: Session, member: Member) -> Delivery | None:
    """The member's own score on its way: in the column that came last."""
    statement = select(Delivery).where(Delivery.member_id == member.id).order_by(Delivery.id.desc()).limit(1)
    return session.scalar(statement)


def points_of(session: Session, delivery: Delivery | None) -> float | None:
    """How many points full marks are in the column that score is in, if the LMS said."""
    column = session.get(LineItem, delivery.placement_id) if delivery is not None else None
    return column.score_maximum if column is not None and column.read_at.year > 1970 else None
