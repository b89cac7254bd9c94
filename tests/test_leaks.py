"""Nothing crosses from one organisation to another: every page, tried with everything of somebody else's.

Routes are found in the app itself. A new one is walked by itself; one whose address needs something this file cannot
fill in fails the walk, and so does one outside a seat for which nobody said why.
"""

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from sociallearn import access, clock
from sociallearn.database import db, transaction
from sociallearn.lti import services
from sociallearn.lti.models import Registration
from sociallearn.lti.services import Tokens
from sociallearn.roster.models import Cohort, ContentItem, Member, Organisation, Person, Placement, Seat
from tests import tenants
from tests.conftest import joined
from tests.lms import CLAIM, public_jwk
from tests.tenants import KEY_SET_URL, LEFT, Tenant, canvas, populate, rows

pytestmark = pytest.mark.xdist_group("leaks")  # the world is made once a process

TOOL = "http://localhost:8000"
MINE, THEIRS = "aardvark", "zyzzyva"

# What an address or a form names things by, and in which table they stand.
FILLED_FROM = {
    "post_id": "post",
    "member_id": "member",
    "delivery_id": "delivery",
    "adjustment_id": "grade_adjustment",
    "review_id": "grade_review",
    "round_id": "idea_round",
    "decision_id": "decision",
    "appeal_id": "appeal",
    "sitting_id": "sitting",
    "group_id": "group",
    "space_id": "space",
    "phase_id": "phase",
    "holiday_id": "holiday",
    "cohort_id": "cohort",
    "person_id": "person",
    "registration_id": "registration",
    "deployment_id": "deployment",
    "invite_id": "invite",
    "grant_id": "grant",
    "file_id": "attachment",
    "file_name": "file_name",  # whatever it says
    "starter_id": "starter",
    "settled_id": "settled",
    "nudge_id": "friendly_nudge",
    "topic_key": "topic_key",  # what stands in an address is not its id
}

# Outside every seat, and why that is right.
PUBLIC = {
    "home": "says what this is",
    "links.follow": "leads into one's own seat and nowhere else",
    "health.healthz": "for whoever runs the server",
    "health.readyz": "for whoever runs the server",
    "health.metrics": "for whoever runs the server",
    "mail.go": "needs a link signed by us, and tells nothing but the course's name",
    "mail.come_back": "needs a link signed by us",
    "mail.stop": "needs a link signed by us, and tells nothing",
    "mail.stop_now": "needs a link signed by us",
    "lti.jwks": "our public keys",
    "lti.login": "begins a launch",
    "launch.launch": "proves a launch",
    "registration.register": "needs the secret of an invitation",
    "registration.connect": "needs the secret of an invitation",
    "registration.connected": "needs the secret of an invitation",
    "registration.canvas_configuration": "the same for everybody",
    "assets.file": "style sheets and scripts",
}

# Done last, as little can be tried afterwards.
LAST = (
    "administration.pause_now",
    "administration.remove_now",
    "administration.end_now",
    "placing.place",
    "placing.cancel",
    "setup.archive",
)


@dataclass
class World:
    """Two customers in one app."""

    app: Flask
    mine: Tenant
    theirs: Tenant
    ids: dict[str, dict[str, list[Any]]]  # by word, then by table


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    """The one key set both customers' LMS signs with; everything else is unreachable."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(KEY_SET_URL, json={"keys": [public_jwk("canvas")]})
        yield mock


@pytest.fixture(scope="module")
def both(stage: Flask) -> Iterator[None]:
    """Both customers' registrations."""
    with joined(stage, canvas(MINE), canvas(THEIRS)):
        yield


@pytest.fixture
def registered(both: None, app: Flask, http: responses.RequestsMock) -> Flask:
    """The app that knows both, on an empty database."""
    app.extensions["lti_tokens"] = Tokens()
    return app


@pytest.fixture
def world(registered: Flask) -> World:
    """Both at work. That takes a hundred requests each, so it is done once a process and put back for every test."""
    app = registered
    if "tenants" not in app.extensions:
        both = populate(app, THEIRS), populate(app, MINE)
        app.extensions["tenants"] = both, tenants.keep(app, *both)
    (theirs, mine), kept = app.extensions["tenants"]
    tenants.put_back(app, kept)
    refresh(app)
    with app.app_context():
        found = {at.word: rows(db.session(), at) for at in (mine, theirs)}
    ids = {word: {name: _ids(kept) for name, kept in tables.items()} for word, tables in found.items()}
    for word, tables in found.items():
        ids[word]["file_name"] = ["file"]
        ids[word]["topic_key"] = [row["key"] for row in tables["topic"]]
    return World(app, mine, theirs, ids)


