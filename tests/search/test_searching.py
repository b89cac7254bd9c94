"""The search page: what it finds, in which order, narrowed down how, and what it says when it finds nothing."""

import re
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from sociallearn.database import transaction
from sociallearn.posts.models import Post
from sociallearn.roster.models import Cohort
from tests.attachments.making import PDF
from tests.conftest import Actor, Cast
from tests.posts.test_files import number, upload
from tests.topics.test_topics import statements


def wrote(who: Actor, body: str, **more: Any) -> int:
    answer = who.post("/feed", body=body, **more)
    assert answer.status_code == 303, answer.text
    return int(answer.location.rpartition("-")[2])


def page(who: Actor, q: str = "", **more: str) -> str:
    answer = who.get("/search", query_string={"q": q, **more})
    assert answer.status_code == 200, answer.text
    return answer.text


def found(who: Actor, q: str = "", **more: str) -> list[int]:
    """Ids of the texts found, in their order."""
    return [int(number) for number in re.findall(r'<h3><a href="/s/[^"]+/(\d+)"', page(who, q, **more))]


def test_every_page_has_a_labelled_field_that_needs_no_script(cast: Cast) -> None:
    for path in ("/feed", "/questions", "/participation", "/search"):
        html = cast.ben.get(path).text
        assert re.search(r'<form method="get" action="/s/[\w-]+/search" class="finding" role="search"', html)
        assert '<label for="find" class="sr">Search in this cohort</label>' in html
        assert 'id="find" name="q" type="search" maxlength="200"' in html


def test_before_anything_is_asked_it_says_what_can_be(cast: Cast) -> None:
    html = page(cast.ben)
    assert "Find what was said" in html
    assert "Nothing was found." not in html


def test_all_kinds_of_texts_are_found_and_marked(cast: Cast) -> None:
    post = wrote(cast.ben, "The **walrus** sings")
    reply = int(cast.cleo.post(f"/posts/{post}/replies", body="Walruses do").location.rpartition("-")[2])
    question = int(cast.ben.post("/questions", title="Which walrus?", body="Tell me").location.rpartition("/")[2])
    answered = cast.cleo.post(f"/questions/{question}/answers", body="The old walrus")
    answer = int(answered.location.rpartition("-")[2])
    cast.tess.post("/ideas/rounds", question="What next?")
    idea = int(cast.dora.post("/ideas", title="Adopt a walrus", body="For the team").location.rpartition("/")[2])
    html = page(cast.dora, "walrus")
    assert set(found(cast.dora, "walrus")) == {post, reply, question, answer, idea}
    assert "The <mark>walrus</mark> sings" in html
    assert "<mark>Walruses</mark> do" in html
    assert "Which <mark>walrus</mark>?" in html
    assert "In: Which walrus?" in html
    for kind, ids in {
        "post": {post},
        "question": {question},
        "answer": {answer},
        "idea": {idea},
        "reply": {reply},
    }.items():
        assert set(found(cast.dora, "walrus", kind=kind)) == ids
    assert found(cast.dora, "walrus", kind="nonsense") == found(cast.dora, "walrus")


def test_the_surest_come_first_and_the_newest_of_those(cast: Cast) -> None:
    title = int(cast.ben.post("/questions", title="Walrus", body="?").location.rpartition("/")[2])
    old, new = wrote(cast.ben, "one walrus here"), wrote(cast.cleo, "a walrus there")
    form, longer = wrote(cast.ben, "two walruses"), wrote(cast.ben, "walrusology")
    assert found(cast.dora, "walrus") == [title, new, old, form, longer]


def test_forms_accents_and_the_beginning_of_a_word(cast: Cast) -> None:
    dutch, french = wrote(cast.ben, "Wie deelt goede ideeën?"), wrote(cast.ben, "Les réunions de l'équipe")
    english = wrote(cast.ben, "We organise e-learning")
    for typed, post in {
        "idee": dutch, "IDEEEN": dutch, "gedeeld": dutch, "reunion": french, "équipes": french, "organizing": english,
        "elearning": english, "e-learning": english, "organ": english, '"de l’équipe"': french,
    }.items():  # fmt: skip
        assert found(cast.dora, typed) == [post], typed
    for typed in ('"équipe les"', '"idee"', "deelt reunion organise learning nothing"):
        assert found(cast.dora, typed) == [], typed


def test_where_nothing_has_all_words_texts_with_all_but_one_are_shown(cast: Cast) -> None:
    post = wrote(cast.ben, "The walrus sings at dawn")
    wrote(cast.ben, "The walrus sleeps")
    assert found(cast.dora, "walrus sings piano") == [post]
    assert "Nothing has all your words." in page(cast.dora, "walrus sings piano")
    assert found(cast.dora, "walrus piano") == []


def test_a_typing_error_is_put_right_and_it_says_so(cast: Cast) -> None:
    post = wrote(cast.ben, "The walrus sings & <dances>")
    assert found(cast.dora, "walrsu") == [post]
    html = page(cast.dora, "walrsu")
    assert "Nothing was found for walrsu." in html
    assert "These are results for <strong><bdi>walrus</bdi></strong>." in html
    echoed = page(cast.dora, "<walrsu>")
    assert "Nothing was found for &lt;walrsu&gt;." in echoed
    wrote(cast.ben, "a walrsu, as I type badly")
    assert "Did you mean" not in page(cast.dora, "walrsu")
    for _ in range(2):
        wrote(cast.ben, "another walrus")
    assert '<a href="' in page(cast.dora, "walrsu").partition("Did you mean")[2].partition("walrus</bdi>")[0]


