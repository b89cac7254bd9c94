"""Move an idea to another stage: the one way, and never without a public reason (see ``posts.deciding``)."""

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.ideas import joining, staging
from sociallearn.ideas.models import Idea, IdeaRound, RoundOwner
from sociallearn.posts.models import Decision, Post
from sociallearn.roster.models import Member

OWNER = "owner"  # what the log says of a member who looks after the round


def may_move(session: Session, round_id: int, by: Member) -> bool:
    """Whether this member moves ideas of this round: its cohort's trainers and whoever looks after it."""
    if not by.may_write:
        return False
    mine = (RoundOwner.round_id == round_id, RoundOwner.member_id == by.id)
    return by.is_trainer or bool(session.scalar(select(select(RoundOwner.round_id).where(*mine).exists())))


def check_may_move(session: Session, round_id: int, by: Member) -> None:
    """Raises Refusal 403 for everybody else."""
    if not may_move(session, round_id, by):
        raise Refusal(
            403, _("Trainers and those who look after the round move ideas."), _("Say what you think below the idea.")
        )


def move(session: Session, idea: Idea, to: str, *, by: Member, reason: str, seen: str) -> Decision:
    """From the stage one ``seen`` to the one with the key ``to``, for a reason everybody can read.

    Raises Refusal 403 for whoever may not, 422 without a reason or for a stage there is not, 409 when somebody else
    moved it meanwhile, the text is gone, or it stands there already.
    """
    check_may_move(session, idea.round_id, by)
    if not reason:
        raise Refusal(422, _("Say why, so that the author and the cohort know."))
    round_ = locked(session, IdeaRound, idea.round_id)
    idea = locked(session, Idea, idea.post_id)
    steps = {one.key: one for one in staging.stages_of(session, round_)}
    if to not in steps:
        raise Refusal(422, _("Choose a stage from the list."))
    joining.check_not_merged(session, idea)
    if idea.stage != seen:
        raise Refusal(
            409,
            _("Somebody else moved this idea meanwhile. It now stands in “%(stage)s”.", stage=_name(steps, idea.stage)),
            _("Look at their reason in the decision log; then move it again if it is still needed."),
        )
    if to == seen:
        raise Refusal(409, _("It stands there already."), _("Choose another stage."))
    post = session.get_one(Post, idea.post_id)
    if not post.is_visible:
        raise Refusal(409, _("This idea was removed meanwhile."))
    row = Decision(
        cohort_id=idea.cohort_id,
        post_id=idea.post_id,
        by_id=by.id,
        role=by.role if by.is_trainer else OWNER,
        before=f"stage:{steps[idea.stage].code}",
        after=f"stage:{steps[to].code}",
        reason=reason,
        at=clock.now(),
    )
    session.add(row)
    idea.stage = to
    session.flush()
    return row


def _name(steps: dict[str, staging.Step], key: str) -> str:
    return steps[key].name or staging.usual_names()[key]
