"""What there is to choose from in the LMS's dialog."""

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from sociallearn.ideas.models import IdeaRound
from sociallearn.ideas.reading import rounds_of
from sociallearn.lti.models import ContentRequest
from sociallearn.posts.forms import LONGEST_TITLE
from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.roster.models import Cohort, ContentItem, Member, Placement, Role
from sociallearn.text.excerpting import excerpt

SPACE, STARTER, ROUND = "space", "starter", "round"
ROOMS = ("feed", "questions", "ideas")
KINDS = (SPACE, *ROOMS, STARTER, ROUND)
MOST_POSTS = 50


@dataclass(frozen=True)
class Offer:
    """What this request lets a trainer place, and what stands filled in already."""

    kinds: list[str]
    is_multiple: bool
    takes_grades: bool
    posts: list[tuple[int, str]]  # trainers' conversations, newest first: id and beginning
    rounds: list[tuple[int, str]]  # open rounds, newest first: id and question
    titles: dict[str, str]
    is_first: bool  # nothing of this cohort stands in the course yet
    zone: str


def offer(session: Session, row: ContentRequest, cohort: Cohort, member: Member) -> Offer:
    """Everything the dialog shows, in four queries."""
    rooms = [room for room in ROOMS if room not in cohort.rooms_off]
    kinds = [SPACE, *rooms]
    kinds += [kind for kind, room in ((STARTER, "feed"), (ROUND, "ideas")) if room in rooms]
    return Offer(
        kinds=kinds,
        is_multiple=row.accept_multiple,
        takes_grades=row.accept_line_item,
        posts=[(id_, excerpt(html, 90)) for id_, html in _starters(session, cohort)],
        rounds=[(one.id, one.question) for one in rounds_of(session, member) if one.is_open],
        titles={
            SPACE: " ".join((row.title or "").split())[:LONGEST_TITLE] or _("Talk, ask and think along"),
            "feed": _("Feed"),
            "questions": _("Questions"),
            "ideas": _("Ideas"),
        },
        is_first=_is_first(session, cohort),
        zone=cohort.time_zone,
    )


def _starters(session: Session, cohort: Cohort) -> list[tuple[int, str]]:
    statement = (
        select(Post.id, Post.html)
        .join(Member, Member.id == Post.author_id)
        .where(*_may_start(cohort))
        .order_by(Post.id.desc())
        .limit(MOST_POSTS)
    )
    return [(id_, html) for id_, html in session.execute(statement)]


def starter(session: Session, cohort: Cohort, post_id: int) -> Post | None:
    """A conversation a trainer of this cohort began, if it can be read."""
    joined = select(Post).join(Member, Member.id == Post.author_id)
    return session.scalar(joined.where(*_may_start(cohort), Post.id == post_id))


def _may_start(cohort: Cohort) -> tuple[ColumnElement[bool], ...]:
    return (
        Post.cohort_id == cohort.id,
        Post.kind == Kind.POST,
        Post.root_id.is_(None),
        Post.space_id.is_(None),  # whoever opens the link must be able to read it
        Post.visibility == Visibility.VISIBLE,
        Member.role == Role.TRAINER,
    )


def open_round(session: Session, cohort: Cohort, round_id: int) -> IdeaRound | None:
    """A round of this cohort that takes ideas."""
    found = session.scalar(select(IdeaRound).where(IdeaRound.cohort_id == cohort.id, IdeaRound.id == round_id))
    return found if found is not None and found.is_open else None


def _is_first(session: Session, cohort: Cohort) -> bool:
    tables = (Placement, ContentItem)
    return all(session.scalar(select(t.id).where(t.cohort_id == cohort.id).limit(1)) is None for t in tables)
