"""Keep what each question is about, in the transaction that writes, edits, hides or brings it back."""

from typing import Any

from sqlalchemy import delete, exists, insert, or_, select
from sqlalchemy.orm import Session

from sociallearn.activity.models import REMOVING, RETURNING, Activity, Verb
from sociallearn.activity.recording import recorded
from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.questions.models import QuestionStem
from sociallearn.roster.models import Space
from sociallearn.text import alike

EVERY = ""  # stands with every question that can be found: there are as many of it as questions
MOST_AT_ONCE = 500  # questions; the next time takes more
_CHANGING = frozenset({Verb.ASKED, Verb.EDITED, Verb.CONVERTED}) | REMOVING | RETURNING


def connect() -> None:
    """Hear of what people do. Safe to call again."""
    recorded.connect(_on_act)


def _on_act(activity: Activity, session: Session, **_more: Any) -> None:
    # informal talk is never heard of here, so that what goes by itself is remembered nowhere
    if activity.verb in _CHANGING and activity.post_id == activity.root_id:
        post = session.get_one(Post, activity.post_id)
        if post.kind == Kind.QUESTION:
            index(session, post)
        elif activity.verb == Verb.CONVERTED:
            session.execute(delete(QuestionStem).where(QuestionStem.post_id == post.id))


def index(session: Session, question: Post) -> None:
    """What it is about as it reads now; nothing, when it cannot be read."""
    session.execute(delete(QuestionStem).where(QuestionStem.post_id == question.id))
    if not question.is_visible:
        return
    about = alike.about(question.title or "", question.body)
    in_title = alike.About(about.title, ()).keys
    common = {"post_id": question.id, "author_id": question.author_id}
    common |= {"cohort_id": question.cohort_id, "organisation_id": question.organisation_id}
    rows = [{**common, "stem": stem, "in_title": stem in in_title} for stem in sorted({EVERY} | about.keys)]
    session.execute(insert(QuestionStem), rows)


def catch_up(session: Session) -> int:
    """Housekeeping: questions written before there was an index; how many."""
    is_there = exists().where(QuestionStem.post_id == Post.id, QuestionStem.stem == EVERY)
    formal = select(Space.id).where(Space.is_informal.is_(False))
    missing = (
        select(Post)
        .where(Post.kind == Kind.QUESTION, Post.root_id.is_(None), Post.visibility == Visibility.VISIBLE)
        .where(or_(Post.space_id.is_(None), Post.space_id.in_(formal)), ~is_there)
    )
    found = session.scalars(missing.order_by(Post.id).limit(MOST_AT_ONCE).with_for_update(of=Post)).all()
    for question in found:
        index(session, question)
    return len(found)
