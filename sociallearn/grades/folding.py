"""From the rows of the activity ledger to what the scoring model judges: one event per text, one per idea rated."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CTE, ColumnElement, Row, Select, and_, case, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from sociallearn import clock
from sociallearn.activity.models import REMOVING, RETURNING, WRITING, Activity, Overlap, Verb
from sociallearn.grades import calendar, scoring
from sociallearn.grades.calendar import Period, Plan, period_of
from sociallearn.grades.copying import Text, near_copies, of_ones_own
from sociallearn.grades.models import GradeAdjustment, SchemeVersion
from sociallearn.grades.schemes import LIGHT, Kind, Scheme, from_json
from sociallearn.grades.scoring import Adjustment, Event, Hint, Outcome, Sign, Standing
from sociallearn.roster.models import Cohort, Holiday, Member, Phase

_KINDS: dict[str, Kind] = {
    Verb.POSTED: "post",
    Verb.ASKED: "post",
    Verb.PROPOSED: "idea",
    Verb.REPLIED: "reply",
    Verb.ANSWERED: "reply",
    Verb.COMMENTED: "reply",
}
OPPOSITES = {Verb.UNDELETED: Verb.DELETED, Verb.RESTORED: Verb.HID}
_JUDGED = 1  # raise it when the same rules judge the same acts otherwise: everything is then judged anew


@dataclass(frozen=True, slots=True)
class Version:
    """The rules of the periods that begin from ``starts_at`` on, until a later version's."""

    id: int | None  # None: nobody collected a point yet, so the first version was not written down
    starts_at: datetime
    scheme: Scheme


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts in a cohort and in which periods."""

    versions: tuple[Version, ...]  # in order of number; at least one
    plan: Plan
    now: datetime

    @property
    def since(self) -> datetime:
        """Since when periods are counted: the first version's begin."""
        return self.versions[0].starts_at

    @property
    def current(self) -> Version:
        """The version in force now."""
        return self._at(self.now)

    @property
    def coming(self) -> Version | None:
        """The version the next period will be judged by, if that is another one."""
        newest = self.versions[-1]
        return newest if newest.starts_at > self.now else None

    @property
    def scheme(self) -> Scheme:
        """What counts now."""
        return self.current.scheme

    @property
    def in_force_since(self) -> datetime:
        """When that began."""
        return self.current.starts_at

    @property
    def version_id(self) -> int | None:
        """Its id."""
        return self.current.id

    def scheme_of(self, period: Period | None) -> Scheme:
        """What a period is judged by: the version in force when it began; outside every period, the current one."""
        return self._at(max(period.starts, self.since)).scheme if period else self.scheme

    def _at(self, moment: datetime) -> Version:
        begun = [version for version in self.versions if version.starts_at <= moment]
        return begun[-1] if begun else self.versions[0]


def moment(cohort: Cohort) -> datetime:
    """Now; in an archived cohort the moment it was archived: nothing moves any more, the open period stays open."""
    return min(clock.now(), cohort.archived_at) if cohort.archived_at else clock.now()


def rules_of(session: Session, cohort: Cohort, now: datetime) -> Rules:
    """The versions written so far, or the default before there is one; three queries. Writes nothing."""
    statement = select(SchemeVersion).where(SchemeVersion.cohort_id == cohort.id).order_by(SchemeVersion.number)
    versions = tuple(Version(row.id, row.starts_at, from_json(row.scheme)) for row in session.scalars(statement))
    return Rules(versions or (Version(None, cohort.created_at, LIGHT),), plan_of(session, cohort), now)


