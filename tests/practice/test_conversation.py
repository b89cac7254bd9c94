"""The script can be played: everybody is in the course, and nothing answers what was not yet said."""

import re
from collections import Counter

import pytest

from sociallearn.practice.conversation import Kind, Line, script
from sociallearn.practice.course import MAIN
from sociallearn.practice.people import Role

SCRIPT = script()
BY_KEY = {line.key: line for line in SCRIPT}
PARENTS = {
    Kind.POST: set(), Kind.QUESTION: set(), Kind.IDEA: set(),
    Kind.REPLY: {Kind.POST, Kind.REPLY}, Kind.ANSWER: {Kind.QUESTION}, Kind.COMMENT: {Kind.IDEA, Kind.COMMENT},
    Kind.ACCEPT: {Kind.ANSWER}, Kind.RATE: {Kind.IDEA}, Kind.PIN: {Kind.POST},
    Kind.REACT: {Kind.POST, Kind.REPLY, Kind.QUESTION, Kind.ANSWER, Kind.IDEA},
}  # fmt: skip
WORDS = {Kind.POST: (40, 90), Kind.IDEA: (40, 90), Kind.QUESTION: (35, 90)}
WRITTEN = [line for line in SCRIPT if line.body or line.kind not in (Kind.ACCEPT, Kind.RATE, Kind.REACT, Kind.PIN)]


@pytest.mark.parametrize("line", SCRIPT, ids=lambda line: line.key)
def test_every_line_has_its_place(line: Line) -> None:
    assert dict(MAIN.people).get(line.who) in (Role.TRAINER, Role.LEARNER)
    assert line.ago.total_seconds() > 0
    if PARENTS[line.kind]:
        parent = BY_KEY[line.parent]
        assert parent.kind in PARENTS[line.kind]
        assert parent.ago > line.ago
        assert parent.who != line.who or line.kind is Kind.ACCEPT
    else:
        assert not line.parent
    assert bool(line.title) == (line.kind in (Kind.QUESTION, Kind.IDEA))
    assert (1 <= line.stars <= 5) == (line.kind is Kind.RATE)
    assert bool(line.reaction) == (line.kind is Kind.REACT)


@pytest.mark.parametrize("line", WRITTEN, ids=lambda line: line.key)
def test_every_text_is_worth_reading(line: Line) -> None:
    low, high = WORDS.get(line.kind, (20, 60))
    assert low <= len(re.findall(r"\w[\w'’-]*", line.body)) <= high
    assert "\\" not in line.body
    assert len(line.title) <= 150


def test_there_is_enough_of_everything() -> None:
    counts = Counter(line.kind for line in SCRIPT)
    assert len(BY_KEY) == len(SCRIPT)
    assert counts[Kind.POST] >= 14
    assert counts[Kind.REPLY] >= 25
    assert counts[Kind.QUESTION] == 6
    assert counts[Kind.IDEA] == 7
    assert {line.who for line in SCRIPT} >= {id for id, role in MAIN.people if role is Role.LEARNER}
    answered = Counter(line.parent for line in SCRIPT if line.kind is Kind.ANSWER)
    assert sum(line.key not in answered for line in SCRIPT if line.kind is Kind.QUESTION) == 1
    assert {line.language for line in SCRIPT} == {"nl", "en"}


def test_an_answer_is_accepted_by_who_asked() -> None:
    for line in SCRIPT:
        if line.kind is Kind.ACCEPT:
            question = BY_KEY[BY_KEY[line.parent].parent]
            assert line.who == question.who
