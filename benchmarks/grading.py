"""What one post costs until its grade stands there, by how much its author did before; and judging a whole cohort.

``python -m benchmarks.grading [learners]`` measures these two alone.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from benchmarks.stage import Stage
from sociallearn import clock, migrating
from sociallearn.activity.models import Activity, Verb
from sociallearn.activity.recording import recorded
from sociallearn.app import create_app
from sociallearn.database import db, transaction
from sociallearn.grades import keeping
from sociallearn.grades.models import LedgerEntry, SchemeVersion, Standing
from sociallearn.lti import registrations
from sociallearn.posts.models import Kind, Post
from sociallearn.roster.models import Cohort, Member, Person, Placement, Role
from sociallearn.text import rendering
from tests import databases, make
from tests.conftest import GRADED, HERE, Actor, settings

FIVE_YEARS, A_WEEK = 260, 1  # weeks of history
TIMES, WARMING_UP = 100, 5
LEARNERS = 5_000
AT_ONCE = 5_000
RATED = 5  # ideas a week
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Cost:
    """Milliseconds, medians."""

    judging: float  # CPU of this process, from the row of activity to the grade
    judging_wall: float  # the same on the wall, where the database has its own processes
    whole: float  # CPU of the whole act: writing, finding near-copies, the search index, the grade


def one_post(stage: Stage) -> dict[str, Cost]:
    """By history. Two members of one cohort write by turns; what they write is rolled back, so nothing grows."""
    new, old = (Actor(stage.app, HERE, sub=name).member_id for name in ("new", "old"))  # whose texts repeat nobody's
    with stage.acting() as session:
        cohort = session.get_one(Cohort, session.get_one(Member, old).cohort_id)
        begin = clock.now() - FIVE_YEARS * _WEEK
        column = {"line_item_url": "https://lms.example/columns/1/lineitem", "ags_scopes": []}
        session.execute(update(Placement).where(Placement.cohort_id == cohort.id).values(**column))
        session.execute(update(SchemeVersion).where(SchemeVersion.cohort_id == cohort.id).values(starts_at=begin))
        session.execute(update(Member).where(Member.id == old).values(joined_at=begin))
        session.execute(update(Member).where(Member.id == new).values(joined_at=clock.now() - A_WEEK * _WEEK))
        reached = [one.member_id for one in stage.authors[:2]]
        fill(session, cohort, [old], reached, FIVE_YEARS)
        fill(session, cohort, [new], reached, A_WEEK)
    with stage.app.app_context():
        for member_id in (old, new):
            keeping.catch_up(member_id)
        _analyze()
    found: dict[str, list[tuple[float, float, float]]] = {"a week": [], "five years": []}
    for number in range(TIMES + WARMING_UP):
        for name, member_id in zip(found, (new, old), strict=True):
            times = _post(stage, member_id, number)
            if number >= WARMING_UP:
                found[name].append(times)
    return {name: Cost(*(median(each) for each in zip(*times, strict=True))) for name, times in found.items()}


def _post(stage: Stage, member_id: int, number: int) -> tuple[float, float, float]:
    """Milliseconds of one post by this member."""
    spent: list[float] = []

    def timed(activity: Activity, session: Session) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        keeping.on_activity(activity, session)
        spent.extend((time.process_time() - cpu, time.perf_counter() - wall))

    recorded.disconnect(keeping.on_activity)
    recorded.connect(timed)
    try:
        with stage.acting() as session:
            member = session.get_one(Member, member_id)
            body = " ".join(f"{word}{number}" for word in make.WORDS.split())
            start = time.process_time()
            make.post(session, member, body)
            whole = time.process_time() - start
            session.rollback()
    finally:
        recorded.disconnect(timed)
        recorded.connect(keeping.on_activity)
    return spent[0] * 1000, spent[1] * 1000, whole * 1000


def whole_cohort(folder: Path, url: str, learners: int, weeks: int = 8) -> str:
    """Fill a cohort, then judge everybody from nothing, and once more, in a process of its own; what that took."""
    stage = create_app(settings(folder, url, [HERE]))
    with stage.app_context():
        migrating.upgrade()
        registrations.sync()
    first = Actor(stage, HERE, sub="first", **GRADED)
    with stage.app_context(), transaction() as session:
        member = session.get_one(Member, first.member_id)
        cohort, begin = session.get_one(Cohort, member.cohort_id), clock.now() - weeks * _WEEK
        cohort.created_at = member.joined_at = begin
        here = {"cohort_id": cohort.id, "organisation_id": cohort.organisation_id}
        person = {"organisation_id": cohort.organisation_id, "registration_id": member.person.registration_id}
        people = [person | {"sub": f"s{number}", "name": f"Learner {number}"} for number in range(learners - 1)]
        session.execute(insert(Person), people)
        new = session.scalars(select(Person.id).where(Person.id != member.person_id)).all()
        rows = [here | {"person_id": id_, "role": Role.LEARNER, "joined_at": begin} for id_ in new]
        session.execute(insert(Member), rows)
        ids = list(session.scalars(select(Member.id).order_by(Member.id)))
        session.execute(delete(Standing))
        session.execute(update(SchemeVersion).values(starts_at=begin))
        fill(session, cohort, ids, ids[:2], weeks)
    with stage.app_context():
        _analyze()
        db.session.remove()
        db.engine.dispose()
    command = [sys.executable, "-m", "benchmarks.grading", "--judge", str(folder), url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def judge_everybody(folder: Path, url: str) -> str:
    """Every member, each in a transaction of its own as the worker does it; twice."""
    app = create_app(settings(folder, url, [HERE]))
    app.extensions["jobs"].immediate = False
    said = []
    with app.app_context():
        with transaction() as session:
            ids = session.scalars(select(Member.id).order_by(Member.id)).all()
        before = _rss()
        for what in ("from nothing", "once more"):
            cpu, wall, slowest = time.process_time(), time.perf_counter(), 0.0
            for member_id in ids:
                start = time.perf_counter()
                keeping.catch_up(member_id)
                slowest = max(slowest, time.perf_counter() - start)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            said.append(f"{what} {wall:.0f} s ({cpu:.0f} s CPU, longest transaction {slowest * 1000:.0f} ms)")
        with transaction() as session:
            entries = session.scalar(select(func.count(LedgerEntry.id)))
            graded = session.scalar(select(func.count(Standing.member_id)).where(Standing.grade.is_not(None)))
    memory = f"memory at most {_rss():.0f} MB ({before:.0f} before)"
    return f"{', '.join(said)}; {memory}; {graded:,} grades of {entries:,} entries"


def _rss() -> float:
    """The most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _analyze() -> None:
    with db.engine.connect() as connection:
        analyze = "ANALYZE"  # as autovacuum does by itself in time
        connection.exec_driver_sql(analyze)
        connection.commit()


