"""Writing: marks by mouse and by keys, a preview, quotes, and drafts that go along from one browser to another."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Frame, FrameLocator, Locator, expect

from tests.browser.conftest import Site, Visitor
from tests.browser.test_accessibility import Inspector, axe, inside, inspect, sticking_out

pytestmark = pytest.mark.browser
__all__ = ["inspect"]  # a fixture

BODY = "textarea[name=body]"


def tool(frame: FrameLocator, name: str) -> Locator:
    """A button of the toolbar."""
    return frame.get_by_role("toolbar").get_by_role("button", name=name, exact=True)


def select(area: Locator, words: str) -> None:
    """Select these words of the text."""
    start = area.input_value().index(words)
    area.evaluate("(area, [start, end]) => area.setSelectionRange(start, end)", [start, start + len(words)])


def selected(area: Locator) -> str:
    """What is selected."""
    return str(area.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)"))


def mark(words: str) -> str:
    """A script that selects these words in the first post that says them."""
    return f"""() => {{
      const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {{
        const at = walker.currentNode.data.indexOf({words!r});
        if (at < 0 || !walker.currentNode.parentElement.closest(".text")) continue;
        getSelection().setBaseAndExtent(walker.currentNode, at, walker.currentNode, at + {len(words)});
        return;
      }}
    }}"""


def start_anew(frame: FrameLocator) -> Locator:
    """The form of the feed, empty."""
    area = frame.locator(BODY)
    expect(frame.get_by_role("toolbar")).to_be_visible()
    area.fill("")
    return area


def test_marks_by_mouse(site: Site, visit: Callable[..., Visitor]) -> None:
    visitor = visit(site)
    frame = visitor.enter("Sam Okafor")
    area = start_anew(frame)
    area.fill("one two three")
    select(area, "two")
    tool(frame, "Bold").click()
    expect(area).to_have_value("one **two** three")
    assert selected(area) == "two"
    tool(frame, "Italic").click()
    expect(area).to_have_value("one ***two*** three")
    tool(frame, "Bold").click()
    expect(area).to_have_value("one *two* three")
    tool(frame, "Italic").click()
    expect(area).to_have_value("one two three")
    assert selected(area) == "two"
    tool(frame, "Code").click()
    expect(area).to_have_value("one `two` three")
    tool(frame, "Code").click()
    tool(frame, "Link").click()
    expect(area).to_have_value("one [two](https://) three")
    assert selected(area) == "https://"
    tool(frame, "Link").click()
    expect(area).to_have_value("one two three")

    for name, made in {
        "Quote": "> one\n> two",
        "List": "- one\n- two",
        "Numbered list": "1. one\n2. two",
        "Code": "```\none\ntwo\n```",
    }.items():
        area.fill("one\ntwo")
        area.select_text()
        tool(frame, name).click()
        expect(area).to_have_value(made)
        tool(frame, name).click()
        expect(area).to_have_value("one\ntwo")
        # and Ctrl+Z takes back what the buttons did
        visitor.page.keyboard.press("ControlOrMeta+z")
        expect(area).to_have_value(made)
    area.fill("- one\n- two")
    area.select_text()
    tool(frame, "Numbered list").click()
    expect(area).to_have_value("1. one\n2. two")
    area.fill("one\ntwo")
    area.select_text()
    tool(frame, "Bold").click()
    expect(area).to_have_value("**one**\n**two**")
    area.fill("")
    assert visitor.complaints == []


def test_marks_by_keyboard(site: Site, visit: Callable[..., Visitor]) -> None:
    visitor = visit(site)
    frame = visitor.enter("Sam Okafor")
    press = visitor.page.keyboard.press
    area = start_anew(frame)
    visitor.page.keyboard.type("so ")
    press("ControlOrMeta+b")
    visitor.page.keyboard.type("bold")
    expect(area).to_have_value("so **bold**")
    press("ControlOrMeta+i")  # the word around the caret
    expect(area).to_have_value("so ***bold***")
    press("ControlOrMeta+i")
    press("ControlOrMeta+b")
    expect(area).to_have_value("so bold")
    press("ControlOrMeta+k")
    expect(area).to_have_value("so [bold](https://)")
    visitor.page.keyboard.type("https://example.org")
    expect(area).to_have_value("so [bold](https://example.org)")

    # one tab stop, arrows within
    press("Shift+Tab")
    expect(tool(frame, "Bold")).to_be_focused()
    press("ArrowLeft")
    expect(tool(frame, "Code")).to_be_focused()
    press("Home")
    press("ArrowRight")
    expect(tool(frame, "Italic")).to_be_focused()
    press("End")
    expect(tool(frame, "Code")).to_be_focused()
    press("Shift+Tab")
    expect(frame.get_by_role("tab", name="Write")).to_be_focused()
    press("Tab")
    expect(tool(frame, "Code")).to_be_focused()  # where one was
    press("ArrowLeft")
    press("ArrowLeft")
    area.fill("a line")
    tool(frame, "List").focus()
    press("Enter")
    expect(area).to_have_value("- a line")
    expect(area).to_be_focused()
    expect(tool(frame, "Bold")).to_have_attribute("aria-keyshortcuts", "Control+B")
    expect(tool(frame, "Bold")).to_have_attribute("title", "Bold (Ctrl+B)")
    area.fill("")


def test_preview(site: Site, visit: Callable[..., Visitor]) -> None:
    visitor = visit(site)
    frame = visitor.enter("Sam Okafor")
    area = start_anew(frame)
    write, preview = frame.get_by_role("tab", name="Write"), frame.get_by_role("tab", name="Preview")
    panel = frame.get_by_role("tabpanel", name="Preview")
    preview.click()
    expect(panel).to_have_text("Nothing to preview yet.")
    write.click()
    area.fill("Some **bold** words <b>not html</b>")
    write.focus()
    visitor.page.keyboard.press("ArrowRight")
    expect(preview).to_be_focused()
    expect(preview).to_have_attribute("aria-selected", "true")
    expect(panel.locator("strong")).to_have_text("bold")
    expect(panel).to_contain_text("<b>not html</b>")
    expect(area).to_be_hidden()
    expect(frame.get_by_role("toolbar")).to_be_hidden()
    visitor.page.keyboard.press("Tab")
    expect(panel).to_be_focused()
    write.click()
    expect(area).to_have_value("Some **bold** words <b>not html</b>")

    # when it cannot be had, that is said, and tried again
    visitor.page.route("**/preview", lambda route: route.abort())
    preview.click()
    expect(panel).to_contain_text("The preview did not work this time.")
    visitor.page.unroute("**/preview")
    panel.get_by_role("button", name="Try again").click()
    expect(panel.locator("strong")).to_have_text("bold")
    visitor.page.route("**/preview", lambda route: route.fulfill(status=401, body="<p>gone</p>"))
    preview.click()
    expect(panel).to_contain_text("your session has ended")
    visitor.page.unroute("**/preview")
    write.click()
    area.fill("x" * 20_010)
    expect(frame.get_by_text("10 characters too many")).to_be_visible()
    preview.click()
    expect(panel).to_contain_text("At most 20,000 characters.")
    write.click()
    area.fill("x" * 18_500)
    expect(frame.get_by_text("1,500 characters left")).to_be_visible()
    area.fill("")
    expect(frame.get_by_text("characters left")).to_have_count(0)


def test_quote_in_a_thread_and_from_a_list(site: Site, visit: Callable[..., Visitor]) -> None:
    text = "The quick way is not the short one, as everybody here has found out by now."
    author = visit(site)
    frame = author.enter("Sam Okafor")
    start_anew(frame).fill(text)
    article = frame.locator("article.post.list", has_text=text).first
    author.follow(frame.get_by_role("button", name="Post", exact=True), article)

    reader = visit(site)
    frame = reader.enter("Tomasz Zieliński")
    article = frame.locator("article.post.list", has_text=text).first
    expect(article.locator("[data-quote]")).to_have_count(1)
    inside(reader).evaluate(mark("not the short one"))
    bubble = frame.locator(".quote-here")
    expect(bubble).to_be_visible()
    bubble.click()
    area = frame.get_by_label("Your reply")
    expect(area).to_have_value("> **Sam Okafor wrote:**\n>\n> not the short one\n\n")
    expect(area).to_be_focused()

    # at the caret, with what was selected; else the first paragraph; by keyboard
    area.fill("First.\n\nLast.")
    inside(reader).evaluate("() => getSelection().removeAllRanges()")
    area.evaluate("area => area.setSelectionRange(6, 6)")
    menu = frame.locator("article.root details.menu")
    menu.locator("summary").focus()
    reader.page.keyboard.press("Enter")
    menu.get_by_role("button", name="Quote").focus()
    reader.page.keyboard.press("Enter")
    expect(area).to_have_value(f"First.\n\n> **Sam Okafor wrote:**\n>\n> {text}\n\nLast.")
    area.fill("")
    inside(reader).evaluate(mark("everybody here"))
    expect(bubble).to_be_visible()
    menu.locator("summary").click()
    menu.get_by_role("button", name="Quote").click()
    expect(area).to_have_value("> **Sam Okafor wrote:**\n>\n> everybody here\n\n")
    area.press("End")
    reader.page.keyboard.type("I did.")
    reply = frame.locator("article.reply", has_text="I did.")
    reader.follow(frame.get_by_role("button", name="Reply", exact=True), reply)
    expect(reply.locator("blockquote strong")).to_have_text("Sam Okafor wrote:")
    expect(area).to_have_value("")
    assert reader.complaints == []


def test_a_draft_follows_and_can_be_discarded(site: Site, visit: Callable[..., Visitor]) -> None:
    first = visit(site)
    frame = first.enter("Tomasz Zieliński")
    area = start_anew(frame)
    area.fill("Begun in one browser")
    expect(frame.get_by_text("Draft saved")).to_be_visible()
    expect(frame.get_by_role("button", name="Discard draft")).to_be_hidden()

    second = visit(site)
    frame = second.enter("Tomasz Zieliński")
    area = frame.locator(BODY)
    expect(area).to_have_value("Begun in one browser")
    frame.get_by_role("button", name="Discard draft").click()
    expect(area).to_have_value("")
    expect(frame.get_by_text("Draft discarded.")).to_be_visible()
    undo = frame.locator("[data-undo]")
    expect(undo).to_be_focused()
    second.page.keyboard.press("Enter")
    expect(area).to_have_value("Begun in one browser")
    expect(area).to_be_focused()
    expect(frame.get_by_text("Draft saved")).to_be_visible()
    frame.get_by_role("button", name="Discard draft").click()
    expect(frame.get_by_text("Draft discarded.")).to_be_visible()
    area.focus()
    expect(undo).to_be_hidden()  # after ten seconds

    third = visit(site)
    frame = third.enter("Tomasz Zieliński")
    expect(frame.locator(BODY)).to_have_value("")


def test_what_was_typed_after_the_session_ended_comes_back(inspect: Callable[..., Inspector]) -> None:
    somebody = inspect().enter("tomasz")
    page = somebody.page
    area = page.locator(BODY)
    area.fill("Typed in time")
    expect(page.get_by_text("Draft saved")).to_be_visible()
    page.context.clear_cookies()  # the seat is worth nothing now
    area.fill("Typed in time, and a little more")
    expect(page.get_by_text("Your session has ended. Your text is kept in this tab")).to_be_visible()
    page.locator("form.composer .send button.button").click()
    expect(page.locator("#typed")).to_have_value("Typed in time, and a little more")

    somebody.enter("tomasz")
    expect(area).to_have_value("Typed in time, and a little more")
    expect(page.get_by_role("button", name="Discard draft")).to_be_visible()
    expect(page.get_by_text("Draft saved")).to_be_visible()
    page.locator("form.composer .send button.button").click()
    expect(page.locator("article.post.list", has_text="Typed in time, and a little more").first).to_be_visible()
    expect(area).to_have_value("")  # it arrived: nothing of it is left
    page.reload()
    expect(area).to_have_value("")


def test_the_newer_draft_wins(inspect: Callable[..., Inspector]) -> None:
    here, elsewhere = inspect().enter("wout"), inspect()
    page, asked = here.page, []
    area = page.locator(BODY)
    area.fill("On the server")
    expect(page.get_by_text(SAVED)).to_be_visible()
    page.route("**/drafts", lambda route: route.abort())
    area.press_sequentially(", and more in this tab")
    expect(page.get_by_text(OFFLINE)).to_be_visible()
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    here.enter("wout")
    assert asked == ["beforeunload"]  # closed with the tab, it would be lost
    expect(area).to_have_value("On the server, and more in this tab")

    expect(page.get_by_text(OFFLINE)).to_be_visible()
    other = elsewhere.enter("wout").page
    other.locator(BODY).fill("Written later, elsewhere")
    expect(other.get_by_text(SAVED)).to_be_visible()
    page.reload()
    expect(area).to_have_value("Written later, elsewhere")
    other.locator(BODY).fill("")
    expect(other.get_by_text(SAVED)).to_be_visible()


SAVED, OFFLINE = re.compile("Concept bewaard|Draft saved"), "Niet verstuurd: geen verbinding"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 320])
def test_everything_open_is_accessible(site: Site, inspect: Callable[..., Inspector], scheme: str, width: int) -> None:
    somebody = inspect(color_scheme=scheme, viewport={"width": width, "height": 800}).enter("noor")
    page = somebody.page
    page.locator(BODY).fill("# Kop\n\n> citaat\n\n- een **lijst**\n\n```\ncode\n```\n" + "x" * 19_000)
    expect(page.locator(".editor-bar")).to_be_visible()
    problems = axe(page) + sticking_out(page)
    page.locator("[role=tab]").last.click()
    expect(page.locator("#body-preview strong")).to_be_visible()
    problems += axe(page) + sticking_out(page)
    page.locator("[role=tab]").first.click()
    page.locator(BODY).fill("Een concept")
    expect(page.get_by_text(SAVED)).to_be_visible()
    page.evaluate(mark(words_of_a_post(page.main_frame)))
    expect(page.locator(".quote-here")).to_be_visible()
    page.reload()
    expect(page.locator("[data-discard]")).to_be_visible()
    page.evaluate(mark(words_of_a_post(page.main_frame)))
    expect(page.locator(".quote-here")).to_be_visible()
    problems += axe(page) + sticking_out(page)
    page.locator("[data-discard]").click()
    expect(page.locator("[data-undo]")).to_be_focused()
    problems += axe(page) + sticking_out(page)
    assert problems == []


def words_of_a_post(frame: Frame) -> str:
    """The beginning of a text that can be quoted."""
    return str(frame.evaluate("() => document.querySelector('.post.list .text p').firstChild.data.slice(0, 12)"))
