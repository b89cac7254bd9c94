"""Administration through its pages: who gets in, how far they reach, and what they can do there."""

import re
import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import responses
from flask import Flask
from sqlalchemy import event, null, select, update
from werkzeug.test import TestResponse

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.lti.models import Deployment, Invite, Registration, SigningKey, Source
from sociallearn.roster import granting
from sociallearn.roster.granting import Right
from sociallearn.roster.models import Grant, Organisation, Person
from tests.conftest import ELSEWHERE, HERE, MOODLE, Actor, Cast
from tests.lms import MEMBERSHIP, Lms, public_jwk

SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
ADMIN = [MEMBERSHIP + "Instructor", SYSTEM + "Administrator"]


class World:
    """adam looks after one LMS by its word, olga after another LMS of the same organisation, eve in another
    organisation; wim was made administrator of the whole first organisation."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.adam = self.enter(HERE, "adam", ADMIN)
        self.wim = self.enter(HERE, "wim")
        self.ben = self.enter(HERE, "ben")
        self.olga = self.enter(MOODLE, "olga", ADMIN)
        self.mo = self.enter(MOODLE, "mo")
        self.eve = self.enter(ELSEWHERE, "eve", ADMIN)
        self.zoe = self.enter(ELSEWHERE, "zoe")
        with app.app_context(), transaction() as session:
            rows = {row.issuer: row for row in session.scalars(select(Registration))}
            self.here, self.moodle, self.elsewhere = (rows[lms.issuer].id for lms in (HERE, MOODLE, ELSEWHERE))
            self.organisation_id = rows[HERE.issuer].organisation_id or 0
            rows[MOODLE.issuer].organisation_id = self.organisation_id
            session.execute(
                update(Person).where(Person.registration_id == self.moodle).values(organisation_id=self.organisation_id)
            )
            session.flush()
            wim = session.scalars(select(Person).where(Person.sub == "wim")).one()
            granting.grant(session, wim, Right.ADMINISTRATOR, "Runs the academy", by=None, is_whole=True)
            self.people = {sub: id_ for sub, id_ in session.execute(select(Person.sub, Person.id))}

    def enter(self, lms: Lms, sub: str, roles: list[str] | None = None) -> Actor:
        """Somebody comes in."""
        roles = roles or [MEMBERSHIP + "Learner"]
        return Actor(self.app, lms, sub=sub, name=f"{sub.title()} Test", given_name=sub.title(), roles=roles)

    def change(self, registration_id: int, **facts: Any) -> None:
        """Change facts of a registration behind the pages' back."""
        with self.app.app_context(), transaction() as session:
            session.execute(update(Registration).where(Registration.id == registration_id).values(**facts))

    def registration(self, registration_id: int) -> Registration:
        """As it is now."""
        with self.app.app_context(), transaction() as session:
            return session.get_one(Registration, registration_id)

    def rights(self) -> list[Grant]:
        """The log."""
        with self.app.app_context(), transaction() as session:
            return list(session.scalars(select(Grant).order_by(Grant.id)))

    def pending(self, registration_id: int, name: str = "") -> int:
        """A deployment that waits."""
        with self.app.app_context(), transaction() as session:
            name = name or secrets.token_hex(4)
            row = Deployment(registration_id=registration_id, deployment_id=name, confirmed_at=null())
            session.add(row)
            session.flush()
            return row.id


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def test_the_navigation_shows_it_to_administrators_alone(world: World, cast: Cast) -> None:
    for actor in (world.adam, world.wim, world.olga, world.eve):
        assert "/administration" in actor.get("/feed").text
        assert actor.get("/administration").status_code == 200
    for actor in (world.ben, world.zoe, cast.tess, cast.mona, cast.omar):
        assert "/administration" not in actor.get("/feed").text


