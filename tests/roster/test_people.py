"""The page People: who is there, found fast, and nobody else's."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, null, select

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.roster.models import Cohort, Group, GroupMember, Member, Person, RosterSync
from tests.conftest import HERE, OTHER_COURSE, Actor, Cast, person
from tests.lms import MEMBERSHIP

NAME = re.compile(r'<a href="/s/[\w-]+/cohort/people/\d+"><bdi>([^<]*)</bdi>')


def names(page: str) -> list[str]:
    """The people a page lists, in its order."""
    return NAME.findall(page)


@pytest.fixture
def crowd(app: Flask, cast: Cast) -> Cast:
    """tess trains; ben and cleo came, 120 people are invited, eve has left."""
    for name in ("tess", "ben", "cleo"):
        assert getattr(cast, name).seat
    Actor(app, HERE, sub="eve", **person("eve"))
    with app.app_context(), transaction() as session:
        tess = session.get_one(Member, cast.tess.member_id)
        for number in range(120):
            session.add(
                Person(
                    organisation_id=tess.organisation_id,
                    registration_id=tess.person.registration_id,
                    sub=f"s{number}",
                    name=f"{'Same' if number < 70 else 'sam'} Name {number // 30}",
                )
            )
        session.flush()
        invited = session.scalars(select(Person).where(Person.sub.startswith("s"))).all()
        for one in invited:
            session.add(
                Member(cohort_id=tess.cohort_id, person_id=one.id, role="learner", joined_at=null(), seen_at=null())
            )
        eve = session.scalars(select(Member).join(Member.person).where(Person.sub == "eve")).one()
        eve.left_at = clock.now() - timedelta(days=2)
    return cast


def test_everybody_on_pages_of_fifty(crowd: Cast) -> None:
    found: list[str] = []
    page = crowd.tess.get("/cohort").text
    pages = 1
    while True:
        found += names(page)
        following = re.search(r'rel="next"[^>]*href="([^"]+)"', page)
        if following is None:
            break
        page = crowd.tess.get(following[1].replace("&amp;", "&")).text
        pages += 1
    assert pages == 3
    assert len(found) == 123
    assert found == sorted(found, key=str.lower)
    assert "Eve Test" not in found


def test_counts_and_states(crowd: Cast) -> None:
    page = crowd.tess.get("/cohort").text
    assert "122 learners" in page
    assert "1 trainer" in page
    for label, count in (("Everybody", 123), ("Opened it", 3), ("Invited", 120), ("Left", 1)):
        assert re.search(rf'{label} <span class="count">{count}</span>', page)
    assert names(crowd.tess.get("/cohort?state=here").text) == ["Ben Test", "Cleo Test", "Tess Test"]
    assert len(names(crowd.tess.get("/cohort?state=invited").text)) == 50
    left = crowd.tess.get("/cohort?state=left").text
    assert names(left) == ["Eve Test"]
    assert re.search(r"left\s+<time", left)
    assert "has not opened it yet" in page
    assert crowd.tess.get("/cohort?state=here").text.count("You</span>") == 1


@pytest.mark.parametrize(
    ("words", "found"),
    [("ben", ["Ben Test"]), ("EN T", ["Ben Test"]), ("test", ["Ben Test", "Cleo Test", "Tess Test"]),
     ("élo", ["Élodie Ünal"]), ("%", []), ("_", []), ("<script>", []), ("nobody", [])],
)  # fmt: skip
def test_names_are_found(app: Flask, cast: Cast, words: str, found: list[str]) -> None:
    for name in ("tess", "ben", "cleo"):
        assert getattr(cast, name).seat
    Actor(app, HERE, sub="elo", name="Élodie Ünal")
    page = cast.tess.get("/cohort", query_string={"q": words}).text
    assert names(page) == found
    assert ("Nobody found" in page) == (not found)
    assert "<script>" not in page.replace("<script type", "")


def test_by_group(app: Flask, crowd: Cast) -> None:
    crowd.tess.post("/cohort/groups", name="Table one")
    ids = [str(crowd.ben.member_id), str(crowd.cleo.member_id)]
    assert crowd.tess.post("/cohort/groups/people", member=ids, group="1", act="in").status_code == 303
    page = crowd.tess.get("/cohort?group=1").text
    assert names(page) == ["Ben Test", "Cleo Test"]
    assert "Table one (2)" in page
    crowd.tess.post("/cohort/groups/people", member=ids[:1], group="1", act="out")
    assert names(crowd.tess.get("/cohort?group=1").text) == ["Cleo Test"]
    assert crowd.tess.post("/cohort/groups/people", group="1").status_code == 422
    assert names(crowd.tess.get("/cohort?group=1&state=invited&q=x").text) == []


@pytest.mark.parametrize(
    "query", ["group=99", "group=x", "after=9999", "after=-1", "state=odd", "q=%00", "after=" + "9" * 40]
)
def test_odd_addresses(cast: Cast, query: str) -> None:
    assert cast.tess.get("/cohort?" + query).status_code in (200, 400)


def test_a_constant_number_of_queries(app: Flask, crowd: Cast) -> None:
    def queries() -> int:
        sent: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            sent.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            assert crowd.tess.get("/cohort").status_code == 200
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(sent)

    before = queries()
    with app.app_context(), transaction() as session:
        cohort_id = session.scalars(select(Cohort.id)).one()
        for number in range(5):
            group = Group(cohort_id=cohort_id, lms_id=str(number), name="")
            session.add(group)
            session.flush()
            for member in session.scalars(select(Member)).all():
                session.add(GroupMember(cohort_id=cohort_id, group_id=group.id, member_id=member.id))
    assert queries() == before <= 11


def test_only_for_trainers_and_only_ones_own(app: Flask, crowd: Cast) -> None:
    there = Actor(app, HERE, sub="tara", roles=[MEMBERSHIP + "Instructor"], **person("tara"), **OTHER_COURSE)
    there.post("/cohort/groups", name="Theirs")
    crowd.tess.post("/cohort/groups", name="Ours")
    with app.app_context():
        theirs = db.session.scalars(select(Group.id).where(Group.name == "Theirs")).one()
        ours = db.session.scalars(select(Group.id).where(Group.name == "Ours")).one()
    ben, tara = crowd.ben.member_id, there.member_id
    for path in ("/cohort", "/cohort/groups", f"/cohort/people/{ben}"):
        assert crowd.ben.get(path).status_code == 403
        assert crowd.tess.get(path).status_code == 200
    for path in ("/cohort/groups", f"/cohort/groups/{ours}", f"/cohort/groups/{ours}/removal", "/cohort/reading",
                 f"/cohort/people/{ben}", f"/cohort/people/{ben}/unit/return", "/cohort/groups/people"):  # fmt: skip
        assert crowd.ben.post(path, name="x", member=str(ben), group=str(ours)).status_code == 403
    assert crowd.tess.get(f"/cohort/people/{tara}").status_code == 404
    for path in (f"/cohort/people/{tara}", f"/cohort/people/{tara}/unit/return", f"/cohort/groups/{theirs}",
                 f"/cohort/groups/{theirs}/removal"):  # fmt: skip
        assert crowd.tess.post(path, name="x", unit="x").status_code == 404
    assert crowd.tess.post("/cohort/groups/people", member=str(ben), group=str(theirs)).status_code == 404
    assert crowd.tess.post(f"/cohort/people/{ben}", unit="", group=str(theirs)).status_code == 404
    crowd.tess.post("/cohort/groups/people", member=[str(tara), str(ben)], group=str(ours), act="in")
    with app.app_context():
        assert db.session.scalars(select(GroupMember.member_id)).all() == [ben]
    assert names(crowd.tess.get(f"/cohort?group={theirs}").text) == []
    assert names(crowd.tess.get(f"/cohort?after={tara}").text) == []
    assert "Theirs" not in crowd.tess.get("/cohort/groups").text


def test_forms_come_back_with_what_was_typed(crowd: Cast) -> None:
    crowd.tess.post("/cohort/groups", name="Table one")
    taken = crowd.tess.post("/cohort/groups", name="table ONE")
    assert taken.status_code == 422
    assert "There is a group of this name already." in taken.text
    assert 'value="table ONE"' in taken.text
    assert crowd.tess.post("/cohort/groups", name="  ").status_code == 422
    assert crowd.tess.post("/cohort/groups", name="Two").status_code == 303
    renamed = crowd.tess.post("/cohort/groups/2", name="Table one")
    assert renamed.status_code == 422
    assert renamed.text.count("There is a group of this name already.") == 1
    assert crowd.tess.post("/cohort/groups/1/removal").status_code == 303
    assert "Table one" not in crowd.tess.get("/cohort/groups").text


def test_names_of_groups_and_units_are_escaped(crowd: Cast) -> None:
    evil = "<img src=x onerror=alert(1)>"
    crowd.tess.post("/cohort/groups", name=evil)
    crowd.tess.post(f"/cohort/people/{crowd.ben.member_id}", unit=evil, group="1")
    for path in ("/cohort", "/cohort/groups", f"/cohort/people/{crowd.ben.member_id}"):
        page = crowd.tess.get(path).text
        assert "<img" not in page
        assert "&lt;img" in page


def test_when_the_list_was_read_in_words(app: Flask, crowd: Cast) -> None:
    with app.app_context(), transaction() as session:
        cohort = session.scalars(select(Cohort)).one()
        now = clock.now()
        session.add(
            RosterSync(
                cohort_id=cohort.id,
                memberships_url="https://lms.example/members",
                next_at=now + timedelta(hours=4),
                done_at=now - timedelta(hours=2),
                found=34,
            )
        )
    page = re.sub(r"<[^>]*>|\s+", lambda tag: " " if tag[0].isspace() else "", crowd.tess.get("/cohort").text)
    assert "Participants last read from your LMS 2 hours ago: 34 people." in page
    assert "Read now" in page
    with app.app_context(), transaction() as session:
        session.scalars(select(RosterSync)).one().problem = "unreachable"
    assert "could not be reached" in crowd.tess.get("/cohort").text
    for problem in ("broken", "something new"):
        with app.app_context(), transaction() as session:
            session.scalars(select(RosterSync)).one().problem = problem
        assert "Something went wrong on our side" in crowd.tess.get("/cohort").text
