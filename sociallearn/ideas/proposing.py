"""Propose an idea."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from sociallearn.activity.recording import upcoming
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.ideas import building, rounds, staging
from sociallearn.ideas.models import Idea, IdeaRound
from sociallearn.posts import writing
from sociallearn.posts.models import Kind, Post
from sociallearn.roster.models import Member


def propose(
    session: Session, *, by: Member, title: str, body: str, to: IdeaRound | None = None, on: Idea | None = None
) -> Idea:
    """A new idea in the round, or in the one that is always open, perhaps ``on`` another. Nothing waits for approval.

    Raises Refusal 409 when the round closed, or the other idea went, meanwhile.
    """
    round_ = to or rounds.default_round(session, by)
    if not round_.is_open:
        raise Refusal(
            409,
            _("This idea round is closed."),
            _("Your text stands below. You can propose it outside the round, or ask your trainer."),
        )
    # so that its first stage is still there when this stands in it; before anything else is locked, as in ``moving``
    round_ = locked(session, IdeaRound, round_.id)
    if on is not None:
        upcoming.send([by.id, session.get_one(Post, on.post_id).author_id], session=session)
    post = writing.write(session, Kind.IDEA, by=by, title=title, body=body)
    first = staging.stages_of(session, round_)[0].key
    idea = Idea(cohort_id=by.cohort_id, post_id=post.id, round_id=round_.id, stage=first)
    session.add(idea)
    session.flush()
    if on is not None:
        building.build(session, idea, on, by=by)
    return idea