GETS = [
    "",
    "/connecting",
    "/rights",
    "/rights?name=b",
    "/lmss/{here}",
    "/lmss/{here}/pause",
    "/lmss/{here}/removal",
    "/lmss/{here}/key",
    "/people/{ben}/rights",
    "/rights/1/end",
]
POSTS = [
    "/connecting",
    "/lmss/{here}/name",
    "/lmss/{here}/pause",
    "/lmss/{here}/resumption",
    "/lmss/{here}/removal",
    "/lmss/{here}/key",
    "/lmss/{here}/check",
    "/deployments/{pending}/confirmation",
    "/deployments/{pending}/refusal",
    "/invites/{invite}/withdrawal",
    "/people/{ben}/rights",
    "/rights/1/end",
]
FORM = {"name": "x", "label": "x", "days": "7", "right": "manager", "reason": "x"}


def paths(world: World, templates: list[str]) -> list[str]:
    with world.app.app_context(), transaction() as session:
        row = Invite(
            token_hash=secrets.token_hex(),
            label="x",
            organisation_id=world.organisation_id,
            expires_at=clock.now() + timedelta(days=1),
        )
        session.add(row)
        session.flush()
        invite = row.id
    ids = {"here": world.here, "ben": world.people["ben"], "pending": world.pending(world.here), "invite": invite}
    return ["/administration" + template.format(**ids) for template in templates]


@pytest.mark.parametrize("who", ["ben", "tess", "mona", "omar"])
def test_nobody_else_gets_in(world: World, cast: Cast, who: str) -> None:
    actor = world.ben if who == "ben" else getattr(cast, who)
    assert {actor.get(path).status_code for path in paths(world, GETS)} == {403}
    assert {actor.post(path, **FORM).status_code for path in paths(world, POSTS[1:9])} == {403}


def test_another_organisation_s_administrator_finds_nothing(world: World) -> None:
    for path in paths(world, [template for template in GETS if "{" in template or "1" in template]):
        assert world.eve.get(path).status_code == 404, path
    before = [world.registration(id_).__dict__ for id_ in (world.here, world.moodle)]
    targets = paths(world, [template for template in POSTS if template != "/connecting"])
    assert {path: world.eve.post(path, **FORM).status_code for path in targets} == dict.fromkeys(targets, 404)
    after = [world.registration(id_).__dict__ for id_ in (world.here, world.moodle)]
    assert [{k: v for k, v in row.items() if k[0] != "_"} for row in before] == [
        {k: v for k, v in row.items() if k[0] != "_"} for row in after
    ]
    assert len(world.rights()) == 1
    text = "".join(world.eve.get(f"/administration{path}").text for path in ("", "/connecting", "/rights?name=Test"))
    assert "lms.example" not in text
    assert "Ben Test" not in text
    assert "Runs the academy" not in text
    assert "Zoe Test" in text


def test_one_lms_s_administrator_finds_nothing_of_the_other_one(world: World) -> None:
    assert world.olga.get(f"/administration/lmss/{world.here}").status_code == 404
    assert world.olga.get(f"/administration/lmss/{world.moodle}").status_code == 200
    for path in paths(world, ["/lmss/{here}/pause", "/deployments/{pending}/confirmation", "/people/{ben}/rights",
                              "/invites/{invite}/withdrawal"]):  # fmt: skip
        assert world.olga.post(path, **FORM).status_code == 404, path
    assert world.olga.post("/administration/rights/1/end").status_code == 403  # of the organisation: not hers to end
    listed = world.olga.get("/administration").text
    assert "localhost:8090" in listed
    assert "lms.example" not in listed
    found = world.olga.get("/administration/rights?name=Test").text
    assert "Mo Test" in found
    assert "Ben Test" not in found
    assert "Wim Test" not in found


def test_an_administrator_of_the_organisation_sees_all_of_it(world: World) -> None:
    listed = world.wim.get("/administration").text
    assert "lms.example" in listed
    assert "localhost:8090" in listed
    assert "elsewhere.example" not in listed
    assert world.wim.get(f"/administration/lmss/{world.moodle}").status_code == 200
    assert world.wim.get(f"/administration/lmss/{world.elsewhere}").status_code == 404
    found = world.wim.get("/administration/rights?name=Test").text
    assert "Mo Test" in found
    assert "Ben Test" in found
    assert "Zoe Test" not in found


