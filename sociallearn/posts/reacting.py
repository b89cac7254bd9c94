"""React to a text without words, and take it back. Never counts for a grade; each kind once, by others only."""

from blinker import Signal
from flask_babel import gettext as _
from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_new
from sociallearn.errors import Refusal
from sociallearn.posts.models import Post, Reaction, ReactionKind
from sociallearn.roster.models import Member, Person

COUNTERS = {kind: getattr(Post, kind.value) for kind in ReactionKind}
MOST_NAMES = 200

# Sent inside the transaction: reacted.send(post, kind=kind, by=by, is_given=True, session=session); False: taken back.
reacted = Signal()


def react(session: Session, post: Post, kind: ReactionKind, *, by: Member) -> None:
    """Give it; a second time changes nothing. Raises Refusal 403 for one's own text, 409 for one that is gone."""
    if post.written_by(by):
        raise Refusal(403, _("Reactions are for what others wrote."))
    if not post.is_visible:
        raise Refusal(409, _("This text was removed meanwhile."))
    key = {"post_id": post.id, "member_id": by.id, "kind": kind.value}
    values = {"cohort_id": by.cohort_id, "organisation_id": by.organisation_id, "at": clock.now()}
    if insert_new(session, Reaction, key | values):
        _count(session, post, kind, 1)
        reacted.send(post, kind=kind, by=by, is_given=True, session=session)


def withdraw(session: Session, post: Post, kind: ReactionKind, *, by: Member) -> None:
    """Take it back; a second time changes nothing."""
    mine = (Reaction.post_id == post.id, Reaction.member_id == by.id, Reaction.kind == kind)
    gone: CursorResult[tuple[()]] = session.execute(delete(Reaction).where(*mine))  # type: ignore[assignment]
    if gone.rowcount:
        _count(session, post, kind, -1)
        reacted.send(post, kind=kind, by=by, is_given=False, session=session)


def _count(session: Session, post: Post, kind: ReactionKind, change: int) -> None:
    session.execute(update(Post).where(Post.id == post.id).values({kind.value: COUNTERS[kind] + change}))


def names(session: Session, post: Post) -> dict[ReactionKind, list[str]]:
    """Who reacted how, first come first; at most two hundred names in all."""
    rows = session.execute(
        select(Reaction.kind, Person.name)
        .join(Member, Member.id == Reaction.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Reaction.post_id == post.id, Reaction.cohort_id == post.cohort_id)
        .order_by(Reaction.at, Person.name)
        .limit(MOST_NAMES)
    )
    found: dict[ReactionKind, list[str]] = {kind: [] for kind in ReactionKind}
    for kind, name in rows:
        found[ReactionKind(kind)].append(name)
    return {kind: who for kind, who in found.items() if who}
