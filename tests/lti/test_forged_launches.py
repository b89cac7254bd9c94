"""Forged and broken launches, each by name: none comes in, none crashes, each is told in words, nothing is written.

``test_launching.py`` tries the 1EdTech conformance table; here stands what forgers try and what LMSs get wrong beyond.
After each, whoever began that launch honestly still comes in: nothing of theirs was spent.
"""

import base64
import hashlib
import hmac
import io
import json
import re
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from flask import Flask
from flask.testing import FlaskClient
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from sqlalchemy import func, null, select, update
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.lti import keys
from sociallearn.lti.models import ContentRequest, Deployment, LoginState, Registration
from sociallearn.roster.models import Cohort, Group, Member, Organisation, Person, Placement, Seat, Unit
from tests.conftest import ELSEWHERE, HERE, joined
from tests.lms import CLAIM, MEMBERSHIP, Lms, private_key, public_jwk

pytestmark = pytest.mark.alike

TOOL = "http://localhost:8000"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
SETTINGS = {"deep_link_return_url": "https://lms.example/back", "accept_types": ["ltiResourceLink"]}
SETTINGS |= {"accept_presentation_document_targets": ["iframe"]}

# A neighbour under the same issuer (as hosted Canvases are), and one whose keys are its own.
NEIGHBOUR = Lms(client_id="tool-3", deployment_id="Dep-A", key="neighbour")
THIRD = Lms(issuer="https://third.example", client_id="tool-4", key="third")

WRITTEN = (Person, Member, Seat, Cohort, Placement, Organisation, Unit, Group, ContentRequest, Deployment)


@dataclass
class Attempt:
    """An honest login of somebody's, and the forger's hand on what comes next."""

    app: Flask
    browser: FlaskClient
    state: str
    nonce: str
    lms: Lms = field(default_factory=lambda: HERE)
    http: responses.RequestsMock | None = None  # what may be asked over the network; nothing by itself
    closed: list[str] = field(default_factory=list)  # why the honest launch cannot follow

    def claims(self, **changes: Any) -> dict[str, Any]:
        """An honest launch's claims but for these."""
        return self.lms.claims(self.nonce, **changes)

    def post(self, token: Any, **form: Any) -> TestResponse:
        """The LMS's form, with whatever token."""
        data = {"state": self.state, "id_token": token, **form}
        return self.browser.post("/lti/launch", data=data, base_url=TOOL)

    def say(self, **changes: Any) -> TestResponse:
        """Properly signed, and wrong in what it says."""
        return self.post(self.lms.sign(self.claims(**changes), kid=self.lms.key))

    def raw(self, body: bytes) -> TestResponse:
        """Properly signed bytes."""
        return self.post(_rs256({"alg": "RS256", "kid": "lms"}, body))

    def header(self, key: str = "forger", **changes: Any) -> TestResponse:
        """Another header over an honest launch; signed by the forger unless said otherwise."""
        header = {"alg": "RS256", "kid": "lms", "typ": "JWT"} | changes
        return self.post(_rs256(header, _json(self.claims()), key))


Case = Callable[[Attempt], TestResponse]


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _json(content: Any) -> bytes:
    return json.dumps(content).encode()


def _token(header: Any, body: bytes, sign: Callable[[bytes], bytes]) -> str:
    head = header if isinstance(header, bytes) else _json(header)
    signed = f"{_b64(head)}.{_b64(body)}"
    return f"{signed}.{_b64(sign(signed.encode()))}"


@lru_cache
def _loaded(name: str) -> Any:
    return serialization.load_pem_private_key(private_key(name).encode(), None)


def _rs256(header: Any, body: bytes, key: str = "lms") -> str:
    algorithm = jwt.get_algorithm_by_name("RS256")
    return _token(header, body, lambda content: algorithm.sign(content, _loaded(key)))


def _by(name: str, key: Any, header: dict[str, Any] | None = None) -> Case:
    """Signed by another algorithm, and saying so."""
    algorithm = jwt.get_algorithm_by_name(name)
    return lambda at: at.post(
        _token({"alg": name, "kid": "lms"} | (header or {}), _json(at.claims()), lambda c: algorithm.sign(c, key))
    )


def _hmac(secret: bytes, header: dict[str, Any] | None = None) -> Case:
    """The oldest trick: what everybody may read (a public key) used as if it were a shared secret."""
    head = {"alg": "HS256", "kid": "lms"} | (header or {})
    return lambda at: at.post(
        _token(head, _json(at.claims()), lambda content: hmac.new(secret, content, hashlib.sha256).digest())
    )


def _public_pem(name: str = "lms") -> bytes:
    return bytes(JWK.from_pem(private_key(name).encode()).export_to_pem())


EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
RSA_KEY = _loaded("lms")
FORGER_JWK = public_jwk("forger", "lms")
HUGE = "a" * 5_000_000