def _ids(kept: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in kept if "id" in row]


def refresh(app: Flask) -> None:
    """Nobody is slowed down here."""
    app.extensions["rate_limiter"].storage.reset()


def test_every_table_has_something_of_both(world: World) -> None:
    """Or the walk below would prove nothing about it."""
    with world.app.app_context():
        for at in (world.mine, world.theirs):
            empty = [name for name, kept in rows(db.session(), at).items() if not kept]
            assert empty == [], f"tests/tenants.py leaves nothing in {empty}"


def test_customers_that_look_alike_are_two(world: World) -> None:
    with world.app.app_context():
        counts = {m: db.session.scalar(select(func.count()).select_from(m)) for m in (Organisation, Cohort)}
        assert counts == {Organisation: 2, Cohort: 2}
        assert len(set(db.session.scalars(select(Cohort.context_id)))) == 1
        assert len(set(db.session.scalars(select(Person.sub)))) == len(tenants.ROLES)
        assert db.session.scalar(select(func.count(Person.id))) == 2 * len(tenants.ROLES)


# -- what to ask for


def _rules(app: Flask) -> list[Rule]:
    found = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.endpoint in LAST, rule.rule, rule.endpoint))
    for rule in found:
        if "seat" not in rule.arguments:
            assert rule.endpoint in PUBLIC, (
                f"{rule.rule} has no seat: say in PUBLIC why nobody's things can be seen there"
            )
    return [rule for rule in found if "seat" in rule.arguments]


def _methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def _addresses(rule: Rule, ids: dict[str, list[int]], most: int = 100) -> list[str]:
    """The paths behind the seat, one for each thing they can be about."""
    names = sorted(rule.arguments - {"seat"})
    listed = {name: found.split(",") for found, name in re.findall(r"<any\(([^)]*)\):(\w+)>", rule.rule)}
    unknown = [name for name in names if name not in listed and name not in FILLED_FROM]
    assert not unknown, f"{rule.rule}: say in FILLED_FROM where {unknown} come from"
    choices = [listed[name] if name in listed else ids[FILLED_FROM[name]][-most:] for name in names]
    assert all(choices), rule.rule
    return [_path(rule, dict(zip(names, chosen, strict=True))) for chosen in itertools.product(*choices)]


def _path(rule: Rule, values: dict[str, Any]) -> str:
    path = rule.rule.removeprefix("/s/<seat>")
    return re.sub(r"<(?:[a-z]+(?:\([^)]*\))?:)?([a-z_]+)>", lambda found: str(values[found[1]]), path)


def _form(ids: dict[str, list[int]], **more: str) -> MultiDict[str, str]:
    """Whatever any form asks for, naming these things."""
    post, other = ids["post"][0], ids["post"][-1]
    pairs = [
        ("body", "Plain words of my own."),
        ("title", "Plain words"),
        ("reason", "Because it is so."),
        ("kind", "unkind"),
        ("words", "Plain words."),
        ("line", "Plain."),
        ("about", "Plain."),
        ("note", "Plain."),
        ("seen", "999999999"),
        ("name", "Plain"),
        ("label", "Plain"),
        ("unit", "Plain"),
        ("question", "What else?"),
        ("line1", "We are kind."),
        ("value", "4"),
        ("give", "insight"),
        ("option", "1"),
        ("poll_option", "Plain"),
        ("poll_option", "Plainer"),
        *(("praised", str(id_)) for id_ in ids["member"]),
        ("number", "1"),
        ("version", "1"),
        ("days", "7"),
        ("rhythm", "daily"),
        ("hour", "8"),
        ("here", "asked"),
        ("up_to", "999999999"),
        ("bundle", "replied:1"),
        ("right", "administrator"),
        ("is_whole", "y"),
        ("act", "in"),
        ("tone", "informal"),
        ("keep_days", "7"),
        ("points", "20"),
        ("first_day", "2027-05-03"),
        ("last_day", "2027-05-04"),
        ("scheme", "light"),
        ("template", "weekly"),
        ("time_zone", "Europe/Paris"),
        ("work_days", "0"),
        ("work_starts", "09:00"),
        ("work_ends", "17:00"),
        ("rooms", "feed"),
        ("rooms", "questions"),
        ("rooms", "ideas"),
        ("language", "en"),
        ("part", "questions"),
        ("alike_id", str(ids["post"][-1])),
        ("membership", str(ids["member"][0])),
        ("is_offered", "1"),
        ("is_read", "1"),
        ("choice", "starter"),
        ("choice", "round"),
        ("starter-title", "Plain"),
        ("starter-existing", str(other)),
        ("round-title", "Plain"),
        ("round-existing", str(ids["idea_round"][-1])),
        ("place", f"edit-{post}"),
        ("last_id", str(other)),
        ("group", str(ids["group"][-1])),
        ("round", str(ids["idea_round"][-1])),
        ("cohort", str(ids["cohort"][0])),
        *(("answer_id", str(id_)) for id_ in ids["post"][-1:]),
        *(("member", str(id_)) for id_ in ids["member"]),
        *(("person", str(id_)) for id_ in ids["person"]),
        *more.items(),
    ]
    return MultiDict(pairs)