def plan_of(session: Session, cohort: Cohort) -> Plan:
    """The cohort's phases, holidays and last day, as calendar.py wants them."""
    phases = session.execute(
        select(Phase.id, Phase.starts_at, Phase.ends_at, Phase.name)
        .where(Phase.cohort_id == cohort.id)
        .order_by(Phase.starts_at)
    )
    holidays = session.execute(
        select(Holiday.first_day, Holiday.last_day)
        .where(Holiday.cohort_id == cohort.id)
        .order_by(Holiday.first_day, Holiday.id)
    )
    return Plan(
        zone=cohort.time_zone,
        phases=tuple(Period(f"phase-{id_}", starts, ends, name) for id_, starts, ends, name in phases),
        last_day=cohort.ends_on,
        work_days=frozenset(cohort.work_days),
        days_off=tuple((first, last) for first, last in holidays),
    )


def periods_of(joined_at: datetime, rules: Rules) -> list[Period]:
    """The periods of somebody who joined then, up to the open one: nobody has to make up what was before them.

    Periods in which nothing counted are left out.
    """
    found = calendar.periods(max(joined_at, rules.since), rules.plan, rules.now)
    return [period for period in found if rules.scheme_of(period).counts]


def next_change(joined_at: datetime, rules: Rules) -> datetime:
    """When the grade or the hints of somebody who joined then may move by themselves."""
    found = calendar.next_change(max(joined_at, rules.since), rules.plan, rules.now)
    periods = periods_of(joined_at, rules)
    if len(periods) > 1:  # from then on nothing can be made up any more
        days = rules.scheme_of(periods[-1]).make_up_days
        until = periods[-2].ends + timedelta(days=days)
        found = min(found, until) if until > rules.now and days else found
    return found


def adjustments_of(session: Session, member: Member) -> list[Adjustment]:
    """What trainers changed for a member and did not take back."""
    statement = select(GradeAdjustment).where(
        GradeAdjustment.member_id == member.id, GradeAdjustment.withdrawn_at.is_(None)
    )
    return [
        Adjustment(row.id, cast(Any, row.kind), row.period, row.points or 0.0)
        for row in session.scalars(statement.order_by(GradeAdjustment.id))
    ]


def judge(
    events: Iterable[Event],
    periods: Sequence[Period],
    rules: Rules,
    adjustments: Sequence[Adjustment] = (),
    signs: Iterable[Sign] = (),
) -> list[Outcome]:
    """``scoring.judge`` and ``scoring.value``, each period by its own rules, and what trainers changed."""
    groups: dict[Scheme, tuple[list[Event], list[Period], list[Sign]]] = {rules.scheme: ([], [], [])}
    for period in periods:
        groups.setdefault(rules.scheme_of(period), ([], [], []))[1].append(period)
    for event in events:
        groups[rules.scheme_of(period_of(event.at, periods))][0].append(event)
    for sign in signs:
        groups[rules.scheme_of(period_of(sign.at, periods))][2].append(sign)
    found: list[Outcome] = []
    for scheme, (some, theirs, given) in groups.items():
        found += scoring.judge(some, theirs, scheme)
        found += scoring.value(given, theirs, scheme) if scheme.quality else []
    keys = {period.key for period in periods}
    return scoring.adjust(found, [one for one in adjustments if one.period_key in keys])


