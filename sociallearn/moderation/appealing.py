"""The author of a text has a decision about it looked at again: both what they say and the answer stand in the log.

For a text that is hidden there is *Edit and ask to show it again* (``reporting``): what is asked there is not public,
as the text is not.
"""

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from sociallearn import clock
from sociallearn.database import insert_new, locked
from sociallearn.errors import Refusal
from sociallearn.moderation.models import Appeal
from sociallearn.posts.models import Decision, Lock, Post, Visibility
from sociallearn.roster.models import Member, Role

_OF_NO_APPEAL = {Visibility.VISIBLE, Visibility.HIDDEN, Visibility.DELETED, Lock.OPEN}


def is_for_appeal(decision: Decision) -> bool:
    """Whether it is of a kind its author can ask about: a move, a merge or split, a lock, by somebody else."""
    return decision.after not in _OF_NO_APPEAL and decision.role != "author"


def appeal(session: Session, decision: Decision, *, by: Member, words: str) -> None:
    """Ask. Raises Refusal 403 for who did not write the text, 422 without words, 409 for what cannot be asked about or
    was asked already."""
    if not session.get_one(Post, decision.post_id).written_by(by):
        raise Refusal(403, _("Whoever wrote the text can ask for another look."))
    if not is_for_appeal(decision) or decision.by_id == by.id:
        raise Refusal(409, _("This decision cannot be looked at again this way."))
    if not words:
        raise Refusal(422, _("Say in a sentence why it should be looked at again."))
    own = {"cohort_id": decision.cohort_id, "organisation_id": decision.organisation_id, "at": clock.now()}
    said = {"author_id": by.id, "words": words, "note": ""}
    if not insert_new(session, Appeal, {"decision_id": decision.id, **own, **said}):
        raise Refusal(409, _("You have asked already. The answer will stand in the decision log."))


def answer(session: Session, asked: Appeal, *, by: Member, is_upheld: bool, note: str) -> Appeal:
    """Say that it stays, or that the author is right; what follows from that is a decision of its own.

    Raises Refusal 403 for who may not, 422 without a note, 409 when somebody was faster.
    """
    check_may_answer(session, asked, by)
    if not note:
        raise Refusal(422, _("Say why, so that the author and the cohort know."))
    row = locked(session, Appeal, asked.id)
    if row.answered_at is not None:
        raise Refusal(409, _("Somebody was faster: this was already answered."), _("Reload the page to see it."))
    row.answered_by_id, row.answered_at, row.is_upheld, row.note = by.id, clock.now(), is_upheld, note
    session.flush()
    return row


def check_may_answer(session: Session, asked: Appeal, by: Member) -> None:
    """Raises Refusal 403 for who does not train, who asked, and who decided while there is another trainer."""
    if not by.is_trainer:
        raise Refusal(403, _("Only trainers of this cohort can do this."), _("Ask your trainer."))
    mine = select(Appeal.id).join(Decision, Decision.id == Appeal.decision_id).where(Appeal.id == asked.id, *for_(by))
    if session.scalar(mine) is None:
        raise Refusal(403, _("This is about you: another trainer answers it."))


def for_(by: Member) -> tuple[ColumnElement[bool], ...]:
    """What picks the appeals (joined with their decisions) this trainer answers: not their own, nor about what they
    decided, unless nobody else trains here but who asks."""
    another = aliased(Member)
    somebody_else = exists().where(
        another.cohort_id == by.cohort_id,
        another.role == Role.TRAINER,
        another.joined_at.is_not(None),
        another.left_at.is_(None),
        another.id.not_in((by.id, Appeal.author_id)),
    )
    decided_by_me = func.coalesce(Decision.by_id, 0) == by.id
    return (Appeal.cohort_id == by.cohort_id, Appeal.author_id != by.id, or_(~decided_by_me, ~somebody_else))


def count(session: Session, by: Member) -> int:
    """How many wait for this trainer."""
    waiting = select(func.count()).select_from(Appeal).join(Decision, Decision.id == Appeal.decision_id)
    return session.scalar(waiting.where(Appeal.answered_at.is_(None), *for_(by))) or 0
