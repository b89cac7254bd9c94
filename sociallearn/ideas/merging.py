"""Bring two ideas of a round together, for a public reason, and part them again as if nothing had been.

The idea that goes into another keeps its page, versions and comments, and takes nothing new.
"""

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.ideas import authoring, joining, moving, tallying
from sociallearn.ideas.models import CoAuthor, Idea, IdeaRound, ImportedName
from sociallearn.posts.models import Decision, Post
from sociallearn.roster.models import Member

ALONE = "alone"  # what the log says of an idea that stands for itself
MERGED = "merged:"  # and of one that is part of another: its id follows


def merge(session: Session, idea: Idea, into_id: int, *, by: Member, reason: str) -> Decision:
    """``idea`` becomes part of another one of its round, for a reason everybody can read.

    Raises Refusal 403 for whoever may not, 422 without a reason or for an idea that is not of this round, 409 when one
    of them is merged already or the text is gone.
    """
    moving.check_may_move(session, idea.round_id, by)
    if not reason:
        raise Refusal(422, _("Say why, so that the author and the cohort know."))
    idea, into = _both_locked(session, idea, into_id)
    if into is None or into.post_id == idea.post_id:
        raise Refusal(422, _("Choose an idea from the list."))
    joining.check_not_merged(session, idea)
    joining.check_not_merged(session, into)
    if not all(session.get_one(Post, one.post_id, populate_existing=True).is_visible for one in (idea, into)):
        raise Refusal(409, _("This idea was removed meanwhile."))
    row = _log(session, idea, by, reason, ALONE, f"{MERGED}{into.post_id}")
    idea.merged_into = into.post_id
    session.flush()
    session.add_all(
        CoAuthor(cohort_id=into.cohort_id, idea_id=into.post_id, member_id=one, from_id=idea.post_id)
        for one in sorted(authoring.ids_of(session, idea.post_id))
    )
    session.flush()
    tallying.reckon(session, into)
    return row


def split(session: Session, idea: Idea, *, by: Member, reason: str) -> Decision:
    """``idea`` stands for itself again, and the other is what it was without it. Ratings the other was given
    meanwhile stay there.

    Raises Refusal 403 for whoever may not, 422 without a reason, 409 when it is not merged, or the other is itself part
    of a third.
    """
    moving.check_may_move(session, idea.round_id, by)
    if not reason:
        raise Refusal(422, _("Say why, so that the author and the cohort know."))
    idea, into = _both_locked(session, idea, None)
    if into is None:
        raise Refusal(409, _("This idea stands for itself already."))
    if into.merged_into is not None:
        raise Refusal(
            409,
            _("The idea it was merged into is part of another one now."),
            _("Split that one first."),
            link=("ideas.show", {"post_id": into.post_id}, _("The other idea")),
        )
    row = _log(session, idea, by, reason, f"{MERGED}{into.post_id}", ALONE)
    idea.merged_into = None
    session.execute(delete(CoAuthor).where(CoAuthor.idea_id == into.post_id, CoAuthor.from_id == idea.post_id))
    came = (ImportedName.post_id == into.post_id, ImportedName.from_id == idea.post_id)
    session.execute(delete(ImportedName).where(*came))
    session.flush()
    tallying.reckon(session, into)
    return row


def _both_locked(session: Session, idea: Idea, into_id: int | None) -> tuple[Idea, Idea | None]:
    """Behind their round, so that nobody takes them in the other order; whoever rates locks one idea only."""
    locked(session, IdeaRound, idea.round_id)
    goal = into_id
    if goal is None:
        goal = session.scalar(select(Idea.merged_into).where(Idea.post_id == idea.post_id))
    its = (Idea.cohort_id == idea.cohort_id, Idea.round_id == idea.round_id)
    rows = session.scalars(
        select(Idea)
        .where(Idea.post_id.in_({idea.post_id, goal or idea.post_id}), *its)
        .order_by(Idea.post_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    found = {one.post_id: one for one in rows}
    return found[idea.post_id], found.get(goal) if goal is not None else None


def _log(session: Session, idea: Idea, by: Member, reason: str, before: str, after: str) -> Decision:
    row = Decision(
        cohort_id=idea.cohort_id,
        post_id=idea.post_id,
        by_id=by.id,
        role=by.role if by.is_trainer else moving.OWNER,
        before=before,
        after=after,
        reason=reason,
        at=clock.now(),
    )
    session.add(row)
    return row


def reason_of(session: Session, idea_id: int) -> str:
    """Why an idea was merged, the last time."""
    said = select(Decision.reason).where(Decision.post_id == idea_id, Decision.after.startswith(MERGED))
    return session.scalar(said.order_by(Decision.id.desc()).limit(1)) or ""
