"""Dynamic registration (LTI dynamic registration 1.0): an LMS that was given an invite link registers itself.

What the LMS says of itself is read from its own address and believed only about itself: the issuer lives where the
configuration came from, and its endpoints on the same site. Hosted Canvas is the exception, as one issuer serves
thousands of schools: a configuration from Instructure's own documented address may name that issuer, and endpoints at
exactly Instructure's hosts for it.

The invite is taken before the LMS is asked to register us and given back whenever that fails, so that one link never
makes two registrations here, and a failure costs nobody a new link.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from flask import current_app, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.errors import Refusal
from sociallearn.lti import fetching, invitations, keys, registrations
from sociallearn.lti.claims import CHOOSING, RESOURCE_LINK, REVIEW
from sociallearn.lti.fetching import FetchError
from sociallearn.lti.models import Deployment, Invite, Registration, Source

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPES = (
    AGS + "lineitem",
    AGS + "lineitem.readonly",
    AGS + "result.readonly",
    AGS + "score",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
PERSONAL = ("iss", "sub", "name", "given_name", "family_name", "email")
D2L_AUDIENCE = "https://api.brightspace.com/auth/token"  # what every Brightspace wants to read as audience
CANVAS = "https://canvas.instructure.com/lti/"
CANVAS_CONFIGURATION = "/api/lti/security/openid-configuration"  # where every Canvas keeps it
PLACEMENTS = {RESOURCE_LINK: ("course_navigation",), CHOOSING: ("assignment_selection", "link_selection")}

# what claims.py reads. A unit has no variable in either LMS: it is a fixed text, written by hand in the LMS
CUSTOM = {
    "context_history": "$Context.id.history",
    "link_history": "$ResourceLink.id.history",
    "course_start": "$CourseSection.timeFrame.begin",
    "course_end": "$CourseSection.timeFrame.end",
}
GROUPS = {"moodle": {"groups": "$Moodle.Person.userGroupIds"}, "canvas": {"sections": "$Canvas.course.sectionIds"}}

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")


@dataclass(frozen=True)
class Platform:
    """An LMS as its own configuration describes it, checked."""

    issuer: str
    host: str
    product: str
    version: str
    auth_login_url: str
    auth_token_url: str
    key_set_url: str
    registration_url: str
    auth_audience: str | None
    scopes: tuple[str, ...]  # of those we ask for, what it can give
    messages: tuple[str, ...]  # of those we understand, what it sends
    placements: Mapping[str, tuple[str, ...]]  # Canvas: where, by message

    @property
    def is_canvas(self) -> bool:
        """Canvas has additions of its own."""
        return self.product == "canvas"


class _Unsound(Exception):
    """A configuration that cannot be believed or used. Says why, in words for administrators."""


def read(url: str, token: str) -> Platform:
    """The LMS whose configuration is at ``url`` (dynamic registration 3.5), fetched and checked.

    ``token``: its registration token, which Canvas wants to see here already. Raises Refusal 400. No transaction may
    be open.
    """
    if not fetching.is_allowed(url) or any(not "!" <= sign <= "~" for sign in token) or len(token) > 8000:
        raise Refusal(
            400,
            _("The address your LMS gave for its configuration cannot be used."),
            _("It must begin with https:// and be reachable from the internet."),
            detail=f"openid_configuration {url[:200]!r}",
        )
    try:
        return check(url, fetching.fetch_json("GET", url, bearer=token or None))
    except FetchError as error:
        raise _unread(error, urlsplit(url).netloc) from error
    except _Unsound as error:
        raise Refusal(
            400,
            _("The configuration of this LMS cannot be used."),
            str(error),
            detail=f"configuration at {url[:200]}: {error}",
        ) from error


def check(url: str, found: Mapping[str, Any]) -> Platform:
    """The configuration found at ``url``, if it speaks of that LMS itself and has what we need. Raises _Unsound."""
    issuer = _address(found, "issuer")
    here, home = urlsplit(url), urlsplit(issuer)
    if home.query or home.fragment or not _is_home(here, issuer):
        raise _Unsound(
            _("It comes from %(here)s but names %(issuer)s as the LMS.", here=here.netloc, issuer=issuer[:200])
        )
    endpoints = {name: _address(found, name) for name in _ENDPOINTS}
    for name, address in endpoints.items():
        if not _is_of_it(urlsplit(address), here, issuer):
            raise _Unsound(_("Its %(name)s is on another site: %(address)s.", name=name, address=address[:200]))
    _check_methods(found)
    platform = found.get(PLATFORM)
    if not isinstance(platform, dict):
        raise _Unsound(_("It says nothing about LTI."))
    product = platform.get("product_family_code")
    version = platform.get("version")
    scopes = found.get("scopes_supported")
    audience = found.get("authorization_server")
    messages = _messages(platform)
    return Platform(
        issuer=issuer,
        host=home.netloc,
        product=product.strip().lower()[:60] if isinstance(product, str) else "",
        version=version[:60] if isinstance(version, str) else "",
        auth_login_url=endpoints["authorization_endpoint"],
        auth_token_url=endpoints["token_endpoint"],
        key_set_url=endpoints["jwks_uri"],
        registration_url=endpoints["registration_endpoint"],
        auth_audience=audience if _is_audience(audience, here, issuer) else None,
        scopes=tuple(scope for scope in SCOPES if not isinstance(scopes, list) or scope in scopes),
        messages=tuple(messages),
        placements={
            kind: tuple(place for place in places if place in messages.get(kind, ()) or not messages.get(kind))
            for kind, places in PLACEMENTS.items()
        },
    )


def _address(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise _Unsound(_("It does not say its %(name)s.", name=name))
    if not fetching.is_allowed(value):
        raise _Unsound(_("Its %(name)s is no https address.", name=name))
    return value


def _is_home(here: SplitResult, issuer: str) -> bool:
    if _site(here) == _site(urlsplit(issuer)):
        return True
    is_instructure = here.scheme == "https" and here.port in (None, 443) and _host(here).endswith(".instructure.com")
    return is_instructure and here.path == CANVAS_CONFIGURATION and issuer in registrations.HOSTED_CANVAS


def _site(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, _host(parts), parts.port or {"https": 443}.get(parts.scheme, 80)


def _is_of_it(endpoint: SplitResult, here: SplitResult, issuer: str) -> bool:
    """Whether an endpoint is on the LMS's own site: its host, or another one of the same domain.

    The domain of a name is its last two labels, or three where the last but one is short, as in ``ac.be`` or
    ``co.uk``. This needs no list of the world's suffixes: the configuration came from the LMS itself, so it is a
    second line of defence, against a file that somebody could put on the LMS.
    """
    if issuer in registrations.HOSTED_CANVAS:
        login = "sso." + (urlsplit(issuer).hostname or "").removeprefix("canvas.").replace("instructure", "canvaslms")
        return _host(endpoint) in (_host(urlsplit(issuer)), login, _host(here)) and endpoint.port in (None, 443)
    host = _host(urlsplit(issuer))
    return _host(endpoint) == host or (_domain(host) is not None and _domain(_host(endpoint)) == _domain(host))


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".").lower()


def _domain(host: str) -> str | None:
    labels = host.split(".")
    if len(labels) < 2 or ":" in host or labels[-1].isdigit():
        return None
    count = 3 if len(labels[-2]) <= 3 and len(labels) > 2 else 2
    return ".".join(labels[-count:])


def _check_methods(found: Mapping[str, Any]) -> None:
    for name, needed in (
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
        ("id_token_signing_alg_values_supported", "RS256"),
        ("response_types_supported", "id_token"),
    ):
        value = found.get(name)
        if value is not None and not (isinstance(value, list) and needed in value):
            raise _Unsound(_("It cannot do %(needed)s, which LTI 1.3 asks for.", needed=needed))


def _messages(platform: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Messages it sends that we understand, in our order, with the places it names for each."""
    listed = platform.get("messages_supported")
    found: dict[str, tuple[str, ...]] = {}
    for message in listed if isinstance(listed, list) else []:
        kind = message.get("type") if isinstance(message, dict) else None
        if isinstance(kind, str):
            places = message.get("placements")
            named = [place for place in places if isinstance(place, str)] if isinstance(places, list) else []
            found[kind] = (*found.get(kind, ()), *named)
    if RESOURCE_LINK not in found:
        raise _Unsound(_("It cannot open activities of tools (LtiResourceLinkRequest)."))
    return {kind: found[kind] for kind in (RESOURCE_LINK, CHOOSING, REVIEW) if kind in found}


