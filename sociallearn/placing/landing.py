"""What a placed item opens: one conversation, one idea round, or its room."""

from sqlalchemy.orm import Session

from sociallearn.ideas.models import IdeaRound
from sociallearn.posts.models import Post
from sociallearn.roster import opening
from sociallearn.roster.models import ContentItem
from sociallearn.roster.opening import Goal


def connect() -> None:
    """Tell launches what stands within the rooms. Safe to call again."""
    if within not in opening.within_rooms:
        opening.within_rooms.append(within)


def within(session: Session, item: ContentItem) -> Goal | None:
    """The conversation or round of this item; its room, with a sentence, where that is gone; None for a room."""
    if item.post_id is not None:
        post = session.get(Post, item.post_id)
        if post is not None and post.is_visible and post.cohort_id == item.cohort_id:
            return "feed.show", {"post_id": post.id}
        return "feed.index", {"toast": "gone"}
    if item.round_id is not None:
        round_ = session.get(IdeaRound, item.round_id)
        if round_ is not None and round_.cohort_id == item.cohort_id:
            return "ideas.index", {"round": round_.id}
    return None
