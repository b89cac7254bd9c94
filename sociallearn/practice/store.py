"""The practice LMS's database: one SQLite file, opened for reading or for writing, and its first contents."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, inspect, select
from sqlalchemy.orm import Session

from sociallearn.practice import course as courses
from sociallearn.practice.models import Base, Course, Enrolment, LineItem, Link, Person, Setting
from sociallearn.practice.people import CAST


class Store:
    """Sessions on one file. A transaction that writes takes its turn at the start, so two never meet half-way."""

    def __init__(self, path: Path) -> None:
        self._engine = create_engine(f"sqlite:///{path}")
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)
        self._for_reading = self._engine.execution_options(only_reads=True)

    def set_up(self) -> None:
        """Make what is missing: tables, courses, people. What is there stays as it is."""
        with self._engine.begin() as connection:
            Base.metadata.create_all(connection)
            _add_columns(connection)
        with self.writing() as session:
            _seed(session)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction, committed at the end unless something is raised."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent look; other readers and one writer go on meanwhile."""
        with Session(self._for_reading, expire_on_commit=False) as session:
            yield session

    def secret(self) -> str:
        """What signs this LMS's cookies; made on the first run."""
        with self.writing() as session:
            kept = session.get(Setting, "secret")
            if kept is None:
                kept = Setting(name="secret", value=secrets.token_urlsafe(32))
                session.add(kept)
            return kept.value

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def _add_columns(connection: Connection) -> None:
    """A file of an earlier version lacks what came since; what may be empty is simply added."""
    for table in Base.metadata.sorted_tables:
        there = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in there and column.nullable:
                kind = column.type.compile(connection.dialect)
                connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ADD COLUMN "{column.name}" {kind}')


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("only_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _seed(session: Session) -> None:
    people, there = set(session.scalars(select(Person.id))), set(session.scalars(select(Course.id)))
    session.add_all(
        Person(
            id=character.id,
            position=position,
            given_name=character.given_name,
            family_name=character.family_name,
            email=character.email,
            locale=character.locale,
            unit=character.unit,
        )
        for position, character in enumerate(CAST)
        if character.id not in people
    )
    session.flush()
    for position, plan in enumerate(courses.COURSES):
        if plan.id not in there:
            _add_course(session, plan, position)
    _add_people(session)


def _add_course(session: Session, plan: courses.Plan, position: int) -> None:
    session.add(Course(id=plan.id, position=position, label=plan.label, title=plan.title, summary=plan.summary))
    session.flush()
    for place, activity in enumerate(plan.activities):
        session.add(
            Link(
                id=activity.id,
                course_id=plan.id,
                position=place,
                title=activity.title,
                description=activity.description,
            )
        )
        session.flush()
        if activity.maximum is not None:
            column = LineItem(label=activity.title, maximum=activity.maximum, is_coupled=True)
            column.course_id, column.link_id = plan.id, activity.id
            session.add(column)
            session.flush()


def _add_people(session: Session) -> None:
    enrolled = set(session.execute(select(Enrolment.course_id, Enrolment.person_id)).tuples())
    session.add_all(
        Enrolment(course_id=plan.id, person_id=person_id, role=role)
        for plan in courses.COURSES
        for person_id, role in plan.people
        if (plan.id, person_id) not in enrolled
    )
