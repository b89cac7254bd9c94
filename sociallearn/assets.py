"""Static files under an address that changes with their content, so that browsers may keep them for a year."""

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request, send_from_directory, url_for
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from sociallearn.paths import STATIC

COMPRESSED = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

bp = Blueprint("assets", __name__)


def init_app(app: Flask) -> None:
    """Serve ``/static/<version>/<file>`` and let templates ask for ``asset('app.css')``."""
    app.config["ASSET_VERSION"] = version(STATIC)
    app.register_blueprint(bp)
    app.jinja_env.globals["asset"] = lambda name: url_for("assets.file", version=app.config["ASSET_VERSION"], name=name)


def version(folder: Path) -> str:
    """A short hash over names and contents: relative imports of modules inherit it through their address."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@bp.get("/static/<version>/<path:name>")
def file(version: str, name: str) -> Response:
    """One static file. An old version's address answers with today's file, but is not kept."""
    is_text = name.endswith(tuple(COMPRESSED))
    response = _compressed(name) if is_text and request.accept_encodings["gzip"] else send_from_directory(STATIC, name)
    if is_text:
        response.vary.add("Accept-Encoding")
    fresh = version == current_app.config["ASSET_VERSION"]
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if fresh else "no-store"
    return response


def _compressed(name: str) -> Response:
    path = safe_join(str(STATIC), name)
    if path is None or not Path(path).is_file():
        raise NotFound
    content = _compress(path, current_app.config["ASSET_VERSION"])
    kind = COMPRESSED["." + name.rpartition(".")[2]]
    return Response(content, mimetype=kind, headers={"Content-Encoding": "gzip"})


@lru_cache(maxsize=256)
def _compress(path: str, _version: str) -> bytes:
    return gzip.compress(Path(path).read_bytes(), mtime=0)
