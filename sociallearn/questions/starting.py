"""Start a question's clock, with the steps of its ladder. In the same transaction as the question itself."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.activity.models import Activity, Verb
from sociallearn.activity.recording import recorded
from sociallearn.database import insert_new
from sociallearn.posts import sight
from sociallearn.posts.models import Kind, Post
from sociallearn.questions import timing
from sociallearn.questions.models import Escalation, QuestionClock, Step, StepState
from sociallearn.questions.timing import Hours
from sociallearn.roster.models import Cohort, Holiday, Member

AFTER = {Step.FOLLOWERS: timedelta(0), Step.HELPERS: timedelta(hours=6), Step.TRAINER: timedelta(hours=10)}


def connect() -> None:
    """Hear of questions being asked. Safe to call again."""
    recorded.connect(on_activity)


def on_activity(activity: Activity, session: Session) -> None:
    """A question was asked, or a post became one. One that was a question before keeps its first clock."""
    if activity.verb not in (Verb.ASKED, Verb.CONVERTED):
        return
    post = session.get_one(Post, activity.post_id)
    if post.kind == Kind.QUESTION:
        start(session, post)


def start(session: Session, question: Post) -> QuestionClock | None:
    """Start the clock now, for a text that is asked or becomes a question; a second time changes nothing.

    Nothing for what the LMS's pretend student asks, nor where nothing counts (informal spaces).
    """
    known = session.get(QuestionClock, question.id)
    if known is not None:
        return known
    if session.get_one(Member, question.author_id).is_test or sight.is_informal(session, question):
        return None
    now, cohort = clock.now(), session.get_one(Cohort, question.cohort_id)
    hours = work_hours(session, cohort) if cohort.goal_in_work_hours else None
    own = {"cohort_id": cohort.id, "organisation_id": cohort.organisation_id, "question_id": question.id}
    kept = hours.to_json() if hours else None
    values = {"started_at": now, "due_at": timing.after(now, timing.GOAL, hours), "work_hours": kept}
    if insert_new(session, QuestionClock, {**own, **values}):
        for step, wait in AFTER.items():
            session.add(_step(own, step, timing.after(now, wait, hours)))
        session.flush()
    return session.get_one(QuestionClock, question.id)


def _step(own: dict[str, int], step: Step, due_at: datetime) -> Escalation:
    return Escalation(**own, step=step, due_at=due_at, next_at=due_at, state=StepState.WAITING)


def work_hours(session: Session, cohort: Cohort) -> Hours:
    """When the cohort works, as it is set up now. One query."""
    statement = select(Holiday.first_day, Holiday.last_day).where(Holiday.cohort_id == cohort.id)
    off = tuple((first, last) for first, last in session.execute(statement.order_by(Holiday.first_day, Holiday.id)))
    return Hours(cohort.time_zone, frozenset(cohort.work_days), cohort.work_starts, cohort.work_ends, off)
