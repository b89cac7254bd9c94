"""Polls and praise in the frame: made by keyboard, voted on without a reload, and all of it without JavaScript."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.conftest import Site, Visitor
from tests.browser.test_accessibility import Inspector, inspect
from tests.browser.test_keyboard import window

pytestmark = pytest.mark.browser
__all__ = ["inspect", "window"]  # fixtures

BODY = "textarea[name=body]"


def open_part(frame: FrameLocator | Page, name: str) -> None:
    """Choose what should come with the post, under "More"."""
    frame.get_by_text("More", exact=True).click()
    frame.get_by_role("button", name=name, exact=True).click()


def test_a_poll_made_and_voted_on_by_keyboard_on_a_small_screen(site: Site, visit: Callable[..., Visitor]) -> None:
    writer = visit(site, viewport={"width": 320, "height": 800})
    frame = writer.enter("Sam Okafor")
    text = "Where do you keep what you want to read again?"
    frame.locator(BODY).first.fill(text)
    more = frame.locator(".more summary")
    more.focus()
    writer.page.keyboard.press("Enter")
    writer.page.keyboard.press("Tab")
    writer.page.keyboard.press("Enter")
    lines = frame.locator("input[name=poll_option]")
    expect(lines.first).to_be_focused()
    for line in ("On paper", "In a tool", "In my head", "Nowhere"):
        writer.page.keyboard.type(line)
        writer.page.keyboard.press("Enter")
    expect(lines).to_have_count(5)
    expect(lines.last).to_be_focused()
    expect(lines.nth(3)).to_have_value("Nowhere")
    expect(frame.locator(BODY).first).to_have_value(text)
    frame.get_by_label("Show the results only to those who voted").check()
    article = frame.locator("article.post.list", has_text=text)
    writer.follow(frame.get_by_role("button", name="Post", exact=True), article)

    reader = visit(site)
    seen = reader.enter("Tomasz Zieliński").locator("article.post.list", has_text=text)
    poll = seen.get_by_role("group", name="Poll by Sam Okafor")
    expect(poll.get_by_text("The results show once you have voted.")).to_be_visible()
    poll.get_by_label("On paper").focus()
    reader.page.keyboard.press("ArrowDown")
    expect(poll.get_by_label("In a tool")).to_be_checked()
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Enter")
    mine = poll.get_by_role("listitem").filter(has_text="Your choice")
    expect(mine).to_contain_text("In a tool: 1 vote, 100 %")
    expect(poll).to_be_focused()
    expect(poll.get_by_role("status")).to_have_text("Your vote counts. You can change it until the poll closes.")

    poll.get_by_text("Change my vote").click()
    poll.get_by_label("Nowhere").check()
    poll.get_by_role("button", name="Vote again").click()
    expect(mine).to_contain_text("Nowhere")
    poll.get_by_text("Change my vote").click()
    poll.get_by_role("button", name="Take my vote back").click()
    expect(poll.get_by_role("button", name="Vote", exact=True)).to_be_visible()
    expect(poll.get_by_text("person voted")).to_have_count(0)
    poll.get_by_label("Nowhere").check()
    poll.get_by_role("button", name="Vote", exact=True).click()
    expect(mine).to_contain_text("Nowhere")

    own = article.get_by_role("group", name="Poll by Sam Okafor")
    own.get_by_role("button", name="Close the poll").click()
    expect(own.get_by_text(re.compile("^Closed"))).to_be_visible()
    # whoever still has it open is told so, on a page of its own
    poll.get_by_text("Change my vote").click()
    poll.get_by_label("On paper").check()
    reader.follow(
        poll.get_by_role("button", name="Vote again"), reader.tool.get_by_text("This poll is closed: it takes no more")
    )
    assert writer.complaints == []
    assert [each for each in reader.complaints if "409" not in each] == []


def test_praise_with_everything_kept_when_something_is_missing(site: Site, visit: Callable[..., Visitor]) -> None:
    writer = visit(site)
    frame = writer.enter("Sam Okafor")
    text = "For an answer at seven in the evening, with a smile in it."
    frame.locator(BODY).first.fill(text)
    open_part(frame, "Praise")
    expect(frame.get_by_label("Person 1")).to_be_focused()
    problem = frame.get_by_role("alert").get_by_role("link", name="Choose who deserves it.")
    writer.follow(frame.get_by_role("button", name="Post", exact=True), problem)
    expect(frame.locator(BODY).first).to_have_value(text)
    frame.get_by_label("Person 1").select_option(label="Noor Peeters")
    frame.get_by_label("Person 3").select_option(label="Elif Yıldız")
    article = frame.locator("article.post.list", has_text=text)
    writer.follow(frame.get_by_role("button", name="Post", exact=True), article)
    expect(article.get_by_text("Praise for Elif Yıldız and Noor Peeters")).to_be_visible()
    assert [each for each in writer.complaints if "422" not in each] == []


def test_all_of_it_without_javascript(window: Page) -> None:
    text = "Houden we vrijdagnamiddag vrij van vergaderingen?"
    window.locator(BODY).fill(text)
    window.locator(".more summary").click()
    window.locator("button[name=more][value=poll]").click()
    expect(window.locator(BODY)).to_have_value(text)
    lines = window.locator("input[name=poll_option]")
    lines.first.fill("Ja")
    window.locator("button[name=more][value=option]").click()
    expect(lines).to_have_count(4)
    lines.last.fill("Nee")
    lines.last.press("Enter")  # posts: the button that adds a line is not the first one
    article = window.locator("article.post.list", has_text=text)
    article.get_by_label("Nee").check()
    article.locator(".poll-form button").click()
    expect(window.get_by_text("Je stem telt.")).to_be_visible()
    expect(article.locator("li.mine")).to_contain_text("Nee: 1 stem, 100 %")
    assert "#post-" in window.url
    article.locator(".poll-more summary").click()
    article.locator("form[action$=withdrawal] button").click()
    expect(article.locator("li.mine")).to_have_count(0)


def test_every_state_of_it_by_axe(inspect: Callable[..., Inspector]) -> None:
    """Waiting for a vote, voted, the form with both parts and its mistakes, the page to change options."""
    somebody = inspect().enter("sam")
    page = somebody.page
    somebody.look("polls on the feed", "feed")
    page.locator(BODY).fill("Which of these do you know?")
    open_part(page, "Poll")
    expect(page.locator("[data-part=poll]")).to_be_visible()
    open_part(page, "Praise")
    expect(page.locator("[data-part=praise]")).to_be_visible()
    somebody.look("a poll and praise being written")
    somebody.press("form.composer .send button.button:has-text('Post')")
    somebody.look("with mistakes")
    page.locator("[data-part=praise]").get_by_role("button").click()
    expect(page.locator("[data-part=praise]")).to_have_count(0)
    for number, option in enumerate(("This", "That")):
        page.locator("input[name=poll_option]").nth(number).fill(option)
    somebody.press("form.composer .send button.button:has-text('Post')")
    mine = page.locator("article.post.list", has_text="Which of these do you know?")
    mine.get_by_role("link", name="Change the options").click()
    somebody.look("options to change")
    somebody.go("feed")
    mine.get_by_label("This").check()
    mine.get_by_role("button", name="Vote", exact=True).click()
    mine.get_by_text("Change my vote").click()
    somebody.look("voted")
    assert somebody.found == []