HEADERS: dict[str, Case] = {
    "HS256 with the LMS's public key as secret": _hmac(_public_pem()),
    "HS256 with the public key as DER": _hmac(
        JWK.from_pem(private_key("lms").encode())
        .get_op_key("verify")
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    ),
    "HS256 with the key set's modulus": _hmac(public_jwk()["n"].encode()),
    "HS256 with no secret": _hmac(b""),
    "HS256 that says it is RS256": _hmac(_public_pem(), {"alg": "RS256"}),
    "RS512": _by("RS512", RSA_KEY),
    "PS256": _by("PS256", RSA_KEY),
    "ES256": _by("ES256", EC_KEY),
    "ES256 that says it is RS256": _by("ES256", EC_KEY, {"alg": "RS256"}),
    "EdDSA": _by("EdDSA", ED_KEY),
    "none in capitals": lambda at: at.post(_token({"alg": "NONE", "kid": "lms"}, _json(at.claims()), lambda _: b"")),
    "none in mixed letters": lambda at: at.post(_token({"alg": "nOnE"}, _json(at.claims()), lambda _: b"")),
    "RS256 without a signature": lambda at: at.post(
        _token({"alg": "RS256", "kid": "lms"}, _json(at.claims()), lambda _: b"")
    ),
    "a signature of zeros": lambda at: at.post(
        _token({"alg": "RS256", "kid": "lms"}, _json(at.claims()), lambda _: bytes(256))
    ),
    "a signature of another launch": lambda at: at.post(_grafted(at)),
    "algorithm in small letters": lambda at: at.header("lms", alg="rs256"),
    "algorithm as a list": lambda at: at.header("lms", alg=["RS256"]),
    "algorithm as a number": lambda at: at.header("lms", alg=256),
    "no algorithm": lambda at: at.header("lms", alg=None),
    "key id as a path": lambda at: at.header(kid="../../keys/tool.pem"),
    "key id as an address": lambda at: at.header(kid="https://evil.example/keys.json"),
    "key id with SQL": lambda at: at.header(kid="' OR 1=1 --"),
    "key id empty": lambda at: at.header(kid=""),
    "key id as a list": lambda at: at.header(kid=["lms"]),
    "key id as an object": lambda at: at.header(kid={"lms": 1}),
    "key id as a number": lambda at: at.header(kid=1),
    "key id as null": lambda at: at.header("lms", kid=None),
    "key id of five megabytes": lambda at: at.header(kid=HUGE),
    "key id with NUL": lambda at: at.header("lms", kid="lms\x00"),
    "key id with half a character": lambda at: at.header("lms", kid="\ud800"),
    "key id twice, the last unknown": lambda at: at.post(
        _rs256(b'{"alg":"RS256","kid":"lms","kid":"other"}', _json(at.claims()))
    ),
    "algorithm twice, the last none": lambda at: at.post(
        _token(b'{"alg":"RS256","kid":"lms","alg":"none"}', _json(at.claims()), lambda _: b"")
    ),
    "its own key in the header (jwk)": lambda at: at.header(jwk=FORGER_JWK),
    "its own key set in the header (jku)": lambda at: at.header(jku="https://evil.example/keys.json"),
    "its own certificate in the header (x5u)": lambda at: at.header(x5u="https://evil.example/cert.pem"),
    "its own certificate chain (x5c)": lambda at: at.header(x5c=["MIIB", "MIIC"]),
    "a critical extension nobody knows": lambda at: at.header("lms", crit=["example"], example=True),
    "critical as a string": lambda at: at.header("lms", crit="exp"),
    "not encoded (b64: false)": lambda at: at.header("lms", crit=["b64"], b64=False),
    "a header that is a list": lambda at: at.post(_rs256(b"[1]", _json(at.claims()))),
    "a header that is null": lambda at: at.post(_rs256(b"null", _json(at.claims()))),
    "a header nested a hundred thousand deep": lambda at: at.post(_rs256(b'{"a":' * 100_000, _json(at.claims()))),
    "key of another registration": lambda at: at.header("third"),
    "key and key id of another registration": lambda at: at.header("third", kid="third"),
    "key of a neighbour under the same issuer": lambda at: at.header("neighbour", kid="neighbour"),
    "signed by ourselves": lambda at: _by_the_tool(at),
}


def _grafted(at: Attempt) -> str:
    mine, other = (HERE.sign(at.claims(sub=sub)) for sub in ("trainer", "ben"))
    return mine.rpartition(".")[0] + "." + other.rpartition(".")[2]


def _by_the_tool(at: Attempt) -> TestResponse:
    """Whoever gets one of our own messages signed must not be able to send it back."""
    with at.app.app_context():
        key = keys.signing_key(db.session.scalars(select(Registration).filter_by(client_id="tool-1")).one())
    return at.post(jwt.encode(at.claims(), key.private_pem, "RS256", {"kid": key.kid}))


