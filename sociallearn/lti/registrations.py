"""Registrations of LMSs: from ``lti_config.json`` (PyLTI1p3's format) and from links, in the database, found again."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app
from flask_babel import gettext as _
from pylti1p3.deployment import Deployment as LibraryDeployment
from pylti1p3.exception import LtiException
from pylti1p3.registration import Registration as LibraryRegistration
from pylti1p3.tool_config import ToolConfAbstract
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import db, insert_or_get, transaction
from sociallearn.errors import Refusal
from sociallearn.lti import keys
from sociallearn.lti.models import Deployment, Registration, Source

# Instructure's production, beta and test: issuers that thousands of schools share
HOSTED_CANVAS = frozenset(f"https://canvas.{stage}instructure.com" for stage in ("", "beta.", "test."))
_FRAME = re.compile(r"https?://(\*\.)?[\w.-]+(:\d+)?")


class ConfigFileError(Exception):
    """``lti_config.json`` cannot be used. Says where and why."""


def init_app(app: Flask) -> None:
    """Read the file, make missing keys, and remember where they are."""
    entries = read_file(app.config["LTI_CONFIG"])
    app.extensions["lti_entries"] = entries
    app.extensions["lti_keys"] = {
        (issuer, entry["client_id"]): _key_files(app.config["LTI_CONFIG"].parent, entry) for issuer, entry in entries
    }
    for private_file, public_file in app.extensions["lti_keys"].values():
        keys.ensure_pair(private_file, public_file)


def read_file(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """(issuer, registration) pairs of the file; none when there is no file.

    Raises ConfigFileError when it is not what PyLTI1p3 would accept.
    """
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise ConfigFileError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise ConfigFileError(f"{path} must hold an object whose names are issuers.")
    entries = []
    for issuer, value in content.items():
        for entry in value if isinstance(value, list) else [value]:
            _check_entry(path, issuer, entry)
            entries.append((issuer, entry))
    return entries


def _check_entry(path: Path, issuer: str, entry: Any) -> None:
    needed = ("client_id", "auth_login_url", "auth_token_url", "private_key_file")
    missing = [name for name in needed if not (isinstance(entry, dict) and isinstance(entry.get(name), str))]
    if missing:
        raise ConfigFileError(f"{path}: the registration of {issuer} lacks {', '.join(missing)}.")
    frames = entry.get("frame_origins") or []
    if not isinstance(frames, list) or not all(isinstance(one, str) and _FRAME.fullmatch(one) for one in frames):
        raise ConfigFileError(f'{path}: frame_origins of {issuer} must be a list such as ["https://lms.example.org"].')
    if not entry.get("key_set_url") and not entry.get("key_set"):
        raise ConfigFileError(f"{path}: the registration of {issuer} needs key_set_url or key_set.")


def _key_files(folder: Path, entry: dict[str, Any]) -> tuple[Path, Path]:
    private = folder / entry["private_key_file"]
    public = folder / entry["public_key_file"] if entry.get("public_key_file") else private.with_suffix(".public.pem")
    return private, public


def sync() -> None:
    """Bring the database in step with the file: new registrations and deployments appear, changed addresses follow.

    What is gone from the file is switched off, not deleted: people and posts hang on it. What an administrator paused
    stays paused, and LMSs registered by link are left alone, unless the file names them from now on.
    """
    entries = current_app.extensions["lti_entries"]
    with transaction() as session:
        kept = []
        for issuer, entry in entries:
            facts = {
                "auth_login_url": entry["auth_login_url"],
                "auth_token_url": entry["auth_token_url"],
                "auth_audience": entry.get("auth_audience"),
                "key_set_url": entry.get("key_set_url"),
                "key_set": entry.get("key_set"),
                "frame_origins": frame_origins(issuer, entry.get("frame_origins")),
                "source": Source.FILE.value,
                "is_active": True,
            }
            row = insert_or_get(session, Registration, {"issuer": issuer, "client_id": entry["client_id"]}, facts)
            for name, value in facts.items():
                setattr(row, name, value)
            session.flush()
            kept.append(row.id)
            for deployment_id in entry.get("deployment_ids") or []:
                key = {"registration_id": row.id, "deployment_id": str(deployment_id)}
                deployment = insert_or_get(session, Deployment, key)
                deployment.confirmed_at = deployment.confirmed_at or clock.now()  # the file's word confirms it
        gone = (Registration.source == Source.FILE) & Registration.id.not_in(kept)
        session.execute(update(Registration).where(gone).values(is_active=False))


def find(session: Session, issuer: str, client_id: str | None) -> Registration | None:
    """The active registration. Without a client id (allowed at login) only if the issuer has just one.

    Raises Refusal 403 in words when it is paused.
    """
    statement = select(Registration).where(Registration.issuer == issuer, Registration.is_active)
    if client_id:
        statement = statement.where(Registration.client_id == client_id)
    found = session.scalars(statement.limit(2)).all()
    if len(found) != 1:
        return None
    check_open(found[0])
    return found[0]


def check_open(registration: Registration) -> None:
    """Raises Refusal in words: 403 when an administrator paused this LMS, 400 when it was removed."""
    if not registration.is_active:
        raise Refusal(
            400,
            _("SocialLearn is no longer connected with this LMS."),
            _("Administrators: register it again, or remove the activity from the course."),
        )
    if registration.paused_at is not None:
        raise Refusal(
            403,
            _("An administrator has closed SocialLearn for a while."),
            _("Nothing is lost. Try again later, or ask who looks after your LMS."),
        )


def frame_ancestors() -> dict[int, list[str]]:
    """Origins of every active LMS by registration: the sites whose pages may hold ours in a frame for its people. Of
    paused ones too: why nobody comes in must be readable there."""
    columns = (Registration.id, Registration.issuer, Registration.auth_login_url, Registration.frame_origins)
    found = {}
    for registration_id, issuer, login, further in db.session.execute(select(*columns).where(Registration.is_active)):
        own = {origin for url in (issuer, login) if (origin := origin_of(url))}
        found[registration_id] = sorted(own | set(further))
    return found


def frame_origins(issuer: str, further: list[str] | None = None) -> list[str]:
    """Sites beyond its own addresses whose pages may hold ours: ``further``, and those of every hosted Canvas.

    All hosted Canvases share one issuer, while each school's pages have a name of their own.
    """
    hosted_canvas = ["https://*.instructure.com"] if issuer in HOSTED_CANVAS else []
    return [*hosted_canvas, *(further or [])]


def origin_of(url: str) -> str | None:
    """``scheme://host[:port]`` of an http(s) address, or nothing when it is not one (an issuer need not be)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return f"{parts.scheme}://{parts.netloc}"


