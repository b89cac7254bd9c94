"""Figures for managers: made of fixed cells, reckoned again from exports, and silent about fewer than five people."""

import io
import os
import random
import signal
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from sociallearn import clock
from sociallearn.activity import recording
from sociallearn.activity.models import Activity, Verb
from sociallearn.database import db, transaction
from sociallearn.insights import closing, hiding, mixing, reading, tallying
from sociallearn.insights.figuring import Figures, Week
from sociallearn.insights.hiding import Part
from sociallearn.insights.models import Cell, Closed, MemberWeek
from sociallearn.roster import granting
from sociallearn.roster.granting import Right
from sociallearn.roster.models import Cohort, Member, Role
from tests.conftest import Cast
from tests.insights import making, naive
from tests.insights.making import START

NOW = START + timedelta(weeks=8, days=2)


def manage(app: Flask, cast: Cast) -> None:
    """mona may see every cohort of her organisation."""
    with app.app_context(), transaction() as session:
        person = session.get_one(Member, cast.mona.member_id).person
        granting.grant(session, person, Right.MANAGER, "She plans.", by=None, is_whole=True)


def train(app: Flask, cast: Cast, cohort_id: int) -> None:
    """tess trains this cohort too."""
    with app.app_context(), transaction() as session:
        tess = session.get_one(Member, cast.tess.member_id)
        session.add(Member(cohort_id=cohort_id, person_id=tess.person_id, role=Role.TRAINER, joined_at=START))


def made(app: Flask, cast: Cast, **how: object) -> list[int]:
    """Cohorts, closed up to now. Who looks at them comes in first: nobody launches in the past."""
    looking = (cast.tess, cast.mona)
    assert looking
    with app.app_context(), clock.at(NOW):
        with transaction() as session:
            ids = making.fill(session, session.get_one(Member, cast.tess.member_id), **how)  # type: ignore[arg-type]
        closing.rebuild()
    return ids


def test_small_graphs_by_hand() -> None:
    two = {1: 1, 2: 1, 3: 2, 4: 2}
    # of 12 ordered pairs of different people, 8 cross: 2/3
    assert mixing.expected([2, 2]) == pytest.approx(2 / 3)
    assert mixing.index([(1, 3), (2, 4), (3, 1)], two) == pytest.approx(1 - 2 / 3)
    assert mixing.index([(1, 2), (2, 1), (3, 4)], two) == pytest.approx(-2 / 3)
    assert mixing.index([(1, 2), (1, 3), (1, 4)], two) == pytest.approx(0)
    assert mixing.index([], two) is None
    assert mixing.expected([3]) == 0
    assert mixing.expected([1]) is None


def test_shuffled_labels_give_about_nothing() -> None:
    chance = random.Random(4)
    labels = [1] * 20 + [2] * 10 + [3] * 5
    replies = [(chance.randrange(10), chance.randrange(10, 35)) for _ in range(200)]
    found = []
    for _ in range(400):
        chance.shuffle(labels)
        index = mixing.index(replies, dict(enumerate(labels)))
        assert index is not None
        found.append(index)
    assert abs(sum(found) / len(found)) < 0.02


def test_parts_that_are_too_small_join_others_so_that_the_sum_gives_nothing_away() -> None:
    parts = {"a": Part(frozenset(range(9)), 40), "b": Part(frozenset(range(10, 16)), 30), "c": Part(frozenset({20}), 7)}
    shown, rest = hiding.join(parts)
    assert shown == {"a": parts["a"]}
    assert rest.number == 37
    assert hiding.join({"a": Part(frozenset({1, 2}), 4)}) == ({}, hiding.NOTHING)
    chance = random.Random(1)
    for _ in range(300):
        parts = {
            str(n): Part(frozenset(chance.sample(range(40), chance.randrange(1, 9))), chance.randrange(50))
            for n in range(chance.randrange(1, 7))
        }
        shown, rest = hiding.join(parts)
        pieces = [*shown.values(), *([rest] if rest.people else [])]
        assert all(len(piece.people) >= 5 for piece in pieces)
        if pieces:
            assert sum(piece.number for piece in pieces) == sum(part.number for part in parts.values())


