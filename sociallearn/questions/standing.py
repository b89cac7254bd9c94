"""What was said of a question as a whole, for as long as it holds: a duplicate of what cannot be read is none."""

from sqlalchemy import exists, or_
from sqlalchemy.orm import aliased

from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.questions.models import QuestionState, Status

_Target = aliased(Post)

# a condition on rows of QuestionState
HOLDS = or_(
    QuestionState.status != Status.DUPLICATE,
    exists().where(
        _Target.id == QuestionState.duplicate_of_id,
        _Target.kind == Kind.QUESTION,
        _Target.visibility == Visibility.VISIBLE,
    ),
)
