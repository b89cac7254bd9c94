"""How a score came about: read from the ledger, never judged anew; and what one more text would bring."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.activity.models import Activity, Verb
from sociallearn.grades import folding, foreseeing, scoring
from sociallearn.grades.calendar import Period, period_of
from sociallearn.grades.folding import Rules
from sociallearn.grades.foreseeing import Foreseen
from sociallearn.grades.models import HINTED, LedgerEntry, Standing
from sociallearn.grades.schemes import Kind, Scheme
from sociallearn.grades.scoring import Adjustment, Hint, PeriodStanding, Why
from sociallearn.grades.wording import percent
from sociallearn.posts.models import Kind as PostKind
from sociallearn.posts.models import Post
from sociallearn.roster.models import Cohort, Member
from sociallearn.text.excerpting import excerpt

TITLE_LENGTH = 80  # characters of a text without a title

TOLD_FOR = timedelta(days=3)  # so long the feed says that a trainer changed or answered something

_OF_IDEAS = ("idea", "rating")
_WRITTEN = ("post", "reply", "idea")
_GIVEN = ("override", "excuse", "bonus")
_IN_ROUNDS = (Why.COUNTED, Why.PART_OF_ROUND, Why.MAXIMUM_REACHED)
_PAGES = {PostKind.QUESTION: "questions.show", PostKind.IDEA: "ideas.show"}


@dataclass(frozen=True)
class Ratings:
    """How far the rounds of ratings of a period are."""

    ideas: int  # different ones rated
    rounds: int  # finished ones that count
    most: int  # so many count
    per: int  # ideas a round
    is_open: bool

    @property
    def begun(self) -> int:
        """Ideas rated beyond the rounds that count."""
        return self.ideas - self.rounds * self.per


@dataclass(frozen=True)
class Line:
    """What one text, or all ratings of a period, count for, and why."""

    kind: str  # of the post; "rating" for ratings of ideas
    title: str
    url: str
    points: float
    why: str  # scoring.Why
    short_by: int | None  # words missing
    at: datetime
    post_id: int | None = None  # of a text of one's own: what a trainer can be asked to look at again
    adjustment_id: int | None = None  # of what a trainer gave
    in_phase: bool = False  # its period is a phase, not a week
    event: str = ""  # what the rules call it: a schemes.Kind
    limit: float = 0.0  # the maximum that is reached: how many count, or of signs the points
    to_one: bool = False  # that maximum is of replies as long as all reach one person
    ratings: Ratings | None = None


@dataclass(frozen=True)
class PeriodReceipt:
    """One period: what was earned of its target, line by line in order of time."""

    key: str
    label: str
    starts: datetime
    ends: datetime
    is_open: bool
    is_dropped: bool
    is_phase: bool  # else a week
    earned: float
    target: float
    lines: list[Line]
    collected: float = 0.0  # the sum of its lines, also beyond the target
    is_excused: bool = False
    used: float = 0.0  # of what was earned, kept from earlier periods
    kept: float = 0.0  # for later ones, once it is over


@dataclass(frozen=True)
class Sum:
    """The last step: what these periods give together."""

    keys: tuple[str, ...]  # of the periods that are in it
    earned: float
    target: float
    percent: int  # of the one in the other
    closed_percent: int | None  # of the closed periods alone, where the open one raises it
    to_come: float  # full marks of what has not begun, where the whole course counts
    ahead: float  # what is kept for that already
    passes_at: int | None  # from this percentage on it is complete
    raises_from: float | None = None  # from so many points on the open period is in it, where it is not yet


@dataclass(frozen=True)
class Model:
    """What the rules in force now say of the sum; shown in words."""

    drops_after: int
    make_up_days: int
    whole_course: bool
    when_closed: bool
    passes_at: int | None
    quality: float  # the most that signs of quality bring in a period
    reserve: int
    room: int


@dataclass(frozen=True)
class Chance:
    """What one more of a kind would bring now."""

    kind: Kind
    points: float
    left: int  # so many times, if replies go on to reach whom they reached
    least_words: int
    makes_up: bool = False  # for the period before
    apart: int | None = None  # so many times if they reach different people, where that is more


@dataclass(frozen=True)
class Receipt:
    """A learner's score and all it is made of."""

    grade: float | None  # 0..1; None while there is nothing to say
    percent: int | None
    comment: str
    target: float
    counts: bool  # else nothing is counted here now
    in_phases: bool  # its periods are phases, not weeks
    periods: list[PeriodReceipt]  # in order of time
    sum: Sum | None  # None while there is nothing to say
    model: Model
    still_possible: list[Chance]
    foreseen: Foreseen | None


