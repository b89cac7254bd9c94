"""Searching from any page, by keyboard, in a narrow window and a wide one."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import NARROW, Inspector, inspect

__all__ = ["inspect"]  # a fixture
pytestmark = pytest.mark.browser


def test_the_key_jumps_to_the_field_and_what_is_found_opens(inspect: Callable[..., Inspector]) -> None:
    noor = inspect().enter("noor")
    page = noor.page
    noor.go("questions")
    page.locator("body").press("/")
    field = page.get_by_label("Zoek in deze groep").or_(page.get_by_label("Search in this cohort"))
    expect(field).to_be_focused()
    page.keyboard.type("onthaal/buddy")  # a second one is a letter like any other
    expect(field).to_have_value("onthaal/buddy")
    field.fill("vragen")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=vragen")
    expect(page.locator(".hit mark").first).to_be_visible()
    noor.look("search")
    first = page.locator(".hit h3 a").first
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/search" not in url)

    noor.go("search?q=vragenn&kind=question")
    noor.look("search with filters")
    switch = page.locator("[data-search-key] input")
    switch.focus()
    page.keyboard.press("Space")
    noor.go("feed")
    page.locator("body").press("/")
    expect(field).not_to_be_focused()
    page.locator("#body").focus()
    page.keyboard.type("1/2")
    expect(page.locator("#body")).to_have_value("1/2")
    page.locator("#body").fill("")


def test_a_narrow_window_leads_to_the_large_field(inspect: Callable[..., Inspector]) -> None:
    marisol = inspect(viewport=NARROW).enter("marisol")
    page = marisol.page
    marisol.go("feed")
    marisol.press(".finding button")
    page.wait_for_url("**/search?*")
    page.locator("#search-q").fill("qwertzuiop")
    page.keyboard.press("Enter")
    expect(page.locator(".search-tips")).to_be_visible()
    marisol.look("nothing found")
    page.locator("body").press("/")
    expect(page.locator("#search-q")).to_be_focused()
    page.locator("#search-q").fill("team")
    page.keyboard.press("Enter")
    expect(page.locator(".hit").first).to_be_visible()
    marisol.look("search, narrow")
    page.locator(".search-filters summary").press("Enter")
    page.locator("#kind").select_option("question")
    page.keyboard.press("Enter")
    page.locator(".search-field button").press("Enter")
    page.wait_for_url("**kind=question**")
