"""Take a starter question back: whatever nobody answered yet goes, what somebody answered stays."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.ideas import rounds
from sociallearn.ideas.models import IdeaRound
from sociallearn.posts import deciding
from sociallearn.posts.models import Post, Starter, Visibility
from sociallearn.roster.models import Member


def withdraw(session: Session, starter: Starter, *, by: Member) -> bool:
    """Delete its texts and its idea round where nobody answered; whether all of it is gone. A second time changes
    nothing.

    Raises Refusal 403 for anybody but the trainer who opened it.
    """
    rounds.check_trains(by)
    if starter.by_id != by.id:
        raise Refusal(
            403, _("Only who opened a starter question takes it back."), _("You can hide its texts, with a reason.")
        )
    starter = locked(session, Starter, starter.id)
    gone = [_withdraw_text(session, id_, by) for id_ in (starter.post_id, starter.question_id) if id_]
    if starter.round_id is not None:
        gone.append(_withdraw_round(session, starter))
    return all(gone)


def _withdraw_text(session: Session, post_id: int, by: Member) -> bool:
    post = locked(session, Post, post_id)  # a reply that is on its way waits, or is counted
    if not post.is_visible:
        return True
    if post.reply_count:
        return False
    deciding.decide(session, post, Visibility.DELETED, by=by, reason="")
    return True


def _withdraw_round(session: Session, starter: Starter) -> bool:
    round_ = session.get_one(IdeaRound, starter.round_id)
    starter.round_id = None
    session.flush()
    if rounds.remove_unused(session, round_):
        return True
    starter.round_id = round_.id
    session.flush()
    return False
