"""Keep the ledger of points: after every act that concerns somebody's points, in the act's own transaction.

A learner's row in ``standing`` is locked first, so that two acts at once both count. Then the periods an act can touch
are judged anew from the activity rows, what changed is appended to the ledger, and the LMS is told if grade or comment
moved. The sums of all other periods stand in ``standing``. Everything is judged anew when a period closes, and when
what those sums are based on is no longer the same: rules, calendar, membership, or what a trainer changed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, true, update
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.activity.models import REMOVING, RETURNING, WRITING, Activity, Verb
from sociallearn.activity.recording import recorded, upcoming
from sociallearn.database import insert_or_get, locked, transaction
from sociallearn.grades import columns, delivering, folding, foreseeing, scoring, valuing, wording
from sociallearn.grades.calendar import NEVER, Period
from sociallearn.grades.delivering import mark_due
from sociallearn.grades.folding import Rules
from sociallearn.grades.models import HINTED, LedgerEntry, SchemeVersion, Standing
from sociallearn.grades.schemes import LIGHT, Kind, to_json
from sociallearn.grades.scoring import Adjustment, Event, Outcome, Why
from sociallearn.lti.models import Deployment, Registration
from sociallearn.roster.models import Cohort, Member
from sociallearn.roster.signals import arrived, calendar_changed, left, returned

_CHANGING = REMOVING | RETURNING | {Verb.EDITED}


def connect() -> None:
    """Listen to the activity ledger and to the roster. Safe to call again."""
    recorded.connect(on_activity)
    upcoming.connect(on_upcoming)
    arrived.connect(on_arrival)
    arrived.connect(delivering.on_arrival)
    left.connect(on_left)
    returned.connect(on_return)
    calendar_changed.connect(on_calendar)
    calendar_changed.connect(columns.on_calendar)


def on_arrival(member: Member, session: Session) -> None:
    """A standing for everybody at their first launch, so that also a silent learner's first week closes."""
    standing = session.get(Standing, member.id)
    # also for who was a trainer for a while: nothing closed their weeks meanwhile
    if standing is None or (member.is_graded and standing.next_change_at is None):
        recompute(session, member)


def on_left(cohort: Cohort, member_ids: list[int], session: Session) -> None:
    """Nothing closes the weeks of people who left; a score of theirs that waits is refused when its turn comes."""
    _set_next_change(session, member_ids, None)


def on_return(cohort: Cohort, member_ids: list[int], session: Session) -> None:
    """The next sweep judges them anew and sends what was refused while they were away."""
    _set_next_change(session, member_ids, clock.now())


def _set_next_change(session: Session, member_ids: list[int], moment: datetime | None) -> None:
    for ids in (member_ids[at : at + 500] for at in range(0, len(member_ids), 500)):
        on_upcoming(ids, session)
        session.execute(update(Standing).where(Standing.member_id.in_(ids)).values(next_change_at=moment))


def on_upcoming(member_ids: Collection[int], session: Session) -> None:
    """Lock what is kept of them, in order of id as recomputing does."""
    theirs = select(Standing.member_id).where(Standing.member_id.in_(member_ids)).order_by(Standing.member_id)
    session.execute(theirs.with_for_update(key_share=True))


def on_calendar(cohort: Cohort, session: Session) -> None:
    """Periods begin and end at other moments now, or there are others."""
    recompute_soon(session, cohort.id)


def on_activity(activity: Activity, session: Session) -> None:
    """Recompute whoever's points this act can have changed, in order of id so that two acts never wait in a ring."""
    touched: dict[int, set[datetime] | None] = dict(_touched(session, activity))
    touched |= dict.fromkeys(valuing.concerned(session, activity))  # signs are read as a whole
    if touched:
        for member in session.scalars(select(Member).where(Member.id.in_(touched)).order_by(Member.id)).all():
            recompute(session, member, touched[member.id])


