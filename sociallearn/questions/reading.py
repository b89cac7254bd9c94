"""Lists of questions, how each stands, and what was said of answers."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from sociallearn.posts import reading, sight
from sociallearn.posts.models import Kind, Post, PostTopic, ThreadFollow, Topic, Visibility
from sociallearn.posts.reading import Page, Shown
from sociallearn.questions import accepting, states, waiting
from sociallearn.questions.models import Acceptance, AnswerTally, AnswerVote, Endorsement, Help, QuestionState, Status
from sociallearn.questions.standing import HOLDS
from sociallearn.roster.models import Member, Person

_Accepted = aliased(Post)
# An accepted answer that was hidden or deleted since solves nothing any more: its question is open again.
_IS_SETTLED = exists().where(
    QuestionState.question_id == Post.id, QuestionState.status.in_([Status.SOLVED, Status.DUPLICATE]), HOLDS
)
_IS_OPEN = and_(
    ~exists().where(
        Acceptance.question_id == Post.id,
        _Accepted.id == Acceptance.answer_id,
        _Accepted.visibility == Visibility.VISIBLE,
    ),
    ~_IS_SETTLED,
)
_IS_UNANSWERED = and_(Post.answer_count == 0, ~_IS_SETTLED)

MOST_COMPARED = 300  # questions, the newest
MOST_LIKELY = 5
SHORTEST_WORD = 4  # letters

LISTS: dict[str, tuple[ColumnElement[bool], ...]] = {
    "all": (),
    "unanswered": (_IS_UNANSWERED,),
    "open": (_IS_OPEN,),
    "answered": (Post.answer_count > 0,),
    "mine": (Post.author_id == bindparam("member_id"),),
    "asked": (waiting.ASKED_OF_ME, Post.is_locked.is_(False)),
    "needed": (waiting.NEEDS_AN_ANSWER, Post.is_locked.is_(False)),
    "followed": (ThreadFollow.is_muted.is_(False),),
}


def topics(session: Session, member: Member) -> list[tuple[int, str, str, int]]:
    """What the questions this member can read are about: id, key, name and how many, by name. One query."""
    statement = (
        select(Topic.id, Topic.key, Topic.name, func.count())
        .join(PostTopic, PostTopic.topic_id == Topic.id)
        .join(Post, Post.id == PostTopic.post_id)
        .where(Topic.cohort_id == member.cohort_id, *_questions(member))
        .group_by(Topic.id, Topic.key, Topic.name)
        .order_by(Topic.key)
    )
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(statement)]


def _questions(member: Member) -> tuple[ColumnElement[bool], ...]:
    return (
        Post.cohort_id == member.cohort_id,
        Post.kind == Kind.QUESTION,
        Post.root_id.is_(None),
        Post.visibility == Visibility.VISIBLE,
        sight.in_sight(member),
    )


def counts(session: Session, member: Member, topic_id: int | None = None) -> dict[str, int]:
    """How many questions stand in each list, all of them or those about one topic: one query."""
    about = () if topic_id is None else (Post.id.in_(select(PostTopic.post_id).where(PostTopic.topic_id == topic_id)),)
    row = session.execute(
        select(
            func.count(),
            func.sum(case((_IS_UNANSWERED, 1), else_=0)),
            func.sum(case((_IS_OPEN, 1), else_=0)),
            func.sum(case((Post.answer_count > 0, 1), else_=0)),
            func.sum(case((Post.author_id == member.id, 1), else_=0)),
            func.sum(case((ThreadFollow.is_muted.is_(False), 1), else_=0)),
        )
        .select_from(Post)
        .outerjoin(ThreadFollow, and_(ThreadFollow.member_id == member.id, ThreadFollow.root_id == Post.id))
        .where(*_questions(member), *about)
    ).one()
    total, unanswered, still_open, answered, mine, followed = (int(value or 0) for value in row)
    asked, needed = waiting.requests(session, member)
    return {
        "all": total,
        "unanswered": unanswered,
        "open": still_open,
        "answered": answered,
        "mine": mine,
        "followed": followed,
        "asked": asked,
        "needed": needed,
    }


def mark_accepted(session: Session, page: Page) -> Page:
    """Say of each question in a list whether it has an accepted answer: one query."""
    ids = [item.id for item in page.items]
    readable = select(Acceptance.question_id).join(Post, Post.id == Acceptance.answer_id)
    readable = readable.where(Acceptance.question_id.in_(ids), Post.visibility == Visibility.VISIBLE)
    accepted = set(session.scalars(readable))
    give_states(session, page.items, accepted)
    return page


def give_states(session: Session, items: Iterable[Shown], accepted: Collection[int]) -> None:
    """Say of each question how it stands; ``accepted`` are those with an accepted answer. One query."""
    by_id = {item.id: item for item in items}
    rows = select(QuestionState.question_id, QuestionState.status).where(QuestionState.question_id.in_(by_id), HOLDS)
    said: dict[int, str] = {question_id: status for question_id, status in session.execute(rows)}
    for item in by_id.values():
        item.is_accepted = item.id in accepted
        item.state = states.of(said.get(item.id), is_accepted=item.is_accepted, answers=item.answer_count)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a question as a whole."""

    status: str
    words: str
    by: str
    target: Shown | None  # where a duplicate leads, if this member can read it


def said(session: Session, question: Post, member: Member) -> Said | None:
    """What was said of this question, if anything."""
    statement = (
        select(QuestionState, Person.name)
        .join(Member, Member.id == QuestionState.by_id)
        .join(Person, Person.id == Member.person_id)
        .where(QuestionState.question_id == question.id, HOLDS)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    row, name = found
    target = states.target_of(session, row, member)
    return Said(row.status, row.words, name, reading.show(target, member) if target else None)


def likely(session: Session, question: Post, member: Member) -> list[Shown]:
    """Up to five questions whose titles share the most words with this one's, the newest first among equals.

    One query; only those this member can read, and no duplicates.
    """
    duplicates = select(QuestionState.question_id).where(QuestionState.status == Status.DUPLICATE)
    statement = (
        select(Post)
        .where(Post.cohort_id == member.cohort_id, Post.kind == Kind.QUESTION, Post.root_id.is_(None))
        .where(Post.visibility == Visibility.VISIBLE, sight.in_sight(member), Post.id != question.id)
        .where(Post.id.not_in(duplicates))
        .options(joinedload(Post.author).joinedload(Member.person))
        .order_by(Post.id.desc())
        .limit(MOST_COMPARED)
    )
    mine = _title_words(question)
    shared = [(len(mine & _title_words(other)), other) for other in session.scalars(statement)]
    best = sorted((one for one in shared if one[0]), key=lambda one: (-one[0], -one[1].id))
    return [reading.show(other, member) for _count, other in best[:MOST_LIKELY]]


def _title_words(post: Post) -> set[str]:
    return {word for word in re.findall(r"\w+", (post.title or "").casefold()) if len(word) >= SHORTEST_WORD}


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
