"""A group among itself and a corner for everybody, by keyboard in a narrow window, for those within and without."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import NARROW, Inspector, inspect

__all__ = ["inspect"]  # a fixture
pytestmark = pytest.mark.browser


def test_writing_to_ones_group_and_in_the_corner(inspect: Callable[..., Inspector]) -> None:
    trainer = inspect().enter("katrien")
    trainer.look("groups", "cohort/groups")
    page = trainer.page
    page.locator("#space-name").fill("Windowsill")
    page.locator("form[action$='/cohort/spaces'] input[value=informal]").check()
    trainer.press("form[action$='/cohort/spaces'] button")
    expect(page.get_by_text("Windowsill", exact=True)).to_be_visible()

    marisol = inspect(viewport=NARROW).enter("marisol")
    page = marisol.page
    marisol.go("feed")
    page.get_by_label("Who can read it").focus()
    page.keyboard.type("Only Tafel b")
    expect(page.locator("[data-who-reads]")).to_have_text("Tafel blauw and the trainers can read it.")
    page.locator("#body").fill("Only our table needs to know where the key is.")
    page.keyboard.press("Control+Enter")
    post = page.locator("article.post.list", has_text="where the key is").first
    expect(post.locator(".tag.space")).to_contain_text("Tafel blauw")

    page.get_by_label("Who can read it").select_option(label="Everybody, in Windowsill · informal")
    expect(page.locator("[data-who-reads]")).to_contain_text("no points")
    expect(page.locator(".counts")).to_be_hidden()
    page.locator("#body").fill("The basil on the windowsill lives.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("article.post.list", has_text="The basil").first).to_be_visible()
    marisol.look("feed with spaces")
    page.get_by_role("navigation", name="Where").get_by_role("link", name="Windowsill").focus()
    page.keyboard.press("Enter")
    expect(page.locator("article.post.list")).to_have_count(1)
    marisol.look("one space")
    page.locator("article.post.list a[href$='#write']").first.click()
    expect(page.get_by_text("Informal: no points, in no report").first).to_be_visible()
    marisol.look("thread in a space")

    other = inspect().enter("tomasz")  # of the other table
    other.go("feed")
    expect(other.page.locator("article.post.list", has_text="The basil").first).to_be_visible()
    expect(other.page.get_by_text("where the key is")).to_have_count(0)
    expect(other.page.get_by_role("option", name="Tafel blauw")).to_have_count(0)
    assert trainer.found + marisol.found == []
