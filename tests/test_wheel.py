"""The wheel is all one needs: in an empty venv far from the checkout it migrates, serves and is launched."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from sociallearn.paths import HOME
from sociallearn.practice import registering
from tests import texts
from tests.browser.conftest import free_port
from tests.test_chaos import Visitor, end, until

UV = Path(sys.executable).with_name("uv")
PATIENCE = 120  # seconds for one command
CARRIED = {
    "sociallearn/templates/layout/base.html",
    "sociallearn/templates/practice/course.html",
    "sociallearn/migrations/env.py",
    "sociallearn/migrations/script.py.mako",
    "sociallearn/migrations/versions/20261124_foundation.py",
    "sociallearn/static/app.css",
    "sociallearn/static/app.js",
    "sociallearn/translations/nl/LC_MESSAGES/messages.po",
}


def run(*command: str | Path, **options: object) -> str:
    """What a command says; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def either(uv: list[str | Path], pip: list[str | Path]) -> None:
    """As in the Makefile: uv is fast, pip is everywhere, whichever works."""
    quick = UV.exists() and subprocess.run([UV, *uv], capture_output=True, timeout=PATIENCE, check=False)
    if not quick or quick.returncode:
        run(*pip)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    either(
        ["build", "--wheel", "-q", "-o", folder, HOME],
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, HOME],
    )
    [made] = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def venv(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty venv with the wheel and what the lock pins."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python, lock = folder / "bin" / "python", HOME / "requirements.txt"
    for wanted in (["-r", lock], ["--no-deps", wheel]):
        either(
            ["pip", "install", "-q", "--python", python, *wanted],
            [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-compile", *wanted],
        )
    return folder


def mark(path: Path, text: str) -> None:
    """Add to an installed file. A new file in its place: uv links the old one to its cache."""
    content = path.read_text()
    path.unlink()
    path.write_text(f"{content}\n{text}\n")


@contextmanager
def running(command: list[str | Path], url: str, **options: object) -> Iterator[None]:
    """A command in a process group of its own until the end of the block; it must answer at ``url``."""
    process = subprocess.Popen(command, start_new_session=True, **options)

    def answers() -> bool:
        assert process.poll() is None, f"{command} ended"
        try:
            return requests.get(url, timeout=5).ok
        except requests.ConnectionError:
            return False

    try:
        until(answers, f"{url} answers")
        yield
    finally:
        end(process)


def test_the_wheel_carries_what_is_needed_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert names >= CARRIED
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"sociallearn"}
    for folder in ("sociallearn/static", "sociallearn/translations", "templates", "migrations"):
        files = {path for path in (HOME / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"}
        assert names >= {f"sociallearn/{str(path.relative_to(HOME)).removeprefix('sociallearn/')}" for path in files}
    assert not [name for name in names if re.search(r"(^|/)(tests|instance|benchmarks)/|\.(pem|db|pyc|mo)$", name)]


def test_migrate_serve_and_launch_from_the_wheel_alone(venv: Path, tmp_path: Path) -> None:
    empty, data, port, lms_port = tmp_path / "empty", tmp_path / "data", free_port(), free_port()
    empty.mkdir()
    tool_url, lms_url = f"http://localhost:{port}", f"http://127.0.0.1:{lms_port}"
    registering.write_lti_config(None, data / "lti_config.json", lms_url)
    environment = {
        "PATH": os.defpath,
        "SOCIALLEARN_DATABASE_URL": f"sqlite:///{data / 'wheel.db'}",
        "SOCIALLEARN_BASE_URL": tool_url,
        "SOCIALLEARN_SECRET_KEY": "wheel-" + "k" * 40,
        "SOCIALLEARN_LTI_CONFIG": str(data / "lti_config.json"),
        "SOCIALLEARN_DATA_DIR": str(data),
    }
    command, site_packages = venv / "bin" / "sociallearn", venv / "lib" / f"python3.{sys.version_info[1]}/site-packages"
    here = {"cwd": empty, "env": environment}

    where = "from sociallearn import paths as p; print(p.TEMPLATES, p.MIGRATIONS, p.STATIC, p.TRANSLATIONS)"
    folders = [site_packages / "sociallearn" / name for name in ("templates", "migrations", "static", "translations")]
    assert run(venv / "bin" / "python", "-c", where, **here).split() == [str(folder) for folder in folders]
    # a mark of its own: what is served can come from nowhere else
    mark(folders[0] / "layout" / "base.html", "<!-- installed -->")
    mark(folders[2] / "app.css", "/* installed */")

    assert "up to date" in run(command, "db", "upgrade", **here)
    with ExitStack() as stack, (tmp_path / "log.txt").open("w") as log:
        here |= {"stdout": log, "stderr": log}
        practice = [command, "practice", "--port", str(port), "--lms-port", str(lms_port), "--data-dir", data / "lms"]
        stack.enter_context(running(practice, lms_url, **here))
        serve = [command, "serve", "--host", "127.0.0.1", "--port", str(port)]
        stack.enter_context(running(serve, tool_url + "/readyz", **here))
        visitor = Visitor(lms_url, tool_url, "noor")
        visitor.enter("praat-mee")  # 303 from the launch, 200 from the feed

        assert "<!-- installed -->" in visitor.feed
        assert '<html lang="nl"' in visitor.feed
        assert str(texts.read().get("Questions").string) in visitor.feed, "Dutch comes from the wheel as well"
        assets = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', visitor.feed))
        assert any(address.endswith("app.css") for address in assets)
        for address in assets:
            answer = visitor.ask("GET", tool_url + address, 200)
            assert answer.content == (folders[2] / address.rsplit("/", 1)[1]).read_bytes()
        assert list(empty.iterdir()) == []
    assert "Traceback" not in (tmp_path / "log.txt").read_text()