class RegisteredTools(ToolConfAbstract[Any]):
    """Our registrations as PyLTI1p3 wants to ask for them. Loaded before any HTTP, so that it never queries."""

    def __init__(self, registration: Registration, deployment_ids: set[str]) -> None:
        self._registration = registration
        self._deployment_ids = deployment_ids

    def check_iss_has_one_client(self, iss: str) -> bool:
        """Never: the library's own map of this is shared by the whole process."""
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        """Always: all hosted Canvases share one issuer."""
        return True

    def find_registration_by_issuer(self, iss: str, *args: Any, **kwargs: Any) -> LibraryRegistration:
        """Not asked, as every issuer has many clients."""
        return self.find_registration_by_params(iss, "")

    def find_registration_by_params(self, iss: str, client_id: str, *args: Any, **kwargs: Any) -> LibraryRegistration:
        """The registration the login was for. Raises LtiException when the token names another one."""
        if (iss, client_id) != (self._registration.issuer, self._registration.client_id):
            raise LtiException("The token is from another LMS than the login.")
        return _library(self._registration)

    def find_deployment(self, iss: str, deployment_id: str) -> LibraryDeployment | None:
        """Not asked, as every issuer has many clients."""
        return None

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: Any, **kwargs: Any
    ) -> LibraryDeployment | None:
        """The deployment, ids compared with case (LTI core 3.1.3)."""
        if deployment_id not in self._deployment_ids:
            return None
        return LibraryDeployment().set_deployment_id(deployment_id)


class KnownRegistration(LibraryRegistration):
    """PyLTI1p3's own object for one of our rows."""

    is_by_link = False  # then its addresses must be public ones (fetching.py), whatever a launch says


def library_registration(registration: Registration) -> KnownRegistration:
    """PyLTI1p3's own object for one of our rows, with our signing key in it.

    Raises LookupError when there is no key to sign with.
    """
    key = keys.signing_key(registration)
    made = _library(registration)
    made.set_tool_private_key(key.private_pem).set_tool_public_key(key.public_pem)
    return made


def _library(registration: Registration) -> KnownRegistration:
    made = KnownRegistration()
    made.is_by_link = registration.source == Source.LINK
    made.set_issuer(registration.issuer).set_client_id(registration.client_id)
    made.set_auth_login_url(registration.auth_login_url).set_auth_token_url(registration.auth_token_url)
    if registration.auth_audience:
        made.set_auth_audience(registration.auth_audience)
    made.set_key_set_url(registration.key_set_url)
    made.set_key_set(registration.key_set)  # type: ignore[arg-type]
    return made
