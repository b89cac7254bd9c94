"""What administrators and the operator do with connected LMSs: pause, remove, name them, and let deployments in."""

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_or_get, locked
from sociallearn.errors import Refusal
from sociallearn.lti import keys
from sociallearn.lti.models import Deployment, Registration, Source

MOST_PENDING = 20  # deployments of one LMS that wait for a word: an LMS must not fill our tables


def pause(session: Session, registration: Registration) -> None:
    """Close the door for a while: launches are refused in words. Nothing is lost; a restart changes nothing."""
    if registration.paused_at is None:
        registration.paused_at = clock.now()


def resume(session: Session, registration: Registration) -> None:
    """Open it again."""
    registration.paused_at = None


def remove(session: Session, registration: Registration) -> None:
    """Close the door for good; people and what they wrote stay. An LMS that is gone already stays gone.

    Raises Refusal 409 for one of ``lti_config.json``: it would be back after the next start.
    """
    if registration.source == Source.FILE:
        raise Refusal(
            409,
            _("This LMS stands in lti_config.json."),
            _("Take it out of that file and restart, or pause it."),
        )
    registration.is_active = False
    keys.withdraw_all(session, registration)
    waiting = (Deployment.registration_id == registration.id) & Deployment.confirmed_at.is_(None)
    session.execute(delete(Deployment).where(waiting))


def rename(session: Session, registration: Registration, name: str) -> None:
    """What people call this LMS; nothing: its host."""
    registration.name = name


def note(session: Session, registration_id: int, deployment_id: str) -> bool:
    """A signed launch of an LMS registered by link came from a deployment we do not know: it waits for a word.

    At most twenty wait at the same time; whether this one does.
    """
    locked(session, Registration, registration_id)
    mine = Deployment.registration_id == registration_id
    known = select(Deployment.id).where(mine, Deployment.deployment_id == deployment_id)
    if session.scalar(known) is not None:
        return True
    count = select(func.count()).select_from(Deployment).where(mine, Deployment.confirmed_at.is_(None))
    if (session.scalar(count) or 0) >= MOST_PENDING:
        return False
    key = {"registration_id": registration_id, "deployment_id": deployment_id}
    insert_or_get(session, Deployment, key, {"confirmed_at": None, "created_at": clock.now()})
    return True


def confirm(session: Session, deployment: Deployment) -> None:
    """People of this deployment can come in from now on."""
    pending = (Deployment.id == deployment.id) & Deployment.confirmed_at.is_(None)
    session.execute(update(Deployment).where(pending).values(confirmed_at=clock.now()))


def reject(session: Session, deployment: Deployment) -> None:
    """Forget a deployment that waits. Its next launch would have it wait again; nobody comes in meanwhile.

    Raises Refusal 409 for one that was confirmed.
    """
    pending = (Deployment.id == deployment.id) & Deployment.confirmed_at.is_(None)
    gone = session.execute(delete(Deployment).where(pending))
    if gone.rowcount != 1:  # type: ignore[attr-defined]
        raise Refusal(409, _("This deployment is confirmed already."), _("Pause the LMS to close its door."))
