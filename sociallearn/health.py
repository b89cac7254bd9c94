"""For operators and their monitors: is the process up, can it serve, how far behind is it."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from sociallearn import jobs
from sociallearn.database import db
from sociallearn.paths import MIGRATIONS

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Database, migrations and queue are there; 503 names what is not."""
    checks = {"database": _database, "migrations": _migrations, "queue": jobs.is_reachable}
    problems = {}
    for name, check in checks.items():
        try:
            if not check():
                problems[name] = "not ready"
        except Exception:
            current_app.logger.exception("not ready: %s", name)
            problems[name] = "failed; see the log"
    return jsonify(status="problem" if problems else "ok", problems=problems), 503 if problems else 200


def _database() -> bool:
    return db.session.execute(text("SELECT 1")).scalar() == 1


def _migrations() -> bool:
    with db.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current == ScriptDirectory(str(MIGRATIONS)).get_current_head()