def test_renaming(world: World) -> None:
    assert world.adam.post(f"/administration/lmss/{world.here}/name", name="  The   Academy ").status_code == 303
    assert "The Academy" in world.adam.get("/administration").text
    long = world.adam.post(f"/administration/lmss/{world.here}/name", name="x" * 121)
    assert long.status_code == 422
    assert "x" * 121 in long.text
    assert world.adam.post(f"/administration/lmss/{world.here}/name", name="").status_code == 303
    assert world.registration(world.here).name == ""
    assert '<h1 dir="auto">lms.example</h1>' in world.adam.get(f"/administration/lmss/{world.here}").text


def test_pausing_and_resuming(world: World) -> None:
    page = f"/administration/lmss/{world.here}"
    asked = world.adam.get(page + "/pause")
    assert "You come in through this LMS yourself." in asked.text
    assert "You come in through this LMS yourself." not in world.wim.get(page.replace(
        str(world.here), str(world.moodle)) + "/pause").text  # fmt: skip
    assert world.registration(world.here).paused_at is None
    assert world.adam.post(page + "/pause").status_code == 303
    assert world.registration(world.here).paused_at is not None
    assert "Resume" in world.adam.get(page).text
    assert HERE.login(world.app.test_client()).status_code in (400, 403)
    assert world.adam.post(page + "/resumption").status_code == 303
    assert HERE.launch(world.app.test_client()).status_code == 303


def test_what_stands_in_the_file_is_removed_there(world: World) -> None:
    page = f"/administration/lmss/{world.here}"
    assert world.adam.get(page + "/removal").status_code == 409
    assert world.adam.post(page + "/removal").status_code == 409
    assert "Remove this LMS" not in world.adam.get(page).text
    assert world.registration(world.here).is_active


def test_what_was_connected_by_link_is_removed_here(world: World) -> None:
    page = f"/administration/lmss/{world.here}"
    world.change(world.here, source=Source.LINK)
    assert "3 people and everything they wrote stay." in world.adam.get(page + "/removal").text
    assert world.adam.post(page + "/removal").status_code == 303
    assert not world.registration(world.here).is_active
    assert HERE.login(world.app.test_client()).status_code in (400, 403)
    assert "Removed" in world.adam.get("/administration").text  # who is inside can still look
    for deed in ("/pause", "/resumption", "/key", "/removal"):
        assert world.adam.post(page + deed).status_code == 400
    assert world.adam.post("/administration/connecting", label="Once more", days="7").status_code == 400
    assert world.ben.get("/feed").status_code == 200
    late = world.ben.post("/feed", body="Typed while it was removed.")
    assert late.status_code == 400
    assert "no longer connected with this LMS" in late.text
    assert "Typed while it was removed." in late.text


def test_links_made_by_people_of_a_removed_lms_no_longer_work(world: World) -> None:
    world.change(world.here, source=Source.LINK)
    world.adam.post("/administration/connecting", label="Another", days="7")
    with world.app.app_context(), transaction() as session:
        assert session.scalars(select(Invite.withdrawn_at)).all() == [None]
    assert world.adam.post(f"/administration/lmss/{world.here}/removal").status_code == 303
    with world.app.app_context(), transaction() as session:
        assert session.scalars(select(Invite.withdrawn_at)).one() is not None


def test_a_new_key_signs_later(world: World) -> None:
    page = f"/administration/lmss/{world.here}"
    assert "signs in an hour" in world.adam.get(page + "/key").text
    assert world.adam.post(page + "/key").status_code == 303
    with world.app.app_context(), transaction() as session:
        newest = session.scalars(select(SigningKey).order_by(SigningKey.signs_from.desc())).first()
        assert newest is not None
        assert newest.registration_id == world.here
        assert newest.signs_from > clock.now()
        kid = newest.kid
    text = world.adam.get(page).text
    assert kid[:24] in text
    assert "Next" in text
    assert "Change the key" not in text  # one change at a time
    assert world.wim.post(page + "/key").status_code == 409


