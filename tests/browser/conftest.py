"""The real thing: `sociallearn practice --with-tool` in processes of its own, and Debian's Chromium in front of it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, FrameLocator, Locator, Page, TimeoutError, expect

from sociallearn.practice import registering
from tests import databases
from tests.conftest import IN_CI

# Third-party cookies are blocked, as in the strictest browsers people use; nothing phones home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--test-third-party-cookie-phaseout",
]
expect.set_options(timeout=20_000)
FAILED = pytest.StashKey[bool]()
PATIENCE = 200  # seconds for everything to be up: two cores may be busy with other tests


@dataclass
class Site:
    """A practice LMS and the tool in it, running."""

    lms: str
    tool: str
    folder: Path
    database: str
    processes: list[subprocess.Popen[bytes]]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Debian's Chromium; never a browser of the test tool's own."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        if IN_CI:
            pytest.fail("Chromium is needed under CI: apt-get install chromium")
        pytest.skip("no Chromium: apt-get install chromium, or set CHROMIUM")
    return {**browser_type_launch_args, "executable_path": found, "args": FLAGS}


def start(folder: Path) -> Site:
    """Both, on ports of their own, as `make run` starts them: with the practice course's conversation."""
    site, ports = _site(folder, "sqlite")
    _run(site, "practice", "--with-tool", "--data-dir", str(folder), *ports)
    _wait(site, lambda: b"Open http" in (folder / "log.txt").read_bytes())
    return site


def start_silent(folder: Path, database: str) -> Site:
    """Both on a new database, as in production, and nobody has said anything yet: ready in a fraction of the time."""
    site, ports = _site(folder, database)
    registering.write_lti_config(None, folder / "lti_config.json", site.lms)
    _run(site, "db", "upgrade").wait(PATIENCE)
    _run(site, "practice", "--data-dir", str(folder / "lms"), *ports)
    _run(site, "serve", "--host", "127.0.0.1", *ports[:2])
    _wait(site, lambda: _answers(site.lms) and _answers(site.tool + "/readyz"))
    return site


def _site(folder: Path, database: str) -> tuple[Site, list[str]]:
    port, lms_port = free_port(), free_port()
    site = Site(f"http://127.0.0.1:{lms_port}", f"http://localhost:{port}", folder, database, [])
    return site, ["--port", str(port), "--lms-port", str(lms_port)]


def _run(site: Site, *command: str) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SOCIALLEARN_")}
    if site.database != "sqlite":
        environment |= {
            "SOCIALLEARN_BASE_URL": site.tool,
            "SOCIALLEARN_DATABASE_URL": site.database,
            "SOCIALLEARN_DATA_DIR": str(site.folder),
            "SOCIALLEARN_LTI_CONFIG": str(site.folder / "lti_config.json"),
        }
    with (site.folder / "log.txt").open("ab") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "sociallearn", *command],
            env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    site.processes.append(started)
    return started


def _wait(site: Site, is_up: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if any(process.poll() for process in site.processes):  # ended, and not well
            break
        if is_up():
            return
        time.sleep(0.1)
    stop(site)
    pytest.fail("It did not start:\n" + (site.folder / "log.txt").read_text()[-3000:])


def _answers(url: str) -> bool:
    try:
        return bool(reads(url))
    except OSError:
        return False


def stop(site: Site) -> None:
    """End each whole group by its id."""
    for process in site.processes:
        if process.poll() is not None:
            continue
        try:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The one most browser tests share."""
    running = start(tmp_path_factory.mktemp("site"))
    yield running
    stop(running)


@pytest.fixture(scope="module", params=databases.NAMES)
def each_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One on each database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("site")
        return
    try:
        url, name = databases.postgres_url()
    except databases.NoPostgres as error:
        pytest.skip(str(error))
    running = start_silent(tmp_path_factory.mktemp("site-pg"), url)
    yield running
    stop(running)
    databases.drop(name)


class Visitor:
    """Somebody in a browser: the LMS page on top, the tool in its frame."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.site, self.context = site, context
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._see)

    def _hear(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if kind == "error" or "Content Security Policy" in text:
            where = getattr(message, "location", {}).get("url", "")
            self.complaints.append(f"{text} {where}".strip())

    def _see(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((self.site.lms, self.site.tool, "data:", "about:", "blob:")):
            self.foreign.append(url)

    def enter(self, name: str, course: str = "smld-2026") -> FrameLocator:
        """Be this person, and open the course with the tool in it."""
        for _ in range(3):
            self.page.goto(self.site.lms)
            form = self.page.locator("form.cast", has=self.page.locator(f"input[name=course][value={course}]"))
            form.get_by_role("button", name=name).click()
            try:
                self.tool.get_by_role("navigation").first.wait_for(timeout=20_000)
            except TimeoutError:  # on a busy machine a launch may not get through; a person reloads then, too
                continue
            return self.tool
        raise AssertionError(f"the tool never opened for {name}")

    @property
    def tool(self) -> FrameLocator:
        """The tool's frame."""
        return self.page.frame_locator("iframe#tool")

    def room(self, name: str) -> FrameLocator:
        """Go to a room by its link."""
        link = self.tool.get_by_role("navigation").first.get_by_role("link", name=name)
        return self.follow(link, self.tool.locator("main h1", has_text=name))

    def follow(self, link: Locator, goal: Locator) -> FrameLocator:
        """Click a link until its goal is there: a click on a frame that is just being replaced gets lost."""
        for _ in range(6):
            self.settle()
            link.click()
            try:
                goal.first.wait_for(timeout=4_000)
            except TimeoutError:
                continue
            return self.tool
        raise AssertionError(f"{link} never led to {goal}")

    def settle(self) -> None:
        """Wait until the tool's frame is loaded and painted, so that what is clicked is what is seen."""
        handle = self.page.locator("iframe#tool").element_handle()
        frame = handle.content_frame() if handle else None
        assert frame is not None
        # a frame below the fold is given no animation frames at all: the clock ends the wait there
        painted = "requestAnimationFrame(() => requestAnimationFrame(() => done(true))); setTimeout(done, 1000, true)"
        try:
            frame.wait_for_load_state("load", timeout=10_000)
            # evaluate() would wait for ever where the frame is replaced meanwhile
            frame.wait_for_function(f"() => new Promise(done => {{ {painted} }})", timeout=10_000)
        except Error:
            return  # what comes next waits for what it needs


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember for ``visit`` that the test failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """``visit(site)``: a browser of one's own, English, third-party cookies blocked."""
    contexts: list[BrowserContext] = []

    def open_one(site: Site, **options: object) -> Visitor:
        context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1200, "height": 900}, **options})
        context.set_default_timeout(30_000)
        contexts.append(context)
        return Visitor(context, site)

    yield open_one
    for number, context in enumerate(contexts):
        if request.node.stash.get(FAILED, False):
            for page in context.pages:
                page.screenshot(path=f"failures/{request.node.name[:60]}-{number}.png")
                print([frame.url for frame in page.frames])  # noqa: T201 - shown with the failure
        context.close()


def reads(url: str) -> str:
    """What a plain GET answers."""
    with urlopen(url, timeout=20) as answer:
        text: str = answer.read().decode()
        return text
