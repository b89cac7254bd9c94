"""LMSs' public keys: kept for an hour, fetched again at once for a key id we do not know (rotation)."""

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from sociallearn.lti import fetching

LIFETIME = 3600.0  # seconds
REFETCHES = 10  # a minute an address, so that forged key ids cannot make us hammer an LMS
TIMEOUT = 5.0  # seconds
LARGEST = 1_000_000  # bytes


class KeySetUnavailable(Exception):
    """The LMS's keys could not be read. Says why."""


@dataclass
class _Kept:
    keys: dict[str, Any] | None = None
    fetched_at: float = 0.0


@dataclass
class _Address:
    """Asked at most so often, whichever registrations name it; what was read under which rule stays apart."""

    kept: dict[bool, _Kept] = field(default_factory=dict)  # by ``is_public``
    refetches: deque[float] = field(default_factory=lambda: deque(maxlen=REFETCHES))
    lock: threading.Lock = field(default_factory=threading.Lock)


class KeySets:
    """A cache by address. In memory: each process may fetch for itself, nothing depends on it being shared."""

    def __init__(self) -> None:
        self._addresses: dict[str, _Address] = {}
        self._lock = threading.Lock()

    def find(self, url: str, kid: str, is_public: bool = False) -> dict[str, Any]:
        """The set at ``url``; fetched when new, old, or without ``kid``, in one thread at a time.

        ``is_public``: only at a public address (fetching.py). Raises KeySetUnavailable.
        """
        with self._lock:
            address = self._addresses.setdefault(url, _Address())
        with address.lock:
            kept, now = address.kept.setdefault(is_public, _Kept()), time.monotonic()
            is_old = kept.keys is None or now - kept.fetched_at > LIFETIME
            if (is_old or not _has(kept.keys, kid)) and self._may_refetch(address, now):
                address.refetches.append(now)
                self._refetch(kept, url, is_public, now)
            if kept.keys is None:
                raise KeySetUnavailable("no keys")
            return kept.keys

    @staticmethod
    def _may_refetch(address: _Address, now: float) -> bool:
        return len(address.refetches) < REFETCHES or now - address.refetches[0] > 60

    def _refetch(self, kept: _Kept, url: str, is_public: bool, now: float) -> None:
        try:
            kept.keys = self._fetch(url, is_public)
            kept.fetched_at = now
        except KeySetUnavailable:
            if kept.keys is None:
                raise
            # an LMS that is down for a moment does not lock out people whose key we have

    def _fetch(self, url: str, is_public: bool) -> dict[str, Any]:
        http = fetching.session() if is_public else requests.Session()

        def call() -> Any:
            with http.get(url, timeout=TIMEOUT, stream=True, allow_redirects=not is_public) as answer:
                answer.raise_for_status()
                return json.loads(_read(answer))

        try:
            found = fetching.in_time(call, TIMEOUT)
        except (requests.RequestException, HTTPError, ValueError, RecursionError, OSError) as error:
            raise KeySetUnavailable(f"{url}: {error}") from error
        if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
            raise KeySetUnavailable(f"{url} is not a key set")
        return {"keys": [key for key in found["keys"] if isinstance(key, dict)]}


def _read(answer: requests.Response) -> bytes:
    # a limit for the whole body: TIMEOUT alone would let it drip for ever
    end, content = time.monotonic() + TIMEOUT, b""
    while piece := answer.raw.read1(65536, decode_content=True):
        content += piece
        if time.monotonic() > end or len(content) > LARGEST:
            raise ValueError("the answer is too long or takes too long")
    return content


def _has(keys: dict[str, Any] | None, kid: str) -> bool:
    return keys is not None and any(key.get("kid") == kid for key in keys["keys"])
