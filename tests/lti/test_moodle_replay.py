"""What a real Moodle 4.5.6 said, replayed byte for byte: not one claim is changed, only the signature is ours.

The clock stands where it stood then, the tool's address is the one Moodle knew, and the login holds the nonce the tool
had given. ``test_launching.py`` replays the same launches as if they came today.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.lti.models import LoginState
from sociallearn.roster.models import Cohort, Member, Placement, Role
from tests.conftest import MOODLE
from tests.lms import AGS, CLAIM, Lms

FOLDER = Path(__file__).parent / "captures"
THEN = "http://localhost:9110"  # where the recording tool lived
CAPTURES = sorted(FOLDER.glob("claims_*.json"))
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"

TRAINERS = {
    "claims_launch_admin",
    "claims_launch_manager1",
    "claims_launch_teacher1",
    "claims_launch_ta1",
    "claims_deep_linking_request_teacher1",
}


@pytest.fixture
def then(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The tool where Moodle knew it."""
    monkeypatch.setitem(app.config, "BASE_URL", THEN)
    return app


def _replay(app: Flask, client: FlaskClient, content: bytes) -> Any:
    """Moodle's own login form, then the claims as they were written down."""
    claims = json.loads(content)
    steps = json.loads((FOLDER / "launch_steps_student1.json").read_text())
    hints = steps["1_login_initiation"]["f"] | {"target_link_uri": claims[CLAIM + "target_link_uri"]}
    lms = Lms(MOODLE.issuer, MOODLE.client_id, tool=THEN)
    assert client.post("/lti/login", data=hints, base_url=THEN).status_code == 302
    with app.app_context(), transaction() as session:
        state = session.scalars(select(LoginState.state)).one()
        session.execute(update(LoginState).values(nonce=claims["nonce"]))
    return lms.answer(client, state, lms.sign_bytes(content))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_what_moodle_said_comes_in_as_it_was_said(then: Flask, client: FlaskClient, path: Path) -> None:
    content = path.read_bytes()
    claims = json.loads(content)
    with clock.at(datetime.fromtimestamp(claims["iat"] + 2, UTC)):
        launched = _replay(then, client, content)
        assert launched.status_code == 303, launched.text
        assert client.get(launched.location, base_url=THEN).status_code == 200
    assert launched.location.endswith("/placing") is ("deep_linking" in path.stem)
    with then.app_context():
        member = db.session.scalars(select(Member)).one()
        assert member.role == (Role.TRAINER if path.stem in TRAINERS else Role.LEARNER)
        assert member.is_administrator is (path.stem == "claims_launch_admin")
        person = member.person
        assert (person.sub, person.name, person.email) == (claims["sub"], claims["name"], claims["email"])
        cohort = db.session.scalars(select(Cohort)).one()
        context = claims[CLAIM + "context"]
        assert (cohort.context_id, cohort.title) == (context["id"], context["title"])
        placements = db.session.scalars(select(Placement)).all()
        if "deep_linking" in path.stem:
            assert placements == []
            return
        link = claims[CLAIM + "resource_link"]
        (placement,) = placements
        assert (placement.resource_link_id, placement.title) == (link["id"], link["title"])
        assert placement.line_item_url == claims[AGS + "claim/endpoint"].get("lineitem")
        assert placement.memberships_url == claims[NRPS]["context_memberships_url"]


@pytest.mark.parametrize("late", [200, 86400])
def test_and_not_when_it_is_said_again_later(then: Flask, client: FlaskClient, late: int) -> None:
    """Moodle's launches are good for a minute; ours for a minute more, for clocks that differ."""
    content = (FOLDER / "claims_launch_teacher1.json").read_bytes()
    with clock.at(datetime.fromtimestamp(json.loads(content)["iat"] + late, UTC)):
        assert _replay(then, client, content).status_code == 400
