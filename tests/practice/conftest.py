"""A practice LMS, and a toy tool that signs what a tool signs."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask.testing import FlaskClient
from jwt.algorithms import RSAAlgorithm
from werkzeug.test import TestResponse

from sociallearn import clock
from sociallearn.practice.app import create_practice_lms
from sociallearn.practice.claims import SCOPES

LMS, TOOL = "http://127.0.0.1:9000", "http://localhost:8000"
CAPTURES = Path(__file__).parent / "captures"
KEYS = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]


def capture(name: str) -> Any:
    """What a real Moodle 4.5 sent or answered."""
    return json.loads((CAPTURES / f"{name}.json").read_text())


def fields(page: TestResponse) -> dict[str, str]:
    """The hidden fields of the page's form."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in found}


@dataclass
class ToyTool:
    """The tool's side of every message."""

    lms: Flask
    client: FlaskClient
    key: rsa.RSAPrivateKey = KEYS[0]
    kid: str = "toy-1"
    _tokens: dict[str, str] = field(default_factory=dict)
    _number: int = 0

    def key_set(self) -> dict[str, Any]:
        """Its public keys."""
        jwk = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**jwk, "kid": self.kid, "use": "sig", "alg": "RS256"}]}

    def sign(self, claims: dict[str, Any], key: rsa.RSAPrivateKey | None = None, kid: str | None = None) -> str:
        """A JWT; claims that are None are left out."""
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key or self.key, algorithm="RS256", headers={"kid": kid or self.kid})

    def assertion(self, **changes: Any) -> dict[str, Any]:
        """A client assertion's claims."""
        now, self._number = int(clock.now().timestamp()), self._number + 1
        return {
            "iss": "sociallearn-practice", "sub": "sociallearn-practice", "aud": f"{LMS}/token",
            "iat": now, "exp": now + 60, "jti": f"jti-{self._number}", **changes,
        }  # fmt: skip

    def ask_token(self, assertion: str | None = None, **changes: str) -> TestResponse:
        """POST /token."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.sign(self.assertion()),
            "scope": " ".join(SCOPES),
            **changes,
        }
        return self.client.post("/token", data=form)

    def call(
        self, method: str, url: str, *, media: str | None = None, scope: str | None = None, **more: Any
    ) -> TestResponse:
        """A service call with a token for one scope, or for all."""
        wanted = scope or " ".join(SCOPES)
        if wanted not in self._tokens:
            self._tokens[wanted] = self.ask_token(scope=wanted).json["access_token"]  # type: ignore[index]
        headers = {"Authorization": f"Bearer {self._tokens[wanted]}", **more.pop("headers", {})}
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if "json" in more:
            more["data"] = json.dumps(more.pop("json"))
            more["content_type"] = media
        elif media:
            headers["Accept"] = media
        return self.client.open(path, method=method, headers=headers, **more)

    def authorise(self, login: dict[str, str], **changes: str | None) -> TestResponse:
        """What the browser brings to /auth after the tool's redirect."""
        asked: dict[str, str | None] = {
            "scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none",
            "client_id": "sociallearn-practice", "redirect_uri": f"{TOOL}/lti/launch",
            "state": "the-state", "nonce": "the-nonce",
            "login_hint": login["login_hint"], "lti_message_hint": login["lti_message_hint"], **changes,
        }  # fmt: skip
        return self.client.get("/auth", query_string={k: v for k, v in asked.items() if v is not None})

    def launch(self, link: str = "praat-mee", person: str = "noor") -> dict[str, Any]:
        """A whole launch; the verified claims of the id_token."""
        login = fields(self.client.get(f"/launch/{link}?person={person}"))
        return self.verified(fields(self.authorise(login))["id_token"])

    def verified(self, id_token: str) -> dict[str, Any]:
        """The claims, signature checked with the platform's key set."""
        keys = jwt.PyJWKSet.from_dict(self.client.get("/jwks").json)  # type: ignore[arg-type]
        key = keys[jwt.get_unverified_header(id_token)["kid"]]
        unchecked = {"verify_exp": False, "verify_iat": False}
        claims: dict[str, Any] = jwt.decode(
            id_token, key, algorithms=["RS256"], audience="sociallearn-practice", options=unchecked
        )
        return claims


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a practice LMS makes on its first start: tables, courses, people, a key."""
    folder = tmp_path_factory.mktemp("furnished") / "lms"
    create_practice_lms(base_url=LMS, tool_url=TOOL, data_dir=folder).extensions["practice"].store.close()
    return folder


@pytest.fixture
def lms(tmp_path: Path, furnished: Path) -> Iterator[Flask]:
    """A fresh practice LMS."""
    shutil.copytree(furnished, tmp_path / "lms")
    app = create_practice_lms(base_url=LMS, tool_url=TOOL, data_dir=tmp_path / "lms")
    app.testing = True
    yield app
    app.extensions["practice"].store.close()


@pytest.fixture
def client(lms: Flask) -> FlaskClient:
    """A browser at the LMS."""
    return lms.test_client()


@pytest.fixture
def tool(lms: Flask) -> Iterator[ToyTool]:
    """The toy tool, whose key set can be fetched."""
    toy = ToyTool(lms, lms.test_client())
    with responses.RequestsMock(assert_all_requests_are_fired=False) as http:
        http.add_callback("GET", f"{TOOL}/lti/jwks", lambda _: (200, {}, json.dumps(toy.key_set())))
        yield toy


def as_person(client: FlaskClient, person: str, course: str = "smld-2026") -> FlaskClient:
    """Sign in at the LMS."""
    assert client.post("/sign-in", data={"person": person, "course": course}).status_code == 303
    return client
