"""Who is likely to help with a question: of those who offered, whoever helped with such questions before.

    1  what they gave on questions like this one: about a topic of it, or with words of its title
    2  how well what they offered fits: a topic counts as three words
    3  what they gave on any question
    4  who was asked least lately: among equals the load is spread

Never the asker, somebody who did not offer, cannot see or answer the question, left, or has three open requests.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from sociallearn import clock
from sociallearn.posts import sight
from sociallearn.posts.models import Post, PostTopic, Topic, Visibility
from sociallearn.questions.models import (
    Acceptance,
    Endorsement,
    Help,
    HelperProfile,
    HelperTopic,
    Nudge,
    NudgeState,
    Step,
)
from sociallearn.roster.models import Member, Role
from sociallearn.text import stems, words

MOST = 3  # helpers a question
MOST_OPEN = 3  # requests somebody has at a time
LATELY = timedelta(days=14)
TOPIC = 3  # words that one topic in common is worth


@dataclass(frozen=True, slots=True)
class Sign:
    """Somebody was of help with a question, and how much that says."""

    member_id: int
    question_id: int
    weight: float


# Looks up what these members gave, in one query.
Signals = Callable[[Session, int, Collection[int]], Iterable[Sign]]


def accepted(session: Session, cohort_id: int, member_ids: Collection[int]) -> Iterable[Sign]:
    """Their answers that were accepted and can be read."""
    rows = session.execute(
        select(Post.author_id, Acceptance.question_id)
        .join(Acceptance, Acceptance.answer_id == Post.id)
        .where(
            Acceptance.cohort_id == cohort_id,
            Post.author_id.in_(member_ids),
            Post.visibility == Visibility.VISIBLE,
        )
    )
    return [Sign(author_id, question_id, 1.0) for author_id, question_id in rows]


def recommended(session: Session, cohort_id: int, member_ids: Collection[int]) -> Iterable[Sign]:
    """Their answers that a trainer recommends."""
    return _said(session, Endorsement, cohort_id, member_ids, 1.0)


def helped(session: Session, cohort_id: int, member_ids: Collection[int]) -> Iterable[Sign]:
    """Their answers and comments that helped somebody."""
    return _said(session, Help, cohort_id, member_ids, 0.5)


def _said(
    session: Session, said: type[Endorsement] | type[Help], cohort_id: int, member_ids: Collection[int], weight: float
) -> Iterable[Sign]:
    rows = session.execute(
        select(Post.author_id, Post.root_id)
        .join(said, said.post_id == Post.id)
        .where(
            said.cohort_id == cohort_id,
            Post.author_id.in_(member_ids),
            Post.visibility == Visibility.VISIBLE,
            Post.root_id.is_not(None),
        )
    )
    return [Sign(author_id, root_id, weight) for author_id, root_id in rows]


# What says that somebody can help.
SIGNALS: list[Signals] = [accepted, recommended, helped]


def helpers(session: Session, question: Post) -> list[int]:
    """Up to three members to ask, the likeliest first. Nine queries, however many offer."""
    offers = _offers(session, question)
    about = _stems(f"{question.title or ''} {' '.join(words.own_words(question.body))}")
    topics = _topics_of(session, [question.id])[question.id]
    fits = {one: TOPIC * len(topics & offer.topics) + len(about & offer.stems) for one, offer in offers.items()}
    fitting = [one for one, fit in fits.items() if fit]
    if not fitting:
        return []
    alike, any_ = _given(session, question, topics, fitting)
    lately = _lately(session, question.cohort_id, fitting)
    return sorted(fitting, key=lambda one: (-alike[one], -fits[one], -any_[one], lately[one], one))[:MOST]


@dataclass(frozen=True, slots=True)
class _Offer:
    topics: frozenset[int]
    stems: frozenset[str]


def may_be_asked(session: Session, question: Post) -> tuple[ColumnElement[bool], ...]:
    """Who of the cohort can be asked about a question at all: whoever is here, can see it, did not ask it and did not
    pass on it."""
    passed = select(Nudge.member_id).where(Nudge.question_id == question.id, Nudge.state == NudgeState.DECLINED)
    return (
        Member.id.not_in(passed),
        Member.cohort_id == question.cohort_id,
        Member.id != question.author_id,
        Member.is_test.is_(False),
        Member.joined_at.is_not(None),
        Member.left_at.is_(None),
        *sight.who_sees(session, question),
    )


def _offers(session: Session, question: Post) -> dict[int, _Offer]:
    about = aliased(Post)  # a locked one waits for nobody
    open_requests = (
        select(func.count())
        .select_from(Nudge)
        .join(about, about.id == Nudge.question_id)
        .where(Nudge.member_id == Member.id, Nudge.step == Step.HELPERS, Nudge.state == NudgeState.OPEN)
        .where(about.is_locked.is_(False))
        .correlate(Member)
        .scalar_subquery()
    )
    rows = session.execute(
        select(HelperProfile.member_id, HelperProfile.words)
        .join(Member, Member.id == HelperProfile.member_id)
        .where(
            HelperProfile.cohort_id == question.cohort_id,
            Member.role.in_((Role.LEARNER, Role.TRAINER)),
            open_requests < MOST_OPEN,
            *may_be_asked(session, question),
        )
    ).all()
    named: defaultdict[int, set[int]] = defaultdict(set)
    names: defaultdict[int, list[str]] = defaultdict(list)
    chosen = select(HelperTopic.member_id, Topic.id, Topic.name).join(Topic, Topic.id == HelperTopic.topic_id)
    for member_id, topic_id, name in session.execute(chosen.where(HelperTopic.cohort_id == question.cohort_id)):
        named[member_id].add(topic_id)
        names[member_id].append(name)
    return {
        member_id: _Offer(frozenset(named[member_id]), _stems(" ".join([own, *names[member_id]])))
        for member_id, own in rows
    }


def _given(
    session: Session, question: Post, topics: set[int], members: Sequence[int]
) -> tuple[Counter[int], Counter[int]]:
    """What each gave on questions like this one, and on any."""
    signs = [sign for look in SIGNALS for sign in look(session, question.cohort_id, members)]
    ids = sorted({sign.question_id for sign in signs})
    topics_of = _topics_of(session, ids)
    titles = {post_id: title or "" for post_id, title in session.execute(
        select(Post.id, Post.title).where(Post.cohort_id == question.cohort_id, Post.id.in_(ids))
    )}  # fmt: skip
    about = _stems(question.title or "")
    alike, any_ = Counter[int](), Counter[int]()
    for sign in signs:
        any_[sign.member_id] += sign.weight  # type: ignore[assignment]
        if topics & topics_of[sign.question_id] or about & _stems(titles.get(sign.question_id, "")):
            alike[sign.member_id] += sign.weight  # type: ignore[assignment]
    return alike, any_


def _topics_of(session: Session, post_ids: Sequence[int]) -> defaultdict[int, set[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for post_id, topic_id in session.execute(
        select(PostTopic.post_id, PostTopic.topic_id).where(PostTopic.post_id.in_(post_ids))
    ):
        found[post_id].add(topic_id)
    return found


def _lately(session: Session, cohort_id: int, members: Sequence[int]) -> Counter[int]:
    since: datetime = clock.now() - LATELY
    rows = session.execute(
        select(Nudge.member_id, func.count())
        .where(
            Nudge.cohort_id == cohort_id,
            Nudge.member_id.in_(members),
            Nudge.step == Step.HELPERS,
            Nudge.created_at >= since,
        )
        .group_by(Nudge.member_id)
    )
    return Counter({member_id: count for member_id, count in rows})


def _stems(text: str) -> frozenset[str]:
    """What the words are about, whatever form they have; those of every sentence left out."""
    found = stems.with_stems(text)
    return frozenset(stem for word, forms in found if not stems.is_stop(word) and len(word) > 1 for stem in forms)