def _is_audience(value: object, here: SplitResult, issuer: str) -> bool:
    """A fixed audience for our assertions: an address of the LMS's own, or the one all of D2L shares. Any other would
    let an LMS have us sign what another one believes. Canvas names a bare host, which is not meant."""
    if not isinstance(value, str) or issuer in registrations.HOSTED_CANVAS or not fetching.is_allowed(value):
        return False
    return value == D2L_AUDIENCE or _is_of_it(urlsplit(value), here, issuer)


def tool_configuration(platform: Platform, key_path: str) -> dict[str, Any]:
    """What we send to be registered (dynamic registration 3.6), in the shape Moodle and Canvas accept.

    ``key_path``: of a key set that holds this LMS's keys and no others. An LMS chooses the client id we sign under; in
    a key set shared by all, one could choose another's and hand on what we sign for it.
    """
    base_url = current_app.config["BASE_URL"]
    launch_url = base_url + "/lti/launch"
    configuration: dict[str, Any] = {
        "domain": urlsplit(base_url).netloc,
        "target_link_uri": launch_url,
        "description": _("Talk, ask and propose ideas together; taking part becomes a grade."),
        "custom_parameters": CUSTOM | GROUPS.get(platform.product, {**GROUPS["moodle"], **GROUPS["canvas"]}),
        "claims": list(PERSONAL),
        "messages": _wanted(platform),
    }
    if platform.is_canvas:
        configuration |= {CANVAS + "privacy_level": "public", CANVAS + "tool_id": "sociallearn"}
        configuration |= {CANVAS + "vendor": "SocialLearn"}
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": base_url + "/lti/login",
        "redirect_uris": [launch_url],
        "client_name": "SocialLearn",
        "jwks_uri": f"{base_url}/lti/jwks/{key_path}",
        "logo_uri": logo_url(),
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(platform.scopes),
        TOOL: configuration,
    }


