"""A trainer's four clicks to a cohort that is set up, and a learner who reads what is agreed; in a real browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser
COURSE = "editors-2026"


def test_four_clicks_set_a_cohort_up_and_a_learner_reads_what_is_agreed(
    site: Site, visit: Callable[..., Visitor]
) -> None:
    trainer = visit(site)
    frame = trainer.enter("Helen Ashworth", COURSE)  # the first click
    expect(frame.get_by_role("heading", name="Set up this cohort")).to_be_visible()
    expect(frame.locator("textarea[name=body]").first).to_be_visible()  # and nothing stands before writing
    trainer.follow(
        frame.get_by_role("button", name=re.compile("^One-day course")),
        frame.locator("main h1", has_text="How does it count?"),
    )
    trainer.follow(
        frame.get_by_role("button", name=re.compile("^Points, light")),
        frame.locator("main h1", has_text="Publish a starter question"),
    )
    expect(frame.get_by_label("What you ask everybody")).to_have_value(re.compile("Soon we spend a day together"))
    trainer.follow(
        frame.get_by_role("button", name="Publish"), frame.get_by_role("link", name="Discussion in the feed")
    )
    trainer.follow(
        frame.get_by_role("link", name="To the feed"), frame.locator("article", has_text="Soon we spend a day together")
    )
    expect(frame.locator(".phase-now")).to_have_text(re.compile(r"Before the day ·\s+until"))

    learner = visit(site)
    frame = learner.enter("Jonas Lindqvist", COURSE)
    expect(frame.get_by_text("We judge ideas, never people.")).to_be_visible()
    expect(frame.locator("textarea[name=body]").first).to_be_visible()
    card = frame.get_by_role("heading", name="Our agreements")
    expect(card).to_be_visible()
    learner.follow(
        frame.get_by_role("button", name="Read", exact=True),
        frame.locator("main:not(:has(.agreed)) h1", has_text="Feed"),
    )
    expect(card).to_have_count(0)
    expect(frame.locator("article", has_text="Soon we spend a day together")).to_be_visible()
    expect(frame.get_by_text(re.compile("(left in|Maximum of|full marks for) this phase")).first).to_be_visible()

    trainer.room("Cohort")
    frame = trainer.tool
    trainer.follow(
        frame.get_by_role("navigation", name="Pages about this cohort").get_by_role("link", name="Set-up"),
        frame.locator("main h1", has_text="Set-up"),
    )
    expect(frame.get_by_text("The day itself", exact=True)).to_be_visible()
    trainer.follow(
        frame.get_by_role("button", name=re.compile("^Weekly")), frame.get_by_text("None: points are collected")
    )
    for visitor in (trainer, learner):
        assert visitor.complaints == []
        assert visitor.foreign == []


def test_somebody_in_two_courses_goes_from_one_to_the_other(site: Site, visit: Callable[..., Visitor]) -> None:
    visitor = visit(site)
    visitor.enter("Marisol Ortega", "smld-2026")
    frame = visitor.enter("Marisol Ortega", COURSE)
    visitor.follow(frame.get_by_role("link", name="My cohorts"), frame.locator("main h1", has_text="My cohorts"))
    visitor.follow(
        frame.get_by_role("button", name=re.compile("^Go there.*Social media")),
        frame.locator(".cohort", has_text="Social media en L&D"),
    )
    expect(frame.locator("main h1", has_text="Feed")).to_be_visible()
    assert visitor.complaints == []
