"""Propose an idea."""

from sqlalchemy.orm import Session

from sociallearn.ideas import rounds
from sociallearn.ideas.models import Idea
from sociallearn.posts import writing
from sociallearn.posts.models import Kind
from sociallearn.roster.models import Member


def propose(session: Session, *, by: Member, title: str, body: str) -> Idea:
    """A new idea in the open round. Nothing waits for approval."""
    post = writing.write(session, Kind.IDEA, by=by, title=title, body=body)
    idea = Idea(cohort_id=by.cohort_id, post_id=post.id, round_id=rounds.open_round(session, by).id)
    session.add(idea)
    session.flush()
    return idea
