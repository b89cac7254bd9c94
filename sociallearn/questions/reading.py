"""Lists of questions, and which answer was accepted."""

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from sociallearn.posts import reading, sight
from sociallearn.posts.models import Kind, Post, ThreadFollow, Visibility
from sociallearn.posts.reading import Page, Shown
from sociallearn.questions import accepting
from sociallearn.questions.models import Acceptance, AnswerTally, AnswerVote, Endorsement, Help
from sociallearn.roster.models import Member, Person

_Accepted = aliased(Post)
# An accepted answer that was hidden or deleted since solves nothing any more: its question is open again.
_IS_OPEN = ~exists().where(
    Acceptance.question_id == Post.id,
    _Accepted.id == Acceptance.answer_id,
    _Accepted.visibility == Visibility.VISIBLE,
)

LISTS: dict[str, tuple[ColumnElement[bool], ...]] = {
    "all": (),
    "unanswered": (Post.answer_count == 0,),
    "open": (_IS_OPEN,),
    "answered": (Post.answer_count > 0,),
    "mine": (Post.author_id == bindparam("member_id"),),
    "followed": (ThreadFollow.is_muted.is_(False),),
}


def counts(session: Session, member: Member) -> dict[str, int]:
    """How many questions stand in each list: one query."""
    row = session.execute(
        select(
            func.count(),
            func.sum(case((Post.answer_count == 0, 1), else_=0)),
            func.sum(case((_IS_OPEN, 1), else_=0)),
            func.sum(case((Post.author_id == member.id, 1), else_=0)),
            func.sum(case((ThreadFollow.is_muted.is_(False), 1), else_=0)),
        )
        .select_from(Post)
        .outerjoin(ThreadFollow, and_(ThreadFollow.member_id == member.id, ThreadFollow.root_id == Post.id))
        .where(
            Post.cohort_id == member.cohort_id,
            Post.kind == Kind.QUESTION,
            Post.root_id.is_(None),
            Post.visibility == Visibility.VISIBLE,
            sight.in_sight(member),
        )
    ).one()
    total, unanswered, still_open, mine, followed = (int(value or 0) for value in row)
    return {
        "all": total,
        "unanswered": unanswered,
        "open": still_open,
        "answered": total - unanswered,
        "mine": mine,
        "followed": followed,
    }


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


def mark_answers(session: Session, question: Post, page: Page, accepted: Shown | None, member: Member) -> None:
    """Say of each answer whether it is the accepted one, what others said of it, and what this member may say: four
    queries, and none for a page without answers."""
    may = accepting.may_accept(question, member) and member.may_write
    items = {item.id: item for item in page.items if item.is_visible}
    for item in items.values():
        others = member.may_write and not item.is_mine
        item.may_be_helped = others
        if item.kind == Kind.ANSWER:
            item.is_accepted = accepted is not None and item.id == accepted.id
            item.may_accept = may
            item.may_vote = others
            item.may_endorse = others and member.is_trainer
    if items:
        _give_marks(session, items, member)


def _give_marks(session: Session, items: dict[int, Shown], member: Member) -> None:
    tallies = select(AnswerTally.post_id, AnswerTally.votes, AnswerTally.helped)
    for post_id, votes, helped in session.execute(tallies.where(AnswerTally.post_id.in_(items))):
        items[post_id].votes, items[post_id].helped = votes, helped
    voted = select(AnswerVote.post_id).where(AnswerVote.member_id == member.id, AnswerVote.post_id.in_(items))
    for post_id in session.scalars(voted):
        items[post_id].has_voted = True
    helped_me = select(Help.post_id).where(Help.member_id == member.id, Help.post_id.in_(items))
    for post_id in session.scalars(helped_me):
        items[post_id].has_helped = True
    endorsed = (
        select(Endorsement.post_id, Endorsement.member_id, Person.name)
        .join(Member, Member.id == Endorsement.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Endorsement.post_id.in_(items))
        .order_by(Endorsement.at, Person.name)
    )
    for post_id, member_id, name in session.execute(endorsed):
        items[post_id].endorsers.append(name)
        items[post_id].has_endorsed = items[post_id].has_endorsed or member_id == member.id


def sort_best_first(page: Page) -> bool:
    """The accepted answer first, then by votes, then the oldest; comments stay beneath theirs. Whether it was done.

    Only where the whole thread stands on one page: links to a reply and to the next page go by when things were
    written, and a vote given while somebody reads must not move an answer to a page they saw already.
    """
    if not page.is_first or page.next_url or page.waits:
        return False
    branches: dict[int, list[Shown]] = {}
    for item in page.items:
        if item.level == 1:
            branches[item.id] = [item]
        else:
            branches[next(reversed(branches))].append(item)  # stands right after what it comments on
    ordered = sorted(branches.values(), key=lambda branch: (not branch[0].is_accepted, -branch[0].votes, branch[0].id))
    page.items = [item for branch in ordered for item in branch]
    return True


def tally(session: Session, post: Post) -> tuple[int, int]:
    """How many find a text useful, and how many it helped."""
    row = session.execute(
        select(AnswerTally.votes, AnswerTally.helped).where(AnswerTally.post_id == post.id)
    ).one_or_none()
    return (row.votes, row.helped) if row else (0, 0)