def test_deployments(world: World) -> None:
    first, second = world.pending(world.here, "dep-first"), world.pending(world.here, "dep-second")
    assert "2 deployments to confirm" in world.adam.get("/administration").text
    page = world.adam.get(f"/administration/lmss/{world.here}").text
    assert page.count("Waits for your word") == 2
    assert page.index("dep-first") < page.rindex("Course one")
    assert world.adam.post(f"/administration/deployments/{first}/confirmation").status_code == 303
    assert world.wim.post(f"/administration/deployments/{first}/confirmation").status_code == 409
    assert world.adam.post(f"/administration/deployments/{second}/refusal").status_code == 303
    with world.app.app_context(), transaction() as session:
        assert session.get_one(Deployment, first).confirmed_at is not None
    assert world.adam.post("/administration/deployments/999/confirmation").status_code == 404


def test_a_link_is_shown_once(world: World) -> None:
    shown = world.adam.post("/administration/connecting", label="Our second Moodle", days="3")
    assert shown.status_code == 200
    link = re.search(r'value="(http://localhost:8000/[^"]+)"', shown.text)
    assert link
    assert "no-store" in shown.headers["Cache-Control"]
    page = world.adam.get("/administration/connecting").text
    assert "Our second Moodle" in page
    assert link[1] not in page
    with world.app.app_context(), transaction() as session:
        row = session.scalars(select(Invite)).one()
        assert row.organisation_id is None  # an administrator of one LMS brings nobody into the organisation
        assert row.made_by_id == world.people["adam"]
        assert row.token_hash not in link[1]
    assert "Our second Moodle" not in world.olga.get("/administration/connecting").text
    assert world.olga.post(f"/administration/invites/{row.id}/withdrawal").status_code == 404
    assert world.adam.post(f"/administration/invites/{row.id}/withdrawal").status_code == 303
    assert "Our second Moodle" not in world.adam.get("/administration/connecting").text
    assert world.adam.post(f"/administration/invites/{row.id}/withdrawal").status_code == 404


def test_an_administrator_of_the_organisation_invites_into_it(world: World) -> None:
    assert "part of your organisation" in world.wim.get("/administration/connecting").text
    assert world.wim.post("/administration/connecting", label="Canvas", days="60").status_code == 200
    with world.app.app_context(), transaction() as session:
        assert session.scalars(select(Invite)).one().organisation_id == world.organisation_id


@pytest.mark.alike
@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"label": "", "days": "7"}, "label"),
        ({"label": "   ", "days": "7"}, "label"),
        ({"label": "x" * 121, "days": "7"}, "label"),
        ({"label": "My Moodle", "days": "0"}, "days"),
        ({"label": "My Moodle", "days": "61"}, "days"),
        ({"label": "My Moodle", "days": "soon"}, "days"),
        ({"label": "My Moodle"}, "days"),
    ],
)
def test_a_link_that_cannot_be_made(world: World, form: dict[str, str], field: str) -> None:
    answer = world.adam.post("/administration/connecting", **form)
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert form["label"].strip() in answer.text
    with world.app.app_context(), transaction() as session:
        assert session.scalars(select(Invite)).all() == []


def test_giving_and_ending_a_right(world: World) -> None:
    found = world.adam.get("/administration/rights?name=BEN")
    address = re.search(rf"/administration/people/{world.people['ben']}/rights", found.text)
    assert address
    assert "@" not in found.text  # no e-mail addresses
    assert world.adam.get(address[0]).status_code == 200
    empty = world.adam.post(address[0], right="manager", reason=" ")
    assert empty.status_code == 422
    assert world.adam.post(address[0], right="king", reason="x").status_code == 422
    assert world.ben.get("/insights").status_code == 403
    assert world.adam.post(address[0], right="manager", reason="Heads the academy").status_code == 303
    assert world.ben.get("/insights").status_code == 200
    assert world.adam.post(address[0], right="manager", reason="Again").status_code == 409
    log = world.adam.get("/administration/rights").text
    assert "Heads the academy" in log
    number = world.rights()[-1].id
    assert "Heads the academy" in world.adam.get(f"/administration/rights/{number}/end").text
    assert world.ben.get("/insights").status_code == 200  # asking changes nothing
    assert world.adam.post(f"/administration/rights/{number}/end").status_code == 303
    assert world.ben.get("/insights").status_code == 403
    assert world.adam.post(f"/administration/rights/{number}/end").status_code == 409
    log = world.wim.get("/administration/rights").text
    ended = re.sub(r"<[^>]+>", "", log[log.index('id="log"') :])
    assert "Heads the academy" in ended
    assert re.search(r"given by\s+Adam Test", ended)
    assert re.search(r"ended by\s+Adam Test", ended)


