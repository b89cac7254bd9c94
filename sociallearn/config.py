"""Every environment variable, once, with its default and what it means; unsafe values are refused in words.

docs/configuration.md is made from this table and a test keeps the two equal.
"""

import importlib.util
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import available_timezones

from sociallearn.files import create_once

PREFIX = "SOCIALLEARN_"
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Variable:
    """One setting: its name without the prefix, its default in words, and what it is for."""

    name: str
    default: str
    meaning: str


VARIABLES = (
    Variable(
        "BASE_URL", "http://localhost:8000", "Where browsers and the LMS reach the tool. https, except on localhost."
    ),
    Variable("DATABASE_URL", "SQLite in DATA_DIR", "sqlite:///path or postgresql+psycopg://user:password@host/name."),
    Variable(
        "DATA_DIR", "./instance", "Folder for what the tool keeps itself: embedded database, queue, keys made by it."
    ),
    Variable(
        "SECRET_KEY",
        "made in DATA_DIR on localhost",
        "At least 32 random characters. Needed anywhere but on localhost.",
    ),
    Variable("LTI_CONFIG", "./lti_config.json", "Registrations in PyLTI1p3's JSON format; missing key files are made."),
    Variable(
        "REDIS_URL", "none", "Queue and rate limits shared by several processes. Without it they live on this machine."
    ),
    Variable("PROXY_HOPS", "0", "How many proxies stand in front and set X-Forwarded-For, -Proto and -Host."),
    Variable(
        "FILES_URL", "folder files in DATA_DIR", "Where uploaded files are kept: a folder, or s3://bucket/prefix."
    ),
    Variable("FILES_QUOTA", "2048", "How many megabytes of files a cohort may keep."),
    Variable("TIME_ZONE", "Europe/Brussels", "Time zone of a new cohort, until its trainer chooses another."),
    Variable(
        "SMTP_URL",
        "none: no mails are sent",
        "The mail server: smtp://user:password@host:587 (STARTTLS where offered) or smtps://user:password@host:465.",
    ),
    Variable(
        "MAIL_FROM", "none", "From whom mails come, such as SocialLearn <learn@example.org>. Needed with SMTP_URL."
    ),
    Variable("THREADS", "32", "Requests the server answers at the same time."),
    Variable("WORKER", "1", "0: `serve` starts no worker of its own, because `sociallearn work` runs elsewhere."),
)


class ConfigurationError(Exception):
    """A setting is missing or unsafe. Says which, and how to mend it."""


@dataclass(frozen=True)
class Relay:
    """The mail server that takes our mails, and from whom they come."""

    host: str
    port: int
    is_tls: bool  # from the first byte; else STARTTLS where it is offered
    user: str
    password: str
    sender: str

    @property
    def is_local(self) -> bool:
        """On this machine, where a password may go in the clear."""
        return self.host in LOCAL_HOSTS

    def __repr__(self) -> str:
        return f"Relay({self.host!r}, {self.port})"  # no password in a log


