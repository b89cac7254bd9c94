"""Static files: small on the way, kept for a year, and nothing else from the disk."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sociallearn.paths import STATIC


def address(app: Flask, name: str) -> str:
    return f"/static/{app.config['ASSET_VERSION']}/{name}"


KINDS = {"app.css": "text/css", "app.js": "text/javascript", "mark.svg": "image/svg+xml"}
ELSEWHERE = ["none.js", "../app.py", "..%2f..%2fpyproject.toml", "../../docs/moodle.js", "x/../../y.css"]


@pytest.mark.parametrize("name", list(KINDS))
def test_text_is_sent_compressed_to_who_takes_it(app: Flask, client: FlaskClient, name: str) -> None:
    plain = client.get(address(app, name), buffered=True)
    small = client.get(address(app, name), headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data == (STATIC / name).read_bytes()
    assert len(small.data) < len(plain.data)
    for answer in (plain, small):
        assert (
            answer.mimetype
            == {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}[name[-3:].strip(".")]
        )
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.alike
@pytest.mark.parametrize("name", ELSEWHERE)
def test_nothing_else_is_sent(app: Flask, client: FlaskClient, name: str) -> None:
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        assert client.get(address(app, name), headers=headers).status_code == 404


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_every_block_of_a_style_sheet_ends(path: Path) -> None:
    """Browsers forgive a missing brace and put all that follows where nobody meant it."""
    css = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    depth = [0]
    for sign in re.findall(r"[{}]", css):
        depth.append(depth[-1] + (1 if sign == "{" else -1))
    assert min(depth) == depth[-1] == 0
