"""How much of what people look for is found, beside what a database finds by itself."""

import sys
from collections.abc import Callable

from flask import g
from sqlalchemy import column, literal, select, table, text
from sqlalchemy.orm import Session

from sociallearn.search import asking, reading
from sociallearn.search.reading import Narrowed
from tests import make
from tests.conftest import Cast
from tests.search.labelled import QUERIES, TEXTS

FIRST = 5

Finder = Callable[[str], list[str]]


def recall(find: Finder) -> float:
    """The share of what should be found that stands among the first five, over all questions."""
    shares = [len(set(find(asked)[:FIRST]) & wanted) / len(wanted) for asked, wanted in QUERIES]
    return sum(shares) / len(shares)


def ours(session: Session, cast: Cast, keys: dict[int, str]) -> Finder:
    member, g.seat_path = cast.cleo.member(session), cast.cleo.url("")

    def find(asked: str) -> list[str]:
        results = reading.search(session, member, asking.parse(asked), Narrowed())
        return [keys[hit.id] for hit in results.hits]

    return find


def by_like(session: Session) -> Finder:
    """Each word stands somewhere, whatever its capitals; the newest first."""
    plain = table("plain", column("key"), column("body"), column("id"))

    def find(asked: str) -> list[str]:
        words = [plain.c.body.ilike(f"%{word}%") for word in asked.replace('"', "").split()]
        return list(session.scalars(select(plain.c.key).where(*words).order_by(plain.c.id.desc())))

    return find


def by_fts5(session: Session, tokenizer: str) -> Finder:
    name = "plain_" + tokenizer.split()[0]
    session.execute(text(f"CREATE VIRTUAL TABLE {name} USING fts5(key UNINDEXED, body, tokenize='{tokenizer}')"))
    session.execute(text(f"INSERT INTO {name}(key, body) SELECT key, body FROM plain"))

    def find(asked: str) -> list[str]:
        words = " ".join(f'"{word}"' for word in asked.replace('"', "").split())
        return list(session.scalars(text(f"SELECT key FROM {name} WHERE {name} MATCH :q ORDER BY rank"), {"q": words}))

    return find


def by_tsvector(session: Session, configuration: str) -> Finder:
    def find(asked: str) -> list[str]:
        vector, asks = "to_tsvector(CAST(:c AS regconfig), body)", "plainto_tsquery(CAST(:c AS regconfig), :q)"
        question = f"SELECT key FROM plain WHERE {vector} @@ {asks} ORDER BY ts_rank({vector}, {asks}) DESC"
        return list(session.scalars(text(question), {"c": configuration, "q": asked}))

    return find


def test_we_find_at_least_as_much_as_the_databases_do_by_themselves(session: Session, cast: Cast) -> None:
    assert len(QUERIES) >= 60
    author = cast.ben.member(session)
    keys = {make.post(session, author, body).id: key for key, body in TEXTS.items()}
    session.flush()
    session.execute(text("CREATE TEMPORARY TABLE plain (id INTEGER, key TEXT, body TEXT)"))
    plain = table("plain", column("id"), column("key"), column("body"))
    for number, (key, body) in enumerate(TEXTS.items()):
        session.execute(plain.insert().values(id=literal(number), key=key, body=body))
    others = {"LIKE": by_like(session)}
    if session.get_bind().dialect.name == "sqlite":
        others |= {f"FTS5 {each}": by_fts5(session, each) for each in ("unicode61", "porter")}
    else:
        others |= {
            f"PostgreSQL {each}": by_tsvector(session, each) for each in ("dutch", "english", "french", "simple")
        }
    mine = ours(session, cast, keys)
    figures = {"ours": recall(mine)} | {name: recall(find) for name, find in others.items()}
    said = ", ".join(f"{name} {share:.3f}" for name, share in figures.items())
    missed = [asked for asked, wanted in QUERIES if not wanted <= set(mine(asked)[:FIRST])]
    sys.stdout.write(f"\nRecall at {FIRST} over {len(QUERIES)} questions: {said}. Missed: {missed}\n")
    assert figures["ours"] >= max(figures.values())
    assert figures["ours"] >= 0.9
