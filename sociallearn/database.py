"""The database: typed models, SQLite and PostgreSQL behaving alike, and the one place that commits."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, Response, current_app, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    Float,
    Integer,
    MetaData,
    Text,
    event,
    inspect,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# Added to SQLite's own speed settings: WAL lets readers work beside the one writer; 15 s of patience for that writer.
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "busy_timeout=15000",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "cache_size=-20000",
    "mmap_size=134217728",
)

MOST_AT_ONCE = 500  # rows of one statement: databases take a limited number of values

BigId = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime on every database (SQLite itself forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: they would be an hour wrong twice a year."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What every model is made of."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={
            int: BigId,
            str: Text,
            bool: Boolean,
            float: Float,
            datetime: Moment,
            dict[str, Any]: JSON,
            list[str]: JSON,
            list[int]: JSON,
        },
    )


db = SQLAlchemy(model_class=Base)
if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model

M = TypeVar("M", bound=Base)


def init_app(app: Flask) -> None:
    """Connect the app to its database and give each request its one transaction."""
    db.init_app(app)
    with app.app_context():
        engine = db.engine
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
    app.after_request(_end_transaction)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own comes too late, after the first read
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute("PRAGMA " + pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that will write takes the write lock before its first read: an upgrade halfway can fail as BUSY,
    # and a counter read before somebody else's commit would be written back stale.
    writes = not has_request_context() or not (request.method in ("GET", "HEAD", "OPTIONS") or only_reads())
    writes = bool(connection.get_execution_options().get("write", writes))
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def only_reads() -> bool:
    """Whether the request's view said (``access.only_reads``) that it changes nothing, though a form is sent to it."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "only_reads", False)


def _end_transaction(response: Response) -> Response:
    """One transaction per request: an answer below 400 keeps what was done, everything else leaves no trace."""
    if response.status_code < 400:
        db.session.commit()
    else:
        db.session.rollback()
    return response


@contextmanager
def transaction() -> Iterator[Session]:
    """A transaction of its own, committed at the end of the block or rolled back by an exception.

    For what is not a request (work loop, commands) and for what must survive a request's refusal (a spent nonce).
    The request's own session must not be inside a transaction, or SQLite would wait for itself.
    """
    app_session = db.session
    session = Session(bind=app_session.get_bind().execution_options(write=True), expire_on_commit=False)
    try:
        with session.begin():
            yield session
    finally:
        session.close()


def release() -> None:
    """End what the request has read so far, so that no transaction is open while we talk to another server."""
    db.session.rollback()


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """``db.session`` outside a request, for acts that are called directly: commits at the end of the block."""
    try:
        yield db.session()
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def insert_or_get(session: Session, model: type[M], key: dict[str, Any], values: dict[str, Any] | None = None) -> M:
    """The row with this unique ``key``, made with ``values`` if nobody has made it yet.

    Two transactions doing this at once both get the same row: the database decides, not we.
    """
    found = session.scalar(select(model).filter_by(**key))
    if found is not None:
        return found
    insert = postgresql_insert if _dialect(session) == "postgresql" else sqlite_insert
    session.execute(insert(model).values(**key, **(values or {})).on_conflict_do_nothing())
    made = session.scalar(select(model).filter_by(**key))
    if made is None:
        raise LookupError(f"{model.__name__} {key} neither exists nor could be made.")
    return made


def insert_new(session: Session, model: type[M], values: dict[str, Any]) -> bool:
    """Insert a row unless one with its key is there; whether it was. Two at once: one of them hears True."""
    insert = postgresql_insert if _dialect(session) == "postgresql" else sqlite_insert
    statement = insert(model).values(**values).on_conflict_do_nothing()
    return session.execute(statement.returning(literal_column("1", Integer))).first() is not None


def insert_missing(session: Session, model: type[M], rows: Sequence[dict[str, Any]]) -> None:
    """Insert these rows but for those whose key is there already; every row names the same columns."""
    insert = postgresql_insert if _dialect(session) == "postgresql" else sqlite_insert
    for begin in range(0, len(rows), MOST_AT_ONCE):
        session.execute(insert(model).values(rows[begin : begin + MOST_AT_ONCE]).on_conflict_do_nothing())


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


def locked(session: Session, model: type[M], identity: int) -> M:
    """The row, locked until the transaction ends and read afresh. SQLite's writers already stand in line.

    NO KEY UPDATE on PostgreSQL: rows that only refer to this one can still be inserted, or they would wait in a ring.

    Raises LookupError when there is no such row.
    """
    key = inspect(model).primary_key[0]
    statement = (
        select(model).where(key == identity).with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    row = session.scalar(statement)
    if row is None:
        raise LookupError(f"No {model.__name__} {identity}.")
    return row
