"""A trainer's morning: who has been silent, a friendly word, and its reader finding it under the bell; and for axe."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor
from tests.browser.test_accessibility import Inspector, inspect

pytestmark = pytest.mark.browser
__all__ = ["inspect"]

SILENT = "Kobe Willems"


def test_a_friendly_word_from_today_until_it_is_read(
    site: Site, visit: Callable[..., Visitor], inspect: Callable[..., Inspector]
) -> None:
    looker = inspect(locale="en").enter("katrien")
    looker.look("today", "today")
    looker.look("who is silent", "today/people?why=silent")
    looker.look("a friendly word", looker.link(".rows a[href*='/today/word']"))
    assert looker.found == []
    assert len(looker.seen) == 3

    trainer = visit(site)
    tool = trainer.enter("Katrien De Wolf")
    today = tool.get_by_role("navigation").first.get_by_role("link", name=re.compile("^(Today|Vandaag)$"))
    row = tool.locator(".rows li", has_text=SILENT)
    trainer.follow(today, row)
    words = tool.locator("#words_nl")
    trainer.follow(row.locator("a.button"), words)
    expect(words).to_have_value(re.compile("^Dag Kobe,\n\n.*\n\nKatrien De Wolf$", re.DOTALL))
    words.fill("Hallo Kobe, waar wil jij morgen over praten?")
    trainer.follow(tool.locator("form.write button.button"), tool.locator("[data-toasts] .toast"))
    expect(tool.locator(".rows li", has_text=SILENT)).to_have_count(0)
    expect(tool.locator(".morning-written", has_text=SILENT)).to_contain_text("Katrien De Wolf")

    reader = visit(site, viewport={"width": 320, "height": 800})
    frame = reader.enter(SILENT)
    told = frame.locator(".told-one.is-new", has_text="waar wil jij morgen over praten?")
    reader.follow(frame.locator(".bell a"), told)
    expect(told).to_contain_text("Katrien De Wolf schreef je")
    reader.follow(told.locator(".told-foot button"), frame.locator(".told-one:not(.is-new)", has_text="waar wil jij"))
    assert trainer.complaints == []
    assert reader.complaints == []
