"""Rate five ideas and move one along the board: with the mouse, by keyboard, and in a narrow window."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_accessibility import NARROW, Inspector, inspect

__all__ = ["inspect"]  # a fixture
pytestmark = pytest.mark.browser


def propose(somebody: Inspector, title: str) -> None:
    """A new idea."""
    somebody.go("ideas/new")
    somebody.page.locator("#title").fill(title)
    somebody.page.locator("#body").fill("Because it would save all of us an hour a week.")
    somebody.page.locator("form.composer .send button.button").click()
    expect(somebody.page.locator("h1", has_text=title)).to_be_visible()


def stage(page: Page, key: str) -> Locator:
    """A column of the board."""
    return page.locator(f"section[data-stage={key}]")


def test_rate_five_by_keyboard_in_a_narrow_window(inspect: Callable[..., Inspector]) -> None:
    author = inspect().enter("wout")
    for number in range(3):
        propose(author, f"Something small {number}")
    reader = inspect(viewport=NARROW).enter("tomasz")
    page = reader.page
    reader.go("ideas")
    page.locator("form[action$='/ideas/sittings'] button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Idea 1 of")).to_be_visible()
    first, title = page.url, page.locator("h1").inner_text()
    page.reload()
    expect(page.locator("h1")).to_have_text(title)
    page.locator("input[name=value]").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Rate, and on to the next").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Idea 2 of")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(first)
    page.reload()
    expect(page.get_by_role("button", name="Change my rating")).to_be_visible()
    reader.look("an idea rated in a sitting")
    page.get_by_role("link", name="On to the next").click()
    page.get_by_role("button", name="Skip this one").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Idea 2 of")).to_have_count(0)
    assert reader.found == []


def test_along_the_board(inspect: Callable[..., Inspector]) -> None:
    trainer = inspect().enter("katrien")
    page = trainer.page
    propose(trainer, "A bell for good news")
    trainer.go("ideas/board")
    card = page.locator(".idea-card", has_text="A bell for good news")
    page.set_viewport_size({"width": 1200, "height": 1400})  # both in sight: nothing scrolls away below the pointer
    card.drag_to(page.locator("#stage-discussion"))
    expect(page.locator("#to")).to_have_value("discussion")
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.type("Several people asked for it at the coffee machine.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(stage(page, "discussion")).to_contain_text("A bell for good news")
    # in a narrow window, by keyboard alone
    page.set_viewport_size(NARROW)
    card = page.locator(".idea-card", has_text="A bell for good news")
    card.locator("a.act").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#to")).to_be_visible()
    trainer.look("move an idea")
    page.locator("#to").focus()
    page.keyboard.press("End")
    page.locator("#reason").focus()
    page.keyboard.type("There is no bell to be had that is not too loud.")
    page.locator("form.write button.button").press("Enter")
    expect(stage(page, "not_now")).to_contain_text("A bell for good news")
    trainer.go("decisions")
    expect(page.locator(".decisions li").first).to_contain_text("There is no bell")
    trainer.go("ideas/board")
    trainer.look("board of a trainer")
    page.locator("a[href*='/set-up']").first.click()
    expect(page.locator("#name-1")).to_be_visible()
    trainer.look("set up a round")
    trainer.go("ideas")
    trainer.go(trainer.link(".idea h2 a") + "/outcome")
    trainer.look("what becomes of an idea")
    assert trainer.found == []


def test_merged_and_split_by_keyboard_in_a_narrow_window(inspect: Callable[..., Inspector]) -> None:
    propose(inspect().enter("wout"), "A plant for every desk")
    trainer = inspect(viewport=NARROW).enter("katrien")
    page = trainer.page
    propose(trainer, "Plants everywhere")
    page.locator("a[href$='/merging']").press("Enter")
    page.locator("#into").focus()
    page.keyboard.type("A plant for")
    page.locator("#reason").focus()
    page.keyboard.type("Both want plants.")
    trainer.look("merge an idea")
    page.locator("form.write button.button").press("Enter")
    expect(page.locator("h1", has_text="A plant for every desk")).to_be_visible()
    trainer.look("an idea with another merged into it")
    page.get_by_role("link", name="Plants everywhere").press("Enter")
    expect(page.get_by_text("Both want plants.")).to_be_visible()
    trainer.look("an idea that was merged")
    page.locator("a[href$='/merging']").press("Enter")
    page.locator("#reason").focus()
    page.keyboard.type("Some want cactuses.")
    trainer.look("split an idea")
    page.locator("form.write button.button").press("Enter")
    expect(page.locator(".state a[href$='/merging']")).to_be_visible()
    assert trainer.found == []


def test_asked_to_be_an_author_by_keyboard(inspect: Callable[..., Inspector]) -> None:
    author = inspect(viewport=NARROW).enter("wout")
    propose(author, "A garden on the roof")
    url = author.page.url
    author.page.locator("details.authors summary").press("Enter")
    author.page.locator("#member").focus()
    author.page.keyboard.type("Amira")
    author.page.locator("details.authors form[action$='/authors'] button").press("Enter")
    expect(author.page.locator("details.authors li")).to_contain_text("Amira")
    author.look("an idea somebody is asked about")
    asked = inspect().enter("amira")
    asked.go("ideas")
    asked.page.get_by_role("link", name="A garden on the roof").first.click()
    asked.look("asked to be an author")
    asked.page.locator("form[action$='/authors/acceptance'] button").press("Enter")
    expect(asked.page.locator("article.root header")).to_contain_text("Amira")
    author.page.goto(url)
    expect(author.page.locator("article.root header")).to_contain_text("Amira")
    trainer = inspect().enter("katrien")
    trainer.go(url.partition(author.seat)[2].lstrip("/").partition("?")[0] + "/stage?to=not_now")
    trainer.page.locator("#reason").fill("The roof does not bear it.")
    trainer.page.locator("form.write button.button").click()
    author.go("decisions")
    author.page.locator("a[href$='/appeal']").first.press("Enter")
    author.look("ask for another look")
    author.page.locator("#words").fill("The builder says that it does.")
    author.page.locator("form.write button.button").press("Enter")
    expect(author.page.locator(".decisions li").first).to_contain_text("The builder says that it does.")
    another = inspect().enter("sofie")  # who did not decide it
    another.go("moderation")
    another.page.locator("a[href*='/appeals/']").first.press("Enter")
    another.look("answer who asks for another look")
    another.page.locator("#note").fill("Then let us plant something.")
    another.page.locator("button[name=verdict][value=right]").press("Enter")
    expect(another.page.locator("h1", has_text="A garden on the roof")).to_be_visible()
    assert author.found + asked.found + another.found == []
