"""What a member is told, as they may read it now: the one query behind the list, the number in the header and the mail.

A row names a text and holds none. Whoever can no longer see that text is not told that there was one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from sociallearn import clock
from sociallearn.ideas.models import IdeaRound
from sociallearn.notifications.models import About, FriendlyNudge, Need, Notification, Quiet, What
from sociallearn.posts import sight
from sociallearn.posts.models import Decision, Kind, Post, ReadMark, ThreadFollow, Visibility
from sociallearn.pulse.models import PulseRound
from sociallearn.questions.models import Nudge, NudgeState
from sociallearn.roster.models import Member, Person
from sociallearn.text.excerpting import excerpt

MOST_A_PAGE = 200  # rows; far fewer lines
MOST_COUNTED = 500
MAILED_WITHIN = timedelta(days=8)  # a mail tells of a week, and of the day it is late
TITLE, QUOTE = 90, 220  # characters

_ROOT, _BY = aliased(Post), aliased(Person)
_ME: BindParameter[int] = bindparam("member_id")
_ROOM_OF = {Kind.QUESTION: "questions", Kind.IDEA: "ideas"}


def _quiet(by_mail: bool) -> ColumnElement[bool]:
    mine = (Quiet.person_id == bindparam("person_id"), Quiet.by_mail.is_(by_mail))
    return exists().where(*mine, Quiet.about == Notification.about)


_IS_MUTED = exists().where(
    ThreadFollow.member_id == _ME, ThreadFollow.root_id == Notification.root_id, ThreadFollow.is_muted.is_(True)
)
_WAS_ON_SCREEN = exists().where(
    ReadMark.member_id == _ME,
    ReadMark.root_id == Notification.root_id,
    ReadMark.at > Notification.at,
    ReadMark.last_read_id >= Notification.post_id,
)
_IS_UNREAD = and_(Notification.read_at.is_(None), ~_WAS_ON_SCREEN)
_OWN_DECISION = and_(Notification.about == About.DECISION, Post.author_id == _ME)

# everything here is filled by ``_values``; prepared once, as every page asks
_SHOWN = (
    Notification.member_id == _ME,
    Notification.cohort_id == bindparam("cohort_id"),
    or_(
        Notification.post_id.is_(None),
        and_(sight.IN_SIGHT_NOW, or_(Post.visibility == Visibility.VISIBLE, _OWN_DECISION)),
    ),
    or_(_ROOT.kind.is_(None), _ROOT.kind.not_in(bindparam("closed_kinds", expanding=True))),
    or_(
        Notification.post_id.is_not(None),
        Notification.round_id.is_(None),
        literal("ideas").not_in(bindparam("rooms_off", expanding=True)),
    ),
    or_(
        Notification.what != What.PULSE,
        exists().where(
            PulseRound.cohort_id == Notification.cohort_id,
            PulseRound.closes_at > bindparam("now"),
            PulseRound.told_at.is_(None),
        ),
    ),
    or_(~_IS_MUTED, Notification.about == About.DECISION),
)


def _from(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Notification)
        .outerjoin(Post, Post.id == Notification.post_id)
        .outerjoin(_ROOT, _ROOT.id == Notification.root_id)
        .where(*_SHOWN)
    )


_NEW = _from(Notification.bundle).where(_IS_UNREAD, ~_quiet(by_mail=False)).limit(MOST_COUNTED).subquery()
_COUNT = select(func.count(_NEW.c.bundle.distinct()))
_IDS = _from(Notification.id).where(~_quiet(by_mail=False))
_LINES = (
    _from(
        Notification.id, Notification.bundle, Notification.about, Notification.what, Notification.post_id,
        Notification.round_id, Notification.at, Notification.by_id, _BY.name.label("name"),
        case((_IS_UNREAD, 1), else_=0).label("is_unread"),
        Post.html, Post.visibility, Post.author_id, _ROOT.id.label("root_id"), _ROOT.title,
        _ROOT.html.label("root_html"),
        _ROOT.visibility.label("root_visibility"), Decision.reason, Decision.after, IdeaRound.question,
        FriendlyNudge.words, FriendlyNudge.need,
    )
    .outerjoin(Member, Member.id == Notification.by_id)
    .outerjoin(_BY, _BY.id == Member.person_id)
    .outerjoin(Decision, Decision.id == Notification.decision_id)
    .outerjoin(IdeaRound, IdeaRound.id == Notification.round_id)
    .outerjoin(FriendlyNudge, FriendlyNudge.id == Notification.nudge_id)
    .order_by(Notification.id.desc())
    .limit(MOST_A_PAGE)
)  # fmt: skip
_LISTED = _LINES.where(~_quiet(by_mail=False), Notification.id < bindparam("before"))
_IS_ASKED = exists().where(
    Nudge.member_id == _ME, Nudge.question_id == Notification.root_id, Nudge.state == NudgeState.OPEN
)
_TO_MAIL = _LINES.where(
    ~_quiet(by_mail=True),
    ~_quiet(by_mail=False),
    _IS_UNREAD,
    Notification.digest_id.is_(None),
    Notification.at > bindparam("since"),
    or_(Notification.what.not_in([What.ASKED, What.TOPIC]), _IS_ASKED),
)


@dataclass
class Line:
    """What is told in one line: one event, or several alike."""

    about: str
    what: str
    bundle: str
    ids: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # the newest first, nobody twice
    at: datetime | None = None
    is_unread: bool = False
    is_mine: bool = False  # about a text of the reader's own
    post_id: int | None = None  # what it leads to: the first that is unread
    round_id: int | None = None
    title: str = ""  # of the conversation, where it can be read
    quote: str = ""  # from the text itself, where it can be read
    reason: str = ""
    stage: str = ""
    words: str = ""  # a trainer's to this reader alone
    place: str = ""  # where it leads, of what is about no text

    @property
    def count(self) -> int:
        """How many people, or events without one."""
        return max(len(self.names), 1) if self.names else len(self.ids)

    @property
    def goal(self) -> str:
        """What it leads to, as ``going`` writes it."""
        return self.place or (f"post:{self.post_id}" if self.post_id else f"round:{self.round_id}")


def _values(member: Member) -> dict[str, Any]:
    rooms_off = member.cohort.rooms_off
    closed = [kind.value for kind, room in _ROOM_OF.items() if room in rooms_off]
    return {
        **sight.values(member),
        "person_id": member.person_id,
        "closed_kinds": closed,
        "rooms_off": list(rooms_off),
        "now": clock.now(),
    }


def count(session: Session, member: Member) -> int:
    """How many lines are new to this member: one query."""
    return session.scalar(_COUNT, _values(member)) or 0


def page(session: Session, member: Member, before: int | None) -> tuple[list[Line], int | None]:
    """Lines, the newest first, and where older ones begin. One query."""
    rows = session.execute(_LISTED, {**_values(member), "before": before or 2**62}).all()
    return _lines(rows, member), rows[-1].id if len(rows) == MOST_A_PAGE else None


def to_mail(session: Session, member: Member) -> list[Line]:
    """What a mail would tell this member now: nothing they read here, and nothing a mail told before. One query."""
    since = clock.now() - MAILED_WITHIN
    return _lines(session.execute(_TO_MAIL, {**_values(member), "since": since}).all(), member)


def ids(session: Session, member: Member, up_to: int, bundle: str | None) -> Sequence[int]:
    """The rows a member can see now, up to the newest one they saw; of one line, or all."""
    which = _IDS.where(Notification.id <= up_to, Notification.read_at.is_(None))
    if bundle is not None:
        which = which.where(Notification.bundle == bundle)
    return session.scalars(which, _values(member)).all()


def _lines(rows: Iterable[Row[Any]], member: Member) -> list[Line]:
    found: dict[str, Line] = {}
    for row in rows:
        line = found.get(row.bundle)
        if line is None:
            line = found[row.bundle] = _begin(row, member)
        line.ids.append(row.id)
        if row.name and row.name not in line.names:
            line.names.append(row.name)
        if row.is_unread:
            line.is_unread, line.post_id = True, row.post_id
    return list(found.values())


def _begin(row: Row[Any], member: Member) -> Line:
    line = Line(row.about, row.what, row.bundle, at=row.at, post_id=row.post_id, round_id=row.round_id)
    if row.root_visibility == Visibility.VISIBLE:
        line.title = row.title or excerpt(row.root_html, TITLE)
    if row.post_id is not None and row.visibility == Visibility.VISIBLE and row.post_id != row.root_id:
        line.quote = excerpt(row.html, QUOTE)
    line.title = line.title or row.question or ""
    line.is_mine = row.author_id == member.id
    line.reason, after = row.reason or "", row.after or ""
    line.stage = after.removeprefix("stage:") if after.startswith("stage:") else ""
    line.words, line.place = row.words or "", _place(row, member.cohort.rooms_off)
    return line


_OWN_PLACES = {What.LOOKED: "participation", What.PULSE: "pulse"}


def _place(row: Row[Any], rooms_off: Sequence[str]) -> str:
    if row.what in _OWN_PLACES:
        return _OWN_PLACES[row.what]
    if row.what != What.WROTE:
        return ""
    wanted = "questions" if row.need == Need.UNANSWERED else "feed"
    return wanted if wanted not in rooms_off else "list"
