"""What waits for a trainer today: one short look at each room, from the cohort on, the same number of queries however
much is there. People are listed by name, never by how much they did."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from sociallearn import clock
from sociallearn.activity.models import WRITING, Activity, Verb
from sociallearn.grades import foreseeing
from sociallearn.grades import reading as grades
from sociallearn.grades.models import GradeReview, Standing
from sociallearn.ideas.models import IdeaRound
from sociallearn.insights.gathering import REPLYING
from sociallearn.insights.models import MemberWeek
from sociallearn.moderation import appealing, handling
from sociallearn.moderation.models import Appeal, Report, State
from sociallearn.morning import nudging
from sociallearn.morning.nudging import Written
from sociallearn.notifications.models import MailPlan, Need
from sociallearn.posts import reading as posts
from sociallearn.posts import sight
from sociallearn.posts.models import Decision, Extra, Kind, Post, Starter, Visibility
from sociallearn.posts.reading import Shown
from sociallearn.questions import answering, waiting
from sociallearn.questions import reading as questions
from sociallearn.questions.models import Escalation, Nudge, QuestionClock, Step, StepState, Why
from sociallearn.questions.promising import monday
from sociallearn.questions.waiting import ShownClock
from sociallearn.roster.models import Member, Person, Role
from sociallearn.text.excerpting import excerpt

MOST = 5  # lines of one kind: the page ends before the coffee does
PAGE = 50
TITLE = 90  # characters of what has none
LOOKS_BACK = timedelta(days=14)  # what waits longer is found in its room
STARTS_WITHIN = timedelta(days=3)  # before somebody who did nothing yet counts as silent
REPLY_WITHIN = timedelta(days=2)
QUIET_WEEKS = timedelta(weeks=2)
ANSWER_WITHIN = timedelta(days=1)  # of a starter question
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Some(Generic[T]):
    """The first few of something, and how many there are."""

    rows: Sequence[T] = ()
    count: int = 0

    @property
    def more(self) -> int:
        """How many are not among them."""
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class Pile:
    """How many wait, and since when the longest."""

    count: int
    since: datetime | None


@dataclass(slots=True)
class Waiting:
    """A question nobody else has answered, near the end of its twelve hours or past it."""

    post: Shown
    asker_id: int
    clock: ShownClock | None
    asked: list[str] = field(default_factory=list)  # likely helpers, by name
    may_ask: bool = False  # the step that asks them is still to come
    nobody: bool = False  # it was taken, and there was nobody to ask
    may_write: bool = False  # to whoever asks: a learner, still here, whose time is over
    written: Written | None = None


@dataclass(frozen=True, slots=True)
class Somebody:
    """A learner who may need a hand."""

    id: int
    name: str
    joined_at: datetime
    seen_at: datetime | None
    written: Written | None


@dataclass(frozen=True, slots=True)
class Hands:
    """Who may need a hand, by name; whoever got a word this week stands apart."""

    silent: Sequence[Somebody] = ()
    unheard: Sequence[Somebody] = ()
    quiet: Sequence[Somebody] = ()
    invited: int = 0  # never opened it: nothing sent from here can reach them

    def of(self, need: Need) -> list[Somebody]:
        """Those who were not written to this week."""
        return [one for one in self._all(need) if one.written is None]

    def written(self, need: Need) -> list[Somebody]:
        """Those who were."""
        return [one for one in self._all(need) if one.written is not None]

    def _all(self, need: Need) -> Sequence[Somebody]:
        return {Need.SILENT: self.silent, Need.UNHEARD: self.unheard, Need.QUIET: self.quiet}.get(need, ())


@dataclass(frozen=True, slots=True)
class Closing:
    """The period that closes soon, in numbers alone."""

    ends: datetime
    last_moment: datetime
    phase: str
    below: int  # people it is not full for
    people: int


@dataclass(frozen=True, slots=True)
class Lonely:
    """A starter question nobody has written under."""

    post: Shown
    title: str  # or how it begins


@dataclass(frozen=True, slots=True)
class Since:
    """What happened since the beginning of yesterday."""

    texts: int
    questions: int
    ideas: int
    replies: int
    ratings: int
    arrived: int


@dataclass(frozen=True, slots=True)
class Morning:
    """All of it."""

    questions: Some[Waiting]
    reports: Pile
    appeals: Pile
    reviews: Pile
    failing: int  # scores that did not arrive
    hands: Hands
    rounds: Sequence[IdeaRound]
    closing: Closing | None
    starters: Some[Lonely]
    since: Since

    @property
    def is_clear(self) -> bool:
        """Nothing waits. What comes up by itself is no work."""
        piles = self.questions.count or self.reports.count or self.appeals.count or self.reviews.count or self.failing
        people = any(self.hands.of(need) for need in Need)
        return not (piles or people)


def zone_of(session: Session, member: Member) -> str:
    """Where the trainer is, as they chose for their mails; else where the cohort is."""
    plan = session.get(MailPlan, member.person_id)
    return (plan.time_zone if plan else None) or member.cohort.time_zone


def morning(session: Session, member: Member) -> Morning:
    """Everything that waits for this trainer. In an archived cohort nothing does."""
    now, cohort = clock.now(), member.cohort
    zone = ZoneInfo(zone_of(session, member))
    today = now.astimezone(zone).date()
    yesterday, tomorrow = _begin(today - timedelta(days=1), zone), _begin(today + timedelta(days=1), zone)
    since = _since(session, member, yesterday)
    if cohort.is_archived:
        none = Pile(0, None)
        return Morning(Some(), none, none, none, 0, Hands(), [], None, Some(), since)
    written = nudging.written(session, cohort.id)
    return Morning(
        questions=_questions(session, member, tomorrow, written) if "questions" not in cohort.rooms_off else Some(),
        reports=_reports(session, member),
        appeals=_appeals(session, member),
        reviews=_reviews(session, member) if member.may_grade else Pile(0, None),
        failing=grades.totals(session, cohort).failing if member.may_grade else 0,
        hands=hands(session, member, written),
        rounds=_rounds(session, member, now, tomorrow) if "ideas" not in cohort.rooms_off else [],
        closing=_closing(session, member, now) if member.may_grade else None,
        starters=_starters(session, member, now),
        since=since,
    )


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _questions(session: Session, member: Member, until: datetime, written: dict[int, Written]) -> Some[Waiting]:
    now, answer = clock.now(), aliased(Post)
    answered = exists().where(
        answer.root_id == Post.id, *answering.of(member.cohort_id, answer), answer.author_id != Post.author_id
    )
    rows = session.execute(
        select(Post, QuestionClock.due_at, func.count().over())
        .join(QuestionClock, QuestionClock.question_id == Post.id)
        .where(
            QuestionClock.cohort_id == member.cohort_id,
            QuestionClock.due_at >= now - LOOKS_BACK,
            QuestionClock.due_at < until,
            Post.kind == Kind.QUESTION,
            Post.visibility == Visibility.VISIBLE,
            Post.is_locked.is_(False),
            Post.author_id != member.id,
            Post.extras.op("&")(int(Extra.STARTER)) == 0,
            sight.in_sight(member),
            *questions.LISTS["open"],
            ~answered,
        )
        .options(joinedload(Post.author))
        .order_by(QuestionClock.due_at, Post.id)
        .limit(MOST)
    ).all()
    if not rows:
        return Some()
    shown = [posts.show(post, member) for post, _due, _count in rows]
    clocks = waiting.clocks(session, shown, member)
    found = {
        one.id: Waiting(
            one,
            post.author_id,
            clocks.get(one.id),
            may_write=due_at < now and post.author.is_graded,
            written=written.get(post.author_id),
        )
        for one, (post, due_at, _count) in zip(shown, rows, strict=True)
    }
    _give_helpers(session, member, found)
    return Some(list(found.values()), rows[0][2])


def _give_helpers(session: Session, member: Member, found: dict[int, Waiting]) -> None:
    steps = select(Escalation.question_id, Escalation.state, Escalation.why).where(
        Escalation.question_id.in_(found), Escalation.step == Step.HELPERS
    )
    for question_id, state, why in session.execute(steps):
        found[question_id].may_ask = state == StepState.WAITING
        found[question_id].nobody = why == Why.NOBODY
    names = (
        select(Nudge.question_id, Person.name)
        .join(Member, Member.id == Nudge.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Nudge.cohort_id == member.cohort_id, Nudge.question_id.in_(found), Nudge.step == Step.HELPERS)
        .where(waiting.IS_NAMED)
        .order_by(Person.name, Nudge.id)
    )
    for question_id, name in session.execute(names):
        found[question_id].asked.append(name)


def _reports(session: Session, member: Member) -> Pile:
    which = (*handling.of_trainer(member), Report.state == State.OPEN)
    row = session.execute(select(func.count(Report.post_id.distinct()), func.min(Report.created_at)).where(*which))
    return Pile(*row.one())


def _appeals(session: Session, member: Member) -> Pile:
    which = (Appeal.answered_at.is_(None), *appealing.for_(member))
    waits = select(func.count(), func.min(Appeal.at)).select_from(Appeal)
    return Pile(*session.execute(waits.join(Decision, Decision.id == Appeal.decision_id).where(*which)).one())


def _reviews(session: Session, member: Member) -> Pile:
    which = (GradeReview.cohort_id == member.cohort_id, GradeReview.answered_at.is_(None))
    waits = select(func.count(), func.min(GradeReview.created_at)).where(*which, GradeReview.member_id != member.id)
    return Pile(*session.execute(waits).one())


def hands(session: Session, member: Member, written: dict[int, Written]) -> Hands:
    """Who may need a hand, in one query over the cohort's learners; nobody in a course that is over."""
    cohort, now = member.cohort, clock.now()
    if cohort.ends_on is not None and cohort.ends_on < now.astimezone(ZoneInfo(cohort.time_zone)).date():
        return Hands()
    by_need: dict[Need, list[Somebody]] = {need: [] for need in Need}
    invited = 0
    for row in session.execute(_learners(cohort.id, now)):
        if row.joined_at is None:
            invited += 1
            continue
        need = _need(
            row.joined_at, row.last, now, cohort.time_zone, writes=row.writes, unheard=row.gave and not row.got
        )
        if need is not None:
            by_need[need].append(Somebody(row.id, row.name, row.joined_at, row.seen_at, written.get(row.id)))
    listed = {need: sorted(some, key=lambda one: (one.name.casefold(), one.id)) for need, some in by_need.items()}
    return Hands(listed[Need.SILENT], listed[Need.UNHEARD], listed[Need.QUIET], invited)


