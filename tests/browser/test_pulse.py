"""Two short questions in the frame: two clicks."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser


def test_two_clicks_answer_both_questions(site: Site, visit: Callable[..., Visitor]) -> None:
    ruth = visit(site)
    frame = ruth.enter("Ruth Wouters", "feedback-2026")
    first = frame.get_by_role("button", name="Read", exact=True)
    card = frame.get_by_role("region", name="Two short questions")
    ruth.follow(first, card)
    liked = card.get_by_role("group", name="How do you like learning here together?")
    ruth.settle()
    liked.get_by_role("button", name="4 of 5").click()
    expect(liked.get_by_role("button", name="4 of 5")).to_have_attribute("aria-pressed", "true")
    ruth.settle()
    card.get_by_role("button", name="I needed nobody").click()
    expect(card.get_by_role("status")).to_contain_text("Thank you.")
    expect(card.locator("[aria-pressed=true]")).to_have_count(2)
    assert ruth.complaints == []
