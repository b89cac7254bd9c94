"""An LMS in a test's hand: signs any launch, good or bad."""

import html
import json
import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient
from jwcrypto.jwk import JWK
from werkzeug.test import TestResponse

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"


@lru_cache
def private_key(name: str = "lms") -> str:
    """A key in PEM, made once a test process."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return encoded.decode()


@lru_cache
def _loaded(name: str) -> Any:
    """The key itself: reading it from PEM takes longer than all the rest of a launch."""
    return serialization.load_pem_private_key(private_key(name).encode(), password=None)


def public_jwk(name: str = "lms", kid: str | None = None) -> dict[str, Any]:
    """Its public half as a key set's entry."""
    made: dict[str, Any] = json.loads(JWK.from_pem(private_key(name).encode()).export_public())
    return {**made, "kid": kid or name, "alg": "RS256", "use": "sig"}


@dataclass
class Lms:
    """One LMS: what it says of itself, and launches by it."""

    issuer: str = "https://lms.example"
    client_id: str = "tool-1"
    deployment_id: str = "1"
    tool: str = "http://localhost:8000"
    key: str = "lms"
    extra: dict[str, Any] = field(default_factory=dict)

    def registration(self) -> dict[str, Any]:
        """Itself in ``lti_config.json``, its keys inline so that no HTTP is needed."""
        return {
            "client_id": self.client_id,
            "auth_login_url": self.issuer + "/auth",
            "auth_token_url": self.issuer + "/token",
            "auth_audience": None,
            "key_set_url": None,
            "key_set": {"keys": [public_jwk(self.key)]},
            "private_key_file": "keys/tool.pem",
            "public_key_file": "keys/tool.public.pem",
            "deployment_ids": [self.deployment_id],
            **self.extra,
        }

    def login(self, client: FlaskClient, **changes: str) -> TestResponse:
        """Third-party login initiation."""
        hints = {
            "iss": self.issuer,
            "client_id": self.client_id,
            "login_hint": "hint-1",
            "lti_message_hint": '{"cmid":2}',
            "lti_deployment_id": self.deployment_id,
            "target_link_uri": self.tool + "/lti/launch",
        }
        return client.get(
            "/lti/login", query_string={k: v for k, v in (hints | changes).items() if v}, base_url=self.tool
        )

    def claims(self, nonce: str, /, **changes: Any) -> dict[str, Any]:
        """A learner's launch; ``changes`` replace claims (short names are put in full), None removes one."""
        now = int(time.time())
        body: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": "ben",
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            "name": "Ben Claes",
            "given_name": "Ben",
            "family_name": "Claes",
            "email": "ben@example.org",
            CLAIM + "message_type": "LtiResourceLinkRequest",
            CLAIM + "version": "1.3.0",
            CLAIM + "deployment_id": self.deployment_id,
            CLAIM + "target_link_uri": self.tool + "/lti/launch",
            CLAIM + "roles": [MEMBERSHIP + "Learner"],
            CLAIM + "context": {"id": "course-1", "label": "C1", "title": "Course one", "type": ["CourseSection"]},
            CLAIM + "resource_link": {"id": "link-1", "title": "Join in"},
            CLAIM + "launch_presentation": {"document_target": "iframe", "locale": "en"},
        }
        short = {"message_type", "version", "deployment_id", "target_link_uri", "roles", "context", "resource_link"}
        short |= {"custom", "launch_presentation", "tool_platform"}
        for name, value in changes.items():
            key = CLAIM + name if name in short else {"ags": AGS + "claim/endpoint"}.get(name, name)
            body[key] = value
            if value is None:
                del body[key]
        return body

    def sign(self, body: Any, *, kid: str | None = "lms", key: str | None = None, alg: str = "RS256") -> str:
        """An id_token."""
        headers = {"kid": kid} if kid else {}
        secret = _loaded(key or self.key) if alg.startswith("RS") else "s" * 40
        # JWS over the bytes: the JWT layer would refuse to make some of the forgeries we need
        return jwt.PyJWS().encode(json.dumps(body).encode(), "" if alg == "none" else secret, alg, headers)

    def sign_bytes(self, content: bytes) -> str:
        """An id_token of exactly this content."""
        return jwt.PyJWS().encode(content, _loaded(self.key), "RS256", {"kid": self.key})

    def launch(self, client: FlaskClient, **changes: Any) -> TestResponse:
        """The whole way in."""
        state, nonce = self.begin(client)
        return self.answer(client, state, self.sign(self.claims(nonce, **changes), kid=self.key))

    def launch_without_cookies(self, client: FlaskClient, **changes: Any) -> TestResponse:
        """The whole way in with this LMS's own page keeping what else a cookie would, as the tool's modules do it."""
        page = self.login(client, lti_storage_target="_parent").text
        data = {name: html.unescape(value) for name, value in re.findall(r'data-([a-z]+)="([^"]*)"', page)}
        query = parse_qs(urlsplit(data["continue"]).query)
        token = self.sign(self.claims(query["nonce"][0], **changes), kid=self.key)
        form = {"state": query["state"][0], "id_token": token, "storage_secret": data["secret"]}
        return client.post("/lti/launch", data=form, base_url=self.tool, headers={"Origin": self.tool})

    def begin(self, client: FlaskClient, **changes: str) -> tuple[str, str]:
        """(state, nonce) of a login."""
        response = self.login(client, **changes)
        assert response.status_code == 302, response.text
        query = parse_qs(urlsplit(response.location).query)
        return query["state"][0], query["nonce"][0]

    def answer(self, client: FlaskClient, state: str, id_token: str) -> TestResponse:
        """The LMS's form post."""
        form = {"state": state, "id_token": id_token}
        return client.post("/lti/launch", data=form, base_url=self.tool)