def _need(
    joined_at: datetime, last: date | None, now: datetime, zone: str, *, writes: bool, unheard: bool
) -> Need | None:
    if last is None:  # what somebody writes in an informal space counts nowhere, but is no silence
        return Need.SILENT if not writes and joined_at < now - STARTS_WITHIN else None
    if unheard:
        return Need.UNHEARD
    return Need.QUIET if last < monday(now, zone) - QUIET_WEEKS else None


def _learners(cohort_id: int, now: datetime) -> Select[Any]:
    text, reply = aliased(Post), aliased(Post)
    last = select(func.max(MemberWeek.monday)).where(MemberWeek.member_id == Member.id).scalar_subquery()
    given, got = aliased(Activity), aliased(Activity)
    gave = exists().where(
        given.member_id == Member.id,
        given.verb.in_(WRITING),
        given.at < now - REPLY_WITHIN,
        text.id == given.post_id,
        text.visibility == Visibility.VISIBLE,
    )
    was_answered = exists().where(
        got.reached_id == Member.id,
        got.member_id != Member.id,
        got.verb.in_(REPLYING),
        reply.id == got.post_id,
        reply.visibility == Visibility.VISIBLE,
    )
    return (
        select(
            Member.id, Person.name, Member.joined_at, Member.seen_at, last.label("last"),
            exists().where(Post.author_id == Member.id).label("writes"), gave.label("gave"), was_answered.label("got"),
        )
        .join(Person, Person.id == Member.person_id)
        .where(
            Member.cohort_id == cohort_id,
            Member.role == Role.LEARNER,
            Member.left_at.is_(None),
            Member.is_test.is_(False),
        )
    )  # fmt: skip