def logo_url() -> str:
    """Our mark, under an address that stays the same."""
    return str(current_app.config["BASE_URL"]) + url_for("assets.file", version="logo", name="mark.svg")


def _wanted(platform: Platform) -> list[dict[str, Any]]:
    launch_url = current_app.config["BASE_URL"] + "/lti/launch"
    labels = {CHOOSING: _("Choose what to place")}
    if not platform.is_canvas:
        made: list[dict[str, Any]] = []
        for kind in platform.messages:
            made.append({"type": kind, "target_link_uri": launch_url, "label": labels.get(kind, "SocialLearn")})
        return made
    messages = []
    for kind in platform.messages:
        for place in platform.placements.get(kind, ()):
            message = {"type": kind, "target_link_uri": launch_url, "label": "SocialLearn", "icon_uri": logo_url()}
            message["placements"] = [place]
            if place == "course_navigation":
                message |= {CANVAS + "course_navigation/default_enabled": True, CANVAS + "visibility": "members"}
            messages.append(message)
        if kind == REVIEW:
            messages.append({"type": kind, "target_link_uri": launch_url, "label": "SocialLearn"})
    return messages


def canvas_configuration() -> dict[str, Any]:
    """The same for Canvas, in the shape of its developer keys, for whoever sets it up by hand."""
    base_url = current_app.config["BASE_URL"]
    launch_url = base_url + "/lti/launch"
    placements = [
        {
            "placement": place,
            "message_type": kind,
            "target_link_uri": launch_url,
            "text": "SocialLearn",
            "enabled": True,
            "icon_url": logo_url(),
        }
        for kind, places in PLACEMENTS.items()
        for place in places
    ]
    settings: dict[str, Any] = {"text": "SocialLearn", "icon_url": logo_url(), "placements": placements}
    settings |= {"selection_width": 800, "selection_height": 700}
    extension = {"domain": urlsplit(base_url).netloc, "tool_id": "sociallearn", "platform": "canvas.instructure.com"}
    return {
        "title": "SocialLearn",
        "description": _("Talk, ask and propose ideas together; taking part becomes a grade."),
        "oidc_initiation_url": base_url + "/lti/login",
        "target_link_uri": launch_url,
        "scopes": list(SCOPES),
        "public_jwk_url": base_url + "/lti/jwks",
        "custom_fields": CUSTOM | GROUPS["canvas"],
        "extensions": [{**extension, "privacy_level": "public", "settings": settings}],
    }


def connect(invite_token: str, url: str, token: str, framed_by: str | None = None) -> None:
    """Register with the LMS whose configuration is at ``url``, and keep what it answers. Raises Refusal in words.

    ``framed_by``: the site whose page holds ours (``scheme://host``). No transaction may be open.
    """
    with transaction() as session:
        invite = usable(session, invite_token)
    platform = read(url, token)
    with transaction() as session:
        taken_at = invitations.spend(session, invite)
    if taken_at is None:
        raise _no_invite()
    try:
        key_path = secrets.token_urlsafe(16)
        wanted = tool_configuration(platform, key_path)
        answer = fetching.fetch_json("POST", platform.registration_url, token or None, wanted)
        row = _row(platform, answer, framed_by)
        row.key_path = key_path
        row.organisation_id, row.name = invite.organisation_id, invite.label
        with transaction() as session:
            _keep(session, row, _deployment_id(answer))
            if not invitations.keep(session, invite, taken_at, row.id):
                raise _no_invite()
    except Exception as error:
        with transaction() as session:
            invitations.release(session, invite, taken_at)
        refusal = _in_words(error, platform)
        if refusal is None:
            raise
        raise refusal from error


