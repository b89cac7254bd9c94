"""Ideas with the tally only where this member may know it: once they rated it, it is theirs or its round is closed for
good, and enough people rated it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, joinedload

from sociallearn import clock
from sociallearn.ideas import authoring, joining, sitting, staging, weighing
from sociallearn.ideas.models import UNDOING, Idea, IdeaRound, Rating, Serving, Sitting, Stage
from sociallearn.posts import reading, sight
from sociallearn.posts.models import Extra, Kind, Post, Visibility
from sociallearn.posts.reading import Shown
from sociallearn.roster.models import Member, Person, Role

MOST_ROUNDS = 50
MOST_RANKED = 100
MOST_COMPARED = 1000
ON_BOARD = 25  # ideas of each stage
RATED_ENOUGH = 10  # of one's own ratings, before a ranking is shown while a round is open


def add_ratings(session: Session, items: Iterable[Shown], member: Member) -> None:
    """Put one's own rating, and the tally where it may be known, on each idea: three queries for any number.

    An author needs no rating of the own idea: there is none that it could sway. Nobody is told of a few ratings.
    """
    by_id = {item.id: item for item in items if item.kind == Kind.IDEA}
    authoring.give_authors(session, by_id.values(), member)
    own = and_(Rating.idea_id == Idea.post_id, Rating.member_id == member.id)
    rows = session.execute(
        select(
            Idea.post_id, Idea.rating_count, Idea.rating_sum, Rating.value, IdeaRound.closed_at, Idea.stage, Stage.name
        )
        .add_columns(Idea.merged_into)
        .join(IdeaRound, IdeaRound.id == Idea.round_id)
        .outerjoin(Stage, and_(Stage.round_id == Idea.round_id, Stage.key == Idea.stage))
        .outerjoin(Rating, own)
        .where(Idea.post_id.in_(by_id))
    ).all()
    possible = raters(session, member.cohort_id)
    for post_id, count, total, value, closed_at, key, name, merged_into in rows:
        item = by_id[post_id]
        is_open = closed_at is None or closed_at > clock.now()
        item.my_rating, item.stage = value, f"={name}" if name else key
        is_author = item.is_mine or item.is_co_author
        item.may_rate = item.is_visible and not is_author and member.may_write and is_open and merged_into is None
        item.raters_possible = max(possible - 1 - len(item.co_authors), count)  # everybody but its authors
        if value is not None or is_author or (closed_at is not None and closed_at + UNDOING <= clock.now()):
            put_score(item, count, total)


def put_score(item: Shown, count: int, total: int) -> None:
    """Tell what the ratings say, if there are enough for anybody to be told."""
    score = weighing.score(count, total)
    item.few_ratings = score is None
    if score is not None:
        item.rating_count, item.average, item.likely = count, score.average, (score.low, score.high)


def raters(session: Session, cohort_id: int) -> int:
    """How many members of the cohort can rate: who came, and is still there."""
    statement = select(func.count()).where(
        Member.cohort_id == cohort_id,
        Member.role.in_((Role.LEARNER, Role.TRAINER)),
        Member.is_test.is_(False),
        Member.joined_at.is_not(None),  # not who was only invited
        Member.left_at.is_(None),
    )
    return session.scalar(statement) or 0


@dataclass(frozen=True)
class ShownRound:
    """One round as the Ideas page lists it."""

    id: int
    question: str
    closes_at: datetime | None  # when it will close, or closed
    is_open: bool
    may_change: bool


def rounds_of(session: Session, member: Member) -> list[ShownRound]:
    """The cohort's rounds with a question: open ones first, each kind newest first; the newest fifty."""
    found = session.scalars(
        select(IdeaRound)
        .where(IdeaRound.cohort_id == member.cohort_id, IdeaRound.question.is_not(None))
        .order_by(IdeaRound.id.desc())
        .limit(MOST_ROUNDS)
    )
    shown = [ShownRound(one.id, one.question or "", one.closed_at, one.is_open, member.is_trainer) for one in found]
    return sorted(shown, key=lambda one: not one.is_open)


def round_of(session: Session, post_id: int) -> IdeaRound | None:
    """The round an idea belongs to."""
    return session.scalar(select(IdeaRound).join(Idea, Idea.round_id == IdeaRound.id).where(Idea.post_id == post_id))


@lru_cache(maxsize=24)
def within(round_id: int, stage: str | None = None) -> tuple[ColumnElement[bool], ...]:
    """What narrows a list of ideas to one round, or one stage of it; the same objects each time, so that the statement
    is prepared once."""
    its = select(Idea.post_id).where(Idea.round_id == round_id, Idea.merged_into.is_(None))
    return (Post.id.in_(its.where(Idea.stage == stage) if stage else its),)


@dataclass(frozen=True)
class Card:
    """An idea as the board shows it; every one alike."""

    id: int
    title: str
    authors: str
    comments: int
    rating: float | None
    rated: int


@dataclass
class Column:
    """A stage of the board, with the newest of its ideas."""

    key: str
    code: str
    count: int = 0
    cards: list[Card] = field(default_factory=list)


