"""Rights and regrouping by command, on a database people have been working in."""

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn.cli import cli
from sociallearn.database import Base, db, transaction
from sociallearn.lti.models import Registration
from sociallearn.roster import granting, regrouping
from sociallearn.roster.granting import Right
from sociallearn.roster.models import Grant, Member, Organisation, Person, Unit
from tests.conftest import ELSEWHERE, HERE, Actor, Cast


class Operator:
    """Runs commands on the stage's own database."""

    def __init__(self, app: Flask) -> None:
        self._environment = {
            "SOCIALLEARN_DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
            "SOCIALLEARN_DATA_DIR": str(app.config["DATA_DIR"]),
            "SOCIALLEARN_LTI_CONFIG": str(app.config["LTI_CONFIG"]),
            "SOCIALLEARN_SECRET_KEY": app.config["SECRET_KEY"],
        }

    def says(self, *arguments: str, answer: str | None = None, code: int = 0) -> str:
        """What a command prints."""
        result: Result = CliRunner().invoke(cli, arguments, env=self._environment, input=answer)
        assert result.exit_code == code, (result.output, result.exception)
        return result.output


@pytest.fixture
def operator(app: Flask) -> Operator:
    return Operator(app)


@pytest.fixture
def two(app: Flask, cast: Cast) -> tuple[int, int]:
    """(here, elsewhere): two organisations in which people wrote, asked, answered, proposed and rated."""
    for lms, names in ((HERE, ("tess", "ben")), (ELSEWHERE, ("zoe", "yves"))):
        roles = ["http://purl.imsglobal.org/vocab/lis/v2/membership#" + role for role in ("Instructor", "Learner")]
        course = {"context": {"id": f"course-of-{names[0]}", "title": f"Course of {names[0]}"}}
        people = [
            Actor(app, lms, sub=name, name=f"{name.title()} Test", roles=[role], custom={"unit": unit}, **course)
            for name, role, unit in zip(names, roles, ("Sales", f"Unit of {names[1]}"), strict=True)
        ]
        first, second = people
        assert first.post("/feed", body="Good morning to all of you").status_code == 303
        asked = second.post("/questions", title="Who knows?", body="I should like to know who has done this before")
        number = asked.location.rpartition("/")[2].partition("?")[0].partition("#")[0]
        assert first.post(f"/questions/{number}/answers", body="I have, last year").status_code == 303
        assert second.post("/ideas", title="A map", body="Of who knows what in this house").status_code == 303
    with app.app_context(), transaction() as session:
        return tuple(session.scalars(select(Organisation.id).order_by(Organisation.id)))  # type: ignore[return-value]


def rows_by_organisation(session: Session) -> dict[str, dict[int, int]]:
    tables = [table for table in Base.metadata.sorted_tables if "organisation_id" in table.c]
    return {
        table.name: {
            organisation_id: count
            for organisation_id, count in session.execute(
                select(table.c.organisation_id, func.count()).group_by(table.c.organisation_id)
            )
            if organisation_id is not None
        }
        for table in tables
    }


def test_everything_moves_and_nothing_is_lost(app: Flask, operator: Operator, two: tuple[int, int]) -> None:
    here, elsewhere = two
    with app.app_context(), transaction() as session:
        before = rows_by_organisation(session)
    said = operator.says("organisation", "merge", str(elsewhere), "--into", str(here), "--yes")
    assert "post: 4" in said
    with app.app_context(), transaction() as session:
        after = rows_by_organisation(session)
        assert [row.id for row in session.scalars(select(Organisation))] == [here]
        units = {unit.name: unit.id for unit in session.scalars(select(Unit))}
        found = session.execute(select(Person.sub, Member.unit_id).join(Member.person)).all()
    assert len([name for name, rows in before.items() if rows.get(elsewhere)]) >= 12
    for name, rows in after.items():
        lost = 1 if name == "unit" else 0  # both had "Sales"
        assert rows == ({here: sum(before[name].values()) - lost} if before[name] else {}), name
    assert set(units) == {"Sales", "Unit of ben", "Unit of yves"}
    assert {sub: unit_id for sub, unit_id in found} == {
        "tess": units["Sales"],
        "zoe": units["Sales"],
        "ben": units["Unit of ben"],
        "yves": units["Unit of yves"],
    }


def test_life_goes_on_after_merging(app: Flask, operator: Operator, two: tuple[int, int]) -> None:
    here, elsewhere = two
    operator.says("organisation", "merge", str(here), "--into", str(elsewhere), "--yes")
    course = {"context": {"id": "course-of-tess", "title": "Course of tess"}}
    ben = Actor(app, HERE, sub="ben", custom={"unit": "Sales"}, **course)
    newcomer = Actor(app, ELSEWHERE, sub="xena", custom={"unit": "Sales"})
    for somebody in (ben, newcomer):
        assert somebody.post("/feed", body="We are one now").status_code == 303
        assert somebody.get("/feed").status_code == 200
    assert "Good morning" in ben.get("/feed").text
    assert "Good morning" not in newcomer.get("/feed").text  # cohorts stay apart
    with app.app_context():
        assert set(db.session.scalars(select(Person.organisation_id))) == {elsewhere}
        assert db.session.scalar(select(func.count()).select_from(Unit).where(Unit.name == "Sales")) == 1


