"""How a cohort is set up: one click on a template, and everything that can be changed later."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from sociallearn import clock
from sociallearn.database import db
from sociallearn.grades.models import SchemeVersion, Standing
from sociallearn.posts.models import Kind, Post
from sociallearn.roster import phases, public_holidays
from sociallearn.roster.models import Cohort, Holiday, Phase
from tests.conftest import HERE, Actor, Cast
from tests.lms import MEMBERSHIP

BRUSSELS = ZoneInfo("Europe/Brussels")
SETTINGS = {
    "language": "nl",
    "time_zone": "Europe/Brussels",
    "work_days": ["0", "1", "2", "3"],
    "work_starts": "08:30",
    "work_ends": "16:00",
    "last_day": "2027-06-30",
    "rooms": ["questions", "ideas"],
}


def tess(app: Flask, **custom: str) -> Actor:
    """The trainer, launched from a course about which the LMS says this."""
    return Actor(app, HERE, sub="tess", roles=[MEMBERSHIP + "Instructor"], custom=custom)


def the_cohort(title: str = "Course one") -> Cohort:
    db.session.rollback()
    return db.session.scalars(select(Cohort).where(Cohort.title == title)).one()


def parts(app: Flask) -> list[tuple[str, date, date]]:
    with app.app_context():
        return [(one.name, one.first_day, one.last_day) for one in phases.of(db.session(), the_cohort())]


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BRUSSELS).astimezone(UTC)


def test_a_trainer_is_asked_on_the_feed_and_nobody_has_to_answer(cast: Cast) -> None:
    for actor in (cast.tess, cast.ben):
        page = actor.get("/feed").text
        assert ("Set up this cohort" in page) == (actor is cast.tess)
        assert '<textarea id="body"' in page
    assert cast.tess.post("/feed", body="Written before anything was set up.").status_code == 303


def test_four_clicks_lead_to_a_cohort_that_is_set_up(app: Flask) -> None:
    trainer = tess(app)  # the first click opens the activity
    second = trainer.post("/cohort/set-up/template", template="one-day")
    assert second.location.endswith("/cohort/set-up/counting?first=1")
    assert "How does it count?" in trainer.get("/cohort/set-up/counting?first=1").text
    third = trainer.post("/cohort/set-up/counting", scheme="standard", first="1")
    page = trainer.get("/starters/new?first=1")
    assert third.location.endswith("/starters/new?first=1")
    ready = re.search(r'<textarea id="body"[^>]*>\s*([^<]+)</textarea>', page.text)
    assert ready
    fourth = trainer.post("/starters", parts="discussion", body=ready[1], first="1")
    assert "?toast=starter-opened" in fourth.location
    feed = trainer.get("/feed").text
    assert "Set up this cohort" not in feed
    assert "Soon we spend a day together." in feed
    assert '<strong dir="auto">Before the day</strong>' in feed
    with app.app_context():
        assert the_cohort().template == "one-day"
        assert db.session.scalars(select(Post.kind)).all() == [Kind.POST]
        newest = db.session.scalars(select(SchemeVersion).order_by(SchemeVersion.number.desc())).first()
        assert newest is not None
        assert (newest.scheme["name"], newest.starts_at) == ("standard", the_cohort().created_at)


def test_every_step_can_be_skipped(app: Flask) -> None:
    trainer = tess(app)
    skipped = trainer.post("/cohort/set-up/template", template="open", skip="1")
    assert "/feed?toast=set-up-later" in skipped.location
    assert "Set up this cohort" not in trainer.get("/feed").text
    assert 'href="' + trainer.url("/starters/new?first=1") in trainer.get("/cohort/set-up/counting?first=1").text
    assert 'href="' + trainer.url("/feed") + '">Skip this' in trainer.get("/starters/new?first=1").text


def test_one_day_without_dates_from_the_lms_proposes_a_work_day_in_two_weeks(app: Flask) -> None:
    trainer = tess(app)
    with clock.at(datetime(2026, 11, 21, 10, tzinfo=UTC)):  # a Saturday
        trainer.post("/cohort/set-up/template", template="one-day")
    assert parts(app) == [
        ("Before the day", date(2026, 11, 21), date(2026, 12, 6)),
        ("The day itself", date(2026, 12, 7), date(2026, 12, 7)),
        ("After the day", date(2026, 12, 8), date(2026, 12, 21)),
    ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # a course of one day is that day
        ("2026-12-03T08:00:00Z", "2026-12-03T16:00:00Z", [(11, 24), (12, 2), (12, 3), (12, 3), (12, 4), (12, 17)]),
        # the middle of a longer one, on a work day; midnight ends the day before
        ("2026-12-01", "2026-12-15T00:00:00+01:00", [(11, 24), (12, 6), (12, 7), (12, 7), (12, 8), (12, 14)]),
        # Moodle's seconds, and no end
        ("1796083200", "0", [(11, 24), (12, 14), (12, 15), (12, 15), (12, 16), (12, 29)]),
        # last year's course, copied
        ("2025-09-01T00:00:00Z", "2025-12-01T00:00:00Z", [(11, 24), (12, 7), (12, 8), (12, 8), (12, 9), (12, 22)]),
        ("$CourseSection.timeFrame.begin", "soon", [(11, 24), (12, 7), (12, 8), (12, 8), (12, 9), (12, 22)]),
    ],
)  # fmt: skip
def test_one_day_takes_its_dates_from_the_lms(
    app: Flask, start: str, end: str, expected: list[tuple[int, int]]
) -> None:
    trainer = tess(app, course_start=start, course_end=end)
    with clock.at(datetime(2026, 11, 24, 9, tzinfo=UTC)):
        trainer.post("/cohort/set-up/template", template="one-day")
    days = [(day.month, day.day) for _name, first, last in parts(app) for day in (first, last)]
    assert days == expected


def test_weekly_takes_its_last_day_from_the_lms_and_has_no_phases(app: Flask) -> None:
    end = clock.now() + timedelta(days=60)
    trainer = tess(app, course_end=end.isoformat())
    trainer.post("/cohort/set-up/template", template="one-day")
    trainer.post("/cohort/set-up/template", template="weekly")
    assert parts(app) == []
    with app.app_context():
        assert the_cohort().ends_on == (end - timedelta(seconds=1)).astimezone(BRUSSELS).date()
    trainer.post("/cohort/set-up/template", template="open")
    with app.app_context():
        assert the_cohort().ends_on is None


def test_choosing_one_day_again_keeps_phases_that_were_changed(app: Flask) -> None:
    trainer = tess(app)
    trainer.post("/cohort/set-up/phases", name="All of it", first_day="2027-01-04", last_day="2027-01-31")
    trainer.post("/cohort/set-up/template", template="one-day")
    assert parts(app) == [("All of it", date(2027, 1, 4), date(2027, 1, 31))]
    assert trainer.post("/cohort/set-up/template", template="fortnightly").status_code == 400


def test_settings_are_saved_and_shown_again(app: Flask) -> None:
    trainer = tess(app)
    assert trainer.post("/cohort/set-up", **SETTINGS).location.endswith("/cohort/set-up?toast=saved")
    with app.app_context():
        cohort = the_cohort()
        assert (cohort.language, cohort.work_days, cohort.ends_on) == ("nl", [0, 1, 2, 3], date(2027, 6, 30))
        assert (cohort.work_starts, cohort.work_ends, cohort.rooms_off) == (8 * 60 + 30, 16 * 60, [])
    page = trainer.get("/cohort/set-up").text
    assert 'value="08:30"' in page
    assert 'value="2027-06-30"' in page


@pytest.mark.alike
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"work_days": []}, "Choose at least one work day."),
        ({"work_ends": "08:30"}, "Work ends later than it begins."),
        ({"work_starts": "early"}, "Write a time of day, such as 09:00."),
        ({"last_day": "soon"}, "Write a date, such as 2027-01-31."),
        ({"last_day": "0020-01-01"}, "Choose a date in this century."),
        ({"time_zone": "Mars/Olympus"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_is_shown_again(app: Flask, change: dict[str, str], sentence: str) -> None:
    answer = tess(app).post("/cohort/set-up", **{**SETTINGS, **change})
    assert answer.status_code == 422
    assert sentence in answer.text
    with app.app_context():
        assert the_cohort().language is None


def test_a_room_that_is_off_keeps_what_was_written_in_it(app: Flask, cast: Cast) -> None:
    asked = cast.ben.post("/questions", title="Who knows?", body="Somebody must.").location
    idea = cast.ben.post("/ideas", title="A map", body="Of who knows what.").location
    number = re.findall(r"\d+", asked)[-1]
    cast.tess.post("/cohort/set-up", **{**SETTINGS, "rooms": ["questions"]})
    for page in ("/ideas", "/ideas/new", idea.removeprefix("http://localhost:8000")):
        answer = cast.ben.get(page)
        assert answer.status_code == 404
        assert "This room is closed in this cohort." in answer.text
    navigation = cast.ben.get("/feed").text
    assert f'href="{cast.ben.url("/ideas")}"' not in navigation
    assert f'href="{cast.ben.url("/questions")}"' in navigation
    assert cast.ben.post("/ideas", title="Another", body="One more.").status_code == 404
    assert cast.cleo.post(f"/posts/{re.findall('[0-9]+', idea)[-1]}/replies", body="Nice.").status_code == 404
    assert cast.cleo.post(f"/questions/{number}/answers", body="I do.").status_code == 303
    cast.tess.post("/cohort/set-up", **SETTINGS)
    assert "A map" in cast.ben.get("/ideas").text


def test_the_feed_cannot_be_switched_off(app: Flask, cast: Cast) -> None:
    cast.tess.post("/cohort/set-up", **{**SETTINGS, "rooms": []})
    assert cast.ben.get("/feed").status_code == 200
    assert [cast.ben.get(page).status_code for page in ("/questions", "/ideas")] == [404, 404]


def test_phases_do_not_meet(app: Flask, cast: Cast) -> None:
    one = {"name": "Before", "first_day": "2027-01-04", "last_day": "2027-01-10"}
    assert cast.tess.post("/cohort/set-up/phases", **one).status_code == 303
    answer = cast.tess.post("/cohort/set-up/phases", name="Day", first_day="2027-01-10", last_day="2027-01-11")
    assert answer.status_code == 422
    assert "These days belong to “Before” already." in answer.text
    assert 'value="2027-01-11"' in answer.text
    assert (
        cast.tess.post("/cohort/set-up/phases", name="Day", first_day="2027-01-11", last_day="2027-01-11").status_code
        == 303
    )
    with app.app_context():
        first, second = db.session.scalars(select(Phase).order_by(Phase.starts_at)).all()
        assert first.ends_at == second.starts_at == midnight(date(2027, 1, 11))
        ids = (first.id, second.id)
    longer = {**one, "last_day": "2027-01-12"}
    assert cast.tess.post(f"/cohort/set-up/phases/{ids[0]}", **longer).status_code == 422
    assert cast.tess.post(f"/cohort/set-up/phases/{ids[0]}", **{**one, "name": "Prepare"}).status_code == 303
    assert cast.tess.post(f"/cohort/set-up/phases/{ids[1]}/removal").status_code == 303
    assert cast.tess.post(f"/cohort/set-up/phases/{ids[0]}", **longer).status_code == 303
    assert parts(app) == [("Before", date(2027, 1, 4), date(2027, 1, 12))]
    backwards = {**one, "last_day": "2027-01-01"}
    assert cast.tess.post(f"/cohort/set-up/phases/{ids[0]}", **backwards).status_code == 422


def test_phases_stay_on_their_days_when_the_clock_is_another(app: Flask, cast: Cast) -> None:
    cast.tess.post("/cohort/set-up/phases", name="Spring", first_day="2027-03-22", last_day="2027-04-04")
    cast.tess.post("/cohort/set-up", **{**SETTINGS, "time_zone": "Pacific/Auckland"})
    assert parts(app) == [("Spring", date(2027, 3, 22), date(2027, 4, 4))]
    with app.app_context():
        [phase] = db.session.scalars(select(Phase)).all()
        assert phase.starts_at == datetime(2027, 3, 22, tzinfo=ZoneInfo("Pacific/Auckland"))


def test_holidays_of_this_school_year_are_one_click(app: Flask, cast: Cast) -> None:
    assert cast.tess.seat
    with clock.at(datetime(2026, 11, 24, tzinfo=UTC)):
        cast.tess.post("/cohort/set-up/holidays", name="Peace at last", first_day="2026-11-11")
        for _again in range(2):
            assert cast.tess.post("/cohort/set-up/holidays/public").status_code == 303
    with app.app_context():
        rows = db.session.execute(select(Holiday.first_day, Holiday.name).order_by(Holiday.first_day)).all()
    assert [(day.isoformat(), name) for day, name in rows] == [
        ("2026-11-01", "All Saints’ Day"),
        ("2026-11-11", "Peace at last"),
        ("2026-12-25", "Christmas Day"),
        ("2027-01-01", "New Year’s Day"),
        ("2027-03-29", "Easter Monday"),
        ("2027-05-01", "Labour Day"),
        ("2027-05-06", "Ascension Day"),
        ("2027-05-17", "Whit Monday"),
        ("2027-07-21", "Belgian National Day"),
        ("2027-08-15", "Assumption Day"),
    ]


@pytest.mark.parametrize(
    "day",
    ["2000-04-23", "2008-03-23", "2011-04-24", "2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25"],
)
def test_easter(day: str) -> None:
    assert public_holidays.easter(int(day[:4])).isoformat() == day


def test_a_holiday_goes_and_a_silly_one_does_not_come(app: Flask, cast: Cast) -> None:
    cast.tess.post("/cohort/set-up/holidays", name="Winter", first_day="2026-12-21", last_day="2027-01-03")
    silly = cast.tess.post("/cohort/set-up/holidays", name="For ever", first_day="2026-12-21", last_day="2090-01-03")
    assert silly.status_code == 422
    assert "A holiday lasts a year at most." in silly.text
    with app.app_context():
        [holiday] = db.session.scalars(select(Holiday)).all()
        number = holiday.id
    assert cast.tara.post(f"/cohort/set-up/holidays/{number}/removal").status_code == 404
    assert cast.tess.post(f"/cohort/set-up/holidays/{number}/removal").status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Holiday)) == 0


def test_set_up_is_for_trainers_of_this_cohort(app: Flask, cast: Cast) -> None:
    cast.tess.post("/cohort/set-up/phases", name="Before", first_day="2027-01-04", last_day="2027-01-10")
    with app.app_context():
        number = db.session.scalars(select(Phase.id)).one()
    pages = ["", "/counting", "/phases/new", f"/phases/{number}", "/holidays/new", "/archive"]
    forms = ["", "/template", "/counting", "/phases", f"/phases/{number}", f"/phases/{number}/removal"]
    forms += ["/holidays", "/holidays/public", "/archive", "/archive/withdrawal"]
    for actor in (cast.ben, cast.mona, cast.omar):
        assert {actor.get("/cohort/set-up" + page).status_code for page in pages} == {403}
        assert {actor.post("/cohort/set-up" + form).status_code for form in forms} == {403}
    for path in (f"/phases/{number}", f"/phases/{number}/removal"):
        assert cast.tara.post("/cohort/set-up" + path, name="Mine").status_code == 404
    assert cast.tara.get(f"/cohort/set-up/phases/{number}").status_code == 404
    assert len(parts(app)) == 1


def test_who_designs_the_course_is_not_asked_about_points(app: Flask) -> None:
    designer = Actor(app, HERE, sub="dee", roles=[MEMBERSHIP + "ContentDeveloper"])
    answer = designer.post("/cohort/set-up/template", template="weekly")
    assert answer.location.endswith("/starters/new?first=1")
    assert designer.get("/cohort/set-up/counting").status_code == 403
    assert designer.post("/cohort/set-up/counting", scheme="nothing").status_code == 403
    assert designer.get("/cohort/set-up").status_code == 200


def test_the_calendar_counts_anew_for_everybody(app: Flask, cast: Cast) -> None:
    assert cast.ben.seat
    for path, form in (
        ("/cohort/set-up/template", {"template": "one-day"}),
        ("/cohort/set-up", SETTINGS),
        ("/cohort/set-up/holidays", {"name": "Off", "first_day": "2027-01-04"}),
    ):
        with app.app_context():
            standing = db.session.scalars(select(Standing)).one()
            standing.next_change_at = datetime(2099, 1, 1, tzinfo=UTC)
            db.session.commit()
        assert cast.tess.post(path, **form).status_code == 303
        with app.app_context():
            due = db.session.scalars(select(Standing.next_change_at)).one()
            assert due is not None
            assert due <= clock.now()


def test_the_number_of_queries_does_not_grow(app: Flask, cast: Cast) -> None:
    def opened() -> int:
        heard: list[str] = []

        def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            heard.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", hear)
        try:
            assert cast.tess.get("/cohort/set-up").status_code == 200
        finally:
            event.remove(engine, "before_cursor_execute", hear)
        return len(heard)

    cast.tess.post("/cohort/set-up/template", template="one-day")
    few = opened()
    for month in range(1, 7):
        cast.tess.post("/cohort/set-up/holidays", name="Off", first_day=f"2027-0{month}-04")
        cast.tess.post(
            "/cohort/set-up/phases", name="More", first_day=f"2028-0{month}-04", last_day=f"2028-0{month}-08"
        )
    assert cast.ben.seat
    assert opened() == few
