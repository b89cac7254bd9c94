"""A trainer in the LMS's dialog, and what comes of it."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import jwt
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import HERE, Actor, person
from tests.lms import MEMBERSHIP, Lms

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SETTINGS = DL + "deep_linking_settings"
RETURN = "https://lms.example/deep_linking?course=1&id=7"
USUAL = {
    "deep_link_return_url": RETURN,
    "accept_types": ["link", "ltiResourceLink"],
    "accept_presentation_document_targets": ["iframe", "window"],
    "accept_multiple": True,
    "accept_lineitem": True,
    "data": "opaque/+=ü",
}


def settings(**changes: Any) -> dict[str, Any]:
    """A request's settings; what is None is left out."""
    return {name: value for name, value in (USUAL | changes).items() if value is not None}


def claims(wanted: Any = None, **changes: Any) -> dict[str, Any]:
    """The claims that make a launch a deep linking request by tess."""
    return {
        "sub": "tess",
        "roles": [MEMBERSHIP + "Instructor"],
        **person("tess"),
        "message_type": "LtiDeepLinkingRequest",
        "resource_link": None,
        SETTINGS: settings() if wanted is None else wanted,
        **changes,
    }


def dialog(app: Flask, wanted: Any = None, lms: Lms = HERE, **changes: Any) -> Actor:
    """A trainer in a fresh dialog."""
    actor = Actor(app, lms, **claims(wanted, **changes))
    assert urlsplit(actor.launched.location).path == f"/s/{actor.seat}/placing"
    return actor


def ask(client: FlaskClient, wanted: Any, **changes: Any) -> TestResponse:
    """A request that may be refused."""
    return HERE.launch(client, **claims(wanted, **changes))


def sent(app: Flask, page: TestResponse) -> dict[str, Any]:
    """The answer the page posts to the LMS, its signature proved with our published keys."""
    assert page.status_code == 200, page.text
    found = re.search(r'name="JWT" value="([^"]+)"', page.text)
    assert found, page.text
    keys = jwt.PyJWKSet.from_dict(app.test_client().get("/lti/jwks").json)  # type: ignore[arg-type]
    key = keys[jwt.get_unverified_header(found[1])["kid"]]
    body: dict[str, Any] = jwt.decode(found[1], key, algorithms=["RS256"], audience=HERE.issuer)
    return body


def items(app: Flask, page: TestResponse) -> list[dict[str, Any]]:
    """The links in that answer."""
    found: list[dict[str, Any]] = sent(app, page)[DL + "content_items"]
    return found


def goal_of(page: TestResponse) -> str:
    """Where the page's form goes."""
    found = re.search(r'action="([^"]+)" data-send-at-once', page.text)
    assert found, page.text
    return unescape(found[1])


def launch(app: Flask, name: str, item: dict[str, Any], link: str = "placed-1", **changes: Any) -> Actor:
    """Somebody opens what was placed."""
    given = {
        "sub": name,
        "resource_link": {"id": link, "title": item["title"]},
        "custom": item["custom"],
        **person(name),
        **changes,
    }
    return Actor(app, HERE, **given)


def where(actor: Actor) -> str:
    """The page a launch led to, without its seat."""
    return actor.launched.location.removeprefix("http://localhost:8000").removeprefix(f"/s/{actor.seat}")


def heading(page: str) -> str:
    """The page's first heading."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
    return found[1].strip() if found else ""
