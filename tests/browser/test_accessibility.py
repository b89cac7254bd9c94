"""Every page, for every role: no axe violations in light and dark, and nothing to scroll sideways at 320 pixels."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from itsdangerous import URLSafeSerializer
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Response, expect
from sqlalchemy import create_engine, null, select
from sqlalchemy.orm import Session

from sociallearn.lti.models import Deployment, Registration, Source
from sociallearn.roster.granting import Right
from sociallearn.roster.models import Grant, Person
from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser

AXE = Axe().axe_script
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
WIDE, NARROW = {"width": 1200, "height": 900}, {"width": 320, "height": 640}
LINK = "praat-mee"  # the activity of the course that is full of talk


@dataclass
class Inspector:
    """Somebody in a window of the tool's own, looking at page after page; finds everything before it complains."""

    page: Page
    site: Site
    found: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def enter(self, person: str, link: str = LINK) -> "Inspector":
        """Launch as "Open in a new window" does: the tool is the top page, and its cookie a first-party one."""
        self.page.goto(f"{self.site.lms}/launch/{link}?person={person}")
        self.page.wait_for_url(f"{self.site.tool}/s/*/feed*")
        return self

    @property
    def seat(self) -> str:
        """Where this person's pages begin."""
        return "/".join(self.page.url.split("/")[:5])

    def go(self, path: str, status: int = 200) -> Response:
        """Open one of the tool's pages by its path under the seat, or by a link's address."""
        url = self.site.tool + path if path.startswith("/s/") else f"{self.seat}/{path}"
        answer = self.page.goto(url)
        assert answer is not None
        assert answer.status == status, f"{url} answered {answer.status}"
        return answer

    def link(self, selector: str) -> str:
        """The address of the first such link."""
        return self.page.locator(selector).first.get_attribute("href") or ""

    def press(self, button: str, **typed: str) -> None:
        """Fill in fields by their ids, and press the button that leads on."""
        for field_id, text in typed.items():
            self.page.locator(f"#{field_id}").fill(text)
        with self.page.expect_navigation():
            self.page.locator(button).first.click()

    def look(self, name: str, path: str = "", status: int = 200, *, lies_over: bool = False) -> None:
        """Examine a page, or the present one as it stands: light, dark and narrow.

        ``lies_over``: a menu is open, and what it covers for that moment need not be reached.
        """
        before = len(self.found)
        if path:
            self.go(path, status)
        self.seen.append(name)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(WIDE)
        self.found += [f"{name}, light: {problem}" for problem in axe(self.page)]
        self.page.emulate_media(color_scheme="dark")
        self.found += [f"{name}, dark: {problem}" for problem in axe(self.page, COLOURS)]
        self.page.set_viewport_size(NARROW)
        self.found += [f"{name}, narrow: {problem}" for problem in axe(self.page, ["target-size", *COLOURS])]
        self.found += [f"{name}, narrow: {problem}" for problem in sticking_out(self.page)]
        if lies_over:
            self.found[before:] = [one for one in self.found[before:] if "partially obscured" not in one]


def axe(where: Page | Frame, rules: list[str] | None = None) -> list[str]:
    """What axe finds in this document: by tag, or by a few rules. Colours on their way to dark arrive first."""
    where.evaluate("() => document.getAnimations().forEach(one => one.finish())")
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    if not where.evaluate("() => 'axe' in window"):  # it is large: once for each document will do
        where.evaluate(AXE)
    run = "options => axe.run(options).then(result => result.violations)"
    violations = where.evaluate(run, {"resultTypes": ["violations"], "runOnly": only})
    return [
        f"{violation['id']} at {node['target']}: {node['html'][:120]} ({_reason(node)})"
        for violation in violations
        for node in violation["nodes"]
    ]


def _reason(node: dict[str, list[dict[str, str]]]) -> str:
    return "; ".join(check["message"] for check in [*node["any"], *node["all"], *node["none"]])


