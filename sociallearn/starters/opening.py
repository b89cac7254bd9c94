"""Open a starter question: a discussion, a question and an idea round on one theme, or some of them."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.errors import Refusal
from sociallearn.ideas import rounds
from sociallearn.posts import writing
from sociallearn.posts.models import Extra, Kind, Post, Starter
from sociallearn.posts.starters import QUESTION, ROUND
from sociallearn.roster.models import Cohort, Member

ROOM_OF = {QUESTION: "questions", ROUND: "ideas"}  # the discussion's is the feed, which is always open


@dataclass(frozen=True)
class Wanted:
    """What to open; a part without its text is not opened."""

    discussion: str = ""
    title: str = ""  # of the question
    details: str = ""
    idea: str = ""  # what the idea round asks
    due_at: datetime | None = None
    answer_first: bool = False  # whoever replies to the discussion sees what others replied


def start(session: Session, wanted: Wanted, *, by: Member) -> Starter:
    """Open all parts at once, as ordinary texts of the trainer.

    Raises Refusal 403 for who does not train, 409 for a room that is closed, 422 for nothing to open or a due date that
    is over.
    """
    rounds.check_trains(by)
    _check(session, wanted, by)
    post = writing.write(session, Kind.POST, by=by, body=wanted.discussion) if wanted.discussion else None
    question = (
        writing.write(session, Kind.QUESTION, by=by, title=wanted.title, body=wanted.details) if wanted.title else None
    )
    round_ = rounds.open_one(session, by=by, question=wanted.idea) if wanted.idea else None
    made = Starter(
        cohort_id=by.cohort_id,
        by_id=by.id,
        post_id=_flagged(post),
        question_id=_flagged(question),
        round_id=round_.id if round_ else None,
        due_at=wanted.due_at,
        answer_first=wanted.answer_first and post is not None,
        created_at=clock.now(),
    )
    session.add(made)
    session.flush()
    return made


def _flagged(post: Post | None) -> int | None:
    if post is None:
        return None
    post.extras |= Extra.STARTER
    return post.id


def _check(session: Session, wanted: Wanted, by: Member) -> None:
    if not (wanted.discussion or wanted.title or wanted.idea):
        raise Refusal(422, _("Tick at least one thing to open."))
    cohort = session.get_one(Cohort, by.cohort_id)
    parts = {QUESTION: wanted.title, ROUND: wanted.idea}
    if any(text and ROOM_OF[part] in cohort.rooms_off for part, text in parts.items()):
        raise Refusal(409, _("This room is closed in this cohort."), _("Open it under Cohort, Set-up, or leave it."))
    if wanted.due_at is not None and wanted.due_at <= clock.now():
        raise Refusal(422, _("Choose a moment that is still to come."))