@dataclass(frozen=True)
class Part:
    """The periods in which something may have changed; those that can change with them, and what that depends on."""

    touched: tuple[Period | None, ...]  # None: outside every period
    periods: Sequence[Period]  # all of the member's
    rules: Rules
    moments: frozenset[datetime]  # of the acts outside every period

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        """From when to when acts must be read, in order of time: also the newest two periods, for what is foreseen."""
        around = {one.key: one for touched in self.touched if touched for one in self._beside(touched, 2)}
        around |= {one.key: one for one in self.periods[-2:]}
        found = [(one.starts, one.ends) for one in around.values()]
        return sorted(found + [(moment, moment + timedelta.resolution) for moment in self.moments])

    @property
    def keys(self) -> set[str]:
        """In which periods the ledger has the newest entries of what is judged."""
        found = {one.key for touched in self.touched if touched for one in self._beside(touched, 2)}
        return found | {""} if self.moments else found

    def judge(
        self, events: Sequence[Event], adjustments: Sequence[Adjustment]
    ) -> tuple[list[Outcome], dict[str, float]]:
        """What changes: outcomes as they now are, and the sums of their periods."""
        homes: dict[tuple[str, int], str] = {}
        for event in events:
            home = period_of(event.at, self.periods)
            homes[event.kind, event.id] = home.key if home else ""
        found: dict[tuple[str, int], Outcome] = {}
        points: dict[str, float] = {}
        for touched in self.touched:
            keys = {one.key for one in self._beside(touched, 1)} if touched else {""}
            window = self._beside(touched, 2) if touched else []
            outcomes = judge(events, window, self.rules, adjustments)
            sums = scoring.sums(outcomes)
            points |= {key: sums.get(key, 0.0) for key in keys if key}
            for one in outcomes:
                if homes.get((one.kind, one.event_id), one.period_key) in keys:
                    found[one.kind, one.event_id] = one
        return list(found.values()), points

    def _beside(self, period: Period, steps: int) -> Sequence[Period]:
        """The period, and as many before and after it where one makes up for another: in pairs, as scoring does it."""
        scheme = self.rules.scheme_of(period)
        if not scheme.make_up_days:
            return [period]
        alike = [one for one in self.periods if self.rules.scheme_of(one) == scheme]
        at = alike.index(period)
        return alike[max(0, at - steps) : at + steps + 1]


def part(moments: Iterable[datetime], periods: Sequence[Period], rules: Rules) -> Part:
    """What acts at these moments can change."""
    touched, outside = {}, set()
    for moment in moments:
        period = period_of(moment, periods)
        touched[period.key if period else ""] = period
        if period is None:
            outside.add(moment)
    return Part(tuple(touched.values()), periods, rules, frozenset(outside))


def basis(member: Member, rules: Rules, adjustments: Sequence[Adjustment]) -> str:
    """Names all that the worth of a period depends on beside what was done: as long as that is the same, it stays."""
    plan = replace(rules.plan, work_days=frozenset())
    versions = [(version.id, version.starts_at) for version in rules.versions]
    facts = (_JUDGED, member.joined_at, versions, rules.version_id, plan, sorted(rules.plan.work_days), adjustments)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def grade(
    points: Mapping[str, float],
    periods: Sequence[Period],
    rules: Rules,
    excused: Collection[str] = (),
    settled: Collection[str] = (),
) -> Standing:
    """``scoring.grade``, from points by period key as they were summed up, each period with its own rules."""
    coming = _coming(periods, rules) if rules.scheme.whole_course else []
    schemes = {period.key: rules.scheme_of(period) for period in (*periods, *coming)}
    return scoring.grade(points, periods, rules.now, rules.scheme, schemes, excused, coming, settled)


def ends_of(plan: Plan) -> datetime | None:
    """When the last period of a course ends; None where nobody said."""
    last_day = calendar.end_of(plan.last_day, plan.zone) if plan.last_day else None
    phases = max((phase.ends for phase in plan.phases), default=None)
    return min(last_day, phases) if last_day and phases else last_day or phases


def _coming(periods: Sequence[Period], rules: Rules) -> list[Period]:
    """The periods still to begin after these."""
    ends, since = ends_of(rules.plan), max([rules.now, *(period.ends for period in periods)])
    if ends is None:
        return []
    every = calendar.periods(rules.since, rules.plan, max(ends - timedelta(seconds=1), rules.since))
    return [one for one in every if one.starts >= since and rules.scheme_of(one).counts]


def hint(
    kind: Kind,
    events: Iterable[Event],
    periods: Sequence[Period],
    rules: Rules,
    standing: Standing,
    to: int | None = None,
    adjustments: Sequence[Adjustment] = (),
) -> Hint:
    """``scoring.hint``, by the rules of the open period and of the one before, and what trainers changed in them.

    ``standing`` is where the member stands now. Nothing counts where the open period's worth is settled, unless it
    still fills the one before.
    """
    current = period_of(rules.now, periods)
    recent = list(periods[-2:]) if current else []
    lately = [event for event in events if recent and event.at >= recent[0].starts]
    found = scoring.hint(
        kind,
        lately,
        recent,
        rules.scheme_of(current),
        rules.now,
        to=to,
        judged=lambda some: scoring.sums(judge(some, recent, rules, adjustments)),
        room={period.key: period.room for period in standing.periods},
    )
    if is_settled(current, adjustments) and not found.makes_up:
        return Hint(0.0, 0, found.least_words, 0.0, is_open=False)
    return found


