"""Browsers that keep no cookies: the LMS's storage, then a window of its own; and frames that grow with the page."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from playwright.sync_api import BrowserContext, Frame, FrameLocator, Page, Playwright, expect

from tests.browser.conftest import FAILED, Site, Visitor

pytestmark = pytest.mark.browser

ALL_BLOCKED = {"profile": {"default_content_setting_values": {"cookies": 2}}}  # Chromium's own "block all cookies"
COURSE = "editors-2026"
IN_ADDRESS = re.compile(r"/s/[\w-]{12}~[\w-]{43}/feed")


@pytest.fixture
def without_cookies(
    playwright: Playwright,
    browser_type_launch_args: dict[str, object],
    site: Site,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Visitor]:
    """Somebody whose browser is set to block every cookie, first-party ones too."""
    settings = tmp_path / "profile" / "Default" / "Preferences"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps(ALL_BLOCKED))
    context: BrowserContext = playwright.chromium.launch_persistent_context(
        tmp_path / "profile",
        executable_path=browser_type_launch_args["executable_path"],
        args=browser_type_launch_args["args"],
        locale="en-GB",
        viewport={"width": 1200, "height": 900},
    )
    context.set_default_timeout(30_000)
    yield Visitor(context, site)
    if request.node.stash.get(FAILED, False):
        for number, page in enumerate(context.pages):
            page.screenshot(path=f"failures/{request.node.name[:60]}-{number}.png")
    context.close()


@pytest.fixture
def messages(site: Site) -> Iterator[Callable[[str], None]]:
    """``messages("_parent")``: where the LMS keeps data for the tool. Afterwards nowhere, as before."""

    def turn(to: str) -> None:
        urlopen(f"{site.lms}/practice/services", urlencode({"messages": to}).encode(), timeout=20).close()

    yield turn
    turn("none")


def sign_in(visitor: Visitor, name: str) -> FrameLocator:
    """Choose who to be, and come to the course page with the tool's frame."""
    visitor.page.goto(visitor.site.lms)
    form = visitor.page.locator("form.cast", has=visitor.page.locator(f"input[name=course][value={COURSE}]"))
    form.get_by_role("button", name=name).click()
    return visitor.tool


def frame_of(visitor: Visitor) -> Frame:
    """The tool's frame as it is now."""
    handle = visitor.page.locator("iframe#tool").element_handle()
    frame = handle.content_frame() if handle else None
    assert frame is not None
    return frame


def keeps_nothing(where: Page | Frame) -> bool:
    """Even a first-party cookie that is set here is gone at once."""
    return where.evaluate("() => { document.cookie = 'probe=1'; return document.cookie }") == ""


@pytest.mark.parametrize("target", ["_parent", "post_message_forwarding"])
def test_with_all_cookies_blocked_the_lms_keeps_what_the_launch_needs(
    without_cookies: Visitor, messages: Callable[[str], None], target: str
) -> None:
    messages(target)
    visitor = without_cookies
    frame = sign_in(visitor, "Priya Raman")
    expect(frame.get_by_role("heading", name="Feed")).to_be_visible()
    assert IN_ADDRESS.search(frame_of(visitor).url)
    assert len(visitor.context.pages) - len([page for page in visitor.context.pages if page.url == "about:blank"]) == 1

    text = f"Without a single cookie, kept by {target}."
    frame.locator("textarea[name=body]").first.fill(text)
    article = frame.locator("article", has_text=text)
    visitor.follow(frame.get_by_role("button", name="Post", exact=True), article)
    visitor.follow(article.get_by_role("link", name="Reply").first, frame.get_by_label("Your reply"))
    frame.locator("textarea[name=body]").first.fill("And an answer to it.")
    reply = frame.locator("article", has_text="And an answer to it.")
    visitor.follow(frame.get_by_role("button", name="Reply", exact=True), reply)
    frame_of(visitor).goto(frame_of(visitor).url)  # the address alone is enough
    expect(reply).to_be_visible()
    visitor.room("Questions")

    visitor.page.goto(visitor.page.url)  # another launch; a reload may bring back the frame's last page
    expect(frame.get_by_role("heading", name="Feed")).to_be_visible()
    expect(article.first).to_be_visible()
    assert keeps_nothing(visitor.page)
    assert keeps_nothing(frame_of(visitor))
    assert visitor.context.cookies() == []
    assert visitor.complaints == []
    assert visitor.foreign == []


def test_with_all_cookies_blocked_and_no_storage_one_click_opens_a_window(without_cookies: Visitor) -> None:
    visitor = without_cookies
    frame = sign_in(visitor, "Jonas Lindqvist")
    link = frame.get_by_role("link", name="Open in a new window")
    expect(link).to_be_visible()
    with visitor.context.expect_page() as opened:
        link.click()
    window = opened.value
    window.on("console", visitor._hear)
    expect(window.get_by_role("heading", name="Feed")).to_be_visible()
    expect(frame.get_by_role("heading", name="SocialLearn opens in a new window")).to_be_visible()
    assert IN_ADDRESS.search(window.url)
    window.locator("textarea[name=body]").first.fill("From a window of its own.")
    window.get_by_role("button", name="Post", exact=True).click()
    expect(window.locator("article", has_text="From a window of its own.")).to_be_visible()
    window.reload()
    expect(window.locator("article", has_text="From a window of its own.")).to_be_visible()
    assert keeps_nothing(window)
    assert keeps_nothing(visitor.page)
    assert visitor.context.cookies() == []
    assert visitor.complaints == []


