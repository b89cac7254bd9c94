"""How much it counts, chosen by a trainer; and the calendar of a cohort that is set up."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.errors import Refusal
from sociallearn.grades import choosing, receipts, scoring
from sociallearn.grades.calendar import Period
from sociallearn.grades.models import Delivery, SchemeVersion
from sociallearn.grades.schemes import LIGHT, NOTHING, from_json, to_json
from sociallearn.roster import phases, setting_up
from sociallearn.roster.models import Cohort, Holiday, Member, Phase, Template
from tests.grades import cast
from tests.grades.cast import DAY, MONDAY, WEEK, School

BRUSSELS = ZoneInfo("Europe/Brussels")


def choose(school: School, name: str) -> SchemeVersion | None:
    tess = school.trainer()
    with transaction() as session:
        session.get_one(Member, tess).may_grade = True
        cohort, by = session.get_one(Cohort, school.cohort_id), session.get_one(Member, tess)
        return choosing.choose(session, cohort, name, by=by)


def add_phase(school: School, name: str, first: date, last: date) -> int:
    tess = school.trainer()
    with transaction() as session:
        cohort, by = session.get_one(Cohort, school.cohort_id), session.get_one(Member, tess)
        return phases.add(session, cohort, name, first, last, by=by).id


def day(number: int) -> date:
    """Days after the Monday the course began on."""
    return (MONDAY + number * DAY).astimezone(BRUSSELS).date()


def points(member_id: int) -> dict[str, float]:
    sums: dict[str, float] = {}
    for entry in cast.ledger(member_id):
        sums[entry.period] = sums.get(entry.period, 0.0) + entry.change
    return {key: value for key, value in sums.items() if value}


def test_before_anybody_has_a_point_rules_begin_at_once(school: School) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + DAY):
        assert choose(school, "intensive").starts_at == MONDAY
        assert choose(school, "intensive") is None
        cast.write(ben)
        assert cast.grade(ben) == pytest.approx(4 / 30)


def test_afterwards_they_begin_with_the_next_period_and_what_closed_stays(school: School) -> None:
    ben, cleo = school.learner("ben"), school.learner("cleo")
    with clock.at(MONDAY + DAY):
        other = cast.write(cleo)
        another = cast.write(school.learner("dora"))
        cast.write(ben)
        for to in (other, another):
            cast.reply(ben, to)
        version = choose(school, "standard")
        assert version.starts_at.astimezone(BRUSSELS).date() == day(7)
        cast.recompute(ben)
        assert cast.grade(ben) == 1.0
    with clock.at(MONDAY + WEEK + DAY):
        cast.recompute(ben)
        assert cast.grade(ben) == 1.0
        cast.write(ben)
        cast.recompute(ben)
        assert cast.grade(ben) == 1.0  # the open week can only raise it
        with transaction() as session:
            receipt = receipts.recompute_from_ledger(session, session.get_one(Member, ben))
        assert [(period.earned, period.target) for period in receipt.periods] == [(10, 10), (4, 20)]
    with clock.at(MONDAY + 2 * WEEK + DAY):
        cast.recompute(ben)
        assert cast.grade(ben) == pytest.approx(14 / 30)


def test_nothing_counts_and_nothing_is_sent(school: School) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + DAY):
        choose(school, "nothing")
        post = cast.write(ben)
        assert cast.grade(ben) is None
        assert cast.why(ben, post) == "outside"
        with transaction() as session:
            assert session.scalars(select(Delivery)).all() == []
            assert receipts.hint_for(session, session.get_one(Member, ben), "post") is None
            assert receipts.hint_for(session, session.get_one(Member, ben), "reply") is None


def test_when_counting_stops_scores_stay_where_they_are(school: School) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + DAY):
        cast.write(ben)
        choose(school, "nothing")
    with clock.at(MONDAY + 5 * WEEK):
        cast.write(ben)
        cast.recompute(ben)
        assert cast.grade(ben) == 0.4
        assert cast.delivery(ben).grade == 0.4


def test_only_who_grades_chooses_and_only_what_there_is(app: Flask, school: School) -> None:
    tess, ben = school.trainer(), school.learner("ben")
    with app.test_request_context(), transaction() as session:
        cohort = session.get_one(Cohort, school.cohort_id)
        for member_id in (tess, ben):  # tess may not grade yet
            with pytest.raises(Refusal) as refused:
                choosing.choose(session, cohort, "light", by=session.get_one(Member, member_id))
            assert refused.value.status == 403
    with app.test_request_context(), pytest.raises(Refusal) as refused:
        choose(school, "severe")
    assert refused.value.status == 400


def test_no_rules_begin_after_the_end(app: Flask, school: School) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + DAY):
        cast.write(ben)
    with transaction() as session:
        session.get_one(Cohort, school.cohort_id).ends_on = day(6)
    with clock.at(MONDAY + 2 * WEEK), app.test_request_context(), pytest.raises(Refusal) as refused:
        choose(school, "standard")
    assert refused.value.status == 409


def test_nothing_is_a_scheme_like_any_other() -> None:
    assert from_json(to_json(NOTHING)) == NOTHING
    assert "counts" not in to_json(LIGHT)
    with pytest.raises(ValueError, match="true or false"):
        from_json({**to_json(LIGHT), "counts": 3})


def test_after_the_last_day_empty_weeks_lower_nobody(school: School) -> None:
    ben = school.learner("ben")
    with transaction() as session:
        session.get_one(Cohort, school.cohort_id).ends_on = day(6)
    with clock.at(MONDAY + DAY):
        cast.write(ben)
    for weeks_later in (1, 2, 30):
        with clock.at(MONDAY + weeks_later * WEEK + DAY):
            cast.recompute(ben)
            assert cast.grade(ben) == 0.4
    with clock.at(MONDAY + 3 * WEEK):
        late = cast.write(ben)
        assert cast.why(ben, late) == "outside"
        assert cast.grade(ben) == 0.4


def test_a_holiday_week_excuses_everybody(school: School) -> None:
    ben = school.learner("ben")
    with transaction() as session:
        session.add(Holiday(cohort_id=school.cohort_id, name="Off", first_day=day(7), last_day=day(13)))
    with clock.at(MONDAY + DAY):
        cast.write(ben)
    with clock.at(MONDAY + WEEK + DAY):
        during = cast.write(ben)
        assert cast.why(ben, during) == "outside"
        with transaction() as session:
            hint = receipts.hint_for(session, session.get_one(Member, ben), "post")
        assert hint is not None
        assert (hint.is_open, hint.left) == (False, 0)
    with clock.at(MONDAY + 2 * WEEK + DAY):
        cast.recompute(ben)
        assert cast.grade(ben) == 0.4
        again = cast.write(ben)
        assert cast.why(ben, again) == "counted"


def test_phases_are_the_periods(school: School) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY):
        ids = [
            add_phase(school, "Before", day(0), day(8)),
            add_phase(school, "The day", day(9), day(9)),
            add_phase(school, "After", day(12), day(20)),
        ]
    with clock.at(MONDAY + DAY):
        cast.write(ben)
        assert cast.standing(ben).comment == "“Before” is open: 4 of 10 so far."
        with transaction() as session:
            hint = receipts.hint_for(session, session.get_one(Member, ben), "post")
        assert hint is not None
        assert (hint.in_phase, hint.left) == (True, 0)
    with clock.at(MONDAY + 8 * DAY):
        assert cast.why(ben, cast.write(ben)) == "maximum_reached"  # more than a week later, and still the same phase
    with clock.at(MONDAY + 9 * DAY):
        assert cast.why(ben, cast.write(ben)) == "counted"
    with clock.at(MONDAY + 10 * DAY):
        assert cast.why(ben, cast.write(ben)) == "outside"
        assert cast.grade(ben) == 0.4
        assert cast.standing(ben).comment == "Closed phases: 40%."
    with clock.at(MONDAY + 300 * DAY):
        cast.recompute(ben)
        assert cast.grade(ben) == pytest.approx(8 / 30)
    assert points(ben) == {f"phase-{ids[0]}": 4, f"phase-{ids[1]}": 4}


def test_points_move_when_weeks_become_phases_and_back(school: School) -> None:
    ben, tess = school.learner("ben"), school.trainer()
    with clock.at(MONDAY + DAY):
        cast.write(ben)
    with clock.at(MONDAY + 8 * DAY):
        cast.write(ben)
        number = add_phase(school, "All of it", day(0), day(20))
        cast.recompute(ben)
        assert points(ben) == {f"phase-{number}": 4}
        assert cast.grade(ben) == 0.4
        with transaction() as session:
            again = receipts.recompute_from_ledger(session, session.get_one(Member, ben))
        assert again.value == 0.4
    with clock.at(MONDAY + 9 * DAY):
        with transaction() as session:
            phases.remove(session, session.get_one(Phase, number), by=session.get_one(Member, tess))
        cast.recompute(ben)
        assert points(ben) == {day(0).isoformat(): 4, day(7).isoformat(): 4}


def test_phases_still_to_come_leave_the_lms_alone(school: School) -> None:
    ben, tess = school.learner("ben"), school.trainer()
    with clock.at(MONDAY + DAY):
        cast.write(ben)
        assert cast.delivery(ben).grade == 0.4
        add_phase(school, "Later", day(30), day(40))
        cast.recompute(ben)
        assert cast.grade(ben) is None
        assert cast.delivery(ben).grade == 0.4
        with transaction() as session:
            cohort, by = session.get_one(Cohort, school.cohort_id), session.get_one(Member, tess)
            setting_up.choose_template(session, cohort, Template.WEEKLY, by=by)
        cast.recompute(ben)
        assert cast.grade(ben) == 0.4


def test_a_cohorts_language_is_for_people_whose_own_we_do_not_know(school: School) -> None:
    ben, cleo = school.learner("ben"), school.learner("cleo")
    with transaction() as session:
        session.get_one(Cohort, school.cohort_id).language = "nl"
        session.get_one(Member, ben).person.locale = None
    with clock.at(MONDAY + DAY):
        cast.write(ben)
        cast.write(cleo)
        assert cast.standing(ben).comment.startswith("Week 1 loopt nog: 4 van 10")
        assert cast.standing(cleo).comment.startswith("Week 1 is open: 4 of 10")


# More work never lowers a grade, whatever each period's target.

TARGETS = st.lists(st.sampled_from([10.0, 20.0, 30.0, 4.5]), min_size=1, max_size=7)


@given(TARGETS, st.data())
@settings(max_examples=400, deadline=None)
def test_more_points_never_lower_a_grade_with_other_targets(targets: list[float], data: st.DataObject) -> None:
    start = datetime.combine(date(2026, 1, 5), time(), BRUSSELS)
    periods = [Period(str(n), start + n * WEEK, start + (n + 1) * WEEK) for n in range(len(targets))]
    possible = {str(n): target for n, target in enumerate(targets)}
    schemes = {key: replace(LIGHT, target=target) for key, target in possible.items()}
    earned = {
        key: data.draw(st.integers(0, int(target * 4)).map(lambda quarters: quarters / 4))
        for key, target in possible.items()
    }
    now = start + data.draw(st.integers(0, len(targets))) * WEEK + timedelta(days=1)
    begun = [period for period in periods if period.starts <= now]
    before = scoring.grade(earned, begun, now, LIGHT, schemes)
    raised = data.draw(st.sampled_from(sorted(possible)))
    more = {**earned, raised: min(possible[raised], earned[raised] + data.draw(st.integers(1, 40)) / 4)}
    after = scoring.grade(more, begun, now, LIGHT, schemes)
    assert (after.value or 0) >= (before.value or 0) - 1e-12
    assert 0 <= (after.value or 0) <= 1