@dataclass(frozen=True)
class Notice:
    """What stands above the feed."""

    is_told: bool  # a trainer changed or answered something lately
    foreseen: Foreseen | None  # what the last days of the open period bring


@dataclass(frozen=True)
class _Here:
    """Everything about a member that receipts begin with."""

    cohort: Cohort
    rules: Rules
    periods: list[Period]
    adjustments: list[Adjustment]


def receipt(session: Session, member: Member) -> Receipt | None:
    """The receipt of a member (in a request); None for somebody who is not graded. A constant number of queries."""
    if not member.is_graded:
        return None
    here = _here(session, member)
    standing = session.get(Standing, member.id)
    entries = _entries(session, member)
    found = _judge_ledger(entries, here)
    lines = _lines(session, entries, here)
    grade = standing.grade if standing else None
    bounds = {period.key: period for period in here.periods}
    collected = _collected(entries)
    periods = [
        _period(number, period, bounds[period.key], lines[period.key], collected.get(period.key, 0.0))
        for number, period in enumerate(found.periods, start=1)
    ]
    return Receipt(
        grade=grade,
        percent=None if grade is None else percent(grade),
        comment=standing.comment if standing else "",
        target=here.rules.scheme.target,
        counts=here.rules.scheme.counts,
        in_phases=bool(here.rules.plan.phases),
        periods=periods,
        sum=_sum(periods, found, here, collected),
        model=_model(here.rules.scheme),
        still_possible=_still_possible(session, member, here, found),
        foreseen=None if here.cohort.archived_at else foreseeing.read(standing),
    )


def line_for(session: Session, member: Member) -> Notice | None:
    """What the feed says about one's participation, quietly; None on most days. Asks nothing new of the database."""
    if not member.is_graded or member.cohort.archived_at is not None:
        return None
    standing = session.get(Standing, member.id)
    if standing is None:
        return None
    foreseen = foreseeing.read(standing)
    if foreseen is not None and not (foreseen.is_soon and (foreseen.falls or foreseen.missing)):
        foreseen = None
    is_told = standing.told_at is not None and clock.now() - standing.told_at < TOLD_FOR
    return Notice(is_told, foreseen) if is_told or foreseen else None


def recompute_from_ledger(session: Session, member: Member) -> scoring.Standing:
    """Where the member stands by the ledger alone: the proof that nothing else is needed.

    Its ``value`` equals ``Standing.grade`` whenever no period has closed since that was computed.
    """
    return _judge_ledger(_entries(session, member), _here(session, member))


def hint_for(session: Session, member: Member, kind: Kind, to: int | None = None) -> Hint | None:
    """What one more text of this kind would bring, ``to`` being whom a reply answers; None if not graded.

    The same functions judge the text once it is written. For a post or an idea it was worked out after the member's
    last act and stands ready: every composer shows it.
    """
    if not member.is_graded:
        return None
    standing = session.get(Standing, member.id) if kind in HINTED else None
    if standing and kind in standing.hints and standing.next_change_at and standing.next_change_at > clock.now():
        ready = standing.hints[kind]
        return Hint(**ready) if ready else None
    here = _here(session, member)
    if not here.rules.scheme.counts:
        return None
    events = folding.events_of(session, member, here.rules)
    standing_now = _judge_ledger(_entries(session, member), here)
    found = folding.hint(kind, events, here.periods, here.rules, standing_now, to, here.adjustments)
    if kind == "reply" and to == member.id:
        return replace(found, points=0.0, earns=0.0, makes_up=False)
    return found


def _here(session: Session, member: Member) -> _Here:
    cohort = session.get_one(Cohort, member.cohort_id)
    rules = folding.rules_of(session, cohort, folding.moment(cohort))
    periods = folding.periods_of(member.joined_at or rules.now, rules)
    return _Here(cohort, rules, periods, folding.adjustments_of(session, member))


def _entries(session: Session, member: Member) -> Sequence[LedgerEntry]:
    return session.scalars(select(LedgerEntry).where(LedgerEntry.member_id == member.id).order_by(LedgerEntry.id)).all()


def _judge_ledger(entries: Iterable[LedgerEntry], here: _Here) -> scoring.Standing:
    newest = {(entry.kind, entry.event_id): entry for entry in entries}
    excused = {entry.period for entry in newest.values() if entry.kind == "excuse" and entry.why == Why.EXCUSED}
    settled = {entry.period for entry in newest.values() if entry.kind == "override" and entry.why == Why.OVERRIDE}
    return folding.grade(_collected(entries), here.periods, here.rules, excused, settled)


