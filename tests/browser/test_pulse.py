"""Two short questions in the frame: two clicks."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser


def test_two_clicks_answer_both_questions(site: Site, visit: Callable[..., Visitor]) -> None:
    ruth = visit(site)
    frame = ruth.enter("Ruth Wouters", "feedback-2026")  # in Dutch
    card = frame.locator("#pulse")
    ruth.follow(frame.locator("form[action$='/agreements/read'] button"), card)
    expect(card.get_by_role("heading")).to_have_text("Twee korte vragen")
    ruth.settle()
    liked = card.locator("button[name=liked][value='4']")
    liked.click()
    expect(liked).to_have_attribute("aria-pressed", "true")
    ruth.settle()
    card.get_by_role("button", name="Ik had niemand nodig").click()
    expect(card.get_by_role("status")).to_contain_text("Dank je.")
    expect(card.locator("[aria-pressed=true]")).to_have_count(2)
    assert ruth.complaints == []
