"""Rate a few ideas in a row: which ones is no choice of anybody's (``exposing``)."""

from random import SystemRandom
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.ideas import authoring, exposing
from sociallearn.ideas.models import Idea, IdeaRound, Rating, Serving, Sitting
from sociallearn.posts.models import Post, Visibility
from sociallearn.roster.models import Cohort, Member


def begin(session: Session, *, by: Member, within: IdeaRound | None = None) -> Sitting | None:
    """Ideas to rate, of one round or of all open ones; what one has not finished goes on. None when nothing is left.

    Being served counts here, in the same transaction, whatever one does with it. Raises Refusal 403 for those who only
    read.
    """
    if not by.may_write:
        raise Refusal(403, _("You can read here, not write."), _("Learners and trainers of the cohort write."))
    locked(session, Cohort, by.cohort_id)  # so that two who begin at once are not both served the same few
    unfinished = _unfinished(session, by, within)
    if unfinished is not None:
        return unfinished
    rows = session.execute(select(Idea.post_id, Idea.served_count).where(*left(by, within))).all()
    chosen = exposing.choose([(row.post_id, row.served_count) for row in rows], SystemRandom())
    if not chosen:
        return None
    made = Sitting(
        cohort_id=by.cohort_id, member_id=by.id, round_id=within.id if within else None, begun_at=clock.now()
    )
    session.add(made)
    session.flush()
    session.add_all(
        Serving(cohort_id=by.cohort_id, sitting_id=made.id, place=place, idea_id=idea_id, member_id=by.id)
        for place, idea_id in enumerate(chosen, start=1)
    )
    session.flush()
    session.execute(update(Idea).where(Idea.post_id.in_(chosen)).values(served_count=Idea.served_count + 1))
    return made


def skip(session: Session, sitting: Sitting, place: int) -> None:
    """Pass an idea over; a second time changes nothing. Raises Refusal 404 when nothing stands at that place."""
    serving = session.get(Serving, (sitting.id, place))
    if serving is None:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    serving.is_skipped = True
    session.flush()


def left(by: Member, within: IdeaRound | None = None) -> tuple[ColumnElement[bool], ...]:
    """What makes an idea one that ``by`` can still be asked about: readable, in an open round, somebody else's, not
    rated by them and not put before them yet."""
    mine = select(Rating.idea_id).where(Rating.member_id == by.id)
    served = select(Serving.idea_id).where(Serving.member_id == by.id)
    return (*_ratable(by, within), Idea.post_id.not_in(mine), Idea.post_id.not_in(served))


def unrated(by: Member, within: IdeaRound | None = None) -> tuple[ColumnElement[bool], ...]:
    """The same, and what was put before them and waits."""
    gone = select(Rating.idea_id).where(Rating.member_id == by.id)
    skipped = select(Serving.idea_id).where(Serving.member_id == by.id, Serving.is_skipped.is_(True))
    return (*_ratable(by, within), Idea.post_id.not_in(gone), Idea.post_id.not_in(skipped))


def _ratable(by: Member, within: IdeaRound | None) -> tuple[ColumnElement[bool], ...]:
    readable = select(Post.id).where(Post.id == Idea.post_id, Post.visibility == Visibility.VISIBLE)
    still_open = select(IdeaRound.id).where(
        IdeaRound.cohort_id == by.cohort_id, or_(IdeaRound.closed_at.is_(None), IdeaRound.closed_at > clock.now())
    )
    conditions = (
        Idea.cohort_id == by.cohort_id,
        readable.where(Post.author_id != by.id).exists(),
        Idea.round_id.in_(still_open),
        Idea.merged_into.is_(None),
        ~authoring.authored(by),
    )
    return conditions if within is None else (*conditions, Idea.round_id == within.id)


def to_do(session: Session, sitting: Sitting, by: Member) -> int | None:
    """The first place with an idea that waits for a rating; none when this sitting is done."""
    return session.scalar(
        _waiting(by).where(Serving.sitting_id == sitting.id).with_only_columns(func.min(Serving.place))
    )


def _unfinished(session: Session, by: Member, within: IdeaRound | None) -> Sitting | None:
    # begun in whatever list: an idea is served once
    waiting = _waiting(by).where(*_ratable(by, within)).with_only_columns(Serving.sitting_id)
    mine = select(Sitting).where(Sitting.member_id == by.id, Sitting.id.in_(waiting))
    return session.scalar(mine.order_by(Sitting.id.desc()).limit(1))


def _waiting(by: Member) -> Select[Any]:
    mine = select(Rating.idea_id).where(Rating.member_id == by.id)
    return (
        select(Serving)
        .join(Idea, Idea.post_id == Serving.idea_id)
        .where(Serving.member_id == by.id, Serving.is_skipped.is_(False), Idea.post_id.not_in(mine))
        .where(*_ratable(by, None))
    )
