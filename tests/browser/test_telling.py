"""From the bell to the very text, what one wants to hear of, and out of the mails without coming in."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from itsdangerous import URLSafeSerializer
from playwright.sync_api import expect
from sqlalchemy import create_engine, select

from sociallearn.roster.models import Person
from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser


def test_the_bell_leads_to_the_text_and_a_link_in_a_mail_ends_them(site: Site, visit: Callable[..., Visitor]) -> None:
    once = uuid4().hex[:6]  # told again where a browser never answered and this begins anew
    asked, said = f"Who keeps list {once} of people who train others?", f"Priya keeps {once}, ask her on a Tuesday."
    wout = visit(site)
    frame = wout.enter("Wout Claes")
    frame.locator("textarea[name=body]").first.fill(asked)
    own = frame.locator("article.post.list", has_text=asked)
    wout.follow(frame.get_by_role("button", name=re.compile("^(Post|Bericht plaatsen)$")), own)

    sam = visit(site)
    seen = sam.enter("Sam Okafor").locator("article", has_text=asked)
    sam.follow(seen.get_by_role("link", name="Reply").first, sam.tool.get_by_label("Your reply"))
    sam.tool.locator("textarea[name=body]").first.fill(said)
    sam.follow(sam.tool.get_by_role("button", name="Reply", exact=True), sam.tool.locator("article", has_text=said))

    frame = wout.enter("Wout Claes")
    bell = frame.locator(".bell a")
    expect(bell.locator("[data-bell]")).to_be_visible()
    told = frame.locator(".told-one", has_text=said)
    wout.follow(bell, told)
    expect(told).to_have_class(re.compile("is-new"))
    answer = frame.locator("article", has_text=said).last
    with wout.page.expect_response(lambda one: one.request.method == "POST" and one.url.endswith("/read")):
        wout.follow(told.locator(".told-text a").first, answer)
        expect(answer).to_be_in_viewport()
    wout.follow(bell, told)
    expect(told).not_to_have_class(re.compile("is-new"))

    table = frame.locator("table.news-table")
    wout.follow(frame.locator("main .heading a"), table)
    weekly = frame.locator("input[name=rhythm][value=weekly]")
    weekly.check()
    frame.locator("input[name=here][value=reply]").uncheck()
    wout.follow(frame.locator("form.news-settings button.button"), frame.locator(".toast"))
    expect(weekly).to_be_checked()
    expect(frame.locator("input[name=here][value=reply]")).not_to_be_checked()
    wout.follow(bell, frame.locator("main h1", has_text=re.compile("Notifications|Nieuws")))
    expect(told).to_have_count(0)

    with create_engine(f"sqlite:///{site.folder}/sociallearn.db").connect() as connection:
        person = connection.scalar(select(Person.id).where(Person.name == "Wout Claes"))
    secret = (site.folder / "secret_key").read_text().strip()
    stranger = visit(site)  # a browser in which nobody came in
    stranger.page.goto(f"{site.tool}/mail/stop/{URLSafeSerializer(secret, salt='notifications.stop').dumps(person)}")
    stranger.page.locator("button[value=off]").click()
    expect(stranger.page.get_by_role("status")).to_be_visible()
    wout.follow(bell, frame.locator("main .heading a"))
    wout.follow(frame.locator("main .heading a"), table)
    expect(frame.locator("input[name=rhythm][value=off]")).to_be_checked()
    frame.locator("input[name=rhythm][value=daily]").check()  # as it was, for whoever comes next
    frame.locator("input[name=here][value=reply]").check()
    wout.follow(frame.locator("form.news-settings button.button"), frame.locator(".toast"))
    for who in (wout, sam, stranger):
        assert who.complaints == []
        assert who.foreign == []