def test_each_act_is_counted_at_once_and_counting_again_gives_the_same(app: Flask, cast: Cast) -> None:
    question = cast.ben.post("/questions", title="Who?", body="Knows?").location.rpartition("/")[2]
    cast.cleo.post(f"/questions/{question}/answers", body="I do.")
    idea = cast.ben.post("/ideas", title="A map", body="Of it.").location.rpartition("/")[2]
    cast.cleo.post(f"/ideas/{idea}/rating", value="4")
    cast.tess.post("/feed", body="Trainers are in no figure.")
    space = cast.tess.post("/cohort/spaces", name="Corner", tone="informal", keep_days="7")
    assert space.status_code == 303
    key = cast.ben.get("/feed").text.partition('<option value="s')[2].partition('"')[0]
    assert cast.ben.post("/feed", body="Over coffee.", space=f"s{key}").status_code == 303
    with app.app_context():
        columns = (MemberWeek.member_id, MemberWeek.texts, MemberWeek.replies, MemberWeek.ratings)
        first = db.session.execute(select(*columns).order_by(MemberWeek.member_id)).all()
        assert sorted(tuple(row) for row in first) == sorted(
            [(cast.ben.member_id, 2, 0, 0), (cast.cleo.member_id, 0, 1, 1)]
        )
        db.session.rollback()
        with transaction() as session:
            cohort_id = session.get_one(Member, cast.ben.member_id).cohort_id
            before = [row.days for row in session.scalars(select(MemberWeek).order_by(MemberWeek.member_id))]
            session.expire_all()
            assert tallying.recount(session, cohort_id) == 2
            assert before == [row.days for row in session.scalars(select(MemberWeek).order_by(MemberWeek.member_id))]


def test_every_figure_is_reckoned_again_from_what_is_exported(app: Flask, cast: Cast) -> None:
    ids = made(app, cast, cohorts=1, people=36, acts=900, units=(14, 10, 6, 3, 3), with_pulse=True)
    ids += made(app, cast, cohorts=1, people=45, acts=600, seed=2, with_pulse=True)
    manage(app, cast)
    with clock.at(NOW):
        for cohort_id in ids:
            train(app, cast, cohort_id)
            check(app, cast, cohort_id)


def check(app: Flask, cast: Cast, cohort_id: int) -> None:
    """Raw rows → what a trainer has → what a manager has → what pages say, by plain code, each the same."""
    at = f"/insights/cohorts/{cohort_id}"
    cells = making.read(cast.mona.get(f"{at}/cells.csv"))
    exported = [making.read(cast.tess.get(f"{at}/{what}.csv")) for what in ("rows", "replies", "people")]
    assert sheet(cast.mona.get(f"{at}/cells.xlsx").data) == [list(cells[0]), *(list(cell.values()) for cell in cells)]
    for what, table in zip(("rows", "replies", "people"), exported, strict=True):
        book = sheet(cast.tess.get(f"{at}/{what}.xlsx").data)
        assert book == [list(table[0]), *(list(row.values()) for row in table)]
    with app.app_context():
        cohort = db.session.get_one(Cohort, cohort_id)
        rows = naive.Rows(*exported, naive.unit_ids())
        naive.rows_from_activity(rows, cohort)
        naive.cells_from_rows(rows, cells)
        naive.questions_from_posts(cells, cohort)
        naive.standing_from_rows(rows, cells, cohort)
        naive.pulse_from_answers(rows, cells, making.LIKED)
        for weeks, back in ((None, 0), (4, 0), (4, 4), (12, 0)):
            [told] = reading.told(db.session(), [cohort], weeks, back=back, with_waits=True)
            naive.figures_from_cells(cells, told.figures, told.since, told.until)
            assert told.figures.weeks or back


def sheet(book: bytes) -> list[list[str]]:
    """What a workbook says."""
    tree = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml"))
    names = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    return [["".join(cell.itertext()) for cell in row] for row in tree.iter(f"{names}row")]


def test_the_running_week_and_weeks_of_fewer_than_five_are_told_nowhere(app: Flask, cast: Cast) -> None:
    here = (cast.ben, cast.cleo, cast.dora, cast.mona)
    with clock.at(START):
        for actor in here[:3]:
            assert actor.post("/feed", body="hello").status_code == 303
    for later in (timedelta(days=1), timedelta(days=8)):
        with clock.at(START + later), app.app_context():
            closing.close_all()
            shown = db.session.scalars(select(Cell).where(Cell.what.not_in(("funnel", "block")))).all()
            assert shown == []
    with clock.at(START + timedelta(days=8)):
        page = cast.mona.get("/insights")
        assert page.status_code == 200
        assert "no figures yet" in page.text


