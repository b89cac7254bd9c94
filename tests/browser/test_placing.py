"""From the LMS's dialog into the course, and from the course exactly to what was placed; also in a copy of it."""

import itertools
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor
from tests.browser.test_accessibility import Inspector

pytestmark = pytest.mark.browser

QUESTION = "What would you never do without again?"
_attempts = itertools.count(1)


def test_a_trainer_places_two_things_and_a_learner_lands_exactly_there(
    site: Site, visit: Callable[..., Visitor]
) -> None:
    question = f"{QUESTION} ({next(_attempts)})"  # a second attempt finds what the first one placed
    trainer = visit(site)
    frame = trainer.enter("Helen Ashworth", "editors-2026")
    choose(trainer)
    expect(frame.get_by_label("Title in your course").first).to_be_hidden()  # nothing is ticked yet
    frame.get_by_label("One starter question").check()
    frame.get_by_label("Your question").or_(frame.get_by_label("Your new question")).first.fill(question)
    frame.locator("#choice-questions").check()
    added = frame.get_by_role("heading", name="Added to the course")
    trainer.follow(frame.get_by_role("button", name="Add to course"), added)
    expect(frame.get_by_role("listitem")).to_have_text(["Questions", question])

    learner = visit(site)
    frame = learner.enter("Priya Raman", "editors-2026")
    learner.page.get_by_role("link", name=f"Open {question}", exact=True).click()
    expect(frame.get_by_role("heading", name="Conversation started by Helen Ashworth")).to_be_attached()
    expect(frame.locator("article.root")).to_contain_text(question)
    learner.page.get_by_role("link", name="Open Questions", exact=True).last.click()
    expect(frame.get_by_role("heading", level=1, name="Questions", exact=True)).to_be_visible()

    # the next run: the trainer brings the question along, and its copied link opens the copy
    trainer.page.goto(f"{site.lms}/courses/editors-2026")
    trainer.page.get_by_role("button", name="Copy this course").click()
    trainer.page.wait_for_url("**/courses/copy-*")
    copy = trainer.page.url.partition("?")[0]
    frame = trainer.tool
    notice = frame.get_by_role("link", name="Choose what to bring along")
    trainer.follow(notice, frame.get_by_role("heading", name="A copy of an earlier course"))
    trainer.follow(frame.get_by_role("button", name="Bring it along"), frame.get_by_text("It came along."))
    expect(frame.locator("article", has_text=question)).to_be_visible()
    learner.page.goto(copy)
    learner.page.get_by_role("link", name=f"Open {question}", exact=True).click()
    frame = learner.tool
    expect(frame.locator("article.root")).to_contain_text(question)
    expect(frame.get_by_role("heading", name=re.compile("No replies yet"))).to_be_visible()
    for visitor in (trainer, learner):
        assert visitor.complaints == []
        assert visitor.foreign == []


def test_cancelling_leads_back_with_nothing_added(site: Site, visit: Callable[..., Visitor]) -> None:
    trainer = visit(site, viewport={"width": 400, "height": 700})
    frame = trainer.enter("Helen Ashworth", "editors-2026")
    choose(trainer)
    nothing = frame.get_by_role("heading", name="Nothing was added")
    trainer.follow(frame.get_by_role("button", name="Cancel"), nothing)
    assert trainer.complaints == []


def test_without_scripts_a_button_hands_the_choice_over(site: Site, visit: Callable[..., Visitor]) -> None:
    trainer = visit(site, java_script_enabled=False)
    page = trainer.page
    page.goto(f"{site.lms}/courses/editors-2026/choosing?person=helen")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    page.locator("#choice-ideas").check()
    page.get_by_role("button", name="Add to course").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Added to the course")).to_be_visible()


def choose(trainer: Visitor) -> None:
    """Open the LMS's dialog."""
    trainer.page.get_by_role("link", name="Add content").click()
    expect(trainer.tool.get_by_role("heading", name="Add to your course")).to_be_visible()


def test_the_dialog_for_everybody_light_dark_and_narrow(site: Site, visit: Callable[..., Visitor]) -> None:
    trainer = visit(site, reduced_motion="reduce")
    page = trainer.page
    page.goto(f"{site.lms}/courses/editors-2026/choosing?person=helen")
    page.wait_for_url("**/placing")
    inspector = Inspector(page, site)
    inspector.look("the dialog")
    for kind in ("starter", "round"):
        page.locator(f"#choice-{kind}").check()
        page.locator(f"details:has(#{kind}-closes) summary").click()
    page.locator("input[name=round-graded]").check()
    page.locator("#round-points").fill("many")
    inspector.look("with everything open")
    page.get_by_role("button", name="Add to course").click()
    page.locator("[data-problems]").wait_for()
    inspector.look("with what is wrong")
    inspector.look("a new round", "ideas/rounds/new")
    page.locator("#question").fill("What could we stop doing, in all our meetings, mails and reports together?")
    page.get_by_role("button", name="Open the round").click()
    page.wait_for_url("**/ideas?round=*")
    inspector.look("its ideas")
    inspector.look("an idea for it", "ideas/new")
    assert inspector.found == []
