"""Two customers on one hosted Canvas, alike in everything an LMS says of them but their client ids, and full of life.

Same issuer, same keys at the same address, same deployment id, same course, same links, same user ids. Whatever one of
them writes or is called holds a word of its own, so that a single glimpse of it elsewhere is found.
"""

import io
import re
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import Integer, Table, func, insert, or_, select
from sqlalchemy.orm import Session

from sociallearn import access, clock
from sociallearn.database import db, insert_or_get, transaction
from sociallearn.grades.models import ColumnState, Delivery, DeliveryState, GradeReview, LineItem, OwnColumn
from sociallearn.insights import closing
from sociallearn.insights.models import Cell
from sociallearn.lti.models import Deployment
from sociallearn.notifications import going
from sociallearn.notifications.models import Digest, DigestState
from sociallearn.posts.models import Kind, Post, Topic
from sociallearn.questions import escalating
from sociallearn.questions.models import Escalation
from sociallearn.roster import granting
from sociallearn.roster.granting import Right
from sociallearn.roster.models import Cohort, Member, Person, Placement, Space, Unit
from sociallearn.search.engines import engine_of
from tests.conftest import Actor
from tests.lms import AGS, MEMBERSHIP, Lms
from tests.make import WORDS

ISSUER = "https://canvas.instructure.com"
KEY_SET_URL = "https://sso.canvaslms.com/api/lti/security/jwks"
SYSTEM_ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
ROLES = {
    "ada": [MEMBERSHIP + "Instructor", SYSTEM_ADMINISTRATOR],
    "tess": [MEMBERSHIP + "Instructor"],
    "ben": [MEMBERSHIP + "Learner"],
    "cleo": [MEMBERSHIP + "Learner"],
    "lena": [MEMBERSHIP + "Learner"],
    "mona": [MEMBERSHIP + "Manager"],
    "omar": [MEMBERSHIP + "Mentor"],
}
LEFT = "lena"
PICTURE = bytes.fromhex("47494638376101000100800000ff0000ffffff2c00000000010001000002024401003b")  # one red pixel


def canvas(word: str, **extra: Any) -> Lms:
    """A customer's registration. Its second deployment is its own, the first one is called like everybody's."""
    more = {
        "key_set": None,
        "key_set_url": KEY_SET_URL,
        "auth_login_url": "https://sso.canvaslms.com/api/lti/authorize_redirect",
        "auth_token_url": ISSUER + "/login/oauth2/token",
        "deployment_ids": ["1:same", f"2:{word}"],
        "private_key_file": f"keys/{word}.pem",
        "public_key_file": f"keys/{word}.public.pem",
    }
    return Lms(ISSUER, f"client-{word}", "1:same", key="canvas", extra=more | extra)


