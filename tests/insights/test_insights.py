"""Figures for managers: made of fixed cells, reckoned again from exports, and silent about fewer than five people."""

import io
import random
import zipfile
from collections import Counter, defaultdict
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import select

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.insights import closing, hiding, mixing, reading, tallying
from sociallearn.insights.hiding import Part
from sociallearn.insights.models import Cell, MemberWeek
from sociallearn.roster import granting
from sociallearn.roster.granting import Right
from sociallearn.roster.models import Cohort, Member, Role
from tests.conftest import Cast
from tests.insights import making
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
            cohort = session.get_one(Cohort, session.get_one(Member, cast.ben.member_id).cohort_id)
            before = [row.days for row in session.scalars(select(MemberWeek).order_by(MemberWeek.member_id))]
            session.expire_all()
            assert tallying.recount(session, cohort) == 2
            assert before == [row.days for row in session.scalars(select(MemberWeek).order_by(MemberWeek.member_id))]


def test_every_figure_is_reckoned_again_from_what_is_exported(app: Flask, cast: Cast) -> None:
    [cohort_id] = made(app, cast, cohorts=1, people=36, acts=900, units=(14, 10, 6, 3, 3))
    train(app, cast, cohort_id)
    manage(app, cast)
    with clock.at(NOW):
        check(app, cast, cohort_id)


