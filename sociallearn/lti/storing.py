"""Launches where no cookie stays: a secret waits where only this browser's pages reach it (lti-cs-pm, lti-pm-s 0.1).

Two places keep it, asked by the same messages: the LMS's own page, where it offers that (``lti_storage_target``), and,
for a launch in a window of its own, the page of ours that opened the window. Login initiation gives the secret to the
page that puts it there. The launch's first answer is then a page that fetches it and posts the launch again; only with
the secret is the id_token looked at. Whoever begins a launch in a browser of their own knows its secret too, so the
second post counts only from our own page (``Origin``): another site cannot make somebody finish a foreign launch.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.lti.models import LoginState, Registration
from sociallearn.lti.registrations import origin_of

FIELD = "storage_secret"  # of the form that posts the launch again
NEW_WINDOW = "lti1p3_new_window"
OPENER = ":opener"  # no frame can have this name: the page of ours that opened the window
_FRAME = re.compile(r"[\w-]{1,64}", re.ASCII)  # ``_parent`` is one


@dataclass(frozen=True)
class Place:
    """Where a browser keeps the secret of one launch: which window, of which origin, under which key."""

    target: str
    origin: str
    key: str


def target_in(hints: Mapping[str, str]) -> str | None:
    """Where this login's secret can be kept, if anywhere; a name no frame should have is none."""
    if NEW_WINDOW in hints:
        return OPENER
    named = hints.get("lti_storage_target", "")
    return named if _FRAME.fullmatch(named) else None


def place(state: str, target: str | None, auth_login_url: str) -> Place | None:
    """The place for this state. An LMS answers from the origin of its authorization address (lti-cs-pm 2.2)."""
    origin = current_app.config["BASE_URL"] if target == OPENER else origin_of(auth_login_url)
    if target is None or origin is None:
        return None
    return Place(target, origin, "sociallearn-" + hashlib.sha256(state.encode()).hexdigest()[:16])


def secret(state: str) -> str:
    """What is kept there. Derived, so that it need not be stored here as well."""
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, b"storage|" + state.encode(), hashlib.sha256).hexdigest()


def needed(session: Session, form: Mapping[str, str]) -> tuple[Place, int] | None:
    """Where to fetch the secret for this launch, which came without its cookie, and the launch's registration id;
    None when that will not help."""
    if not form.get("id_token") or FIELD in form:
        return None
    row = session.get(LoginState, form.get("state", ""))
    if row is None or row.storage_target is None or row.used_at is not None or row.expires_at <= clock.now():
        return None
    registration = session.get_one(Registration, row.registration_id)
    found = place(row.state, row.storage_target, registration.auth_login_url)
    return (found, registration.id) if found else None


def is_proven(row: LoginState, form: Mapping[str, str], sent_by: str | None) -> bool:
    """Whether our own page (``sent_by``: the request's Origin) brought this state's secret."""
    given, wanted = form.get(FIELD, ""), secret(row.state)
    is_ours = sent_by == current_app.config["BASE_URL"]
    return row.storage_target is not None and is_ours and hmac.compare_digest(given.encode(), wanted.encode())
