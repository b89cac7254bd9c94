"""The pages, through a browser that runs no scripts."""

import re

from flask import Flask
from flask.testing import FlaskClient

from tests.practice.conftest import TOOL, ToyTool, as_person
from tests.practice.test_services import send


def test_the_first_page_names_the_course_and_everybody_in_it(client: FlaskClient) -> None:
    page = client.get("/")
    assert '<h1 id="course-smld-2026">Social media en L&amp;D: het paar van de toekomst</h1>' in page.text
    for name in ("Katrien De Wolf", "Bart Verhelst", "Noor Peeters", "Learners, Redactie", "Learners, Verkoop"):
        assert name in page.text
    assert "nothing here is" in page.text


def test_picking_somebody_leads_into_the_course_with_the_tool_in_a_frame(client: FlaskClient) -> None:
    assert client.get("/courses/smld-2026").status_code == 303
    picked = client.post("/sign-in", data={"person": "elif", "course": "smld-2026"})
    assert picked.location == "/courses/smld-2026?person=elif"
    assert "SameSite=Lax" in picked.headers["Set-Cookie"]
    page = client.get("/courses/smld-2026")
    assert "Elif Yıldız" in page.text
    frame = re.search(r'<iframe[^>]*title="([^"]+)"[^>]*src="([^"]+)"', page.text, re.S)
    assert frame
    assert frame[1] == "Praat mee, in SocialLearn"
    assert frame[2] == "/launch/praat-mee?person=elif"
    assert client.get(frame[2]).status_code == 200
    other = client.get("/courses/smld-2026?link=prikbord")
    assert "/launch/prikbord?person=elif" in other.text


def test_nobody_enters_a_course_of_others(client: FlaskClient) -> None:
    assert client.post("/sign-in", data={"person": "noor", "course": "editors-2026"}).status_code == 404
    assert as_person(client, "noor").get("/courses/editors-2026").status_code == 303
    assert client.get("/courses/none").status_code == 404


def test_the_gradebook_shows_what_came_in(tool: ToyTool) -> None:
    assert send(tool, scoreGiven=87.5, comment="10 posts <b>") == 200
    page = tool.client.get("/courses/smld-2026/grades")
    assert "<strong>87.5</strong> / 100" in page.text
    assert "87.5 %" in page.text
    assert "10 posts &lt;b&gt;" in page.text
    data = tool.client.get("/courses/smld-2026/grades.json").json or {}
    assert [column["label"] for column in data["columns"]] == ["Praat mee"]
    [cell] = [row["cells"][0] for row in data["rows"] if row["person"] == "noor"]
    assert (cell["score"], cell["percent"], cell["comment"]) == (87.5, "87.5 %", "10 posts <b>")
    assert len(data["rows"]) == 13
    assert data["version"] in page.text
    send(tool, scoreGiven=88, timestamp="2026-11-23T21:13:00Z")
    assert (tool.client.get("/courses/smld-2026/grades.json").json or {})["version"] != data["version"]


def test_only_the_trainer_of_the_course_removes_learners(client: FlaskClient) -> None:
    removal = "/courses/smld-2026/participants/noor/removal"
    assert client.post(removal).status_code == 403
    assert as_person(client, "wout").post(removal).status_code == 403
    assert as_person(client, "helen", "editors-2026").post(removal).status_code == 403
    as_person(client, "katrien")
    assert client.post(removal, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post(removal).status_code == 303
    assert "Put Noor Peeters back" in client.get("/courses/smld-2026/participants").text
    assert client.post("/courses/smld-2026/participants/katrien/removal").status_code == 404
    assert "was removed" not in client.get("/courses/smld-2026").text
    assert "You were removed" in as_person(client, "noor").get("/courses/smld-2026").text


def test_the_log_tells_everything_but_secrets(tool: ToyTool) -> None:
    tool.launch()
    send(tool)
    send(tool)
    page = tool.client.get("/log").text
    for said in ("Noor Peeters opens Praat mee", "Noor Peeters launches Praat mee", "kind-token", "Refusing score"):
        assert said in page
    assert "given_name" in page
    for token in tool._tokens.values():
        assert token not in page
    assert "eyJ" not in re.sub(r"eyJ\w{0,3}…", "", page)


def test_the_log_is_paged_and_can_be_narrowed(tool: ToyTool) -> None:
    for _ in range(30):
        tool.call("GET", "/services/smld-2026/lineitems")
    page = tool.client.get("/log?kind=service")
    older = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert older
    assert page.text.count("<details>") == 25
    assert tool.client.get(older[1].replace("&amp;", "&")).text.count("<details>") == 5
    assert "kind-token" not in page.text


def test_the_switches_page_says_how_things_are(client: FlaskClient) -> None:
    assert "Healthy." in client.get("/services").text
    assert client.post("/practice/services", data={"mode": "half", "seed": "3", "skew": "90"}).status_code == 303
    page = client.get("/services").text
    assert "state-half" in page
    assert "90 seconds ahead" in page


def test_the_policy_is_strict_and_lets_the_tool_in(client: FlaskClient) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"form-action 'self' {TOOL}; frame-src 'self' {TOOL}; base-uri 'none'; frame-ancestors 'self'"
    )
    for page in ("/", "/log", "/services", "/courses/smld-2026/grades", "/launch/praat-mee?person=noor"):
        text = client.get(page).text
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=", text), page


def test_a_foreign_host_name_is_not_let_in(client: FlaskClient) -> None:
    assert client.get("/", headers={"Host": "rebound.example"}).status_code == 400


def test_static_files_are_there(client: FlaskClient) -> None:
    for name in ("practice.css", "practice.js"):
        with client.get(f"/static/{name}") as answer:
            assert answer.status_code == 200


def test_the_switch_for_messages_tells_the_tool_where_data_is_kept(client: FlaskClient) -> None:
    course = "/courses/smld-2026?person=noor"
    assert "lti_storage_target" not in client.get("/launch/praat-mee?person=noor").text
    assert "data-messages" not in client.get(course).text
    for target, frames in (("_parent", 1), ("post_message_forwarding", 2)):
        assert client.post("/practice/services", data={"messages": target}).status_code == 303
        assert f'name="lti_storage_target" value="{target}"' in client.get("/launch/praat-mee?person=noor").text
        page = client.get(course).text
        assert f'data-messages="{target}"' in page
        assert page.count("<iframe") == frames
    assert client.get("/practice/messages").status_code == 200
    client.post("/practice/services", data={"mode": "down"})  # what is left out stays
    assert "data-messages" in client.get(course).text
    assert client.post("/practice/services", data={"messages": "shout"}).status_code == 422


def test_without_a_cookie_the_address_says_who_you_are(lms: Flask) -> None:
    bare = lms.test_client(use_cookies=False)
    picked = bare.post("/sign-in", data={"person": "noor", "course": "smld-2026"})
    page = bare.get(picked.location).text
    assert "Noor Peeters" in page
    links = re.findall(r'href="(/(?:courses|log|services)[^"#]*)"', page)
    assert len(links) >= 4
    assert all("person=noor" in link for link in links)
    for link in links:
        assert bare.get(link.replace("&amp;", "&")).status_code == 200, link
