"""Follow a topic, and no longer."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_new
from sociallearn.posts.models import TopicFollow
from sociallearn.roster.models import Member


def follow(session: Session, topic_id: int, *, by: Member) -> None:
    """Find it above the others; a second time changes nothing."""
    values = {"cohort_id": by.cohort_id, "organisation_id": by.organisation_id, "at": clock.now()}
    insert_new(session, TopicFollow, {"member_id": by.id, "topic_id": topic_id, **values})


def unfollow(session: Session, topic_id: int, *, by: Member) -> None:
    """Let it stand where it would."""
    session.execute(delete(TopicFollow).where(TopicFollow.member_id == by.id, TopicFollow.topic_id == topic_id))
