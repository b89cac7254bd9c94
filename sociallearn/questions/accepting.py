"""Say which answer helped, and take that back."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.activity import recording
from sociallearn.activity.models import Verb
from sociallearn.database import insert_or_get, locked
from sociallearn.errors import Refusal
from sociallearn.posts.models import Kind, Post
from sociallearn.questions.models import Acceptance, QuestionState, Status
from sociallearn.roster.models import Member


def may_accept(question: Post, member: Member) -> bool:
    """The asker or a trainer."""
    return member.is_trainer or question.written_by(member)


def accept(session: Session, question: Post, answer: Post, *, by: Member) -> Acceptance:
    """Accept one answer; another accepted before makes way.

    Raises Refusal 403 for anybody but asker and trainer, 409 when the answer is not one of this question's any more.
    """
    _check(question, by)
    locked(session, Post, question.id)
    if answer.parent_id != question.id or answer.kind != Kind.ANSWER or not answer.is_visible:
        raise Refusal(409, _("That answer is no longer there."), _("Reload the page to see what changed."))
    state = session.get(QuestionState, question.id, populate_existing=True)
    if state is not None and state.status == Status.DUPLICATE:
        raise Refusal(409, _("This question is marked as a duplicate."), _("Take that back first."))
    if state is not None:
        session.delete(state)  # neither solved otherwise nor open again: answered
    now = clock.now()
    values = {"answer_id": answer.id, "by_id": by.id, "at": now}
    values |= {"cohort_id": question.cohort_id, "organisation_id": question.organisation_id}
    row = insert_or_get(session, Acceptance, {"question_id": question.id}, values)
    row.answer_id, row.by_id, row.at = answer.id, by.id, now
    session.flush()
    recording.record(session, Verb.ACCEPTED, by=by, post_id=answer.id, root_id=question.id, author_id=answer.author_id)
    return row


def withdraw(session: Session, question: Post, *, by: Member) -> None:
    """No answer is accepted any more. Raises Refusal 403 like ``accept``; nothing happens when none was."""
    _check(question, by)
    locked(session, Post, question.id)
    row = session.get(Acceptance, question.id, populate_existing=True)
    if row is None:
        return
    answer = session.get_one(Post, row.answer_id)
    session.delete(row)
    session.flush()
    recording.record(
        session, Verb.UNACCEPTED, by=by, post_id=answer.id, root_id=question.id, author_id=answer.author_id
    )


def _check(question: Post, by: Member) -> None:
    if not may_accept(question, by):
        raise Refusal(403, _("Whoever asked, or a trainer, says which answer helped."))
