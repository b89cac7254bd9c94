"""What others write arrives where it belongs, and nothing one reads or types is moved or lost."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import FrameLocator, expect

from tests.browser.conftest import Site, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("arriving")]
SOON = 90_000  # ms: it is asked for every ten seconds or so, and the machine may be busy


def _write(visitor: Visitor, body: str) -> None:
    frame = visitor.tool
    frame.locator("textarea[name=body]").first.fill(body)
    visitor.follow(frame.locator("form.composer .send button.button"), frame.locator("article", has_text=body))


def _stays(frame: FrameLocator) -> None:
    frame.locator("html").evaluate("element => element.ownerDocument.defaultView.stayed = true")


def _has_stayed(frame: FrameLocator) -> bool:
    return bool(frame.locator("html").evaluate("element => element.ownerDocument.defaultView.stayed === true"))


@pytest.mark.parametrize("width", [1200, 320])
def test_posts_and_replies_arrive_beside_a_half_written_text(
    site: Site, visit: Callable[..., Visitor], width: int
) -> None:
    reader, writer = visit(site, viewport={"width": width, "height": 800}), visit(site)
    reader.enter("Priya Raman", "editors-2026")
    writer.enter("Helen Ashworth", "editors-2026")
    feed, words = reader.tool, uuid4().hex
    _write(writer, f"Before {words}")
    expect(feed.get_by_role("link", name=re.compile(r"^\d+ new posts?$"))).to_be_visible(timeout=SOON)
    feed.locator("textarea[name=body]").first.fill("Half a thought")
    _stays(feed)

    feed.get_by_role("link", name=re.compile(r"^\d+ new posts?$")).press("Enter")
    newcomer = feed.locator("article", has_text=f"Before {words}")
    expect(newcomer).to_be_focused()
    expect(feed.locator("textarea[name=body]").first).to_have_value("Half a thought")
    expect(feed.locator(".news a")).to_have_count(0)
    assert _has_stayed(feed), "the page was not loaded again"
    expect(newcomer.get_by_role("link", name="1 reply")).to_have_count(0)

    reply = writer.tool.locator("article", has_text=f"Before {words}").get_by_role("link", name="Reply")
    writer.follow(reply, writer.tool.locator("main h1", has_text="Conversation"))
    _write(writer, f"And this {words}")
    expect(newcomer.get_by_role("link", name="1 reply")).to_be_visible(timeout=SOON)

    thread = reader.follow(newcomer.get_by_role("link", name="1 reply"), reader.tool.locator("#replies"))
    thread.locator("textarea[name=body]").first.fill("An answer on its way")
    _stays(thread)
    before = thread.locator("textarea[name=body]").first.bounding_box()
    _write(writer, f"One more {words}")
    expect(thread.get_by_role("link", name="1 new reply")).to_be_visible(timeout=SOON)
    assert thread.locator("textarea[name=body]").first.bounding_box() == before, "nothing moves by itself"
    thread.get_by_role("link", name="1 new reply").press("Enter")
    expect(thread.locator("article.reply", has_text=f"One more {words}")).to_be_focused()
    expect(thread.locator("#replies")).to_have_text("2 replies")
    expect(thread.locator("textarea[name=body]").first).to_have_value("An answer on its way")
    assert _has_stayed(thread), "the page was not loaded again"
    assert reader.complaints == writer.complaints == []
