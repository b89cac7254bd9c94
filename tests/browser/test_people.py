"""One's own page in the frame: a line for the others, somebody to say hello to, and no longer offering."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser


def test_say_a_line_look_as_others_do_say_hello_and_stop(site: Site, visit: Callable[..., Visitor]) -> None:
    wout = visit(site, viewport={"width": 360, "height": 800})
    frame = wout.enter("Wout Claes")
    about = frame.locator("#about")
    wout.follow(frame.get_by_role("link", name="Over mij").first, about)
    about.fill("Dinsdag in Gent, anders thuis.")
    about.press("Enter")
    expect(frame.locator("[data-toasts] .toast")).to_be_visible()
    line = frame.locator(".own-line")
    wout.follow(frame.get_by_role("link", name="Wat anderen van jou zien"), frame.locator("#texts"))
    expect(frame.locator("main .lead")).to_have_text("Dinsdag in Gent, anders thuis.")
    expect(line).to_contain_text("op één regel")
    wout.follow(frame.locator("main .banner a"), about)
    wout.follow(frame.get_by_role("link", name="Zeg hallo").first, frame.locator("#write textarea").first)
    wout.follow(frame.get_by_role("link", name="Over mij").first, about)
    frame.get_by_role("button", name="Vraag mij niets meer").click()
    expect(frame.get_by_role("link", name="Laat anderen mij vragen")).to_be_visible()
    expect(line).to_have_count(0)
