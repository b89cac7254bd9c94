"""``python -m benchmarks.screenshots <folder>``: what the pages look like, light and dark, narrow and wide, as PNGs."""

import shutil
import sys
import tempfile
from pathlib import Path

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