TOKENS: dict[str, Case] = {
    "four parts": lambda at: at.post(HERE.sign(at.claims()) + ".x"),
    "two parts of three": lambda at: at.post(HERE.sign(at.claims()).rpartition(".")[0]),
    "one dot": lambda at: at.post("."),
    "base64 of rubbish": lambda at: at.post(".".join(3 * [_b64(bytes(range(256)))])),
    "dots only": lambda at: at.post("." * 100_000),
    "encrypted (JWE)": lambda at: at.post(_encrypted(at)),
    "in JSON form": lambda at: at.post(json.dumps({"payload": _b64(_json(at.claims())), "signatures": []})),
    "nested in another token": lambda at: at.raw(HERE.sign(at.claims()).encode()),
    "nested, and saying so": lambda at: at.post(
        _rs256({"alg": "RS256", "kid": "lms", "cty": "JWT"}, _json(HERE.sign(at.claims())))
    ),
    "compressed": lambda at: at.post(
        _rs256({"alg": "RS256", "kid": "lms", "zip": "DEF"}, zlib.compress(_json(at.claims())))
    ),
    "a compressed megabyte of zeros": lambda at: at.raw(zlib.compress(bytes(1_000_000))),
    "claims as a list": lambda at: at.raw(_json([at.claims()])),
    "claims as a string": lambda at: at.raw(b'"hello"'),
    "claims as a number": lambda at: at.raw(b"1e400"),
    "claims empty": lambda at: at.raw(b"{}"),
    "claims in Latin-1": lambda at: at.raw(b'{"sub": "Jos\xe9"}'),
    "claims cut off": lambda at: at.raw(_json(at.claims())[:-40]),
    "claims nested a hundred thousand deep": lambda at: at.raw(_json(at.claims())[:-1] + b',"x":' + b"[" * 100_000),
    "closed brackets as deep": lambda at: at.raw(b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
    "nonce twice, the last made up": lambda at: at.raw(_json(at.claims())[:-1] + b',"nonce":"made-up"}'),
    "audience twice, the last another tool": lambda at: at.raw(_json(at.claims())[:-1] + b',"aud":"tool-9"}'),
    "issuer twice, the last another": lambda at: at.raw(_json(at.claims())[:-1] + b',"iss":"https://evil.example"}'),
    "an access token": lambda at: at.post(
        HERE.sign({"sub": "tool-1", "iss": HERE.issuer, "aud": "tool-1", "scopes": "x", **_times()})
    ),
    "our own token request": lambda at: at.post(
        HERE.sign({"iss": "tool-1", "sub": "tool-1", "aud": "https://lms.example/token", "jti": "1", **_times()})
    ),
}


def _encrypted(at: Attempt) -> str:
    made = JWE(_json(at.claims()), json.dumps({"alg": "RSA-OAEP", "enc": "A256GCM", "kid": "lms"}))
    made.add_recipient(JWK.from_json(json.dumps({**public_jwk(), "use": "enc", "alg": "RSA-OAEP"})))
    return str(made.serialize(compact=True))


def _times() -> dict[str, int]:
    now = int(time.time())
    return {"iat": now, "exp": now + 60}


def _says(**claims: Any) -> Case:
    return lambda at: at.say(**claims)


def _in_time(**seconds: int) -> Case:
    return lambda at: at.say(**{name: int(time.time()) + value for name, value in seconds.items()})


def _link(**link: Any) -> Case:
    return _says(resource_link=link)


def _choosing(settings: Any, **more: Any) -> Case:
    body = {"message_type": "LtiDeepLinkingRequest", "resource_link": None, "roles": [MEMBERSHIP + "Instructor"]}
    return _says(**body, **{DEEP_LINKING + "deep_linking_settings": settings}, **more)


def _reviewing(for_user: Any) -> Case:
    named = {CLAIM + "for_user": for_user}
    return _says(message_type="LtiSubmissionReviewRequest", roles=[MEMBERSHIP + "Instructor"], **named)


CLAIMS: dict[str, Case] = {
    "audience empty": _says(aud=[]),
    "audience as nested lists": _says(aud=[["tool-1"]]),
    "audience twice ours": _says(aud=["tool-1", "tool-1"]),
    "audience in capitals": _says(aud="TOOL-1"),
    "audience null": _says(aud=[None]),
    "the second audience is ours": _says(aud=["tool-9", "tool-1"], azp="tool-1"),
    "audience of the neighbour": _says(aud="tool-3"),
    "authorised party as a list": _says(azp=["tool-1"]),
    "authorised party empty": _says(azp=""),
    "issuer with a slash": _says(iss="https://lms.example/"),
    "issuer in capitals": _says(iss="HTTPS://LMS.EXAMPLE"),
    "issuer as a number": _says(iss=1),
    "expires as a string of digits": _says(exp="99999999999"),
    "expires never (1e400)": lambda at: at.raw(_json(at.claims(exp=1)).replace(b'"exp": 1', b'"exp": 1e400')),
    "expires at NaN": lambda at: at.raw(_json(at.claims(exp=1)).replace(b'"exp": 1', b'"exp": NaN')),
    "expires before 1970": _says(exp=-1),
    "expires at zero": _says(exp=0),
    "expires as a list": _says(exp=[99999999999]),
    "expires in five thousand digits": lambda at: at.raw(
        _json(at.claims(exp=1)).replace(b'"exp": 1', b'"exp": ' + b"9" * 5000)
    ),
    "issued as a string": _says(iat="now"),
    "issued before 1970": _says(iat=-1e9),
    "issued at minus infinity": _says(iat=float("-inf")),
    "issued yesterday": _in_time(iat=-86400),
    "issued in two minutes": _in_time(iat=120, exp=240),
    "not to be used before tomorrow": _in_time(nbf=86400),
    "not before as a string": _says(nbf="tomorrow"),
    "nonce empty": _says(nonce=""),
    "nonce as a number": _says(nonce=7),
    "nonce as an object": _says(nonce={"x": 1}),
    "nonce true": _says(nonce=True),
    "nonce with a blank": lambda at: at.say(nonce=at.nonce + " "),
    "nonce of somebody else's login": lambda at: at.say(nonce=HERE.begin(at.app.test_client())[1]),
    "nonce of this browser's other login": lambda at: at.say(nonce=HERE.begin(at.browser)[1]),
    "the state as nonce": lambda at: at.say(nonce=at.state),
    "deployment of the neighbour": _says(deployment_id="Dep-A"),
    "deployment as an object": _says(deployment_id={"id": "1"}),
    "deployment empty": _says(deployment_id=""),
    "deployment of five megabytes": _says(deployment_id=HUGE),
    "deployment with NUL": _says(deployment_id="1\x00"),
    "deployment with half a character": _says(deployment_id="\ud800"),
    "version 1.3": _says(version="1.3"),
    "version as a number": _says(version=1.3),
    "version as a list": _says(version=["1.3.0"]),
    "version LTI-1p0": _says(version="LTI-1p0"),
    "message in small letters": _says(message_type="ltiresourcelinkrequest"),
    "message as a list": _says(message_type=["LtiResourceLinkRequest"]),
    "message as a number": _says(message_type=7),
    "message for proctoring": _says(message_type="LtiStartProctoring"),
    "message for privacy": _says(message_type="DataPrivacyLaunchRequest"),
    "message from a tool": _says(message_type="LtiDeepLinkingResponse"),
    "roles as an object": _says(roles={"0": MEMBERSHIP + "Instructor"}),
    "roles as numbers": _says(roles=[1, 2]),
    "roles with null": _says(roles=[MEMBERSHIP + "Learner", None]),
    "roles in lists": _says(roles=[[MEMBERSHIP + "Instructor"]]),
    "roles with half a character": _says(roles=[MEMBERSHIP + "Instructor\ud800"]),
    "resource link as a list": _says(resource_link=[{"id": "link-1"}]),
    "resource link empty": _link(),
    "resource link id empty": _link(id=""),
    "resource link id as an object": _link(id={"x": 1}),
    "resource link id null": _link(id=None),
    "resource link id of five megabytes": _link(id=HUGE),
    "resource link id with NUL": _link(id="link\x00"),
    "resource link id with half a character": _link(id="link\udfff"),
    "resource link title as a list": _link(id="link-1", title=["Join"]),
    "context as a list": _says(context=["course-1"]),
    "context id as a number": _says(context={"id": 2}),
    "context id empty": _says(context={"id": ""}),
    "context id with NUL": _says(context={"id": "course\x00"}),
    "context id with half a character": _says(context={"id": "\ud83d"}),
    "context id of five megabytes": _says(context={"id": HUGE}),
    "context title as a number": _says(context={"id": "course-1", "title": 5}),
    "person as a list": _says(sub=["ben"]),
    "person true": _says(sub=True),
    "person with NUL": _says(sub="ben\x00"),
    "person with half a character": _says(sub="\ud800ben"),
    "person of five megabytes": _says(sub=HUGE),
    "name as an object": _says(name={"first": "Ben"}),
    "name with half a character": _says(name="Ben \ud800"),
    "email as a list": _says(email=["ben@example.org"]),
    "given name as a number": _says(given_name=5),
    "custom as a string": _says(custom="unit=7"),
    "presentation as a list": _says(launch_presentation=["iframe"]),
    "locale as a number": _says(launch_presentation={"locale": 5}),
    "platform as a string": _says(tool_platform="Moodle"),
    "platform name as a number": _says(tool_platform={"name": 5}),
    "grade service as a list": _says(ags=["https://lms.example/1"]),
    "grade column as a number": _says(ags={"scope": [], "lineitem": 7}),
    "grade scopes as numbers": _says(ags={"scope": [1], "lineitem": "https://lms.example/1"}),
    "grade scopes with half a character": _says(ags={"scope": ["\ud800"], "lineitem": "https://lms.example/1"}),
    "people service as a string": _says(**{NRPS: "https://lms.example/people"}),
    "people service address as a list": _says(**{NRPS: {"context_memberships_url": ["https://lms.example"]}}),
    "target on another host": _says(target_link_uri="http://localhost:8000.evil.example/lti/launch"),
    "target with a user name": _says(target_link_uri="http://ben@localhost:8000/lti/launch"),
    "target by another scheme": _says(target_link_uri="https://localhost:8000/lti/launch"),
    "target as a script": _says(target_link_uri="javascript:alert(1)"),
    "target without a host": _says(target_link_uri="/lti/launch"),
    "target with a slash more": _says(target_link_uri=TOOL + "/lti/launch/"),
    "target with a query of its own": _says(target_link_uri=TOOL + "/lti/launch?room=ideas"),
    "target as a list": _says(target_link_uri=[TOOL + "/lti/launch"]),
    "target empty": _says(target_link_uri=""),
    "choosing without settings": _choosing(None),
    "choosing with settings as a list": _choosing(["x"]),
    "choosing without a return address": _choosing(SETTINGS | {"deep_link_return_url": None}),
    "choosing with a script to return to": _choosing(SETTINGS | {"deep_link_return_url": "javascript:alert(1)"}),
    "choosing without types": _choosing(SETTINGS | {"accept_types": None}),
    "choosing with types as a string": _choosing(SETTINGS | {"accept_types": "ltiResourceLink"}),
    "choosing with several as a number": _choosing(SETTINGS | {"accept_multiple": 7}),
    "choosing with data as an object": _choosing(SETTINGS | {"data": {"csrf": 1}}),
    "choosing in no course": _choosing(SETTINGS, context=None),
    "review of nobody": _reviewing(None),
    "review of a name": _reviewing("cleo"),
    "review without a user id": _reviewing({"name": "Cleo"}),
    "review of a number": _reviewing({"user_id": 7}),
}


def _form(**form: Any) -> Case:
    """Another form around an honest token."""
    return lambda at: at.post(HERE.sign(at.claims()), **form)


def _fields(at: Attempt, *pairs: tuple[str, str]) -> TestResponse:
    return at.browser.post("/lti/launch", data=MultiDict(pairs), base_url=TOOL)


def _sent(method: str = "POST", as_query: bool = False, **how: Any) -> Case:
    """An honest token sent in another way."""

    def send(at: Attempt) -> TestResponse:
        form = {"state": at.state, "id_token": HERE.sign(at.claims())}
        content: dict[str, Any] = {"query_string": form} if as_query else {"data": json.dumps(form)}
        return at.browser.open("/lti/launch", method=method, base_url=TOOL, **(content | how))

    return send


FORMS: dict[str, Case] = {
    "state unknown": _form(state="made-up"),
    "state empty": _form(state=""),
    "state of five megabytes": _form(state=HUGE),
    "state with SQL": _form(state="' OR 1=1 --"),
    "state cut short": lambda at: at.post(HERE.sign(at.claims()), state=at.state[:-1]),
    "state of somebody else's login": lambda at: at.post(
        HERE.sign(at.claims()), state=HERE.begin(at.app.test_client())[0]
    ),
    "another browser": lambda at: _from(at.app.test_client(), at),
    "another browser, with a secret made up": lambda at: _from(at.app.test_client(), at, storage_secret="0" * 64),
    "another LMS's launch with this state": lambda at: at.post(THIRD.sign(THIRD.claims(at.nonce), kid="third")),
    "the neighbour's launch with this state": lambda at: at.post(
        NEIGHBOUR.sign(NEIGHBOUR.claims(at.nonce), kid="neighbour")
    ),
    "token twice, the forged one first": lambda at: _fields(
        at,
        ("state", at.state),
        ("id_token", HERE.sign(at.claims(sub="x"), key="forger")),
        ("id_token", HERE.sign(at.claims())),
    ),
    "state twice, the unknown one first": lambda at: _fields(
        at, ("state", "made-up"), ("state", at.state), ("id_token", HERE.sign(at.claims()))
    ),
    "fields with brackets": lambda at: _fields(at, ("state[]", at.state), ("id_token[]", HERE.sign(at.claims()))),
    "fields in capitals": lambda at: _fields(at, ("STATE", at.state), ("ID_TOKEN", HERE.sign(at.claims()))),
    "in the address": _sent(as_query=True),
    "by GET": _sent("GET", as_query=True),
    "by PUT": _sent("PUT", content_type="application/x-www-form-urlencoded"),
    "by DELETE": _sent("DELETE"),
    "as JSON": _sent(content_type="application/json"),
    "as plain text": _sent(content_type="text/plain"),
    "as no type at all": _sent(content_type=""),
    "as a file": lambda at: at.browser.post(
        "/lti/launch",
        data={"state": at.state, "id_token": (io.BytesIO(HERE.sign(at.claims()).encode()), "token")},
        base_url=TOOL,
    ),
    "a form of several parts, cut off": _sent(content_type="multipart/form-data; boundary=x", data=b"--x\r\nhalf"),
    "twelve megabytes": lambda at: at.post("a" * 12_000_000),
    "NUL in the token": lambda at: at.post(HERE.sign(at.claims()) + "\x00"),
    "the LMS says no": lambda at: _fields(at, ("state", at.state), ("error", "login_required")),
    "the LMS says no with HTML": lambda at: _fields(
        at, ("state", at.state), ("error", "x"), ("error_description", "<script>alert(1)</script><h1>You won</h1>")
    ),
    "the LMS says no, for a megabyte": lambda at: _fields(
        at, ("state", at.state), ("error", "x"), ("error_description", "<b>" * 400_000)
    ),
    "the LMS says no and yes": _form(error="access_denied"),
    "the LMS says nothing of its no": _form(error=""),
}


def _from(browser: FlaskClient, at: Attempt, **form: str) -> TestResponse:
    data = {"state": at.state, "id_token": HERE.sign(at.claims()), **form}
    return browser.post("/lti/launch", data=data, base_url=TOOL, headers={"Origin": TOOL})


def _spent(at: Attempt, reason: str) -> None:
    at.closed.append(reason)


def _again(at: Attempt) -> TestResponse:
    """All of it kept, cookie too, and sent once more: by then somebody else sits in the seat."""
    token = HERE.sign(at.claims())
    kept = [(cookie.key, cookie.value) for cookie in at.browser._cookies.values()]
    other = at.app.test_client()
    for name, value in kept:
        other.set_cookie(name, value, secure=True)
    assert at.post(token).status_code == 303
    _spent(at, "used")
    return _as(at, other).post(token)


def _as(at: Attempt, browser: FlaskClient) -> Attempt:
    return Attempt(at.app, browser, at.state, at.nonce)


def _with_another(at: Attempt) -> TestResponse:
    """A used token of one's own with a new state."""
    token = HERE.sign(at.claims())
    assert at.post(token).status_code == 303
    at.state, at.nonce = HERE.begin(at.browser)
    return at.post(token)


def _late(at: Attempt) -> TestResponse:
    with at.app.app_context(), transaction() as session:
        row = session.get_one(LoginState, at.state)
        row.expires_at = row.expires_at.replace(year=2001)
    _spent(at, "expired")
    return at.post(HERE.sign(at.claims()))


def _registration(**values: Any) -> Case:
    """The LMS is switched off, or changed, between the login and its answer."""

    def go(at: Attempt) -> TestResponse:
        with at.app.app_context(), transaction() as session:
            session.execute(update(Registration).filter_by(issuer=HERE.issuer, client_id="tool-1").values(**values))
        _spent(at, "switched off")
        return at.post(HERE.sign(at.claims()))

    return go


def _waiting(at: Attempt) -> TestResponse:
    """A deployment nobody has confirmed yet."""
    with at.app.app_context(), transaction() as session:
        row = session.scalars(select(Registration).filter_by(client_id="tool-1", issuer=HERE.issuer)).one()
        session.add(Deployment(registration_id=row.id, deployment_id="new", confirmed_at=null()))
    return at.say(deployment_id="new")


def _unheard_of(at: Attempt) -> TestResponse:
    """An LMS registered by link launches from where nobody expected it: that waits for an administrator's word."""
    with at.app.app_context(), transaction() as session:
        session.execute(update(Registration).filter_by(issuer=HERE.issuer, client_id="tool-1").values(source="link"))
    return at.say(deployment_id="unheard-of")


def _in_other_letters(at: Attempt) -> TestResponse:
    at.lms = NEIGHBOUR
    at.state, at.nonce = NEIGHBOUR.begin(at.browser)
    return at.say(deployment_id="dep-a")


def _of_the_lms(answer: dict[str, Any]) -> Case:
    """The LMS's own key set is what is broken."""

    def go(at: Attempt) -> TestResponse:
        with at.app.app_context(), transaction() as session:
            statement = update(Registration).filter_by(issuer=HERE.issuer, client_id="tool-1")
            session.execute(statement.values(key_set=None, key_set_url="https://lms.example/jwks"))
        _spent(at, "no keys")
        assert at.http is not None
        at.http.get("https://lms.example/jwks", **answer)
        return at.post(HERE.sign(at.claims()))

    return go


def _set_of(*jwks: Any) -> dict[str, Any]:
    return {"json": {"keys": list(jwks)}}


EC_JWK = json.loads(JWK.from_pyca(EC_KEY).export_public()) | {"kid": "lms"}

SITUATIONS: dict[str, Case] = {
    "the same launch again": _again,
    "a used token with a new state": _with_another,
    "a login too long ago": _late,
    "a registration removed meanwhile": _registration(is_active=False),
    "a registration paused meanwhile": lambda at: _paused(at),
    "a registration whose keys are gone": _registration(key_set={"keys": []}),
    "a deployment waiting to be confirmed": _waiting,
    "a deployment unheard of": _unheard_of,
    "a deployment in other letters": _in_other_letters,
    "choosing by a learner": lambda at: _choosing_and_spent(at, [MEMBERSHIP + "Learner"], SETTINGS),
    "choosing that would answer elsewhere": lambda at: _choosing_and_spent(
        at, [MEMBERSHIP + "Instructor"], SETTINGS | {"deep_link_return_url": "https://evil.example/steal"}
    ),
    "choosing that would answer next door": lambda at: _choosing_and_spent(
        at, [MEMBERSHIP + "Instructor"], SETTINGS | {"deep_link_return_url": "https://lms.example.evil.example/"}
    ),
    "a key set that is a page": _of_the_lms({"body": "<html>Log in</html>"}),
    "a key set that is a list": _of_the_lms({"json": [public_jwk()]}),
    "a key set that is missing": _of_the_lms({"status": 404}),
    "a key set that is down": _of_the_lms({"status": 503}),
    "a key set without end": _of_the_lms({"body": b'{"keys": [' + b" " * 3_000_000 + b"]}"}),
    "a key set nested deep": _of_the_lms({"body": b'{"keys":' + b"[" * 100_000}),
    "a key set of an elliptic curve": _of_the_lms(_set_of(EC_JWK)),
    "a key set of an elliptic curve that says RS256": _of_the_lms(_set_of(EC_JWK | {"alg": "RS256"})),
    "a key set of a shared secret": _of_the_lms(_set_of({"kty": "oct", "k": "c2VjcmV0", "kid": "lms"})),
    "a key set without a modulus": _of_the_lms(_set_of({"kty": "RSA", "kid": "lms", "alg": "RS256"})),
    "a key set of odd things": _of_the_lms(_set_of(None, 7, "x", [], {"kid": ["lms"]}, {"kid": "lms", "kty": 7})),
    "a key of another name": _of_the_lms(_set_of(public_jwk("lms", "other"))),
    "a key for encryption alone": _of_the_lms(_set_of(public_jwk() | {"alg": "RSA-OAEP"})),
}


def _paused(at: Attempt) -> TestResponse:
    return _registration(paused_at=clock.now())(at)


def _choosing_and_spent(at: Attempt, roles: list[str], settings: dict[str, Any]) -> TestResponse:
    """These are the LMS's own, and used when they are refused."""
    _spent(at, "used")
    body = {"message_type": "LtiDeepLinkingRequest", "resource_link": None, "roles": roles}
    return at.say(**body, **{DEEP_LINKING + "deep_linking_settings": settings})


FORGED = HEADERS | TOKENS | CLAIMS | FORMS | SITUATIONS


@pytest.fixture(scope="module")
def neighbours(stage: Flask) -> Iterator[None]:
    """Another registration under the same issuer, and another LMS."""
    with joined(stage, NEIGHBOUR, THIRD):
        yield


@pytest.fixture
def world(neighbours: None, app: Flask) -> Flask:
    """The app with neighbours, on an empty database."""
    return app


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    """Nothing goes out to the network, but where a case says what answers."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def _rows(app: Flask) -> dict[str, int]:
    with app.app_context():
        return {model.__name__: db.session.scalar(select(func.count()).select_from(model)) or 0 for model in WRITTEN}


RAW = re.compile(
    r"\b(JWT|JWS|JWE|JWK|NoneType|Traceback|Exception|KeyError|TypeError|ValueError|BadClaim|LtiException|None|"
    r"nonce|id_token|claim|claims|payload|deployment_id|target_link_uri|SELECT|sqlalchemy|psycopg)\b"
)


def assert_told_in_words(response: TestResponse) -> None:
    """A heading, what to do next, a reference to tell; no program's words."""
    page = response.text
    heading = re.search(r"<h1[^>]*>(.+?)</h1>", page, re.S)
    assert heading, page[:500]
    assert len(heading[1].split()) >= 4, heading[1]
    main = page[page.index("<h1") : page.index("</section>")]
    paragraphs = [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r"<p[^>]*>(.*?)</p>", main, re.S)]
    assert any(len(one.split()) >= 3 for one in paragraphs[:-1]), paragraphs
    assert re.search(rf"Error {response.status_code} · reference [0-9a-f]{{8}}", paragraphs[-1]), paragraphs
    text = re.sub(r"<[^>]+>", " ", main)
    assert not RAW.search(text), text
    assert "<script>alert" not in page
    assert len(page) < 20_000


