"""From the practice gradebook to one learner's work in the tool (submission review)."""

import re

import pytest
from flask.testing import FlaskClient

from tests.practice.conftest import ToyTool, as_person, fields

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"


def test_the_trainer_opens_a_learners_work(tool: ToyTool, client: FlaskClient) -> None:
    page = as_person(client, "katrien").get("/courses/smld-2026/grades")
    assert page.text.count("Open in SocialLearn</a>") == 13
    href = re.search(r'href="(/launch/praat-mee/review/noor[^"]*)"', page.text)
    assert href is not None
    login = fields(client.get(href[1].replace("&amp;", "&")))
    claims = tool.verified(fields(tool.authorise(login))["id_token"])
    assert claims[CLAIM + "message_type"] == "LtiSubmissionReviewRequest"
    assert claims[CLAIM + "for_user"]["user_id"] == "noor"
    assert claims[CLAIM + "resource_link"]["id"] == "praat-mee"
    assert claims["sub"] == "katrien"
    assert "/lineitems/1/" in claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]["lineitem"]


def test_a_learner_opens_only_their_own(tool: ToyTool, client: FlaskClient) -> None:
    page = as_person(client, "noor").get("/courses/smld-2026/grades")
    assert page.text.count("Open in SocialLearn</a>") == 1
    login = fields(client.get("/launch/praat-mee/review/noor"))
    claims = tool.verified(fields(tool.authorise(login))["id_token"])
    assert (claims["sub"], claims[CLAIM + "for_user"]["user_id"]) == ("noor", "noor")


@pytest.mark.parametrize(
    ("who", "about", "status"),
    [("noor", "wout", 403), ("katrien", "nobody", 404), ("katrien", "priya", 404), ("bart", "noor", 403)],
)
def test_nobody_opens_what_is_not_theirs(client: FlaskClient, who: str, about: str, status: int) -> None:
    as_person(client, who)
    assert client.get(f"/launch/praat-mee/review/{about}").status_code == status


def test_an_ordinary_launch_is_about_nobody(tool: ToyTool) -> None:
    claims = tool.launch()
    assert claims[CLAIM + "message_type"] == "LtiResourceLinkRequest"
    assert CLAIM + "for_user" not in claims
