"""Signs that a text helped: from the act that gives one to the receipt that tells it, and back."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from sociallearn import clock
from sociallearn.activity.models import Activity, Verb
from sociallearn.activity.recording import recorded
from sociallearn.database import transaction
from sociallearn.grades import receipts, valuing
from sociallearn.grades.models import SchemeVersion
from sociallearn.grades.schemes import LIGHT, Scheme, to_json
from sociallearn.ideas import building, proposing, rounds
from sociallearn.ideas.models import Idea, IdeaRound
from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.questions import accepting, marking
from sociallearn.roster.models import Cohort, Member
from tests.conftest import Cast
from tests.grades import cast
from tests.grades.cast import DAY, MONDAY, WEEK, School
from tests.make import WORDS


def begin(school: School, scheme: Scheme, **about: Any) -> None:
    """These rules hold from the first day."""
    with transaction() as session:
        cohort = session.get_one(Cohort, school.cohort_id)
        for name, one in about.items():
            setattr(cohort, name, one)
        facts = {"cohort_id": cohort.id, "organisation_id": cohort.organisation_id, "number": 1}
        session.add(SchemeVersion(**facts, scheme=to_json(scheme), starts_at=cohort.created_at))


def act(what: Callable[..., object], *about: int, by: int) -> None:
    with transaction() as session:
        kind = Idea if what in (building.build, building.unlink) else Post
        rest = [session.get_one(kind, one) for one in about]
        if what is building.unlink:
            building.unlink(session, session.get_one(Idea, about[0]), about[1], by=session.get_one(Member, by))
        else:
            what(session, *rest, by=session.get_one(Member, by))


def signs(member_id: int) -> dict[str, tuple[float, str]]:
    """The newest entry of each kind."""
    known = {"accepted", "endorsed", "helped", "built_on"}
    return {one.kind: (one.points, one.why) for one in cast.ledger(member_id) if one.kind in known}


def test_they_count_while_they_stand(school: School) -> None:
    begin(school, replace(LIGHT, quality=True))
    ben, cleo, dora, tess = *(school.learner(name) for name in ("ben", "cleo", "dora")), school.trainer()
    with clock.at(MONDAY + DAY):
        question = cast.write(cleo, kind=Kind.QUESTION)
        answer, other = cast.reply(ben, question), cast.reply(dora, question)
    with clock.at(MONDAY + WEEK + DAY):  # they count in the week in which they are given
        act(accepting.accept, question, answer, by=cleo)
        act(accepting.accept, question, answer, by=tess)  # said again, it stays what it was
        act(marking.helped, answer, by=dora)
        assert signs(ben) == {"accepted": (2, "valued"), "helped": (1, "valued")}
        assert cast.standing(ben).comment == "Week 2 is open: 3 of 10 so far. Closed weeks: 30%."
        act(marking.endorse, answer, by=tess)
        assert signs(ben)["endorsed"] == (0, "quality_full")
        act(marking.take_help, answer, by=dora)
        assert (signs(ben)["helped"], signs(ben)["endorsed"]) == ((0, "taken_back"), (1, "quality_full"))
        act(accepting.accept, question, other, by=cleo)  # makes way
        assert (signs(ben)["accepted"], signs(dora)["accepted"]) == ((0, "taken_back"), (2, "valued"))
        cast.decide(other, Visibility.HIDDEN, tess)
        assert signs(dora)["accepted"] == (0, "removed")
        cast.decide(other, Visibility.VISIBLE, tess)
        assert signs(dora)["accepted"] == (2, "valued")
        cast.edit(other, 5)  # a closed week is closed: it was long enough then
        assert signs(dora)["accepted"] == (2, "valued")
    with clock.at(MONDAY + 2 * WEEK + DAY):  # what was given in a week that closed stays, and does not count again
        act(accepting.accept, question, answer, by=cleo)
        assert (signs(dora)["accepted"], signs(ben)["accepted"]) == ((2, "valued"), (2, "valued"))
        act(accepting.accept, question, other, by=cleo)
        assert sum(one.change for one in cast.ledger(dora) if one.kind == "accepted") == 2
        assert signs(ben)["accepted"] == (0, "taken_back")
    assert not any(one.kind in ("accepted", "helped") for one in cast.ledger(tess))


def test_an_idea_somebody_built_on(school: School) -> None:
    begin(school, replace(LIGHT, quality=True))
    ben, cleo, tess = school.learner("ben"), school.learner("cleo"), school.trainer()
    with clock.at(MONDAY + DAY):
        first, own, other = (cast.write(one, kind=Kind.IDEA) for one in (ben, ben, cleo))
        act(building.build, own, first, by=ben)
        assert signs(ben) == {}
        act(building.build, other, first, by=cleo)
        act(building.build, other, first, by=cleo)
        assert signs(ben) == {"built_on": (2, "valued")}
        cast.decide(other, Visibility.HIDDEN, tess)
        assert signs(ben) == {"built_on": (0, "removed")}
        cast.decide(other, Visibility.VISIBLE, tess)
        act(building.unlink, other, first, by=cleo)
        assert signs(ben) == {"built_on": (0, "taken_back")}
        with transaction() as session:
            shown = receipts.recompute_from_ledger(session, session.get_one(Member, ben))
        assert shown.value == cast.grade(ben) == 0.4


def test_what_one_says_again_at_more_length_keeps_what_others_said_of_it(school: School) -> None:
    begin(school, replace(LIGHT, quality=True))
    ben, cleo = school.learner("ben"), school.learner("cleo")
    words = cast.text(25, "again")
    with clock.at(MONDAY + DAY):
        question = cast.write(cleo, kind=Kind.QUESTION)
        answer = cast.reply(ben, question, body=words)
        act(marking.helped, answer, by=cleo)
        before = cast.grade(ben)
        cast.reply(ben, question, body=f"{words} and more of it")
        assert cast.why(ben, answer) == "near_copy"
        assert (signs(ben), cast.grade(ben)) == ({"helped": (1, "valued")}, before)


def test_where_no_rules_count_them_they_leave_no_trace(school: School) -> None:
    ben, cleo = school.learner("ben"), school.learner("cleo")
    with clock.at(MONDAY + DAY):
        answer = cast.reply(ben, cast.write(cleo, kind=Kind.QUESTION))
        told = cast.standing(ben).computed_at
    with clock.at(MONDAY + 2 * DAY):
        act(marking.helped, answer, by=cleo)
        assert (signs(ben), cast.standing(ben).computed_at) == ({}, told)
        with transaction() as session:
            helped = session.scalars(select(Activity).where(Activity.verb == Verb.HELPED)).one()
            assert valuing.concerned(session, helped) == set()


@pytest.mark.parametrize(
    ("rules", "comments"),
    [
        ({"whole_course": True}, ["Week 1 is open: 10 of 10 so far. Of the whole course: 50%."]),
        (
            {"passes_at": 0.7},
            [
                "Week 1 is open: 10 of 10 so far. Completed: 70% is enough.",
                "Week 2 is open: 0 of 10 so far. Closed weeks: 100%. Completed: 70% is enough.",
                "Week 3 is open: 0 of 10 so far. Closed weeks: 50%. Not completed yet: that takes 70%.",
            ],
        ),
        (
            {"reserve": 2},
            [
                "Week 1 is open: 10 of 10 so far.",
                "Week 2 is open: 2 of 10 so far. Closed weeks: 100%.",
            ],
        ),
    ],
)
def test_the_comment_in_the_gradebook_says_it_too(school: School, rules: dict[str, Any], comments: list[str]) -> None:
    last_day = (MONDAY + 13 * DAY).date() if "whole_course" in rules else None
    begin(school, replace(LIGHT, **rules), ends_on=last_day)
    ben, cleo = school.learner("ben"), school.learner("cleo")
    with clock.at(MONDAY):
        for _number in range(4):
            cast.reply(ben, cast.write(cleo))
            cast.reply(ben, cast.write(school.learner("dora")))
    for week, comment in enumerate(comments):
        with clock.at(MONDAY + week * WEEK + DAY):
            cast.recompute(ben)
            assert cast.standing(ben).comment == comment
            assert cast.delivery(ben).comment == comment


def test_late_texts_beyond_the_maximum_are_offered_and_hinted_at_half(school: School) -> None:
    begin(school, replace(LIGHT, make_up_days=3))
    ben, cleo, dora = (school.learner(name) for name in ("ben", "cleo", "dora"))
    with clock.at(MONDAY + DAY):
        cast.reply(ben, cast.write(cleo))
    with clock.at(MONDAY + WEEK + DAY):
        for _number in range(2):
            for other in (cleo, dora):
                cast.reply(ben, cast.write(other))
        with transaction() as session:
            hint = receipts.hint_for(session, session.get_one(Member, ben), "reply", cleo)
        assert hint
        assert (hint.points, hint.earns, hint.left, hint.makes_up) == (1.5, 1.5, 3, True)
        assert (
            cast.standing(ben).next_change_at == MONDAY.replace(hour=23) + 9 * DAY
        )  # then nothing is made up any more
        before = sum(one.change for one in cast.ledger(ben))
        cast.reply(ben, cast.write(cleo))
        assert sum(one.change for one in cast.ledger(ben)) - before == hint.points
    with clock.at(MONDAY + WEEK + 4 * DAY):  # one of Tuesday's still can, where another takes its place in its own week
        with transaction() as session:
            hint = receipts.hint_for(session, session.get_one(Member, ben), "reply", cleo)
        before = sum(one.change for one in cast.ledger(ben))
        cast.reply(ben, cast.write(cleo))
        assert hint
        assert sum(one.change for one in cast.ledger(ben)) - before == hint.points == 1.5


def test_the_page_says_each_in_words(cast: Cast) -> None:
    form = {
        "target": "10", "drops_after": "4", "passes_at": "70", "reserve_most": "5", "room_most": "5", "quality": "y",
        "make_up": "y", "room": "y",
        "post_points": "4", "post_most": "1", "post_words": "40",
        "reply_points": "3", "reply_most": "4", "reply_words": "20", "reply_one": "2",
        "idea_points": "4", "idea_most": "1", "idea_words": "0",
        "rating_points": "2", "rating_most": "1", "rating_per": "5",
    }  # fmt: skip
    assert cast.tess.post("/cohort/set-up/own-rules", **form).status_code == 303
    assert "Points for what helped others" in cast.tess.get("/cohort/set-up/own-rules").text
    assert (
        "Two people who only answer each other get more than 70%"
        in cast.tess.post("/cohort/set-up/own-rules/trial", **form).text
    )
    question = cast.cleo.post("/questions", title="Who knows?", body=WORDS).location.rpartition("/")[2]
    other_words = " ".join(reversed(WORDS.split()))
    answer = cast.ben.post(f"/questions/{question}/answers", body=other_words).location.rpartition("-")[2]
    cast.cleo.post(f"/questions/{question}/acceptance", answer_id=answer)
    page = cast.ben.get("/participation").text
    assert "An accepted answer" in page
    assert "at most 3 points of them" in page
    assert "Up to 5 points above full marks count too" in page
    assert "5 of 10" in page


def test_two_who_build_on_each_other_at_once_wait_for_each_other(school: School) -> None:
    """Each proposes and builds in one transaction: whoever held only themselves would wait for the other for ever."""
    begin(school, replace(LIGHT, quality=True))
    people = [school.learner(name) for name in ("ben", "cleo")]
    both, problems = threading.Barrier(2), []
    with clock.at(MONDAY + DAY):
        first = [cast.write(one, kind=Kind.IDEA) for one in people]
        with transaction() as session:
            trainer = session.get_one(Member, school.trainer())
            asked = [rounds.open_one(session, by=trainer, question=f"Which {number}?").id for number in range(2)]

    def propose(number: int) -> None:
        try:
            with transaction() as session:
                to, on = session.get_one(IdeaRound, asked[number]), session.get_one(Idea, first[1 - number])
                by = session.get_one(Member, people[number])
                proposing.propose(session, by=by, title="Next", body=cast.text(45, f"n{number}"), to=to, on=on)
        except Exception as error:
            problems.append(error)

    def meet(activity: Activity, session: object) -> None:
        if activity.verb == Verb.PROPOSED:
            with suppress(threading.BrokenBarrierError):
                both.wait(0.5)  # the other one, if nothing held them up

    with recorded.connected_to(meet):
        threads = [threading.Thread(target=cast.in_context(partial(propose, number))) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert problems == []
    assert [signs(one) for one in people] == [{"built_on": (2, "valued")}] * 2