def _queries(ids: dict[str, list[int]]) -> list[dict[str, str]]:
    """What addresses may say beside."""
    return [
        {},
        {"round": str(ids["idea_round"][-1]), "group": str(ids["group"][-1]), "q": "ben", "name": "ben"},
        {"before": "999999999", "after": "0", "show": "mine", "toast": "deleted", "undo": str(ids["post"][-1])},
        {"thread": str(ids["post"][0]), "after": "0", "room": "feed", "reply_to": str(ids["post"][1])},
        {"thread": str(ids["post"][0]), "question": "1", "state": "left", "first": "1"},
        {"kind": "@", "q": ""},
        {"kind": "#", "q": ""},
    ]


# -- what must not come back


def assert_nothing_of(word: str, response: TestResponse, where: object) -> None:
    """Neither in the page nor in what comes with it."""
    said = _text(response) + "".join(f"{name}: {value}\n" for name, value in response.headers)
    found = re.search(word, said, re.I)
    assert not found, (where, said[max(0, found.start() - 200) : found.end() + 100])
    assert response.status_code < 500, (where, response.status_code)


def _text(response: TestResponse) -> str:
    return response.get_data().decode(errors="replace")  # a file may hold anything


def _open(client: FlaskClient, method: str, url: str, **more: Any) -> TestResponse:
    response = client.open(url, method=method, base_url=TOOL, **more)
    response.get_data()
    response.close()
    return response


@contextmanager
def unchanged(world: World) -> Iterator[None]:
    """Of the other customer's rows, none is added, lost, or different afterwards."""
    with world.app.app_context():
        before = rows(db.session(), world.theirs)
    yield
    with world.app.app_context():
        after = rows(db.session(), world.theirs)
    for table, kept in before.items():
        assert after[table] == kept, table


OUTSIDE = {401, 403, 404}


@pytest.mark.alike
@pytest.mark.parametrize("who", ["ada", "tess", "ben", "mona", "omar"])
def test_what_is_theirs_is_not_there_for_me(world: World, who: str) -> None:
    """One's own seat and token, the other's ids in the address, in the form and behind the question mark."""
    me, tried = world.mine.people[who], 0
    token, ids = me.token, world.ids[THEIRS]
    form = _form(ids, csrf_token=token)
    with unchanged(world):
        for rule in _rules(world.app):
            if rule.arguments == {"seat"}:
                continue
            for path, method in itertools.product(_addresses(rule, ids, 100 if who == "ada" else 1), _methods(rule)):
                refresh(world.app)
                response = _open(me.client, method, me.url(path), data=form if method != "GET" else None)
                wanted = {404} if who == "ada" else OUTSIDE  # no missing right stops her earlier
                assert response.status_code in wanted, (method, path, response.status_code, response.text[:300])
                assert_nothing_of(THEIRS, response, (method, path))
                tried += 1
    assert tried > 40


@pytest.mark.alike
@pytest.mark.parametrize("who", ["ada", "picking", "ben", "mona"])
def test_my_own_pages_show_nothing_of_theirs(world: World, who: str) -> None:
    """One's own in the address, the other's in every form and behind every question mark; then the page after."""
    me = world.mine.people[who]
    token, mine, theirs = me.token, world.ids[MINE], world.ids[THEIRS]
    form = _form(theirs, csrf_token=token)
    statuses = []
    with unchanged(world):
        for rule in _rules(world.app):
            for path, method in itertools.product(_addresses(rule, mine, 2), _methods(rule)):
                refresh(world.app)
                for query in _queries(theirs) if method == "GET" else [{}]:
                    data = form if method != "GET" else None
                    response = _open(me.client, method, me.url(path), data=data, query_string=query)
                    assert_nothing_of(THEIRS, response, (method, path, query))
                    statuses.append(response.status_code)
                    if response.status_code in (302, 303):
                        after = _open(me.client, "GET", response.location)
                        assert_nothing_of(THEIRS, after, (method, path, response.location))
    assert statuses.count(200) > 20