def fill(session: Session, cohort: Cohort, members: Sequence[int], reached: Sequence[int], weeks: int) -> None:
    """What each of them did in so many weeks up to now: a post, three replies and a round of ratings a week."""
    here = (cohort.id, cohort.organisation_id)
    begin = clock.now() - weeks * _WEEK
    ideas = _keep(session, (_row(*here, reached[0], Kind.IDEA, begin) for _ in range(weeks * RATED)))
    kinds = [Kind.POST, Kind.REPLY, Kind.REPLY, Kind.REPLY]
    plan = [
        (week, number, member, kind) for week in range(weeks) for number, kind in enumerate(kinds) for member in members
    ]
    ids = _keep(session, (_row(*here, member, kind, _at(begin, week, number)) for week, number, member, kind in plan))
    acts: list[dict[str, Any]] = []
    for post_id, (week, number, member, kind) in zip(ids, plan, strict=True):
        facts = {
            "verb": Verb.POSTED if kind == Kind.POST else Verb.REPLIED,
            "reached_id": reached[number % 2] if number else None,
            "words": 45,
        }
        acts.append(_act(here, member, post_id, member, _at(begin, week, number)) | facts)
    for week in range(weeks):
        for member in members:
            for number, idea in enumerate(ideas[week * RATED : week * RATED + RATED]):
                acts.append(_act(here, member, idea, reached[0], _at(begin, week, 10 + number)))
    acts.sort(key=lambda act: act["at"])
    for part in (acts[at : at + AT_ONCE] for at in range(0, len(acts), AT_ONCE)):
        session.execute(insert(Activity), part)


def _keep(session: Session, rows: Iterator[dict[str, Any]]) -> list[int]:
    """Insert these posts; their ids, which follow each other."""
    before = session.scalar(select(func.max(Post.id))) or 0
    made = list(rows)
    for part in (made[at : at + AT_ONCE] for at in range(0, len(made), AT_ONCE)):
        session.execute(insert(Post), part)
    ids = list(session.scalars(select(Post.id).where(Post.id > before).order_by(Post.id)))
    session.execute(update(Post).where(Post.id > before).values(active_id=Post.id))
    assert len(ids) == len(made)
    return ids


def _at(begin: datetime, week: int, number: int) -> datetime:
    return begin + week * _WEEK + timedelta(days=2, minutes=number)


def _row(cohort_id: int, organisation_id: int, author_id: int, kind: Kind, at: datetime) -> dict[str, Any]:
    return {
        "cohort_id": cohort_id,
        "organisation_id": organisation_id,
        "author_id": author_id,
        "kind": kind,
        "title": "An idea" if kind == Kind.IDEA else None,
        "body": make.WORDS,
        "html": f"<p>{make.WORDS}</p>\n",
        "renderer": rendering.RENDERER,
        "created_at": at,
    }


def _act(here: tuple[int, int], by: int, post_id: int, author_id: int, at: datetime) -> dict[str, Any]:
    return {
        "cohort_id": here[0],
        "organisation_id": here[1],
        "member_id": by,
        "verb": Verb.RATED,
        "post_id": post_id,
        "root_id": post_id,
        "author_id": author_id,
        "reached_id": None,
        "words": None,
        "at": at,
    }


def main() -> None:
    """Measure on every database there is, and print."""
    if sys.argv[1:2] == ["--judge"]:
        print(judge_everybody(Path(sys.argv[2]), sys.argv[3]))
        return
    learners = int(sys.argv[1]) if sys.argv[1:] else LEARNERS
    for name in databases.NAMES:
        with tempfile.TemporaryDirectory() as folder:
            url, made = (databases.sqlite_url(Path(folder)), "") if name == "sqlite" else databases.postgres_url()
            try:
                print(f"{name}, {learners:,} learners, 8 weeks:", whole_cohort(Path(folder), url, learners), flush=True)
            finally:
                if made:
                    databases.drop(made)


if __name__ == "__main__":
    main()