@pytest.mark.parametrize("case", FORGED)
def test_nothing_forged_or_broken_comes_in(
    world: Flask, client: FlaskClient, http: responses.RequestsMock, case: str
) -> None:
    state, nonce = HERE.begin(client)
    attempt = Attempt(world, client, state, nonce, http=http)
    before = _rows(world)
    if case in ("the same launch again", "a used token with a new state"):
        before |= {name: 1 for name in ("Person", "Member", "Seat", "Cohort", "Placement", "Organisation")}
    response = FORGED[case](attempt)
    assert 400 <= response.status_code < 500, (case, response.status_code, response.text[:300])
    assert_told_in_words(response)
    assert not any("seat" in cookie for cookie in response.headers.getlist("Set-Cookie"))
    after = _rows(world)
    if case in ("a deployment waiting to be confirmed", "a deployment unheard of"):
        before["Deployment"] += 1
    assert after == before
    if not attempt.closed:
        honest = attempt.say()
        assert honest.status_code == 303, honest.text


ODD_PARAMETERS: dict[str, Any] = {
    "NUL": "a\x00b",
    "half a character": "a\ud800b",
    "a megabyte": "a" * 1_000_000,
    "a number": 7,
    "a list": ["x"],
    "null": None,
    "a variable not filled in": "$Context.id.history",
}


