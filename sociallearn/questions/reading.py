"""Lists of questions, and which answer was accepted."""

from sqlalchemy import ColumnElement, bindparam, case, func, select
from sqlalchemy.orm import Session, joinedload

from sociallearn.posts import reading, sight
from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.posts.reading import Page, Shown
from sociallearn.questions import accepting, waiting
from sociallearn.questions.models import Acceptance
from sociallearn.roster.models import Member

LISTS: dict[str, tuple[ColumnElement[bool], ...]] = {
    "all": (),
    "unanswered": (Post.answer_count == 0,),
    "answered": (Post.answer_count > 0,),
    "mine": (Post.author_id == bindparam("member_id"),),
    "asked": (waiting.ASKED_OF_ME, Post.is_locked.is_(False)),
    "needed": (waiting.NEEDS_AN_ANSWER, Post.is_locked.is_(False)),
}


def counts(session: Session, member: Member) -> dict[str, int]:
    """How many questions stand in each list."""
    row = session.execute(
        select(
            func.count(),
            func.sum(case((Post.answer_count == 0, 1), else_=0)),
            func.sum(case((Post.author_id == member.id, 1), else_=0)),
        ).where(
            Post.cohort_id == member.cohort_id,
            Post.kind == Kind.QUESTION,
            Post.root_id.is_(None),
            Post.visibility == Visibility.VISIBLE,
            sight.in_sight(member),
        )
    ).one()
    total, unanswered, mine = (int(value or 0) for value in row)
    asked, needed = waiting.requests(session, member)
    found = {"all": total, "unanswered": unanswered, "answered": total - unanswered, "mine": mine}
    return found | {"asked": asked, "needed": needed}


def mark_accepted(session: Session, page: Page) -> Page:
    """Say of each question in a list whether it has an accepted answer: one query."""
    ids = [item.id for item in page.items]
    readable = select(Acceptance.question_id).join(Post, Post.id == Acceptance.answer_id)
    readable = readable.where(Acceptance.question_id.in_(ids), Post.visibility == Visibility.VISIBLE)
    accepted = set(session.scalars(readable))
    for item in page.items:
        item.is_accepted = item.id in accepted
    return page


def accepted_answer(session: Session, question: Post, member: Member) -> Shown | None:
    """The accepted answer as this member sees it, unless it was removed since."""
    post = session.scalar(
        select(Post)
        .join(Acceptance, Acceptance.answer_id == Post.id)
        .where(Acceptance.question_id == question.id, Post.visibility == Visibility.VISIBLE)
        .options(joinedload(Post.author))
    )
    if post is None:
        return None
    shown = reading.show(post, member)
    shown.is_accepted = True
    return shown


def mark_answers(question: Post, page: Page, accepted: Shown | None, member: Member) -> None:
    """Say of each answer on the page whether it is the accepted one and whether this member may accept it."""
    may = accepting.may_accept(question, member)
    for item in page.items:
        if item.kind == Kind.ANSWER:
            item.is_accepted = accepted is not None and item.id == accepted.id
            item.may_accept = may and item.is_visible