def _touched(session: Session, activity: Activity) -> dict[int, set[datetime]]:
    """By member whose points this act can have changed: when they did what it concerns."""
    if activity.verb == Verb.RATED and activity.member_id:
        return {activity.member_id: {activity.at}}
    if activity.verb in WRITING:  # the newest text: nobody's earlier one counts less or more for it (see copying)
        return {activity.author_id: {activity.at}}
    if activity.verb in _CHANGING:  # an original that goes makes its first copy an original
        return folding.alike(session, {activity.post_id} | activity.parted)
    return {}


def recompute(session: Session, member: Member, touched: Collection[datetime] | None = None) -> Standing | None:
    """Judge what a member did anew; None for somebody who is not graded. Run twice, the second changes nothing.

    ``touched``: only the periods in which these moments lie can have changed, and those that hang together with them.
    Appends to the ledger what changed, updates the standing, and queues scores whose value or comment moved.
    """
    if not member.is_graded:
        nothing = {"next_change_at": None, "basis": None}  # nobody keeps their sums meanwhile
        session.execute(update(Standing).where(Standing.member_id == member.id).values(nothing))
        return None
    cohort = session.get_one(Cohort, member.cohort_id)
    _write_first_version(session, cohort)
    key = {"member_id": member.id}
    insert_or_get(session, Standing, key, {"cohort_id": cohort.id, "organisation_id": cohort.organisation_id})
    row = locked(session, Standing, member.id)
    now = folding.moment(cohort)  # after the lock: whoever waited must not close a week earlier than who had it
    rules = folding.rules_of(session, cohort, now)
    joined_at = member.joined_at or now
    periods = folding.periods_of(joined_at, rules)
    adjustments = folding.adjustments_of(session, member)
    events = _judge(session, member, row, periods, rules, adjustments, touched)
    points, excused = row.collected, folding.excused_in(adjustments)
    standing = folding.grade(points, periods, rules, excused, folding.settled_in(adjustments))
    row.grade = standing.value
    row.comment = wording.comment(standing, rules.scheme, member.person, cohort.language)
    row.next_change_at = NEVER if cohort.archived_at else folding.next_change(joined_at, rules)
    row.hints = {kind: _hint(kind, events, periods, rules, standing, adjustments) for kind in HINTED}
    row.foreseen = None if cohort.archived_at else foreseeing.foresee(events, periods, rules, adjustments, points)
    row.computed_at = clock.now()
    session.flush()
    if row.grade is not None or (periods and not excused):  # else nothing to say: what the LMS has stays as it is
        delivering.want(session, member, row.grade, row.comment)
    return row


def _judge(
    session: Session,
    member: Member,
    row: Standing,
    periods: Sequence[Period],
    rules: Rules,
    adjustments: Sequence[Adjustment],
    touched: Collection[datetime] | None,
) -> Sequence[Event]:
    """Bring ledger and sums up to date; the events read for it: all, or those of some periods and of the newest two."""
    basis, version_id = folding.basis(member, rules, adjustments), rules.version_id or 0
    is_ahead = bool(touched) and max(touched or ()) > rules.now  # by another machine's clock
    has_closed = row.next_change_at is not None and row.next_change_at <= rules.now  # and no sweep came by since
    if touched is None or row.basis != basis or is_ahead or has_closed or valuing.is_counted(rules):
        events = folding.events_of(session, member, rules)
        signs = valuing.signs_of(session, member, events, periods, rules)
        outcomes = folding.judge(events, periods, rules, adjustments, signs)
        points = scoring.sums(outcomes)
        newest = _newest(session, member)
    else:
        part = folding.part(touched, periods, rules)
        events = folding.events_of(session, member, rules, part.spans)
        outcomes, sums = part.judge(events, adjustments)
        points = {**row.collected, **sums}
        judged = {(outcome.kind, outcome.event_id) for outcome in outcomes}
        newest = {key: entry for key, entry in _newest(session, member, part.keys).items() if key in judged}
    _append(session, member, outcomes, newest, version_id)
    row.collected = {key: value for key, value in points.items() if value}
    row.basis = None if is_ahead else basis  # what is still to come counts next time
    return events


