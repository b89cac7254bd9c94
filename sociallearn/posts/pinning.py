"""Pin a thread above the others, for trainers; an announcement is a post of theirs that begins pinned."""

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.posts.models import Post
from sociallearn.roster.models import Cohort, Member

MOST = 3  # in a room: more would hide the conversation below them


def pin(session: Session, post: Post, *, by: Member) -> None:
    """Put it above the others. Raises Refusal 403 for learners, 409 when three are there or it is no thread."""
    if not by.is_trainer:
        raise Refusal(403, _("Only trainers of this cohort can do this."), _("Ask your trainer."))
    if not post.is_root or not post.is_visible:
        raise Refusal(409, _("Only a conversation that can be read can be pinned."))
    locked(session, Cohort, post.cohort_id)  # two trainers at once must not make it four
    pinned = select(func.count()).where(
        Post.cohort_id == post.cohort_id, Post.kind == post.kind, Post.pinned_at.is_not(None), Post.id != post.id
    )
    if (session.scalar(pinned) or 0) >= MOST:
        raise Refusal(409, _("Three are pinned already."), _("Take one down first: more would hide what is new."))
    post.pinned_at = post.pinned_at or clock.now()


def unpin(session: Session, post: Post, *, by: Member) -> None:
    """Let it go back to its place. Raises Refusal 403 for learners."""
    if not by.is_trainer:
        raise Refusal(403, _("Only trainers of this cohort can do this."), _("Ask your trainer."))
    post.pinned_at = None


def announce(session: Session, post: Post, *, by: Member) -> None:
    """Mark one's own new post as an announcement and pin it. Raises Refusal as ``pin`` does."""
    pin(session, post, by=by)
    post.is_announcement = True
