"""Serving the practice LMS: for this machine only, because anybody may be anybody in it."""

import ipaddress
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server


class _Quiet(WSGIRequestHandler):
    """Says nothing of each request; the LMS has a log of its own. Ends connections that send nothing."""

    timeout = 30

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Not to the terminal."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Without this machine's time: the answer has the LMS's own, whose clock may be wrong."""
        self.send_response_only(code, message)


def listening(app: Flask, host: str, port: int) -> BaseWSGIServer:
    """A server that already listens (port 0: any free one), to be run with ``serve_forever`` and ended by ``shutdown``.

    Raises ValueError unless ``host`` is this machine itself.
    """
    if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        raise ValueError(
            f"The practice LMS lets anybody be anybody, so it listens on this machine only, not on {host}."
        )
    return make_server(host, port, app, threaded=True, request_handler=_Quiet)


def serve(app: Flask, host: str, port: int) -> None:
    """Serve until interrupted."""
    server = listening(app, host, port)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
