"""A launch's claims with their types checked, so that nothing behind this file meets a surprise."""

import math
from dataclasses import dataclass
from typing import Any

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS_ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_SERVICE = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"


class BadClaim(ValueError):
    """A claim is missing or not of the type the standard says."""


@dataclass(frozen=True)
class Launch:
    """A proven launch of a resource link (LTI core 5.3 and 5.4)."""

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
    platform_name: str | None
    line_item_url: str | None
    line_items_url: str | None
    ags_scopes: list[str]
    memberships_url: str | None
    return_url: str | None


def parse(body: dict[str, Any], registration_id: int) -> Launch:
    """The claims of a resource link launch whose signature was already proved.

    Raises BadClaim naming the claim. A launch without a context (allowed by core 5.4.1) is a course of its own.
    """
    link = _object(body, CLAIM + "resource_link", required=True)
    context = _object(body, CLAIM + "context")
    presentation = _object(body, CLAIM + "launch_presentation")
    custom = _object(body, CLAIM + "custom")
    platform = _object(body, CLAIM + "tool_platform")
    ags = _object(body, AGS_ENDPOINT)
    nrps = _object(body, NRPS_SERVICE)
    link_id = _required(link, "id", "resource_link.id")
    link_title = _optional(link, "title") or ""
    return Launch(
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
        unit=_unit(custom),
        platform_name=_optional(platform, "name"),
        line_item_url=_address(ags, "lineitem"),
        line_items_url=_address(ags, "lineitems"),
        ags_scopes=_strings(ags, "scope"),
        memberships_url=_address(nrps, "context_memberships_url"),
        return_url=_address(presentation, "return_url"),
    )


def check_times(body: dict[str, Any], now: float) -> None:
    """``exp`` and ``iat`` as OpenID Connect core 3.1.3.7 asks, with a minute for clocks that differ.

    Raises BadClaim. ``now`` in seconds since 1970.
    """
    skew = 60
    oldest = 600  # a launch is answered within the ten minutes its login was open
    exp, iat = _number(body, "exp"), _number(body, "iat")
    if now >= exp + skew:
        raise BadClaim(f"exp passed {now - exp:.0f} seconds ago")
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
    if value is not None and ("\x00" in value or len(value) > 4000 or value != value.encode(errors="ignore").decode()):
        raise BadClaim(f"{_short(name)} is not a sensible string")
    return value


def _strings(body: dict[str, Any], name: str, required: bool = False) -> list[str]:
    value = body.get(name)
    if value is None and not required:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
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


def _unit(custom: dict[str, Any]) -> str | None:
    value = custom.get("unit")
    # an LMS that cannot fill in a variable sends its name: "$Moodle.Course.GroupIds"
    return value if isinstance(value, str) and not value.startswith("$") else None


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]
