"""How a score came about: read from the ledger, with a constant number of queries, and hints that come true."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask, g
from sqlalchemy import event
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.grades import reading, receipts
from sociallearn.grades.models import Standing
from sociallearn.grades.receipts import Ratings, Receipt
from sociallearn.grades.schemes import Kind as Event
from sociallearn.posts.models import Kind, Visibility
from sociallearn.roster.models import Cohort, Member, Seat
from tests.grades import cast
from tests.grades.cast import DAY, MONDAY, WEEK, School


@pytest.fixture
def seat(app: Flask, school: School) -> Iterator[None]:
    """A request in somebody's seat, so that links can be made."""
    ben = school.learner("ben")
    with app.test_request_context("/"):
        g.seat = Seat(id="seat", member_id=ben)
        g.seat.member = db.session.get_one(Member, ben)
        g.seat.cohort = db.session.get_one(Cohort, school.cohort_id)
        g.seat_path = "/s/seat"
        db.session.rollback()
        yield


def receipt_of(member_id: int) -> Receipt:
    with transaction() as session:
        found = receipts.receipt(session, session.get_one(Member, member_id))
    assert found is not None
    return found


@pytest.mark.usefixtures("seat")
def test_every_line_says_why(school: School) -> None:
    ben, cleo, tess = school.people["ben"], school.learner("cleo"), school.trainer()
    with clock.at(MONDAY + DAY):
        question = cast.write(ben, kind=Kind.QUESTION)
        short = cast.reply(ben, cast.write(cleo), 12)
        removed = cast.write(ben)
        cast.rate(ben, cast.write(cleo, kind=Kind.IDEA))
        cast.decide(removed, Visibility.HIDDEN, tess)
    with clock.at(MONDAY + WEEK + DAY):
        cast.write(ben, body="first words " + cast.text(45, "z"))
        found = receipt_of(ben)
    assert (found.grade, found.percent, found.target) == (0.4, 40, 10)
    assert found.comment == "Week 2 is open: 4 of 10 so far. Closed weeks: 40%."
    assert [(period.label, period.earned, period.is_open) for period in found.periods] == [
        ("Week 1", 4, False),
        ("Week 2", 4, True),
    ]
    lines = found.periods[0].lines
    assert [(line.kind, line.points, line.why, line.short_by) for line in lines] == [
        ("question", 4, "counted", None),
        ("reply", 0, "too_short", 8),
        ("post", 0, "removed", None),
        ("rating", 0, "part_of_round", None),
    ]
    assert lines[3].ratings == Ratings(ideas=1, rounds=0, most=1, per=5, is_open=False)
    assert lines[0].title == "Who?"
    assert [line.url for line in lines[:2]] == [f"/s/seat/questions/{question}", f"/s/seat/posts/{short}"]
    assert "x0" not in lines[2].title
    assert found.periods[1].lines[0].title.startswith("first words")


@pytest.mark.usefixtures("seat")
def test_nothing_yet(school: School) -> None:
    with clock.at(MONDAY + DAY):
        found = receipt_of(school.people["ben"])
    assert (found.grade, found.percent) == (None, None)
    assert [(one.kind, one.points, one.left, one.apart, one.least_words) for one in found.still_possible] == [
        ("post", 4, 1, None, 40),
        ("reply", 3, 2, 4, 20),
        ("idea", 4, 1, None, 0),
        ("rating", 2, 5, None, 0),
    ]


@pytest.mark.usefixtures("seat")
def test_a_maximum_is_named_and_what_others_would_add(school: School) -> None:
    ben, cleo, dora = (school.learner(name) for name in ("ben", "cleo", "dora"))

    def reached() -> list[tuple[str, float, bool]]:
        lines = receipt_of(ben).periods[0].lines
        return [(line.event, line.limit, line.to_one) for line in lines if line.why == "maximum_reached"]

    with clock.at(MONDAY + DAY):
        for _number in range(3):
            cast.reply(ben, cast.write(cleo))
        assert reached() == [("reply", 2, True)]
        assert [(one.left, one.apart) for one in receipt_of(ben).still_possible if one.kind == "reply"] == [(0, 1)]
        cast.write(ben)
        for _number in range(2):
            cast.reply(ben, cast.write(dora))
            cast.write(ben)
        assert sorted(reached()) == [("post", 1, False), ("post", 1, False), ("reply", 4, False)]