def _collected(entries: Iterable[LedgerEntry]) -> dict[str, float]:
    points: defaultdict[str, float] = defaultdict(float)
    for entry in entries:
        points[entry.period] += entry.change
    return points


def _sum(
    periods: list[PeriodReceipt], standing: scoring.Standing, here: _Here, collected: dict[str, float]
) -> Sum | None:
    """Which periods the grade is made of, and what they give."""
    scheme = here.rules.scheme
    if standing.share is None:
        return None
    some = [period for period in periods if period.key in standing.summed]
    waits = scheme.when_closed and scheme.whole_course  # the open one is there, and counts nothing yet
    with_open = any(period.is_open for period in some) and standing.closed is not None and not scheme.whole_course
    return Sum(
        keys=standing.summed,
        earned=sum(period.earned for period in some if not (waits and period.is_open)) + standing.ahead,
        target=sum(period.target for period in some) + standing.to_come,
        percent=percent(standing.share),
        closed_percent=percent(standing.closed) if with_open and standing.closed is not None else None,
        to_come=standing.to_come,
        ahead=standing.ahead,
        passes_at=None if scheme.passes_at is None else percent(scheme.passes_at),
        raises_from=foreseeing.raising_from(here.periods, here.rules, here.adjustments, collected),
    )


def _model(scheme: Scheme) -> Model:
    passes_at = None if scheme.passes_at is None else percent(scheme.passes_at)
    return Model(
        drops_after=scheme.drops_after,
        make_up_days=scheme.make_up_days,
        whole_course=scheme.whole_course,
        when_closed=scheme.when_closed,
        passes_at=passes_at,
        quality=scheme.most_quality,
        reserve=scheme.reserve,
        room=scheme.room,
    )


def _lines(session: Session, entries: Sequence[LedgerEntry], here: _Here) -> defaultdict[str, list[Line]]:
    """The newest entry of each event as a line, by period key, in order of time; ratings of a period are one."""
    lines: defaultdict[str, list[Line]] = defaultdict(list)
    first: dict[tuple[str, int], LedgerEntry] = {}
    newest: dict[tuple[str, int], LedgerEntry] = {}
    for entry in entries:
        first.setdefault((entry.kind, entry.event_id), entry)
        newest[entry.kind, entry.event_id] = entry
    told = _Rules(here, list(newest.values()))
    for kind, id_ in [key for key in newest if key[0] in _GIVEN]:
        entry = newest.pop((kind, id_))
        if entry.points:  # an excuse, and what was taken back, are told in words
            lines[entry.period].append(_given(entry))
    rated: defaultdict[str, list[LedgerEntry]] = defaultdict(list)
    for key in [key for key in newest if key[0] == "rating"]:
        entry = newest.pop(key)
        if entry.why != Why.REMOVED:  # else erased
            rated[entry.period].append(entry)
    about = {
        key: _Said(0 if key[0] in scoring.SIGNS else key[1], entry.at) for key, entry in first.items() if key in newest
    }
    about |= _said(session, [key for key in newest if key[0] in scoring.SIGNS])
    texts = {about[key].text_id for key in newest}
    posts = {post.id: post for post in session.scalars(select(Post).where(Post.id.in_(texts)))}
    for key, entry in newest.items():
        post = posts.get(about[key].text_id)
        if post is not None:  # else erased
            line = _line(entry, post, post.created_at if key[0] in _WRITTEN else about[key].at)
            lines[entry.period].append(told.limited(line, entry))
    for period, some in rated.items():
        lines[period].append(told.ratings(some, max(first["rating", entry.event_id].at for entry in some)))
    for found in lines.values():
        found.sort(key=lambda line: line.at)
    return lines


