"""Files in the cross-site frame of an LMS: picked, pasted, described and removed, by mouse and by keys."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, expect

from tests.attachments.making import HTML, PDF, image
from tests.browser.conftest import Site, Visitor
from tests.browser.test_accessibility import NARROW, Inspector, inspect

__all__ = ["inspect"]  # a fixture of the accessibility tests

pytestmark = pytest.mark.browser

PASTE = """(area, bytes) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
  area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
DROP = """(form, text) => {
  const data = new DataTransfer();
  data.items.add(new File([text], "dropped.txt", { type: "text/plain" }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    form.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""


def _files(folder: Path, **contents: bytes) -> list[Path]:
    paths = []
    for name, content in contents.items():
        paths.append(folder / name.replace("_", "."))
        paths[-1].write_bytes(content)
    return paths


def _pick(tool: FrameLocator, *paths: Path) -> None:
    tool.locator("#files").set_input_files(list(paths))


def test_picking_pasting_and_dropping_in_the_frame(visit: Callable[..., Visitor], site: Site, tmp_path: Path) -> None:
    sam = visit(site)
    tool = sam.enter("Sam")
    sam.settle()
    _pick(tool, *_files(tmp_path, whiteboard_jpg=image("JPEG", (1200, 800)), plan_pdf=PDF))
    expect(tool.locator(".enclosure")).to_have_count(2)
    tool.locator("#body").evaluate(PASTE, list(image(colour="teal")))
    expect(tool.locator(".enclosure")).to_have_count(3)
    tool.locator("form.composer").evaluate(DROP, "Something to read")
    expect(tool.locator(".enclosure")).to_have_count(4)
    expect(tool.locator(".files [role=status]")).to_have_text("dropped.txt was added.")
    tool.get_by_label("Describe it for people who cannot see it: whiteboard.webp").fill(
        "Our whiteboard, full of arrows"
    )
    tool.get_by_role("button", name="Remove dropped.txt").click()
    expect(tool.locator(".enclosure")).to_have_count(3)
    tool.locator("#body").fill("This is what the board looked like after an hour.")
    tool.get_by_role("button", name="Post", exact=True).click()
    post = tool.locator("article.post.list", has_text="after an hour").first
    expect(post.locator(".pictures img")).to_have_count(2)
    expect(post.get_by_alt_text("Our whiteboard, full of arrows")).to_be_visible()
    expect(post.get_by_role("link", name="plan.pdf")).to_be_visible()
    assert (
        post.locator(".pictures img").first.evaluate("async one => { await one.decode(); return one.naturalWidth }")
        == 640
    )
    expect(tool.locator(".enclosure")).to_have_count(0)

    with sam.page.expect_download() as started:
        post.get_by_role("link", name="plan.pdf").click()
    assert started.value.suggested_filename == "plan.pdf"

    sam.follow(post.locator(".pictures a").first, tool.locator("figure.picture"))
    expect(tool.locator("figcaption")).to_have_text("Our whiteboard, full of arrows")
    sam.follow(tool.get_by_role("link", name="Back"), tool.locator("article.post.root"))

    tool.locator("article.post.root details.menu summary").click()
    sam.follow(tool.get_by_role("link", name="Edit", exact=True), tool.locator("h1", has_text="Edit your text"))
    expect(tool.locator(".enclosure")).to_have_count(3)
    tool.get_by_role("button", name="Remove plan.pdf").click()
    tool.get_by_role("button", name="Save").click()
    expect(tool.locator("article.post.root .pictures img")).to_have_count(2)
    expect(tool.locator(".papers")).to_have_count(0)
    assert sam.complaints == []
    assert sam.foreign == []


def test_what_is_refused_is_said_and_nothing_typed_is_lost(
    visit: Callable[..., Visitor], site: Site, tmp_path: Path
) -> None:
    sam = visit(site)
    tool = sam.enter("Sam")
    sam.settle()
    tool.locator("#body").fill("Words that stay")
    _pick(tool, *_files(tmp_path, page_png=HTML, large_pdf=PDF + b" " * 11_000_000, fine_txt=b"Fine"))
    expect(tool.locator(".files .problem", has_text="“page.png” holds something else")).to_be_visible()
    expect(tool.locator(".files .problem", has_text="“large.pdf” is too large")).to_be_visible()
    expect(tool.locator(".enclosure")).to_have_count(1)
    expect(tool.locator("#body")).to_have_value("Words that stay")
    tool.locator(".files .problem").first.get_by_role("button", name="Close").click()
    expect(tool.locator(".files .problem")).to_have_count(1)
    # and it comes back with the page
    expect(tool.locator("[data-draft-status]")).to_have_text("Draft saved")
    tool = sam.enter("Sam")
    expect(tool.locator(".enclosure strong")).to_have_text("fine.txt")
    sam.settle()
    tool.get_by_role("button", name="Remove fine.txt").click()
    expect(tool.locator(".enclosure")).to_have_count(0)
    tool = sam.enter("Sam")
    expect(tool.locator("#body")).to_have_value("Words that stay")
    expect(tool.locator(".enclosure")).to_have_count(0)


def test_by_keys_alone(inspect: Callable[..., Inspector], tmp_path: Path) -> None:
    noor = inspect().enter("noor")
    page = noor.page
    page.on(
        "filechooser", lambda _chooser: None
    )  # asked for well before the key, or Chromium opens a window of its own
    expect(page.locator(".files.live")).to_be_attached()
    page.locator("#body").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#files")).to_be_focused()
    with page.expect_file_chooser() as choosing:
        page.keyboard.press("Space")
    choosing.value.set_files(_files(tmp_path, map_png=image("PNG", (900, 300)), list_csv=b"a;b"))
    expect(page.locator(".enclosure .remove")).to_have_count(2)  # both arrived
    page.locator("#body").focus()
    page.keyboard.press("Tab")
    page.keyboard.type("A map of the building")
    page.keyboard.press("Tab")
    expect(page.locator(".enclosure .remove").first).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".enclosure .remove").first).to_be_focused()
    page.locator("#body").fill("By keys alone.")
    page.keyboard.press("Control+Enter")
    expect(
        page.locator("article.post.list", has_text="By keys alone.").get_by_alt_text("A map of the building")
    ).to_be_visible()


def test_forms_and_texts_with_files_are_for_everybody(inspect: Callable[..., Inspector], tmp_path: Path) -> None:
    noor = inspect().enter("noor")
    paths = _files(
        tmp_path,
        **{"a-very-long-name-of-a-photo-that-somebody-took-in-the-afternoon_png": image("PNG", (900, 300))},
        short_png=image("PNG", (300, 900)),
        list_csv=b"a;b",
        page_png=HTML,
    )
    noor.page.locator("#files").set_input_files(paths)
    expect(noor.page.locator(".enclosure .remove")).to_have_count(3)
    expect(noor.page.locator(".files .problem")).to_have_count(1)
    noor.look("form with files")
    noor.page.locator("#body").fill("For everybody.")
    noor.page.locator("form.composer .send button.button").click()
    post = noor.page.locator("article.post.list", has_text="For everybody.").first
    expect(post.locator(".pictures img")).to_have_count(2)
    noor.look("post with files")
    noor.look("an image of its own", noor.link("article.post.list .pictures a"))
    assert noor.found == []
    assert NARROW["width"] == 320


def test_without_scripts_files_go_along_with_the_form(inspect: Callable[..., Inspector], tmp_path: Path) -> None:
    noor = inspect(java_script_enabled=False)
    noor.page.goto(f"{noor.site.lms}/launch/praat-mee?person=noor")
    for _ in range(4):
        if "/feed" in noor.page.url:
            break
        noor.page.locator("form button").first.click()
    noor.page.locator("#files").set_input_files(_files(tmp_path, plain_png=image(), plain_txt=b"Words"))
    noor.page.locator("#alt").fill("A plain square")
    noor.page.locator("#body").fill("Without any script.")
    noor.page.locator("form.composer .send button.button").click()
    post = noor.page.locator("article.post.list", has_text="Without any script.").first
    expect(post.get_by_alt_text("A plain square")).to_be_visible()
    expect(post.get_by_role("link", name="plain.txt")).to_be_visible()
