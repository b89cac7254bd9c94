"""``sociallearn platform``: connecting LMSs by command, and looking after them."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from sociallearn import clock
from sociallearn.cli import cli
from sociallearn.database import transaction
from sociallearn.lti import invitations, keys, managing
from sociallearn.lti.models import Deployment, Invite, Registration, Source
from sociallearn.roster.models import Organisation
from tests.conftest import HERE, Actor
from tests.test_organisation_cli import Operator


@pytest.fixture
def operator(app: Flask) -> Operator:
    return Operator(app)


@pytest.fixture
def school(app: Flask) -> int:
    """An LMS that registered itself, with one deployment that waits."""
    with app.app_context(), transaction() as session:
        row = Registration(issuer="https://school.example", client_id="c-1", source=Source.LINK, name="School")
        row.auth_login_url = row.auth_token_url = row.key_set_url = "https://school.example/x"
        session.add(row)
        session.flush()
        keys.add(session, row, clock.now())
        managing.note(session, row.id, "7:abc")
        return row.id


def number_of(app: Flask, issuer: str) -> int:
    with app.app_context(), transaction() as session:
        return session.scalars(select(Registration.id).where(Registration.issuer == issuer)).one()


@pytest.mark.parametrize("command", ["", "invite", "list", "rotate-key", "pause", "resume", "remove", "confirm"])
def test_each_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(cli, ["platform", *([command] if command else []), "--help"])
    assert result.exit_code == 0
    assert not command or f"Example: sociallearn platform {command}" in result.output


def test_an_invite_is_printed_once(app: Flask, operator: Operator) -> None:
    said = operator.says("platform", "invite", "--label", "  The   academy ", "--days", "3")
    [token] = parse_qs(urlsplit(said.splitlines()[0]).query)["invite"]
    with app.app_context(), transaction() as session:
        invite = invitations.find(session, token)
        assert invite is not None
        assert (invite.label, invite.organisation_id, invite.made_by_id) == ("The academy", None, None)
        assert timedelta(days=2) < invite.expires_at - clock.now() <= timedelta(days=3)
    assert token not in operator.says("platform", "list")


def test_an_invite_into_an_organisation(app: Flask, operator: Operator) -> None:
    Actor(app, HERE, sub="tess")
    with app.app_context(), transaction() as session:
        organisation = session.scalars(select(Organisation.id)).one()
    operator.says("platform", "invite", "--organisation", str(organisation))
    with app.app_context(), transaction() as session:
        assert session.scalars(select(Invite.organisation_id)).one() == organisation
    assert "no organisation 999" in operator.says("platform", "invite", "--organisation", "999", code=1)
    operator.says("platform", "invite", "--days", "0", code=2)


def test_the_list_says_how_each_lms_stands(app: Flask, operator: Operator, school: int) -> None:
    said = operator.says("platform", "list")
    assert f"{school}  School  (open)" in said
    assert f"WAITS: sociallearn platform confirm {school} 7:abc" in said
    assert "from an invite link" in said
    assert "from lti_config.json" in said
    assert "signing since" in said


def test_a_deployment_is_confirmed(app: Flask, operator: Operator, school: int) -> None:
    assert "can come in" in operator.says("platform", "confirm", str(school), "7:abc")
    with app.app_context(), transaction() as session:
        assert session.scalars(select(Deployment.confirmed_at).filter_by(deployment_id="7:abc")).one()
    assert "has no deployment 8" in operator.says("platform", "confirm", str(school), "8", code=1)


def test_an_lms_is_paused_and_resumed(app: Flask, operator: Operator) -> None:
    here = str(number_of(app, HERE.issuer))
    operator.says("platform", "pause", here)
    assert "paused since" in operator.says("platform", "list")
    assert HERE.login(app.test_client()).status_code == 403
    operator.says("platform", "resume", here)
    assert HERE.launch(app.test_client()).status_code == 303


def test_a_key_is_rotated(app: Flask, operator: Operator, school: int) -> None:
    assert "signs from" in operator.says("platform", "rotate-key", str(school))
    assert "published already" in operator.says("platform", "rotate-key", str(school), code=1)
    assert "signs now" in operator.says("platform", "rotate-key", str(school), "--at-once")
    listed = operator.says("platform", "list")
    assert listed.count("        key ") == 1, "somebody may know the old one"
    assert "published until" not in listed


def test_removing_asks_first(app: Flask, operator: Operator, school: int) -> None:
    operator.says("platform", "remove", str(school), answer="n\n", code=1)
    assert "(open)" in operator.says("platform", "list")
    assert "is removed" in operator.says("platform", "remove", str(school), answer="y\n")
    said = operator.says("platform", "list")
    assert "School  (removed)" in said
    assert "not connected any more" in operator.says("platform", "rotate-key", str(school), code=1)


def test_an_lms_of_the_file_is_removed_there(app: Flask, operator: Operator) -> None:
    here = str(number_of(app, HERE.issuer))
    assert "stands in lti_config.json" in operator.says("platform", "remove", here, "--yes", code=1)


@pytest.mark.parametrize("command", ["rotate-key", "pause", "resume", "remove"])
def test_numbers_that_are_none(operator: Operator, command: str) -> None:
    assert "There is no LMS 999" in operator.says("platform", command, "999", code=1)