def test_a_window_whose_opener_is_gone_says_what_to_do(without_cookies: Visitor) -> None:
    visitor = without_cookies
    frame = sign_in(visitor, "Jonas Lindqvist")
    address = frame.locator("#new-window a").get_attribute("href") or ""
    window = visitor.context.new_page()
    window.goto(address)
    expect(window.get_by_role("heading", name="Your browser blocks all cookies")).to_be_visible()


def test_an_lms_that_promises_storage_and_keeps_nothing_leads_to_the_window(
    without_cookies: Visitor, messages: Callable[[str], None]
) -> None:
    messages("_parent")
    visitor = without_cookies
    visitor.page.route("**/practice-messages.js", lambda route: route.abort())
    frame = sign_in(visitor, "Jonas Lindqvist")
    expect(frame.get_by_role("link", name="Open in a new window")).to_be_visible()


def test_with_third_party_cookies_blocked_a_partitioned_cookie_stays_in_the_frame(
    site: Site, visit: Callable[..., Visitor], messages: Callable[[str], None]
) -> None:
    messages("_parent")
    visitor = visit(site)
    frame = visitor.enter("Marisol Ortega", COURSE)
    assert re.search(r"/s/[\w-]{12}/feed", frame_of(visitor).url)
    kept = [cookie for cookie in visitor.context.cookies() if cookie["name"].startswith("__Host-seat-")]
    assert [cookie["partitionKey"] for cookie in kept] == ["http://127.0.0.1"]
    frame.locator("textarea[name=body]").first.fill("With a cookie of this course's own.")
    visitor.follow(
        frame.get_by_role("button", name="Post", exact=True), frame.locator("article", has_text="With a cookie of")
    )
    assert visitor.complaints == []


def test_the_frame_grows_with_the_page_and_messages_stay_in_sight(
    site: Site, visit: Callable[..., Visitor], messages: Callable[[str], None]
) -> None:
    messages("_parent")
    visitor = visit(site)
    frame = visitor.enter("Katrien De Wolf", "smld-2026")
    is_grown = "() => document.querySelector('#tool').offsetHeight > 1500"
    visitor.page.wait_for_function(is_grown)
    frame_of(visitor).wait_for_function("() => document.documentElement.classList.contains('fits')")

    # far down the LMS's page: an act whose message stands at the top of the next page
    frame.locator("textarea[name=body]").first.fill("Here and gone.")
    mine = frame.locator("article.post", has_text="Here and gone.")
    visitor.follow(frame.locator("form.composer .send button.button"), mine)
    visitor.page.wait_for_function(is_grown)
    delete = mine.locator("button[formaction$='/deletion']")
    visitor.follow(mine.locator("details.menu summary"), delete)
    toast = frame.locator(".toast")
    visitor.follow(delete, toast)
    expect(toast).to_be_in_viewport(ratio=1)
    visitor.page.wait_for_function(is_grown)
    visitor.page.evaluate("() => scrollTo(0, 1200)")
    expect(toast).to_be_in_viewport(ratio=1, timeout=5_000)  # it follows

    # a conversation opens at its top, a new reply is shown where it stands
    link = frame.locator("article.post footer a.act").last
    link.scroll_into_view_if_needed()
    assert visitor.page.evaluate("() => scrollY") > 500
    visitor.follow(link, frame.locator("form.composer textarea"))
    frame.locator("textarea[name=body]").first.fill("A reply from below.")
    reply = frame.locator("article.post", has_text="A reply from below.")
    visitor.follow(frame.locator("form.composer .send button.button"), reply)
    expect(reply).to_be_in_viewport()
    assert visitor.complaints == []


def test_an_lms_that_takes_no_messages_is_left_alone(site: Site, visit: Callable[..., Visitor]) -> None:
    visitor = visit(site)
    frame = visitor.enter("Katrien De Wolf", "smld-2026")
    height = (visitor.page.locator("iframe#tool").bounding_box() or {})["height"]
    asked = "() => new Promise(done => setTimeout(done, 2500))"  # longer than the tool waits for an answer
    frame_of(visitor).evaluate(asked)
    assert (visitor.page.locator("iframe#tool").bounding_box() or {})["height"] == height
    expect(frame.locator("html.grown")).to_have_count(0)
    assert visitor.complaints == []


def test_leaving_asks_only_while_something_typed_is_not_kept(
    site: Site, visit: Callable[..., Visitor], messages: Callable[[str], None]
) -> None:
    messages("_parent")
    visitor = visit(site)
    visitor.page.add_init_script(
        """addEventListener("message", ({data}) => { (window.heard ??= []).push(data.subject); })"""
    )
    frame = visitor.enter("Priya Raman", COURSE)
    visitor.page.wait_for_function("() => window.heard?.includes('lti.frameResize')")
    frame.locator("textarea[name=body]").first.press_sequentially("Half")
    visitor.page.wait_for_function("() => window.heard.includes('lti.setUnloadMessage')")
    visitor.page.wait_for_function("() => window.heard.includes('lti.removeUnloadMessage')")  # the draft is kept
    frame.locator("textarea[name=body]").first.fill("")
    expect(frame.get_by_text("Draft saved")).to_be_visible()
    assert visitor.complaints == []


def test_a_frame_that_may_not_grow_as_asked_scrolls_by_itself(
    site: Site, visit: Callable[..., Visitor], messages: Callable[[str], None]
) -> None:
    messages("_parent")
    visitor = visit(site)
    visitor.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => document.querySelector('#tool')"
        "?.style.setProperty('max-height', '700px'))"
    )
    frame = visitor.enter("Katrien De Wolf", "smld-2026")
    expect(frame.locator("html.grown")).to_have_count(1)
    expect(frame.locator("html.fits")).to_have_count(0)
    last = frame.locator("article.post").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    assert int(frame_of(visitor).evaluate("() => scrollY")) > 300