def test_merging_asks_first_and_says_whose_rights_grow(app: Flask, operator: Operator, two: tuple[int, int]) -> None:
    here, elsewhere = two
    with app.app_context(), transaction() as session:
        zoe = session.scalars(select(Person).where(Person.sub == "zoe")).one()
        granting.grant(session, zoe, Right.ADMINISTRATOR, "Runs it", by=None, is_whole=True)
    said = operator.says("organisation", "merge", str(elsewhere), "--into", str(here), answer="n\n", code=1)
    assert "Zoe Test will be administrator of both together." in said
    with app.app_context(), transaction() as session:
        assert session.scalar(select(func.count()).select_from(Organisation)) == 2
    operator.says("organisation", "merge", str(elsewhere), "--into", str(here), answer="y\n")
    with app.app_context(), transaction() as session:
        zoe = session.scalars(select(Person).where(Person.sub == "zoe")).one()
        reach = granting.reach(session, zoe)
        assert reach.registration_ids == set(
            session.scalars(select(Registration.id).where(Registration.organisation_id == here))
        )
        assert len(reach.registration_ids) == 2


def test_merging_what_is_not_there(operator: Operator, two: tuple[int, int]) -> None:
    here, _elsewhere = two
    for source, target in ((here, here), (here, 999), (999, here)):
        operator.says("organisation", "merge", str(source), "--into", str(target), "--yes", code=1)


def test_a_merge_that_does_not_end_changes_nothing(app: Flask, two: tuple[int, int]) -> None:
    here, elsewhere = two
    with app.app_context(), transaction() as session:
        before = rows_by_organisation(session)
    with app.app_context(), db.engine.connect() as connection, Session(connection) as session:
        regrouping.merge(session, elsewhere, here)
        session.rollback()
    with app.app_context(), transaction() as session:
        assert rows_by_organisation(session) == before


def test_a_new_table_that_is_unique_within_an_organisation_is_noticed(app: Flask) -> None:
    with app.app_context():
        names = [table.name for table in regrouping._tables()]
    assert {"post", "member", "grant", "registration", "invite", "unit", "cohort"} <= set(names)


def test_organisations(app: Flask, operator: Operator, two: tuple[int, int]) -> None:
    here, _elsewhere = two
    said = operator.says("organisation", "rename", str(here), "  The   Academy ")
    assert "“The Academy”" in said
    listed = operator.says("organisation", "list")
    assert "The Academy  (cohorts: 1, people: 2)" in listed
    assert "lms.example" in listed
    assert "not opened yet" in listed  # the third LMS of the stage
    operator.says("organisation", "rename", "999", "x", code=1)
    operator.says("organisation", "rename", str(here), " ", code=2)


def test_rights(app: Flask, operator: Operator, two: tuple[int, int]) -> None:
    with app.app_context(), transaction() as session:
        ids = {sub: id_ for sub, id_ in session.execute(select(Person.sub, Person.id))}
    listed = operator.says("person", "list", "--name", "TEST")
    assert "Zoe Test  (elsewhere.example)" in listed
    assert "@" not in listed
    assert operator.says("person", "list", "--name", "%") == ""
    said = operator.says("person", "grant", str(ids["ben"]), "manager", "--organisation", "--reason", "Heads HR")
    assert "Ben Test is now manager" in said
    operator.says("person", "grant", str(ids["zoe"]), "administrator", "--reason", "Runs it")
    again = operator.says("person", "grant", str(ids["zoe"]), "administrator", "--reason", "Again", code=1)
    assert "Zoe Test already has this right." in again
    with app.app_context(), transaction() as session:
        rows = {row.person_id: row for row in session.scalars(select(Grant))}
        assert rows[ids["ben"]].registration_id is None
        assert rows[ids["zoe"]].granted_by_id is None
        number = rows[ids["zoe"]].id
    listed = operator.says("person", "list", "--rights")
    assert "manager of the organisation" in listed
    assert "administrator of that LMS" in listed
    assert "Tess" not in listed
    operator.says("person", "end", str(number))  # the last one: the operator may
    operator.says("person", "end", str(number), code=1)
    with app.app_context(), transaction() as session:
        assert not session.get_one(Person, ids["zoe"]).is_administrator
    operator.says("person", "grant", "999", "manager", "--reason", "x", code=1)
    operator.says("person", "grant", str(ids["ben"]), "boss", "--reason", "x", code=2)
    operator.says("person", "grant", str(ids["ben"]), "manager", "--reason", " ", code=2)
    operator.says("person", "end", "999", code=1)


@pytest.mark.alike
@pytest.mark.parametrize("command", [["person"], ["organisation"], ["doctor"], ["organisation", "merge"]])
def test_help(operator: Operator, command: list[str]) -> None:
    assert "Usage" in operator.says(*command, "--help")
