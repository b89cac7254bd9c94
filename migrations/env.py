"""Alembic's way in: the app's own engine, foreign keys off while SQLite rebuilds tables, and checked afterwards."""

from alembic import context
from sqlalchemy import text
from sqlalchemy.engine import Connection

from sociallearn import database, migrating, models

models.load()


def plain(kind: str, item: object, _context: object) -> str | bool:
    """Write our own types as SQLAlchemy's, so that migrations never import models."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, database.Moment) else False


def run(connection: Connection) -> None:
    """Migrate over this connection."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # Batch mode recreates tables; with foreign keys on, dropping the old one would cascade to its children.
        # The pragma has no effect inside a transaction, hence before it.
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    context.configure(
        connection=connection,
        target_metadata=database.db.metadata,
        render_as_batch=is_sqlite,
        compare_type=True,
        include_object=migrating.is_compared,
        transactional_ddl=False,
        render_item=plain,
    )
    context.run_migrations()
    if is_sqlite:
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise RuntimeError(f"The migration broke references: {broken[:5]}")
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.exec_driver_sql("BEGIN")


run(context.config.attributes["connection"])
