"""Scores a second that one worker brings to an LMS which takes 70 milliseconds to answer, on each database.

``python -m benchmarks.delivering [learners]``
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from flask import Flask

from sociallearn import config, migrating
from sociallearn.app import create_app
from sociallearn.database import transaction
from sociallearn.grades import adjusting, keeping
from sociallearn.lti import pacing, registrations
from sociallearn.roster.models import Member
from tests import databases
from tests.conftest import HERE, settings
from tests.grades import cast
from tests.grades.cast import GradeLms

TAKES = 0.07  # seconds the LMS takes for an answer
LEARNERS = 1000
PATIENCE = 300.0  # seconds


class SlowLms(GradeLms):
    """Takes its time, and knows when each score came and how many calls were under way."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[float] = []
        self.under_way = self.most = 0

    def take(self, path: str, headers: dict[str, str], score: dict[str, Any]) -> tuple[int, Any]:
        """Answer a score."""
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        time.sleep(TAKES)
        answer = super().take(path, headers, score)
        self.under_way -= 1
        self.came.append(time.monotonic())
        return answer


def main(learners: int = LEARNERS) -> None:
    """Measure on every database there is, and print."""
    with tempfile.TemporaryDirectory() as folder:
        _measure("SQLite", Path(folder) / "a", databases.sqlite_url(Path(folder)), learners)
        try:
            url, name = databases.postgres_url()
        except databases.NoPostgres as error:
            sys.stdout.write(f"PostgreSQL: not measured, {error}.\n")
            return
        try:
            _measure("PostgreSQL", Path(folder) / "b", url, learners)
        finally:
            databases.drop(name)


def _measure(name: str, folder: Path, url: str, learners: int) -> None:
    app = create_app(settings(folder, url, [HERE]))
    with app.app_context(), SlowLms() as lms:
        migrating.upgrade()
        registrations.sync()
        keeping.connect()
        _grade(lms, learners)
        worker = _work(app)
        try:
            deadline, before = time.monotonic() + PATIENCE, 0.0
            while len(lms.book) < learners and time.monotonic() < deadline:
                time.sleep(0.1)
                before = before or (_cpu(worker.pid) if lms.came else 0.0)  # its start is not counted
            cpu = _cpu(worker.pid) - before
        finally:
            worker.terminate()
            worker.wait(60)
    took = lms.came[-1] - lms.came[0]
    most = pacing.MOST_AT_ONCE / TAKES
    rate = (len(lms.came) - 1) / took
    sys.stdout.write(
        f"{name}: {len(lms.book)} of {learners} scores in {took:.1f} s by one worker, {rate:.0f} a second; at most "
        f"{lms.most} calls at once; {pacing.MOST_AT_ONCE} at once without a pause would be {most:.0f} a second "
        f"({rate / most:.0%}); {len(lms.came)} requests, {len(lms.token_calls)} tokens; "
        f"{cpu / len(lms.came) * 1000:.1f} ms CPU a score.\n"
    )


def _grade(lms: GradeLms, learners: int) -> None:
    school, ids = cast.class_of(lms, learners, graded=True)
    for id_ in ids:
        with transaction() as session:
            learner, by = session.get_one(Member, id_), session.get_one(Member, school.trainer())
            keeping.recompute(session, learner)
            adjusting.adjust(session, learner, "2026-03-02", "bonus", by=by, reason="r", points=4)


def _work(app: Flask) -> subprocess.Popen[bytes]:
    given = {name: app.config[name] for name in ("BASE_URL", "DATA_DIR", "LTI_CONFIG", "SECRET_KEY", "TIME_ZONE")}
    given["DATABASE_URL"] = app.config["SQLALCHEMY_DATABASE_URI"]
    ours = {config.PREFIX + name: str(value) for name, value in given.items()}
    environment = {k: v for k, v in os.environ.items() if not k.startswith(config.PREFIX)} | ours
    return subprocess.Popen([sys.executable, "-m", "sociallearn", "work"], env=environment)


def _cpu(pid: int) -> float:
    """Seconds of CPU the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(float, fields[11:13])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
