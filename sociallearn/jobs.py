"""Work behind the page: a task carries a row's id, is safe to run again, and a sweep finds whatever is due.

The queue only makes things quick. What must happen stands in a row of the database, written with its cause: a task the
queue loses is found by the next sweep.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from huey import Huey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.serializer import SignedSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session

from sociallearn.database import transaction

THREADS = 8  # more than one LMS gets calls at once (lti/pacing.py), so that another one is served meanwhile
SWEEP_EVERY = 10.0  # seconds
HOUSEKEEPING_EVERY = 3600.0  # seconds
PATIENCE = 15.0  # seconds a task may take to end after we were told to stop: longer than one call to an LMS
MOST_A_SWEEP = 1000  # rows of one kind; the next sweep takes more
LONGEST_QUEUE = 1000  # a sweep adds nothing to a queue this long: the rows are already in it

Task = Callable[[int], object]
Due = Callable[[Session], Sequence[int]]

# What others want done once an hour, each in a transaction of its own: remove what has expired, and the like.
housekeeping: list[Callable[[Session], object]] = []

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Kind:
    run: Task
    due: Due | None


_kinds: dict[str, _Kind] = {}


def task(due: Due | None = None) -> Callable[[Task], Task]:
    """Make ``function(row id)`` a task. ``due`` finds the ids of rows that wait for it, the longest waiting first.

    A task opens its own transactions, must be safe to run twice and at the same time, and may be lost: ``due`` must
    find its row again.
    """

    def register(function: Task) -> Task:
        _kinds[_name(function)] = _Kind(function, due)
        return function

    return register


def _name(function: Task) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def init(app: Flask) -> None:
    """Connect the app to its queue: Redis when there is one, else a file in DATA_DIR."""
    # signed: whoever can write to a shared Redis must not be able to make us unpickle what they like
    common = {"results": False, "serializer": SignedSerializer(secret=app.config["SECRET_KEY"], salt="jobs")}
    if app.config["REDIS_URL"]:
        huey: Huey = RedisHuey("sociallearn", url=app.config["REDIS_URL"], **common)
    else:
        huey = SqliteHuey("sociallearn", filename=str(app.config["DATA_DIR"] / "queue.db"), **common)

    def run(name: str, row_id: int) -> None:
        with app.app_context():
            _kinds[name].run(row_id)

    app.extensions["jobs"] = huey
    app.extensions["jobs_run"] = huey.task(name="run")(run)


def is_reachable() -> bool:
    """Whether the queue answers. Raises what its storage raises when it does not."""
    return bool(_queue().pending_count() >= 0)


def after_commit(session: Session, function: Task, row_id: int, delay: float = 0.0) -> None:
    """Once the session's transaction is committed, have a worker run ``function(row_id)``, ``delay`` seconds later.

    Rolled back: never. The queue is only the quick way; the row itself must say that it is due.
    """
    session.info.setdefault("jobs", {})[_name(function), row_id] = delay


@event.listens_for(Session, "after_commit")
def _enqueue(session: Session) -> None:
    if session.in_nested_transaction():
        return
    for (name, row_id), delay in session.info.pop("jobs", {}).items():
        if delay < SWEEP_EVERY:  # else a sweep finds it just as soon
            enqueue(name, row_id, delay)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("jobs", None)


def enqueue(name: str, row_id: int, delay: float = 0.0) -> None:
    """Put a task in the queue. A queue out of order is logged and no more: the next sweep makes up for it."""
    wrapper = current_app.extensions["jobs_run"]
    try:
        if delay > 0:
            wrapper.schedule((name, row_id), delay=delay)
        else:
            wrapper(name, row_id)
    except Exception:
        log.exception("the queue did not take %s(%s)", name, row_id)


def sweep() -> int:
    """Put everything that is due into the queue; how many that were. One kind failing does not stop the others."""
    found = 0
    for name, kind in list(_kinds.items()):
        try:
            if kind.due is None or _queue().pending_count() > LONGEST_QUEUE:
                continue
            with transaction() as session:
                due = list(kind.due(session))[:MOST_A_SWEEP]
            for row_id in due:
                enqueue(name, row_id)
            found += len(due)
        except Exception:
            log.exception("looking for what is due for %s failed", name)
    return found


def keep_house() -> None:
    """Everything in ``housekeeping``, each in a transaction of its own."""
    for chore in housekeeping:
        try:
            with transaction() as session:
                chore(session)
        except Exception:
            log.exception("housekeeping failed")


def work(app: Flask, parent_pid: int | None = None) -> None:
    """Run tasks and sweep until SIGTERM or SIGINT, or until the process ``parent_pid`` is gone. For the main thread."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    logging.getLogger("huey").setLevel(logging.WARNING)  # it tells of every task; what came of it stands in its row
    consumer = _Consumer(
        app.extensions["jobs"],
        workers=THREADS,
        periodic=False,
        initial_delay=0.05,
        max_delay=0.5,
        shutdown_timeout=PATIENCE,
    )
    consumer.start()
    sweeper = threading.Thread(target=_sweep_until, args=(app, stop), name="sweeper", daemon=True)
    sweeper.start()
    is_orphan = _orphan_check(parent_pid)
    while not stop.wait(1.0):
        if is_orphan():
            log.info("the process that started this worker is gone")
            stop.set()
        consumer.check_worker_health()
    consumer.stop(graceful=True)
    sweeper.join(PATIENCE)


class _Consumer(Consumer):
    """Huey's own, stopped by us: both signals end it after the tasks under way."""

    def _set_signal_handlers(self) -> None:
        pass


def _sweep_until(app: Flask, stop: threading.Event) -> None:
    kept_house_at = float("-inf")
    while True:
        with app.app_context():
            sweep()
            if time.monotonic() - kept_house_at >= HOUSEKEEPING_EVERY:
                keep_house()
                kept_house_at = time.monotonic()
        if stop.wait(SWEEP_EVERY):
            return


def _orphan_check(parent_pid: int | None) -> Callable[[], bool]:
    if parent_pid is None:
        return lambda: False
    # a dead parent that nobody has waited for still has its number, but is no longer ours
    was_ours = os.getppid() == parent_pid
    return lambda: (was_ours and os.getppid() != parent_pid) or not _is_alive(parent_pid)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _queue() -> Any:
    return current_app.extensions["jobs"]