def test_a_cohort_that_went_quiet_is_not_flattered() -> None:
    """The average says of how many weeks it is, and words say what the newest weeks show."""

    def told(*acts: int | None) -> Figures:
        weeks = (Week((START + timedelta(weeks=n)).date(), each, each and 10) for n, each in enumerate(acts))
        return Figures(weeks=tuple(weeks))

    quiet = told(40, None, 60, None, None)
    assert (quiet.acts_a_week, quiet.weeks_shown) == (50, 2)
    assert quiet.quiet_since == (START + timedelta(weeks=3)).date()
    assert told(None, 40).quiet_since is None
    assert told(None, None).quiet_since is None
    assert told(99, 40, 40, 40, 40, 20, 20, 20, 20).change == -0.5
    assert told(40, 40, None, 40, 20, 20, 20, 20).change is None
    assert told(40, 40, 40, 20, 20, 20, 20).change is None


def test_who_sees_which_cohort(app: Flask, cast: Cast) -> None:
    for name in ("tess", "tara", "zoe", "ben", "omar", "mona"):
        getattr(cast, name)
    with app.app_context():
        here = db.session.get_one(Member, cast.tess.member_id).cohort_id
        there = db.session.get_one(Member, cast.tara.member_id).cohort_id
        far = db.session.get_one(Member, cast.zoe.member_id).cohort_id
    pages = ("", "/periods", "/cells.csv", "/cells.xlsx", "/rows.csv", "/people.xlsx", "/replies.csv")
    for page in pages:
        for actor in (cast.ben, cast.omar):
            assert actor.get(f"/insights/cohorts/{here}{page}").status_code == 403
        for other in (there, far):
            assert cast.tess.get(f"/insights/cohorts/{other}{page}").status_code == 404
            assert cast.mona.get(f"/insights/cohorts/{other}{page}").status_code == 404
        assert cast.tess.get(f"/insights/cohorts/{here}{page}").status_code == 200
    for page in ("/insights", "/insights/organisation", "/insights/beside"):
        assert cast.ben.get(page).status_code == 403
        assert cast.tess.get(page).status_code == 200
    assert cast.mona.get(f"/insights/cohorts/{here}/rows.csv").status_code == 403
    manage(app, cast)
    assert cast.mona.get(f"/insights/cohorts/{there}").status_code == 200
    assert cast.mona.get(f"/insights/cohorts/{there}/rows.csv").status_code == 403
    assert cast.mona.get(f"/insights/cohorts/{far}").status_code == 404
    assert "Course two" in cast.mona.get("/insights/organisation").text
    assert "Course two" not in cast.tess.get("/insights/organisation").text
    assert cast.mona.get(f"/insights/beside?cohort={far}&cohort=x&cohort={there}").status_code == 200


def test_pages_with_figures_and_a_workbook_that_says_the_same(app: Flask, cast: Cast) -> None:
    ids = made(app, cast, cohorts=3, people=34, acts=500, units=(14, 10, 10))
    manage(app, cast)
    with clock.at(NOW):
        page = cast.mona.get(f"/insights/cohorts/{ids[0]}").text
        assert "Who talks to whom" in page
        assert page.count("<svg") > 6
        stages = page.partition('id="stages-title"')[2]
        places = [stages.index(f">{name}</text>") for name in ("New", "In discussion", "Done", "Not now")]
        assert places == sorted(places), "in their own order"
        assert "of 100 replies go to another unit; by chance it would be" in page
        several = "&".join(f"cohort={one}" for one in ids)
        all_ = cast.mona.get("/insights/organisation").text
        cells_of = [making.read(cast.mona.get(f"/insights/cohorts/{id_}/cells.csv")) for id_ in ids]
        sums = [
            sum(float(cell["number"]) for cells in cells_of for cell in cells if cell["key"] == key)
            for key in ("asked", "in-time", "implemented")
        ]
        assert f"{sums[2]:.0f} of " in all_
        assert f"{sums[1]:.0f} of {sums[0]:.0f} questions in time" in all_
        for path in ("organisation", f"beside?{several}", f"cohorts/{ids[0]}/periods?weeks=4"):
            assert cast.mona.get(f"/insights/{path}").status_code == 200
        cells = making.read(cast.mona.get(f"/insights/cohorts/{ids[0]}/cells.csv"))
        book = cast.mona.get(f"/insights/cohorts/{ids[0]}/cells.xlsx").data
    assert sheet(book) == [list(cells[0]), *(list(cell.values()) for cell in cells)]


def at_once(app: Flask, *deeds: Callable[[], object]) -> None:
    """Each in a thread of its own, begun at the same moment. Raises what one of them raised."""
    gate = threading.Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> None:
        with app.app_context(), clock.at(NOW):
            gate.wait()
            deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        for future in [pool.submit(run, deed) for deed in deeds]:
            future.result()


