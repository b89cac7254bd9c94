"""The decision log, and what is hidden now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from sociallearn import clock
from sociallearn.moderation import appealing
from sociallearn.moderation.models import Appeal
from sociallearn.posts import reading, sight
from sociallearn.posts.models import Decision, Kind, Post, Visibility
from sociallearn.posts.reading import Shown
from sociallearn.roster.models import Member
from sociallearn.text.excerpting import excerpt

LATEST = 100
MERGED = "merged:"  # what stands there before the id of the idea that one became part of
STAGE = "stage:"  # what stands before a stage in the decision log
REFUSED = "stage:not_now"
YEAR = timedelta(days=365)
FEWEST = 5  # ideas of a month below which a figure would be about persons


@dataclass(frozen=True)
class ShownAppeal:
    """What the author asked, and the answer."""

    id: int
    words: str
    at: datetime
    answered_at: datetime | None
    is_upheld: bool | None
    note: str
    answered_by: str


@dataclass(frozen=True)
class Entry:
    """One decision as the cohort reads it: what was decided and why; the text itself only if it can be read."""

    at: datetime
    waited: timedelta  # since the text was written
    by: str
    role: str
    before: str
    after: str
    reason: str
    author: str
    post_url: str
    post_title: str | None
    other_title: str | None  # of the idea it was merged into or split from, if it can be read
    id: int = 0
    may_appeal: bool = False  # this member wrote the text, and has not asked yet
    appeal: "ShownAppeal | None" = None

    @property
    def is_merged(self) -> bool:
        """An idea became part of another."""
        return self.after.startswith(MERGED)

    @property
    def is_split(self) -> bool:
        """It stands for itself again."""
        return self.before.startswith(MERGED)

    @property
    def stage(self) -> str | None:
        """The stage an idea was moved to, as ``stage_name`` reads it."""
        return _stage(self.after)

    @property
    def before_stage(self) -> str | None:
        """The one it was moved from."""
        return _stage(self.before)


def _stage(said: str) -> str | None:
    return said.removeprefix(STAGE) if said.startswith(STAGE) else None


def decisions(session: Session, member: Member) -> list[Entry]:
    """The newest hundred decisions about somebody else's text, where this member can look; replies they are to answer
    before seeing are left out. Deleting one's own is nobody's business."""
    return _entries(session, member, _decisions(member).order_by(Decision.id.desc()).limit(LATEST))


def entry(session: Session, member: Member, decision_id: int) -> Entry | None:
    """One of them, of whatever age."""
    return next(iter(_entries(session, member, _decisions(member).where(Decision.id == decision_id))), None)


def waiting_appeals(session: Session, member: Member) -> list[Entry]:
    """The decisions this trainer is asked to look at again, the longest wait first."""
    asked = _decisions(member).join(Appeal, Appeal.decision_id == Decision.id)
    waiting = asked.where(Appeal.answered_at.is_(None), *appealing.for_(member))
    return _entries(session, member, waiting.order_by(Appeal.id).limit(LATEST))


def _decisions(member: Member) -> Select[tuple[Decision]]:
    return (
        select(Decision)
        .join(Decision.post)
        .where(Decision.cohort_id == member.cohort_id, Decision.role != "author", sight.in_sight(member))
        .options(
            joinedload(Decision.by),
            joinedload(Decision.by_person),
            contains_eager(Decision.post).joinedload(Post.author),
        )
    )


def _entries(session: Session, member: Member, statement: Select[tuple[Decision]]) -> list[Entry]:
    rows = session.scalars(statement).all()
    titles, asked = _others(session, member, rows), _appeals(session, [row.id for row in rows])
    return [_entry(row, member, titles, asked.get(row.id)) for row in rows]


def _appeals(session: Session, decision_ids: Sequence[int]) -> dict[int, ShownAppeal]:
    rows = session.scalars(
        select(Appeal).where(Appeal.decision_id.in_(decision_ids)).options(joinedload(Appeal.answered_by))
    )
    return {
        row.decision_id: ShownAppeal(
            row.id, row.words, row.at, row.answered_at, row.is_upheld, row.note,
            row.answered_by.name if row.answered_by else "",
        )
        for row in rows
    }  # fmt: skip


def _others(session: Session, member: Member, rows: Sequence[Decision]) -> dict[int, str]:
    ids = {other for row in rows if (other := _other_id(row)) is not None}
    if not ids:
        return {}
    readable = (Post.cohort_id == member.cohort_id, Post.visibility == Visibility.VISIBLE, sight.in_sight(member))
    found = session.execute(select(Post.id, Post.title).where(Post.id.in_(ids), *readable))
    return {post_id: title or "" for post_id, title in found}


def _other_id(row: Decision) -> int | None:
    said = next((one for one in (row.after, row.before) if one.startswith(MERGED)), None)
    return int(said.removeprefix(MERGED)) if said else None


def _entry(row: Decision, member: Member, titles: dict[int, str], asked: ShownAppeal | None) -> Entry:
    shown = reading.show(row.post, member)
    title = (shown.title or excerpt(str(shown.html), 60)) if shown.is_visible else None
    waited = row.at - row.post.created_at
    other = titles.get(_other_id(row) or 0)
    may_appeal = asked is None and shown.is_mine and appealing.is_for_appeal(row) and row.by_id != member.id
    return Entry(
        row.at, waited, row.by_name, row.role, row.before, row.after, row.reason, shown.author, shown.url, title, other,
        row.id, may_appeal and member.may_write, asked,
    )  # fmt: skip


@dataclass
class Month:
    """What became of the ideas proposed in a month, counted now."""

    first_day: date
    proposed: int = 0
    refused: int | None = 0  # stand in "not now" or are hidden; empty: too few were proposed to tell


def months(session: Session, member: Member) -> list[Month]:
    """The last twelve months in which ideas were proposed, the newest first: how many were refused or hidden."""
    zone = ZoneInfo(member.cohort.time_zone)
    stage = (
        select(Decision.after)
        .where(Decision.post_id == Post.id, Decision.after.startswith(STAGE))
        .order_by(Decision.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Post.created_at, Post.visibility, stage)
        .where(Post.cohort_id == member.cohort_id, Post.kind == Kind.IDEA, Post.created_at > clock.now() - YEAR)
        .where(sight.in_sight(member))
        .order_by(Post.id.desc())
    )
    found: dict[date, Month] = {}
    for created_at, visibility, after in rows:
        day = created_at.astimezone(zone).date().replace(day=1)
        month = found.setdefault(day, Month(day))
        month.proposed += 1
        month.refused = (month.refused or 0) + (visibility == Visibility.HIDDEN or after == REFUSED)
    for month in found.values():
        month.refused = None if month.proposed < FEWEST else month.refused
    return list(found.values())


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