def _rounds(session: Session, member: Member, now: datetime, until: datetime) -> Sequence[IdeaRound]:
    today = (IdeaRound.closed_at > now, IdeaRound.closed_at < until)
    mine = select(IdeaRound).where(IdeaRound.cohort_id == member.cohort_id, *today)
    return session.scalars(mine.order_by(IdeaRound.closed_at, IdeaRound.id).limit(MOST)).all()


def _closing(session: Session, member: Member, now: datetime) -> Closing | None:
    """What is kept beside each standing says when the period closes and whether something is missing."""
    rows = session.scalars(
        select(Standing)
        .join(Member, Member.id == Standing.member_id)
        .where(Standing.cohort_id == member.cohort_id, Member.is_graded)
    )
    found = [foreseen for row in rows if (foreseen := foreseeing.read(row)) is not None and foreseen.is_soon]
    if not found:
        return None
    ends = min(one.ends for one in found)
    same = [one for one in found if one.ends == ends]
    below = sum(one.missing > 0 or one.more is not None for one in same)
    return Closing(ends, same[0].last_moment, same[0].phase, below, len(same)) if below else None


def _starters(session: Session, member: Member, now: datetime) -> Some[Lonely]:
    """Starter questions nobody has written under since yesterday or longer."""
    open_ = {"feed": Starter.post_id == Post.id, "questions": Starter.question_id == Post.id}
    parts = [one for room, one in open_.items() if room not in member.cohort.rooms_off]
    if not parts:
        return Some()
    rows = session.execute(
        select(Post, func.count().over())
        .select_from(Starter)
        .join(Post, or_(*parts))
        .where(
            Starter.cohort_id == member.cohort_id,
            Starter.created_at > now - LOOKS_BACK,
            Starter.created_at < now - ANSWER_WITHIN,
            Post.reply_count == 0,
            Post.visibility == Visibility.VISIBLE,
            Post.is_locked.is_(False),
        )
        .options(joinedload(Post.author))
        .order_by(Post.id.desc())
        .limit(MOST)
    ).all()
    found = [Lonely(posts.show(post, member), post.title or excerpt(post.html, TITLE)) for post, _count in rows]
    return Some(found, rows[0][1]) if rows else Some()