class _Rules:
    """What the rules of its period say of a line."""

    def __init__(self, here: _Here, entries: Iterable[LedgerEntry]) -> None:
        self.rules, self.periods = here.rules, {period.key: period for period in here.periods}
        self.counted = Counter((entry.period, entry.kind) for entry in entries if entry.why == Why.COUNTED)

    def limited(self, line: Line, entry: LedgerEntry) -> Line:
        """With the maximum that was reached: where one was, just so many count."""
        period = self.periods.get(entry.period)
        scheme = self.rules.scheme_of(period)
        rule = next((rule for rule in scheme.rules if rule.event == entry.kind), None)
        limit = scheme.most_quality if entry.why == Why.QUALITY_FULL else self.counted[entry.period, entry.kind]
        return replace(
            line,
            in_phase=bool(period and period.name),
            event=entry.kind,
            limit=limit,
            to_one=rule is not None and rule.most_unless_two_people is not None and limit < rule.most,
        )

    def ratings(self, entries: Sequence[LedgerEntry], at: datetime) -> Line:
        """One line for those of one period."""
        newest, period = entries[-1], self.periods.get(entries[-1].period)
        rule = self.rules.scheme_of(period).rule("rating")
        rounds = [entry for entry in entries if entry.why in _IN_ROUNDS]
        is_open = period is not None and period.ends > self.rules.now
        found = (
            Ratings(len(rounds), self.counted[newest.period, "rating"], rule.most, rule.per, is_open) if rule else None
        )
        return Line(
            kind="rating",
            title=ngettext("%(num)s idea rated", "%(num)s ideas rated", len(entries)),
            url=url_for("ideas.index"),
            points=sum(entry.points for entry in entries),
            why=newest.why,
            short_by=None,
            at=at,
            in_phase=bool(period and period.name),
            event="rating",
            ratings=found if rounds else None,
        )


@dataclass(frozen=True)
class _Said:
    """The text an entry is about, and since when it was."""

    text_id: int
    at: datetime


def _said(session: Session, signs: Sequence[tuple[str, int]]) -> dict[tuple[str, int], _Said]:
    """Of signs, named by kind and act; a query where there are any. Acts of people who were erased are gone."""
    if not signs:
        return {}
    columns = Activity.id, Activity.verb, Activity.post_id, Activity.root_id, Activity.at
    rows = session.execute(select(*columns).where(Activity.id.in_({id_ for _, id_ in signs})))
    return {
        (row.verb, row.id): _Said(row.root_id if row.verb == Verb.BUILT_ON else row.post_id, row.at) for row in rows
    }


def _line(entry: LedgerEntry, post: Post, at: datetime) -> Line:
    # what was deleted or hidden is not shown in another place; the receipt says only that it was there
    title = (post.title or excerpt(post.html, TITLE_LENGTH)) if post.is_visible else _("A text that was removed")
    is_own = entry.kind in _WRITTEN
    return Line(
        kind=post.kind if is_own else entry.kind,
        title=title or _("A text without words"),
        url=url_for(_PAGES.get(PostKind(post.kind), "feed.show"), post_id=post.id),
        points=entry.points,
        why=entry.why,
        short_by=entry.short_by,
        at=at,
        post_id=post.id if is_own else None,
    )


def _given(entry: LedgerEntry) -> Line:
    return Line(entry.kind, "", "", entry.points, entry.why, None, entry.at, adjustment_id=entry.event_id)


def _period(
    number: int, standing: PeriodStanding, bounds: Period, lines: list[Line], collected: float
) -> PeriodReceipt:
    return PeriodReceipt(
        key=standing.key,
        label=standing.name or _("Week %(number)s", number=number),
        starts=bounds.starts,
        ends=bounds.ends,
        is_open=standing.is_open,
        is_dropped=standing.is_dropped,
        is_phase=bool(standing.name),
        earned=standing.earned,
        target=standing.target,
        lines=lines,
        collected=collected,
        is_excused=standing.is_excused,
        used=standing.used,
        kept=standing.kept,
    )


def _still_possible(session: Session, member: Member, here: _Here, standing: scoring.Standing) -> list[Chance]:
    """What can still be collected now; nothing that would bring nothing, or where nobody can write any more."""
    current = period_of(here.rules.now, here.periods)
    if current is None or not here.rules.scheme.counts or here.cohort.archived_at is not None:
        return []
    room = {period.key: period.room for period in standing.periods}
    events = folding.events_of(session, member, here.rules)
    chances = []
    for rule in here.rules.scheme_of(current).rules:
        if rule.event in _OF_IDEAS and "ideas" in here.cohort.rooms_off:
            continue
        found = folding.hint(rule.event, events, here.periods, here.rules, standing, adjustments=here.adjustments)
        if found.makes_up and found.earns:
            chances.append(Chance(rule.event, found.points, found.left, found.least_words, makes_up=True))
        elif (found.left or found.apart) and room[current.key] and not found.makes_up:
            apart = found.apart if found.apart > found.left else None
            chances.append(Chance(rule.event, rule.points, found.left, found.least_words, apart=apart))
    return chances
