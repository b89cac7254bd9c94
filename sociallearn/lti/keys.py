"""The tool's own signing keys: made on first run beside ``lti_config.json``, never committed."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import current_app
from pylti1p3.registration import Registration as LibraryRegistration

from sociallearn.files import create_once
from sociallearn.lti.models import Registration


@dataclass(frozen=True)
class SigningKey:
    """A key pair in PEM and the id under which LMSs find its public half in our key set."""

    private_pem: str
    public_pem: str
    kid: str


def ensure_pair(private_file: Path, public_file: Path) -> None:
    """Make an RSA pair (2048 bits, as LTI security 6.1 asks at least) where the files are missing.

    Whoever creates the private file first wins; two processes starting at once agree on one key.
    """
    private_file.parent.mkdir(parents=True, exist_ok=True)
    if not private_file.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        create_once(private_file, pem)
    private = serialization.load_pem_private_key(private_file.read_bytes(), password=None)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    if not public_file.exists() or public_file.read_bytes() != public:
        public_file.write_bytes(public)


def signing_key(registration: Registration) -> SigningKey:
    """The key this registration's messages are signed with.

    Raises LookupError when ``lti_config.json`` no longer names the registration.
    """
    files = current_app.extensions["lti_keys"].get((registration.issuer, registration.client_id))
    if files is None:
        raise LookupError(f"lti_config.json has no key for {registration.issuer} ({registration.client_id}).")
    return _load(*files)


def key_set() -> dict[str, list[dict[str, Any]]]:
    """Our public keys as a JWK set (RFC 7517), one entry a distinct key."""
    keys = {}
    for files in current_app.extensions["lti_keys"].values():
        key = _load(*files)
        keys[key.kid] = dict(LibraryRegistration.get_jwk(key.public_pem))
    return {"keys": list(keys.values())}


@lru_cache(maxsize=256)
def _load(private_file: Path, public_file: Path) -> SigningKey:
    public_pem = public_file.read_text()
    jwk = json.loads(json.dumps(dict(LibraryRegistration.get_jwk(public_pem))))
    return SigningKey(private_file.read_text(), public_pem, jwk["kid"])
