"""The morning page of a large cohort that has talked for months."""

import sys
import time
from statistics import median

import pytest
from flask import Flask
from sqlalchemy import event, update

from sociallearn.database import db, transaction
from sociallearn.insights import tallying
from sociallearn.roster.models import Cohort, Member, Seat
from tests.conftest import Cast
from tests.insights import making

PEOPLE, FEW, MANY, ROUNDS = 300, 1_000, 100_000, 9


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_a_hundred_thousand_acts_take_no_more_statements(app: Flask, cast: Cast) -> None:
    """The trainer is moved into one large cohort after the other."""
    measured = {}
    for seed, acts in enumerate((FEW, MANY), start=1):
        with app.app_context(), transaction() as session:
            like = session.get_one(Member, cast.tess.member_id)
            [cohort_id] = making.fill(session, like, cohorts=1, people=PEOPLE, acts=acts, seed=seed)
            tallying.recount(session, session.get_one(Cohort, cohort_id))
            trainer = update(Member).where(Member.id == cast.tess.member_id).values(cohort_id=cohort_id)
            session.execute(trainer)
            session.execute(update(Seat).where(Seat.id == cast.tess.seat).values(cohort_id=cohort_id))
        measured[acts] = _measure(app, cast)
    for acts, (ms, said) in measured.items():
        sys.stdout.write(f"\n{acts} acts: {ms:.1f} ms CPU, {said} statements")
    assert measured[FEW][1] == measured[MANY][1]


def _measure(app: Flask, cast: Cast) -> tuple[float, int]:
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    with app.app_context():
        engine = db.engine
        if engine.dialect.name == "postgresql":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ANALYZE")
    times = []
    for turn in range(ROUNDS + 2):
        if turn == 2:
            event.listen(engine, "before_cursor_execute", hear)
        began = time.process_time()
        assert cast.tess.get("/today").status_code == 200
        times.append(1000 * (time.process_time() - began))
    event.remove(engine, "before_cursor_execute", hear)
    return median(times[2:]), len(said) // ROUNDS