def test_the_same_walk_finds_what_is_ones_own(world: World) -> None:
    """Or a walk that met nothing but closed doors would look the same."""
    for me, word in ((world.mine.ada, MINE), (world.theirs.ada, THEIRS)):
        seen = set()
        for rule in _rules(world.app):
            if "GET" in _methods(rule):
                for path in _addresses(rule, world.ids[word], 3):
                    response = _open(me.client, "GET", me.url(path))
                    if response.status_code == 200 and word in _text(response).lower():
                        seen.add(rule.endpoint)
        assert len(seen) > 20, seen


def test_their_seat_is_not_mine(world: World) -> None:
    """The other's seat with one's own cookies: not there. Without any: no session. Nor do keys fit other doors."""
    mine, theirs = world.mine, world.theirs
    stranger = world.app.test_client()
    my_cookie = mine.ben.client.get_cookie(access.COOKIE + mine.ben.seat)
    their_cookie = theirs.ben.client.get_cookie(access.COOKIE + theirs.ben.seat)
    assert my_cookie is not None
    assert their_cookie is not None
    swapped = world.app.test_client()
    swapped.set_cookie(access.COOKIE + theirs.ben.seat, my_cookie.value, secure=True)
    swapped.set_cookie(access.COOKIE + mine.ben.seat, their_cookie.value, secure=True)
    doors: list[tuple[FlaskClient, str, int]] = [
        (mine.ada.client, theirs.ada.seat, 404),
        (stranger, theirs.ada.seat, 401),
        (swapped, theirs.ben.seat, 401),
        (swapped, mine.ben.seat, 401),
        (stranger, f"{theirs.in_address.seat}~{mine.in_address.token_in_address}", 401),  # type: ignore[attr-defined]
        (stranger, f"{mine.in_address.seat}~{theirs.in_address.token_in_address}", 401),  # type: ignore[attr-defined]
        (stranger, theirs.in_address.seat, 401),
        (stranger, f"{theirs.ben.seat}~{their_cookie.value}", 401),
        (mine.ada.client, f"{theirs.ben.seat}~{my_cookie.value}", 404),
    ]
    form = _form(world.ids[THEIRS], csrf_token=theirs.ada.token)
    with unchanged(world):
        for client, seat, status in doors:
            for rule in _rules(world.app):
                path = _addresses(rule, world.ids[THEIRS], 1)[0]
                for method in _methods(rule):
                    response = _open(client, method, f"/s/{seat}{path}", data=form if method != "GET" else None)
                    assert response.status_code == status, (method, seat, path, response.status_code)
                    assert_nothing_of(THEIRS, response, (method, path))


def test_their_forms_do_nothing_in_my_seat(world: World) -> None:
    """Their token in one's own seat, and every unsafe way in without one's own."""
    form = _form(world.ids[MINE], csrf_token=world.theirs.ada.token)
    with unchanged(world), world.app.app_context():
        before = rows(db.session(), world.mine)
        db.session.rollback()
        for rule in _rules(world.app):
            for path, method in itertools.product(_addresses(rule, world.ids[MINE], 1), _methods(rule)):
                if method != "GET":
                    response = _open(world.mine.ada.client, method, world.mine.ada.url(path), data=form)
                    assert response.status_code == 403, (method, path, response.status_code)
        assert rows(db.session(), world.mine) == before


@pytest.mark.parametrize("why", ["left", "expired"])
def test_who_is_no_longer_here_sees_nothing(world: World, why: str) -> None:
    """Neither of the other customer's nor of what was theirs: whoever left, and whoever's time is over."""
    me = world.mine.people[LEFT]
    token = me.token
    with world.app.app_context(), transaction() as session:
        if why == "left":
            session.execute(update(Member).where(Member.id == me.member_id).values(left_at=clock.now()))
        else:
            session.execute(update(Seat).where(Seat.member_id == me.member_id).values(expires_at=clock.now()))
    with unchanged(world):
        for word in (MINE, THEIRS):
            form = _form(world.ids[word], csrf_token=token)
            for rule in _rules(world.app):
                for path, method in itertools.product(_addresses(rule, world.ids[word], 1), _methods(rule)):
                    response = _open(me.client, method, me.url(path), data=form if method != "GET" else None)
                    assert response.status_code == 401, (method, path, response.status_code)
                    assert_nothing_of(f"{MINE}|{THEIRS}", response, (method, path))
        assert _open(me.client, "GET", "/-/feed").status_code == 401


