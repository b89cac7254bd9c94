"""``make bench``: the feed page beside a bare Flask page with the same queries and bytes, on each database."""

import gzip
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import joinedload

from sociallearn import database, migrating
from sociallearn.app import create_app
from sociallearn.database import db, unit_of_work
from sociallearn.lti import registrations
from sociallearn.posts.models import Kind, Post
from sociallearn.roster.models import Member, Seat
from tests import databases, make
from tests.conftest import HERE, Actor, settings

FEW, MANY = 20, 20_000
ROUNDS, PER_ROUND = 15, 20
AUTHORS = 12
AIM = 1.6


def main() -> None:
    """Measure on every database there is, and print."""
    with tempfile.TemporaryDirectory() as folder:
        _measure("SQLite", Path(folder), databases.sqlite_url(Path(folder)))
        try:
            url, name = databases.postgres_url()
        except databases.NoPostgres as error:
            _say(f"PostgreSQL: not measured, {error}.")
            return
        try:
            _measure("PostgreSQL", Path(folder), url)
        finally:
            databases.drop(name)


def _measure(name: str, folder: Path, url: str) -> None:
    app = create_app(settings(folder, url, [HERE]))
    with app.app_context():
        migrating.upgrade()
        registrations.sync()
    reader = Actor(app, HERE, sub="reader")
    authors = [
        Actor(app, HERE, sub=f"author-{n}", name=f"Author {n}", custom={"unit": f"Unit {n % 3}"})
        for n in range(AUTHORS)
    ]
    _write(app, authors, FEW)
    few, bytes_sent = _statements(app, reader), len(reader.get("/feed").data)
    _copy(app, MANY - FEW)
    many = _statements(app, reader)
    bare = _bare(app, reader, many, bytes_sent)
    times = _side_by_side({"feed": lambda: reader.get("/feed"), "bare": bare})
    ratio = median(f / b for f, b in zip(times["feed"], times["bare"], strict=True))
    _say(f"{name}: feed of 20 posts, {bytes_sent / 1000:.1f} kB, among {MANY:,} posts")
    _say(f"  SQL statements: {few} with {FEW} posts, {many} with {MANY:,}")
    _say(
        f"  CPU a page: {median(times['feed']):.2f} ms; bare Flask and ORM, same queries and bytes: "
        f"{median(times['bare']):.2f} ms; ratio {ratio:.2f} (aim: at most {AIM})"
    )
    if name == "SQLite":
        _first_visit(reader)
    with app.app_context():
        db.engine.dispose()


def _write(app: Flask, authors: list[Actor], count: int) -> None:
    with app.test_request_context("/", method="POST"), unit_of_work() as session:
        for number in range(count):
            by = authors[number % len(authors)].member(session)
            post = make.post(
                session, by, f"**{number}** {make.WORDS}\n\n- one\n- two, see https://example.org/{number}"
            )
            if number % 3 == 0:
                make.reply(session, post, authors[(number + 1) % len(authors)].member(session))


def _copy(app: Flask, count: int) -> None:
    with app.app_context(), unit_of_work() as session:
        posts = session.scalars(select(Post).where(Post.root_id.is_(None))).all()
        columns = [column.key for column in Post.__table__.columns if column.key != "id"]
        rows = [{key: getattr(post, key) for key in columns} for post in posts]
        session.execute(Post.__table__.insert(), [rows[number % len(rows)] for number in range(count)])


def _statements(app: Flask, reader: Actor) -> int:
    with _counting(app) as seen:
        assert reader.get("/feed").status_code == 200
    return len(seen)


@contextmanager
def _counting(app: Flask) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _bare(app: Flask, reader: Actor, statements: int, size: int) -> Callable[[], object]:
    """A page of Flask and the ORM without anything of ours: reads the same rows, sends as many bytes."""
    bare = Flask("bare")
    bare.config["SQLALCHEMY_DATABASE_URI"] = app.config["SQLALCHEMY_DATABASE_URI"]
    database.init_app(bare)
    body, seat, member_id = "x" * size, reader.seat, reader.member_id

    @bare.get("/bare")
    def page() -> str:
        session = db.session()
        whole = (joinedload(Seat.member), joinedload(Seat.cohort))
        cohort_id = session.scalars(select(Seat).where(Seat.id == seat).options(*whole)).one().cohort_id
        threads = select(Post).where(Post.cohort_id == cohort_id, Post.kind == Kind.POST, Post.root_id.is_(None))
        session.scalars(threads.options(joinedload(Post.author)).order_by(Post.id.desc()).limit(21)).all()
        for _ in range(statements - 2):
            session.execute(select(Member.id, Member.role).where(Member.id == member_id)).one()
        return body

    client = bare.test_client()
    return lambda: client.get("/bare")


def _side_by_side(pages: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """CPU milliseconds a page, by turns, so that both meet the same noise."""
    times: dict[str, list[float]] = {name: [] for name in pages}
    for round_ in range(ROUNDS + 1):
        for name, page in pages.items():
            start = time.process_time()
            for _ in range(PER_ROUND):
                page()
            if round_:  # the first is for warming up
                times[name].append((time.process_time() - start) * 1000 / PER_ROUND)
    return times


def _first_visit(reader: Actor) -> None:
    html = reader.get("/feed").text
    names = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', html))
    files = {name: reader.client.get(name).data for name in names}
    waiting = [name for name in files if name.endswith(".js")]
    while waiting:
        name = waiting.pop()
        for imported in re.findall(r"""(?:from|import\()\s*['"]\./([\w.-]+)['"]""", files[name].decode()):
            other = f"{name.rpartition('/')[0]}/{imported}"
            if other not in files:
                files[other] = reader.client.get(other).data
                waiting.append(other)
    script = sum(len(gzip.compress(data)) for name, data in files.items() if name.endswith(".js"))
    total = len(html.encode()) + sum(len(data) for data in files.values())
    _say(
        f"  First visit: {total / 1000:.1f} kB as sent (at most 100); "
        f"JavaScript {script / 1000:.1f} kB compressed (at most 30)"
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