@pytest.mark.parametrize("case", ODD_PARAMETERS)
@pytest.mark.parametrize("name", ["unit", "groups", "sections", "item", "room", "context_history", "link_history"])
def test_odd_parameters_of_a_placement_are_left_out(app: Flask, client: FlaskClient, name: str, case: str) -> None:
    """A trainer typed them somewhere; that is no reason to keep a class waiting."""
    response = HERE.launch(client, custom={name: ODD_PARAMETERS[case]})
    assert response.status_code == 303, response.text
    assert client.get(response.location, base_url=TOOL).status_code == 200
    with app.app_context():
        assert db.session.scalars(select(Unit)).all() == []
        assert db.session.scalars(select(Group)).all() == []


def test_these_are_enough() -> None:
    parts = (HEADERS, TOKENS, CLAIMS, FORMS, SITUATIONS)
    assert len(FORGED) == sum(len(part) for part in parts)  # no name twice
    assert len(FORGED) >= 150


def test_nobody_asks_the_forger_for_keys(world: Flask, client: FlaskClient, http: responses.RequestsMock) -> None:
    """Addresses in a header are never fetched, and a key beside the token is never believed."""
    http.get("https://evil.example/keys.json", json={"keys": [FORGER_JWK]})
    http.get("https://evil.example/cert.pem", body=_public_pem("forger"))
    for case in ("jwk", "jku", "x5u", "address"):
        for name in [name for name in HEADERS if case in name]:
            state, nonce = HERE.begin(client)
            assert HEADERS[name](Attempt(world, client, state, nonce)).status_code == 400
    assert len(http.calls) == 0