def test_people_and_topics_are_found_by_name(cast: Cast) -> None:
    post = wrote(cast.ben, "Something about #walruses")
    assert cast.cleo.seat
    html = page(cast.dora, "cle")
    assert "<mark>Cleo</mark> Test" in html
    assert "#" not in html or "walruses" not in html
    assert "<mark>walruses</mark>" in page(cast.dora, "walr").partition("What was found")[0]
    assert found(cast.dora, person="Ben Test") == [post]
    assert found(cast.dora, person="ben") == [post]
    assert found(cast.dora, person="Cleo Test") == found(cast.dora, person="Nobody") == []
    assert found(cast.dora, topic="#Walruses") == found(cast.dora, "something", topic="walruses") == [post]
    assert found(cast.dora, topic="unheard") == []


def test_who_only_reads_finds_what_people_wrote_and_no_list_of_them(cast: Cast) -> None:
    post = wrote(cast.ben, "Something about walruses")
    assert cast.cleo.seat
    for who in (cast.mona, cast.omar):
        assert "Cleo" not in page(who, "cleo").replace('value="cleo"', "")
        assert "Cleo" not in page(who, "clea") + page(who, "test")
        assert found(who, person="Ben Test") == [post]


def test_names_of_files_are_found(cast: Cast) -> None:
    post = int(
        cast.ben.post("/feed", body="As promised", file=[number(upload(cast.ben, "walrus-plan.pdf", PDF))])
        .location.rpartition("-")[2]
    )  # fmt: skip
    wrote(cast.ben, "walrus without a file")
    assert post in found(cast.dora, "walrus")
    assert "<mark>walrus</mark>-plan.pdf" in page(cast.dora, "walrus")
    assert found(cast.dora, "walrus", kind="files") == [post]
    cast.ben.post(f"/posts/{post}/edit", body="As promised", version="1")
    assert found(cast.dora, "plan") == []


def test_questions_by_whether_they_were_answered_and_texts_by_day(cast: Cast) -> None:
    assert cast.ben.seat
    with time_machine.travel("2026-03-02 23:30:00+00:00"):  # already 3 March in Brussels
        early = wrote(cast.ben, "a walrus in March")
    asked = [
        int(cast.ben.post("/questions", title=title, body="walrus").location.rpartition("/")[2]) for title in ("A", "B")
    ]
    cast.cleo.post(f"/questions/{asked[0]}/answers", body="yes")
    assert found(cast.dora, "walrus", answered="yes") == asked[:1]
    assert found(cast.dora, "walrus", answered="no") == asked[1:]
    assert found(cast.dora, "walrus", until="2026-03-03", since="2026-03-03") == [early]
    assert found(cast.dora, "walrus", until="2026-03-02") == []
    assert early not in found(cast.dora, "walrus", since="2026-03-04")
    for day in ("yesterday", "2026-13-45", "0001-01-01", "9999-12-31"):
        assert len(found(cast.dora, "walrus", since=day)) in (0, 3)


def test_more_results_stand_on_further_pages_each_once(cast: Cast, app: Flask) -> None:
    expected = [wrote(cast.ben, "a walrus") for _ in range(25)] + [wrote(cast.ben, "walruses") for _ in range(20)]
    seen, path = [], "/search?q=walrus"
    while path:
        html = cast.dora.get(path).text
        seen += [int(number) for number in re.findall(r'<h3><a href="/s/[^"]+/(\d+)"', html)]
        following = re.search(r'rel="next" href="([^"]+)"', html)
        path = following[1].replace("&amp;", "&") if following else ""
        assert ("Back to the first results" in html) == (len(seen) > 20)
    assert seen == expected[24::-1] + expected[:24:-1]


def test_a_page_asks_the_database_as_often_whatever_there_is(cast: Cast, app: Flask) -> None:
    wrote(cast.ben, "a walrus")
    few = statements(app, lambda: page(cast.dora, "walrus"))
    for who in 8 * (cast.ben, cast.cleo, cast.tess):
        wrote(who, "a walrus and more")
    assert statements(app, lambda: page(cast.dora, "walrus")) <= few  # no look at spellings any more
    assert statements(app, lambda: page(cast.dora, "zzzzzz yyyyyy xxxxxx")) < 20


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", '"><img src=x>', "' OR 1=1 --", "walrus* NEAR(x)"])
def test_what_is_typed_comes_back_as_text(cast: Cast, typed: str) -> None:
    wrote(cast.ben, "<b>walrus</b> <script>alert(1)</script>")
    html = page(cast.dora, typed)
    assert "<script>alert" not in html
    assert "<img src=x>" not in html


def test_strange_and_long_input_is_no_error(cast: Cast) -> None:
    assert cast.ben.get("/search?q=%00").status_code == 400  # no browser sends it
    for query in (
        "q=%01%02%7f",
        "q=%ed%a0%80",
        "q=" + "a" * 5000,
        "q=" + "a+" * 3000,
        "q=x&after=9-9",
        "after=-1&q=x",
        "q=x&q=y",
    ):
        assert cast.ben.get("/search?" + query).status_code == 200, query
    assert "only the first words" in page(cast.ben, "word " * 300)


def test_a_closed_room_is_not_searched(cast: Cast, app: Flask) -> None:
    asked = int(cast.ben.post("/questions", title="Which walrus?", body="?").location.rpartition("/")[2])
    cast.cleo.post(f"/questions/{asked}/answers", body="the old walrus")
    assert len(found(cast.dora, "walrus")) == 2
    with app.app_context(), transaction() as session:
        cohort = session.scalars(select(Cohort).join(Post, Post.cohort_id == Cohort.id).limit(1)).one()
        cohort.rooms_off = ["questions"]
    assert found(cast.dora, "walrus") == []
    assert "walrus" not in page(cast.dora, "walrsu")
