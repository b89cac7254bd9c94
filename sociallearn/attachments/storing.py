"""Where the bytes are kept: a folder of this machine, or a bucket that speaks S3. Under random keys, never names."""

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from flask import Flask, current_app

SMALL = ".small"  # what the key of an image's small one ends in


class Missing(Exception):
    """Nothing is kept under this key."""


class Store(Protocol):
    """What both can do."""

    def put(self, key: str, content: bytes) -> None:
        """Keep these bytes: afterwards they are there as a whole, or not at all."""

    def read(self, key: str) -> bytes:
        """What is kept. Raises Missing."""

    def remove(self, key: str) -> None:
        """No longer keep it; one that is not there is no mistake."""

    def keys_before(self, moment: datetime) -> Iterator[str]:
        """Everything kept since before that moment."""


def init_app(app: Flask) -> None:
    """Connect to where the settings say."""
    url = app.config["FILES_URL"]
    app.extensions["files"] = Bucket(url) if url.startswith("s3://") else Folder(Path(url))


def store() -> Store:
    """The app's own."""
    found: Store = current_app.extensions["files"]
    return found


def new_key() -> str:
    """One nobody has and nobody guesses."""
    return secrets.token_hex(16)


class Folder:
    """A folder; two letters of a key make a folder in it, as a hundred thousand files in one are slow to list."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, key: str, content: bytes) -> None:
        """Written aside and moved, so that a power cut leaves no half a file under a key."""
        path = self._of(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = path.with_name(f"{path.name}.part")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)

    def read(self, key: str) -> bytes:
        """The file. Raises Missing."""
        try:
            return self._of(key).read_bytes()
        except FileNotFoundError as error:
            raise Missing(key) from error

    def remove(self, key: str) -> None:
        """Delete it."""
        self._of(key).unlink(missing_ok=True)

    def keys_before(self, moment: datetime) -> Iterator[str]:
        """By when the file was written, those written aside included."""
        for path in self._path.glob("*/*"):
            try:
                written = path.stat().st_mtime
            except FileNotFoundError:
                continue  # somebody else just swept it
            if written < moment.timestamp():
                yield path.name

    def _of(self, key: str) -> Path:
        return self._path / key[:2] / key


class Bucket:
    """``s3://bucket/prefix``. Who we are there, and where it is, stand in boto3's own settings."""

    def __init__(self, url: str) -> None:
        import boto3

        parts = urlsplit(url)
        self._bucket, prefix = parts.netloc, parts.path.strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._client: Any = boto3.client("s3")

    def put(self, key: str, content: bytes) -> None:
        """One object."""
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content)

    def read(self, key: str) -> bytes:
        """The object. Raises Missing."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
        except self._client.exceptions.NoSuchKey as error:
            raise Missing(key) from error
        content: bytes = answer["Body"].read()
        return content

    def remove(self, key: str) -> None:
        """Delete it."""
        self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def keys_before(self, moment: datetime) -> Iterator[str]:
        """By when the object was written."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        for page in pages:
            for one in page.get("Contents", ()):
                if one["LastModified"].astimezone(UTC) < moment:
                    yield one["Key"].removeprefix(self._prefix)
