"""The ladder: a question that waits is brought to ever closer people, each step once, in the cohort's work hours.

    followers  of its topics, at once
    helpers    up to three likely ones who offered, after six hours of its clock
    trainers   after ten

A step is taken or skipped in one transaction that holds its row, together with the nudges it makes: there is nothing in
between to lose or to do twice, so that it needs no lease. Killed anywhere, it waits as before, and the next sweep takes
it. Nothing is sent from here; who brings nudges to people elsewhere reads the rows.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.activity.models import REMOVING, RETURNING, Activity, Verb
from sociallearn.activity.recording import recorded
from sociallearn.database import locked, transaction
from sociallearn.errors import Refusal
from sociallearn.lti.models import Deployment, Registration
from sociallearn.posts.models import Extra, Kind, Post, PostTopic, TopicFollow, Visibility
from sociallearn.questions import answering, starting, suggesting, timing
from sociallearn.questions.models import (
    Acceptance,
    Escalation,
    Nudge,
    NudgeState,
    QuestionState,
    Status,
    Step,
    StepState,
    Why,
)
from sociallearn.questions.standing import HOLDS
from sociallearn.roster.models import Cohort, Member, Role

AGAIN_AFTER = timedelta(minutes=1)  # a step that failed; longer each time
LONGEST = timedelta(hours=1)

_CHANGING = REMOVING | RETURNING | {Verb.ANSWERED, Verb.ACCEPTED, Verb.UNACCEPTED, Verb.CONVERTED}
_SETTLED = (NudgeState.OPEN, NudgeState.ANSWERED, NudgeState.OVER)  # what facts decide; the others, people did

log = logging.getLogger(__name__)


def connect() -> None:
    """Hear of whatever ends the waiting for an answer, or lets it go on. Safe to call again."""
    recorded.connect(on_activity)


def on_activity(activity: Activity, session: Session) -> None:
    """Somebody answered, accepted, removed or brought back a text."""
    if activity.verb in _CHANGING:
        settle(session, activity.root_id)


def settle(session: Session, question_id: int) -> None:
    """Give each nudge about this question the state that follows from its answers. Any number of times."""
    statement = select(Nudge).where(Nudge.question_id == question_id, Nudge.state.in_(_SETTLED)).order_by(Nudge.id)
    # locked: somebody may be passing at this moment
    nudges = session.scalars(statement.with_for_update(key_share=True)).all()
    if not nudges:
        return
    question, now = session.get_one(Post, question_id), clock.now()
    by = set(session.scalars(select(Post.author_id).where(*answering.counting(question))))
    is_over = why_over(session, question) is not None
    for nudge in nudges:
        state = NudgeState.OVER if is_over else NudgeState.OPEN
        state = NudgeState.ANSWERED if nudge.member_id in by else state
        if nudge.state != state:
            nudge.state, nudge.ended_at = state, None if state == NudgeState.OPEN else now
    session.flush()


def why_over(session: Session, question: Post) -> Why | None:
    """Why nobody has to be asked any more; nothing while somebody should. At most three queries."""
    if not question.is_visible or question.kind != Kind.QUESTION:
        return Why.REMOVED
    if question.extras & Extra.STARTER:
        return Why.STARTER
    accepted = select(Post.id).join(Acceptance, Acceptance.answer_id == Post.id)
    if session.scalar(accepted.where(Acceptance.question_id == question.id, Post.visibility == Visibility.VISIBLE)):
        return Why.ACCEPTED
    if session.scalar(select(Post.id).where(*answering.counting(question)).limit(1)):
        return Why.ANSWERED
    said = select(QuestionState.status).where(QuestionState.question_id == question.id, HOLDS)
    if session.scalar(said) in (Status.SOLVED, Status.DUPLICATE):
        return Why.SOLVED
    return Why.LOCKED if question.is_locked else None


def _due(session: Session) -> Sequence[int]:
    waiting = select(Escalation.id).where(Escalation.state == StepState.WAITING, Escalation.next_at <= clock.now())
    return session.scalars(waiting.order_by(Escalation.next_at, Escalation.id).limit(jobs.MOST_A_SWEEP)).all()


@jobs.task(due=_due)
def escalate(escalation_id: int) -> None:
    """Take one step, if it is due and nobody took it. Any number of workers may try at once."""
    try:
        with transaction() as session:
            take(session, escalation_id)
    except Exception:
        log.exception("escalation %s", escalation_id)
        with transaction() as session:
            _put_off(session, escalation_id)


def take(session: Session, escalation_id: int) -> None:
    """Take the step, skip it saying why, or let it wait for the next moment of work."""
    known = session.get(Escalation, escalation_id)
    if known is None:
        return
    question = locked(session, Post, known.question_id)  # whoever answers holds it too, so that one of both is first
    row, now = locked(session, Escalation, escalation_id), clock.now()
    if row.state != StepState.WAITING or max(row.due_at, row.next_at) > now:
        return
    cohort = session.get_one(Cohort, question.cohort_id)
    why = why_over(session, question) or _why_closed(session, cohort)
    if why is None:
        moment = timing.next_work(now, starting.work_hours(session, cohort))
        if moment > now:
            row.next_at = moment
            return
        why = None if _nudge(session, row, question) else Why.NOBODY
    row.state, row.why, row.done_at = (StepState.SKIPPED if why else StepState.DONE), why, now
    session.flush()


def ask_now(session: Session, question: Post, *, by: Member) -> StepState:
    """Take the step that asks likely helpers before its hour; outside work hours it waits for these. What became of it.

    Raises Refusal 403 for who does not train, 409 when it was taken already or nobody waits any more.
    """
    if not by.is_trainer:
        raise Refusal(403, _("Only trainers of this cohort can do this."), _("Ask your trainer."))
    if why_over(session, locked(session, Post, question.id)) is not None:
        raise Refusal(409, _("This question no longer waits for an answer."), _("Reload the page to see it."))
    step = select(Escalation.id).where(Escalation.question_id == question.id, Escalation.step == Step.HELPERS)
    row_id = session.scalar(step)
    row = locked(session, Escalation, row_id) if row_id else None
    if row is None or row.state != StepState.WAITING:
        raise Refusal(409, _("Likely helpers were asked already."), _("Reload the page to see whom."))
    row.due_at = row.next_at = clock.now()
    session.flush()
    take(session, row.id)
    return StepState(row.state)


def _why_closed(session: Session, cohort: Cohort) -> Why | None:
    if cohort.is_archived:
        return Why.ARCHIVED
    if "questions" in cohort.rooms_off:
        return Why.CLOSED
    active = select(Registration.is_active).join(Deployment, Deployment.registration_id == Registration.id)
    return None if session.scalar(active.where(Deployment.id == cohort.deployment_id)) else Why.CLOSED


def _put_off(session: Session, escalation_id: int) -> None:
    row = locked(session, Escalation, escalation_id)
    if row.state == StepState.WAITING:
        row.next_at = clock.now() + min(AGAIN_AFTER * 2 ** min(row.attempts, 10), LONGEST)
        row.attempts += 1


def _nudge(session: Session, row: Escalation, question: Post) -> int:
    """Ask whoever this step is for; how many that are."""
    members = {
        Step.FOLLOWERS: _followers,
        Step.HELPERS: suggesting.helpers,
        Step.TRAINER: _trainers,
    }[Step(row.step)](session, question)
    for member_id in members:
        session.add(
            Nudge(
                cohort_id=row.cohort_id,
                escalation_id=row.id,
                question_id=question.id,
                member_id=member_id,
                step=row.step,
                created_at=clock.now(),
            )
        )
    session.flush()
    return len(members)


def _followers(session: Session, question: Post) -> Sequence[int]:
    """Who follows one of its topics, and may answer it."""
    topics = select(PostTopic.topic_id).where(PostTopic.post_id == question.id)
    follow = select(TopicFollow.member_id).where(TopicFollow.topic_id.in_(topics))
    writes = Member.role.in_((Role.LEARNER, Role.TRAINER))
    wanted = (Member.id.in_(follow), writes, *suggesting.may_be_asked(session, question))
    return session.scalars(select(Member.id).where(*wanted).order_by(Member.id)).all()


def _trainers(session: Session, question: Post) -> Sequence[int]:
    wanted = (Member.role == Role.TRAINER, *suggesting.may_be_asked(session, question))
    return session.scalars(select(Member.id).where(*wanted).order_by(Member.id)).all()
