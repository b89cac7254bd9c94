"""The log of everything that passed between this LMS and the tool; keys and tokens never stand in it in full."""

import json
import re
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sociallearn.practice.models import Entry

KEPT = 2000  # entries
LONGEST = 4000  # characters of a body
PAGE = 25
KINDS = {
    "login": "Logins",
    "launch": "Launches",
    "content": "Content",
    "token": "Tokens",
    "service": "Services",
    "registration": "Registrations",
}

_JWT = re.compile(r"\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*")
_SECRETS = {"client_assertion", "access_token", "id_token", "jwt", "authorization", "registration_token"}


def record(session: Session, kind: str, title: str, status: int | None = None, **details: Any) -> None:
    """Note something; the oldest entries make room."""
    entry = Entry(kind=kind, title=title, status=status, details=_masked(details))
    session.add(entry)
    session.flush()
    if entry.id % 100 == 0:
        session.execute(delete(Entry).where(Entry.id <= entry.id - KEPT))


def page(session: Session, kind: str | None, before: int | None) -> tuple[list[Entry], int | None]:
    """The newest entries (below ``before``), and where the next page begins if there is one."""
    query = select(Entry).order_by(Entry.id.desc()).limit(PAGE + 1)
    if kind:
        query = query.where(Entry.kind == kind)
    if before:
        query = query.where(Entry.id < before)
    found = list(session.scalars(query))
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def count(session: Session) -> int:
    """How many entries there are."""
    return session.scalar(select(func.count()).select_from(Entry)) or 0


def excerpt(body: bytes) -> Any:
    """A body to keep: as data when it is JSON, else as text; long ones are cut."""
    text = body.decode("utf-8", "replace")
    if len(text) <= LONGEST:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text[:LONGEST] + f" … ({len(text) - LONGEST} characters more)"


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _hidden(item) if str(key).lower() in _SECRETS else _masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    if isinstance(value, str):
        return _JWT.sub(lambda found: _hidden(found[0]), value)
    return value


def _hidden(value: Any) -> str:
    text = str(value)
    return f"{text[:6]}… ({len(text)} characters, not kept)" if text else ""