def board(session: Session, round_: IdeaRound, member: Member) -> list[Column]:
    """The round's ideas by stage: the newest of each, and how many there are. Four queries, whatever there is."""
    columns = {one.key: Column(one.key, one.code) for one in staging.stages_of(session, round_)}
    its = _shown_in(round_, member)
    there = select(Idea.stage).join(Post, Post.id == Idea.post_id).where(*its, sight.in_sight(member))
    for key, count in session.execute(there.add_columns(func.count()).group_by(Idea.stage)):
        columns[key].count = count
    own = and_(Rating.idea_id == Idea.post_id, Rating.member_id == member.id)
    place = func.row_number().over(partition_by=Idea.stage, order_by=Idea.post_id.desc()).label("place")
    facts = (
        Idea.post_id,
        Post.title,
        Post.author_id,
        Post.reply_count,
        Post.extras,
        Idea.rating_count,
        Idea.rating_sum,
        Rating.value,
    )
    newest = there.outerjoin(Rating, own).add_columns(*facts, place).subquery()
    rows = session.execute(
        select(newest, Person.name)
        .join(Member, Member.id == newest.c.author_id)
        .join(Person, Person.id == Member.person_id)
        .where(newest.c.place <= ON_BOARD)
        .order_by(newest.c.place)
    ).all()
    further = authoring.authors_of(session, [row.post_id for row in rows])
    named = authoring.imported_names(session, [row.post_id for row in rows if row.extras & Extra.IMPORTED])
    for row in rows:
        authors = {row.author_id: row.name, **further.get(row.post_id, {})}
        may_know = row.value is not None or member.id in authors or round_.shows_results
        score = weighing.score(row.rating_count, row.rating_sum) if may_know else None
        card = Card(
            row.post_id,
            row.title,
            ", ".join(named.all_of(row.post_id, authors)),
            row.reply_count,
            score.average if score else None,
            row.rating_count if score else 0,
        )
        columns[row.stage].cards.append(card)
    return list(columns.values())


def _shown_in(round_: IdeaRound, member: Member) -> tuple[ColumnElement[bool], ...]:
    its = (Idea.cohort_id == member.cohort_id, Idea.round_id == round_.id, Idea.merged_into.is_(None))
    return (*its, Post.visibility == Visibility.VISIBLE)


def titles(session: Session, member: Member) -> list[tuple[int, str]]:
    """The cohort's newest ideas that can be read: id and title."""
    its = (Post.cohort_id == member.cohort_id, Post.kind == Kind.IDEA, Post.visibility == Visibility.VISIBLE)
    statement = (
        select(Post.id, Post.title).where(*its, *joining.STANDS_ALONE, sight.in_sight(member)).order_by(Post.id.desc())
    )
    return [(post_id, title or "") for post_id, title in session.execute(statement.limit(MOST_COMPARED))]


def may_rate_more(session: Session, member: Member, round_: IdeaRound | None) -> bool:
    """Whether there is something this member can still be asked to rate, or was asked and has not."""
    if not member.may_write:
        return False
    return bool(session.scalar(select(select(Idea.post_id).where(*sitting.unrated(member, round_)).exists())))


@dataclass(frozen=True)
class Step:
    """One of the ideas of a sitting."""

    place: int
    idea_id: int
    is_rated: bool
    is_skipped: bool


def steps(session: Session, of: Sitting) -> list[Step]:
    """What a sitting serves, in order."""
    rated = and_(Rating.idea_id == Serving.idea_id, Rating.member_id == Serving.member_id)
    rows = session.execute(
        select(Serving.place, Serving.idea_id, Rating.value.is_not(None), Serving.is_skipped)
        .outerjoin(Rating, rated)
        .where(Serving.sitting_id == of.id)
        .order_by(Serving.place)
    )
    return [Step(*row) for row in rows]


@dataclass(frozen=True)
class Coverage:
    """How many of the ideas have enough ratings to say anything."""

    ideas: int
    enough: int


@dataclass(frozen=True)
class Ranking:
    """The ideas of a round by what they will at least be worth. ``is_partial``: only those this member rated."""

    items: list[Shown]
    coverage: Coverage
    is_partial: bool
    missing: int  # ratings this member has still to give before anything is shown


def ranking(session: Session, round_: IdeaRound, member: Member) -> Ranking:
    """Best first, by the lower end of each idea's interval, so that three kind friends make no winner.

    While the round is open only ideas whose tally this member may know are in it, and only once they rated ten, or
    all there are: before that it would tell them what to think.
    """
    its = _shown_in(round_, member)
    own = and_(Rating.idea_id == Idea.post_id, Rating.member_id == member.id)
    joined = select(Idea).join(Post, Post.id == Idea.post_id).outerjoin(Rating, own).where(*its, sight.in_sight(member))
    is_mine = or_(Post.author_id == member.id, authoring.authored(member))
    counts = joined.with_only_columns(
        func.count(),
        func.count(case((Idea.rating_count >= weighing.ENOUGH, 1))),
        func.count(case((~is_mine, 1))),
        func.count(Rating.value),
    )
    ideas, enough, ratable, rated = session.execute(counts).one()
    coverage = Coverage(ideas, enough)
    missing = 0 if round_.shows_results else max(0, min(RATED_ENOUGH, ratable) - rated)
    if missing:
        return Ranking([], coverage, True, missing)
    may_know = joined.where(Idea.rating_count >= weighing.ENOUGH)
    if not round_.shows_results:
        may_know = may_know.where(or_(Rating.value.is_not(None), is_mine))
    rows = session.execute(may_know.with_only_columns(Idea.post_id, Idea.rating_count, Idea.rating_sum)).all()
    found = {post_id: weighing.score(count, total) for post_id, count, total in rows}
    best = sorted(found, key=lambda post_id: (-(one.low if (one := found[post_id]) else 0), post_id))[:MOST_RANKED]
    posts = session.scalars(select(Post).where(Post.id.in_(best)).options(joinedload(Post.author)))
    shown = {post.id: reading.show(post, member) for post in posts}
    items = [shown[post_id] for post_id in best]
    add_ratings(session, items, member)
    return Ranking(items, coverage, not round_.shows_results, 0)
