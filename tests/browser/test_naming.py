"""@ and # by keyboard only: a list that is announced, chosen from, and leads to a topic's page."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import NARROW, WIDE, Inspector, axe, inspect, sticking_out

__all__ = ["inspect"]  # a fixture
pytestmark = pytest.mark.browser


def chosen(page: Page) -> str:
    """The option a screen reader is told about."""
    active = page.locator("#body").get_attribute("aria-activedescendant") or ""
    return page.locator(f"[id='{active}']").inner_text() if active else ""


def test_name_somebody_and_a_topic_by_keyboard(inspect: Callable[..., Inspector]) -> None:
    tomasz = inspect().enter("tomasz")
    complaints: list[str] = []
    page = tomasz.page
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    tomasz.go("feed")
    area, people = page.locator("#body"), page.get_by_role("listbox", name="People")
    area.focus()

    page.keyboard.type("Thanks @Pie")
    expect(people.get_by_role("option")).to_have_text(["@Pieter-Jan Maes"])
    expect(page.get_by_text("1 suggestions. Choose")).to_have_count(1)
    assert chosen(page) == "@Pieter-Jan Maes"  # who types a name means somebody
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.keyboard.press("ArrowDown")
        assert axe(page) == []
    page.set_viewport_size(NARROW)
    assert axe(page) == []
    assert sticking_out(page) == []
    page.set_viewport_size(WIDE)
    assert chosen(page) == "@Pieter-Jan Maes"
    expect(area).to_have_attribute("aria-controls", "body-names")
    page.keyboard.press("Enter")
    expect(people).to_be_hidden()
    expect(area).to_have_value("Thanks @Pieter-Jan Maes ")
    expect(area).to_be_focused()

    # Escape leaves what was typed alone, and the list stays away from that name
    page.keyboard.type("and @Mar")
    expect(people).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.type("is")
    page.wait_for_timeout(400)
    expect(people).to_be_hidden()
    page.keyboard.type(", for #wie")
    topics = page.get_by_role("listbox", name="Topics")
    expect(topics.get_by_role("option")).to_have_text(["#wie-weet-wat"])
    assert chosen(page) == ""  # a topic may be a new one: Enter is still a new line
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    expect(area).to_have_value("Thanks @Pieter-Jan Maes and @Maris, for #wie-weet-wat ")
    page.keyboard.press("Control+Enter")

    post = page.locator("article.post.list", has_text="and @Maris").first
    expect(post.locator(".mention")).to_have_text("@Pieter-Jan Maes")
    post.get_by_role("link", name="#wie-weet-wat").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="#wie-weet-wat")).to_be_visible()
    expect(page.locator("article.post").first).to_contain_text("and @Maris")
    tomasz.look("topic")
    page.get_by_role("button", name="Follow", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="No longer follow")).to_be_visible()
    tomasz.look("topics", "topics")
    first = page.locator("ul.topics li").first
    expect(first).to_contain_text(re.compile("#wie-weet-wat.*Followed"))
    assert tomasz.found == []
    assert complaints == []


def test_choosing_by_mouse_and_typing_without_a_list(inspect: Callable[..., Inspector]) -> None:
    marisol = inspect().enter("marisol")
    page = marisol.page
    marisol.go("feed")
    page.locator("#body").focus()
    page.keyboard.type("# heading @")
    options = page.get_by_role("listbox", name="People").get_by_role("option")
    expect(options).to_have_count(8)
    page.keyboard.press("ArrowUp")
    page.set_viewport_size(NARROW)
    assert axe(page) == []
    assert sticking_out(page) == []
    options.nth(1).click()
    expect(page.locator("#body")).to_have_value(re.compile(r"^# heading @\S.+ $"))
    expect(page.locator("#body")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(page.locator("#body")).to_have_value("# heading @")
