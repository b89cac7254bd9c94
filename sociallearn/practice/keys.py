"""Keys: the platform's own pair, and the tool's public ones as its key set address gives them."""

import hashlib
import json
import os
import threading
import time
from collections import deque
from functools import lru_cache
from pathlib import Path
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from jwt.algorithms import RSAAlgorithm

TIMEOUT = 5.0  # seconds
REFETCHES = 10  # a minute, so that forged key ids cannot make us hammer the tool
LIFETIME = 3600.0  # seconds a key is believed without asking again
LARGEST = 200_000  # bytes


class PlatformKey:
    """The pair that signs launches; made on the first run, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            _write_new(path)
        loaded = _read(path.read_bytes())
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise TypeError(f"{path} holds no RSA key")
        self._private = loaded
        public: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(loaded.public_key()))
        self.kid = hashlib.sha256(public["n"].encode()).hexdigest()[:20]
        self.jwk = {
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.kid, "e": public["e"], "n": public["n"],
        }  # fmt: skip

    def sign(self, claims: dict[str, Any]) -> str:
        """A JWT with ``kid`` (LTI security 5.1.1)."""
        return jwt.encode(claims, self._private, algorithm="RS256", headers={"kid": self.kid})


@lru_cache(maxsize=4)
def _read(pem: bytes) -> PrivateKeyTypes:
    return serialization.load_pem_private_key(pem, password=None)  # checks its primes, which takes a while


def _write_new(path: Path) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process was faster; its key is as good
    with os.fdopen(handle, "wb") as file:
        file.write(pem)


class KeyUnavailable(Exception):
    """The tool's key could not be had. Says why."""


class ToolKeys:
    """The tool's key set: kept, and fetched again at once for a key id not seen yet (LTI security 6.4)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetches: deque[float] = deque(maxlen=REFETCHES)
        self._lock = threading.Lock()

    def find(self, kid: str) -> jwt.PyJWK:
        """The key with this id. Raises KeyUnavailable. Never call it inside a transaction: it may fetch."""
        with self._lock:
            if kid not in self._keys or time.monotonic() - self._fetches[-1] > LIFETIME:
                self._fetch()
            if kid not in self._keys:
                raise KeyUnavailable(f"the tool's key set at {self.url} has no key {kid[:60]!r}")
            return self._keys[kid]

    def _fetch(self) -> None:
        moment = time.monotonic()
        if len(self._fetches) == REFETCHES and moment - self._fetches[0] < 60:
            raise KeyUnavailable("unknown key id, and the tool's key set was fetched often enough this minute")
        self._fetches.append(moment)
        try:
            answer = requests.get(self.url, timeout=TIMEOUT, allow_redirects=False)
            answer.raise_for_status()
            if answer.status_code != 200 or len(answer.content) > LARGEST:
                raise KeyUnavailable(f"the tool's key set at {self.url} answered {answer.status_code}")
            listed = answer.json()["keys"]
            self._keys = {one["kid"]: jwt.PyJWK(one, algorithm="RS256") for one in listed if _is_usable(one)}
        except (requests.RequestException, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
            raise KeyUnavailable(f"the tool's key set at {self.url} could not be read: {error}") from error


class KeySets:
    """The tool's key sets, by address: it has one for each time it registered itself."""

    def __init__(self, usual: str) -> None:
        self.usual = usual
        self._sets: dict[str, ToolKeys] = {}
        self._lock = threading.Lock()

    def at(self, url: str | None) -> ToolKeys:
        """The set at this address; at the usual one without."""
        with self._lock:
            return self._sets.setdefault(url or self.usual, ToolKeys(url or self.usual))


def _is_usable(jwk: dict[str, Any]) -> bool:
    return jwk.get("kty") == "RSA" and isinstance(jwk.get("kid"), str) and jwk.get("use", "sig") == "sig"
