"""Beginning a launch, and spending it once: the row behind ``lti_message_hint``."""

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.practice import clients
from sociallearn.practice.models import Enrolment, Launch, Link
from sociallearn.practice.state import Practice
from sociallearn.practice.switches import Messages

LIFETIME = timedelta(minutes=5)
CHOOSING = timedelta(hours=1)  # to choose content in the tool
KEPT = timedelta(days=1)


class CannotLaunch(Exception):
    """The launch can't go on. Says why, in a sentence for the person at the screen."""


@dataclass(frozen=True)
class LoginForm:
    """A third-party initiated login (OpenID Connect core 4, LTI security 5.1.1.1), posted by the browser."""

    action: str
    fields: dict[str, str]


def begin(session: Session, enrolment: Enrolment, link: Link | None, for_person: str | None = None) -> Launch:
    """A launch of ``link`` (or, without one, of choosing content) by somebody who is in the course.

    ``for_person``: from the gradebook, to look at that person's work.
    """
    session.execute(delete(Launch).where(Launch.made_at < clock.now() - KEPT))
    launch = Launch(id=secrets.token_urlsafe(24), course_id=enrolment.course_id, person_id=enrolment.person_id)
    launch.link_id = link.id if link else None
    launch.for_person_id = for_person
    session.add(launch)
    session.flush()
    return launch


def login_form(lms: Practice, launch: Launch, link: Link | None, messages: Messages = Messages.NONE) -> LoginForm:
    """What the browser posts to the tool. The hint is JSON, as Moodle's is: the tool must hand it back unaltered.

    ``messages``: whether, and in which frame, data is kept for the tool (lti-cs-oidc: ``lti_storage_target``).
    """
    storage = {} if messages is Messages.NONE else {"lti_storage_target": messages.value}
    hint = {"cmid": link.id if link else "content", "launchid": launch.id}
    client_id, deployment_id = clients.of(link)
    return LoginForm(
        lms.login_url,
        {
            "iss": lms.base_url,
            "target_link_uri": (link.url if link else None) or lms.launch_url,
            "login_hint": launch.person_id,
            "lti_message_hint": json.dumps(hint, separators=(",", ":")),
            "client_id": client_id,
            "lti_deployment_id": deployment_id,
            **storage,
        },
    )


def find(session: Session, hint: str | None) -> Launch:
    """The open launch this hint stands for. Raises CannotLaunch when unknown, used or too old."""
    try:
        launch_id = json.loads(hint or "")["launchid"]
    except (ValueError, TypeError, KeyError):
        launch_id = None
    launch = session.get(Launch, launch_id) if isinstance(launch_id, str) else None
    if launch is None:
        raise CannotLaunch(
            "The tool came back without the lti_message_hint it was given, so nobody knows which launch this is."
        )
    if launch.used_at is not None:
        raise CannotLaunch("This launch was already used. Each one works once; open the activity again.")
    if clock.now() - launch.made_at > LIFETIME:
        raise CannotLaunch("This launch is older than five minutes. Open the activity again.")
    return launch


def spend(session: Session, launch: Launch) -> None:
    """Use it up, atomically. Raises CannotLaunch when another request did so first."""
    query = update(Launch).where(Launch.id == launch.id, Launch.used_at.is_(None)).values(used_at=clock.now())
    if session.execute(query).rowcount != 1:  # type: ignore[attr-defined]
        raise CannotLaunch("This launch was already used. Each one works once; open the activity again.")


def place(session: Session, course_id: str, person_id: str | None) -> Enrolment | None:
    """Somebody's place in a course, unless they are not (or no longer) in it."""
    found = session.get(Enrolment, (course_id, person_id)) if person_id else None
    return found if found and found.is_active else None


def places(session: Session, course_id: str) -> list[Enrolment]:
    """Everybody's place in a course, also of those who were removed, in a steady order."""
    query = select(Enrolment).where(Enrolment.course_id == course_id).join(Enrolment.person)
    return sorted(session.scalars(query), key=lambda one: one.person.position)
