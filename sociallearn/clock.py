"""The one place that knows what time it is, so that a rehearsal can play last week today."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_pretended: ContextVar[datetime | None] = ContextVar("pretended_time", default=None)


def now() -> datetime:
    """The current time, aware, in UTC."""
    return _pretended.get() or datetime.now(UTC)


def milliseconds(moment: datetime | None = None) -> int:
    """That moment, or now, as scripts count: since 1970."""
    return round((moment or now()).timestamp() * 1000)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside this block ``now()`` is ``moment`` (aware). For rehearsals and tests; nothing in the product calls it."""
    token = _pretended.set(moment)
    try:
        yield
    finally:
        _pretended.reset(token)