def test_pages_outside_every_seat_tell_nothing(world: World) -> None:
    me = world.mine.ada
    post = world.ids[THEIRS]["post"][0]
    paths = {
        "links.follow": [f"/-/posts/{post}", f"/-/s/{world.theirs.ben.seat}/feed", "/-/administration"],
        "assets.file": ["/static/x/app.css", "/static/x/../../lti_config.json"],
        "registration.register": ["/lti/register", "/lti/register?invite=guess"],
        "registration.connected": ["/lti/connected", "/lti/connected?invite=guess"],
        "registration.canvas_configuration": ["/lti/config/canvas.json"],
        "lti.jwks": ["/lti/jwks", "/lti/jwks/guess"],
        **{key: ["/go/guess", "/go/WzEsImxpc3QiXQ.guess"] for key in ("mail.go", "mail.come_back")},
        **{key: ["/mail/stop/guess", "/mail/stop/MQ.guess"] for key in ("mail.stop", "mail.stop_now")},
    }
    with unchanged(world):
        for rule in world.app.url_map.iter_rules():
            if "seat" in rule.arguments:
                continue
            for path, method in itertools.product(paths.get(rule.endpoint, [rule.rule]), _methods(rule)):
                assert "<" not in path, f"say which {path} to try"
                for client in (me.client, world.app.test_client()):
                    response = _open(client, method, path)
                    assert_nothing_of(f"{MINE}|{THEIRS}", response, (method, path))
                    if response.status_code == 302 and response.location.startswith("/s/"):
                        assert world.theirs.ben.seat not in response.location.split("/")[2]
                        assert_nothing_of(THEIRS, _open(client, "GET", response.location), path)


# -- launches


def _state_of(client: FlaskClient, at: Tenant) -> tuple[str, str]:
    return at.lms.begin(client)


def _forged(at: Tenant, nonce: str, **changes: Any) -> str:
    return at.lms.sign(at.lms.claims(nonce, **(at.claims("ben") | changes)), kid="canvas")


def test_a_launch_of_one_customer_never_ends_at_the_other(world: World, client: FlaskClient) -> None:
    """The LMS signs both with one key, so that nothing but client id and deployment keeps them apart."""
    mine, theirs = world.mine, world.theirs
    own = CLAIM + "deployment_id"
    with unchanged(world):
        for case, changes in {
            "mine, with their state": {},
            "mine, for both": {"aud": [mine.lms.client_id, theirs.lms.client_id]},
            "mine, for both, presented by them": {
                "aud": [mine.lms.client_id, theirs.lms.client_id],
                "azp": theirs.lms.client_id,
            },
            "theirs, presented by me": {"aud": theirs.lms.client_id, "azp": mine.lms.client_id},
            "theirs, from my deployment": {"aud": theirs.lms.client_id, own: f"2:{MINE}"},
        }.items():
            state, nonce = _state_of(client, theirs)
            response = mine.lms.answer(client, state, _forged(mine, nonce, **changes))
            assert response.status_code == 400, case
            assert_nothing_of(THEIRS, response, case)


def test_what_a_launch_names_is_looked_for_among_ones_own(world: World) -> None:
    """Courses copied from, links copied from, items placed, people reviewed: all by ids anybody can make up."""
    mine, app = world.mine, world.app
    with app.app_context():
        key = db.session.scalars(
            select(ContentItem.key).where(ContentItem.organisation_id == world.theirs.organisation_id)
        ).first()
    assert key
    world.theirs.come("ben", sub="only-theirs", context={"id": "only-theirs", "title": THEIRS})
    with unchanged(world):
        custom = {"item": key, "context_history": "only-theirs", "link_history": "link-1"}
        copied = mine.come(
            "tess",
            context={"id": "new-course", "title": "New"},
            resource_link={"id": "new-link", "title": "New"},
            custom=custom,
        )
        assert_nothing_of(THEIRS, copied.get("/feed"), "copied")
        assert_nothing_of(THEIRS, copied.get("/cohort/copy"), "copied")
        review = {"message_type": "LtiSubmissionReviewRequest", CLAIM + "for_user": {"user_id": "only-theirs"}}
        reviewing = mine.come("tess", **review)
        assert reviewing.launched.location.endswith("/participation")
    with app.app_context():
        cohort = db.session.get_one(Cohort, db.session.get_one(Member, copied.member_id).cohort_id)
        assert cohort.copied_from_id is None
        placement = db.session.scalars(select(Placement).where(Placement.cohort_id == cohort.id)).one()
        assert placement.content_item_id is None


