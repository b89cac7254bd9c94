"""What is said of answers and questions, in the frame: by keyboard, on a small screen, without another page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser


def test_a_vote_by_keyboard_and_a_question_solved_otherwise(site: Site, visit: Callable[..., Visitor]) -> None:
    reader = visit(site, viewport={"width": 320, "height": 800})
    frame = reader.enter("Sam Okafor")
    reader.follow(
        frame.get_by_role("link", name="Questions", exact=True), frame.get_by_role("heading", name="Questions", level=1)
    )
    title = "Has anyone measured what a shared feed really saves?"
    reader.follow(frame.get_by_role("link", name=title), frame.get_by_role("heading", name=title, level=1))
    first = frame.locator("article.post.reply").first
    expect(first).to_contain_text("Tomasz")  # found useful most often
    helped = first.locator("[data-mark=help]")
    helped.focus()
    reader.page.keyboard.press("Enter")
    expect(helped).to_have_attribute("aria-pressed", "true")
    expect(helped).to_contain_text("1")
    expect(helped).to_be_focused()
    reader.page.keyboard.press("Enter")
    expect(helped).to_have_attribute("aria-pressed", "false")
    expect(helped.locator("[data-count]")).to_be_hidden()
    useful = first.locator("[data-mark=vote]")
    expect(useful).to_have_attribute("aria-pressed", "true")  # his own, of before
    useful.focus()
    reader.page.keyboard.press("Enter")
    expect(useful).to_contain_text("2")
    width = frame.locator("html").evaluate("root => [root.scrollWidth, root.clientWidth]")
    assert width[0] <= width[1]

    words = frame.get_by_label("How was it solved?")
    reader.follow(frame.get_by_role("link", name="Solved otherwise"), words)
    words.fill("Finance counted the mails themselves.")
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Enter")
    expect(frame.locator(".standing")).to_contain_text("Finance counted the mails themselves.")
    expect(frame.locator(".standing .chip")).to_have_text("Solved")
    again = frame.get_by_label("Why?")
    reader.follow(frame.get_by_role("link", name="Open again"), again)
    again.fill("They count differently now.")
    reader.follow(frame.get_by_role("button", name="Open again"), frame.locator(".standing .chip", has_text="Reopened"))
    assert reader.complaints == []
