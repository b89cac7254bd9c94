"""What a starter question opened, for the trainers of its cohort."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from sociallearn.ideas.models import Idea, IdeaRound
from sociallearn.posts import reading
from sociallearn.posts.models import Post, Starter
from sociallearn.posts.reading import Shown
from sociallearn.roster.models import Member


@dataclass(frozen=True)
class Opened:
    """Its parts as they stand now; None for what was not opened, or is gone."""

    discussion: Shown | None
    question: Shown | None
    round: IdeaRound | None
    ideas: int  # in the round

    @property
    def is_gone(self) -> bool:
        """Nothing of it is left."""
        return not (self.discussion or self.question or self.round)

    @property
    def is_answered(self) -> bool:
        """Everything that is left has an answer, so that nothing can be taken back."""
        answered = [part.reply_count > 0 for part in (self.discussion, self.question) if part]
        return all([*answered, self.ideas > 0] if self.round else answered)


def opened(session: Session, starter: Starter, member: Member) -> Opened:
    """Everything its page shows."""
    ids = [id_ for id_ in (starter.post_id, starter.question_id) if id_]
    posts = session.scalars(select(Post).where(Post.id.in_(ids)).options(joinedload(Post.author)))
    shown = {post.id: reading.show(post, member) for post in posts if post.is_visible}
    reading.give_marks(session, list(shown.values()), member)
    round_ = session.get(IdeaRound, starter.round_id) if starter.round_id else None
    ideas = session.scalar(select(func.count(Idea.post_id)).where(Idea.round_id == round_.id)) if round_ else 0
    return Opened(shown.get(starter.post_id or 0), shown.get(starter.question_id or 0), round_, ideas or 0)
