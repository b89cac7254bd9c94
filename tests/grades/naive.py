"""The grading model a second time, in the plainest words: it shares nothing with the first but a scheme's numbers."""

from dataclasses import dataclass, field

from sociallearn.grades.schemes import Scheme


@dataclass(frozen=True)
class Fact:
    """A valid text, or a rating."""

    kind: str
    week: int  # counted from the first
    late: bool  # in time to make up the week before
    reached: int | None
    subject: int


@dataclass(frozen=True)
class Praise:
    """A sign of quality that stands."""

    kind: str
    week: int
    giver: int


@dataclass
class Word:
    """What a trainer said of weeks, by number."""

    override: dict[int, float] = field(default_factory=dict)
    bonus: dict[int, float] = field(default_factory=dict)
    excused: set[int] = field(default_factory=set)


def collected(facts: list[Fact], praise: list[Praise], scheme: Scheme, weeks: int, word: Word) -> list[float]:
    """The points of each week, also beyond full marks."""
    found = []
    for week in range(weeks):
        points = sum(counted(facts, scheme, rule, week, weeks) * rule.points for rule in scheme.rules)
        points = word.override.get(week, points + quality(praise, scheme, week)) + word.bonus.get(week, 0)
        found.append(0.0 if week in word.excused else points)
    return found


def counted(facts, scheme, rule, week, weeks):
    """How many count for a week by one rule, halves among them."""
    here = [fact for fact in facts if (fact.kind, fact.week) == (rule.event, week)]
    if rule.event == "rating":
        return min(rule.most, len({fact.subject for fact in here}) // rule.per)
    people = {fact.reached for fact in here if fact.reached is not None}
    one_person = rule.most_unless_two_people is not None and len(people) < 2
    full = min(len(here), rule.most_unless_two_people if one_person else rule.most)
    following = [fact for fact in facts if (fact.kind, fact.week) == (rule.event, week + 1) and week + 1 < weeks]
    late = sum(fact.late for fact in following) if scheme.make_up_days else 0
    return full + min(late, max(0, len(following) - rule.most), rule.most - full) / 2


def quality(praise, scheme, week):
    """What others' signs bring."""
    if not scheme.quality:
        return 0.0
    here = [one for one in praise if one.week == week]
    points = sum(2.0 for one in here if one.kind != "helped")
    for giver in {one.giver for one in here}:
        thanks = sum(one.kind == "helped" and one.giver == giver for one in here)
        points += [0, 1, 1.5][min(thanks, 2)]
    return min(points, int(scheme.target * 4 * 3 / 10 + 1e-9) / 4)


def worth(weeks: list[int], points: list[float], scheme: Scheme, fixed: set[int]) -> list[float]:
    """What each of these weeks is worth, one after the other; ``fixed`` ones have nothing to do with what is kept."""
    found, kept = [], 0.0
    for week in weeks:
        if not scheme.reserve:
            found.append(min(points[week], scheme.target + scheme.room))
        elif week in fixed:
            found.append(min(points[week], scheme.target))
        else:
            there = points[week] + kept
            found.append(min(there, scheme.target))
            kept = min(scheme.reserve, max(0.0, there - scheme.target))
    return found


def share(weeks: list[int], points: list[float], scheme: Scheme, fixed: set[int]) -> float:
    """Of full marks, without the week that is best left out."""
    choices = [[one for one in weeks if one != out] for out in weeks] if len(weeks) >= scheme.drops_after else [weeks]
    shares = [sum(worth(some, points, scheme, fixed)) / (scheme.target * len(some)) for some in choices]
    return min(1.0, max(shares))


def grade(points: list[float], closed: int, begun: int, scheme: Scheme, word: Word) -> float | None:
    """The grade when so many weeks have closed and begun (those that have an end all stand in ``points``)."""
    asked = [week for week in range(len(points)) if week not in word.excused]
    over = [week for week in asked if week < closed]
    opened = [week for week in asked if closed <= week < begun and not scheme.when_closed]
    has_open = any(points[week] for week in opened)
    fixed = set(word.override)
    if scheme.whole_course:
        if not over and not has_open:
            return None
        waiting = {week for week in asked if week >= (closed if scheme.when_closed else begun)}
        blank = [0.0 if week in waiting else one for week, one in enumerate(points)]
        best = share(asked, blank, scheme, fixed)
    elif not over and not has_open:
        return None
    else:
        values = [share(over, points, scheme, fixed)] if over else []
        values += [share(over + opened, points, scheme, fixed)] if opened else []
        best = max(values)
    return best if scheme.passes_at is None else float(best >= scheme.passes_at)
