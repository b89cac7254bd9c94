"""From an LMS course to a conversation with a grade that arrives: the main path, in a real browser, cross-site."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser

LONG = (
    "After the training day I asked two people from sales to read along with us for a week, and to my surprise they "
    "answered questions that we had been mailing around for months. I would like to keep that going: every Monday one "
    "open question, and whoever knows something writes it down here, however small it may seem to be."
)


def test_trainer_and_learner_talk_and_the_grade_arrives(each_site: Site, visit: Callable[..., Visitor]) -> None:
    trainer = visit(each_site)
    frame = trainer.enter("Helen Ashworth", "editors-2026")
    frame.locator("textarea[name=body]").first.fill("Welcome! Tell us what you hope to find here.")
    trainer.follow(frame.get_by_role("button", name="Post"), frame.get_by_text("Welcome! Tell us"))

    learner = visit(each_site)
    frame = learner.enter("Jonas Lindqvist", "editors-2026")
    expect(frame.get_by_text("Welcome! Tell us what you hope")).to_be_visible()
    frame.locator("textarea[name=body]").first.fill(LONG)
    learner.follow(frame.get_by_role("button", name="Post"), frame.locator("article", has_text="After the training"))

    # the score of that post reaches the LMS's gradebook by itself
    grades = learner.context.new_page()
    grades.goto(f"{each_site.lms}/courses/editors-2026/grades")
    row = grades.get_by_role("row").filter(has_text="Jonas Lindqvist")
    expect(row).to_contain_text(re.compile(r"\b8\b"), timeout=30_000)  # 4 of 10 points, of the column's maximum of 20

    article = frame.locator("article", has_text="Welcome! Tell us what you hope").first
    learner.follow(article.get_by_role("link", name="Reply").first, frame.get_by_label("Your reply"))
    frame.locator("textarea[name=body]").first.fill("I hope to find out who knows what, because " + LONG[:150])
    reply = frame.locator("article", has_text="I hope to find out who knows what")
    learner.follow(frame.get_by_role("button", name="Reply", exact=True), reply)
    expect(row).to_contain_text(re.compile(r"\b14\b"), timeout=30_000)  # three points more

    question, idea = "Who decides what goes on the front page?", "A map of who knows what"
    learner.room("Questions")
    learner.follow(frame.get_by_role("link", name=re.compile("^Ask")), frame.locator("input[name=title]"))
    frame.locator("input[name=title]").fill(question)
    frame.locator("textarea[name=body]").fill("I have been here for two weeks and heard three different answers.")
    learner.follow(frame.get_by_role("button", name="Ask"), frame.get_by_role("heading", name=question))

    learner.room("Ideas")
    learner.follow(frame.get_by_role("link", name=re.compile("^Propose")), frame.locator("input[name=title]"))
    frame.locator("input[name=title]").fill(idea)
    frame.locator("textarea[name=body]").fill("One page where everybody writes three things they can be asked about.")
    learner.follow(frame.get_by_role("button", name="Propose"), frame.get_by_role("heading", name=idea))

    trainer.room("Ideas")
    seen = trainer.tool
    trainer.follow(seen.get_by_role("link", name=idea, exact=True), seen.locator("main h1", has_text=idea))
    trainer.follow(seen.locator("label", has_text="good idea"), seen.locator("input[value='4']:checked"))
    trainer.follow(
        seen.get_by_role("button", name="Rate", exact=True), seen.get_by_role("button", name="Change my rating")
    )

    trainer.room("Questions")
    trainer.follow(seen.get_by_role("link", name=question), seen.locator("main h1", has_text=question))
    seen.locator("textarea[name=body]").first.fill("The person on duty does, and this week that is Priya.")
    answer = seen.locator("article", has_text="The person on duty does")
    trainer.follow(seen.get_by_role("button", name="Answer", exact=True), answer)

    learner.room("Questions")
    learner.follow(frame.get_by_role("link", name=question), frame.locator("main h1", has_text=question))
    learner.follow(frame.get_by_role("button", name="This answered it"), frame.get_by_text("Accepted answer"))

    learner.room("My participation")
    expect(frame.get_by_text("How your score came about")).to_be_visible()
    expect(frame.locator("main figure svg").first).to_be_visible()

    trainer.room("Grading")
    expect(seen.locator("main").get_by_text("Jonas Lindqvist").first).to_be_visible()
    for visitor in (trainer, learner):
        assert visitor.complaints == []
        assert visitor.foreign == []


def test_news_arrives_without_a_reload(site: Site, visit: Callable[..., Visitor]) -> None:
    reader, writer = visit(site), visit(site)
    reader.enter("Priya Raman", "editors-2026")
    writer.enter("Helen Ashworth", "editors-2026")
    writer.tool.locator("textarea[name=body]").first.fill("Fresh from the press.")
    writer.follow(writer.tool.get_by_role("button", name="Post"), writer.tool.locator("article", has_text="Fresh from"))
    expect(reader.tool.get_by_text(re.compile("1 new post"))).to_be_visible(timeout=60_000)
    reader.follow(reader.tool.get_by_text(re.compile("1 new post")), reader.tool.get_by_text("Fresh from the press."))


def test_a_draft_survives_a_closed_page(site: Site, visit: Callable[..., Visitor]) -> None:
    visitor = visit(site)
    frame = visitor.enter("Marisol Ortega", "editors-2026")
    frame.locator("textarea[name=body]").first.fill("Half a thought that I will finish")
    expect(frame.get_by_text("Draft saved")).to_be_visible()
    elsewhere = visit(site)
    frame = elsewhere.enter("Marisol Ortega", "editors-2026")
    expect(frame.locator("textarea[name=body]").first).to_have_value("Half a thought that I will finish")


def test_deleting_leaves_a_trace_and_can_be_undone(site: Site, visit: Callable[..., Visitor]) -> None:
    visitor = visit(site)
    frame = visitor.enter("Priya Raman", "editors-2026")
    frame.locator("textarea[name=body]").first.fill("Something I will regret.")
    article = frame.locator("article", has_text="Something I will regret.")
    visitor.follow(frame.get_by_role("button", name="Post"), article)
    visitor.follow(article.locator("details.menu summary"), article.get_by_role("button", name="Delete"))
    undo = frame.locator("[data-toasts]").get_by_role("button", name="Undo")
    visitor.follow(article.get_by_role("button", name="Delete"), undo)
    expect(article).to_have_count(0)
    visitor.follow(undo, frame.get_by_text("Something I will regret."))


def test_where_no_cookie_can_stay_a_new_window_works(site: Site, visit: Callable[..., Visitor]) -> None:
    visitor = visit(site)
    # a browser that lets no frame keep a cookie
    visitor.context.add_init_script(
        "if (self !== top) Object.defineProperty(Document.prototype, 'cookie', {get: () => '', set: () => {}})"
    )
    visitor.page.goto(site.lms)
    form = visitor.page.locator("form.cast", has=visitor.page.locator("input[name=course][value=editors-2026]"))
    form.get_by_role("button", name="Jonas Lindqvist").click()
    link = visitor.tool.locator("#new-window a, a#new-window").first
    expect(link).to_be_visible()
    with visitor.context.expect_page() as opened:
        link.click()
    window = opened.value
    expect(window.get_by_role("heading", name="Feed")).to_be_visible()
    expect(window.get_by_role("navigation").first.get_by_role("link", name="Questions")).to_be_visible()