def test_some_who_close_at_once_make_one_set_of_cells(app: Flask, cast: Cast) -> None:
    """By tasks, each cohort in a transaction of its own; the ones made at once are those made by one alone."""
    ids = made(app, cast, cohorts=2, people=12, acts=120, units=(6, 6))

    def cells() -> list[str]:
        names = [column for column in Cell.__table__.columns if column.name != "id"]
        with app.app_context():
            return sorted(str(tuple(row)) for row in db.session.execute(select(*names)))

    before = cells()
    assert before
    with app.app_context(), transaction() as session:
        session.execute(delete(Cell))
        session.execute(delete(Closed))
    with clock.at(NOW):
        with app.app_context(), transaction() as session:
            closing.close_weeks(session)
            asked = session.info["jobs"]
            assert {row_id for _name, row_id in asked} >= set(ids)
        at_once(app, *[partial(closing.close_cohort, id_) for id_ in ids] * 2)
        assert cells() == before
        with app.app_context():
            closing.close_all()  # those of the cast
            with transaction() as session:
                closing.close_weeks(session)
                assert "jobs" not in session.info, "nothing is left to do"
            assert closing.rebuild()[1] == 0


def test_counting_again_while_people_write_loses_nothing(app: Flask, cast: Cast) -> None:
    """Two write, one counts again and again: in the end rows are what the activity says."""
    [cohort_id] = made(app, cast, cohorts=1, people=12, acts=60, units=(6, 6))
    rounds = threading.Barrier(3, timeout=200)

    def write(which: int) -> None:
        for _ in range(8):
            rounds.wait()
            with transaction() as session:
                mine = select(Member).where(Member.cohort_id == cohort_id).order_by(Member.id).offset(which).limit(1)
                member = session.scalars(mine).one()
                post = session.scalars(select(Activity.post_id).where(Activity.cohort_id == cohort_id).limit(1)).one()
                whose = {"post_id": post, "root_id": post, "author_id": member.id}
                recording.record(session, Verb.POSTED, by=member, **whose)
                recording.record(session, Verb.RATED, by=member, **whose)

    def count() -> None:
        for _ in range(8):
            rounds.wait()
            with transaction() as session:
                tallying.recount(session, cohort_id)

    at_once(app, partial(write, 3), partial(write, 4), count)
    with app.app_context():
        found = select(func.sum(MemberWeek.texts + MemberWeek.replies + MemberWeek.ratings))
        learners = select(Member.id).where(Member.cohort_id == cohort_id)
        said = select(func.count()).where(Activity.member_id.in_(learners), Activity.verb.in_(tallying.COUNTED))
        assert db.session.scalar(found) == db.session.scalar(said)


@pytest.mark.prove
def test_killed_while_everything_is_counted_again(app: Flask, cast: Cast) -> None:
    """Killed after so many cohorts: each is whole or untouched, and running it again makes all whole."""
    ids = made(app, cast, cohorts=5, people=20, acts=600, units=(8, 6, 6))
    models = (MemberWeek, Cell, Closed)

    def state(cohort_id: int, model: type[MemberWeek | Cell | Closed]) -> list[str]:
        names = [column for column in model.__table__.columns if column.name != "id"]
        with app.app_context(), db.engine.connect().execution_options(write=False) as connection:
            rows = connection.execute(select(*names).where(model.cohort_id == cohort_id))
            return sorted(str(tuple(row)) for row in rows)

    whole = {(id_, model): state(id_, model) for id_ in ids for model in models}
    for model in (MemberWeek, Closed):
        for many in range(1, len(ids)):
            with app.app_context():
                with transaction() as session:
                    for each in models:
                        session.execute(delete(each))
                db.session.remove()
                db.engine.dispose()
            child = os.fork()
            if child == 0:
                with app.app_context(), clock.at(NOW):
                    closing.rebuild()
                os._exit(0)
            while sum(bool(state(id_, model)) for id_ in ids) < many:
                assert os.waitpid(child, os.WNOHANG) == (0, 0), "it ended by itself"
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            for id_ in ids:
                found = {each: state(id_, each) for each in models}
                assert all(found[each] in ([], whole[id_, each]) for each in models)
                assert bool(found[Cell]) == bool(found[Closed])
            with app.app_context(), clock.at(NOW):
                closing.rebuild()
            assert {key: state(*key) for key in whole} == whole