# -- login initiation

LOGINS: dict[str, dict[str, str]] = {
    "issuer with a slash": {"iss": HERE.issuer + "/"},
    "issuer in capitals": {"iss": "HTTPS://LMS.EXAMPLE"},
    "issuer of five thousand letters": {"iss": "https://" + "a" * 5000},
    "issuer with SQL": {"iss": "' OR 1=1 --"},
    "issuer with HTML": {"iss": "<script>alert(1)</script>"},
    "client of another LMS": {"client_id": ELSEWHERE.client_id},
    "client nobody knows": {"client_id": "tool-99"},
    "client in capitals": {"client_id": "TOOL-1"},
    "no client where there are two": {"client_id": ""},
    "target on another host": {"target_link_uri": "http://localhost:8000.evil.example/"},
    "target on another port": {"target_link_uri": "http://localhost:8001/lti/launch"},
    "target by another scheme": {"target_link_uri": "https://localhost:8000/lti/launch"},
    "target with a user name": {"target_link_uri": "http://localhost:8000@evil.example/"},
    "target with our name as user": {"target_link_uri": "http://ben@localhost:8000/lti/launch"},
    "target with a backslash": {"target_link_uri": "http://localhost:8000\\@evil.example/"},
    "target without a scheme": {"target_link_uri": "//localhost:8000/lti/launch"},
    "target as a path": {"target_link_uri": "/lti/launch"},
    "target as data": {"target_link_uri": "data:text/html,<script>alert(1)</script>"},
    "target with a line break": {"target_link_uri": "http://localhost:8000\r\nSet-Cookie: x=1/"},
    "hint with NUL": {"login_hint": "a\x00b"},
    "message hint with NUL": {"lti_message_hint": "a\x00b"},
}