def read(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Flask configuration from the environment.

    Raises ConfigurationError with a sentence for the operator when a value is missing or unsafe.
    """
    given = os.environ if environment is None else environment
    value = {v.name: given.get(PREFIX + v.name, "").strip() for v in VARIABLES}
    base_url = (value["BASE_URL"] or "http://localhost:8000").rstrip("/")
    is_local = _check_base_url(base_url)
    data_dir = Path(value["DATA_DIR"] or "instance").resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    return {
        "BASE_URL": base_url,
        "IS_LOCAL": is_local,
        "DATA_DIR": data_dir,
        "SECRET_KEY": _secret_key(value["SECRET_KEY"], data_dir, is_local),
        "SQLALCHEMY_DATABASE_URI": _database_url(value["DATABASE_URL"] or f"sqlite:///{data_dir / 'sociallearn.db'}"),
        "LTI_CONFIG": Path(value["LTI_CONFIG"] or "lti_config.json").resolve(),
        "REDIS_URL": value["REDIS_URL"] or None,
        "PROXY_HOPS": _number("PROXY_HOPS", value["PROXY_HOPS"] or "0", 0, 10),
        "FILES_URL": _files_url(value["FILES_URL"] or str(data_dir / "files")),
        "FILES_QUOTA": _number("FILES_QUOTA", value["FILES_QUOTA"] or "2048", 1, 10_000_000) * 1024 * 1024,
        "TIME_ZONE": _time_zone(value["TIME_ZONE"] or "Europe/Brussels"),
        "MAIL": _relay(value["SMTP_URL"], value["MAIL_FROM"]),
        "THREADS": _number("THREADS", value["THREADS"] or "32", 1, 512),
        "WORKER": _number("WORKER", value["WORKER"] or "1", 0, 1) == 1,
    }


def _check_base_url(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise ConfigurationError(
            f"{PREFIX}BASE_URL is {url!r}. Give scheme, host and port only, such as https://learn.example.org."
        )
    is_local = parts.hostname in LOCAL_HOSTS
    if parts.scheme == "http" and not is_local:
        raise ConfigurationError(
            f"{PREFIX}BASE_URL is {url!r}. Inside an LMS page browsers keep no cookie without https: "
            "put a proxy with a certificate in front and use its https address."
        )
    return is_local


def _secret_key(given: str, data_dir: Path, is_local: bool) -> str:
    if given:
        if len(given) < 32:
            raise ConfigurationError(
                f"{PREFIX}SECRET_KEY has {len(given)} characters; at least 32 are needed. "
                "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        return given
    if not is_local:
        raise ConfigurationError(
            f"{PREFIX}SECRET_KEY is missing. "
            "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    path = data_dir / "secret_key"
    create_once(path, secrets.token_urlsafe(48).encode())
    kept = path.read_text().strip()
    if len(kept) < 32:
        raise ConfigurationError(f"{path} holds no usable key. Remove the file; a new one is made at the next start.")
    return kept


def _database_url(url: str) -> str:
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    if not url.startswith(("sqlite:", "postgresql+psycopg://")):
        raise ConfigurationError(f"{PREFIX}DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")
    return url


def _files_url(given: str) -> str:
    if not given.startswith("s3:"):
        if "://" in given:
            raise ConfigurationError(f"{PREFIX}FILES_URL is {given!r}. Give a folder, or s3://bucket/prefix.")
        return str(Path(given).resolve())
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w!.*'()/-]*)?", given):
        raise ConfigurationError(f"{PREFIX}FILES_URL is {given!r}. Write it as s3://bucket/prefix.")
    if importlib.util.find_spec("boto3") is None:
        raise ConfigurationError(
            f"{PREFIX}FILES_URL names a bucket, and boto3 is not installed: pip install 'sociallearn[s3]'"
        )
    return given


def _relay(url: str, sender: str) -> Relay | None:
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        # what was given may hold a password
        raise ConfigurationError(f"{PREFIX}SMTP_URL cannot be read. Write it as smtp://user:password@host:587.")
    address = parseaddr(sender)[1]
    if not re.fullmatch(r"[!-?A-~]+@[!-?A-~]+", address) or re.search(r"[\r\n]", sender):
        raise ConfigurationError(
            f"{PREFIX}MAIL_FROM is {sender!r}. Write it as SocialLearn <learn@example.org>, from whom mails come."
        )
    is_tls = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Relay(parts.hostname, port or (465 if is_tls else 587), is_tls, user, password, sender)


def _number(name: str, text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise ConfigurationError(f"{PREFIX}{name} is {text!r}; it must be a whole number from {least} to {most}.")
    return int(text)


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ConfigurationError(f"{PREFIX}TIME_ZONE is {name!r}; use a name such as Europe/Brussels.")
    return name
