"""The main path without a mouse, in a frame as narrow as a telephone; and without JavaScript."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import ElementHandle, Frame, Page, TimeoutError, expect

from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser

SMALL = {"width": 320, "height": 640}
FARTHEST = 150  # steps with the Tab key
LAST = ".languages button:last-of-type"
FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const seen = one.type === "file" ? one.nextElementSibling : one;  // its label stands for it
  const box = seen.getClientRects()[0];
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const hit = document.elementFromPoint(x, y);
  // a radio button shows its focus on the box beside it
  const shown = [seen, one.type === "radio" ? one.nextElementSibling : null].filter(Boolean).map(getComputedStyle);
  return {
    html: one.outerHTML.slice(0, 160),
    ring: shown.some(style =>
      (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none"),
    covered: Boolean(hit) && !seen.contains(hit) && !hit.contains(seen),
    beside: box.left < -1 || box.right > innerWidth + 1,
  };
}"""


class Hands:
    """Somebody with a keyboard only: each step must show where it led."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page
        handle = self.page.locator("iframe").element_handle()
        frame = handle.content_frame() if handle else None
        assert frame is not None
        self.frame: Frame = frame

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        for key in keys:
            # a press that goes to a frame just being replaced is never answered, and keyboard.press() knows no
            # limit; the page's root cannot take the focus, so that the key goes wherever it is
            self.page.locator("html").press(key, timeout=10_000)

    def type(self, text: str) -> None:
        """Write, in place of whatever stands there."""
        self.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def is_on(self, selector: str) -> bool:
        """Whether the focus is on such an element."""
        return bool(self.frame.evaluate("selector => document.activeElement.matches(selector)", selector))

    def step(self, back: bool = False) -> None:
        """One Tab. Within the frame, what has the focus shows it, and nothing lies over it."""
        self.press("Shift+Tab" if back else "Tab")
        focus = self.frame.evaluate(FOCUS)
        if focus is None:  # still on its way through the LMS's page
            return
        assert focus["ring"], f"no visible focus on {focus['html']}"
        assert not focus["covered"], f"something lies over {focus['html']}"
        assert not focus["beside"], f"beside the screen: {focus['html']}"

    def go_to(self, selector: str, back: bool = False) -> None:
        """Tab until there."""
        for _ in range(FARTHEST):
            self.step(back)
            if self.is_on(selector):
                return
        raise AssertionError(f"never came to {selector}")

    def until(self, goal: str, *keys: str) -> None:
        """Press keys that lead somewhere; once more if the page was not ready to hear them."""
        for _ in range(4):
            try:
                self.press(*keys)
                self.frame.locator(goal).first.wait_for(timeout=6_000)
            except TimeoutError:
                continue
            self.frame.wait_for_load_state("load")
            return
        raise AssertionError(f"{keys} never led to {goal}")


@pytest.fixture
def hands(site: Site, visit: Callable[..., Visitor]) -> Hands:
    """Tomasz, on a small screen, in the feed."""
    visitor = visit(site, viewport=SMALL, reduced_motion="reduce")
    visitor.enter("Tomasz Zieliński")
    made = Hands(visitor)
    made.frame.wait_for_load_state("load")
    return made


def test_the_main_path_by_keyboard_alone(hands: Hands) -> None:
    frame = hands.frame
    # past the rooms, to what matters
    hands.go_to(".skip")
    assert frame.locator(".skip").bounding_box()
    hands.press("Enter")
    expect(frame.locator("#main")).to_be_focused()
    hands.go_to("#body")

    # post
    hands.type("Typed with ten fingers, and sent with two.")
    hands.until("article:has-text('sent with two')", "Control+Enter")
    article = frame.locator("article.post.list", has_text="sent with two").first
    post = article.get_attribute("id")

    # a menu opens, closes, and leads on
    hands.go_to(f"#{post} details.menu summary")
    hands.until(f"#{post} details.menu[open]", "Enter")
    hands.step()
    hands.until(f"#{post} details.menu:not([open])", "Escape")
    expect(article.locator("summary")).to_be_focused()
    hands.until(f"#{post} details.menu[open]", "Enter")
    hands.go_to(f"#{post} a[href$='/edit']")
    hands.until("h1:has-text('Edit your text')", "Enter")
    hands.go_to("#body")
    hands.type("Typed with ten fingers, and put right with three.")
    hands.go_to("form.composer .send button.button")
    hands.until("article:has-text('put right with three')", "Enter")

    # delete and undo
    hands.go_to(f"#{post} details.menu summary")
    hands.until(f"#{post} details.menu[open]", "Enter")
    hands.go_to(f"#{post} button[formaction$='/deletion']")
    hands.until("[data-toasts] .toast", "Enter")
    expect(frame.get_by_text("put right with three")).to_have_count(0)
    hands.go_to("form[action*='/deletion/withdrawal'] button")
    hands.until("article:has-text('put right with three')", "Enter")

    # ask
    hands.go_to(".rooms a[href$='/questions']", back=True)
    hands.until("main h1:has-text('Questions')", "Enter")
    hands.go_to("a.button[href$='/questions/new']")
    hands.until("#title", "Enter")
    hands.go_to("#title")
    hands.type("Which keys do you use most?")
    hands.go_to("#body")
    hands.type("I found out about Ctrl and Enter only today.")
    hands.until("main h1:has-text('Which keys do you use most?')", "Control+Enter")

    # rate with the arrows
    hands.go_to(".rooms a[href$='/ideas']", back=True)
    hands.until("main h1:has-text('Ideas')", "Enter")
    hands.go_to(".tally a[href$='#rate']")
    hands.until("#rate", "Enter")
    hands.go_to(".scale input")
    assert hands.is_on("[value='1']")
    hands.press("ArrowRight", "ArrowRight", "ArrowDown")
    expect(frame.locator(".scale input[value='4']")).to_be_checked()
    expect(frame.locator(".scale input[value='4']")).to_be_focused()
    assert frame.evaluate(FOCUS)["ring"]
    hands.go_to("#rate button")
    hands.until(".scale input[value='4'][checked]", "Enter")
    expect(frame.locator(".scale input[value='4']")).to_be_checked()
    assert hands.visitor.complaints == []


def test_focus_goes_through_the_page_in_its_order(hands: Hands) -> None:
    for room in ("feed", "questions", "ideas", "participation"):
        if room != "feed":
            hands.go_to(f".rooms a[href$='/{room}']", back=True)
            hands.until(f".rooms a[href$='/{room}'][aria-current]", "Enter")
        hands.go_to(".skip")
        stops = [_focused(hands.frame)]
        while len(stops) < 20 and not hands.is_on(LAST):  # beyond it is the LMS's page
            hands.step()
            stops.append(_focused(hands.frame))
        assert len(stops) > 8, room
        assert hands.frame.locator("[tabindex]:not([tabindex='-1'])").count() == 0
        _follow_each_other(hands.frame, stops)


def test_the_set_up_page_by_keyboard(site: Site, visit: Callable[..., Visitor]) -> None:
    visitor = visit(site, viewport=SMALL, reduced_motion="reduce")
    frame = visitor.enter("Katrien De Wolf")
    visitor.follow(frame.locator(".rooms a[href$='/cohort']"), frame.locator(".tabs"))
    visitor.follow(frame.locator(".tabs a[href$='/set-up']"), frame.locator("form.settings"))
    hands = Hands(visitor)
    hands.go_to(".skip")
    hands.press("Enter")
    hands.step()
    stops = [_focused(hands.frame)]
    while len(stops) < FARTHEST and not hands.is_on("form.settings button"):
        hands.step()
        stops.append(_focused(hands.frame))
    ids = [stop.get_attribute("id") for stop in stops]
    assert [*dict.fromkeys(filter(None, ids))] == ["last_day", "time_zone", "language", "work_starts", "work_ends"]
    _follow_each_other(hands.frame, stops)
    hands.until("[data-toasts] .toast", "Enter")
    assert visitor.complaints == []


def _follow_each_other(frame: Frame, stops: list[ElementHandle]) -> None:
    """In the order of the page; a field for a date or a time has several stops within it."""
    for before, after in pairwise(stops):
        follows = """([one, other]) => one === other ||
            Boolean(one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING)"""
        assert frame.evaluate(follows, [before, after]), after.inner_text()


def _focused(frame: Frame) -> ElementHandle:
    found = frame.evaluate_handle("document.activeElement").as_element()
    assert found is not None
    return found


@pytest.fixture
def window(site: Site, visit: Callable[..., Visitor]) -> Page:
    """Greet, without JavaScript, in a window of the tool's own."""
    visitor = visit(site, java_script_enabled=False)
    visitor.page.goto(site.lms)
    visitor.page.locator("form.cast button[value=greet]").first.click()
    with visitor.context.expect_page() as opened:
        visitor.page.get_by_role("link", name="Open Praat mee in a new window").click()
    page = opened.value
    for _ in range(2):  # the LMS's two hand-overs
        page.get_by_role("button", name="Continue").click()
    expect(page.locator(".rooms")).to_be_visible()
    return page