@pytest.mark.parametrize("case", LOGINS)
def test_forged_beginnings_go_nowhere(world: Flask, client: FlaskClient, case: str) -> None:
    response = HERE.login(client, **LOGINS[case])
    assert response.status_code == 400, response.text
    assert "Location" not in response.headers
    assert not response.headers.getlist("Set-Cookie")
    heading = re.search(r"<h1[^>]*>(.+?)</h1>", response.text, re.S)
    assert heading
    assert len(heading[1].split()) >= 4
    assert re.search(r"reference [0-9a-f]{8}", response.text)
    assert "<script>alert" not in response.text
    assert len(response.text) < 20_000
    with world.app_context():
        assert db.session.scalar(select(func.count()).select_from(LoginState)) == 0


@pytest.mark.parametrize("values", [{"is_active": False}, {"paused": True}])
def test_a_closed_door_does_not_even_begin(world: Flask, client: FlaskClient, values: dict[str, Any]) -> None:
    values = {"paused_at": clock.now()} if "paused" in values else values
    with world.app_context(), transaction() as session:
        session.execute(update(Registration).filter_by(issuer=HERE.issuer, client_id="tool-1").values(**values))
    response = HERE.login(client)
    assert 400 <= response.status_code < 500, response.status_code
    assert "Location" not in response.headers
    assert_told_in_words(response)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_beginning_by_another_method_is_refused(client: FlaskClient, method: str) -> None:
    assert client.open("/lti/login", method=method, base_url=TOOL).status_code == 405