def is_settled(period: Period | None, adjustments: Iterable[Adjustment]) -> bool:
    """Whether nothing written changes what the period counts for: its learner is excused, or a trainer set it."""
    return period is not None and any(one.period_key == period.key and one.kind != "bonus" for one in adjustments)


def excused_in(adjustments: Iterable[Adjustment]) -> frozenset[str]:
    """Keys of the periods a member is excused for."""
    return frozenset(one.period_key for one in adjustments if one.kind == "excuse")


def settled_in(adjustments: Iterable[Adjustment]) -> frozenset[str]:
    """Keys of the periods whose worth a trainer set."""
    return frozenset(one.period_key for one in adjustments if one.kind == "override")


def events_of(
    session: Session, member: Member, rules: Rules, spans: Sequence[tuple[datetime, datetime]] | None = None
) -> list[Event]:
    """All a member did that the model knows of, each as it now stands; with ``spans`` (from, up to) only what they did
    then. Three queries, whatever the history.
    """
    group = _alike(_written_by(member.id).where(_within(Activity.at, spans)))
    rows = session.execute(  # columns, because whole objects cost three times as much
        select(
            Activity.verb,
            Activity.post_id,
            Activity.author_id,
            Activity.reached_id,
            Activity.words,
            Activity.at,
            Member.joined_at,
        )
        .join(Member, Member.id == Activity.author_id)
        .where(Activity.post_id.in_(select(group.c.post_id)), Activity.verb != Verb.RATED)
        .order_by(Activity.id)
    )
    texts = _fold(rows, rules)
    pairs = session.execute(
        select(Overlap.copy_id, Overlap.original_id).where(Overlap.copy_id.in_(select(group.c.post_id)))
    )
    alike = [text.as_text(rules.scheme_of(text.period)) for text in texts], [(row[0], row[1]) for row in pairs]
    copies = near_copies(*alike)
    own_copies = of_ones_own(*alike) if copies else set()
    own = [
        text.as_event(text.id in copies, text.id in own_copies)
        for text in texts
        if text.by == member.id and (spans is None or any(begin <= text.at < end for begin, end in spans))
    ]
    return own + _ratings(session, member, spans)


def alike(session: Session, post_ids: Collection[int]) -> dict[int, set[datetime]]:
    """Who wrote, and when, these texts and those that repeat one of them or are repeated by it, also through others."""
    group = _alike(select(Activity.post_id).where(Activity.post_id.in_(post_ids), Activity.verb.in_(WRITING)))
    rows = session.execute(
        select(Activity.author_id, Activity.at).where(
            Activity.post_id.in_(select(group.c.post_id)), Activity.verb.in_(WRITING)
        )
    )
    found: defaultdict[int, set[datetime]] = defaultdict(set)
    for author_id, at in rows:
        found[author_id].add(at)
    return found


def _within(column: Any, spans: Sequence[tuple[datetime, datetime]] | None) -> ColumnElement[bool]:
    """Whether a moment lies in one of them; those that meet are asked for as one."""
    if spans is None:
        return true()
    joined: list[tuple[datetime, datetime]] = []
    for begin, end in spans:
        if joined and joined[-1][1] >= begin:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((begin, end))
    return or_(false(), *(and_(column >= begin, column < end) for begin, end in joined))


def _written_by(member_id: int) -> Select[tuple[int]]:
    return select(Activity.post_id).where(Activity.author_id == member_id, Activity.verb.in_(WRITING))


