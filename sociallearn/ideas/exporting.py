"""Ideas as one table, for a trainer to take along: rounds, stages, ideas, ratings and comments, a row each.

It holds what its reader can read on the pages, and no more. Ratings are values in order, without a person or a moment:
even the same number for the same person everywhere would say who it is, as nobody rates their own ideas.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from datetime import date as day
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, aliased

from sociallearn.ideas import authoring, rounds, staging, weighing
from sociallearn.ideas.models import BuildsOn, Idea, IdeaRound, ImportedRating, Outcome, Rating, Remark
from sociallearn.posts import sight
from sociallearn.posts.models import Extra, Kind, Post, PostTopic, Topic, Visibility
from sociallearn.roster.models import Member, Person
from sociallearn.text import cells


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row. ``id`` counts within the file, ``of`` is the row this one belongs to."""

    row: str
    id: str = ""
    of: str = ""
    title: str | None = ""
    text: str | None = ""
    author: str = ""
    co_authors: str = ""  # one a line
    topics: str = ""
    date: str = ""  # in UTC, as every moment here
    until: str = ""
    stage: str | None = ""
    kind: str | None = ""
    rating: int | None = None
    builds_on: str = ""
    merged_into: str = ""
    owner: str = ""
    due: day | None = None
    benefit: str | None = ""
    evidence: str | None = ""
    implemented: str = ""


T = TypeVar("T")

HEADINGS = [one.name for one in fields(Line)]


def as_csv(session: Session, member: Member, only: IdeaRound | None = None) -> str:
    """All rounds as CSV, or one. Ten queries and two a round, however many ideas there are.

    Raises Refusal 403 for who does not train.
    """
    rounds.check_trains(member)
    lines = _lines(session, member, only)
    return cells.table([HEADINGS, *([getattr(line, name) for name in HEADINGS] for line in lines)])


def _lines(session: Session, member: Member, only: IdeaRound | None) -> Iterator[Line]:
    mine = select(IdeaRound).where(IdeaRound.cohort_id == member.cohort_id).order_by(IdeaRound.id)
    chosen = session.scalars(mine.where(IdeaRound.id == only.id) if only else mine).all()
    names, usual = _Names(), staging.usual_names()
    called: dict[tuple[int, str], str] = {}
    for round_ in chosen:
        key = names.give("round", round_.id)
        yield Line(
            row="round", id=key, title=round_.question, date=_stamp(round_.opened_at), until=_stamp(round_.closed_at)
        )
        for step in staging.stages_of(session, round_):
            called[round_.id, step.key] = step.name or usual[step.key]
            yield Line(row="stage", of=key, title=called[round_.id, step.key])
    yield from _ideas(session, member, {one.id: one for one in chosen}, names, called)