@pytest.mark.usefixtures("seat")
def test_from_where_on_the_open_week_raises_the_score(school: School) -> None:
    ben, cleo, dora = (school.learner(name) for name in ("ben", "cleo", "dora"))
    with clock.at(MONDAY + DAY):
        cast.write(ben)
        cast.reply(ben, cast.write(cleo))
    with clock.at(MONDAY + WEEK + DAY):
        cast.reply(ben, cast.write(cleo))
        before = receipt_of(ben)
        assert before.sum is not None
        assert before.foreseen is not None
        assert (before.percent, before.sum.raises_from) == (70, 8)  # with 7 it stays at 70%
        assert (before.foreseen.missing, before.foreseen.full) == (7, 85)
        cast.write(ben)
        assert receipt_of(ben).percent == 70
        cast.reply(ben, cast.write(dora))
        after = receipt_of(ben)
        assert after.sum is not None
        assert after.foreseen is not None
        assert (after.percent, after.sum.raises_from, after.foreseen.missing) == (85, None, 0)


@pytest.mark.usefixtures("seat")
def test_a_full_week_offers_nothing_more(school: School) -> None:
    ben = school.people["ben"]
    with clock.at(MONDAY + DAY):
        cast.write(ben)
        for name in ("cleo", "dora"):
            cast.reply(ben, cast.write(school.learner(name)))
        assert receipt_of(ben).still_possible == []


@pytest.mark.usefixtures("seat")
def test_trainers_have_no_receipt(school: School) -> None:
    tess = school.trainer()
    with transaction() as session:
        member = session.get_one(Member, tess)
        assert receipts.receipt(session, member) is None
        assert receipts.hint_for(session, member, "post") is None


@pytest.mark.usefixtures("seat")
def test_the_number_of_queries_does_not_grow(school: School) -> None:
    ben, cleo = school.people["ben"], school.learner("cleo")
    body = cast.text(45, "same")

    def count() -> int:
        seen: list[str] = []

        def listen(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            receipt_of(ben)
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
        return len([statement for statement in seen if statement.lstrip().startswith(("SELECT", "WITH"))])

    with clock.at(MONDAY + DAY):
        cast.write(ben)
        few = count()
        for _number in range(8):
            cast.write(cleo, body=body)
            cast.reply(ben, cast.write(cleo))
            cast.write(ben, body=body)
    with clock.at(MONDAY + 5 * WEEK):
        cast.write(ben, kind=Kind.QUESTION)
        assert count() <= few
    assert few <= 13  # phases, holidays, rules and what trainers changed are one query each


@pytest.mark.parametrize(
    ("history", "kind", "to"),
    [
        ([], "post", None),
        ([], "reply", "cleo"),
        (["cleo"], "reply", "cleo"),
        (["cleo", "cleo"], "reply", "cleo"),
        (["cleo", "cleo"], "reply", "dora"),
        (["cleo", "cleo", "cleo"], "reply", "dora"),
        (["cleo", "dora", "cleo", "dora"], "reply", "cleo"),
        (["cleo", "cleo"], "post", None),
        ([], "reply", "ben"),
    ],
)
def test_hints_come_true(school: School, history: list[str], kind: Event, to: str | None) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + DAY):
        posts = {name: cast.write(school.learner(name)) for name in ("cleo", "dora")}
        posts["ben"] = cast.write(ben) if to == "ben" else 0
        for name in history:
            cast.reply(ben, posts[name])
        with transaction() as session:
            member = session.get_one(Member, ben)
            hint = receipts.hint_for(session, member, kind, school.people[to] if to else None)
        assert hint is not None
        before = sum(entry.change for entry in cast.ledger(ben))
        if to:
            cast.reply(ben, posts[to], max(hint.least_words, 20))
        else:
            cast.write(ben, hint.least_words)
        assert sum(entry.change for entry in cast.ledger(ben)) - before == hint.points


def test_what_the_ledger_says_is_the_standing_after_every_act(school: School) -> None:
    ben, cleo = school.learner("ben"), school.learner("cleo")
    for day in range(0, 40, 3):
        with clock.at(MONDAY + timedelta(days=day)):
            post = cast.write(ben, 30 + day)
            cast.reply(ben, cast.write(cleo))
            if day % 2:
                cast.decide(post, Visibility.DELETED)
            with transaction() as session:
                member = session.get_one(Member, ben)
                assert receipts.recompute_from_ledger(session, member).value == cast_grade(session, ben)


def cast_grade(session: Session, member_id: int) -> float | None:
    return session.get_one(Standing, member_id).grade


@pytest.mark.usefixtures("seat")
def test_the_trainers_list_of_scores(school: School) -> None:
    for name in ("cleo", "ben"):
        with clock.at(MONDAY + DAY):
            cast.write(school.learner(name))
    with transaction() as session:
        cohort = session.get_one(Cohort, school.cohort_id)
        rows = reading.deliveries(session, cohort, None, None).rows
        assert [(row.name, row.grade_percent, row.state) for row in rows] == [
            ("Ben", 40, "waiting"),
            ("Cleo", 40, "waiting"),
        ]
        assert rows[0].member_url == f"/s/seat/participation/{school.people['ben']}"
        assert reading.totals(session, cohort) == reading.Totals(waiting=2, sent=0, refused=0, changed=0)
