"""Reporting, from a learner's menu to what trainer and author read of it: by keyboard, narrow, and for axe."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Site, Visitor
from tests.browser.test_accessibility import Inspector, inspect, write

pytestmark = pytest.mark.browser
__all__ = ["inspect"]


def open_menu(who: Visitor, post: Locator, link: str) -> None:
    """By keyboard: open a text's menu and go to one of its links."""
    who.settle()
    summary = post.locator("details.menu summary")
    summary.focus()
    who.page.keyboard.press("Enter")
    found = post.locator("details.menu").get_by_role("link", name=link)
    found.focus()
    who.page.keyboard.press("Enter")


def test_a_report_by_keyboard_until_its_author_may_be_read_again(site: Site, visit: Callable[..., Visitor]) -> None:
    text = "Whoever still prints this form should go and work in a museum, like Greet."
    author = visit(site)
    frame = author.enter("Wout Claes")
    frame.locator("textarea[name=body]").first.fill(text)
    own = frame.locator("article.post.list", has_text=text)
    author.follow(frame.get_by_role("button", name=re.compile("^(Post|Bericht plaatsen)$")), own)
    expect(own.locator("a[href$='/report']")).to_have_count(0)  # not one's own

    reader = visit(site, viewport={"width": 320, "height": 800})
    seen = reader.enter("Sam Okafor").locator("article.post.list", has_text=text)
    open_menu(reader, seen, "Report")
    first = reader.tool.get_by_label("Unkind or hurtful")
    expect(first).to_be_visible()
    first.focus()
    reader.page.keyboard.press("Space")
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.type("Greet reads this too.")
    reader.page.keyboard.press("Control+Enter")
    expect(reader.tool.get_by_text("Thank you. A trainer will look.")).to_be_visible()
    expect(reader.tool.get_by_text("You reported this. Somebody will look.")).to_be_visible()

    trainer = visit(site)
    tool = trainer.enter("Katrien De Wolf")
    link = tool.get_by_role("navigation").first.get_by_role("link", name=re.compile("Moderati"))
    expect(link.locator(".waiting")).to_be_visible()
    case = tool.locator(".case", has_text=text)
    trainer.follow(link, case)
    expect(case).to_contain_text("Greet reads this too.")
    expect(case).not_to_contain_text("Sam")
    reason = tool.locator("textarea#reason")
    trainer.follow(case.locator("a[href$='/hiding']"), reason)
    expect(reason).not_to_have_value("")
    trainer.follow(tool.locator("main form.write button.danger"), tool.locator("h2#reported"))
    expect(tool.locator(".case", has_text=text)).to_have_count(0)

    author.page.reload()
    again = author.tool.locator("article a[href$='/another-look']").first
    words = author.tool.locator("textarea#words")
    author.follow(again, words)
    kinder = "Could we have this form on screen? I would gladly help Greet with it."
    author.tool.locator("textarea#body").fill(kinder)
    words.fill("Put kindly now.")
    asked = author.tool.locator(".trace")
    author.follow(author.tool.locator("main form.write button.button"), asked)

    trainer.follow(link, tool.locator(".case", has_text=kinder))
    case = tool.locator(".case", has_text=kinder)
    expect(case).to_contain_text("Put kindly now.")
    trainer.follow(case.locator("form button"), tool.locator("article", has_text=kinder))
    for one in (author, reader, trainer):
        assert one.complaints == []


def test_every_page_about_reports_for_axe_and_at_320_pixels(inspect: Callable[..., Inspector]) -> None:
    noor, katrien = inspect().enter("noor"), inspect().enter("katrien")
    post = write(noor, "Somebody from sales never answers me, and everybody knows who I mean by that.")
    sam = inspect().enter("sam")
    sam.look("report", f"posts/{post}/report")
    sam.page.locator("input[value=other]").check()
    sam.press("form.write button.button")
    sam.look("report without words")
    sam.press("form.write button.button", words="It is about Lars.")
    sam.look("reported")
    sam.look("own report", f"posts/{post}/report")
    katrien.look("queue", "moderation")
    katrien.look("leave it", f"posts/{post}/reports")
    katrien.look("hide it", f"posts/{post}/hiding")
    katrien.press("form.write button.danger", reason="It speaks about somebody who cannot answer.")
    noor.look("hidden", f"posts/{post}")
    noor.look("ask again", f"posts/{post}/another-look")
    noor.press("form.write button.button", body="Who in sales can help me?", words="Nobody is meant any more.")
    katrien.look("another look", "moderation")

    helen, priya = inspect().enter("helen", "join-in"), inspect().enter("priya", "join-in")  # helen trains alone
    by_helen = write(helen, "Whoever asks that once more has not listened to a word of mine.")
    priya.look("report of a trainer", f"posts/{by_helen}/report")
    priya.page.locator("input[value=unkind]").check()
    priya.press("form.write button.button", words="She means me.")
    sofie = inspect().enter("sofie")
    sofie.look("administrators", "administration/reports")
    sofie.look("hide as administrator", f"administration/reports/{by_helen}/hiding")
    sofie.look("leave as administrator", f"administration/reports/{by_helen}/dismissal")
    everybody = (noor, katrien, sam, helen, priya, sofie)
    assert [problem for one in everybody for problem in one.found] == []