def sticking_out(where: Page | Frame) -> list[str]:
    """What makes the page scroll sideways."""
    return list(
        where.evaluate(
            """() => document.scrollingElement.scrollWidth <= innerWidth ? [] : [
              `${document.scrollingElement.scrollWidth} px wide in a window of ${innerWidth}`,
              ...[...document.querySelectorAll("main *")].filter(one => one.getBoundingClientRect().right > innerWidth)
                .slice(0, 5).map(one => one.outerHTML.slice(0, 100))]"""
        )
    )


@pytest.fixture
def inspect(browser: Browser, site: Site) -> Iterator[Callable[..., Inspector]]:
    """``inspect()``: a window, without movement that would be caught half way."""
    contexts: list[BrowserContext] = []

    def open_one(**options: object) -> Inspector:
        context = browser.new_context(
            **{"locale": "en-GB", "viewport": WIDE, "reduced_motion": "reduce", "color_scheme": "light", **options}
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        return Inspector(context.new_page(), site)

    yield open_one
    for context in contexts:
        context.close()


def write(somebody: Inspector, text: str) -> str:
    """Post to the feed; the number of the post."""
    somebody.go("feed")
    somebody.page.locator("#body").fill(text)
    somebody.page.locator("form.composer .send button.button").click()
    article = somebody.page.locator("article.post.list", has_text=text).first
    expect(article).to_be_visible()
    return (article.get_attribute("id") or "").removeprefix("post-")


def rewrite(somebody: Inspector, post: str, text: str) -> None:
    """Edit a post that has a reply: what was answered stays readable."""
    somebody.go(f"posts/{post}")
    somebody.page.locator("#body").fill("More of this soon.")
    somebody.page.locator("form.composer .send button.button").click()
    expect(somebody.page.locator("article.reply", has_text="More of this soon.")).to_be_visible()
    somebody.go(f"posts/{post}/edit")
    somebody.page.locator("#body").fill(text)
    somebody.page.locator("form.composer .send button.button").click()
    expect(somebody.page.locator("article.post", has_text=text).first).to_be_visible()


def busiest_thread(somebody: Inspector) -> str:
    """The conversation of the feed with the most replies."""
    somebody.go("feed")
    counts: list[tuple[int, str]] = []
    for act in somebody.page.locator(".post.list footer a.act:not([href*='#'])").all():
        number = re.search(r"\d+", act.inner_text())
        counts.append((int(number[0]) if number else 0, act.get_attribute("href") or ""))
    return max(counts)[1]


TABLE = b"title,body,author\nA map,Of who knows what.,Somebody Away\n"


def somebody_to_ask(somebody: Inspector) -> str:
    """Somebody who says what they like to be asked."""
    somebody.go("questions/who-knows?about=fotorechten")
    return somebody.link(".experts a")


def everyday_pages(somebody: Inspector) -> None:
    """What everybody in the cohort sees."""
    somebody.look("feed", "feed")
    somebody.look("thread", busiest_thread(somebody))
    somebody.look("questions", "questions")
    somebody.look("unanswered questions", "questions?show=unanswered")
    somebody.go("questions?show=answered")
    somebody.look("accepted answer", somebody.link(".question:has(.chip.good) h2 a"))
    assert somebody.page.locator(".post.reply.helped").count() == 1
    somebody.look("ideas", "ideas")
    somebody.look("idea", somebody.link(".idea:has(.tally .end) h2 a"))
    somebody.look("ranking", "ideas/ranking")
    somebody.look("board", "ideas/board")
    somebody.look("my participation", "participation")
    somebody.look("decision log", "decisions")
    somebody.look("kept", "bookmarks")
    somebody.look("notifications", "notifications")
    somebody.look("about me", "me")
    somebody.look("somebody", somebody_to_ask(somebody))
    somebody.look("nothing unread", "feed?sort=followed")
    somebody.look("missing page", "posts/999999", 404)


def pages_of_writers(somebody: Inspector, own: str) -> None:
    """What everybody sees who may write; ``own`` is a post of theirs with an earlier version."""
    somebody.go(busiest_thread(somebody))
    somebody.look("reply to a reply", somebody.link("a[href*=reply_to]"))
    somebody.page.locator("details.formatting summary").click()
    somebody.look("formatting open")
    somebody.look("edit", f"posts/{own}/edit")
    somebody.look("earlier versions", f"posts/{own}/history")
    somebody.look("who knows about", "questions/who-knows")
    somebody.look("ask", "questions/new")
    somebody.page.locator("#title").fill("  ")
    somebody.page.locator("#body").fill("  ")
    with somebody.page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        somebody.page.locator("form.composer .send button.button").click()
    assert answered.value.status == 422
    expect(somebody.page.locator("[data-problems]")).to_be_focused()
    somebody.look("form with mistakes")
    somebody.look("propose", "ideas/new")
    somebody.go("ideas")
    to_rate = somebody.link(".idea .tally a[href$='#rate']")
    somebody.look("rated idea", somebody.link(".idea:has(.tally strong) h2 a"))
    somebody.look("idea to rate", to_rate)
    somebody.go("ideas")
    somebody.press("form[action$='/ideas/sittings'] button")
    somebody.look("rate five ideas")
    somebody.go("feed")
    somebody.page.locator("main > .list details.menu summary").first.click()
    somebody.look("menu open", lies_over=True)
    # what was typed comes back even when a form is refused
    somebody.go("feed")
    somebody.page.locator("form.composer input[name=csrf_token]").evaluate("field => { field.value = 'stale' }")
    somebody.page.locator("#body").fill("Something that may not be lost.")
    somebody.page.locator("form.composer .send button.button").click()
    expect(somebody.page.locator("#typed")).to_have_value("Something that may not be lost.")
    somebody.look("refused form")


def test_pages_of_a_learner(inspect: Callable[..., Inspector]) -> None:
    noor = inspect().enter("noor")
    own = write(noor, "A thought that I will put better in a minute.")
    rewrite(noor, own, "A thought, put better.")
    gone = write(noor, "A thought I will take back.")
    noor.page.locator(f"#post-{gone} details.menu summary").click()
    noor.page.locator(f"#post-{gone} button[formaction$='/deletion']").click()
    expect(noor.page.locator("[data-toasts] .toast")).to_be_visible()
    noor.look("message with undo, trace of what was deleted")
    pages_of_writers(noor, own)
    everyday_pages(noor)
    noor.go("feed")
    noor.page.locator("a[data-react]").first.click()
    expect(noor.page.locator(".reaction-choice.open button").first).to_be_focused()
    noor.look("choosing a reaction", lies_over=True)
    noor.press(".languages [name=language][value=en]")
    expect(noor.page.locator("html")).to_have_attribute("lang", "en")
    noor.look("my participation in English", "participation")
    noor.look("what and how often", "notifications/settings")
    noor.look("today's mail", "notifications/digest")
    noor.look("not for learners", "grading", 403)
    assert noor.found == []
    assert len(noor.seen) == 36


def test_pages_of_a_trainer(inspect: Callable[..., Inspector]) -> None:
    sam = inspect().enter("sam")
    unfair = write(sam, "Something about somebody who is not here.")
    katrien = inspect().enter("katrien")
    own = write(katrien, "Welcome back, al of you.")
    rewrite(katrien, own, "Welcome back, all of you.")
    katrien.look("lock", f"posts/{own}/lock")
    katrien.look("reactions", f"posts/{unfair}/reactions")
    katrien.look("hide", f"posts/{unfair}/hiding")
    katrien.page.locator("#reason").fill("This person cannot answer here.")
    katrien.page.locator("form.write .button.danger").click()
    expect(katrien.page.locator("[data-toasts] .toast")).to_be_visible()
    katrien.look("message of what was hidden")
    pages_of_writers(katrien, own)
    everyday_pages(katrien)
    katrien.look("bring ideas in", "ideas/import")
    katrien.page.locator("#table").set_input_files({"name": "ideas.csv", "mimeType": "text/csv", "buffer": TABLE})
    katrien.press("form.write .button:not(.quiet)")
    katrien.look("what a file of ideas holds")
    katrien.go("questions")
    asked = katrien.link(".question:has(.chip.wanted) h2 a")
    katrien.look("question", asked)
    for act in ("solving", "duplicate", "conversion"):
        katrien.look(act, f"{asked}/{act}")
    katrien.look("grading", "grading")
    katrien.look("moderation", "moderation")
    assert katrien.page.locator("#hidden + .rows li").count() >= 1
    katrien.look("cohort", "cohort")
    katrien.look("participation of a learner", katrien.link(".people a[href*='/participation/']"))
    look_at_points(katrien, sam)
    katrien.look("insights", "insights")
    sam.look("hidden text of one's own", f"posts/{unfair}")
    assert katrien.found == []
    assert sam.found == []
    assert len(katrien.seen) == 50


def look_at_points(katrien: Inspector, sam: Inspector) -> None:
    """What one asks about points, and what the trainer answers and changes."""
    sam.go("participation")
    sam.look("ask to look again", sam.link("a[href*='/participation/review?period=']"))
    sam.press("form.write .button:not(.quiet)", words="Is this right?")
    katrien.look("learners", "grading/learners")
    katrien.look("change points", katrien.link(".rows a[href*='/participation/']") + "/change")
    katrien.press("form.write .button:not(.quiet)", reason="For the phone call.")
    katrien.look("change points, not filled in")
    katrien.look("to look at again", "grading/reviews")
    katrien.look("answer", katrien.link(".rows a[href*='/grading/reviews/']"))


def test_pages_of_a_manager(inspect: Callable[..., Inspector]) -> None:
    bart = inspect().enter("bart")
    everyday_pages(bart)
    bart.look("insights", "insights")
    bart.look("all cohorts", "insights/organisation")
    large = bart.link(".in-words:has-text('Kennis delen') a")
    several = "&".join(f"cohort={one.get_attribute('value')}" for one in bart.page.locator("input[name=cohort]").all())
    bart.look("side by side", f"insights/beside?{several}")
    bart.look("a cohort's figures", large)
    assert bart.page.locator("svg.units").count() == 1
    for summary in bart.page.locator("main details.data summary").all():
        summary.click()
    bart.look("its tables open")
    bart.look("then and now", f"{large}/periods")
    assert bart.found == []
    assert len(bart.seen) == 23


ADMINISTRATION = {
    "LMSs": "administration",
    "the LMS one comes from": "{own}",
    "pause": "{own}/pause",
    "change the key": "{own}/key",
    "remove": "{other}/removal",
}


def test_pages_of_an_administrator(inspect: Callable[..., Inspector], site: Site) -> None:
    sofie = inspect().enter("sofie")
    own, other = (f"administration/lmss/{number}" for number in two_lmss(site))
    sofie.go(f"{other}/key")
    sofie.press("form.asking button")
    sofie.look("an LMS that waits, and its next key")
    sofie.go(f"{other}/pause")
    sofie.press("form.asking button")
    for name, path in ADMINISTRATION.items():
        sofie.look(name, path.format(own=own, other=other))
    sofie.go(own)
    sofie.press("form[action$='/check'] button")
    sofie.look("check")
    sofie.go("administration/connecting")
    sofie.press("form.write button", label="Moodle of the academy")
    sofie.look("the link")
    sofie.go("administration/connecting")
    sofie.press("form.write button", label="  ")
    sofie.look("connecting, with a mistake")
    sofie.go("administration/rights?name=Katrien")
    sofie.go(sofie.link("a[href*='/administration/people/']"))
    sofie.press("form.write button", reason="  ")
    sofie.look("giving a right, with a mistake")
    sofie.press("form.write button", reason="Reads the figures of the whole academy.")
    sofie.look("ending a right", sofie.link("a[href$='/end']"))
    sofie.press("form.asking button")
    sofie.look("rights, and people found", "administration/rights?name=e")
    sofie.look("mails", "administration/mails")
    assert sofie.found == []
    assert len(sofie.seen) == 13


def test_pages_a_mail_leads_to(inspect: Callable[..., Inspector], site: Site) -> None:
    secret = (site.folder / "secret_key").read_text().strip()
    go, stop = (URLSafeSerializer(secret, salt=f"notifications.{one}") for one in ("go", "stop"))
    stranger = inspect()
    stranger.page.goto(f"{site.tool}/go/{go.dumps([1, 'list'])}")
    stranger.look("on your way")
    stranger.page.goto(f"{site.tool}/mail/stop/{stop.dumps(1)}")
    stranger.look("no more mails?")
    stranger.press(".buttons .button")
    stranger.look("no more mails")
    assert stranger.found == []


def two_lmss(site: Site) -> tuple[int, int]:
    """The one Sofie comes from, and one that registered itself by a link; she looks after both from now on."""
    engine = create_engine(f"sqlite:///{site.folder}/sociallearn.db")
    with Session(engine) as session:
        sofie = session.scalars(select(Person).where(Person.sub == "sofie")).one()
        url = "https://leerplatform.academie-met-een-lange-naam.example"
        other = Registration(issuer=url, client_id="wL3vQ8xT5kYb2Nd", auth_login_url=url, auth_token_url=url)
        other.organisation_id, other.source, other.product = sofie.organisation_id, Source.LINK, "moodle"
        place = Deployment(registration=other, deployment_id="5:0d2a6b9e4c1f8a7350be", confirmed_at=null())
        right = Grant(organisation_id=sofie.organisation_id, person_id=sofie.id, role=Right.ADMINISTRATOR, reason="IT.")
        session.add_all([place, right])
        session.commit()
        found = sofie.registration_id, other.id
    engine.dispose()
    return found


def test_pages_about_a_cohort(inspect: Callable[..., Inspector], site: Site) -> None:
    katrien = inspect()
    link = copied_course(katrien)  # one of its own, so that nobody else finds it changed
    katrien.enter("katrien", link)
    katrien.look("feed before the set-up")
    katrien.press(".pick-one[value=one-day]")
    katrien.look("how it counts, on the way")
    katrien.press(".pick-one[value=light]")
    katrien.look("starter question, on the way")
    katrien.go("cohort/set-up")
    katrien.press("form[action$='/holidays/public'] button")
    katrien.press("form.settings button", work_starts="17:00", work_ends="09:00")
    katrien.look("set-up, with a mistake")
    katrien.go("cohort/set-up/own-rules")
    katrien.page.locator("details:has(#quality) summary").click()
    for name in ("quality", "make_up", "reserve"):
        katrien.page.locator(f"#{name}").check()
    katrien.press("form.own-rules button.quiet")
    katrien.look("own rules, tried out")
    katrien.go("cohort/set-up/phases/new")
    katrien.press("form.write button", name="  ", first_day="2027-02-01", last_day="2027-01-31")
    katrien.look("a phase, with mistakes")
    katrien.go("agreements")
    katrien.press("main form.write button", line1="We speak up. " * 20)
    katrien.look("agreements, with a mistake")
    katrien.press("main form.write button", line1="We speak up.")
    katrien.go("cohort/groups")
    katrien.press("main form.write button", name="Early birds")
    katrien.page.locator(".renaming summary").first.click()
    katrien.page.locator(".renaming[open] [name=name]").fill("  ")
    katrien.press(".renaming[open] button")
    katrien.look("groups, with a mistake")
    katrien.look("my cohorts", "cohorts")
    katrien.look("people", "cohort")
    katrien.look("somebody", katrien.link(".people a[href*='/people/']"))
    noor = inspect().enter("noor", link)
    noor.look("feed of a learner who is new")
    katrien.look("two short questions", "cohort/pulse")
    katrien.press("main form.buttons button")
    katrien.page.locator("main details summary").click()
    katrien.look("two short questions, open")
    noor.press("form[action$='/agreements/read'] button")
    noor.look("two short questions above the feed")
    noor.press(".pulse-scale button[name=liked] >> nth=3")
    noor.press(".pulse-none")
    noor.look("both answered")
    katrien.look("archive", "cohort/set-up/archive")
    katrien.press("main form button")
    katrien.look("archived")
    assert katrien.found == []
    assert noor.found == []
    assert len(katrien.seen) == 15


def copied_course(trainer: Inspector) -> str:
    """The main course once more, as Katrien copies it in the LMS: the id of its first activity."""
    lms, http = trainer.site.lms, trainer.page.request
    http.post(f"{lms}/sign-in", form={"course": "smld-2026", "person": "katrien"})
    made = http.post(f"{lms}/courses/smld-2026/copies")
    return re.sub(r".*/courses/(copy-\d+).*", r"\1-1", made.url)


def test_pages_of_nobody(inspect: Callable[..., Inspector], site: Site) -> None:
    nobody = inspect()
    answer = nobody.page.goto(f"{site.tool}/s/nothing/feed")
    assert answer is not None
    assert answer.status == 401
    nobody.look("session over")
    answer = nobody.page.goto(f"{site.tool}/lti/login")
    assert answer is not None
    assert answer.status == 400
    nobody.look("launch without hints")
    nobody.page.goto(site.tool)
    nobody.look("front page")
    assert nobody.found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 320])
