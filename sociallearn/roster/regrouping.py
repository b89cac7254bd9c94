"""Two organisations become one. Only the operator decides that: their administrators look after both then.

Every table that carries ``organisation_id`` is moved in the one transaction of the caller; a table somebody adds later
is found by itself, once the app is loaded.
"""

from collections.abc import Iterator

from sqlalchemy import Column, Table, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Session

from sociallearn.database import Base
from sociallearn.roster.models import Organisation, Unit

_OF = "organisation_id"


def merge(session: Session, source_id: int, target_id: int) -> dict[str, int]:
    """Move all of one organisation into another and delete the empty one: table → rows moved.

    Units of the same name become one; everything else stays what it was. Raises LookupError when either is unknown,
    ValueError when they are the same.
    """
    if source_id == target_id:
        raise ValueError("An organisation cannot be merged into itself.")
    # locked against new rows too: on PostgreSQL whoever inserts one meanwhile waits, and is then refused
    query = select(Organisation).where(Organisation.id.in_([source_id, target_id])).order_by(Organisation.id)
    found = {row.id for row in session.scalars(query.with_for_update())}
    if missing := {source_id, target_id} - found:
        raise LookupError(f"There is no organisation {min(missing)}.")
    _join_units(session, source_id, target_id)
    moved = {}
    for table in _tables():
        column = table.c[_OF]
        done = session.execute(update(table).where(column == source_id).values({_OF: target_id}))
        if done.rowcount:  # type: ignore[attr-defined]
            moved[table.name] = int(done.rowcount)  # type: ignore[attr-defined]
    session.execute(delete(Organisation).where(Organisation.id == source_id))
    session.expire_all()
    return moved


def _tables() -> Iterator[Table]:
    for table in Base.metadata.sorted_tables:
        if _OF not in table.c:
            continue
        if table.name != Unit.__tablename__ and _is_unique(table):
            raise NotImplementedError(f"{table.name} is unique within an organisation: merging needs to know how.")
        yield table


def _is_unique(table: Table) -> bool:
    keys = [each.columns for each in table.constraints if isinstance(each, UniqueConstraint)]
    keys += [each.columns for each in table.indexes if each.unique]
    return any(_OF in key for key in keys) or _OF in table.primary_key.columns


def _join_units(session: Session, source_id: int, target_id: int) -> None:
    """Whoever belongs to a unit that the other organisation has too belongs to that one from now on."""
    kept = {name: id_ for id_, name in session.execute(select(Unit.id, Unit.name).filter_by(organisation_id=target_id))}
    ours = session.execute(select(Unit.id, Unit.name).filter_by(organisation_id=source_id)).all()
    for id_, name in ours:
        if name not in kept:
            continue
        for column in _references_to_units():
            session.execute(update(column.table).where(column == id_).values({column.name: kept[name]}))
        session.execute(delete(Unit).where(Unit.id == id_))


def _references_to_units() -> list[Column[int]]:
    return [
        key.parent
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == Unit.__tablename__
    ]
