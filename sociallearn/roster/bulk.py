"""Many rows in few statements, on both databases alike."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Row, inspect
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from sociallearn.database import Base

CHUNK = 500  # values a statement names, far below what both databases take

T = TypeVar("T")


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """The items in lists of at most ``CHUNK``."""
    kept: list[T] = []
    for item in items:
        kept.append(item)
        if len(kept) == CHUNK:
            yield kept
            kept = []
    if kept:
        yield kept


def insert_missing(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows (all with the same columns); those whose unique key is there already stay as they are."""
    if rows:
        # RETURNING makes SQLAlchemy send a thousand rows a statement instead of one
        statement = _insert(session, model).on_conflict_do_nothing().returning(*inspect(model).primary_key)
        session.connection().execute(statement, rows).all()


def upsert(
    session: Session,
    model: type[Base],
    rows: Sequence[dict[str, Any]],
    *,
    key: Sequence[str],
    changing: Sequence[str],
    returning: Sequence[str],
) -> list[Row[Any]]:
    """Insert the rows (all with the same columns), or change some columns where the unique ``key`` is there already.

    What was loaded in the session before does not learn of it. The columns ``returning`` of all rows, in any order.
    """
    if not rows:
        return []
    statement = _insert(session, model)
    values = {name: statement.excluded[name] for name in changing}
    made = statement.on_conflict_do_update(index_elements=list(key), set_=values)
    columns = [inspect(model).local_table.c[name] for name in returning]
    return list(session.connection().execute(made.returning(*columns), rows).all())


def _insert(session: Session, model: type[Base]) -> Any:
    insert: Any = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    return insert(inspect(model).local_table)