def test_nobody_gives_beyond_their_reach(world: World) -> None:
    ben, mo, zoe = (f"/administration/people/{world.people[sub]}/rights" for sub in ("ben", "mo", "zoe"))
    assert "For the whole organisation" not in world.adam.get(ben).text
    assert world.adam.post(ben, right="manager", reason="All", is_whole="y").status_code == 403
    for path in (mo, zoe):
        assert world.adam.get(path).status_code == 404
        assert world.adam.post(path, right="manager", reason="x").status_code == 404
    assert len(world.rights()) == 1
    assert "For the whole organisation" in world.wim.get(mo).text
    assert world.wim.post(mo, right="administrator", reason="Helps", is_whole="y").status_code == 303
    assert world.wim.post(zoe, right="manager", reason="x").status_code == 404
    assert "lms.example" in world.mo.get("/administration").text
    assert world.rights()[-1].registration_id is None


def test_a_right_ends_for_its_holder_at_once(world: World) -> None:
    world.wim.post(f"/administration/people/{world.people['ben']}/rights", right="administrator", reason="Helps")
    assert world.ben.get("/administration").status_code == 200
    number = world.rights()[-1].id
    assert world.ben.post(f"/administration/rights/{number}/end").location.partition("?")[0].endswith("/feed")
    assert world.ben.get("/administration").status_code == 403
    alone = world.wim.post("/administration/rights/1/end")
    assert alone.status_code == 409
    assert "Nobody would be left" in alone.text
    assert world.wim.get("/administration").status_code == 200


def test_names_that_look_like_patterns_or_markup(world: World) -> None:
    for name in ("%", "_", "\\", "<script>alert(1)</script>", "x" * 500, "\x1f"):
        answer = world.adam.get("/administration/rights", query_string={"name": name})
        assert answer.status_code == 200
        assert "Ben Test" not in answer.text
        assert "<script>alert" not in answer.text


def test_a_name_somebody_else_gave_is_only_a_name(world: World) -> None:
    world.change(world.here, name="<b>Bold</b>", product="<i>moodle</i>")
    for path in ("", f"/lmss/{world.here}", f"/lmss/{world.here}/pause", "/rights?name=ben"):
        assert "<b>Bold" not in world.adam.get(f"/administration{path}").text
        assert "<i>moodle" not in world.adam.get(f"/administration{path}").text


def test_getting_writes_nothing(world: World) -> None:
    written: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(statement)

    with world.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    for path in paths(world, GETS):
        written.clear()
        assert world.wim.get(path).status_code in (200, 404, 409)
        assert written == []
    event.remove(engine, "before_cursor_execute", note)


def test_as_many_queries_for_many_lmss_people_and_rights_as_for_few(world: World) -> None:
    few = queries(world, world.wim)
    with world.app.app_context(), transaction() as session:
        for number in range(20):
            row = Registration(
                organisation_id=world.organisation_id,
                issuer=f"https://lms-{number}.example",
                client_id="x",
                auth_login_url="https://x.example",
                auth_token_url="https://x.example",
            )
            session.add(row)
            session.flush()
            session.add(Deployment(registration_id=row.id, deployment_id="1"))
            person = Person(
                organisation_id=world.organisation_id, registration_id=row.id, sub="x", name=f"Person {number} Test"
            )
            session.add(person)
            session.flush()
            granting.grant(session, person, Right.MANAGER, "One of many", by=None)
    assert queries(world, world.wim) == few


