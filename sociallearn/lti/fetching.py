"""HTTP to LMSs that registered themselves by a link: https, and public addresses only (against SSRF).

A link-made registration names addresses that we then call. Whoever has an invite must not use that to reach what only
this server can: its own network, its cloud's metadata. So each name is resolved once, every address it has is looked
at, and the connection goes to an address that was looked at; the certificate is still checked against the name.
On localhost (``IS_LOCAL``) http to this machine itself is allowed, for the practice LMS.
"""

import contextvars
import json
import queue
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from flask import current_app
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from sociallearn import __version__

LIMIT = 5.0  # seconds for a whole call: name, connection, headers and body
LARGEST = 1_000_000  # bytes

# is_global of Python 3.11 lets these through: ways to say an IPv4 address in IPv6, and addresses no site has
_CLOSED = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "2001::/23",  # Teredo, ORCHID and other protocols
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local
        "168.63.129.16/32",  # public in looks, but the inside of Azure
    )
)

_HOST = re.compile(r"([a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(:[0-9]+)?", re.IGNORECASE)
_VISIBLE = re.compile(r"[!-~]{1,2000}")

T = TypeVar("T")


class ForbiddenAddress(requests.RequestException):
    """Not https, or not a public address."""


class FetchError(Exception):
    """No usable answer. ``code``: forbidden, unreachable, timeout, refused or unreadable; ``status`` if it answered."""

    def __init__(self, code: str, reason: str, status: int | None = None, content: Any = None) -> None:
        super().__init__(f"{code} ({status or 'no answer'}): {reason}"[:500])
        self.code = code
        self.status = status
        self.content = content  # what it said beside the status, if that was JSON


class PublicOnly(HTTPAdapter):
    """Connects to public addresses over https, and nowhere else."""

    def __init__(self, is_local: bool) -> None:
        """``is_local``: this tool runs on localhost, so http to this machine is allowed."""
        self._is_local = is_local
        super().__init__()

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: str | tuple[str, str] | None = None
    ) -> tuple[Any, Any]:
        """Where to connect to: the address instead of the name, which certificate and Host header still say.

        Raises ForbiddenAddress, or ConnectionError when there is no such name.
        """
        host_params, pool_kwargs = super().build_connection_pool_key_attributes(request, verify, cert)
        name, port, is_https = host_params["host"], host_params["port"], host_params["scheme"] == "https"
        address = resolve(name, port or (443 if is_https else 80), is_https, self._is_local)
        request.headers = request.headers.copy()
        request.headers["Host"] = urlsplit(request.url or "").netloc.rpartition("@")[2]
        if is_https:
            pool_kwargs["assert_hostname"] = pool_kwargs["server_hostname"] = name  # type: ignore[typeddict-unknown-key]
        host_params["host"] = f"[{address}]" if address.version == 6 else str(address)
        return host_params, pool_kwargs


def resolve(name: str, port: int, is_https: bool, is_local: bool) -> IPv4Address | IPv6Address:
    """The address to connect to. Every address of the name must be allowed: which one is used is not left to chance.

    Raises ForbiddenAddress, or requests' ConnectionError when there is no such name.
    """
    try:
        found = socket.getaddrinfo(name.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise requests.ConnectionError(f"{name} has no address") from error
    addresses = [ip_address(str(info[4][0]).partition("%")[0]) for info in found]
    if is_local and addresses and all(_plain(one).is_loopback for one in addresses):
        return addresses[0]
    if not is_https:
        raise ForbiddenAddress(f"{name}: not https")
    if not addresses or not all(is_public(one) for one in addresses):
        raise ForbiddenAddress(f"{name}: not a public address")
    return addresses[0]


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether this address is one of the public internet, in whatever way it is written."""
    plain = _plain(address)
    if any(plain in net for net in _CLOSED if net.version == plain.version):
        return False
    return plain.is_global and not (plain.is_multicast or plain.is_reserved or plain.is_unspecified)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_allowed(url: str) -> bool:
    """Whether an address may be one of a link-made registration, by how it is written: https, and a plain host.

    What a host may be made of matters beyond calling it: it is written into headers that say who may frame us.
    """
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port != 0
    except ValueError:
        return False
    schemes = ("https", "http") if current_app.config["IS_LOCAL"] else ("https",)
    is_plain = _HOST.fullmatch(parts.netloc) is not None and _VISIBLE.fullmatch(url) is not None
    return is_plain and port_is_fine and parts.scheme in schemes and "\\" not in url


def session() -> requests.Session:
    """A session that calls public addresses only, keeps no cookies and follows no redirect by itself."""
    made = requests.Session()
    adapter = PublicOnly(current_app.config["IS_LOCAL"])
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    made.max_redirects = 0
    made.headers["User-Agent"] = f"SocialLearn/{__version__}"
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return made


def fetch_json(
    method: str, url: str, bearer: str | None = None, body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The JSON object at ``url``, within five seconds altogether. Raises FetchError. No transaction may be open.

    ``bearer``: a token to bring along; ``body``: sent as JSON.
    """
    http = session()
    data = None if body is None else json.dumps(body)

    def call() -> tuple[int, bytes]:
        headers = {"Accept": "application/json"} | ({} if body is None else {"Content-Type": "application/json"})
        with http.request(
            method,
            url,
            data=data,
            headers=headers,
            auth=_Bearer(bearer),
            timeout=LIMIT,
            allow_redirects=False,
            stream=True,
        ) as answer:
            return answer.status_code, _read(answer)

    try:
        status, content = in_time(call, LIMIT)
    except ForbiddenAddress as error:
        raise FetchError("forbidden", str(error)) from error
    except (requests.Timeout, TimeoutError) as error:
        raise FetchError("timeout", str(error)) from error
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise FetchError("unreachable", str(error)) from error
    found = _parsed(content)
    if not 200 <= status < 300:
        raise FetchError("refused", content[:300].decode(errors="replace"), status, found)
    if not isinstance(found, dict):
        raise FetchError("unreadable", "the answer is no JSON object", status)
    return found


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


class _Bearer(requests.auth.AuthBase):
    """The token and nothing else: without this requests would look into ~/.netrc."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = "Bearer " + self._token
        return request


def _read(answer: requests.Response) -> bytes:
    content, end = b"", time.monotonic() + LIMIT
    while piece := answer.raw.read1(65536, decode_content=True):
        content += piece
        if len(content) > LARGEST:
            raise ValueError(f"the answer has more than {LARGEST} bytes")
        if time.monotonic() > end:
            raise TimeoutError("the answer took too long")
    return content


def in_time(call: Callable[[], T], seconds: float) -> T:
    """The outcome of ``call``, or TimeoutError after so many seconds.

    In a thread of its own: neither a name server nor headers that come byte by byte can be limited otherwise. Given up,
    the thread ends with its connection.
    """
    outcome: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put((call(), None))
        except Exception as error:  # raised again below, where somebody waits for it
            outcome.put((None, error))

    context = contextvars.copy_context()  # the app, and what time it is
    threading.Thread(target=context.run, args=(run,), name="fetching", daemon=True).start()
    try:
        result, error = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("the answer took too long") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
