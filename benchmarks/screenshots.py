"""``python -m benchmarks.screenshots <folder>``: what the pages look like, light and dark, narrow and wide, as PNGs;
and, in ``pictures`` there, those of the insights that stand in README.md and docs/, small enough to be kept."""

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import FLAGS, Site, start, stop

WIDTHS = {360: 780, 1200: 900}  # and the height of the window: a telephone and a laptop
SCHEMES = ("light", "dark")
TALLEST = 2400  # px of a page that are kept


def main(folder: Path) -> None:
    """Start a site of one's own, go round once a scheme and width, and stop it again."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        site = start(Path(data))
        try:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for scheme in SCHEMES:
                for width in WIDTHS:
                    _go_round(browser, site, folder, scheme, width)
                    _insights(browser, site, folder, scheme, width)
            _pictures(browser, site, folder / "pictures")
            _course(browser, site, folder)
            browser.close()
        finally:
            stop(site)


def _go_round(browser: Browser, site: Site, folder: Path, scheme: str, width: int) -> None:
    page = _window(browser, scheme, width)
    page.goto(f"{site.lms}/launch/praat-mee?person=noor")
    page.wait_for_url("**/s/*/feed*")
    _keep(page, folder / f"feed-{scheme}-{width}.png")
    page.goto(_room(page, "questions"))
    page.locator(".question", has=page.locator(".chip.good")).first.locator("h2 a").click()
    page.locator(".post.reply.helped").wait_for()
    _keep(page, folder / f"question-{scheme}-{width}.png")
    page.goto(_room(page, "ideas"))
    page.locator(".idea", has=page.locator(".tally strong")).first.locator("h2 a").click()
    page.locator("#rate").wait_for()
    _keep(page, folder / f"idea-{scheme}-{width}.png")
    page.goto(_room(page, "participation"))
    _keep(page, folder / f"participation-{scheme}-{width}.png")
    page.goto(_room(page, "posts/999999"))
    _keep(page, folder / f"error-{scheme}-{width}.png")
    page.context.close()


def _insights(browser: Browser, site: Site, folder: Path, scheme: str, width: int) -> None:
    page = _window(browser, scheme, width)
    for name, path in _manage(page, site).items():
        page.goto(_room(page, path))
        _keep(page, folder / f"{name}-{scheme}-{width}.png")
    page.context.close()


def _manage(page: Page, site: Site) -> dict[str, str]:
    """Come in as the L&D manager, in English: the pages of figures, by name."""
    page.goto(f"{site.lms}/launch/delen?person=bart")
    page.wait_for_url("**/s/*/feed*")
    page.locator(".languages [name=language][value=en]").click()
    page.goto(_room(page, "insights/organisation"))
    large = page.locator(".in-words a", has_text="Kennis delen").get_attribute("href") or ""
    cohort = large.partition("/insights/")[2]
    named = ("Kennis delen", "Feedback")
    boxes = [page.locator("tr", has_text=name).locator("input[name=cohort]") for name in named]
    chosen = "&".join(f"cohort={box.get_attribute('value')}" for box in boxes)
    return {
        "insights": f"insights/{cohort}",
        "insights-organisation": "insights/organisation",
        "insights-beside": f"insights/beside?{chosen}",
        "insights-periods": f"insights/{cohort}/periods?weeks=4",
    }


def _pictures(browser: Browser, site: Site, folder: Path) -> None:
    """The cohort in three sentences, who talks to whom, and two cohorts side by side."""
    folder.mkdir(exist_ok=True)
    page = _window(browser, "light", 1200)
    pages = _manage(page, site)
    page.goto(_room(page, pages["insights"]))
    _picture(page, folder / "insights.png", "h1", "section[aria-labelledby=taking-part] figure:nth-of-type(2)")
    _picture(page, folder / "insights-units.png", "section[aria-labelledby=bridges] h2", "figure:has(svg.units)")
    page.goto(_room(page, pages["insights-beside"]))
    _picture(page, folder / "insights-beside.png", "h1", "main .card.across")
    page.context.close()


def _picture(page: Page, path: Path, first: str, last: str) -> None:
    """The page's main column from one thing down to another, in few colours."""
    page.wait_for_load_state("networkidle")
    main, top, end = (page.locator(one).first.bounding_box() for one in ("main", first, last))
    if main is None or top is None or end is None:
        raise LookupError(f"{first} or {last} is not on the page")
    edge = 12  # px around it
    box = {"x": main["x"], "y": top["y"] - edge, "width": main["width"]}
    page.screenshot(path=path, full_page=True, clip={**box, "height": end["y"] + end["height"] + edge - box["y"]})
    Image.open(path).convert("RGB").quantize(48).save(path, optimize=True)
    print(path)


def _course(browser: Browser, site: Site, folder: Path) -> None:
    page = _window(browser, "light", 1200)
    page.goto(site.lms)
    page.locator("form.cast button[value=noor]").click()
    page.frame_locator("iframe").locator("article.post").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=folder / "course-light-1200.png")
    print(folder / "course-light-1200.png")
    page.context.close()


def _window(browser: Browser, scheme: str, width: int) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
    )
    return context.new_page()


def _room(page: Page, name: str) -> str:
    return "/".join(page.url.split("/")[:5]) + "/" + name


def _keep(page: Page, path: Path) -> None:
    page.wait_for_load_state("networkidle")
    tall = page.evaluate("document.documentElement.scrollHeight")
    width = page.viewport_size["width"] if page.viewport_size else 0
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": min(tall, TALLEST)})
    print(path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.screenshots <folder>")
    main(Path(sys.argv[1]))
