"""Two full-text engines behind one small interface: FTS5 on SQLite, tsvector with GIN on PostgreSQL.

Neither sees a word of a language nor an operator of a person: both index and ask tokens made by ``tokens``, quoted,
by the same rules, so that the same question finds the same texts on both.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    cast,
    column,
    delete,
    insert,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from sociallearn.search.models import SearchText
from sociallearn.search.tokens import Tokens

NOTHING = "¬"  # a token no text has
NEWEST = 1000  # hits PostgreSQL looks at further, the newest: what is left out is seldom hidden from anybody


class Engine(Protocol):
    """Writes questions the way one database reads them, and keeps its index."""

    def token(self, token: str, *, begins: bool = False) -> str:
        """Texts with this token, or with one that ``begins`` so."""

    def phrase(self, tokens: Sequence[str]) -> str:
        """Texts with these tokens one after the other."""

    def every(self, parts: Sequence[str]) -> str:
        """Texts that each part finds."""

    def any(self, parts: Sequence[str]) -> str:
        """Texts that one part at least finds."""

    def but(self, part: str, other: str) -> str:
        """Texts that ``part`` finds and ``other`` does not."""

    def hits(self, number: int, *, all_of_them: bool) -> Any:
        """What parameter ``q<number>`` finds with ids below ``before<number>``, as something with a column ``id``."""

    def put(self, session: Session, rows: Sequence[tuple[dict[str, Any], Tokens]]) -> None:
        """Insert rows of SearchText (without ``tokens``) that are not there."""

    def drop(self, session: Session, ids: Sequence[int]) -> None:
        """Delete the rows of these texts, as far as there are any."""

    def refresh(self, session: Session) -> None:
        """Make the index anew from the rows, after somebody changed them otherwise."""


class Sqlite:
    """FTS5 with external content: https://www.sqlite.org/fts5.html#external_content_tables

    Its ASCII tokenizer parts at spaces and takes every other sign of ours as it is.
    """

    _INDEX = table("search_index", column("rowid"), column("tokens"))

    def token(self, token: str, *, begins: bool = False) -> str:
        """See Engine."""
        quoted = '"' + token.replace('"', '""') + '"'
        return quoted + " *" if begins else quoted

    def phrase(self, tokens: Sequence[str]) -> str:
        """See Engine."""
        return self.token(" ".join(tokens))

    def every(self, parts: Sequence[str]) -> str:
        """See Engine."""
        return "(" + " AND ".join(parts) + ")"

    def any(self, parts: Sequence[str]) -> str:
        """See Engine."""
        return "(" + " OR ".join(parts) + ")"

    def but(self, part: str, other: str) -> str:
        """See Engine."""
        return f"({part} NOT {other})"

    def hits(self, number: int, *, all_of_them: bool) -> Any:
        """See Engine: read from the newest on, no further than is asked for."""
        rowid = self._INDEX.c.rowid
        is_hit: ColumnElement[bool] = literal_column("search_index").op("MATCH")(bindparam(f"q{number}"))
        found = select(rowid.label("id")).where(is_hit, rowid < bindparam(f"before{number}"))
        return found.subquery(f"hits{number}")

    def put(self, session: Session, rows: Sequence[tuple[dict[str, Any], Tokens]]) -> None:
        """See Engine."""
        made = [{**row, "tokens": " ".join([*tokens.ordered, *tokens.others])} for row, tokens in rows]
        session.execute(insert(SearchText), made)
        index = insert(self._INDEX).values(rowid=bindparam("post_id"), tokens=bindparam("tokens"))
        session.execute(index, [{"post_id": row["post_id"], "tokens": row["tokens"]} for row in made])

    def drop(self, session: Session, ids: Sequence[int]) -> None:
        """See Engine. The index first: it reads from the row what it has to forget."""
        there = select(SearchText.post_id).where(SearchText.post_id.in_(ids))
        session.execute(delete(self._INDEX).where(self._INDEX.c.rowid.in_(there)))
        session.execute(delete(SearchText).where(SearchText.post_id.in_(ids)))

    def refresh(self, session: Session) -> None:
        """See Engine."""
        session.execute(text("INSERT INTO search_index(search_index) VALUES ('rebuild')"))


class Postgres:
    """tsvector without a parser or dictionary: both are given as literals, each lexeme quoted.

    https://www.postgresql.org/docs/current/datatype-textsearch.html
    """

    _LAST = 16383  # positions a tsvector knows

    def token(self, token: str, *, begins: bool = False) -> str:
        """See Engine."""
        return self._quoted(token) + (":*" if begins else "")

    def phrase(self, tokens: Sequence[str]) -> str:
        """See Engine."""
        return "(" + " <-> ".join(map(self._quoted, tokens)) + ")"

    def every(self, parts: Sequence[str]) -> str:
        """See Engine."""
        return "(" + " & ".join(parts) + ")"

    def any(self, parts: Sequence[str]) -> str:
        """See Engine."""
        return "(" + " | ".join(parts) + ")"

    def but(self, part: str, other: str) -> str:
        """See Engine."""
        return f"({part} & !{other})"

    def hits(self, number: int, *, all_of_them: bool) -> Any:
        """See Engine: GIN gives all hits in no order, so that the newest are picked before anything else is read."""
        rows: Select[Any] = select(SearchText.post_id.label("id")).where(
            SearchText.tokens.op("@@")(cast(bindparam(f"q{number}"), TSQUERY)),
            SearchText.post_id < bindparam(f"before{number}"),
        )
        if not all_of_them:
            # "+ 0": or the planner may walk the newest texts and test each
            rows = rows.order_by((SearchText.post_id + 0).desc()).limit(NEWEST)
        return rows.cte(f"hits{number}").prefix_with("MATERIALIZED")

    def put(self, session: Session, rows: Sequence[tuple[dict[str, Any], Tokens]]) -> None:
        """See Engine."""
        session.execute(insert(SearchText), [{**row, "tokens": self._vector(tokens)} for row, tokens in rows])

    def drop(self, session: Session, ids: Sequence[int]) -> None:
        """See Engine."""
        session.execute(delete(SearchText).where(SearchText.post_id.in_(ids)))

    def refresh(self, session: Session) -> None:
        """See Engine. There is nothing to do: the index is the database's own."""

    def _vector(self, tokens: Tokens) -> str:
        places: dict[str, list[str]] = {}
        for place, token in enumerate(tokens.ordered[: self._LAST], 1):
            places.setdefault(token, []).append(str(place))
        lexemes: Iterable[str] = (f"{self._quoted(token)}:{','.join(at[:255])}" for token, at in places.items())
        rest = (self._quoted(token) for token in (*tokens.ordered[self._LAST :], *tokens.others))
        return " ".join([*lexemes, *rest])

    @staticmethod
    def _quoted(token: str) -> str:
        return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"


_ENGINES: dict[str, Engine] = {"sqlite": Sqlite(), "postgresql": Postgres()}


def engine_of(session: Session) -> Engine:
    """The engine of this session's database."""
    return _ENGINES[session.get_bind().dialect.name]
