"""How a text read, version by version."""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.posts.models import Post, PostVersion
from sociallearn.text.completing import complete


@dataclass(frozen=True)
class Version:
    """One state of a text."""

    number: int
    written_at: datetime
    title: str | None
    html: Markup


def of(session: Session, post: Post, seat_path: str) -> list[Version]:
    """All versions that may be read, the newest (how it reads now) first."""
    current = Version(post.version, post.edited_at or post.created_at, post.title, _html(post.html, seat_path))
    earlier = session.scalars(
        select(PostVersion)
        .where(PostVersion.post_id == post.id, PostVersion.is_withdrawn.is_(False))
        .order_by(PostVersion.number.desc())
    )
    return [current] + [Version(v.number, v.written_at, v.title, _html(v.html, seat_path)) for v in earlier]


def _html(html: str, seat_path: str) -> Markup:
    return Markup(complete(html, seat_path))  # noqa: S704 - made by our sanitiser