def _alike(start: Select[tuple[int]]) -> CTE:
    """Ids (``post_id``) of these texts and of all that hang together with them by overlaps."""
    group = start.cte("alike", recursive=True)
    other = case((Overlap.copy_id == group.c.post_id, Overlap.original_id), else_=Overlap.copy_id)
    touching = or_(Overlap.copy_id == group.c.post_id, Overlap.original_id == group.c.post_id)
    return group.union(select(other).select_from(Overlap).join(group, touching))


def _ratings(session: Session, member: Member, spans: Sequence[tuple[datetime, datetime]] | None) -> list[Event]:
    """One event an idea, at the first rating: changing one's mind is free and brings nothing."""
    statement = select(Activity.post_id, func.min(Activity.at))
    statement = statement.where(Activity.member_id == member.id, Activity.verb == Verb.RATED)
    if spans is not None:
        before = aliased(Activity)
        rated = (before.member_id == member.id, before.verb == Verb.RATED, before.post_id == Activity.post_id)
        is_first = ~select(before.id).where(*rated, before.at < Activity.at).exists()
        statement = statement.where(_within(Activity.at, spans), is_first)
    rows = session.execute(statement.group_by(Activity.post_id))
    return [Event(idea_id, "rating", at, subject=idea_id) for idea_id, at in rows]


@dataclass(slots=True)
class _Written:
    """What became of one text."""

    id: int
    by: int
    kind: Kind
    at: datetime
    reached: int | None
    period: Period | None  # the author's, in which it was written
    words: list[tuple[datetime, int]]  # how long it became when, as far as that counts
    removed_by: set[str] = field(default_factory=set)  # DELETED, HID: it may be both

    def apply(self, row: Row[Any]) -> None:
        """Let something that was done to the text take effect."""
        if row.verb == Verb.EDITED:
            # a closed week is closed: what is added later does not raise it, what is taken away does not lower it
            if self.period is None or row.at < self.period.ends:
                self.words.append((row.at, row.words or 0))
        elif row.verb in REMOVING:
            self.removed_by.add(row.verb)
        elif row.verb in RETURNING:
            self.removed_by.discard(OPPOSITES[Verb(row.verb)])

    @property
    def to_self(self) -> bool:
        return self.kind == "reply" and self.reached == self.by

    def as_event(self, is_copy: bool, is_own_copy: bool) -> Event:
        return Event(
            self.id,
            self.kind,
            self.at,
            words=self.words[-1][1],
            reached=self.reached,
            removed=bool(self.removed_by),
            copy=is_copy,
            to_self=self.to_self,
            own_copy=is_own_copy,
        )

    def as_text(self, scheme: Scheme) -> Text:
        """For finding near-copies. Counts since it is long enough: a stub is not the original of what follows it.

        Having been away does not make it younger, else deleting and undeleting would turn its copies into originals.
        """
        rule = scheme.rule(self.kind)
        least = rule.least_words if rule else 0
        since: datetime | None = None
        for at, words in self.words:
            since = (since or at) if words >= least else None
        is_valid = rule is not None and since is not None and not self.removed_by and not self.to_self
        place = (self.kind, self.period.key if self.period else "", self.reached)
        return Text(self.id, self.by, since or self.at, self.words[-1][1], is_valid, place)


def _fold(rows: Iterable[Row[Any]], rules: Rules) -> list[_Written]:
    """Texts from activities, each with when its author joined, in the order of their ids."""
    texts: dict[int, _Written] = {}
    calendars: dict[datetime, list[Period]] = {}
    for row in rows:
        if row.verb in WRITING:
            if row.joined_at not in calendars:
                calendars[row.joined_at] = periods_of(row.joined_at or rules.now, rules)
            period = period_of(row.at, calendars[row.joined_at])
            words = [(row.at, row.words or 0)]
            kind = _KINDS[row.verb]
            texts[row.post_id] = _Written(row.post_id, row.author_id, kind, row.at, row.reached_id, period, words)
        elif row.post_id in texts:
            texts[row.post_id].apply(row)
    return list(texts.values())
