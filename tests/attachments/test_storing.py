"""A folder and a bucket keep the same promises; the bucket is a small server that speaks enough of S3."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from sociallearn import config
from sociallearn.attachments.storing import Bucket, Folder, Missing, Store, new_key


class S3(BaseHTTPRequestHandler):
    """One bucket, path style: put, get, delete and list, two keys a page."""

    kept: ClassVar[dict[str, bytes]] = {}

    def log_message(self, *_: object) -> None:
        """In silence."""

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/bucket").lstrip("/")

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "aws-chunked" in self.headers.get("Content-Encoding", ""):
            size, _end, rest = body.partition(b"\r\n")
            body = rest[: int(size.split(b";")[0], 16)]
        self.kept[self._key()] = body
        self._answer(200)

    def do_DELETE(self) -> None:
        self.kept.pop(self._key(), None)
        self._answer(204)

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            return self._list(query)
        if self._key() not in self.kept:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return self._answer(200, self.kept[self._key()])

    def _list(self, query: dict[str, list[str]]) -> None:
        after = query.get("continuation-token", [""])[0]
        keys = sorted(key for key in self.kept if key.startswith(query.get("prefix", [""])[0]) and key > after)
        rows = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in keys[:2]
        )
        more = f"<NextContinuationToken>{keys[1]}</NextContinuationToken>" if len(keys) > 2 else ""
        is_cut = str(len(keys) > 2).lower()
        self._answer(
            200, f"<ListBucketResult><IsTruncated>{is_cut}</IsTruncated>{more}{rows}</ListBucketResult>".encode()
        )


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket on this machine."""
    S3.kept.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), S3)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    made = Bucket("s3://bucket/learn/files")
    yield made
    made._client.close()
    server.shutdown()
    server.server_close()


def _keeps_its_promises(store: Store) -> None:
    first, second = new_key(), new_key()
    store.put(first, b"one")
    store.put(second, b"two")
    store.put(first + ".small", b"1")
    assert (store.read(first), store.read(second), store.read(first + ".small")) == (b"one", b"two", b"1")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert set(store.keys_before(tomorrow)) == {first, second, first + ".small"}
    assert list(store.keys_before(datetime(2025, 1, 1, tzinfo=UTC))) == []
    store.remove(first)
    store.remove(first)
    with pytest.raises(Missing):
        store.read(first)
    assert store.read(second) == b"two"


def test_a_folder(tmp_path: Path) -> None:
    _keeps_its_promises(Folder(tmp_path / "files"))


def test_a_bucket(bucket: Bucket) -> None:
    _keeps_its_promises(bucket)
    assert all(key.startswith("learn/files/") for key in S3.kept)


def test_a_folder_is_nobody_elses_and_holds_no_names(tmp_path: Path) -> None:
    Folder(tmp_path).put(key := new_key(), b"x")
    path = tmp_path / key[:2] / key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


def test_half_written_bytes_are_under_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, key = Folder(tmp_path), new_key()

    def die(_descriptor: int) -> None:
        raise OSError("the power is gone")

    monkeypatch.setattr(os, "fsync", die)
    with pytest.raises(OSError, match="power"):
        store.put(key, b"half")
    with pytest.raises(Missing):
        store.read(key)
    assert list(store.keys_before(datetime.now(UTC) + timedelta(days=1))) == [key + ".part"]  # the sweep finds it


@pytest.mark.parametrize(
    ("given", "is_fine"),
    [
        ("s3://my-bucket/files", True),
        ("s3://my-bucket", True),
        ("/var/lib/files", True),
        ("s3:///files", False),
        ("s3://", False),
        ("s3://Bucket?x=1", False),
        ("https://bucket.example/", False),
        ("file:///var/lib", False),
    ],
)
def test_where_files_are_kept_is_checked_at_the_start(tmp_path: Path, given: str, is_fine: bool) -> None:
    environment = {"SOCIALLEARN_DATA_DIR": str(tmp_path), "SOCIALLEARN_FILES_URL": given}
    if is_fine:
        assert config.read(environment)["FILES_URL"].startswith(("s3://", "/"))
    else:
        with pytest.raises(config.ConfigurationError, match="FILES_URL"):
            config.read(environment)
