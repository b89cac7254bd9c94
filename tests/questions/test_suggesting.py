"""Who is likely to help: known experts are found, and nobody who did not offer."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.posts.models import Post
from sociallearn.questions import accepting, offering, suggesting
from sociallearn.questions.models import HelperProfile, Nudge
from sociallearn.roster import grouping, spaces
from sociallearn.roster.models import Cohort, Member
from tests import make
from tests.conftest import Cast
from tests.questions import town
from tests.questions.town import local

MONDAY = local("2027-03-08T10:00")

# (subject, what its experts say they can be asked, how people ask about it)
SUBJECTS = [
    ("excel", "Excel, spreadsheets, pivot tables", "My spreadsheet shows the wrong total"),
    ("pdf", "accessible PDFs, screen readers", "How do I make a PDF accessible?"),
    ("rights", "rights, contracts, pictures", "Who knows about rights on pictures?"),
    ("planning", "planning a training day", "How would you plan a day of training?"),
    ("video", "filming and cutting video", "Which camera for filming an interview?"),
    ("opleiding", "opleidingen geven, groepen begeleiden", "Hoe begeleid je een groep die niets zegt?"),
    ("budget", "budgetten, offertes", "Wie kan een offerte nalezen?"),
    ("taal", "spelling en vertalen", "Hoe vertaal je zo'n woord?"),
    ("moodle", "Moodle courses and quizzes", "A quiz in Moodle does not open"),
    ("survey", "surveys and statistics", "How many answers does a survey need?"),
]


@pytest.fixture
def here(app: Flask, cast: Cast) -> Iterator[Cast]:
    """Everybody is in."""
    for name in ("tess", "ben", "cleo", "dora"):
        getattr(cast, name)
    with app.app_context(), clock.at(MONDAY):
        yield cast


def offer(member_id: int, words: str, topics: list[int] | None = None) -> None:
    with transaction() as session:
        offering.offer(session, by=session.get_one(Member, member_id), topic_ids=topics or [], words=words)


def suggested(question: int) -> list[int]:
    with transaction() as session:
        return suggesting.helpers(session, session.get_one(Post, question))


def accept(question: int, answer: int) -> None:
    with transaction() as session:
        post = session.get_one(Post, question)
        asker = session.get_one(Member, post.author_id)
        accepting.accept(session, post, session.get_one(Post, answer), by=asker)


def test_known_experts_are_among_the_first_three_and_nobody_who_did_not_offer(here: Cast) -> None:
    dice = random.Random(3)
    with transaction() as session:
        crowd = town.people(session, here.ben.member(session), 40)
    asker, *others = crowd
    experts = {subject: others[2 * place : 2 * place + 2] for place, (subject, _, _) in enumerate(SUBJECTS)}
    silent, noise = others[20:30], others[30:]  # know as much and did not offer; offer much and know little
    for place, (subject, words, asked) in enumerate(SUBJECTS):
        for expert in experts[subject]:
            offer(expert, words)
        for number in range(4):
            past = town.ask(asker, f"{asked} ({number})", f"It is about #{subject}.")
            for helper in dice.sample([*experts[subject], silent[place]], 2):
                answer = town.answer(past, helper)
            accept(past, answer)
    for place, one in enumerate(noise):
        offer(one, f"{SUBJECTS[place][1]}, {SUBJECTS[(place + 3) % 10][1]}, everything else")
    found = total = 0
    offered = {one for pair in experts.values() for one in pair} | set(noise)
    for subject, _words, asked in SUBJECTS:
        for number in range(5):
            question = town.ask(asker, asked, f"Please help, case {number}. #{subject}")
            helpers = suggested(question)
            assert set(helpers) <= offered
            assert len(set(helpers)) == len(helpers) <= 3
            known = [one for one in experts[subject] if one in helpers]
            found, total = found + len(known), total + 2
    assert found / total >= 0.9


def test_accepted_answers_go_before_fitting_words(here: Cast) -> None:
    past = town.ask(here.ben.member_id, "About budgets")
    accept(past, town.answer(past, here.dora.member_id))
    offer(here.cleo.member_id, "budgets, plans, numbers, offers")
    offer(here.dora.member_id, "budgets")
    question = town.ask(here.ben.member_id, "A budget for the plan", "Which numbers, which offers?")
    assert suggested(question) == [here.dora.member_id, here.cleo.member_id]


def test_a_topic_counts_for_more_than_a_word(here: Cast) -> None:
    question = town.ask(here.ben.member_id, "Who can plan?", "About #spring-campaign.")
    with transaction() as session:
        topic = town.topic(session, here.ben.member(session).cohort_id, "spring-campaign")
    offer(here.cleo.member_id, "planning")
    offer(here.dora.member_id, "", [topic])
    assert suggested(question) == [here.dora.member_id, here.cleo.member_id]


def test_nothing_in_common_and_nobody_is_asked(here: Cast) -> None:
    offer(here.cleo.member_id, "gardening")
    assert suggested(town.ask(here.ben.member_id, "Who plans?", "The campaign is late.")) == []


def test_the_asker_who_left_and_the_busy_are_left_out(here: Cast) -> None:
    with transaction() as session:
        crowd = town.people(session, here.ben.member(session), 3)
        session.get_one(Member, crowd[0]).left_at = clock.now()
        session.get_one(Member, crowd[1]).joined_at = None
    for one in (here.ben.member_id, here.cleo.member_id, *crowd):
        offer(one, "budgets")
    for _number in range(3):
        asked = town.ask(here.dora.member_id, "A budget")
    town.sweep(MONDAY + timedelta(hours=6))
    question = town.ask(here.ben.member_id, "A budget")
    assert suggested(question) == []
    with transaction() as session:
        offering.decline(session, session.get_one(Post, asked), by=here.cleo.member(session))
    assert suggested(question) == [here.cleo.member_id]


def test_the_load_is_spread_among_equals(here: Cast) -> None:
    with transaction() as session:
        crowd = town.people(session, here.ben.member(session), 6)
    for one in crowd:
        offer(one, "budgets")
    first, second = (town.ask(here.ben.member_id, "A budget") for _ in range(2))
    town.sweep(MONDAY + timedelta(hours=6))
    asked = [member for question in (first, second) for step, member, _ in town.nudges(question) if step == "helpers"]
    assert sorted(asked) == sorted(crowd)


def test_only_who_can_see_the_question(here: Cast) -> None:
    with transaction() as session:
        ben, cleo = here.ben.member(session), here.cleo.member(session)
        cohort = session.get_one(Cohort, ben.cohort_id)
        group = grouping.make(session, cohort, "Table one")
        grouping.add(session, group, [ben, cleo])
        space = spaces.of_group(session, group)
        session.flush()
        question = make.question(session, ben, "A budget")
        question.space_id = space.id
        question_id = question.id
    for one in (here.cleo.member_id, here.dora.member_id):
        offer(one, "budgets")
    assert suggested(question_id) == [here.cleo.member_id]


def test_withdrawing_ends_open_requests_and_forgets_what_was_offered(here: Cast) -> None:
    offer(here.cleo.member_id, "budgets")
    question = town.ask(here.ben.member_id, "A budget")
    town.sweep(MONDAY + timedelta(hours=6))
    with transaction() as session:
        offering.withdraw(session, by=here.cleo.member(session))
        assert session.get(HelperProfile, here.cleo.member_id) is None
        assert session.query(Nudge).one().state == "withdrawn"
    town.answer(question, here.dora.member_id)
    assert town.nudges(question)[0][2] == "withdrawn"
    assert suggested(town.ask(here.ben.member_id, "A budget")) == []
