"""Everything hostile through every input, as text and as what an LMS says, and then opened: nothing runs, nothing is
asked of anybody else, and our own pages break no rule of their own."""

import io
import re
import threading
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.attachments.making import PDF, image
from tests.conftest import HERE, MEMBERSHIP, Actor
from tests.payloads import PAYLOADS

pytestmark = pytest.mark.browser

# what must not be in any page, whatever became of the text
BAD = """() => [...document.querySelectorAll("*")].flatMap(one => [
  ...[...one.attributes].filter(a => /^on/i.test(a.name) ||
      (["href", "src", "action", "formaction", "xlink:href", "data", "ping", "srcset", "srcdoc"].includes(a.name) &&
       /^\\s*(javascript|vbscript|data|blob|filesystem|file):/i.test(a.value.replace(/[\\x00-\\x20]/g, ""))) ||
      (a.name === "style")).map(a => `${one.outerHTML.slice(0, 120)}: ${a.name}`),
  ...(one.matches("script:not([src^='/static/']), iframe, object, embed, base, meta[http-equiv], .text style, " +
      ".text form, .text input, .text button, .text svg, .text img:not([src^='/']), .text [id]")
      ? [one.outerHTML.slice(0, 160)] : [])])"""


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the app of this process can be reached."""
    server = make_server("localhost", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()


class Fill:
    """People with hostile names in courses with hostile titles, who send hostile texts."""

    def __init__(self, app: Flask) -> None:
        self.app, self.sent, self.stored = app, count(), count()
        self.refused: dict[str, int] = {}
        self.pictures: list[str] = []
        self.trainer = Actor(app, HERE, sub="tess", name="Tess Test", roles=[MEMBERSHIP + "Instructor"])
        self.thread = self._number(self.trainer.post("/feed", body="The conversation everybody replies in."))

    def send(self, who: Actor, path: str, **form: Any) -> int | None:
        """Send a form; the number of what came of it."""
        next(self.sent)
        answer = who.post(path, **form)
        assert answer.status_code < 500, (path, form, answer.status_code)
        if answer.status_code == 303:
            next(self.stored)
            return self._number(answer)
        self.refused[path] = self.refused.get(path, 0) + 1
        return None

    def bring(self, who: Actor, name: str, content: bytes) -> str:
        """Upload a file that is called so; its number, or nothing where it is refused."""
        next(self.sent)
        answer = who.post("/files", place="feed", file=(io.BytesIO(content), name))
        assert answer.status_code < 500, (name, answer.status_code)
        if answer.status_code != 201:
            self.refused["/files"] = self.refused.get("/files", 0) + 1
            return ""
        next(self.stored)
        return re.findall(r'name="file" value="(\d+)"', answer.json["html"])[0]

    @staticmethod
    def _number(answer: Any) -> int:
        return int((re.findall(r"\d+", answer.location) or ["0"])[-1])

    def come_in(self, number: int, payload: str) -> Actor:
        """Launch as somebody who is called so, in a course that is called so."""
        self.app.extensions["rate_limiter"].storage.reset()  # another minute
        said = payload.replace("\x00", "")[:200]  # a launch that says more is refused, which other tests see to
        title = {"context": {"id": "course-1", "title": said}, "resource_link": {"id": "link-1", "title": said}}
        names = {"name": said, "given_name": said, "family_name": said, "custom": {"unit": said}}
        return Actor(self.app, HERE, sub=f"hostile-{number}", **title, **names)

    def talk(self, number: int, payload: str) -> None:
        """The same text in every room."""
        who = self.come_in(number, payload)
        picture = self.bring(who, payload[:120] + ".png", image())
        self.pictures += [picture] if picture else []
        paper = self.bring(who, payload[:100] + ".pdf", PDF)
        for content, name in ((PDF, "page.html"), (payload.encode("utf-8", "replace"), "photo.png")):
            lies = who.post("/files", place="feed", file=(io.BytesIO(content), name))
            assert lies.status_code in (415, 422), f"taken for what it is not: {name}"
        words = {f"alt-{picture}": payload[:200], "poll_option": [payload[:120], "Something else"], "part": "poll"}
        post = self.send(who, "/feed", body=payload, file=[each for each in (picture, paper) if each], **words)
        self.send(who, f"/posts/{self.thread}/replies", body=payload)
        if post:
            self.send(self.trainer, f"/posts/{post}/report", kind="other", words=payload[:500])
        self.send(who, "/questions", title=payload[:150], body=payload)
        self.send(who, "/ideas", title=payload[:150], body=payload)
        who.post("/drafts", place="feed", title="", body=payload)
        if post and number % 10 == 4:
            self.send(self.trainer, f"/posts/{post}/hiding", reason=payload[:1000])
        if number % 12 == 5:
            self.send(self.trainer, "/cohort/groups", name=payload[:120])
            self.send(self.trainer, "/cohort/spaces", name=payload[:120], tone="informal", keep_days="7")
            self.send(self.trainer, "/agreements", line1=payload[:200], line2=payload[:200], line3="")
            self.send(self.trainer, "/ideas/rounds", question=payload[:150])
            starter = {"body": payload, "title": payload[:150], "details": payload, "idea": payload[:150]}
            self.send(self.trainer, "/starters", parts=["discussion", "question", "round"], **starter)


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_nothing_runs_and_nothing_is_asked_elsewhere(app: Flask, address: str, browser: Browser) -> None:
    """One in four of them; `make prove` takes all."""
    attack(PAYLOADS[::4], app, address, browser)


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_nothing_at_all_runs(app: Flask, address: str, browser: Browser) -> None:
    attack(PAYLOADS, app, address, browser)


def attack(payloads: list[str], app: Flask, address: str, browser: Browser) -> None:
    """Send them everywhere, and open every page they stand on."""
    fill = Fill(app)
    for number, payload in enumerate(payloads):
        fill.talk(number, payload)
    sent, stored = next(fill.sent), next(fill.stored)
    assert stored >= 0.9 * sent, fill.refused

    context = browser.new_context(locale="en-GB")
    context.set_default_timeout(30_000)
    for cookie in fill.trainer.client._cookies.values():
        where = {"domain": "localhost", "path": "/", "secure": True, "httpOnly": True}
        context.add_cookies([{"name": cookie.key, "value": cookie.value, **where}])  # type: ignore[typeddict-item]
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    context.on("request", lambda one: None if one.url.startswith(address) else complaints.append(one.url))

    seen = 0
    for path in ("/feed", f"/posts/{fill.thread}", "/questions", "/ideas"):
        seen += _walk(page, f"{address}{fill.trainer.url(path)}", complaints)
    for path in (
        "/topics",
        "/decisions",
        "/moderation",
        "/starters/new",
        f"/files/{fill.pictures[0]}",
        f"/posts/{fill.thread}/history",
        "/cohort/groups",
        "/cohort",
        "/agreements",
        "/grading",
        "/cohort/set-up",
    ):
        seen += _look(page, f"{address}{fill.trainer.url(path)}", complaints)
    for link in page.locator("nav a").all()[:3]:
        assert (link.get_attribute("href") or "").startswith("/s/")
    context.close()
    print(f"\n{len(payloads)} payloads, {sent} sent, {stored} stored, {seen} pages opened")  # noqa: T201
    assert complaints == []


def _walk(page: Page, url: str, complaints: list[str]) -> int:
    """A list and all its older pages, and its first texts each on a page of its own."""
    seen = 0
    while url:
        seen += _look(page, url, complaints)
        older = page.locator("a[rel=next]")
        url = page.url.split("/s/")[0] + (older.get_attribute("href") or "") if older.count() else ""
    return seen


def _look(page: Page, url: str, complaints: list[str]) -> int:
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, url
    complaints += [f"{url}: {problem}" for problem in page.evaluate(BAD)]
    if page.evaluate("() => window.pwned !== undefined"):
        complaints.append(f"{url}: something ran")
    return 1