def _since(session: Session, member: Member, moment: datetime) -> Since:
    """Two queries. The ledger of acts goes by time: only what came since is looked at."""
    earlier = aliased(Activity)
    last = select(earlier.id).where(earlier.cohort_id == member.cohort_id, earlier.at < moment)
    newer = Activity.id > func.coalesce(last.order_by(earlier.id.desc()).limit(1).scalar_subquery(), 0)
    rows = select(Activity.verb, func.count()).where(Activity.cohort_id == member.cohort_id, newer)
    acts = Counter(dict(session.execute(rows.group_by(Activity.verb)).tuples().all()))
    came = (Member.cohort_id == member.cohort_id, Member.role == Role.LEARNER, Member.is_test.is_(False))
    arrived = session.scalar(select(func.count()).where(*came, Member.joined_at >= moment))
    return Since(
        texts=acts[Verb.POSTED],
        questions=acts[Verb.ASKED],
        ideas=acts[Verb.PROPOSED],
        replies=sum(acts[verb] for verb in REPLYING),
        ratings=acts[Verb.RATED],
        arrived=arrived or 0,
    )


def addressed(session: Session, member: Member, ids: Iterable[int]) -> list[Member]:
    """Those of these people who can be written to from here, by name."""
    wanted = sorted(set(ids))[: nudging.MOST]
    which = (Member.cohort_id == member.cohort_id, Member.id.in_(wanted), Member.is_graded)
    rows = session.scalars(select(Member).where(*which))
    return sorted(rows, key=lambda one: (one.name.casefold(), one.id))


def title_of(session: Session, member: Member, post_id: int | None) -> str:
    """What a question of the cohort is called, if this trainer can read it."""
    if post_id is None:
        return ""
    which = (Post.id == post_id, Post.cohort_id == member.cohort_id, Post.visibility == Visibility.VISIBLE)
    return session.scalar(select(Post.title).where(*which, sight.in_sight(member))) or ""