def usable(session: Session, token: str) -> Invite:
    """The invite of this link. Raises Refusal 403 for one that is unknown, used, withdrawn or too old."""
    invite = invitations.find(session, token)
    if invite is None:
        raise _no_invite()
    return invite


def connected(session: Session, token: str) -> Registration | None:
    """What came of the invite with this link; for the page afterwards."""
    return session.scalar(
        select(Registration).join(Invite, Invite.registration_id == Registration.id).where(invitations.is_of(token))
    )


def _row(platform: Platform, answer: Mapping[str, Any], framed_by: str | None) -> Registration:
    client_id = _text(answer.get("client_id"))
    if client_id is None:
        raise _Unsound(_("It registered SocialLearn, but did not say under which client id."))
    is_hosted = platform.issuer in registrations.HOSTED_CANVAS
    further = [framed_by] if is_hosted and framed_by and fetching.is_allowed(framed_by) else []
    return Registration(
        issuer=platform.issuer,
        client_id=client_id,
        auth_login_url=platform.auth_login_url,
        auth_token_url=platform.auth_token_url,
        auth_audience=platform.auth_audience,
        key_set_url=platform.key_set_url,
        frame_origins=registrations.frame_origins(platform.issuer, further),
        product=platform.product or None,
        source=Source.LINK.value,
        created_at=clock.now(),
    )


def _deployment_id(answer: Mapping[str, Any]) -> str | None:
    configuration = answer.get(TOOL)
    return _text(configuration.get("deployment_id")) if isinstance(configuration, dict) else None


def _text(value: object) -> str | None:
    """An id an LMS gave us: a text, or a number meant as one."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable() else None


def _keep(session: Session, row: Registration, deployment_id: str | None) -> None:
    taken = select(Registration.id).where(Registration.issuer == row.issuer, Registration.client_id == row.client_id)
    if session.scalar(taken) is not None:
        raise _known_already()
    session.add(row)
    session.flush()
    keys.add(session, row, clock.now())
    if deployment_id is not None:
        session.add(Deployment(registration_id=row.id, deployment_id=deployment_id, confirmed_at=clock.now()))
    session.flush()


def _in_words(error: Exception, platform: Platform) -> Refusal | None:
    if isinstance(error, FetchError):
        return _unregistered(error, platform.host)
    if isinstance(error, _Unsound):
        return Refusal(400, _("Your LMS’s answer to the registration cannot be used."), str(error))
    if isinstance(error, IntegrityError):  # somebody else registered the same client id in this very moment
        return _known_already()
    return None


def _no_invite() -> Refusal:
    return Refusal(
        403,
        _("This link does not connect an LMS (any more)."),
        _("It works once, and for some days only. Ask whoever gave it to you for a new one."),
    )


def _known_already() -> Refusal:
    return Refusal(
        409,
        _("SocialLearn is registered with this LMS already, under the same client id."),
        _("Use that registration, or remove it from the LMS and begin again."),
    )


def _unread(error: FetchError, host: str) -> Refusal:
    words = {
        "forbidden": _("SocialLearn only connects with LMSs on public https addresses; %(host)s is none.", host=host),
        "timeout": _("%(host)s did not answer within five seconds.", host=host),
        "unreachable": _("SocialLearn cannot reach %(host)s, or its certificate is not trusted.", host=host),
        "unreadable": _("What %(host)s answered is no LTI configuration.", host=host),
        "refused": _("%(host)s did not give its configuration (answer %(status)s).", host=host, status=error.status),
    }
    advice = _("Begin the registration in your LMS again. The link can still be used.")
    return Refusal(400, str(words[error.code]), advice, detail=f"reading the configuration: {error}")


def _unregistered(error: FetchError, host: str) -> Refusal:
    again = _("Begin the registration in your LMS again. The link can still be used.")
    if error.code == "refused" and error.status is not None and error.status < 500:
        said = _said(error.content)
        sentence = _("%(host)s refused to register SocialLearn (answer %(status)s).", host=host, status=error.status)
        return Refusal(400, sentence, f"{said} {again}".strip(), detail=f"registering: {error}")
    sentence = _("%(host)s did not finish the registration.", host=host)
    unsure = _("If SocialLearn stands in its list of tools now, delete it there.")
    return Refusal(400, sentence, f"{unsure} {again}", detail=f"registering: {error}")


def _said(content: object) -> str:
    """What the LMS gave as its reason (dynamic registration 3.6.2), as a quotation."""
    reason = ""
    if isinstance(content, dict):
        reason = next(
            (str(content[name]) for name in ("error_description", "error", "message") if content.get(name)), ""
        )
    return _("It says: “%(reason)s”.", reason=" ".join(reason.split())[:200]) if reason else ""
