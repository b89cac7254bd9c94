"""Bring a database to today's shape, back again, and see whether models and migrations agree."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection

from sociallearn import models
from sociallearn.database import db
from sociallearn.paths import MIGRATIONS


def upgrade(revision: str = "head") -> None:
    """Forward to ``revision``. Safe to run again; two processes at once take turns."""
    with _connection() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(revision: str) -> None:
    """Back to ``revision`` (``base`` empties the database)."""
    with _connection() as connection:
        command.downgrade(_config(connection), revision)


def revise(what: str) -> None:
    """Write a new migration ``<YYYYMMDD>_<what>.py`` from how the models differ from the database."""
    with _connection() as connection:
        config = _config(connection)
        slug = "_".join(what.lower().split())
        command.revision(config, message=what, autogenerate=True, rev_id=f"{datetime.now(UTC):%Y%m%d}_{slug}")


def differences() -> list[object]:
    """What a new migration would do; nothing, when models and migrations agree."""
    models.load()
    with db.engine.connect() as connection:
        opts = {"compare_type": True, "include_object": is_compared}
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, db.metadata))


def is_compared(_item: object, name: str | None, kind: str, _is_reflected: bool, _other: object) -> bool:
    """Whether Alembic looks at it: not SQLite's index for search with its shadow tables, nor PostgreSQL's, which a
    migration writes by hand."""
    ours = name or ""
    return not (kind == "table" and ours.startswith("search_index")) and ours != "ix_search_text_tokens"


@contextmanager
def _connection() -> Iterator[Connection]:
    """A transaction that migrates; on PostgreSQL it waits for another one doing the same (SQLite's writers do)."""
    with db.engine.connect().execution_options(write=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7265616420)")
        yield connection


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
