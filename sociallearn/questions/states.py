"""How a question stands: solved otherwise, opened again, or a duplicate of another one. Asker or trainer say so.

A question leads to another at most once and never on: where a duplicate is named, the one it leads to is taken.
"""

from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.posts import sight
from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.posts.writing import replying
from sociallearn.questions import accepting, escalating
from sociallearn.questions.models import Acceptance, QuestionState, Status
from sociallearn.questions.standing import HOLDS
from sociallearn.roster.models import Member, Space


class State(StrEnum):
    """What stands beside a question."""

    UNANSWERED = "unanswered"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    SOLVED = "solved"
    DUPLICATE = "duplicate"
    REOPENED = "reopened"


def of(status: str | None, *, is_accepted: bool, answers: int) -> State:
    """The one thing to say of a question: what was said of it as a whole (``status``) after what was accepted."""
    if status == Status.DUPLICATE:
        return State.DUPLICATE
    if is_accepted:
        return State.ACCEPTED
    if status is not None:
        return State(status)
    return State.ANSWERED if answers else State.UNANSWERED


def connect() -> None:
    """Hear of replies before they are written. Safe to call again."""
    replying.connect(on_reply)


def on_reply(root: Post, parent: Post, session: Session) -> None:
    """No answers to a duplicate: they belong where it leads. Raises Refusal 409."""
    if root.kind != Kind.QUESTION or not parent.is_root:
        return
    row = _holding(session, root)
    if row is not None and row.status == Status.DUPLICATE:
        raise Refusal(
            409,
            _("This question is marked as a duplicate: answer the one it leads to."),
            _("Your text stands below; copy what you need."),
        )


def solve(session: Session, question: Post, *, by: Member, words: str) -> QuestionState:
    """Solved otherwise than by an answer here; ``words`` say how.

    Raises Refusal 403 for anybody but asker and trainer, 409 where it is solved, a duplicate, locked or gone, 422
    without words.
    """
    question = _begin(session, question, by)
    _need_words(words)
    row = _holding(session, question)
    if _has_acceptance(session, question) or (row is not None and row.status != Status.REOPENED):
        raise Refusal(409, _("This question is not open."), _("Reload the page to see what changed."))
    return _say(session, question, by, Status.SOLVED, words)


def reopen(session: Session, question: Post, *, by: Member, words: str) -> QuestionState:
    """It is open again, and no answer is accepted any more; ``words`` say why. Raises Refusal like ``solve``."""
    question = _begin(session, question, by)
    _need_words(words)
    row = _holding(session, question)
    is_solved = row is not None and row.status == Status.SOLVED
    is_duplicate = row is not None and row.status == Status.DUPLICATE
    if is_duplicate or not (is_solved or _has_acceptance(session, question)):
        raise Refusal(409, _("Only a question that was solved can be opened again."))
    accepting.withdraw(session, question, by=by)
    return _say(session, question, by, Status.REOPENED, words)


def mark_duplicate(session: Session, question: Post, target: Post | None, *, by: Member) -> QuestionState:
    """This one was asked before: it leads to ``target``, or to where that leads.

    Raises Refusal 403 and 409 like ``solve``, 409 for a circle or where others lead here, and the same 422 for a
    target that is none, that ``by`` cannot see, or that not everybody who reads this question may see.
    """
    final = None if target is None else _final(session, target, by)
    if final is None or (final.id != question.id and not _readers_see(session, question, final)):
        raise Refusal(422, _("Choose a question that everybody who reads this one can see."))
    for post_id in sorted({question.id, final.id}):  # in order: two who name each other's wait in line, not in a ring
        locked(session, Post, post_id)
    question = _begin(session, question, by)
    if final.id == question.id:
        raise Refusal(409, _("That question leads back to this one."), _("Choose another one."))
    beyond = _holding(session, final)
    if (
        not final.is_visible
        or final.kind != Kind.QUESTION
        or (beyond is not None and beyond.status == Status.DUPLICATE)
    ):
        raise Refusal(409, _("Somebody was faster: this was already changed."), _("Reload the page to see it."))
    if session.scalar(select(QuestionState.question_id).where(QuestionState.duplicate_of_id == question.id).limit(1)):
        raise Refusal(409, _("Other questions lead to this one."), _("Take that back there first."))
    return _say(session, question, by, Status.DUPLICATE, "", final.id)


def unmark_duplicate(session: Session, question: Post, *, by: Member) -> None:
    """It is a question of its own, after all; nothing happens when it was. Raises Refusal 403 like ``solve``."""
    question = _begin(session, question, by)
    row = _row(session, question)
    if row is not None and row.status == Status.DUPLICATE:
        session.delete(row)
        session.flush()
        escalating.settle(session, question.id)


def target_of(session: Session, row: QuestionState | None, member: Member) -> Post | None:
    """Where a duplicate leads, if this member can read it."""
    if row is None or row.duplicate_of_id is None:
        return None
    statement = select(Post).where(Post.id == row.duplicate_of_id, *_readable(member))
    return session.scalar(statement.options(joinedload(Post.author)))


def _readable(member: Member) -> tuple[ColumnElement[bool], ...]:
    return (
        Post.cohort_id == member.cohort_id,
        Post.kind == Kind.QUESTION,
        Post.visibility == Visibility.VISIBLE,
        sight.in_sight(member),
    )


def _final(session: Session, target: Post, by: Member) -> Post | None:
    row = _holding(session, target)
    is_on = row is not None and row.duplicate_of_id is not None
    final_id = row.duplicate_of_id if row is not None and is_on else target.id
    return session.scalar(select(Post).where(Post.id == final_id, *_readable(by)))


def _readers_see(session: Session, question: Post, final: Post) -> bool:
    if final.space_id is None or final.space_id == question.space_id:
        return True
    return session.get_one(Space, final.space_id).is_for_all


def _begin(session: Session, question: Post, by: Member) -> Post:
    if not accepting.may_accept(question, by):
        raise Refusal(403, _("Whoever asked, or a trainer, says how a question stands."))
    question = locked(session, Post, question.id)
    if question.kind != Kind.QUESTION or not question.is_visible:
        raise Refusal(409, _("There is no such question here any more."))
    if question.is_locked:
        raise Refusal(409, _("This conversation is locked."), _("A trainer can unlock it."))
    return question


def _need_words(words: str) -> None:
    if not words:
        raise Refusal(422, _("Say it in a few words, so that others understand."))


def _row(session: Session, question: Post) -> QuestionState | None:
    statement = select(QuestionState).where(QuestionState.question_id == question.id)
    return session.scalar(statement.execution_options(populate_existing=True))


def _holding(session: Session, question: Post) -> QuestionState | None:
    """The same, if it still holds."""
    statement = select(QuestionState).where(QuestionState.question_id == question.id, HOLDS)
    return session.scalar(statement.execution_options(populate_existing=True))


def _has_acceptance(session: Session, question: Post) -> bool:
    accepted = select(Acceptance.question_id).join(Post, Post.id == Acceptance.answer_id)
    accepted = accepted.where(Acceptance.question_id == question.id, Post.visibility == Visibility.VISIBLE)
    return session.scalar(accepted) is not None


def _say(
    session: Session, question: Post, by: Member, status: Status, words: str, duplicate_of_id: int | None = None
) -> QuestionState:
    row = _row(session, question) or QuestionState(question_id=question.id, cohort_id=question.cohort_id)
    row.status, row.words, row.duplicate_of_id = status, words, duplicate_of_id
    row.by_id, row.at = by.id, clock.now()
    session.add(row)
    session.flush()
    escalating.settle(session, question.id)
    return row
