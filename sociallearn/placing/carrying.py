"""A copied course: what comes along from the one before is the trainer's choice. Never people, replies, points, ideas.

Done again, it adds what is missing and doubles nothing, so that a fresh start is not the last word and two trainers
deciding at once agree.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.ideas import rounds
from sociallearn.ideas.models import IdeaRound
from sociallearn.posts.models import Post, Starter, Visibility
from sociallearn.roster import agreeing, enrolling, linking, phases
from sociallearn.roster.models import Cohort, ContentItem, Member, Role
from sociallearn.roster.signals import calendar_changed
from sociallearn.starters import opening

QUESTIONS, ROUNDS, SETTINGS, AGREEMENTS = "questions", "rounds", "settings", "agreements"
PARTS = (QUESTIONS, ROUNDS, SETTINGS, AGREEMENTS)
_SETTINGS = ("template", "language", "work_days", "work_starts", "work_ends", "rooms_off")


@dataclass(frozen=True)
class Before:
    """The course this one is a copy of, and how much there is to bring along."""

    title: str
    questions: int
    rounds: int
    phases: int
    lines: int  # of its agreements


def before(session: Session, cohort: Cohort, *, by: Member) -> Before | None:
    """What the trainer chooses from; nothing when this course is no copy of one we know.

    Raises Refusal 403 for who has not trained that one.
    """
    old = session.get(Cohort, cohort.copied_from_id) if cohort.copied_from_id else None
    if old is None:
        return None
    _check_trained(session, old, by)
    posts, found = _starters(session, old), _rounds(session, old)
    return Before(
        title=old.title,
        questions=len({post.id for _item, post in posts}),
        rounds=len(found),
        phases=len(phases.of(session, old)),
        lines=len(agreeing.current(session, old.id).lines),
    )


def _check_trained(session: Session, old: Cohort, by: Member) -> None:
    """Which course is the original is said by parameters of the link, and in some LMSs a teacher writes these: nobody
    may read a course that way that they have nothing to do with."""
    theirs = select(Member.id).where(
        Member.cohort_id == old.id, Member.person_id == by.person_id, Member.role == Role.TRAINER
    )
    if not by.is_administrator and session.scalar(theirs) is None:
        raise Refusal(
            403,
            _("Only who trained the course before can bring something along from it."),
            _("Ask a trainer of that course, or whoever looks after your LMS."),
        )


def carry(session: Session, cohort: Cohort, parts: set[str], *, by: Member) -> None:
    """Bring these parts along, or none of them: a fresh start. Raises Refusal 403 for who does not train this course or
    has not trained the one before, 409 for a course that is no copy."""
    rounds.check_trains(by)
    cohort = locked(session, Cohort, cohort.id)
    old = session.get(Cohort, cohort.copied_from_id) if cohort.copied_from_id else None
    if old is None:
        raise Refusal(409, _("This course is not a copy of one that SocialLearn knows."), "")
    if parts:
        _check_trained(session, old, by)
    if QUESTIONS in parts:
        _carry_questions(session, cohort, old, by)
    if ROUNDS in parts:
        _carry_rounds(session, cohort, old, by)
    if SETTINGS in parts:
        _carry_settings(session, cohort, old)
    if AGREEMENTS in parts:
        _carry_agreements(session, cohort, old, by)
    cohort.carried_over_at = cohort.carried_over_at or clock.now()
    session.flush()


def _carry_questions(session: Session, cohort: Cohort, old: Cohort, by: Member) -> None:
    starters = _starters(session, old)
    made = _made_before(session, cohort, [item for item, _post in starters])
    copies = {post.id: made[item.link_key].post_id for item, post in starters if made[item.link_key].post_id}
    first = set(session.scalars(select(Starter.post_id).where(Starter.cohort_id == old.id, Starter.answer_first)))
    for item, post in starters:
        if post.id not in copies:
            wanted = opening.Wanted(discussion=post.body, answer_first=post.id in first)
            copies[post.id] = opening.start(session, wanted, by=by).post_id
        mine = made[item.link_key]
        mine.post_id = mine.post_id or copies[post.id]


def _carry_rounds(session: Session, cohort: Cohort, old: Cohort, by: Member) -> None:
    found = _rounds(session, old)
    ids = {question: id_ for id_, question in _questions(session, cohort)}
    for round_ in found:
        question = round_.question or ""
        if question not in ids:
            ids[question] = rounds.open_one(session, by=by, question=question).id
    items = session.scalars(
        select(ContentItem).where(ContentItem.cohort_id == old.id, ContentItem.round_id.in_([one.id for one in found]))
    ).all()
    made = _made_before(session, cohort, list(items))
    asked = {one.id: one.question or "" for one in found}
    for item in items:
        mine = made[item.link_key]
        mine.round_id = mine.round_id or ids[asked[item.round_id or 0]]


def _made_before(session: Session, cohort: Cohort, items: list[ContentItem]) -> dict[str, ContentItem]:
    """These items as the copy has them, by the key its links name."""
    return {item.link_key: linking.remake(session, cohort, item) for item in items}


def _carry_settings(session: Session, cohort: Cohort, old: Cohort) -> None:
    if cohort.time_zone != old.time_zone:
        enrolling.set_time_zone(session, cohort.id, old.time_zone)
    for name in _SETTINGS:
        setattr(cohort, name, getattr(old, name))
    if not phases.of(session, cohort):
        phases.replace_all(session, cohort, _phases_to_come(session, old))
    session.flush()
    calendar_changed.send(cohort, session=session)


def _phases_to_come(session: Session, old: Cohort) -> list[tuple[str, date, date]]:
    """On the same days of the week, all moved by the same whole weeks, so that the first is still to come."""
    parts = phases.of(session, old)
    if not parts:
        return []
    today = clock.now().astimezone(ZoneInfo(old.time_zone)).date()
    shift = timedelta(weeks=max(0, -((parts[0].first_day - today).days // 7)))
    return [(part.name, part.first_day + shift, part.last_day + shift) for part in parts]


def _carry_agreements(session: Session, cohort: Cohort, old: Cohort, by: Member) -> None:
    lines = agreeing.current(session, old.id).lines
    if lines and not agreeing.current(session, cohort.id).lines:
        agreeing.write(session, cohort, lines, by=by)


def _starters(session: Session, old: Cohort) -> list[tuple[ContentItem, Post]]:
    """What the old course's links open as one conversation, in order of their making; none that cannot be read."""
    rows = session.execute(
        select(ContentItem, Post)
        .join(Post, Post.id == ContentItem.post_id)
        .where(ContentItem.cohort_id == old.id, Post.cohort_id == old.id, Post.visibility == Visibility.VISIBLE)
        .order_by(ContentItem.id)
    )
    return [(item, post) for item, post in rows]


def _rounds(session: Session, old: Cohort) -> list[IdeaRound]:
    statement = select(IdeaRound).where(IdeaRound.cohort_id == old.id, IdeaRound.question.is_not(None))
    return list(session.scalars(statement.order_by(IdeaRound.id)))


def _questions(session: Session, cohort: Cohort) -> list[tuple[int, str]]:
    return [(one.id, one.question or "") for one in _rounds(session, cohort)]
