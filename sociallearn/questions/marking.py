"""Say of an answer that it is useful, that it helped, that a trainer recommends it; and take that back.

Nobody says so of their own text, everybody once a text. The counters stand in ``AnswerTally``. A vote is no act of the
ledger; the other two are, and count where the cohort's rules say so.
"""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import CursorResult, delete, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.activity import recording
from sociallearn.activity.models import Verb
from sociallearn.database import insert_new
from sociallearn.errors import Refusal
from sociallearn.posts import sight
from sociallearn.posts.models import Kind, Post
from sociallearn.questions.models import AnswerTally, AnswerVote, Endorsement, Help
from sociallearn.roster import pretending
from sociallearn.roster.models import Member

_Mark = type[AnswerVote] | type[Help] | type[Endorsement]


def vote(session: Session, answer: Post, *, by: Member) -> None:
    """Find it useful; a second time changes nothing. Raises Refusal 403 for one's own answer, 409 for what is no answer
    that can be read."""
    _check(answer, by, _is_answer(answer))
    if _give(session, AnswerVote, answer, by):
        _count(session, answer, votes=1)


def take_vote(session: Session, answer: Post, *, by: Member) -> None:
    """No longer; a second time changes nothing."""
    if _take(session, AnswerVote, answer, by):
        _count(session, answer, votes=-1)


def helped(session: Session, text: Post, *, by: Member) -> None:
    """This answer or comment helped me. Raises Refusal as ``vote`` does."""
    _check(text, by, _is_answer(text) or _is_comment_here(session, text))
    if _give(session, Help, text, by):
        _count(session, text, helped=1)
        _record(session, Verb.HELPED, text, by)


def take_help(session: Session, text: Post, *, by: Member) -> None:
    """It did not, after all; a second time changes nothing."""
    if _take(session, Help, text, by):
        _count(session, text, helped=-1)
        _record(session, Verb.UNHELPED, text, by)


def endorse(session: Session, answer: Post, *, by: Member) -> None:
    """A trainer recommends it. Raises Refusal 403 for learners, else as ``vote`` does."""
    if not by.is_trainer:
        raise Refusal(403, _("Only trainers of this cohort can do this."), _("Ask your trainer."))
    _check(answer, by, _is_answer(answer))
    if _give(session, Endorsement, answer, by):
        _record(session, Verb.ENDORSED, answer, by)


def take_endorsement(session: Session, answer: Post, *, by: Member) -> None:
    """No longer; a second time changes nothing."""
    if _take(session, Endorsement, answer, by):
        _record(session, Verb.UNENDORSED, answer, by)


def _is_answer(post: Post) -> bool:
    return post.kind == Kind.ANSWER


def _is_comment_here(session: Session, post: Post) -> bool:
    return post.kind == Kind.COMMENT and session.get_one(Post, post.root_id).kind == Kind.QUESTION


def _check(post: Post, by: Member, fits: bool) -> None:
    pretending.check_is_somebody(by)
    if post.written_by(by):
        raise Refusal(403, _("This is for what others wrote."))
    if not fits or not post.is_visible:
        raise Refusal(409, _("That answer is no longer there."), _("Reload the page to see what changed."))


def _give(session: Session, mark: _Mark, post: Post, by: Member) -> bool:
    return insert_new(session, mark, {"post_id": post.id, "member_id": by.id, "at": clock.now(), **_cohort(by)})


def _take(session: Session, mark: _Mark, post: Post, by: Member) -> bool:
    statement = delete(mark).where(mark.post_id == post.id, mark.member_id == by.id)
    gone: CursorResult[Any] = session.execute(statement)  # type: ignore[assignment]
    return gone.rowcount > 0


def _count(session: Session, post: Post, *, votes: int = 0, helped: int = 0) -> None:
    row = {"post_id": post.id, "votes": 0, "helped": 0}
    row |= {"cohort_id": post.cohort_id, "organisation_id": post.organisation_id}
    insert_new(session, AnswerTally, row)
    changed = {"votes": AnswerTally.votes + votes, "helped": AnswerTally.helped + helped}
    session.execute(update(AnswerTally).where(AnswerTally.post_id == post.id).values(changed))


def _record(session: Session, verb: Verb, post: Post, by: Member) -> None:
    if not sight.is_informal(session, post):
        recording.record(session, verb, by=by, post_id=post.id, root_id=post.thread_id, author_id=post.author_id)


def _cohort(member: Member) -> dict[str, int]:
    return {"cohort_id": member.cohort_id, "organisation_id": member.organisation_id}
