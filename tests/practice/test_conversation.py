"""The script can be played: everybody is in the course, and nothing answers what was not yet said."""

import re
from collections import Counter

import pytest

from sociallearn.practice import enclosures
from sociallearn.practice.conversation import SILENT, Kind, Line, script
from sociallearn.practice.course import MAIN
from sociallearn.practice.people import Role

SCRIPT = script()
BY_KEY = {line.key: line for line in SCRIPT}
PARENTS = {
    Kind.POST: set(), Kind.QUESTION: set(), Kind.IDEA: set(), Kind.STARTER: set(),
    Kind.REPLY: {Kind.POST, Kind.REPLY, Kind.STARTER}, Kind.ANSWER: {Kind.QUESTION},
    Kind.COMMENT: {Kind.IDEA, Kind.COMMENT},
    Kind.OFFER: set(), Kind.ABOUT: set(), Kind.FOLLOW: set(),
    Kind.ACCEPT: {Kind.ANSWER}, Kind.RATE: {Kind.IDEA}, Kind.PIN: {Kind.POST},
    Kind.MOVE: {Kind.IDEA}, Kind.OUTCOME: {Kind.IDEA}, Kind.INVITE: {Kind.IDEA}, Kind.JOIN: {Kind.IDEA},
    Kind.APPEAL: {Kind.MOVE}, Kind.REPLY_TO_APPEAL: {Kind.APPEAL},
    Kind.REPORT: {Kind.POST, Kind.REPLY}, Kind.HIDE: {Kind.POST, Kind.REPLY}, Kind.VOTE: {Kind.POST}, Kind.NAME: set(),
    Kind.USEFUL: {Kind.ANSWER}, Kind.HELPED: {Kind.ANSWER}, Kind.ENDORSE: {Kind.ANSWER},
    Kind.REVIEW: {Kind.POST, Kind.REPLY}, Kind.REVIEWED: {Kind.REVIEW}, Kind.BONUS: set(), Kind.EXCUSE: set(),
    Kind.SOLVE: {Kind.QUESTION}, Kind.DUPLICATE: {Kind.QUESTION},
    Kind.REACT: {Kind.POST, Kind.REPLY, Kind.QUESTION, Kind.ANSWER, Kind.IDEA},
}  # fmt: skip
WORDS = {
    Kind.OFFER: (3, 20), Kind.POST: (40, 90), Kind.STARTER: (20, 90), Kind.IDEA: (40, 90), Kind.QUESTION: (35, 90),
    Kind.ABOUT: (3, 20),
}  # fmt: skip
ACTS = (
    Kind.ACCEPT,
    Kind.RATE,
    Kind.REACT,
    Kind.PIN,
    Kind.VOTE,
    Kind.REPORT,
    Kind.HIDE,
    Kind.NAME,
    Kind.MOVE,
    Kind.OUTCOME,
)
ACTS += (Kind.INVITE, Kind.JOIN, Kind.APPEAL, Kind.REPLY_TO_APPEAL)
ACTS += (Kind.USEFUL, Kind.HELPED, Kind.ENDORSE, Kind.SOLVE, Kind.DUPLICATE)
ACTS += (Kind.REVIEW, Kind.REVIEWED, Kind.BONUS, Kind.EXCUSE, Kind.FOLLOW)
WRITTEN = [line for line in SCRIPT if line.kind not in ACTS]
ASIDE = {line.key for line in SCRIPT if line.space}  # a few words will do there


@pytest.mark.parametrize("line", SCRIPT, ids=lambda line: line.key)
def test_every_line_has_its_place(line: Line) -> None:
    assert dict(MAIN.people).get(line.who) in (Role.TRAINER, Role.LEARNER)
    assert line.ago.total_seconds() > 0
    if PARENTS[line.kind]:
        parent = BY_KEY[line.parent]
        assert parent.kind in PARENTS[line.kind]
        assert parent.ago > line.ago
        assert parent.who != line.who or line.kind in (Kind.ACCEPT, Kind.SOLVE, Kind.INVITE, Kind.REVIEW)
    else:
        assert not line.parent
    assert bool(line.title) == (line.kind in (Kind.QUESTION, Kind.IDEA, Kind.NAME) or bool(line.details))
    assert not line.details or line.kind is Kind.STARTER
    assert (1 <= line.stars <= 5) == (line.kind is Kind.RATE)
    assert bool(line.reaction) == (line.kind is Kind.REACT)
    assert bool(line.reason) == (line.kind is Kind.REPORT)
    if line.kind is Kind.VOTE:
        poll = BY_KEY[line.parent]
        assert set(line.choices) <= set(range(1, len(poll.options) + 1))
        assert len(line.choices) == 1 or poll.is_several
    else:
        assert not line.choices


@pytest.mark.parametrize("line", WRITTEN, ids=lambda line: line.key)
def test_every_text_is_worth_reading(line: Line) -> None:
    low, high = (5, 60) if {line.key, line.parent} & ASIDE else WORDS.get(line.kind, (20, 60))
    assert low <= len(re.findall(r"\w[\w'’-]*", line.body)) <= high
    assert "\\" not in line.body
    assert len(line.title) <= 150


@pytest.mark.parametrize("line", [line for line in SCRIPT if line.files], ids=lambda line: line.key)
def test_every_file_can_be_made_and_every_image_is_described(line: Line) -> None:
    assert all(enclosures.make(name) for name in line.files)
    assert bool(line.alt) == any(name.endswith(".png") for name in line.files)


def test_there_is_enough_of_everything() -> None:
    counts = Counter(line.kind for line in SCRIPT)
    assert len(BY_KEY) == len(SCRIPT)
    assert counts[Kind.POST] >= 14
    assert counts[Kind.REPLY] >= 25
    assert counts[Kind.QUESTION] == 9
    assert counts[Kind.IDEA] == 7
    silent = {id for id, role in MAIN.people if role is Role.LEARNER} - {line.who for line in SCRIPT}
    assert silent == {SILENT}, "one of them has not said a word, for the trainer to notice"
    answered = Counter(line.parent for line in SCRIPT if line.kind in (Kind.ANSWER, Kind.SOLVE, Kind.DUPLICATE))
    assert sum(line.key not in answered for line in SCRIPT if line.kind is Kind.QUESTION) == 2
    assert {line.language for line in SCRIPT} == {"nl", "en"}


def test_an_answer_is_accepted_by_who_asked() -> None:
    for line in SCRIPT:
        if line.kind is Kind.ACCEPT:
            question = BY_KEY[BY_KEY[line.parent].parent]
            assert line.who == question.who