@dataclass
class Tenant:
    """One customer: its LMS, its people in their seats, and its own word."""

    app: Flask
    lms: Lms
    word: str
    people: dict[str, Actor] = field(default_factory=dict)
    organisation_id: int = 0
    registration_id: int = 0

    def __getattr__(self, name: str) -> Actor:
        try:
            return self.__dict__["people"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None

    def claims(self, name: str) -> dict[str, Any]:
        """What this LMS says of somebody: the same as the other one, but for the word."""
        service = f"https://{self.word}.instructure.com/api/lti/courses/1"
        scopes = [AGS + "scope/" + scope for scope in ("score", "lineitem", "result.readonly")]
        return {
            "sub": name,
            "roles": ROLES[name],
            "name": f"{name.title()} {self.word.title()}",
            "given_name": name.title(),
            "family_name": self.word.title(),
            "email": f"{name}@{self.word}.example",
            "context": {"id": "course-1", "title": f"Course of {self.word}"},
            "resource_link": {"id": "link-1", "title": f"Link of {self.word}"},
            "tool_platform": {"name": f"School of {self.word}", "product_family_code": "canvas"},
            "custom": {"unit": f"Unit {self.word}", "groups": "11,12"},
            "ags": {"scope": scopes, "lineitems": service + "/line_items", "lineitem": service + "/line_items/1"},
            NRPS: {"context_memberships_url": service + "/names_and_roles", "service_versions": ["2.0"]},
        }

    def come(self, name: str, **changes: Any) -> Actor:
        """A launch by somebody."""
        return Actor(self.app, self.lms, **(self.claims(name) | changes))

    def says(self, text: str) -> str:
        """Something only this customer's people may read."""
        return f"{text} Between us: {self.word}."


def populate(app: Flask, word: str) -> Tenant:
    """Everybody comes in and does something; whatever has a table leaves a row there."""
    tenant = Tenant(app, canvas(word), word)
    tenant.people = {name: tenant.come(name) for name in ROLES}
    with app.app_context():
        member = db.session.get_one(Member, tenant.ben.member_id)
        tenant.organisation_id = member.organisation_id
        tenant.registration_id = member.person.registration_id
    with app.app_context(), transaction() as session:
        me = session.get_one(Member, tenant.ada.member_id).person
        granting.grant(session, me, Right.ADMINISTRATOR, f"Because {word}", by=None, is_whole=True)
    _talk(tenant)
    _remember(tenant)
    _grade(tenant)
    _run(tenant)
    _administer(tenant)
    _place(tenant)
    _hear(tenant)
    with app.app_context(), transaction() as session:
        _deliver(session, tenant)
        _close(session, tenant)
    _done(tenant.tess.post("/cohort/pulse"))
    _done(tenant.ben.post("/pulse", liked="4"))
    return tenant


def _close(session: Session, at: Tenant) -> None:
    """Figures of weeks that are over, one with a unit's name."""
    for cohort in session.scalars(select(Cohort).where(Cohort.organisation_id == at.organisation_id)).all():
        with clock.at(clock.now() + timedelta(weeks=2)):
            closing.close(session, cohort)
        unit = insert_or_get(session, Unit, {"organisation_id": cohort.organisation_id, "name": f"Unit {at.word}"})
        day = clock.now().date()
        session.add(Cell(cohort_id=cohort.id, what="acts", since=day, until=day, unit_id=unit.id, people=5, number=9))


def _number(location: str) -> int:
    """The post in an address such as ``/s/…/feed#post-7``."""
    return int(location.rpartition("-")[2])


def _talk(at: Tenant) -> None:
    """Posts of all kinds, edited, repeated, deleted, hidden, answered, accepted, rated, read, half written."""
    ben, cleo, tess = at.ben, at.cleo, at.tess
    first = _number(_done(ben.post("/feed", body=at.says(WORDS))))
    _done(cleo.post(f"/posts/{first}/replies", body=at.says("I had that too.")))
    _done(ben.post(f"/posts/{first}/edit", body=at.says(WORDS + " Later thought of."), version="1"))
    _done(cleo.post(f"/posts/{first}/reactions", give="thanks"))
    _done(cleo.post(f"/posts/{first}/bookmark"))
    _done(cleo.post("/feed", body=at.says(WORDS)))  # a near copy
    _done(ben.post("/feed", body=at.says(f"@Cleo {at.word}, what do you know of #plan-{at.word}?")))
    _done(cleo.post(f"/topics/plan-{at.word}/following"))
    _ask_and_praise(at)
    gone = _number(_done(ben.post("/feed", body=at.says("This is deleted again."))))
    _done(ben.post(f"/posts/{gone}/deletion"))
    bad = _number(_done(cleo.post("/feed", body=at.says("This is hidden."))))
    _done(tess.post(f"/posts/{bad}/hiding", reason=at.says("Not here.")))
    _done(cleo.post(f"/posts/{bad}/another-look", body=at.says("Put better."), words=at.says("Better?"), version="1"))
    told = _number(_done(tess.post("/feed", body=at.says("What surprised you this week?"))))
    _done(ben.post(f"/posts/{told}/report", kind="other", words=at.says("Not this.")))
    _done(ben.post(f"/posts/{_number(_done(cleo.post('/feed', body=at.says('Hm.'))))}/report", kind="spam"))
    with at.app.app_context():
        topic = db.session.scalars(select(Topic.id).where(Topic.organisation_id == at.organisation_id)).first()
    offer = {"words": at.says("Plans."), "line": at.says("Any plan."), "is_listed": "1", "topic": str(topic)}
    _done(cleo.post("/questions/ask-me", **offer))
    _done(cleo.post("/me", about=at.says("Early riser.")))
    waits = int(_done(ben.post("/questions", title=f"Plans {at.word}?", body=at.says(WORDS))).rpartition("/")[2])
    _wait(at, waits)
    asked = _done(ben.post("/questions", title=f"Who knows {at.word}?", body=at.says(WORDS)))
    question = int(asked.rpartition("/")[2])
    answer = _number(_done(cleo.post(f"/questions/{question}/answers", body=at.says("I do, and here is how."))))
    _done(ben.post(f"/questions/{question}/acceptance", answer_id=str(answer)))
    for who, what in ((ben, "vote"), (ben, "help"), (tess, "endorsement")):
        _done(who.post(f"/questions/answers/{answer}/{what}"))
    again = int(_done(ben.post("/questions", title=f"Again {at.word}?", body=at.says("Hm?"))).rpartition("/")[2])
    _done(ben.post(f"/questions/{again}/duplicate", target=str(question)))
    idea = int(_done(ben.post("/ideas", title=f"A map of {at.word}", body=at.says(WORDS))).rpartition("/")[2])
    _done(tess.post("/ideas/sittings"))
    _done(cleo.post(f"/ideas/{idea}/rating", value="4"))
    shown = {"file": (io.BytesIO(at.says("Read this.").encode()), f"notes of {at.word}.txt"), "place": "feed"}
    assert ben.post("/files", **shown).status_code == 201
    files = [(io.BytesIO(PICTURE), f"map of {at.word}.gif"), (io.BytesIO(at.says("A list").encode()), "list.txt")]
    _done(ben.post("/feed", body=at.says("This is how it looks."), files=files, alt=at.says("A map.")))
    assert ben.post("/drafts", place="feed", title="", body=at.says("Half a thought")).status_code == 204
    assert cleo.post(f"/posts/{first}/read", last_id=str(first)).status_code == 204
    _done(cleo.post(f"/ideas/{idea}/comments", body=at.says("Who draws it?"), remark="question"))
    _done(cleo.post("/ideas", title=f"Another {at.word}", body=at.says("On top of it."), on=str(idea)))
    _done(tess.post(f"/ideas/{idea}/outcome", owner=str(ben.member_id), due="2027-01-31", benefit=at.says("Time.")))
    _done(tess.post(f"/ideas/{idea}/stage", to="done", seen="new", reason=at.says("It is there.")))
    moved = re.search(r"/decisions/([0-9]+)/appeal", ben.get("/decisions").text)
    assert moved
    _done(ben.post(f"/decisions/{moved[1]}/appeal", words=at.says("It is not there yet.")))
    _done(ben.post(f"/ideas/{idea}/authors", member=str(tess.member_id)))
    twin = int(_done(ben.post("/ideas", title=f"A plan {at.word}", body=at.says(WORDS))).rpartition("/")[2])
    _done(cleo.post(f"/ideas/{twin}/rating", value="2"))
    same = _done(cleo.post("/ideas", title=f"The same plan {at.word}", body=at.says("Once more.")))
    merged = int(same.rpartition("/")[2])
    _done(tess.post(f"/ideas/{merged}/merging", into=str(twin), reason=at.says("One plan.")))
    head = "row,id,of,title,text,author,rating"
    rows = [f'idea,1,,From {at.word},"{at.says("Once.")}",Ann {at.word},', "rating,,1,,,,4"]
    _done(tess.post("/ideas/import", kept=b64encode("\n".join([head, *rows]).encode()).decode()))
    opened = _done(tess.post("/ideas/rounds", question=f"What about {at.word}?"))
    round_id = opened.partition("round=")[2].partition("&")[0]
    stages = {"stage": ["new", ""], "name": [f"Fresh {at.word}", f"Built by {at.word}"], "place": ["1", "2"]}
    _done(tess.post(f"/ideas/rounds/{round_id}/stages", **stages))
    _done(tess.post(f"/ideas/rounds/{round_id}/owners", member=str(cleo.member_id)))
    parts = {
        "body": at.says(WORDS),
        "title": f"And {at.word}?",
        "details": at.says("Well?"),
        "idea": f"Which {at.word}?",
    }
    _done(tess.post("/starters", parts=["discussion", "question", "round"], due="2090-01-01T12:00", **parts))


def _wait(at: Tenant, question: int) -> None:
    """Half a day goes by, and somebody is asked."""
    with at.app.app_context(), clock.at(clock.now() + timedelta(days=7)):
        for _twice in range(2):  # outside work hours it waits once more
            with transaction() as session:
                due = session.execute(
                    select(Escalation.id, Escalation.next_at).where(Escalation.question_id == question)
                )
                steps = [(id_, next_at) for id_, next_at in due]
            for id_, next_at in steps:
                with clock.at(next_at):
                    escalating.escalate(id_)


def _ask_and_praise(at: Tenant) -> None:
    options = [f"Morning {at.word}", f"Evening {at.word}"]
    asking = {"part": ["poll", "praise"], "poll_option": options, "praised": str(at.cleo.member_id)}
    asked = _number(_done(at.ben.post("/feed", body=at.says("When shall we meet?"), **asking)))
    _done(at.cleo.post(f"/posts/{asked}/poll/vote", option="1"))


def _remember(at: Tenant) -> None:
    """A question answered by another one like it, and texts for later cohorts."""
    with at.app.app_context():
        statement = select(Post.id).where(Post.organisation_id == at.organisation_id, Post.kind == Kind.QUESTION)
        question = db.session.scalars(statement.order_by(Post.id)).first()
    asking = {"typed_title": f"Who else knows {at.word}?", "typed_body": at.says("Anybody?")}
    _done(at.cleo.post("/questions/settled", **asking, alike_id=str(question)))
    _done(at.tess.post("/memory/cohort", is_offered="1", is_read="1"))
    for author in (at.ben, at.cleo):
        _done(author.post("/memory/texts", membership=str(author.member_id), choice="named"))


def _grade(at: Tenant) -> None:
    """A learner asks about points, a trainer answers and changes some."""
    ben, tess = at.ben, at.tess
    page = ben.get("/participation").text
    period = re.findall(r"/participation/review\?period=([\w-]+)", page)[0]
    _done(ben.post("/participation/review", period=period, words=at.says("Is that right?")))
    with at.app.app_context():
        asked = db.session.scalars(
            select(GradeReview.id).where(GradeReview.organisation_id == at.organisation_id)
        ).one()
    _done(tess.post(f"/grading/reviews/{asked}", note=at.says("It is not.")))
    change = {"period": period, "kind": "bonus", "points": "1", "reason": at.says("You helped on the phone.")}
    _done(tess.post(f"/participation/{ben.member_id}/change", **change))


def _done(response: Any) -> str:
    assert response.status_code in (200, 303), (response.status_code, response.text[:600])
    return str(response.location or "")


def _run(at: Tenant) -> None:
    """How the cohort is set up: groups, days, agreements."""
    tess = at.tess
    _done(tess.post("/cohort/groups", name=f"Group {at.word}"))
    for days in ("phases", "holidays"):
        form = {"name": f"{days} {at.word}", "first_day": "2027-03-01", "last_day": "2027-03-05"}
        _done(tess.post(f"/cohort/set-up/{days}", **form))
    _done(tess.post("/cohort/spaces", name=f"Corner {at.word}", tone="informal", keep_days="7"))
    with at.app.app_context():
        statement = select(Space.id).where(Space.organisation_id == at.organisation_id)
        key = f"s{db.session.scalars(statement).one()}"
    _done(at.cleo.post("/feed", body=at.says("Over coffee."), space=key))
    _done(tess.post("/agreements", line1=f"We speak of {at.word}.", line2="", line3=""))


def _administer(at: Tenant) -> None:
    """What an administrator does."""
    ada = at.ada
    _done(ada.post("/administration/connecting", label=f"Another {at.word}", days="7"))
    _done(ada.post(f"/administration/lmss/{at.registration_id}/name", name=f"Canvas of {at.word}"))
    _done(ada.post(f"/administration/lmss/{at.registration_id}/key"))
    with at.app.app_context():
        mona = db.session.get_one(Member, at.mona.member_id).person_id
    _done(ada.post(f"/administration/people/{mona}/rights", right="manager", reason=at.says("She plans.")))


def _hear(at: Tenant) -> None:
    """One kind of news turned off, a mail of the day, and a link followed without a session."""
    word = {"why": "silent", "to": str(at.cleo.member_id), "words_en": at.says("Good to have you here.")}
    _done(at.tess.post("/today/word", **word))
    kinds = {"here": ["asked", "reply", "named"], "mail": ["asked"]}
    _done(at.cleo.post("/notifications/settings", rhythm="daily", hour="9", time_zone="", **kinds))
    with at.app.app_context(), transaction() as session:
        ben = session.get_one(Member, at.ben.member_id)
        own = {"person_id": ben.person_id, "organisation_id": at.organisation_id}
        today = clock.now()
        session.add(Digest(**own, day=today.date(), next_at=today, state=DigestState.SENT, sent_at=today))
        going.remember(session, ben, "list")


def choosing(at: Tenant) -> dict[str, Any]:
    """The claims of a deep linking request."""
    settings = {
        "deep_link_return_url": f"https://{at.word}.instructure.com/courses/1/deep_linking_response",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe"],
        "accept_multiple": True,
        "title": f"Placed by {at.word}",
        "data": f"data of {at.word}",
    }
    return {"message_type": "LtiDeepLinkingRequest", "resource_link": None, DEEP_LINKING: settings}


def _place(at: Tenant) -> None:
    """One dialog answered, one still open."""
    answered, at.people["picking"] = (at.come("tess", **choosing(at)) for _ in range(2))
    form = {"choice": "starter", "starter-title": f"Starter {at.word}", "starter-body": at.says("What did you try?")}
    page = answered.post("/placing", **form)
    assert page.status_code == 200, page.text
    assert "JWT" in page.text


def _deliver(session: Session, at: Tenant) -> None:
    """What the worker would have written: scores on their way, columns, a deployment that waits."""
    cohort = session.scalars(select(Cohort).where(Cohort.organisation_id == at.organisation_id)).one()
    placement = session.scalars(select(Placement).where(Placement.cohort_id == cohort.id).limit(1)).one()
    now = clock.now()
    own: dict[str, Any] = {"cohort_id": cohort.id, "organisation_id": at.organisation_id, "placement_id": placement.id}
    url = f"https://{at.word}.instructure.com/api/lti/courses/1/line_items/1"
    if session.scalar(select(Delivery.id).where(Delivery.cohort_id == cohort.id)) is None:
        values = {"state": DeliveryState.REFUSED, "grade": 0.5, "comment": at.says("Well done."), "next_at": now}
        session.add(Delivery(**own, member_id=at.ben.member_id, problem="refused", **values))
    columns = {"line_item_url": url, "label": f"Column {at.word}", "score_maximum": 20.0}
    session.add(LineItem(**own, **columns, read_at=now))
    session.add(OwnColumn(**own, **columns, state=ColumnState.MADE, next_at=now + timedelta(days=9)))
    waiting = Deployment(registration_id=at.registration_id, deployment_id=f"9:{at.word}")
    session.add(waiting)
    session.flush()
    waiting.confirmed_at = None
    ben = session.get_one(Member, at.ben.member_id)
    seat, token = access.take_seat(session, ben, placement, in_address=True)
    at.people["in_address"] = _Addressed(at.ben, f"{seat.id}~{token}", seat.id)  # type: ignore[assignment]


class _Addressed:
    """A seat whose address is its key, for a browser without cookies."""

    def __init__(self, like: Actor, address: str, seat: str) -> None:
        self.app, self.client, self.address, self.seat = like.app, like.app.test_client(), address, seat
        self.token_in_address = address.partition("~")[2]


@dataclass
class Kept:
    """Both customers as they were once everything was there, to be put back for the next test."""

    tables: dict[str, list[dict[str, Any]]]
    people: dict[str, dict[str, tuple[Actor, dict[str, str]]]]


def keep(app: Flask, *both: Tenant) -> Kept:
    """Remember every row, and every browser's cookies."""
    with app.app_context():
        tables = {
            table.name: [dict(row._mapping) for row in db.session.execute(select(table).order_by(*table.primary_key))]
            for table in db.metadata.sorted_tables
        }
    people = {at.word: {name: (one, _cookies(one)) for name, one in at.people.items()} for at in both}
    return Kept(tables, people)


def _cookies(one: Actor) -> dict[str, str]:
    return {cookie.key: cookie.value for cookie in one.client._cookies.values()}


def put_back(app: Flask, kept: Kept) -> None:
    """The same rows in an emptied database, the same cookies in new browsers."""
    with app.app_context(), transaction() as session:
        for table in reversed(db.metadata.sorted_tables):
            session.execute(table.delete())
        for table in db.metadata.sorted_tables:
            if kept.tables[table.name]:
                session.execute(insert(table), kept.tables[table.name])
            if db.engine.dialect.name == "postgresql" and isinstance(table.primary_key.columns[0].type, Integer):
                _count_on(session, table)
        engine_of(session).refresh(session)
    for people in kept.people.values():
        for one, cookies in people.values():
            one.client = app.test_client()
            for name, value in cookies.items():
                one.client.set_cookie(name, value, secure=True)


def _count_on(session: Session, table: Table) -> None:
    column = table.primary_key.columns[0]
    named = session.scalar(select(func.pg_get_serial_sequence(f'"{table.name}"', column.name)))
    if named is not None:
        highest = session.scalar(select(func.max(column)))
        session.execute(select(func.setval(named, highest or 1, highest is not None)))


def rows(session: Session, at: Tenant) -> dict[str, list[dict[str, Any]]]:
    """Everything a customer has, by table.

    Raises AssertionError for a table nobody said whose its rows are.
    """
    return {table.name: _rows(session, table, at) for table in db.metadata.sorted_tables if table.name not in NOBODYS}


NOBODYS = {"login_state": "ten minutes of a launch that has not happened yet"}


def _rows(session: Session, table: Table, at: Tenant) -> list[dict[str, Any]]:
    statement = select(table).where(_belongs(table, at)).order_by(*table.primary_key.columns)
    return [dict(row._mapping) for row in session.execute(statement)]


def _belongs(table: Table, at: Tenant) -> Any:
    named = {
        "organisation": lambda: table.c.id == at.organisation_id,
        "registration": lambda: table.c.id == at.registration_id,
        "invite": lambda: or_(
            table.c.organisation_id == at.organisation_id,
            table.c.made_by_id.in_(select(Person.id).where(Person.organisation_id == at.organisation_id)),
        ),
        "overlap": lambda: table.c.copy_id.in_(select(Post.id).where(Post.organisation_id == at.organisation_id)),
    }
    if table.name in named:
        return named[table.name]()
    if "organisation_id" in table.c:
        return table.c.organisation_id == at.organisation_id
    if "registration_id" in table.c:
        return table.c.registration_id == at.registration_id
    if "cohort_id" in table.c:
        return table.c.cohort_id.in_(select(Cohort.id).where(Cohort.organisation_id == at.organisation_id))
    raise AssertionError(f"Whose are the rows of {table.name}? Say it here.")
