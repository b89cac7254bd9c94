"""Last year's course can be played, and has something to show for it in both languages."""

from sociallearn.practice import earlier
from sociallearn.practice.conversation import Kind
from sociallearn.practice.course import EARLIER
from sociallearn.practice.people import Role


def test_every_line_has_its_place() -> None:
    people, said = dict(EARLIER.people), {line.key: line for line in earlier.LINES}
    assert len(said) == len(earlier.LINES)
    assert people[earlier.TRAINER] is Role.TRAINER
    assert earlier.ACTIVITY in {activity.id for activity in EARLIER.activities}
    for line in earlier.LINES:
        assert line.who in people
        assert line.ago > earlier.BEFORE
        if line.kind is Kind.QUESTION:
            assert line.title
        else:
            assert said[line.parent].ago >= line.ago
            assert line.kind is Kind.ACCEPT or said[line.parent].who != line.who


def test_there_is_an_accepted_answer_in_each_language_and_everybody_agreed() -> None:
    questions = {line.key: line.language for line in earlier.LINES if line.kind is Kind.QUESTION}
    answers = {line.key: line.parent for line in earlier.LINES if line.kind is Kind.ANSWER}
    accepted = {answers[line.parent] for line in earlier.LINES if line.kind is Kind.ACCEPT}
    assert {questions[key] for key in accepted} == {"nl", "en"}
    assert {agreed.who for agreed in earlier.AGREED} == {line.who for line in earlier.LINES}
    assert {agreed.choice for agreed in earlier.AGREED} == {"texts", "named"}
