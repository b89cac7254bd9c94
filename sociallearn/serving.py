"""``sociallearn serve``: gunicorn and a supervised worker, one foreground process group that ends together."""

import logging
import os
import subprocess
import sys
import threading
import time
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

_starting = threading.Lock()
log = logging.getLogger(__name__)


class Server(BaseApplication):
    """gunicorn with one process of many threads: the embedded shape, and one of many behind a load balancer."""

    def __init__(self, app: Flask, host: str, port: int) -> None:
        self._app = app
        self._bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        super().__init__()

    def load_config(self) -> None:
        """gunicorn's own settings."""
        settings: dict[str, Any] = {
            "bind": [self._bind],
            "worker_class": "gthread",
            "workers": 1,
            "threads": self._app.config["THREADS"],
            "timeout": 60,
            "graceful_timeout": 10,
            "proc_name": "sociallearn",
            "limit_request_line": 8190,
            "control_socket_disable": True,
        }
        if self._app.config["WORKER"]:
            settings["when_ready"] = lambda _server: supervise()
        for name, value in settings.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """The WSGI app."""
        return self._app


def supervise() -> None:
    """Keep a ``work`` process beside the server, started again when it ends. It ends by itself when we are gone."""
    # a server process forked while we start a worker would keep open the pipe on which Popen waits: we would wait for
    # as long as the server lives, and never see the worker end
    os.register_at_fork(before=_starting.acquire, after_in_parent=_starting.release, after_in_child=_starting.release)
    threading.Thread(target=_keep_working, name="worker-supervisor", daemon=True).start()


def _keep_working() -> None:
    command = [sys.executable, "-m", "sociallearn", "work", "--parent", str(os.getpid())]
    while True:
        started = time.monotonic()
        with _starting:
            worker = subprocess.Popen(command)  # noqa: S603
        worker.wait()
        log.warning("the worker ended (%s); starting another", worker.returncode)
        if time.monotonic() - started < 5:
            time.sleep(5)  # one that cannot start must not spin