def test_a_deployment_is_known_only_where_it_stands(world: World, client: FlaskClient) -> None:
    state, nonce = world.mine.lms.begin(client)
    token = _forged(world.mine, nonce, deployment_id=f"2:{THEIRS}")
    assert world.mine.lms.answer(client, state, token).status_code == 400
    state, nonce = world.mine.lms.begin(client)
    token = _forged(world.mine, nonce, deployment_id=f"2:{MINE}")
    assert world.mine.lms.answer(client, state, token).status_code == 303


# -- caches


def test_one_address_of_keys_is_read_once_for_both(registered: Flask, http: responses.RequestsMock) -> None:
    for word in (MINE, THEIRS, MINE):
        Tenant(registered, canvas(word), word).come("ben")
    assert [call.request.url for call in http.calls] == [KEY_SET_URL]


def test_keys_of_one_customer_prove_nothing_for_the_other(registered: Flask, http: responses.RequestsMock) -> None:
    """Two LMSs of one issuer with key sets of their own, in which the keys have the same name."""
    app = registered
    for word in (MINE, THEIRS):
        url = f"https://{word}.instructure.com/jwks"
        http.get(url, json={"keys": [public_jwk(word, "same")]})
        with app.app_context(), transaction() as session:
            statement = update(Registration).where(Registration.client_id == f"client-{word}")
            session.execute(statement.values(key_set_url=url))
    answers = {}
    for word, key in itertools.product((MINE, THEIRS), repeat=2):
        at = Tenant(app, canvas(word), word)
        client = app.test_client()
        state, nonce = at.lms.begin(client)
        token = at.lms.sign(at.lms.claims(nonce, **at.claims("ben")), kid="same", key=key)
        answers[word, key] = at.lms.answer(client, state, token).status_code
    assert answers == {(MINE, MINE): 303, (MINE, THEIRS): 400, (THEIRS, MINE): 400, (THEIRS, THEIRS): 303}


def test_access_tokens_are_each_customers_own(registered: Flask, http: responses.RequestsMock) -> None:
    """Same issuer, same token address, same scopes; a token of one would open the other's gradebook."""
    fetched = []

    def endpoint(request: Any) -> tuple[int, dict[str, str], str]:
        form = dict(pair.split("=", 1) for pair in str(request.body).split("&"))
        who = jwt.decode(form["client_assertion"], options={"verify_signature": False})["sub"]
        fetched.append(who)
        return 200, {}, f'{{"access_token": "token-of-{who}-{len(fetched)}", "expires_in": 3600}}'

    used: list[tuple[str, str]] = []

    def scores(request: Any) -> tuple[int, dict[str, str], str]:
        used.append((request.url.split("//")[1].split(".")[0], request.headers["Authorization"].split("token-of-")[1]))
        return (401 if len(used) == 3 else 200), {}, "{}"

    http.add_callback("POST", tenants.ISSUER + "/login/oauth2/token", endpoint)
    for word in (MINE, THEIRS):
        http.add_callback("POST", f"https://{word}.instructure.com/1/scores", scores)
    with registered.app_context():
        for word in (MINE, THEIRS, MINE, THEIRS, MINE):  # the third is refused: a new token for one, not for the other
            row = db.session.scalars(select(Registration).where(Registration.client_id == f"client-{word}")).one()
            connector = services.connect(row, [services.SCORE_SCOPE])
            services.post_score(connector, f"https://{word}.instructure.com/1", {"userId": "ben"})
    assert fetched == [f"client-{MINE}", f"client-{THEIRS}", f"client-{MINE}"]
    assert all(token.startswith(f"client-{word}-") for word, token in used)
    assert used == [
        (MINE, f"client-{MINE}-1"),
        (THEIRS, f"client-{THEIRS}-2"),
        (MINE, f"client-{MINE}-1"),
        (MINE, f"client-{MINE}-3"),
        (THEIRS, f"client-{THEIRS}-2"),
        (MINE, f"client-{MINE}-3"),
    ]
