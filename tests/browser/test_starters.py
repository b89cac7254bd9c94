"""A trainer opens three rooms on one theme; a learner answers before seeing the others. By keyboard, also narrow."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import NARROW, Inspector, inspect

__all__ = ["inspect"]  # a fixture
pytestmark = pytest.mark.browser


def test_answer_before_you_see_the_others(inspect: Callable[..., Inspector]) -> None:
    trainer = inspect().enter("katrien")
    page = trainer.page
    trainer.look("a new starter question", "starters/new")
    trainer.go("starters/new?theme=own")
    page.locator("input[name=parts][value=discussion]").check()
    page.locator("#body").fill("What would you tell a colleague who starts on Monday?")
    page.locator("input[name=answer_first]").check()
    page.locator("input[name=parts][value=question]").focus()
    page.keyboard.press("Space")
    page.locator("#title").fill("Who showed you around?")
    page.locator("#details").fill("And what did they leave out?")
    page.locator("button[formaction$='/preview']").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".starter-preview")).to_contain_text("starts on Monday")
    trainer.look("a starter question before it is published")
    page.locator("form.starting button.button").last.click()
    page.wait_for_url("**/starters/*")
    trainer.look("what it opened")

    first = inspect().enter("marisol")
    first.go("feed")
    text = "Ask twice, and write down who knew."
    asked = first.page.locator("article.post", has_text="starts on Monday").first
    asked.locator("a[href$='#write']").first.click()
    first.page.locator("#body").fill(text)
    first.page.keyboard.press("Control+Enter")
    expect(first.page.locator("article.reply", has_text=text)).to_be_visible()
    thread = first.page.url.partition("#")[0].rpartition("/")[2]

    second = inspect(viewport=NARROW).enter("tomasz")
    second.look("answer first", f"posts/{thread}")
    expect(second.page.get_by_text("Write your answer first; then you see those of the others.")).to_be_visible()
    expect(second.page.get_by_text(text)).to_have_count(0)
    second.page.locator("#body").focus()
    second.page.keyboard.insert_text("Have coffee with somebody from another floor.")
    second.page.keyboard.press("Control+Enter")
    expect(second.page.locator("article.reply", has_text=text)).to_be_visible()
    assert trainer.found + second.found == []
