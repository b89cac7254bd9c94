"""Offering to be asked, and the 12-hour goal: by keyboard, narrow, live, and for axe."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor
from tests.browser.test_accessibility import Inspector, inspect

pytestmark = pytest.mark.browser
__all__ = ["inspect"]


def test_offer_by_keyboard_ask_and_see_the_clock_run(site: Site, visit: Callable[..., Visitor]) -> None:
    helper = visit(site, viewport={"width": 320, "height": 800})
    frame = helper.enter("Sam Okafor")
    words = frame.locator("#words")
    link = frame.get_by_role("link", name="What others ask me about").first
    helper.follow(link, words)
    words.focus()
    helper.page.keyboard.type("figures, finance")
    helper.page.keyboard.press("Enter")
    stop = helper.tool.get_by_role("button", name="Don’t ask me any more")
    expect(stop).to_be_visible()
    helper.settle()
    stop.focus()
    helper.page.keyboard.press("Enter")
    expect(helper.tool.get_by_text("Nobody asks you any more.")).to_be_visible()
    expect(helper.tool.locator("#words")).to_have_value("")


def test_the_clock_counts_on_and_its_pages_have_no_barrier(inspect: Callable[..., Inspector]) -> None:
    sam = inspect(locale="en").enter("sam")
    sam.page.clock.install()
    sam.go("questions/new")
    sam.page.locator("#title").fill("Which figure convinces finance?")
    sam.page.locator("#body").fill("One that a sceptic accepts.")
    with sam.page.expect_navigation():
        sam.page.locator("form.composer .send button.button").click()
    chip = sam.page.locator(".goal .chip")
    expect(chip).to_have_text(re.compile("12 hours left"))
    sam.page.clock.run_for(3 * 3600 * 1000)
    expect(chip).to_have_text(re.compile("9 hours left"))
    sam.page.clock.run_for(9 * 3600 * 1000)
    expect(chip).to_have_text(re.compile("12-hour goal missed, still welcome"))
    looker = inspect().enter("tomasz")
    looker.look("12-hour goal", "questions/promise")
    looker.look("rows behind it", "questions/promise/questions?of=all&clock=plain")
    looker.look("asked of me", "questions?show=asked")
    looker.look("ask me about", "questions/ask-me")
    looker.go("questions?show=asked")
    looker.look("asked on a question", looker.link(".question h2 a"))
    assert looker.page.locator("#you-are-asked").count() == 1
    assert looker.found == []
    assert len(looker.seen) == 5
