"""The figures of a large organisation: right, and as quick with ten times as much said."""

import sys
import time
from statistics import median

import pytest
from flask import Flask
from sqlalchemy import event, update

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.insights import closing
from sociallearn.roster.models import Cohort, Member
from tests.conftest import Cast
from tests.insights import making
from tests.insights.test_insights import NOW, check, manage, train

COHORTS, PEOPLE, ACTS, TIMES = 20, 100, 1_000, 10
ROUNDS, MOST = 15, 1.25


def _fill(app: Flask, cast: Cast, acts: int, seed: int) -> tuple[list[int], float]:
    with app.app_context(), clock.at(NOW):
        with transaction() as session:
            tess = session.get_one(Member, cast.tess.member_id)
            ids = making.fill(session, tess, cohorts=COHORTS, people=PEOPLE, acts=acts, seed=seed)
        began = time.monotonic()
        closing.rebuild()
        return ids, time.monotonic() - began


def _cost(app: Flask, cast: Cast) -> tuple[float, int]:
    """CPU milliseconds of the overview, and statements."""
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    with app.app_context():
        engine = db.engine
    times = []
    with clock.at(NOW):
        for turn in range(ROUNDS + 2):
            if turn == 2:
                event.listen(engine, "before_cursor_execute", hear)
            began = time.process_time()
            assert cast.mona.get("/insights/organisation").status_code == 200
            times.append(1000 * (time.process_time() - began))
    event.remove(engine, "before_cursor_execute", hear)
    return median(times[2:]), len(said) // ROUNDS


@pytest.mark.prove
@pytest.mark.timeout(3000)
def test_two_hundred_thousand_acts(app: Flask, cast: Cast) -> None:
    """20 cohorts of 100 people: every figure reckoned again, and the overview costs what it did with a tenth."""
    for name in ("tess", "mona", "zoe"):
        getattr(cast, name)
    manage(app, cast)
    before, _seconds = _fill(app, cast, ACTS, seed=1)
    few, statements = _cost(app, cast)
    with app.app_context(), transaction() as session:  # out of sight
        other = session.get_one(Member, cast.zoe.member_id).organisation_id
        session.execute(update(Cohort).where(Cohort.id.in_(before)).values(organisation_id=other))
    ids, seconds = _fill(app, cast, ACTS * TIMES, seed=2)
    many, same = _cost(app, cast)
    sys.stdout.write(f"\noverview {few:.1f} and {many:.1f} ms CPU, {same} statements; from scratch {seconds:.1f} s\n")
    assert same == statements
    assert many / few <= MOST
    with clock.at(NOW):
        for cohort_id in ids:
            train(app, cast, cohort_id)
            check(app, cast, cohort_id)