def _hint(
    kind: Kind,
    events: Sequence[Event],
    periods: Sequence[Period],
    rules: Rules,
    standing: scoring.Standing,
    adjustments: Sequence[Adjustment],
) -> dict[str, Any] | None:
    if not rules.scheme.counts:
        return None
    return asdict(folding.hint(kind, events, periods, rules, standing, adjustments=adjustments))


def _write_first_version(session: Session, cohort: Cohort) -> None:
    values = {
        "organisation_id": cohort.organisation_id,
        "scheme": to_json(LIGHT),
        "starts_at": cohort.created_at,
        "created_at": clock.now(),
    }
    insert_or_get(session, SchemeVersion, {"cohort_id": cohort.id, "number": 1}, values)


def _append(
    session: Session,
    member: Member,
    outcomes: Sequence[Outcome],
    newest: Mapping[tuple[str, int], Row[Any]],
    version_id: int,
) -> None:
    """Write down every event that counts for something else than its newest entry says."""
    known = {(outcome.kind, outcome.event_id) for outcome in outcomes}
    # the activities no longer know them: a person was erased
    vanished = [_nothing(entry, entry.period, Why.REMOVED) for key, entry in newest.items() if key not in known]
    for outcome in [*outcomes, *vanished]:
        before = newest.get((outcome.kind, outcome.event_id))
        facts = (outcome.period_key, outcome.points, outcome.why, outcome.short_by)
        if before and facts == (before.period, before.points, before.why, before.short_by):
            continue
        points_before = before.points if before else 0.0
        if before and before.period != outcome.period_key and before.points:
            # the calendar moved it to another period: take the points from the one before giving them there
            moved_away = _nothing(before, before.period, Why.OUTSIDE)
            session.add(_entry(member, version_id, moved_away, -before.points))
            points_before = 0.0
        session.add(_entry(member, version_id, outcome, outcome.points - points_before))


def _newest(
    session: Session, member: Member, periods: Collection[str] | None = None
) -> dict[tuple[str, int], Row[Any]]:
    """The newest entry of each event, of all or of those in these periods."""
    entries = session.execute(
        select(
            LedgerEntry.kind,
            LedgerEntry.event_id,
            LedgerEntry.period,
            LedgerEntry.points,
            LedgerEntry.why,
            LedgerEntry.short_by,
        )
        .where(LedgerEntry.member_id == member.id, true() if periods is None else LedgerEntry.period.in_(periods))
        .order_by(LedgerEntry.id)
    )
    return {(entry.kind, entry.event_id): entry for entry in entries}


def _nothing(entry: Row[Any], period: str, why: Why) -> Outcome:
    return Outcome(entry.event_id, entry.kind, period, 0.0, why)


def _entry(member: Member, version_id: int, outcome: Outcome, change: float) -> LedgerEntry:
    return LedgerEntry(
        cohort_id=member.cohort_id,
        organisation_id=member.organisation_id,
        member_id=member.id,
        scheme_version_id=version_id,
        period=outcome.period_key,
        kind=outcome.kind,
        event_id=outcome.event_id,
        points=outcome.points,
        change=change,
        why=outcome.why,
        short_by=outcome.short_by,
        at=clock.now(),
    )


def recompute_soon(session: Session, cohort_id: int) -> None:
    """Have the next sweep recompute everybody in the cohort: after its calendar or its rules changed."""
    mark_due(session, cohort_id)


def _due(session: Session) -> Sequence[int]:
    statement = (
        select(Standing.member_id)
        .join(Cohort, Cohort.id == Standing.cohort_id)
        .join(Deployment, Deployment.id == Cohort.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(Standing.next_change_at <= clock.now(), Registration.is_active)
    )
    return session.scalars(statement.order_by(Standing.next_change_at).limit(jobs.MOST_A_SWEEP)).all()


@jobs.task(due=_due)
def catch_up(member_id: int) -> None:
    """A week closed, or a column appeared: recompute though nobody did anything."""
    with transaction() as session:
        member = session.get(Member, member_id)
        if member is not None:
            recompute(session, member)
