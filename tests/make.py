"""Make things the way people do: through the acts."""

from sqlalchemy.orm import Session

from sociallearn.ideas import proposing
from sociallearn.ideas.models import Idea
from sociallearn.posts import writing
from sociallearn.posts.models import Kind, Post
from sociallearn.roster.models import Member

WORDS = (
    "Yesterday a colleague from the other building asked me how we plan the spring campaign and within an hour three "
    "people who had never met her wrote what worked for them last year so that she could start today with a plan that "
    "none of us would have found alone"
)


def post(session: Session, by: Member, body: str = WORDS) -> Post:
    """A post in the feed."""
    return writing.write(session, Kind.POST, by=by, body=body)


def question(session: Session, by: Member, title: str = "Who knows?", body: str = WORDS) -> Post:
    """A question."""
    return writing.write(session, Kind.QUESTION, by=by, title=title, body=body)


def reply(session: Session, to: Post, by: Member, body: str = "I do, and here is how we did it.") -> Post:
    """A reply, an answer or a comment: whatever fits."""
    return writing.reply(session, to, by=by, body=body)


def idea(session: Session, by: Member, title: str = "A map of who knows what", body: str = WORDS) -> Idea:
    """An idea in the open round."""
    return proposing.propose(session, by=by, title=title, body=body)
