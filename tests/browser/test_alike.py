"""A question answered while it is typed, by keyboard in a narrow frame; without JavaScript; and all of it by axe."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Visitor
from tests.browser.test_accessibility import Inspector, inspect
from tests.browser.test_keyboard import window

pytestmark = pytest.mark.browser
__all__ = ["inspect", "window"]  # fixtures

TITLE = "How do I write a title that others find later?"
EARLIER = "How do you write a title so that others find the question later?"


def test_an_earlier_cohort_answers_by_keyboard_on_a_small_screen(site: Site, visit: Callable[..., Visitor]) -> None:
    asker = visit(site, viewport={"width": 320, "height": 800})
    frame = asker.enter("Sam Okafor")
    asker.room("Questions")
    title = frame.get_by_label("Your question in one sentence")
    asker.follow(frame.get_by_role("link", name="Ask a question"), title)
    asker.settle()
    expect(frame.get_by_role("button", name="Look for similar questions")).to_be_hidden()
    title.focus()
    asker.page.keyboard.type(TITLE)
    found = frame.get_by_role("region", name="1 question like yours")
    expect(found).to_be_visible()
    expect(frame.locator("[data-alike-status]")).to_have_text("1 question like yours, below your question.")
    expect(title).to_be_focused()
    expect(title).to_have_value(TITLE)
    expect(found).to_contain_text("From an earlier cohort")
    asker.page.keyboard.press("Tab")
    expect(found.get_by_role("link", name=EARLIER)).to_be_focused()
    asker.page.keyboard.press("Tab")
    answers = found.get_by_role("button", name="This answers my question")
    expect(answers).to_be_focused()
    expect(frame.locator("[data-draft-status]")).to_have_text("Draft saved")
    asker.page.keyboard.press("Enter")
    toast = frame.locator(".toast", has_text="Good to know: your question was answered before you asked it.")
    expect(toast).to_be_visible()

    asker.follow(toast.get_by_role("button", name="Undo"), title)
    expect(title).to_have_value(TITLE)
    expect(found).to_be_visible()
    none = found.get_by_role("button", name="None of these")
    none.focus()
    asker.page.keyboard.press("Enter")
    expect(found).to_have_count(0)
    expect(frame.locator("#body")).to_be_focused()
    asker.page.keyboard.type("I tried short ones, and nobody found them back.")
    title.fill(TITLE + " Really?")
    expect(frame.locator("[data-draft-status]")).to_have_text("Draft saved")
    expect(found).to_have_count(0)
    title.press("Enter")  # asks: no button of the list stands in its way
    expect(frame.get_by_role("heading", level=1, name=TITLE + " Really?")).to_be_visible()
    assert asker.complaints == []
    assert asker.foreign == []


def test_all_of_it_without_javascript(window: Page) -> None:
    window.goto("/".join(window.url.split("/")[:5]) + "/questions/new")
    window.locator("#title").fill("Hoe krijg ik mijn chef mee met vragen in het openbaar?")
    window.locator("[data-alike-button] button").click()
    found = window.locator(".alike li").first
    expect(found).to_contain_text("Uit een eerdere groep")
    expect(window.locator("#title")).to_have_value("Hoe krijg ik mijn chef mee met vragen in het openbaar?")
    found.locator("a").click()
    expect(window.locator(".banner")).to_contain_text("eerdere groep")
    expect(window.locator("article.post")).to_have_count(3)
    window.get_by_role("link", name="Terug naar je vraag").click()
    expect(window.locator("#title")).to_have_value("Hoe krijg ik mijn chef mee met vragen in het openbaar?")
    window.locator("[data-alike-button] button").click()
    window.locator(".alike li button").first.click()
    expect(window.locator(".toast")).to_contain_text("Mooi: je vraag was beantwoord voor je ze stelde.")


def test_every_state_of_it_by_axe(inspect: Callable[..., Inspector]) -> None:
    """The list while typing, a question of an earlier cohort, and the choices of an author and of a trainer."""
    somebody = inspect().enter("marisol")
    somebody.go("questions/new")
    somebody.page.locator("#title").fill(TITLE)
    expect(somebody.page.locator(".alike li").first).to_be_visible()
    somebody.look("questions like the one typed")
    expect(somebody.page.locator("[data-draft-status]")).to_have_text("Draft saved")
    somebody.look("question of an earlier cohort", somebody.link(".alike li:has(.tag) h3 a"))
    somebody.look("choices of an author", "memory")
    katrien = inspect().enter("katrien")
    katrien.look("choices of a trainer", "memory")
    assert somebody.found + katrien.found == []