@pytest.mark.parametrize(
    "hints",
    [
        {"login_hint": "a\r\nSet-Cookie: stolen=1"},
        {"lti_message_hint": "x&redirect_uri=https://evil.example&state=mine&nonce=mine"},
        {"login_hint": "x&client_id=tool-9#"},
        {"lti_storage_target": "<script>alert(1)</script>"},
        {"lti_storage_target": "../../x"},
        {"redirect_uri": "https://evil.example/"},
        {"state": "mine", "nonce": "mine"},
    ],
)
def test_odd_hints_change_nothing_but_themselves(client: FlaskClient, hints: dict[str, str]) -> None:
    """They are the LMS's own business, and nobody else's: handed back as they came, quoted, with nothing beside."""
    plain, odd = (HERE.login(client, **more) for more in ({}, hints))
    if odd.status_code == 200:  # a page that first finds out what the browser can do
        assert "<script>alert" not in odd.text
        assert "evil.example" not in odd.text
        return
    assert odd.status_code == 302
    assert "\r" not in odd.location
    assert "stolen" not in "".join(odd.headers.getlist("Set-Cookie"))
    given, usual = (parse_qs(urlsplit(one.location).query) for one in (odd, plain))
    assert given.keys() == usual.keys()
    for name in ("scope", "response_type", "response_mode", "prompt", "client_id", "redirect_uri"):
        assert given[name] == usual[name]
    assert len(given["state"]) == len(given["nonce"]) == 1
    assert "mine" not in (*given["state"], *given["nonce"])
