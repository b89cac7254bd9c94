"""A launch's claims with their types checked, so that nothing behind this file meets a surprise."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS_ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
FOR_USER = CLAIM + "for_user"
NRPS_SERVICE = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"


RESOURCE_LINK = "LtiResourceLinkRequest"
CHOOSING = "LtiDeepLinkingRequest"
REVIEW = "LtiSubmissionReviewRequest"
MESSAGES = (RESOURCE_LINK, CHOOSING, REVIEW)

_YEARS = range(2000, 2101)  # a date outside these is none


class BadClaim(ValueError):
    """A claim is missing or not of the type the standard says."""


@dataclass(frozen=True)
class Choosing:
    """What the LMS takes in answer to a deep linking request (LTI deep linking 2.0, 4.4.1)."""

    return_url: str
    data: str | None
    accept_types: list[str]
    accept_multiple: bool
    accept_line_item: bool
    title: str | None
    text: str | None


@dataclass(frozen=True)
class Launch:
    """A proven launch: of a resource link (LTI core 5.3 and 5.4), for choosing content, or for reviewing somebody.

    ``resource_link_id`` is empty when choosing; ``choosing`` and ``for_user_id`` stand only where the message has them.
    """

    message: str
    registration_id: int
    deployment_id: str
    sub: str
    roles: list[str]
    target_link_uri: str
    context_id: str
    context_title: str
    resource_link_id: str
    resource_link_title: str
    name: str | None
    email: str | None
    locale: str | None
    unit: str | None
    groups: list[str] | None  # ids of the LMS's groups or sections this person is in; None: it does not say
    custom: dict[str, str]  # the placement's own parameters; a variable the LMS could not fill in is left out
    context_history: list[str]  # ids of the courses this one was copied from, newest first
    link_history: list[str]
    platform_name: str | None
    product: str | None
    choosing: Choosing | None
    for_user_id: str | None
    line_item_url: str | None
    line_items_url: str | None
    ags_scopes: list[str]
    memberships_url: str | None
    return_url: str | None

    @property
    def course_starts_at(self) -> datetime | None:
        """When the course begins: the custom parameter for ``$CourseSection.timeFrame.begin``."""
        return _moment(self.custom.get("course_start"))

    @property
    def course_ends_at(self) -> datetime | None:
        """When the course ends: the custom parameter for ``$CourseSection.timeFrame.end``."""
        return _moment(self.custom.get("course_end"))


def parse(body: dict[str, Any], registration_id: int) -> Launch:
    """The claims of a launch whose signature was already proved.

    Raises BadClaim naming the claim. A launch without a context (allowed by core 5.4.1) is a course of its own.
    """
    message = _required(body, CLAIM + "message_type")
    if message not in MESSAGES:
        raise BadClaim(f"message_type {message[:60]} is none we know")
    is_choosing = message == CHOOSING
    link = {} if is_choosing else _object(body, CLAIM + "resource_link", required=True)
    context = _object(body, CLAIM + "context", required=is_choosing)
    presentation = _object(body, CLAIM + "launch_presentation")
    custom = _custom(body)
    platform = _object(body, CLAIM + "tool_platform")
    ags = _object(body, AGS_ENDPOINT)
    nrps = _object(body, NRPS_SERVICE)
    link_id = "" if is_choosing else _required(link, "id", "resource_link.id")
    link_title = _optional(link, "title") or ""
    return Launch(
        message=message,
        registration_id=registration_id,
        deployment_id=_required(body, CLAIM + "deployment_id"),
        sub=_required(body, "sub"),
        roles=_strings(body, CLAIM + "roles", required=True),
        target_link_uri=_required(body, CLAIM + "target_link_uri"),
        context_id=_required(context, "id", "context.id") if context else f"resource-link:{link_id}",
        context_title=_optional(context, "title") or _optional(context, "label") or link_title,
        resource_link_id=link_id,
        resource_link_title=link_title,
        name=_full_name(body),
        email=_optional(body, "email"),
        locale=_optional(presentation, "locale"),
        unit=custom.get("unit"),
        groups=_groups(body),
        custom=custom,
        context_history=_listed(custom.get("context_history")),
        link_history=_listed(custom.get("link_history")),
        platform_name=_optional(platform, "name"),
        product=_optional(platform, "product_family_code"),
        choosing=_choosing(body) if is_choosing else None,
        for_user_id=_required(_object(body, FOR_USER, required=True), "user_id") if message == REVIEW else None,
        line_item_url=_address(ags, "lineitem"),
        line_items_url=_address(ags, "lineitems"),
        ags_scopes=_strings(ags, "scope"),
        memberships_url=_address(nrps, "context_memberships_url"),
        return_url=_address(presentation, "return_url"),
    )


def _choosing(body: dict[str, Any]) -> Choosing:
    settings = _object(body, DEEP_LINKING + "deep_linking_settings", required=True)
    return_url = _address(settings, "deep_link_return_url")
    if return_url is None:
        raise BadClaim("deep_link_return_url is missing")
    return Choosing(
        return_url=return_url,
        data=_optional(settings, "data"),
        accept_types=_strings(settings, "accept_types", required=True),
        accept_multiple=_flag(settings, "accept_multiple", False),
        accept_line_item=_flag(settings, "accept_lineitem", True),
        title=_optional(settings, "title"),
        text=_optional(settings, "text"),
    )


def _flag(body: dict[str, Any], name: str, otherwise: bool) -> bool:
    value = body.get(name)
    if value is None:
        return otherwise
    if isinstance(value, str) and value.lower() in ("true", "false"):  # some LMSs write them as strings
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise BadClaim(f"{name} is neither true nor false")
    return value


def _custom(body: dict[str, Any]) -> dict[str, str]:
    """An LMS that cannot fill in a variable sends its name, "$Moodle.Person.userGroupIds": the same as nothing."""
    given = _object(body, CLAIM + "custom")
    return {
        str(name): value
        for name, value in given.items()
        if isinstance(value, str) and value and not value.startswith("$") and _is_sensible(value)
    }


def _groups(body: dict[str, Any]) -> list[str] | None:
    """In no group is an empty text (Moodle), which is not the same as an LMS that does not fill in the variable."""
    given = _object(body, CLAIM + "custom")
    for value in (given.get("groups"), given.get("sections")):
        if isinstance(value, str) and not value.startswith("$") and _is_sensible(value):
            return _listed(value)
    return None


def _moment(value: str | None) -> datetime | None:
    """ISO 8601 as the standard says (UTC where no zone is named), or Moodle's seconds since 1970, 0 for none.

    Whatever else an LMS may send is no date: nothing depends on it but a proposal.
    """
    text = (value or "").strip()
    try:
        if text.isdecimal() and len(text) > len("20261231"):
            found = datetime.fromtimestamp(int(text), UTC)
        else:
            found = datetime.fromisoformat(text)
            found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.year in _YEARS else None


def _listed(value: str | None) -> list[str]:
    """Ids in a custom parameter, separated by commas."""
    return [one for part in (value or "").split(",") if (one := part.strip())]


def check_times(body: dict[str, Any], now: float) -> None:
    """``exp`` and ``iat`` as OpenID Connect core 3.1.3.7 asks, ``nbf`` as RFC 7519 4.1.5, with a minute for clocks that
    differ.

    Raises BadClaim. ``now`` in seconds since 1970.
    """
    skew = 60
    oldest = 600  # a launch is answered within the ten minutes its login was open
    exp, iat = _number(body, "exp"), _number(body, "iat")
    if now >= exp + skew:
        raise BadClaim(f"exp passed {now - exp:.0f} seconds ago")
    if "nbf" in body and (wait := _number(body, "nbf") - now) > skew:
        raise BadClaim(f"nbf is {wait:.0f} seconds in the future")
    if iat > now + skew:
        raise BadClaim(f"iat is {iat - now:.0f} seconds in the future")
    if iat < now - oldest - skew:
        raise BadClaim(f"iat is {now - iat:.0f} seconds ago")


def check_audience(body: dict[str, Any], client_id: str) -> None:
    """``aud`` names this tool and nobody else, ``azp`` nobody else either (LTI security 5.1.3). Raises BadClaim."""
    aud = body.get("aud")
    audiences = aud if isinstance(aud, list) else [aud]
    if audiences != [client_id]:
        raise BadClaim("aud is not this tool alone")
    if "azp" in body and body["azp"] != client_id:
        raise BadClaim("azp is not this tool")


def _object(body: dict[str, Any], name: str, required: bool = False) -> dict[str, Any]:
    value = body.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise BadClaim(f"{_short(name)} is {'missing' if value is None else 'not an object'}")
    return value


def _required(body: dict[str, Any], name: str, label: str | None = None) -> str:
    value = _optional(body, name)
    if not value:
        raise BadClaim(f"{label or _short(name)} is missing")
    return value


def _optional(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadClaim(f"{_short(name)} is not a string")
    if value is not None and not _is_sensible(value):
        raise BadClaim(f"{_short(name)} is not a sensible string")
    return value


def _is_sensible(value: str) -> bool:
    """What a database can hold: no NUL, no half of a character (a lone surrogate), no book."""
    return "\x00" not in value and len(value) <= 4000 and value == value.encode(errors="ignore").decode()


def _strings(body: dict[str, Any], name: str, required: bool = False) -> list[str]:
    value = body.get(name)
    if value is None and not required:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) and _is_sensible(item) for item in value):
        raise BadClaim(f"{_short(name)} is {'missing' if value is None else 'not a list of strings'}")
    return value


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadClaim(f"{name} is {'missing' if value is None else 'not a number'}")
    try:
        number = float(value)
    except OverflowError as error:
        raise BadClaim(f"{name} is no time") from error
    if not math.isfinite(number):
        raise BadClaim(f"{name} is no time")
    return number


def _address(body: dict[str, Any], name: str) -> str | None:
    value = _optional(body, name)
    return value if value and value.startswith(("https://", "http://")) else None


def _full_name(body: dict[str, Any]) -> str | None:
    parts = [_optional(body, "given_name"), _optional(body, "family_name")]
    return _optional(body, "name") or " ".join(part for part in parts if part) or None


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]
