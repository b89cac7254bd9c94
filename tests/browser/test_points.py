"""From a doubt about points to the gradebook: a learner asks, a trainer answers and adds points, the LMS has them."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser

DOUBT = "I also explained all of this on the phone to Jonas. Does that count for nothing?"
REASON = "For the half hour on the phone with Jonas."


def test_a_learner_asks_a_trainer_adds_points_and_the_gradebook_shows_them(
    site: Site, visit: Callable[..., Visitor]
) -> None:
    learner = visit(site, viewport={"width": 360, "height": 800})
    frame = learner.enter("Priya Raman", "editors-2026")
    participation = frame.get_by_role("navigation", name="Rooms").get_by_role("link", name="My participation")
    look_again = frame.get_by_role("link", name=re.compile("^Have your trainer look again")).first
    learner.follow(participation, look_again)
    words = frame.locator("textarea#words")
    learner.follow(look_again, words)
    words.fill(DOUBT)
    asked = frame.get_by_text("Your trainer will look", exact=True)
    learner.follow(frame.get_by_role("button", name="Send", exact=True), asked)

    trainer = visit(site)
    tool = trainer.enter("Helen Ashworth", "editors-2026")
    grading = tool.get_by_role("navigation", name="Rooms").get_by_role("link", name="Grading")
    queue = tool.get_by_role("link", name=re.compile("^To look at again"))
    trainer.follow(grading, queue)
    case = tool.locator(".rows li", has_text=DOUBT)
    trainer.follow(queue, case)
    change = tool.get_by_role("link", name="Change points")
    trainer.follow(case.get_by_role("link", name="Priya Raman"), change)
    points = tool.locator("input#points")
    trainer.follow(change, points)
    points.fill("2,5")
    tool.locator("textarea#reason").fill(REASON)
    changed = tool.get_by_text("2.5 points on top")
    trainer.follow(tool.get_by_role("button", name="Change", exact=True), changed.first)
    answer = tool.get_by_role("link", name=re.compile("^Answer"))
    note = tool.locator("textarea#note")
    trainer.follow(answer, note)
    note.fill("It does now.")
    answered = tool.get_by_text("Nobody waits for an answer about points.")
    trainer.follow(tool.get_by_role("button", name="Answer", exact=True), answered)

    learner.page.reload()
    frame = learner.tool
    participation = frame.get_by_role("navigation", name="Rooms").get_by_role("link", name="My participation")
    learner.follow(participation, frame.get_by_role("heading", name="Your trainer changed this"))
    for said in (REASON, "It does now."):
        expect(frame.get_by_text(said).first).to_be_visible()
    given = frame.locator(".lines li", has_text="Given by your trainer on top")
    expect(given).to_contain_text(re.compile(f"{REASON}.*Helen Ashworth", re.DOTALL))
    expect(frame.locator(".step-by-step .result")).to_contain_text("2.5 of 10 is 25%.")

    grades = learner.context.new_page()
    grades.goto(f"{site.lms}/courses/editors-2026/grades")
    row = grades.get_by_role("row").filter(has_text="Priya Raman")
    expect(row).to_contain_text(re.compile(r"\b5\b"), timeout=30_000)  # a quarter of the column's maximum of 20
    for visitor in (learner, trainer):
        assert visitor.complaints == []
        assert visitor.foreign == []
