"""Signs of quality: what others said of a member's texts, and whether that still stands.

Each is an act: an answer accepted or recommended, a text that helped, an idea gone on from. Where no rules of the
cohort count them, nothing here asks more of the database than the rules.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Select, select, union
from sqlalchemy.orm import Session

from sociallearn.activity.models import REMOVING, RETURNING, Activity, Verb
from sociallearn.grades import scoring
from sociallearn.grades.calendar import Period, period_of
from sociallearn.grades.folding import OPPOSITES, Rules
from sociallearn.grades.models import SchemeVersion
from sociallearn.grades.schemes import from_json
from sociallearn.grades.scoring import Event, Sign, SignKind, Why
from sociallearn.roster.models import Member

_GIVING = frozenset({Verb.ACCEPTED, Verb.ENDORSED, Verb.HELPED})  # of answers and comments
_TAKING = {
    Verb.UNACCEPTED: Verb.ACCEPTED,
    Verb.UNENDORSED: Verb.ENDORSED,
    Verb.UNHELPED: Verb.HELPED,
    Verb.UNBUILT: Verb.BUILT_ON,
}
_CHANGING = REMOVING | RETURNING


def signs_of(
    session: Session, member: Member, events: Iterable[Event], periods: Sequence[Period], rules: Rules
) -> list[Sign]:
    """Every sign a member was given, also what stands no more; at most one query. ``events`` are all of the member's.

    None at all where no version of the rules counts them.
    """
    if not is_counted(rules):
        return []
    flaws = _flaws(events, periods, rules)
    given = _Given(periods)
    for row in session.execute(_acts(member)):
        given.read(row)
    return [replace(one, flaw=one.flaw or flaws.get(text_id, Why.REMOVED)) for text_id, one in given.to(member.id)]


def is_counted(rules: Rules) -> bool:
    """Whether signs ever counted here. A sign stands in one period for a text of any other: all is judged at once."""
    return any(version.scheme.quality for version in rules.versions)


def concerned(session: Session, activity: Activity) -> set[int]:
    """Members whose signs this act can have changed; a query or two, where signs count."""
    verb = Verb(activity.verb)
    if verb not in _GIVING | _CHANGING | _TAKING.keys() | {Verb.BUILT_ON, Verb.CONVERTED}:
        return set()
    if not _may_count(session, activity.cohort_id):
        return set()
    if verb in (Verb.BUILT_ON, Verb.UNBUILT):
        return {activity.reached_id} if activity.reached_id else set()
    if verb in _CHANGING:  # of an idea that goes on from others
        built = select(Activity.reached_id).where(
            Activity.post_id == activity.post_id, Activity.verb == Verb.BUILT_ON, Activity.reached_id.is_not(None)
        )
        return {one for one in session.scalars(built) if one}
    if verb in (Verb.ACCEPTED, Verb.CONVERTED):  # takes others back
        there = select(Activity.author_id).where(Activity.root_id == activity.root_id, Activity.verb.in_(_GIVING))
        return set(session.scalars(there))
    return {activity.author_id}


def _may_count(session: Session, cohort_id: int) -> bool:
    stored = session.scalars(select(SchemeVersion.scheme).where(SchemeVersion.cohort_id == cohort_id))
    return any(from_json(one).quality for one in stored)


def _flaws(events: Iterable[Event], periods: Sequence[Period], rules: Rules) -> dict[int, Why | None]:
    """Why each text of the member is not valid, if it is not.

    What the member said again at more length themselves still has what others said of it, else one more text of one's
    own could lower a grade.
    """
    found = {}
    for event in events:
        if event.kind != "rating":
            rule = rules.scheme_of(period_of(event.at, periods)).rule(event.kind)
            found[event.id] = scoring.flaw(replace(event, copy=event.copy and not event.own_copy), rule)
    return found


class _Given:
    """Signs as acts give and take them, in their order."""

    def __init__(self, periods: Sequence[Period]) -> None:
        self.periods = periods
        self.kept: set[tuple[Any, ...]] = set()  # what was taken back too late to change anything
        self.signs: dict[int, Sign] = {}  # by the act that gave it
        self.text_of: dict[int, int] = {}  # what it is about
        self.receiver_of: dict[int, int] = {}
        self.through: dict[int, int] = {}  # the idea that goes on from it
        self.standing: dict[tuple[Any, ...], int] = {}  # by what tells one from another, the act
        self.removed: dict[int, set[str]] = {}  # by text, how

    def read(self, row: Row[Any]) -> None:
        """Let one act take effect."""
        verb = Verb(row.verb)
        if verb in REMOVING:
            self.removed.setdefault(row.post_id, set()).add(verb)
        elif verb in RETURNING:
            self.removed.get(row.post_id, set()).discard(OPPOSITES[verb])
        elif verb == Verb.CONVERTED:
            for key in [key for key in self.standing if key[1] == row.root_id and key[0] != Verb.BUILT_ON]:
                self._take(key, row.at)
        elif verb in _TAKING:
            self._take(_key(_TAKING[verb], row), row.at)
        elif verb == Verb.BUILT_ON:
            self._give(row, text_id=row.root_id, receiver=row.reached_id)
            self.through[row.id] = row.post_id
        else:
            self._give(row, text_id=row.post_id, receiver=row.author_id)

    def _give(self, row: Row[Any], *, text_id: int, receiver: int) -> None:
        key = _key(Verb(row.verb), row)
        flaw = Why.FROM_ONESELF if row.member_id == receiver else None
        before = self.standing.get(key)
        if before is not None and self.text_of[before] == text_id and (flaw or not self.signs[before].flaw):
            return  # it stands already, since it was given first
        self._take(key, row.at)
        if (*key, text_id) in self.kept:
            return  # nor does it count a second time
        kind = cast(SignKind, row.verb)
        self.signs[row.id] = Sign(row.id, kind, row.at, giver=row.member_id or 0, flaw=flaw)
        self.text_of[row.id], self.receiver_of[row.id], self.standing[key] = text_id, receiver, row.id

    def _take(self, key: tuple[Any, ...], at: datetime) -> None:
        act = self.standing.pop(key, None)
        if act is None:
            return
        sign = self.signs[act]
        period = period_of(sign.at, self.periods)
        if not sign.flaw and period is not None and period.ends <= at:
            self.kept.add((*key, self.text_of[act]))  # a closed period is closed
        else:
            self.signs[act] = replace(sign, flaw=Why.TAKEN_BACK)

    def to(self, receiver: int) -> list[tuple[int, Sign]]:
        """Those of this member, each with its text."""
        gone = {act for act, idea_id in self.through.items() if self.removed.get(idea_id)}
        return [
            (self.text_of[act], replace(sign, flaw=sign.flaw or Why.REMOVED) if act in gone else sign)
            for act, sign in self.signs.items()
            if self.receiver_of[act] == receiver
        ]


def _key(verb: Verb, row: Row[Any]) -> tuple[Any, ...]:
    """What tells one sign from another: a question has one accepted answer, whoever accepts it."""
    if verb == Verb.ACCEPTED:
        return (verb, row.root_id)
    if verb == Verb.BUILT_ON:
        return (verb, row.root_id, row.post_id)
    return (verb, row.root_id, row.post_id, row.member_id)


def _acts(member: Member) -> Select[Any]:
    """What was said of a member's texts, of the answers beside them, and of the ideas that go on from theirs."""
    columns = (
        Activity.id,
        Activity.verb,
        Activity.member_id,
        Activity.post_id,
        Activity.root_id,
        Activity.author_id,
        Activity.reached_id,
        Activity.at,
    )
    own = select(Activity.post_id).where(Activity.author_id == member.id, Activity.verb == Verb.PROPOSED)
    built = select(Activity.post_id).where(Activity.root_id.in_(own), Activity.verb == Verb.BUILT_ON)
    roots = select(Activity.root_id).where(Activity.author_id == member.id, Activity.verb.in_(_GIVING))
    of_threads = (Verb.ACCEPTED, Verb.UNACCEPTED, Verb.CONVERTED)
    acts = union(
        select(*columns).where(Activity.author_id == member.id, Activity.verb.in_(_GIVING | _TAKING.keys())),
        select(*columns).where(Activity.root_id.in_(roots), Activity.verb.in_(of_threads)),
        select(*columns).where(Activity.root_id.in_(own), Activity.verb.in_((Verb.BUILT_ON, Verb.UNBUILT))),
        select(*columns).where(Activity.post_id.in_(built), Activity.verb.in_(REMOVING | RETURNING)),
    ).subquery()
    return select(acts).order_by(acts.c.id)
