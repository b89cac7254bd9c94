"""Copying: who counts when texts repeat each other."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from sociallearn.grades.calendar import period_of, weeks
from sociallearn.grades.copying import Text, near_copies
from sociallearn.grades.schemes import LIGHT, STANDARD, Scheme
from sociallearn.grades.scoring import Event, Standing, earned, grade, judge

START = datetime(2026, 3, 9, tzinfo=UTC)
WEEKS = weeks(START, "UTC", START + timedelta(weeks=5))
ANN, BEN, CLEO = 1, 2, 3


def text(id: int, by: int = ANN, *, size: int = 30, ok: bool = True, place: str = "reply, week 1, to Ben") -> Text:
    return Text(id, by, START + timedelta(minutes=id), size, ok, place)


def test_a_copy_of_somebody_elses_text():
    assert near_copies([text(1), text(2, BEN, size=99)], [(2, 1)]) == {2}


def test_a_copy_of_a_text_that_does_not_count_is_none():
    assert near_copies([text(1, ok=False), text(2, BEN)], [(2, 1)]) == set()


def test_a_copy_of_a_copy_is_judged_by_what_stands_in_the_valid_one():
    texts = [text(1), text(2, BEN), text(3, CLEO)]
    assert near_copies(texts, [(2, 1), (3, 2)]) == {2}
    assert near_copies(texts, [(2, 1), (3, 2), (3, 1)]) == {2, 3}


def test_of_ones_own_the_longest_counts_and_the_earliest_of_those():
    assert near_copies([text(1), text(2, size=33)], [(2, 1)]) == {1}
    assert near_copies([text(1, size=33), text(2)], [(2, 1)]) == {2}
    assert near_copies([text(1), text(2)], [(2, 1)]) == {2}
    assert near_copies([text(1), text(2, size=33), text(3, size=33), text(4)], [(2, 1), (3, 1), (4, 1)]) == {1, 3, 4}


def test_a_too_short_first_try_stands_in_nobodys_way():
    assert near_copies([text(1, size=18, ok=False), text(2, size=21)], [(2, 1)]) == set()


def test_a_longer_one_elsewhere_takes_nothing_from_a_closed_week():
    assert near_copies([text(1), text(2, size=33, place="reply, week 2, to Ben")], [(2, 1)]) == {2}


def test_a_longer_one_that_is_also_somebody_elses_takes_nothing_over():
    assert near_copies([text(1), text(2, BEN), text(3, size=33)], [(3, 1), (3, 2)]) == {3}


def test_one_that_resembles_two_takes_the_place_of_one():
    assert near_copies([text(1), text(2), text(3, size=60)], [(3, 1), (3, 2)]) == {1}


def test_the_first_holds_its_ground_when_taken_over():
    assert near_copies([text(1), text(2, BEN), text(3, size=33)], [(2, 1), (3, 1)]) == {1, 2}


def test_pairs_about_unknown_or_later_texts_say_nothing():
    assert near_copies([text(1), text(2, BEN)], [(2, 9), (9, 1), (1, 2), (1, 1)]) == set()


# Promises that hold for every history.


class History:
    """Texts of three people, in order of writing; a text may repeat any earlier ones."""

    def __init__(self) -> None:
        self.events: dict[int, tuple[int, Event]] = {}
        self.pairs: list[tuple[int, int]] = []

    def add(self, draw: st.DrawFn, scheme: Scheme) -> None:
        number, by = len(self.events), draw(st.sampled_from([ANN, ANN, BEN, CLEO]))
        kind = draw(st.sampled_from(["post", "reply", "reply", "reply"]))
        rule = scheme.rule(kind)
        at = START + timedelta(days=number + draw(st.integers(0, 1)))
        words = rule.least_words + draw(st.integers(-1, 3))
        reached = draw(st.sampled_from([None, 7, 8])) if kind == "reply" else None
        for other in draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []:
            self.pairs.append((number, other))
        removed = draw(st.integers(0, 9)) == 0
        self.events[number] = by, Event(number, kind, at, words, reached, removed=removed)

    def texts(self, scheme: Scheme) -> list[Text]:
        return [
            Text(e.id, by, e.at, e.words, not e.removed and e.words >= scheme.rule(e.kind).least_words, place(e))
            for by, e in self.events.values()
        ]

    def copies(self, scheme: Scheme) -> set[int]:
        return near_copies(self.texts(scheme), self.pairs)

    def standing(self, who: int, scheme: Scheme, now: datetime) -> Standing:
        copies = self.copies(scheme)
        own = [
            Event(e.id, e.kind, e.at, e.words, e.reached, removed=e.removed, copy=e.id in copies)
            for by, e in self.events.values()
            if by == who
        ]
        return grade(earned(judge(own, WEEKS, scheme), scheme), WEEKS, now, scheme)


def place(event: Event) -> tuple[str, str, int | None]:
    period = period_of(event.at, WEEKS)
    return event.kind, period.key if period else "", event.reached


@st.composite
def histories(draw: st.DrawFn) -> tuple[History, Scheme]:
    history, scheme = History(), draw(st.sampled_from([LIGHT, STANDARD]))
    for _ in range(draw(st.integers(0, 14))):
        history.add(draw, scheme)
    return history, scheme


@given(st.data(), histories(), st.integers(0, 6))
@settings(max_examples=500, deadline=None)
def test_one_more_text_never_lowers_anybodys_grade(data, drawn, week):
    history, scheme = drawn
    now = START + timedelta(weeks=week, days=3)
    before = [history.standing(who, scheme, now) for who in (ANN, BEN, CLEO)]
    latest = max((event.at for _, event in history.events.values()), default=START)
    history.add(data.draw, scheme)
    number = len(history.events) - 1
    by, event = history.events[number]
    if event.at < latest:
        history.events[number] = by, Event(**{name: getattr(event, name) for name in Event.__slots__} | {"at": latest})
    after = [history.standing(who, scheme, now) for who in (ANN, BEN, CLEO)]
    for was, became in zip(before, after, strict=True):
        assert (became.value or 0) >= (was.value or 0)
        assert [p.earned for p in became.periods] >= [p.earned for p in was.periods]


@given(st.data(), histories())
@settings(max_examples=300, deadline=None)
def test_the_order_in_which_texts_and_pairs_come_is_irrelevant(data, drawn):
    history, scheme = drawn
    texts, pairs = data.draw(st.permutations(history.texts(scheme))), data.draw(st.permutations(history.pairs))
    assert near_copies(texts, pairs) == near_copies(history.texts(scheme), history.pairs)
    assert near_copies(iter(texts), iter(pairs)) == history.copies(scheme)


@given(histories())
@settings(max_examples=300, deadline=None)
def test_every_near_copy_resembles_another_text(drawn):
    history, scheme = drawn
    copies, texts = history.copies(scheme), history.texts(scheme)
    resembling = {number for pair in history.pairs for number in pair}
    assert copies <= resembling
    assert not texts or copies < {text.id for text in texts}
