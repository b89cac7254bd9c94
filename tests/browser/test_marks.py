"""What people do with a text besides writing, in the frame: react, keep, follow, pin, lock; also by keyboard."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser


def choose(who: Visitor, post: Locator, name: str, goal: str) -> None:
    """Something from a post's menu, until it says that it was done."""
    post.locator("details.menu summary").click()
    who.follow(post.get_by_role("button", name=name), who.tool.get_by_text(goal))


def test_a_reaction_by_keyboard_arrives_at_somebody_who_is_reading(site: Site, visit: Callable[..., Visitor]) -> None:
    writer = visit(site, viewport={"width": 320, "height": 800})
    frame = writer.enter("Sam Okafor")
    text = "A small thing that went well today, and nobody had to send a mail for it."
    frame.locator("textarea[name=body]").first.fill(text)
    article = frame.locator("article.post.list", has_text=text)
    writer.follow(frame.get_by_role("button", name="Post", exact=True), article)
    expect(article.locator("a[data-react]")).to_have_count(0)  # not to oneself
    before = article.bounding_box()
    assert before

    reader = visit(site)
    seen = reader.enter("Tomasz Zieliński").locator("article.post.list", has_text=text)
    seen.get_by_role("link", name=re.compile("^React")).focus()
    reader.page.keyboard.press("Enter")
    choice = seen.get_by_role("group", name="React")
    expect(choice.get_by_role("button", name="Thank you")).to_be_focused()
    reader.page.keyboard.press("ArrowRight")
    expect(choice.get_by_role("button", name="I agree")).to_be_focused()
    reader.page.keyboard.press("Escape")
    expect(choice).to_have_count(0)
    expect(seen.get_by_role("link", name=re.compile("^React"))).to_be_focused()
    reader.page.keyboard.press("Enter")
    reader.page.keyboard.press("ArrowLeft")
    reader.page.keyboard.press("Enter")
    given = seen.get_by_role("button", name="Well done, 1")
    expect(given).to_have_attribute("aria-pressed", "true")

    # without a reload, and without anything moving
    expect(article.locator(".reactions")).to_contain_text("1")
    after = article.bounding_box()
    assert after
    assert after["y"] == before["y"]
    given.click()
    expect(given).to_have_count(0)
    assert reader.complaints == []
    assert writer.complaints == []


def test_keep_mute_pin_and_lock_from_the_menu(site: Site, visit: Callable[..., Visitor]) -> None:
    trainer = visit(site)
    frame = trainer.enter("Helen Ashworth", "editors-2026")
    text = "Where we meet on Thursday: the small room on the second floor, beside the library."
    frame.locator("textarea[name=body]").first.fill(text)
    frame.get_by_label("As an announcement").check()
    article = frame.locator("article.post.list", has_text=text)
    trainer.follow(frame.get_by_role("button", name="Post", exact=True), article)
    expect(article.get_by_text("Announcement", exact=True)).to_be_visible()

    learner = visit(site)
    seen = learner.enter("Priya Raman", "editors-2026").locator(".pinned article", has_text=text)
    expect(seen).to_be_visible()

    choose(learner, seen, "Keep for later", "Kept for later, under Kept.")
    learner.follow(
        learner.tool.get_by_role("link", name="Kept"), learner.tool.get_by_role("heading", name="Kept", exact=True)
    )
    expect(learner.tool.locator("article", has_text=text)).to_be_visible()
    learner.room("Feed")
    choose(learner, seen, "Mute", "Muted. It will no longer be marked as new.")

    article.locator("details.menu summary").click()
    trainer.follow(article.get_by_role("link", name="Lock"), frame.get_by_label("Why?"))
    frame.get_by_label("Why?").fill("Nothing to discuss: it is only a room.")
    banner = frame.locator(".banner", has_text="Nothing to discuss")
    trainer.follow(frame.get_by_role("button", name="Lock"), banner)
    expect(frame.locator("textarea[name=body]")).to_have_count(0)
    assert learner.complaints == []
    assert trainer.complaints == []