def test_everything_without_javascript(window: Page) -> None:
    # post
    window.locator("#body").fill("Ik heb geen scripts, wel een mening.")
    window.locator("form.composer .send button.button").click()
    article = window.locator("article.post.list", has_text="wel een mening")
    expect(article).to_be_visible()

    # reply
    article.locator("footer a.act").first.click()
    window.locator("#body").fill("Ook reageren gaat zonder.")
    window.locator("form.composer .send button.button").click()
    reply = window.locator("article.post.reply", has_text="Ook reageren gaat zonder.")
    expect(reply).to_be_visible()

    # delete and undo
    reply.locator("details.menu summary").click()
    reply.locator("button[formaction$='/deletion']").click()
    expect(reply).to_have_count(0)
    expect(window.locator("[data-toasts] .toast")).to_be_visible()
    window.locator("[data-toasts] form button").click()
    expect(reply).to_be_visible()

    # rate
    window.locator(".rooms a[href$='/ideas']").click()
    window.locator(".tally a[href$='#rate']").first.click()
    window.locator(".scale input[value='5']").check(force=True)
    window.locator("#rate form button").click()
    expect(window.locator(".scale input[value='5'][checked]")).to_be_attached()


def test_the_frame_opens_without_javascript(site: Site, visit: Callable[..., Visitor]) -> None:
    visitor = visit(site, java_script_enabled=False)
    by_hand = visitor.tool.locator("noscript a.button")
    visitor.page.goto(site.lms)
    visitor.page.locator("form.cast button[value=greet]").first.click()
    for _ in range(8):
        visitor.tool.get_by_role("button", name="Continue").click()
        visitor.tool.locator("#new-window").wait_for(state="attached")
        if by_hand.count():
            break
        visitor.page.reload()  # a frame in a new process may be read just before its scripts are turned off
    by_hand.click()
    visitor.tool.get_by_role("button", name="Continue").click()
    expect(visitor.tool.locator(".rooms")).to_be_visible()
    visitor.tool.locator("#body").fill("Ook in de cursus zelf.")
    visitor.tool.locator("form.composer .send button.button").click()
    expect(visitor.tool.locator("article", has_text="Ook in de cursus zelf.")).to_be_visible()