def queries(world: World, actor: Actor) -> list[int]:
    counted: list[int] = []
    with world.app.app_context():
        engine = db.engine

    def count(*_arguments: Any) -> None:
        counted[-1] += 1

    event.listen(engine, "before_cursor_execute", count)
    for path in ("", f"/lmss/{world.here}", "/connecting", "/rights?name=Test"):
        counted.append(0)
        assert actor.get(f"/administration{path}").status_code == 200
    event.remove(engine, "before_cursor_execute", count)
    return counted


def test_two_administrators_at_once_give_a_right_once(world: World) -> None:
    path = f"/administration/people/{world.people['ben']}/rights"
    answers = at_once(
        lambda: world.adam.post(path, right="manager", reason="Mine"),
        lambda: world.wim.post(path, right="manager", reason="Mine too"),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert len([row for row in world.rights() if row.role == "manager"]) == 1


def test_two_administrators_at_once_cannot_end_each_other(world: World) -> None:
    world.wim.post(
        f"/administration/people/{world.people['mo']}/rights", right="administrator", reason="Helps", is_whole="y"
    )
    of_wim, of_mo = (row.id for row in world.rights())
    answers = at_once(
        lambda: world.mo.post(f"/administration/rights/{of_wim}/end"),
        lambda: world.wim.post(f"/administration/rights/{of_mo}/end"),
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 303
    assert codes[1] in (403, 404, 409)
    assert len([row for row in world.rights() if row.ended_at is None]) == 1


def test_two_administrators_at_once_confirm(world: World) -> None:
    number = world.pending(world.here)
    path = f"/administration/deployments/{number}/confirmation"
    codes = {answer.status_code for answer in at_once(lambda: world.adam.post(path), lambda: world.wim.post(path))}
    assert codes <= {303, 409}
    assert 303 in codes


def at_once(*deeds: Callable[[], TestResponse]) -> list[TestResponse]:
    """All of them together; their tokens were fetched before."""
    answers: list[TestResponse] = []
    gate = threading.Barrier(len(deeds))

    def run(deed: Callable[[], TestResponse]) -> None:
        gate.wait()
        answers.append(deed())

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_checking_a_connection(world: World) -> None:
    world.change(world.here, key_set=None, key_set_url="https://lms.example/keys")
    page = f"/administration/lmss/{world.here}"
    with responses.RequestsMock() as lms:
        lms.get("https://lms.example/keys", json={"keys": [public_jwk()]})
        answer = world.adam.post(page + "/check")
    assert answer.status_code == 200
    assert "1 key at https://lms.example/keys" in answer.text
    assert 'aria-current="true"' in answer.text  # the frame of the page needs no query
    with responses.RequestsMock() as lms:
        lms.get("https://lms.example/keys", status=503)
        answer = world.adam.post(page + "/check")
    assert "it answered 503" in answer.text
    assert "does not work" in answer.text


def test_checking_is_no_way_to_hammer_an_lms(world: World) -> None:
    codes = [world.adam.post(f"/administration/lmss/{world.here}/check").status_code for _number in range(8)]
    assert codes == [200] * 6 + [429] * 2


def test_no_transaction_is_open_while_an_lms_is_asked(world: World) -> None:
    world.change(world.here, key_set=None, key_set_url="https://lms.example/keys")
    seen: list[str] = []

    def answer(_request: Any) -> tuple[int, dict[str, str], str]:
        with transaction() as session:  # SQLite would wait fifteen seconds for an open one
            session.execute(update(Organisation).values(name="Renamed meanwhile"))
        seen.append("written")
        return 200, {}, '{"keys": []}'

    with responses.RequestsMock() as lms:
        lms.add_callback("GET", "https://lms.example/keys", callback=answer)
        assert world.adam.post(f"/administration/lmss/{world.here}/check").status_code == 200
    assert seen == ["written"]


def test_forms_need_their_token(world: World) -> None:
    for path in paths(world, POSTS):
        assert world.adam.post(path, csrf_token="forged").status_code == 403
    assert world.registration(world.here).paused_at is None