def check(app: Flask, cast: Cast, cohort_id: int) -> None:
    """Rows → cells, and cells → figures, by plain code."""
    cells = making.read(cast.mona.get(f"/insights/cohorts/{cohort_id}/cells.csv"))
    rows = making.read(cast.tess.get(f"/insights/cohorts/{cohort_id}/rows.csv"))
    acts = {
        (cell["since"], cell["unit"] or cell["key"]): int(float(cell["number"]))
        for cell in cells
        if cell["what"] == "acts"
    }
    assert acts == making.naive_acts(rows)
    with app.app_context():
        cohort = db.session.get_one(Cohort, cohort_id)
        told = reading.told(db.session(), [cohort], None, with_waits=True)[0]
        raw = _naive_replies(cohort_id)
    figures, of = told.figures, defaultdict(list)
    for cell in cells:
        of[cell["what"]].append((cell["key"], float(cell["number"]), cell))
    weeks: Counter[str] = Counter()
    for (week, _unit), count in acts.items():
        weeks[week] += count
    assert {w.monday.isoformat(): w.acts for w in figures.weeks if w.acts is not None} == weeks
    told_weeks = [row for row in rows if row["week"] in weeks]
    days = [sum(int(row[day]) for row in told_weeks) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")]
    assert figures.weekdays == {str(day): count for day, count in enumerate(days) if count}
    questions = {key: sum(n for k, n, _ in of["questions"] if k == key) for key in ("asked", "in-time", "several")}
    [asked] = figures.questions
    assert (asked.asked, asked.in_time, asked.several) == tuple(questions.values())
    crossing, total = raw
    bridging = figures.bridging
    assert bridging is not None
    assert (bridging.replies, bridging.crossing) == (total, crossing)
    chances = {cell["since"]: number for _key, number, cell in of["chance"]}
    by_block: Counter[str] = Counter()
    for _key, number, cell in of["replies"]:
        by_block[cell["since"]] += int(number)
    chance = sum(chances[block] * count for block, count in by_block.items()) / total
    assert bridging.index == pytest.approx(crossing / total - chance)
    funnel = {key: int(number) for key, number, _cell in of["funnel"]}
    assert figures.funnel == funnel
    assert funnel["took-part"] == len({row["person"] for row in rows}) // 5 * 5
    assert sum(figures.stages.values()) == sum(n for key, n, _ in of["ideas"] if key.startswith("stage:"))


def _naive_replies(cohort_id: int) -> tuple[int, int]:
    from sociallearn.activity.models import Activity

    unit = dict(db.session.execute(select(Member.id, Member.unit_id).where(Member.cohort_id == cohort_id)).all())
    rows = db.session.execute(
        select(Activity.member_id, Activity.reached_id).where(
            Activity.cohort_id == cohort_id, Activity.reached_id.is_not(None)
        )
    ).all()
    pairs = [(one, other) for one, other in rows if one != other]
    return sum(unit[one] != unit[other] for one, other in pairs), len(pairs)


def test_no_combination_of_what_a_manager_sees_isolates_a_unit_of_three(app: Flask, cast: Cast) -> None:
    """Whatever is exported, at any time, as equations over (person, week): the three alone are never a solution."""
    [cohort_id] = made(app, cast, cohorts=1, people=36, acts=700, units=(14, 12, 7, 3))
    manage(app, cast)
    with app.app_context():
        few = db.session.scalars(select(Member.unit_id).where(Member.cohort_id == cohort_id)).all()
        small = next(unit for unit, count in Counter(few).items() if count == 3)
        name = "Print"
        of_week = defaultdict(set)
        for row in db.session.scalars(select(MemberWeek).where(MemberWeek.cohort_id == cohort_id)):
            of_week[row.monday].add((row.member_id, row.unit_id))
    seen: set[tuple[str, ...]] = set()
    for week in range(1, 10):  # looking every week, at every page, and keeping all of it
        with clock.at(START + timedelta(weeks=week, days=1)):
            for cell in making.read(cast.mona.get(f"/insights/cohorts/{cohort_id}/cells.csv")):
                seen.add(tuple(cell.values()))
            for query in ("", "?weeks=4", "?weeks=8", "?weeks=12"):
                for page in ("", "/periods"):
                    assert name not in cast.mona.get(f"/insights/cohorts/{cohort_id}{page}{query}").text
    assert seen
    for _cohort, what, since, until, _key, unit, other, people, number in seen:
        assert name not in (unit, other)
        assert people == "" or (int(people) >= 5 and int(people) % 5 == 0)
        if what in ("funnel", "spread", "silent", "size"):
            assert float(number) % 5 == 0
        assert date.fromisoformat(until) < START.date() + timedelta(weeks=9)
        if (
            what == "acts"
        ):  # what stands for a part of the week covers the three with at least two others, or not at all
            others = {one for one in of_week[date.fromisoformat(since)] if one[1] != small}
            assert len(others) >= 5
    once = Counter((what, since, key, unit, other) for _c, what, since, _u, key, unit, other, _p, _n in seen)
    fixed = [key for key in once if key[0] in ("acts", "week", "weekday", "replies", "size", "spread", "silent")]
    assert all(once[key] == 1 for key in fixed), "a number changed after it was told"
    with app.app_context():  # the cells of one kind do not overlap, so that no difference of two is a third
        acts = db.session.scalars(select(Cell).where(Cell.cohort_id == cohort_id, Cell.what == "acts")).all()
        weeks = db.session.scalars(select(Cell).where(Cell.cohort_id == cohort_id, Cell.what == "week")).all()
        for week in weeks:
            assert sum(cell.number for cell in acts if cell.since == week.since) == week.number


def test_the_running_week_and_weeks_of_fewer_than_five_are_told_nowhere(app: Flask, cast: Cast) -> None:
    here = (cast.ben, cast.cleo, cast.dora, cast.mona)
    with clock.at(START):
        for actor in here[:3]:
            assert actor.post("/feed", body="hello").status_code == 303
    for later in (timedelta(days=1), timedelta(days=8)):
        with clock.at(START + later), app.app_context():
            with transaction() as session:
                closing.close_weeks(session)
            shown = db.session.scalars(select(Cell).where(Cell.what.not_in(("funnel", "block")))).all()
            assert shown == []
    with clock.at(START + timedelta(days=8)):
        page = cast.mona.get("/insights")
        assert page.status_code == 200
        assert "no figures yet" in page.text


def test_who_sees_which_cohort(app: Flask, cast: Cast) -> None:
    for name in ("tess", "tara", "zoe", "ben", "omar", "mona"):
        getattr(cast, name)
    with app.app_context():
        here = db.session.get_one(Member, cast.tess.member_id).cohort_id
        there = db.session.get_one(Member, cast.tara.member_id).cohort_id
        far = db.session.get_one(Member, cast.zoe.member_id).cohort_id
    pages = ("", "/periods", "/cells.csv", "/cells.xlsx", "/rows.csv", "/rows.xlsx")
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
        several = "&".join(f"cohort={one}" for one in ids)
        for path in ("organisation", f"beside?{several}", f"cohorts/{ids[0]}/periods?weeks=4"):
            assert cast.mona.get(f"/insights/{path}").status_code == 200
        cells = making.read(cast.mona.get(f"/insights/cohorts/{ids[0]}/cells.csv"))
        book = cast.mona.get(f"/insights/cohorts/{ids[0]}/cells.xlsx").data
    sheet = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml"))
    names = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    rows = [["".join(cell.itertext()) for cell in row] for row in sheet.iter(f"{names}row")]
    assert rows[0] == list(cells[0])
    assert rows[1:] == [list(cell.values()) for cell in cells]


def test_two_who_close_at_once_make_one_set_of_cells(app: Flask, cast: Cast) -> None:
    [cohort_id] = made(app, cast, cohorts=1, people=12, acts=200, units=(6, 6))
    with app.app_context(), clock.at(NOW):
        before = db.session.scalars(select(Cell.id).where(Cell.cohort_id == cohort_id).order_by(Cell.id)).all()
        db.session.rollback()
        assert before
        with transaction() as session:
            closing.close_weeks(session)
        assert closing.rebuild()[1] == 0
        after = db.session.scalars(select(Cell.id).where(Cell.cohort_id == cohort_id).order_by(Cell.id)).all()
        assert after == before
