"""A cohort in step with the LMS's list: who is invited, who left, who stays whatever a list says."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update

from sociallearn import clock, jobs
from sociallearn.database import db, transaction
from sociallearn.grades.models import Delivery, Standing
from sociallearn.lti import roles
from sociallearn.lti.models import Registration
from sociallearn.roster import syncing
from sociallearn.roster.models import Cohort, Member, Person, Role, RosterSync
from tests.conftest import ELSEWHERE, HERE, OTHER_COURSE, Actor, Cast, person
from tests.lms import MEMBERSHIP
from tests.roster import cohort as course
from tests.roster.cohort import TRAINER, Browser, RosterLms, counted, people, state, sync

INVITED, HERE_NOW, LEFT = "invited", "here", "left"


@pytest.fixture
def lms(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[RosterLms]:
    """An LMS with a list of participants, inside an app context."""
    monkeypatch.setattr(app, "test_client_class", Browser)
    app.extensions["jobs"].flush()
    with app.app_context(), RosterLms() as running:
        course.use(running)
        yield running


@pytest.fixture
def cohort(lms: RosterLms, cast: Cast) -> int:
    """tess trains, ben and cleo learn; all have come, and the list says so too. otto is in another course."""
    for name in ("tess", "ben", "cleo", "otto"):
        assert getattr(cast, name).seat
    lms.enrol("tess", role=TRAINER)
    lms.enrol("ben", "cleo", role=MEMBERSHIP + "Learner")
    cohort_id = course.cohort_id()
    course.plan(lms, cohort_id)
    return cohort_id


def standing(cohort_id: int) -> dict[str, str]:
    """Who is invited, here or gone."""
    return {
        sub: LEFT if one.left_at else INVITED if one.joined_at is None else HERE_NOW
        for sub, one in people(cohort_id).items()
    }


ALL_HERE = {"tess": HERE_NOW, "ben": HERE_NOW, "cleo": HERE_NOW}


def test_a_trainers_first_launch_has_the_list_read(app: Flask, lms: RosterLms) -> None:
    lms.enrol("tess", role="Instructor")
    lms.enrol("ben", "ann")
    Actor(app, HERE, sub="ben", **person("ben"), **lms.claim)
    assert jobs.sweep() == 0  # a learner's does not
    queue = app.extensions["jobs"]
    queue.flush()
    Actor(app, HERE, sub="tess", roles=[TRAINER], **person("tess"), **lms.claim)
    assert queue.pending_count() == 1
    queue.execute(queue.dequeue())
    found = people(course.cohort_id())
    assert standing(course.cohort_id()) == {"tess": HERE_NOW, "ben": HERE_NOW, "ann": INVITED}
    assert (found["ann"].name, found["ann"].role, found["ann"].seen_at) == ("Ann Test", "learner", None)
    row = state(course.cohort_id())
    assert (row.found, row.problem, row.failures, row.lease_until) == (3, None, 0, None)
    assert len(lms.calls) == 1
    Actor(app, HERE, sub="tess", roles=[TRAINER], **person("tess"), **lms.claim)
    assert queue.pending_count() == 0


def test_every_six_hours_while_somebody_comes(cohort: int, lms: RosterLms) -> None:
    now = clock.now()
    done = sync(cohort)
    assert done.done_at is not None
    assert timedelta(hours=5.3) < done.next_at - now < timedelta(hours=6.7)
    for days, calls in ((0.2, 1), (0.3, 2), (29, 3), (31, 3), (32, 3)):
        with clock.at(now + timedelta(days=days)):
            for _due in due():
                syncing.read_roster(_due)
        assert len(lms.calls) == calls
    assert state(cohort).next_at > now + timedelta(days=1000)  # asleep


def due() -> list[int]:
    with transaction() as session:
        return list(syncing._due(session))


def test_a_launch_wakes_a_cohort_that_slept(app: Flask, cohort: int, lms: RosterLms) -> None:
    with transaction() as session:
        row = session.get_one(RosterSync, cohort)
        row.next_at, row.memberships_url = clock.now() + syncing.ASLEEP, lms.memberships_url
    assert due() == []
    Actor(app, HERE, sub="ben", **person("ben"), **lms.claim)
    assert due() == [cohort]


@pytest.mark.parametrize("facts", [{"paused_at": clock.now()}, {"is_active": False}])
def test_a_closed_door_is_not_knocked_at(cohort: int, lms: RosterLms, facts: dict[str, Any]) -> None:
    with transaction() as session:
        session.execute(update(Registration).values(**facts))
    assert due() == []
    syncing.read_roster(cohort)
    assert lms.calls == []


def test_nor_for_an_archived_cohort(cohort: int, lms: RosterLms) -> None:
    with transaction() as session:
        session.get_one(Cohort, cohort).archived_at = clock.now()
    assert due() == []
    syncing.read_roster(cohort)
    assert lms.calls == []


def test_who_is_gone_and_who_is_back(cohort: int, cast: Cast, lms: RosterLms) -> None:
    sync(cohort)
    assert standing(cohort) == ALL_HERE
    assert cast.ben.get("/feed").status_code == 200
    gone = lms.people.pop(1)
    sync(cohort)
    assert standing(cohort) == {**ALL_HERE, "ben": LEFT}
    assert cast.ben.get("/feed").status_code == 401
    assert cast.ben.client.post(f"/s/{cast.ben.seat}/feed", data={"body": "x"}).status_code == 401
    assert cast.cleo.get("/feed").status_code == 200
    lms.people.append(gone)
    sync(cohort)
    assert standing(cohort) == ALL_HERE
    assert cast.ben.get("/feed").status_code == 200


@pytest.mark.parametrize("status", ["Inactive", "Deleted"])
def test_a_status_says_it_too(app: Flask, cohort: int, lms: RosterLms, status: str) -> None:
    lms.people[1]["status"] = status
    lms.enrol("never-here", status=status)
    sync(cohort)
    assert standing(cohort) == {**ALL_HERE, "ben": LEFT}
    Actor(app, HERE, sub="ben", **person("ben"))
    assert standing(cohort) == ALL_HERE


def test_texts_of_people_who_left_stay_with_their_name(cohort: int, cast: Cast, lms: RosterLms) -> None:
    cast.ben.post("/feed", body="Something to keep.")
    del lms.people[1]
    sync(cohort)
    page = cast.cleo.get("/feed").text
    assert "Something to keep." in page
    assert "Ben Test" in page


def test_an_invited_person_who_comes(app: Flask, cohort: int, lms: RosterLms) -> None:
    lms.enrol("ann")
    sync(cohort)
    assert standing(cohort)["ann"] == INVITED
    with transaction() as session:
        assert session.get(Standing, people(cohort)["ann"].id) is None
    Actor(app, HERE, sub="ann", **person("ann"))
    assert standing(cohort)["ann"] == HERE_NOW
    with transaction() as session:
        assert session.get(Standing, people(cohort)["ann"].id) is not None


def test_an_invitation_can_be_withdrawn_and_changed(cohort: int, lms: RosterLms) -> None:
    lms.enrol("ann", "bo")
    sync(cohort)
    lms.people[-2]["roles"] = ["Instructor"]
    del lms.people[-1]
    sync(cohort)
    assert (people(cohort)["ann"].role, people(cohort)["ann"].may_grade) == ("trainer", True)
    assert standing(cohort)["bo"] == LEFT
    lms.enrol("bo")
    sync(cohort)
    assert standing(cohort)["bo"] == INVITED


def test_a_list_never_changes_the_role_of_somebody_who_came(app: Flask, cohort: int, lms: RosterLms) -> None:
    Actor(app, HERE, sub="tom", roles=[TRAINER], **person("tom"))  # Moodle's teaching assistant
    lms.enrol("tom", role="Learner")
    lms.people[1]["roles"] = ["Instructor"]
    sync(cohort)
    found = people(cohort)
    assert {name: one.role for name, one in found.items()} == {
        "tess": "trainer", "tom": "trainer", "ben": "learner", "cleo": "learner",
    }  # fmt: skip
    assert found["tom"].may_grade


def test_staff_the_list_never_had_are_not_taken_for_gone(app: Flask, cohort: int, lms: RosterLms) -> None:
    for name in ("head", "boss"):  # Moodle's managers and administrators are no participants
        role = "Instructor" if name == "head" else "Manager"
        Actor(app, HERE, sub=name, roles=[MEMBERSHIP + role], **person(name))
    Actor(app, HERE, sub="dan", **person("dan"))  # a learner it never had is
    sync(cohort)
    assert standing(cohort) == {**ALL_HERE, "head": HERE_NOW, "boss": HERE_NOW, "dan": LEFT}
    lms.enrol("head", role="Instructor")
    sync(cohort)
    del lms.people[-1]
    sync(cohort)
    assert standing(cohort)["head"] == LEFT


def test_the_pretend_student_is_nobody(app: Flask, cohort: int, cast: Cast, lms: RosterLms) -> None:
    lms.enrol("preview", roles=[MEMBERSHIP + "Learner", roles.TEST_USER])
    Actor(app, HERE, sub="tried", **person("tried"))
    lms.enrol("tried", roles=[MEMBERSHIP + "Learner", roles.TEST_USER])
    row = sync(cohort)
    assert row.found == 3
    assert people(cohort)["preview"].is_test
    assert people(cohort)["tried"].is_test
    page = cast.tess.get("/cohort").text
    assert "Preview Test" not in page
    assert "Tried Test" not in page


@pytest.mark.parametrize("keeps", ["nobody", "all_inactive"])
def test_an_empty_list_is_not_believed(cohort: int, cast: Cast, lms: RosterLms, keeps: str) -> None:
    if keeps == "nobody":
        lms.people = []
    else:
        for one in lms.people:
            one["status"] = "Inactive"
    row = sync(cohort)
    assert (row.problem, row.found) == ("nobody", 0)
    assert standing(cohort) == ALL_HERE
    assert "empty list" in cast.tess.get("/cohort").text


def test_a_list_without_its_trainer_throws_nobody_out(cohort: int, cast: Cast, lms: RosterLms) -> None:
    lms.people = [course.member("cleo"), course.member("ann")]
    assert sync(cohort).problem == "no_trainer"
    assert standing(cohort) == {**ALL_HERE, "ann": INVITED}
    assert "nobody was taken for gone" in cast.tess.get("/cohort").text
    lms.enrol("tess", role="Instructor")
    assert sync(cohort).problem is None
    assert standing(cohort) == {**ALL_HERE, "ann": INVITED, "ben": LEFT}


def test_names_the_lms_keeps_to_itself(cohort: int, lms: RosterLms) -> None:
    lms.people[1].pop("name")
    lms.enrol("anon", name=None)
    lms.enrol("parts", name=None, given_name="Pat", family_name="de Vries", email="pat@x.org")
    lms.people[2]["name"] = " Cleo\u202e\nNew "
    sync(cohort)
    found = people(cohort)
    assert (found["ben"].name, found["ben"].person.email) == ("Ben Test", "ben@x.org")
    assert found["anon"].name == f"Participant {found['anon'].person_id}"
    assert (found["parts"].name, found["parts"].person.email) == ("Pat de Vries", "pat@x.org")
    assert found["cleo"].name == "Cleo New"
    sync(cohort)
    assert people(cohort)["anon"].name == found["anon"].name


def test_somebody_twice_in_the_list(cohort: int, lms: RosterLms) -> None:
    lms.page = 2
    lms.people.append(course.member("ben", "Mentor", status="Inactive"))
    lms.enrol("ann", "bob", "ann")
    lms.people.append(course.member("ann", "Instructor"))
    row = sync(cohort)
    assert (row.found, row.problem) == (5, None)
    assert standing(cohort) == {**ALL_HERE, "ann": INVITED, "bob": INVITED}
    assert people(cohort)["ann"].role == "trainer"


def test_numbers_as_user_ids(app: Flask, cohort: int, lms: RosterLms) -> None:
    Actor(app, HERE, sub="17", **person("seventeen"))
    lms.people.append({"user_id": 17, "roles": ["Learner"]})
    sync(cohort)
    assert standing(cohort)["17"] == HERE_NOW


def test_others_are_not_touched(app: Flask, cohort: int, cast: Cast, lms: RosterLms) -> None:
    Actor(app, HERE, sub="ben", **person("ben"), **OTHER_COURSE)
    Actor(app, ELSEWHERE, sub="ben", name="Another Ben")
    Actor(app, ELSEWHERE, sub="tess", name="Another Tess", roles=[TRAINER])
    there = course.cohort_id("course-1", ELSEWHERE.issuer)
    lms.people = [course.member("tess", "Instructor", name="Tess Renamed"), course.member("ann")]
    sync(cohort)
    assert standing(cohort) == {"tess": HERE_NOW, "ben": LEFT, "cleo": LEFT, "ann": INVITED}
    assert standing(course.cohort_id("course-2")) == {"otto": HERE_NOW, "ben": HERE_NOW}
    assert standing(there) == {"ben": HERE_NOW, "tess": HERE_NOW}
    assert {one.name for one in people(there).values()} == {"Another Ben", "Another Tess"}
    assert people(cohort)["tess"].name == "Tess Renamed"
    with transaction() as session:
        organisations = session.execute(
            select(Person.organisation_id, Cohort.organisation_id)
            .join(Member, Member.person_id == Person.id)
            .join(Cohort, Cohort.id == Member.cohort_id)
        )
        assert all(one == other for one, other in organisations)


def test_people_who_left_get_no_scores_until_they_are_back(cohort: int, cast: Cast, lms: RosterLms) -> None:
    cast.ben.post("/feed", body=" ".join(f"word{number}" for number in range(50)))
    member_id = cast.ben.member_id

    def closes() -> object:
        with transaction() as session:
            assert session.scalar(select(Delivery.state).where(Delivery.member_id == member_id)) == "waiting"
            return session.get_one(Standing, member_id).next_change_at

    assert closes() is not None
    del lms.people[1]
    sync(cohort)
    assert closes() is None
    lms.enrol("ben")
    before = clock.now()
    sync(cohort)
    assert before <= closes() <= clock.now()  # type: ignore[operator]


@pytest.fixture
def big(cohort: int, lms: RosterLms) -> int:
    """5,000 people on 100 pages, all read once; then 100 are gone, 100 new and 100 have other names."""
    lms.enrol(*(f"s{number}" for number in range(4997)))
    assert sync(cohort).found == 5000
    lms.calls.clear()
    keep = lms.people[:3] + lms.people[103:]
    for one in keep[-100:]:
        one["name"] += " the Second"
    lms.people = keep
    lms.enrol(*(f"new{number}" for number in range(100)))
    return cohort


def test_five_thousand_over_a_hundred_pages(cohort: int, lms: RosterLms, capsys: pytest.CaptureFixture[str]) -> None:
    lms.enrol(*(f"s{number}" for number in range(4997)))
    figures = []
    for what in ("first", "nothing new", "half gone", "half back"):
        everybody = list(lms.people)
        if what == "half gone":
            lms.people = everybody[:2500]
        calls, started = len(lms.calls), time.monotonic()
        with counted() as sent:
            row = sync(cohort)
        figures.append(f"{what}: {time.monotonic() - started:.2f} s, {len(sent)} statements")
        assert len(sent) <= 120, sent
        assert row.problem is None
        assert row.found == len(lms.people)
        assert len(lms.calls) - calls == len(lms.people) / 50
        lms.people = everybody
    with capsys.disabled():  # figures worth seeing in every run
        print(f"\n  5,000 people on 100 pages, {db.engine.dialect.name}: " + "; ".join(figures))  # noqa: T201
    assert [list(standing(cohort).values()).count(what) for what in (HERE_NOW, INVITED, LEFT)] == [3, 4997, 0]


def facts() -> list[tuple[Any, ...]]:
    with transaction() as session:
        columns = (Member.id, Member.role, Member.left_at, Member.joined_at, Member.is_listed, Person.name)
        statement = select(*columns).join(Person, Person.id == Member.person_id).order_by(Member.id)
        return [tuple(row) for row in session.execute(statement)]


def test_a_page_that_fails_changes_nobody(big: int, lms: RosterLms) -> None:
    before, done_at = facts(), state(big).done_at
    lms.acts[63] = lambda: 500
    row = sync(big)
    assert (row.problem, row.failures, row.lease_until, row.done_at) == ("unreachable", 1, None, done_at)
    assert facts() == before
    assert len(lms.calls) == 63
    lms.acts.clear()
    row = sync(big)
    assert (row.problem, row.failures, row.found) == (None, 0, 5000)
    after = list(standing(big).values())
    assert [after.count(what) for what in (HERE_NOW, INVITED, LEFT)] == [3, 4997, 100]
    with transaction() as session:
        renamed = select(func.count(Person.id)).where(Person.name.endswith(" the Second"))
        assert session.scalar(renamed) == 100


@pytest.mark.alike
@pytest.mark.parametrize(
    ("status", "problem"),
    [(401, "unauthorised"), (403, "unauthorised"), (404, "refused"), (503, "unreachable"), (302, "unreachable")],
)
def test_trouble_is_told_and_tried_again(cohort: int, cast: Cast, lms: RosterLms, status: int, problem: str) -> None:
    now = clock.now()
    lms.acts[1] = lambda: status
    row = sync(cohort)
    assert (row.problem, row.failures) == (problem, 1)
    assert timedelta(seconds=50) < row.next_at - now < timedelta(seconds=90)
    assert standing(cohort) == ALL_HERE
    assert "list" in cast.tess.get("/cohort").text
    assert due() == []


def test_a_service_that_is_switched_off_in_moodle(cohort: int, cast: Cast, lms: RosterLms) -> None:
    lms.token_status = 400
    assert sync(cohort).problem == "unauthorised"
    page = cast.tess.get("/cohort").text
    assert "does not let SocialLearn read the list" in page
    assert "Names and Role Provisioning" in page


def test_throttled_for_long(cohort: int, lms: RosterLms) -> None:
    now = clock.now()
    for _again in range(20):
        row = sync_throttled(cohort)
    assert row.problem == "throttled"
    assert timedelta(hours=5) < row.next_at - now <= timedelta(hours=7)


def sync_throttled(cohort: int) -> RosterSync:
    from sociallearn.lti.failures import Throttled

    with transaction() as session:
        session.get_one(RosterSync, cohort).next_at = clock.now()
        reading = syncing._claim(session, cohort)
    assert reading is not None
    syncing._failed(reading, Throttled("slow down", 429, 30.0))
    return state(cohort)


def test_back_off_ends_at_six_hours() -> None:
    for failures, least, most in ((1, 54, 66), (2, 108, 132), (5, 864, 1056), (30, 19_440, 23_760)):
        assert least <= syncing.back_off(failures) <= most


def test_an_lms_that_is_gone(cohort: int, lms: RosterLms) -> None:
    with transaction() as session:
        session.get_one(RosterSync, cohort).memberships_url = "http://127.0.0.1:9/memberships"
    assert sync(cohort).problem == "unreachable"
    with transaction() as session:
        session.get_one(RosterSync, cohort).memberships_url = "http://127.0.0.1:port/memberships"
    assert sync(cohort).problem in ("unreachable", "broken")


def in_context(app: Flask, function: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        with app.app_context():
            function()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_two_workers_at_once_read_once(app: Flask, cohort: int, lms: RosterLms) -> None:
    for thread in [in_context(app, lambda: syncing.read_roster(cohort)) for _number in range(6)]:
        thread.join()
    assert len(lms.calls) == 1
    assert state(cohort).attempts == 1


def claim(cohort: int) -> syncing.Reading | None:
    with transaction() as session:
        return syncing._claim(session, cohort)


def test_a_lease_is_respected_until_it_ends(cohort: int, lms: RosterLms) -> None:
    now = clock.now()
    assert claim(cohort) is not None
    assert due() == []
    syncing.read_roster(cohort)
    assert lms.calls == []
    with clock.at(now + syncing.LEASE + timedelta(seconds=5)):
        assert due() == [cohort]
        syncing.read_roster(cohort)
    assert (state(cohort).attempts, state(cohort).found) == (2, 3)


def test_a_late_worker_keeps_silent(cohort: int, lms: RosterLms) -> None:
    late = claim(cohort)
    assert late is not None
    old = syncing._read(late)
    assert old is not None
    lms.enrol("ann")
    with clock.at(clock.now() + syncing.LEASE + timedelta(seconds=5)):
        sync(cohort)
    before = (facts(), state(cohort).done_at, state(cohort).found)
    syncing._apply(late, old)
    syncing._failed(late, syncing.Unreachable("unreachable"))
    assert (facts(), state(cohort).done_at, state(cohort).found) == before
    assert state(cohort).problem is None


def test_a_long_reading_keeps_its_lease_and_gives_way(cohort: int, lms: RosterLms) -> None:
    lms.page = 1
    now = clock.now()
    reading = claim(cohort)
    assert reading is not None
    with clock.at(now + timedelta(seconds=100)):
        assert syncing._renew(reading)
        assert state(cohort).lease_until == clock.now() + syncing.LEASE
    with clock.at(now + timedelta(seconds=300)):
        assert claim(cohort) is not None
        assert not syncing._renew(reading)


def test_who_launches_meanwhile_is_not_taken_for_gone(app: Flask, cohort: int, lms: RosterLms) -> None:
    sync(cohort)
    del lms.people[1]  # the list was made before ben was put back

    def launch() -> None:
        Actor(app, HERE, sub="ben", **person("ben"))

    lms.acts[1] = launch  # type: ignore[assignment]
    sync(cohort)
    assert standing(cohort) == ALL_HERE


def test_who_first_launches_meanwhile_keeps_the_proven_role(app: Flask, cohort: int, lms: RosterLms) -> None:
    lms.enrol("tom", role="Learner")

    def launch() -> None:
        Actor(app, HERE, sub="tom", roles=[TRAINER], **person("tom"))

    lms.acts[1] = launch  # type: ignore[assignment]
    sync(cohort)
    assert (people(cohort)["tom"].role, standing(cohort)["tom"]) == ("trainer", HERE_NOW)


@pytest.mark.parametrize(
    "statement", ["INSERT INTO person", "INSERT INTO member", "UPDATE member", "UPDATE roster_sync"]
)
def test_a_worker_that_dies_halfway_leaves_everybody_as_they_were(cohort: int, lms: RosterLms, statement: str) -> None:
    del lms.people[1]
    lms.enrol(*(f"s{number}" for number in range(60)))
    before = facts()
    reading = claim(cohort)
    assert reading is not None
    found = syncing._read(reading)
    assert found is not None

    def die(_connection: object, _cursor: object, sent: str, *_more: object) -> None:
        if sent.startswith(statement):
            raise SystemExit  # what a signal does; nothing of ours catches it

    engine = db.engine
    event.listen(engine, "before_cursor_execute", die)
    try:
        with pytest.raises(SystemExit):
            syncing._apply(reading, found)
    finally:
        event.remove(engine, "before_cursor_execute", die)
    assert facts() == before
    assert (state(cohort).attempts, state(cohort).done_at) == (1, None)
    with clock.at(clock.now() + syncing.LEASE + timedelta(seconds=1)):
        syncing.read_roster(cohort)
    assert (state(cohort).found, standing(cohort)["ben"]) == (62, LEFT)


def test_the_button(app: Flask, cohort: int, cast: Cast, lms: RosterLms) -> None:
    sync(cohort)
    queue = app.extensions["jobs"]
    queue.flush()
    assert cast.ben.post("/cohort/reading").status_code == 403
    assert cast.tess.post("/cohort/reading").status_code == 303
    assert queue.pending_count() == 1
    lms.enrol("ann")
    queue.execute(queue.dequeue())
    assert standing(cohort)["ann"] == INVITED
    again = cast.tess.post("/cohort/reading")
    assert again.status_code == 429
    assert "less than a minute ago" in again.text
    with clock.at(clock.now() + timedelta(seconds=61)), transaction() as session:
        syncing.ask(session, session.get_one(Cohort, cohort))


def test_the_button_where_the_lms_offers_no_list(app: Flask, cast: Cast) -> None:
    answer = cast.tess.post("/cohort/reading")
    assert answer.status_code == 409
    assert "does not offer a list" in answer.text
    assert "Read now" not in cast.tess.get("/cohort").text


def test_invited_people_do_not_count_as_anything(app: Flask, cohort: int, cast: Cast, lms: RosterLms) -> None:
    from sociallearn.ideas import reading as ideas
    from sociallearn.insights import gathering

    lms.enrol(*(f"s{number}" for number in range(20)))
    sync(cohort)
    with transaction() as session:
        here = session.get_one(Cohort, cohort)
        assert gathering.funnel(session, here, (clock.now() + timedelta(days=2)).date())["opened"] == 2
        assert ideas.raters(session, cohort) == 3
        assert session.scalar(select(func.count(Standing.member_id)).where(Standing.cohort_id == cohort)) == 2
    assert Role.LEARNER in {one.role for one in people(cohort).values()}
