"""A cohort full of talk to measure pages in, and bare pages to measure them beside."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, Response
from sqlalchemy import Select, event, func, insert, literal, select, text, update
from sqlalchemy.orm import Session, joinedload

from sociallearn import database, migrating
from sociallearn.app import create_app
from sociallearn.database import db, unit_of_work
from sociallearn.ideas import staging
from sociallearn.ideas.models import Idea
from sociallearn.lti import registrations
from sociallearn.posts.models import Kind, Post, PostTopic, Topic
from sociallearn.roster.models import Member, Seat
from tests import make
from tests.conftest import HERE, Actor, settings

FEW = 20
REPLIES = 200
AUTHORS = 12
IDEAS = 1_000
ROUNDS, PER_ROUND = 15, 20

Call = Callable[[], object]


class Stage:
    """An app on a database of its own: twenty posts on a topic, one of them with two hundred replies."""

    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.app = create_app(settings(folder, url, [HERE]))
        with self.app.app_context():
            migrating.upgrade()
            registrations.sync()
        self.reader = Actor(self.app, HERE, sub="reader")
        self.authors = [
            Actor(self.app, HERE, sub=f"author-{n}", name=f"Author {n}", custom={"unit": f"Unit {n % 3}"})
            for n in range(AUTHORS)
        ]
        with self.acting() as session:
            self.thread = self._talk(session)
        news = self.reader.get(f"/news?room=feed&after={self.thread}")
        tag = {"If-None-Match": news.headers["ETag"]}
        assert self.reader.get(f"/news?room=feed&after={self.thread}", headers=tag).status_code == 304
        form = {"body": make.WORDS, "part": "poll", "poll_option": ["Morning", "Noon", "Evening"]}
        self._asked = self.authors[0].post("/feed", **form).location.rpartition("-")[2]
        self._choices = itertools.cycle("123")
        with self.acting() as session:
            made = [make.idea(session, self.authors[n].member(session), f"Idea {n}").post_id for n in range(5)]
            self.idea = made[0]
        self._stars = itertools.cycle("12345")
        self.pages: dict[str, Call] = {
            "feed": lambda: self._page("/feed"),
            "thread": lambda: self._page(f"/posts/{self.thread}"),
            "topic": lambda: self._page("/topics/plan"),
            "vote": self._vote,
            "board": lambda: self._page("/ideas/board"),
            "rate": self._rate,
            "news": lambda: self.reader.get(f"/news?room=feed&after={self.thread}", headers=tag),
        }

    def _vote(self) -> Any:
        self.app.extensions["rate_limiter"].storage.reset()
        answer = self.reader.post(f"/posts/{self._asked}/poll/vote", option=next(self._choices))
        assert answer.status_code == 303
        return answer

    def _rate(self) -> Any:
        self.app.extensions["rate_limiter"].storage.reset()
        answer = self.reader.post(f"/ideas/{self.idea}/rating", value=next(self._stars))
        assert answer.status_code == 303
        return answer

    def _page(self, path: str) -> Any:
        answer = self.reader.get(path)
        assert answer.status_code == 200
        return answer

    @contextmanager
    def acting(self) -> Iterator[Session]:
        """A transaction in a request, as acts need one."""
        with self.app.test_request_context("/", method="POST"), unit_of_work() as session:
            yield session

    def _talk(self, session: Session) -> int:
        members = [one.member(session) for one in self.authors]
        for number in range(FEW):
            body = f"**{number}** {make.WORDS} #plan\n\n- one\n- two, see https://example.org/{number}"
            post = make.post(session, members[number % AUTHORS], body)
            if number % 3 == 0:
                make.reply(session, post, members[(number + 1) % AUTHORS])
        for number in range(REPLIES):
            make.reply(session, post, members[number % AUTHORS], f"Reply {number}. {make.WORDS}")
        return post.id

    def fill(self, count: int) -> None:
        """More posts of the same kind, ``count`` in all, on the same topic; older than those that are read."""
        columns = [column for column in Post.__table__.columns if column.key not in ("id", "active_id")]
        with self.acting() as session:
            topic_id = session.scalars(select(Topic.id)).one()
            old = make.post(session, self.authors[0].member(session), "An older thought, and a short one. #plan")
            first, done = old.id, 1
            while done < count:
                copied = select(*columns, literal(0)).where(Post.id >= first).limit(count - done)
                session.execute(insert(Post.__table__).from_select([*(c.key for c in columns), "active_id"], copied))
                done = session.scalar(select(func.count()).where(Post.id >= first)) or 0
            session.execute(update(Post).where(Post.id >= first).values(active_id=Post.id))
            named = select(Post.id, literal(topic_id), Post.cohort_id, Post.organisation_id).where(Post.id > first)
            session.execute(
                insert(PostTopic).from_select(["post_id", "topic_id", "cohort_id", "organisation_id"], named)
            )
        self._fill_ideas()
        with self.app.app_context(), db.engine.connect() as connection:
            analyze = "ANALYZE"  # as autovacuum does by itself in time
            connection.exec_driver_sql(analyze)
            connection.commit()

    def _fill_ideas(self) -> None:
        """A thousand ideas in the open round, over its stages."""
        columns = [column for column in Post.__table__.columns if column.key != "id"]
        facts = [column for column in Idea.__table__.columns if column.key not in ("post_id", "stage")]
        with self.acting() as session:
            there = select(Idea.post_id)
            for _ in range(IDEAS // 5 - 1):
                copied = select(*columns).where(Post.id.in_(there), Post.id < self.idea + 5)
                session.execute(insert(Post.__table__).from_select([c.key for c in columns], copied))
            new = select(Post.id, *facts, literal("new")).join(Idea, Idea.post_id == self.idea)
            new = new.where(Post.kind == Kind.IDEA, Post.id.not_in(there))
            session.execute(insert(Idea.__table__).from_select(["post_id", *(c.key for c in facts), "stage"], new))
            for place, stage in enumerate(staging.USUAL):
                of_this = text("UPDATE idea SET stage = :stage WHERE post_id % 5 = :place")  # as if they had been moved
                session.execute(of_this, {"stage": stage, "place": place})

    def statements(self, page: Call) -> int:
        """How many SQL statements a page needs."""
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if not statement.startswith("BEGIN"):
                seen.append(statement)

        page()  # what is kept for half a minute was read now
        with self.app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            page()
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    def bare(self, name: str) -> Call:
        """Flask and the ORM without anything of ours: reads the same rows with as many statements, sends as many bytes;
        beside the news, a bare answer of Flask and nothing more."""
        app = Flask("bare")
        app.config["SQLALCHEMY_DATABASE_URI"] = self.app.config["SQLALCHEMY_DATABASE_URI"]
        database.init_app(app)
        answer: Any = self.pages[name]()
        body, statements = "x" * len(answer.data), self.statements(self.pages[name])
        seat, member_id, rows = self.reader.seat, self.reader.member_id, self._rows(name)

        @app.get("/bare")
        def page() -> str:
            session = db.session()
            whole = (joinedload(Seat.member), joinedload(Seat.cohort))
            session.scalars(select(Seat).where(Seat.id == seat).options(*whole)).one()
            session.scalars(rows).all()
            for _ in range(statements - 2):
                session.execute(select(Member.id, Member.role).where(Member.id == member_id)).one()
            return body

        @app.get("/answer")
        def nothing() -> Response:
            return Response(status=304)

        client = app.test_client()
        return lambda: client.get("/answer" if name == "news" else "/bare")

    def _rows(self, name: str) -> Select[Any]:
        whole = select(Post).options(joinedload(Post.author))
        if name in ("board", "rate"):
            return whole.where(Post.kind == Kind.IDEA).order_by(Post.id.desc()).limit(125 if name == "board" else 1)
        if name == "thread":
            return whole.where(Post.root_id == self.thread).order_by(Post.branch_id, Post.id).limit(51)
        return whole.where(Post.kind == Kind.POST, Post.root_id.is_(None)).order_by(Post.id.desc()).limit(21)

    def close(self) -> None:
        """Give back its connections."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


def side_by_side(calls: dict[str, Call]) -> dict[str, list[float]]:
    """CPU milliseconds of each call in each round, by turns, so that all meet the same noise."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for round_ in range(ROUNDS + 1):
        for name, call in calls.items():
            start = time.process_time()
            for _ in range(PER_ROUND):
                call()
            if round_:  # the first is for warming up
                times[name].append((time.process_time() - start) * 1000 / PER_ROUND)
    return times
