"""Under which client id and deployment the tool is meant: the one it always had, or one it registered itself."""

from sqlalchemy.orm import Session

from sociallearn.practice.models import Client, Link
from sociallearn.practice.state import CLIENT_ID, DEPLOYMENT_ID


def of(link: Link | None) -> tuple[str, str]:
    """(client id, deployment id) a link belongs to; choosing content is always the first tool's."""
    if link is None or link.client is None:
        return CLIENT_ID, DEPLOYMENT_ID
    return link.client.client_id, link.client.deployment_id


def is_active(session: Session, client_id: object) -> bool:
    """Whether this LMS talks with that client: one that registered itself must have been activated."""
    if client_id == CLIENT_ID:
        return True
    found = session.get(Client, client_id) if isinstance(client_id, str) else None
    return found is not None and found.activated_at is not None


def key_set_of(session: Session, client_id: str) -> str | None:
    """Where that client's keys are read; nothing for the usual place."""
    found = session.get(Client, client_id)
    return found.jwks_uri if found else None