def test_on_the_way_in(site: Site, visit: Callable[..., Visitor], scheme: str, width: int) -> None:
    visitor = visit(
        site, color_scheme=scheme, viewport={"width": width, "height": 800}, reduced_motion="reduce", locale="nl-BE"
    )
    problems: list[str] = []
    # it cannot go on: stays at "Opening…"
    visitor.page.route("**/checking.js*", lambda route: route.abort())
    frame = launched(visitor)
    problems += examined(frame, "#opening")
    visitor.page.unroute("**/checking.js*")
    # a browser that lets no frame keep a cookie
    visitor.context.add_init_script(
        "if (self !== top) Object.defineProperty(Document.prototype, 'cookie', {get: () => '', set: () => {}})"
    )
    problems += examined(launched(visitor), "#new-window")
    assert problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_feed_inside_a_narrow_frame(site: Site, visit: Callable[..., Visitor], scheme: str) -> None:
    visitor = visit(site, color_scheme=scheme, viewport={"width": 320, "height": 640}, reduced_motion="reduce")
    visitor.enter("Wout Claes")
    visitor.page.locator("iframe").scroll_into_view_if_needed()
    assert examined(inside(visitor), ".post.list") == []


def launched(visitor: Visitor) -> Frame:
    """The frame on the checking page."""
    visitor.page.goto(visitor.site.lms)
    visitor.page.locator("form.cast button[value=wout]").first.click()
    visitor.tool.locator("[data-continue]").wait_for()
    return inside(visitor)


def inside(visitor: Visitor) -> Frame:
    """The frame itself, which runs scripts."""
    handle = visitor.page.locator("iframe").element_handle()
    frame = handle.content_frame() if handle else None
    assert frame is not None
    return frame


def examined(frame: Frame, shown: str) -> list[str]:
    """Problems of a document in a frame, once this part of it is shown."""
    frame.locator(shown).first.wait_for()
    return axe(frame) + sticking_out(frame)
