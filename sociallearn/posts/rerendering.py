"""Stored HTML follows the renderer: what an earlier one made is made again, some texts at a time."""

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.database import locked
from sociallearn.posts import naming, writing
from sociallearn.posts.models import Post
from sociallearn.text import rendering

MOST_AT_ONCE = 500  # texts; the next time takes more


def renew(session: Session) -> int:
    """Housekeeping: render again what an earlier version of the renderer made, with the mentions and topics this one
    finds; how many texts. Looks no further in this process once nothing is left: nothing older is made any more."""
    if current_app.extensions.get("rendered_by") == rendering.RENDERER:
        return 0
    older = select(Post.id).where(Post.renderer < rendering.RENDERER).order_by(Post.id).limit(MOST_AT_ONCE)
    ids = session.scalars(older).all()
    for post_id in ids:
        post = locked(session, Post, post_id)  # somebody may be editing it
        who = naming.people_in(session, post.cohort_id, post.body)
        post.html = rendering.render(post.body, tool_url=current_app.config["BASE_URL"], names=who.names)
        post.renderer = rendering.RENDERER
        session.flush()
        naming.keep(session, post, who)
        writing.written.send(post, session=session)
    if len(ids) < MOST_AT_ONCE:
        current_app.extensions["rendered_by"] = rendering.RENDERER
    return len(ids)