class _Names:
    """``idea-1``, ``idea-2``, …: what rows are called within the file."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, int], str] = {}
        self._count: dict[str, int] = defaultdict(int)

    def give(self, row: str, of: int) -> str:
        self._count[row] += 1
        return self._given.setdefault((row, of), f"{row}-{self._count[row]}")

    def of(self, row: str, id_: int | None) -> str:
        """Nothing for what is not in the file."""
        return self._given.get((row, id_ or 0), "")


def _ideas(
    session: Session,
    member: Member,
    within: dict[int, IdeaRound],
    names: _Names,
    called: dict[tuple[int, str], str],
) -> Iterator[Line]:
    owner, its_owner = aliased(Person), aliased(Member)
    own = and_(Rating.idea_id == Idea.post_id, Rating.member_id == member.id)
    rows = session.execute(
        select(Idea, Post, Person.name, Outcome, owner.name, Rating.value)
        .join(Post, Post.id == Idea.post_id)
        .join(Member, Member.id == Post.author_id)
        .join(Person, Person.id == Member.person_id)
        .outerjoin(Outcome, Outcome.idea_id == Idea.post_id)
        .outerjoin(its_owner, its_owner.id == Outcome.owner_id)
        .outerjoin(owner, owner.id == its_owner.person_id)
        .outerjoin(Rating, own)
        .where(Idea.cohort_id == member.cohort_id, Idea.round_id.in_(within), *_readable(member))
        .order_by(Idea.post_id)
    ).all()
    ids = [idea.post_id for idea, *_rest in rows]
    for post_id in ids:
        names.give("idea", post_id)
    further, topics, builds = authoring.authors_of(session, ids), _topics(session, ids), _builds_on(session, ids)
    named, known = authoring.imported_names(session, ids), list[int]()
    for idea, post, author, outcome, owner_name, my_rating in rows:
        authors = further.get(post.id, {})
        yield Line(
            row="idea",
            id=names.of("idea", post.id),
            of=names.of("round", idea.round_id),
            title=post.title,
            text=post.body,
            author=named.author(post.id, _name(author)),
            co_authors="\n".join(
                sorted(
                    [
                        *(_name(name) for who, name in authors.items() if who != post.author_id),
                        *named.further(post.id),
                    ]
                )
            ),
            topics=" ".join(f"#{name}" for name in topics[post.id]),
            date=_stamp(post.created_at),
            stage=called.get((idea.round_id, idea.stage), idea.stage),
            builds_on=" ".join(filter(None, (names.of("idea", on) for on in builds[post.id]))),
            merged_into=names.of("idea", idea.merged_into),
            owner=_name(owner_name) or named.owner(post.id),
            due=outcome.due_on if outcome else None,
            benefit=outcome.benefit if outcome else None,
            evidence=outcome.evidence if outcome else None,
            implemented=_stamp(outcome.implemented_at) if outcome else "",
        )
        is_author = post.written_by(member) or member.id in authors
        may_know = my_rating is not None or is_author or within[idea.round_id].shows_results
        if may_know and idea.rating_count >= weighing.ENOUGH:  # as on its page
            known.append(post.id)
    yield from _ratings(session, ids, known, names)
    yield from _comments(session, member, ids, names)


def _ratings(session: Session, ids: Collection[int], known: Collection[int], names: _Names) -> Iterator[Line]:
    """Of the ideas in ``known`` what was given here, and of all what a file brought: a trainer had that file."""
    given = select(Rating.idea_id, Rating.value).where(Rating.idea_id.in_(known))
    found = [(idea_id, value) for idea_id, value in session.execute(given)]
    brought = select(ImportedRating.idea_id, ImportedRating.value, ImportedRating.number)
    for idea_id, value, number in session.execute(brought.where(ImportedRating.idea_id.in_(ids))):
        found += [(idea_id, value)] * number
    for idea_id, value in sorted(found):
        yield Line(row="rating", of=names.of("idea", idea_id), rating=value)


def _comments(session: Session, member: Member, idea_ids: Collection[int], names: _Names) -> Iterator[Line]:
    rows = session.execute(
        select(Post, Person.name, Remark.kind)
        .join(Member, Member.id == Post.author_id)
        .join(Person, Person.id == Member.person_id)
        .outerjoin(Remark, Remark.post_id == Post.id)
        .where(Post.cohort_id == member.cohort_id, Post.kind == Kind.COMMENT, Post.root_id.in_(idea_ids))
        .where(*_readable(member))
        .order_by(Post.root_id, Post.branch_id, Post.id)
    ).all()
    named = authoring.imported_names(session, [post.id for post, *_rest in rows if post.extras & Extra.IMPORTED])
    for post, *_rest in rows:
        names.give("comment", post.id)
    for post, author, kind in rows:
        # a reply to a comment that was removed still belongs to the idea
        above = names.of("comment", post.parent_id) or names.of("idea", post.root_id)
        yield Line(
            row="comment",
            id=names.of("comment", post.id),
            of=above,
            text=post.body,
            author=named.author(post.id, _name(author)),
            date=_stamp(post.created_at),
            kind=kind,
        )


def _topics(session: Session, idea_ids: Collection[int]) -> dict[int, list[str]]:
    rows = session.execute(
        select(PostTopic.post_id, Topic.name)
        .join(Topic, Topic.id == PostTopic.topic_id)
        .where(PostTopic.post_id.in_(idea_ids))
        .order_by(Topic.key)
    )
    return _listed(rows.tuples())


def _builds_on(session: Session, idea_ids: Collection[int]) -> dict[int, list[int]]:
    of = select(BuildsOn.idea_id, BuildsOn.on_id).where(BuildsOn.idea_id.in_(idea_ids)).order_by(BuildsOn.on_id)
    return _listed(session.execute(of).tuples())


def _listed(rows: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for key, value in rows:
        found[key].append(value)
    return found


def _readable(member: Member) -> tuple[ColumnElement[bool], ...]:
    return Post.visibility == Visibility.VISIBLE, sight.in_sight(member)


def _name(name: str | None) -> str:
    return name if name and "@" not in name else ""  # an address is no name


def _stamp(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else ""
