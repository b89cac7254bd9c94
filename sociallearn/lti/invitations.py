"""Invite links: whoever has one lets one LMS register itself, once, within days. Only a hash of it is kept."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.lti.models import Invite

DAYS = 7
MOST_DAYS = 60
LEASE = timedelta(minutes=2)  # for one try, which takes seconds; a server that died meanwhile does not burn the link


def make(
    session: Session,
    label: str,
    organisation_id: int | None = None,
    made_by_id: int | None = None,
    days: int = DAYS,
) -> tuple[Invite, str]:
    """An invite and its link, which can be shown this once. No organisation: the LMS becomes one of its own.

    ``made_by_id``: the person; nobody for the operator.
    """
    token = secrets.token_urlsafe(32)
    row = Invite(
        token_hash=_hash(token),
        organisation_id=organisation_id,
        label=label,
        made_by_id=made_by_id,
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    return row, f"{current_app.config['BASE_URL']}/lti/register?invite={token}"


def find(session: Session, token: str) -> Invite | None:
    """The invite of this link, if it can be used now."""
    return session.scalar(select(Invite).where(is_of(token), _is_usable(clock.now())))


def spend(session: Session, invite: Invite) -> datetime | None:
    """Take the invite for one try: the time it was taken, which ``keep`` and ``release`` want to know again.

    None when somebody else was faster. Commit it before anything is said to the LMS.
    """
    now = clock.now()
    taken = session.execute(update(Invite).where(Invite.id == invite.id, _is_usable(now)).values(used_at=now))
    return now if taken.rowcount == 1 else None  # type: ignore[attr-defined]


def keep(session: Session, invite: Invite, taken_at: datetime, registration_id: int) -> bool:
    """The try went well: the invite is used up. False when it took so long that somebody else has taken it since."""
    mine = (Invite.id == invite.id) & (Invite.used_at == taken_at) & Invite.registration_id.is_(None)
    mine &= Invite.withdrawn_at.is_(None)  # meanwhile an administrator may have thought better of it
    kept = session.execute(update(Invite).where(mine).values(registration_id=registration_id))
    return bool(kept.rowcount == 1)  # type: ignore[attr-defined]


def release(session: Session, invite: Invite, taken_at: datetime) -> None:
    """The try failed: the link can be used again."""
    mine = (Invite.id == invite.id) & (Invite.used_at == taken_at) & Invite.registration_id.is_(None)
    session.execute(update(Invite).where(mine).values(used_at=None))


def withdraw_of(session: Session, makers: Sequence[int]) -> None:
    """Links of these people (ids) that nothing came of yet no longer work: they may not make any now."""
    unused = Invite.made_by_id.in_(makers) & Invite.registration_id.is_(None) & Invite.withdrawn_at.is_(None)
    session.execute(update(Invite).where(unused).values(withdrawn_at=clock.now()))


def withdraw(session: Session, invite: Invite) -> None:
    """The link no longer works. One that was used stays as it is, to be read later."""
    unused = (Invite.id == invite.id) & Invite.registration_id.is_(None) & Invite.withdrawn_at.is_(None)
    session.execute(update(Invite).where(unused).values(withdrawn_at=clock.now()))


def is_of(token: str) -> ColumnElement[bool]:
    """The condition that an invite is the one of this link."""
    return Invite.token_hash == _hash(token)


def _is_usable(now: datetime) -> ColumnElement[bool]:
    is_free = or_(Invite.used_at.is_(None), Invite.registration_id.is_(None) & (Invite.used_at < now - LEASE))
    return is_free & Invite.withdrawn_at.is_(None) & (Invite.expires_at > now)


def _hash(token: str) -> str:
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, b"invite|" + token.encode(errors="replace"), hashlib.sha256).hexdigest()
