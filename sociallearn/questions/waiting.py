"""The clock of questions as one member sees it, who is asked, and the rows behind the 12-hour goal."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from sociallearn import clock
from sociallearn.posts import sight
from sociallearn.posts.models import Extra, Kind, Post, Topic, Visibility
from sociallearn.posts.reading import Shown
from sociallearn.questions import answering, offering, timing
from sociallearn.questions.models import (
    Acceptance,
    HelperProfile,
    HelperTopic,
    Nudge,
    NudgeState,
    QuestionClock,
    QuestionState,
    Status,
    Step,
)
from sociallearn.questions.promising import Asked
from sociallearn.questions.standing import HOLDS
from sociallearn.questions.timing import GOAL, Hours
from sociallearn.roster.models import Member, Person, Space

MOST_TOPICS = 60  # to choose from
_HOUR = 3600.0
# who was asked to help and offers no longer, or left, is named no longer
IS_NAMED = and_(Member.left_at.is_(None), exists().where(HelperProfile.member_id == Nudge.member_id).correlate(Nudge))


@dataclass(frozen=True, slots=True)
class ShownClock:
    """A question's clock in words a template can say. Durations are of its own hours."""

    in_work_hours: bool
    answered_after: timedelta | None
    left: timedelta  # nothing once it is over
    continues_at: datetime | None  # it rests now, until then
    pauses_in: timedelta | None  # it runs now, and rests after so long
    is_missed: bool  # over, without an answer in time

    @property
    def hours_left(self) -> int:
        """Whole hours, to the nearest; 0 when it is better said in minutes."""
        return round(self.left / timedelta(hours=1)) if self.left >= timedelta(hours=1) else 0

    @property
    def minutes_left(self) -> int:
        """Minutes begun, for the last hour."""
        return -(-int(self.left.total_seconds()) // 60)

    @property
    def seconds_left(self) -> int:
        """For the script that counts on."""
        return int(self.left.total_seconds())

    @property
    def hours_taken(self) -> int:
        """Until the first answer: whole hours, or 0 where it took minutes."""
        return int((self.answered_after or timedelta(0)) / timedelta(hours=1))

    @property
    def minutes_taken(self) -> int:
        """Minutes until the first answer, at least one."""
        return max(1, int((self.answered_after or timedelta(0)) / timedelta(minutes=1)))


_SETTLED = (Status.SOLVED, Status.DUPLICATE)


@dataclass(slots=True)
class Asking:
    """Who was asked about a question, as far as this member may know."""

    count: int = 0  # likely helpers
    names: list[str] = field(default_factory=list)  # for trainers alone
    is_mine: bool = False  # this member has an open request as a helper or a trainer
    has_helped: int | None = None  # the answer the asker is asked about, once


def clocks(session: Session, items: Iterable[Shown], member: Member) -> dict[int, ShownClock]:
    """The clocks of the questions on a page, by question: one query. None for starter questions, which ask everybody,
    nor where nothing is waited for any more."""
    wanted = [item for item in items if item.is_visible and not item.extras & Extra.STARTER]
    over = {item.id for item in wanted if item.is_accepted or item.is_locked or item.state in _SETTLED}
    return _clocks(session, [item.id for item in wanted], over, member) if wanted else {}


def clock_of(session: Session, question: Post, member: Member, *, is_accepted: bool) -> ShownClock | None:
    """The same for one question."""
    if not question.is_visible or question.extras & Extra.STARTER:
        return None
    said = session.scalar(select(QuestionState.status).where(QuestionState.question_id == question.id, HOLDS))
    over = {question.id} if is_accepted or question.is_locked or said in _SETTLED else set()
    return _clocks(session, [question.id], over, member).get(question.id)


def _clocks(session: Session, ids: Collection[int], over: set[int], member: Member) -> dict[int, ShownClock]:
    now = clock.now()
    first = _answers(member.cohort_id).where(Post.root_id.in_(ids)).subquery()
    rows = session.execute(
        select(QuestionClock, first.c.first_at)
        .outerjoin(first, first.c.question_id == QuestionClock.question_id)
        .where(QuestionClock.question_id.in_(ids))
    )
    return {
        row.question_id: _shown(row, answered_at, now)
        for row, answered_at in rows
        if answered_at is not None or row.question_id not in over
    }


def _answers(cohort_id: int) -> Select[Any]:
    """For each question of the cohort that has any: when the first answer that counts came, and how many there are."""
    question = aliased(Post)
    return (
        select(
            Post.root_id.label("question_id"), func.min(Post.created_at).label("first_at"), func.count().label("number")
        )
        .join(question, question.id == Post.root_id)
        .where(*answering.of(cohort_id, Post), Post.author_id != question.author_id)
        .group_by(Post.root_id)
    )


def _shown(row: QuestionClock, answered_at: datetime | None, now: datetime) -> ShownClock:
    hours = _hours(row)
    if answered_at is not None:
        answered_at = max(answered_at, row.started_at)  # a reply to what was a post until then
    is_over = now >= row.due_at
    rests = hours is not None and answered_at is None and not is_over
    continues_at = timing.next_work(now, hours) if rests and hours else None
    pauses_at = timing.pause(now, hours) if rests and hours else None
    return ShownClock(
        in_work_hours=hours is not None,
        answered_after=None if answered_at is None else timing.elapsed(row.started_at, answered_at, hours),
        left=timedelta(0) if is_over else max(GOAL - timing.elapsed(row.started_at, now, hours), timedelta(0)),
        continues_at=continues_at if continues_at and continues_at > now else None,
        pauses_in=None if pauses_at is None else pauses_at - now,
        is_missed=(answered_at or now) > row.due_at,
    )


def _hours(row: QuestionClock) -> Hours | None:
    return Hours.from_json(row.work_hours) if row.work_hours else None


def asking(session: Session, question: Post, member: Member, shown: ShownClock | None) -> Asking:
    """Who was asked about this question, and what this member is asked: two queries, and one more for the asker of a
    question answered in time."""
    rows = session.execute(
        select(Nudge.member_id, Nudge.step, Nudge.state, Person.name, IS_NAMED)
        .join(Member, Member.id == Nudge.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Nudge.question_id == question.id, Nudge.cohort_id == member.cohort_id)
        .where(or_(Nudge.step == Step.HELPERS, Nudge.member_id == member.id))
        .order_by(Person.name, Nudge.id)
    ).all()
    found = Asking()
    for member_id, step, state, name, is_named in rows:
        if step == Step.HELPERS:
            found.count += 1
            if member.is_trainer and is_named:
                found.names.append(name)
        is_request = step != Step.FOLLOWERS and state == NudgeState.OPEN
        found.is_mine = found.is_mine or (member_id == member.id and is_request)
    found.has_helped = _to_thank(session, question, member, shown)
    return found


def _to_thank(session: Session, question: Post, member: Member, shown: ShownClock | None) -> int | None:
    """The first answer, if it came in time and the asker has not said yet whether it helped."""
    if not question.written_by(member) or shown is None or shown.answered_after is None or shown.is_missed:
        return None
    return session.scalar(
        select(Post.id)
        .join(QuestionClock, QuestionClock.question_id == Post.root_id)
        .outerjoin(Acceptance, Acceptance.question_id == Post.root_id)
        .where(*answering.counting(question), QuestionClock.not_yet_at.is_(None), Acceptance.question_id.is_(None))
        .order_by(Post.created_at, Post.id)
        .limit(1)
    )


# for the lists of questions: prepared once, as all of them are
_MINE = (Nudge.question_id == Post.id, Nudge.member_id == bindparam("member_id"), Nudge.state == NudgeState.OPEN)
ASKED_OF_ME = exists().where(*_MINE, Nudge.step != Step.TRAINER).correlate(Post)
NEEDS_AN_ANSWER = exists().where(*_MINE, Nudge.step == Step.TRAINER).correlate(Post)


def requests(session: Session, member: Member) -> tuple[int, int]:
    """How many open questions the member is asked to answer: as a likely helper or a follower of a topic, and as a
    trainer. One query."""
    by_step = dict(_open(session, member, (Step.FOLLOWERS, Step.HELPERS, Step.TRAINER)))
    return by_step.get(False, 0), by_step.get(True, 0)


def urgent(session: Session, member: Member) -> int:
    """How many of them somebody counts on this member for: what stands with the room's name. One query."""
    if not member.may_write or "questions" in member.cohort.rooms_off:
        return 0
    return sum(number for _is_trainer, number in _open(session, member, (Step.HELPERS, Step.TRAINER)))


_AS_TRAINER = case((Nudge.step == Step.TRAINER, 1), else_=0).label("as_trainer")
# prepared once: every page asks
_OPEN = (
    select(_AS_TRAINER, func.count(Nudge.question_id.distinct()))
    .join(Post, Post.id == Nudge.question_id)
    .where(
        Nudge.member_id == bindparam("member_id"),
        Nudge.state == NudgeState.OPEN,
        Nudge.step.in_(bindparam("steps", expanding=True)),
        Post.cohort_id == bindparam("cohort_id"),
        Post.visibility == Visibility.VISIBLE,
        Post.is_locked.is_(False),
        sight.IN_SIGHT_NOW,
    )
    .group_by(_AS_TRAINER)
)


def _open(session: Session, member: Member, steps: Collection[Step]) -> Sequence[tuple[bool, int]]:
    rows = session.execute(_OPEN, {**sight.values(member), "steps": list(steps)})
    return [(bool(flag), number) for flag, number in rows]


@dataclass(frozen=True, slots=True)
class Choice:
    """A topic one can be asked about."""

    id: int
    name: str
    is_chosen: bool


def offer_of(session: Session, member: Member) -> HelperProfile | None:
    """What the member can be asked about; nothing for who did not offer."""
    return session.get(HelperProfile, member.id)


def topics(session: Session, member: Member) -> list[Choice]:
    """The topics to choose from: those chosen, then the most used ones."""
    is_chosen = HelperTopic.member_id.is_not(None)
    mine = and_(HelperTopic.topic_id == Topic.id, HelperTopic.member_id == member.id)
    rows = session.execute(
        select(Topic.id, Topic.name, is_chosen)
        .outerjoin(HelperTopic, mine)
        .where(Topic.cohort_id == member.cohort_id, offering.in_sight_of(member))
        .order_by(is_chosen.desc(), Topic.post_count.desc(), Topic.key)
        .limit(MOST_TOPICS)
    )
    return [Choice(*row) for row in rows]


def rows(session: Session, member: Member) -> list[Asked]:
    """Every question the 12-hour goal counts (see ``promising``), the newest first. One query."""
    return counted(session, member.cohort_id, sight.in_sight(member))


def counted(session: Session, cohort_id: int, *where: ColumnElement[bool]) -> list[Asked]:
    """The same for whoever reads figures without being a member."""
    now, answers = clock.now(), _answers(cohort_id).subquery()
    for_all = select(Space.id).where(
        Space.cohort_id == cohort_id, Space.is_for_all.is_(True), Space.is_informal.is_(False)
    )
    found = session.execute(
        select(QuestionClock, Post.title, Post.author_id, answers.c.first_at, func.coalesce(answers.c.number, 0))
        .join(Post, Post.id == QuestionClock.question_id)
        .outerjoin(answers, answers.c.question_id == Post.id)
        .where(
            QuestionClock.cohort_id == cohort_id,
            Post.kind == Kind.QUESTION,
            Post.visibility == Visibility.VISIBLE,
            Post.extras.op("&")(int(Extra.STARTER)) == 0,
            or_(Post.space_id.is_(None), Post.space_id.in_(for_all)),
            *where,
        )
        .order_by(QuestionClock.question_id.desc())
    )
    return [_asked(row, title, asker_id, first_at, number, now) for row, title, asker_id, first_at, number in found]


def _asked(
    row: QuestionClock, title: str | None, asker_id: int, first_at: datetime | None, number: int, now: datetime
) -> Asked:
    hours = _hours(row)
    if first_at is not None:
        first_at = max(first_at, row.started_at)
    return Asked(
        id=row.question_id,
        title=title or "",
        asked_at=row.started_at,
        due_at=row.due_at,
        in_work_hours=hours is not None,
        first_answer_at=first_at,
        hours=timing.elapsed(row.started_at, first_at or now, hours).total_seconds() / _HOUR,
        answers=number,
        asker_id=asker_id,
    )
