"""What grows around an idea: comments that are no verdicts, ideas that build on it, ideas like it."""

import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn.errors import Refusal
from sociallearn.ideas import building, commenting, resembling
from sociallearn.ideas.commenting import RemarkKind
from sociallearn.ideas.models import BuildsOn, Remark
from sociallearn.posts import deciding
from sociallearn.posts.models import Post, Visibility
from tests import make
from tests.conftest import Actor, Cast


def proposed(actor: Actor, title: str, **more: str) -> str:
    """The path of a new idea."""
    answer = actor.post("/ideas", title=title, body="Because it helps", **more)
    assert answer.status_code == 303, answer.text
    return "/ideas/" + answer.location.rpartition("/")[2]


def test_a_concern_comes_with_a_suggestion(session: Session, cast: Cast) -> None:
    post = session.get_one(Post, make.idea(session, cast.ben.member(session)).post_id)
    cleo = cast.cleo.member(session)
    with pytest.raises(Refusal) as refusal:
        commenting.comment(session, post, RemarkKind.CONCERN, by=cleo, body="Too dear")
    assert refusal.value.status == 422
    made = commenting.comment(session, post, RemarkKind.CONCERN, by=cleo, body="Too dear", suggestion="Begin with one")
    assert made.body == "Too dear\n\nBegin with one"
    asked = commenting.comment(session, post, RemarkKind.QUESTION, by=cleo, body="Who?", suggestion="ignored")
    assert asked.body == "Who?"
    assert session.scalars(select(Remark.kind).order_by(Remark.post_id)).all() == ["concern", "question"]
    with pytest.raises(Refusal) as refusal:
        commenting.comment(session, make.post(session, cleo), RemarkKind.BUILD, by=cleo, body="And?")
    assert refusal.value.status == 404


def test_comments_through_the_page(cast: Cast) -> None:
    path = proposed(cast.ben, "A map")
    assert 'name="remark"' in cast.cleo.get(path).text
    missing = cast.cleo.post(f"{path}/comments", body="It costs a lot", remark="concern", suggestion=" ")
    assert missing.status_code == 422
    assert "It costs a lot" in missing.text
    assert "What would take your concern away?" in missing.text
    assert cast.cleo.post(f"{path}/comments", body="x", remark="verdict").status_code == 422
    done = cast.cleo.post(f"{path}/comments", body="It costs a lot", remark="concern", suggestion="Draw it by hand")
    assert done.status_code == 303
    page = cast.dora.get(path).text
    assert "A concern and a suggestion" in page
    assert "Draw it by hand" in page
    assert cast.omar.post(f"{path}/comments", body="x", remark="question").status_code == 403
    assert cast.otto.post(f"{path}/comments", body="x", remark="question").status_code == 404
    question = cast.ben.post("/questions", title="Who?", body="Me").location.rpartition("/")[2]
    assert cast.cleo.post(f"/ideas/{question}/comments", body="x", remark="question").status_code == 404


def test_an_idea_builds_on_another_and_both_say_so(cast: Cast) -> None:
    first = proposed(cast.ben, "A map")
    number = first.rpartition("/")[2]
    assert "A map" in cast.cleo.get(f"/ideas/new?on={number}").text
    second = proposed(cast.cleo, "A map with names", on=number)
    assert re.search(r"Builds on\s*<a[^>]*>A map<", cast.dora.get(second).text)
    assert re.search(r"Built upon by\s*<a[^>]*>A map with names<", cast.dora.get(first).text)
    assert "Take this link away" not in cast.dora.get(second).text
    assert cast.dora.post(f"{second}/building/withdrawal", on=number).status_code == 403
    assert cast.cleo.post(f"{second}/building/withdrawal", on=number).status_code == 303
    assert "Builds on" not in cast.dora.get(second).text
    for other in ("99999", "x"):
        assert cast.cleo.post("/ideas", title="T", body="B", on=other).status_code == 404
    assert cast.otto.get(f"/ideas/new?on={number}").status_code == 404


def test_what_cannot_be_built_on(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    one, two = make.idea(session, ben, "One"), make.idea(session, cleo, "Two")
    for idea, on, by, status in ((one, two, ben, 409), (one, one, ben, 409), (two, one, ben, 403)):
        with pytest.raises(Refusal) as refusal:
            building.build(session, idea, on, by=by)
        assert refusal.value.status == status
    for _ in range(2):
        building.build(session, two, one, by=cleo)
    assert session.scalar(select(func.count()).select_from(BuildsOn)) == 1
    deciding.decide(session, session.get_one(Post, one.post_id), Visibility.DELETED, by=ben, reason="")
    assert building.links_of(session, two.post_id, cleo).on == []
    with pytest.raises(Refusal) as refusal:
        building.build(session, make.idea(session, cleo, "Three"), one, by=cleo)
    assert refusal.value.status == 409


TITLES = [(1, "Een wegwijzer voor nieuwe collega’s"), (2, "Plant trees"), (3, "Meetings without slides"), (4, "Ja")]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Wegwijzers voor nieuwe collega's", [1]),
        ("A meeting without any slides at all", [3]),
        ("Planting of a tree", [2]),
        ("Something else altogether", []),
        ("", []),
        ("of a to", []),
    ],
)
def test_titles_that_say_much_the_same(typed: str, found: list[int]) -> None:
    assert [one for one, _title in resembling.alike(typed, TITLES)] == found


def test_look_alikes_are_the_cohorts_own(cast: Cast) -> None:
    path = proposed(cast.ben, "Meetings without slides")
    gone = proposed(cast.ben, "Meetings without slides again")
    cast.ben.post(gone.replace("/ideas/", "/posts/") + "/deletion")
    (only,) = cast.cleo.get("/ideas/alike?q=Meeting+without+slides").json
    assert only["url"].endswith(path)
    assert cast.otto.get("/ideas/alike?q=Meeting+without+slides").json == []
    assert cast.omar.get("/ideas/alike?q=Meeting").status_code == 403
