"""Which answers count for a question's clock: the one place that says it.

An answer stands right under the question, can be read now, and was written by somebody else: a self-answer does not
count, nor a comment under an answer, nor what was deleted or hidden for as long as it is, nor what the LMS's pretend
student wrote.
"""

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.roster.models import Member


def counting(question: Post) -> tuple[ColumnElement[bool], ...]:
    """What picks a question's own among the cohort's texts."""
    return (Post.root_id == question.id, *of(question.cohort_id, Post), Post.author_id != question.author_id)


def of(cohort_id: int, answer: Any) -> tuple[ColumnElement[bool], ...]:
    """The same for any question of the cohort, but for who asked it."""
    pretender = aliased(Member)
    pretenders = select(pretender.id).where(pretender.cohort_id == cohort_id, pretender.is_test.is_(True))
    return (
        answer.cohort_id == cohort_id,
        answer.kind == Kind.ANSWER,
        answer.visibility == Visibility.VISIBLE,
        answer.author_id.not_in(pretenders),
    )
