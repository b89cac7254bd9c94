"""Files that come with a text."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from sociallearn.attachments import attaching
from sociallearn.attachments.attaching import Chosen
from sociallearn.posts import writing
from sociallearn.posts.models import Extra, Post
from sociallearn.roster.models import Member


def attach(session: Session, post: Post, chosen: Sequence[Chosen], *, by: Member) -> None:
    """These files, and no others, come with one's own text, just written or changed in this transaction.

    Raises Refusal as ``attachments.attaching.attach`` does.
    """
    if not chosen and not post.extras & Extra.FILES:
        return
    has_files = attaching.attach(session, post.id, chosen, by=by)
    post.extras = post.extras | Extra.FILES if has_files else post.extras & ~Extra.FILES
    session.flush()
    writing.written.send(post, session=session)
