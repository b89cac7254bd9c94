"""A trainer writes a friendly word to learners: each of them hears one a week at most, whichever trainer writes.

Who writes holds the rows of the people written to, so that of two trainers at once the second finds what the first
wrote.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from sociallearn import clock, languages
from sociallearn.errors import Refusal
from sociallearn.notifications import telling
from sociallearn.notifications.models import FriendlyNudge, Need, Notification
from sociallearn.roster.models import Cohort, Member, Person

ONCE_IN = timedelta(days=7)
UNDOING = timedelta(minutes=10)
MOST = 100  # people at a time


@dataclass(frozen=True, slots=True)
class Written:
    """The word somebody got this week: by whom and when."""

    by: str
    at: datetime


def written(session: Session, cohort_id: int) -> dict[int, Written]:
    """Who got a friendly word within the week: one query."""
    rows = session.execute(
        select(FriendlyNudge.member_id, Person.name, FriendlyNudge.sent_at)
        .join(Member, Member.id == FriendlyNudge.by_id)
        .join(Person, Person.id == Member.person_id)
        .where(FriendlyNudge.cohort_id == cohort_id, FriendlyNudge.sent_at > clock.now() - ONCE_IN)
    )
    return {member_id: Written(name, at) for member_id, name, at in rows}


def language_of(member: Member, cohort: Cohort) -> str:
    """What a learner is written in: their own language, else the cohort's."""
    return languages.of(member.person.language, member.person.locale, cohort.language)


def write(
    session: Session, member_ids: Collection[int], *, by: Member, need: Need, words: Mapping[str, str]
) -> list[FriendlyNudge]:
    """Write to these learners, each in their language (``words`` by language). Whoever left, never came in, or got a
    word this week, is left out.

    Raises Refusal 403 for who does not train, 409 when nobody is left, 422 where a language has no words.
    """
    if not by.is_trainer:
        raise Refusal(403, _("Only trainers of this cohort can do this."), _("Ask your trainer."))
    ids = sorted(set(member_ids))[:MOST]
    theirs = (Member.cohort_id == by.cohort_id, Member.id.in_(ids))
    session.execute(select(Member.id).where(*theirs).order_by(Member.id).with_for_update(key_share=True))
    known = written(session, by.cohort_id)
    reached = session.scalars(select(Member).where(*theirs, Member.is_graded).order_by(Member.id)).all()
    wanted = [one for one in reached if one.id not in known]
    if not wanted:
        raise _nobody(reached, known)
    now, made = clock.now(), []
    for one in wanted:
        said = words.get(language_of(one, by.cohort), "").strip()
        if not said:
            raise Refusal(422, _("Write a few words first."))
        own = {"cohort_id": by.cohort_id, "organisation_id": by.organisation_id}
        made.append(FriendlyNudge(**own, member_id=one.id, by_id=by.id, need=need, words=said, sent_at=now))
    session.add_all(made)
    session.flush()
    return made


def _nobody(reached: Collection[Member], known: Mapping[int, Written]) -> Refusal:
    if not reached:
        return Refusal(409, _("Nobody can be written to: they left the course, or never opened it."))
    first = next(iter(reached))
    said = _("%(by)s wrote to %(name)s already, less than a week ago.", by=known[first.id].by, name=first.name)
    return Refusal(409, said, _("A friendly word comes once a week at most, whoever writes it."))


def take_back(session: Session, nudge: FriendlyNudge, *, by: Member) -> int:
    """Take back what was sent together with this, but for what was read or mailed; how many that were.

    Raises Refusal 403 for who did not write it, 409 when it is too late.
    """
    if nudge.by_id != by.id:
        raise Refusal(403, _("Only whoever wrote it can take it back."))
    seen = or_(Notification.read_at.is_not(None), Notification.digest_id.is_not(None))
    together = (
        FriendlyNudge.cohort_id == by.cohort_id,
        FriendlyNudge.by_id == by.id,
        FriendlyNudge.sent_at == nudge.sent_at,
        ~exists().where(Notification.nudge_id == FriendlyNudge.id, seen),
    )
    ids = session.scalars(select(FriendlyNudge.id).where(*together)).all()
    if not ids or nudge.sent_at < clock.now() - UNDOING:
        raise Refusal(409, _("It is too late to take it back: ten minutes are over, or they said they have read it."))
    telling.take_back(session, Notification.nudge_id.in_(ids))
    gone = delete(FriendlyNudge).where(FriendlyNudge.id.in_(ids))
    session.execute(gone.execution_options(synchronize_session=False))
    return len(ids)
