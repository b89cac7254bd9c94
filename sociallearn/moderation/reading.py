"""The decision log, and what is hidden now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from sociallearn.posts import reading, sight
from sociallearn.posts.models import Decision, Post, Visibility
from sociallearn.posts.reading import Shown
from sociallearn.roster.models import Member
from sociallearn.text.excerpting import excerpt

LATEST = 100


@dataclass(frozen=True)
class Entry:
    """One decision as the cohort reads it: what was decided and why; the text itself only if it can be read."""

    at: datetime
    by: str
    role: str
    before: str
    after: str
    reason: str
    author: str
    post_url: str
    post_title: str | None


def decisions(session: Session, member: Member) -> list[Entry]:
    """The newest hundred decisions about somebody else's text, where this member can look; replies they are to answer
    before seeing are left out. Deleting one's own is nobody's business."""
    rows = session.scalars(
        select(Decision)
        .join(Decision.post)
        .where(Decision.cohort_id == member.cohort_id, Decision.role != "author", sight.in_sight(member))
        .options(
            joinedload(Decision.by),
            joinedload(Decision.by_person),
            contains_eager(Decision.post).joinedload(Post.author),
        )
        .order_by(Decision.id.desc())
        .limit(LATEST)
    )
    return [_entry(row, member) for row in rows]


def _entry(row: Decision, member: Member) -> Entry:
    shown = reading.show(row.post, member)
    title = (shown.title or excerpt(str(shown.html), 60)) if shown.is_visible else None
    return Entry(row.at, row.by_name, row.role, row.before, row.after, row.reason, shown.author, shown.url, title)


def hidden(session: Session, member: Member) -> list[Shown]:
    """Texts hidden now, the newest first, for trainers to look at again."""
    posts = session.scalars(
        select(Post)
        .where(Post.cohort_id == member.cohort_id, Post.visibility == Visibility.HIDDEN)
        .options(joinedload(Post.author))
        .order_by(Post.id.desc())
        .limit(LATEST)
    )
    shown = [reading.show(post, member) for post in posts]
    reading.give_reasons(session, shown)
    return shown
