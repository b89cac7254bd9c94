"""The wheel alone, in an empty environment and an empty folder: migrates, serves and launches."""

import html
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import requests

from sociallearn.paths import HOME
from tests.browser.conftest import free_port

FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
PATIENCE = 90  # seconds


def test_the_wheel_migrates_serves_and_launches(tmp_path: Path) -> None:
    wheel = _build(tmp_path / "wheel")
    names = zipfile.ZipFile(wheel).namelist()
    for part in ("templates/feed/index.html", "migrations/env.py", "static/app.css", "nl/LC_MESSAGES/messages.po"):
        assert any(name.startswith("sociallearn/") and name.endswith(part) for name in names), part
    assert not [name for name in names if name.startswith(("tests/", "instance/")) or name.endswith(".pem")]

    home = tmp_path / "home"
    home.mkdir()
    command = _install(tmp_path / "venv", wheel)
    port, lms_port = free_port(), free_port()
    tool, lms = f"http://localhost:{port}", f"http://127.0.0.1:{lms_port}"
    _registration(command, home, lms)
    environment = {
        "PATH": os.environ["PATH"],
        "SOCIALLEARN_DATABASE_URL": f"sqlite:///{home / 'tool.db'}",
        "SOCIALLEARN_BASE_URL": tool,
        "SOCIALLEARN_SECRET_KEY": "k" * 40,
        "SOCIALLEARN_LTI_CONFIG": str(home / "lti_config.json"),
        "SOCIALLEARN_DATA_DIR": str(home / "data"),
    }
    subprocess.run([command, "db", "upgrade"], cwd=home, env=environment, check=True)
    serve = [command, "serve", "--host", "127.0.0.1", "--port", str(port)]
    practice = [command, "practice", "--port", str(port), "--lms-port", str(lms_port), "--data-dir", str(home / "lms")]
    processes = [
        subprocess.Popen(line, cwd=home, env=environment, start_new_session=True, stderr=subprocess.DEVNULL)
        for line in (serve, practice)
    ]
    try:
        _wait(tool + "/readyz")
        _wait(lms + "/jwks")
        page = _launch(tool, lms)
        assert "Noor Peeters" in page
        assert "Gesprekken" in page
        style = re.search(r'href="(/static/[^"]+/app\.css)"', page)
        assert style
        assert requests.get(tool + style[1], timeout=20).status_code == 200
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def _build(folder: Path) -> Path:
    # from a copy: building beside the checkout would leave files in it
    kept = shutil.ignore_patterns(".venv", ".git", "instance", ".*_cache", "__pycache__", "failures", "test-results")
    copy = folder / "source"
    shutil.copytree(HOME, copy, ignore=kept)
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, copy], check=True)
    return next(folder.glob("*.whl"))


def _install(venv: Path, wheel: Path) -> str:
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    uv, pip = Path(sys.executable).with_name("uv"), [venv / "bin" / "pip", "install", "-q", "--no-compile"]
    install = [uv, "pip", "install", "-q", "--python", venv / "bin" / "python"] if uv.exists() else pip
    subprocess.run([*install, "-r", HOME / "requirements.txt"], check=True)
    subprocess.run([*install, "--no-deps", wheel], check=True)
    return str(venv / "bin" / "sociallearn")


def _registration(command: str, home: Path, lms: str) -> None:
    script = (
        "from pathlib import Path; from sociallearn.practice.registering import write_lti_config; "
        f"write_lti_config(None, Path('lti_config.json'), {lms!r})"
    )
    subprocess.run([str(Path(command).with_name("python")), "-c", script], cwd=home, check=True)


def _wait(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            assert time.monotonic() < deadline, f"{url} never answered"
            time.sleep(0.2)


def _launch(tool: str, lms: str) -> str:
    """Through the LMS by hand: Secure cookies are kept by browsers on localhost, not by this client."""
    begun = _fields(requests.get(f"{lms}/launch/praat-mee?person=noor", timeout=20).text)
    login = requests.post(f"{tool}/lti/login", data=begun, allow_redirects=False, timeout=20)
    state = {"Cookie": login.headers["Set-Cookie"].split(";")[0]}
    answer = _fields(requests.get(login.headers["Location"], timeout=20).text)
    launched = requests.post(f"{tool}/lti/launch", data=answer, headers=state, allow_redirects=False, timeout=20)
    assert launched.status_code == 303, launched.text
    cookies = re.findall(r"__Host-seat-[^=]+=[^;]+", launched.headers["Set-Cookie"])
    feed = requests.get(tool + launched.headers["Location"], headers={"Cookie": cookies[0]}, timeout=20)
    assert feed.status_code == 200
    return feed.text


def _fields(page: str) -> dict[str, str]:
    return {html.unescape(name): html.unescape(value) for name, value in FIELD.findall(page)}
