"""Questions like the one somebody is typing: of their own cohort, and of earlier ones where that was agreed to.

Words that stand in few questions find the candidates, as many as a page can wait for; ``text.alike`` says how alike
each of these is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from flask import g
from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from sociallearn.posts import sight
from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.questions import memory
from sociallearn.questions.indexing import EVERY
from sociallearn.questions.models import Acceptance, QuestionStem
from sociallearn.roster.models import Member
from sociallearn.text import alike
from sociallearn.text.alike import About, Word
from sociallearn.text.excerpting import excerpt

MOST = 5  # are shown
MOST_KEYS = 16  # are counted: those of the title, then those of the longest words below it
LEAST_KEYS = 2  # are looked up in any case, the rarest of the title
MOST_CANDIDATES = 40  # are compared, of each side
MOST_ROWS = 5_000  # of the index are read for further keys
EXCERPT = 180  # characters of an answer
_NOTHING = " "  # begins no key


@dataclass(frozen=True, slots=True)
class Alike:
    """A question like the one typed, as this member may see it."""

    id: int
    title: str
    url: str
    score: float  # 0 to 1
    answer_count: int
    cohort: str | None = None  # the earlier one it comes from
    is_accepted: bool = False
    answer: str = ""  # how the accepted or best answer begins


def find(session: Session, member: Member, title: str, body: str) -> list[Alike]:
    """At most five, the most alike first. Nine queries at most, however much there is."""
    asked = alike.about(title, body)
    if not asked.keys:
        return []
    earlier, seen = memory.cohorts(session, member), sight.in_sight(member)
    counts = _counts(session, asked, [member.cohort_id, *earlier])
    found = _own(session, member, seen, asked, counts)
    if earlier:
        found += _remembered(session, earlier, asked, counts)
    found.sort(key=lambda one: (-one.score, one.cohort is not None, -one.id))
    return _with_answers(session, member, seen, found[:MOST], list(earlier))


def _counts(session: Session, asked: About, within: Sequence[int]) -> dict[str, int]:
    """In how many questions of these cohorts each key stands, and under EVERY how many there are."""
    beside = sorted(asked.body, key=lambda word: -len(word.text))
    words = [word for word in (*asked.title, *beside) if not word.is_filler]
    keys = list(dict.fromkeys(key for word in words for key in sorted(word.keys)))[:MOST_KEYS]
    rows = session.execute(
        select(QuestionStem.stem, func.count())
        .where(QuestionStem.cohort_id.in_(within), QuestionStem.stem.in_([EVERY, *keys]))
        .group_by(QuestionStem.stem)
    )
    return {stem: count for stem, count in rows}


def _candidates(
    within: Sequence[int], counts: dict[str, int], asked: About, *narrower: ColumnElement[bool]
) -> Select[tuple[int]] | None:
    """The questions that share most by weight; nothing when no word is known."""
    total, titled = counts.get(EVERY, 0), alike.About(asked.title, ()).keys
    known = sorted((key not in titled, count, key) for key, count in counts.items() if key != EVERY)
    chosen: dict[str, float] = {}
    rows = 0
    for _is_beside, count, key in known:
        rows += count
        if len(chosen) >= LEAST_KEYS and rows > MOST_ROWS:
            break
        chosen[key] = alike.rarity(count, total)
    if not chosen:
        return None
    # always as many, so that the statement is the same and prepared once
    padding = {f"{_NOTHING}{number}": 0.0 for number in range(MOST_KEYS - len(chosen))}
    weight = case(chosen | padding, value=QuestionStem.stem) * case((QuestionStem.in_title, 2.0), else_=1.0)
    return (
        select(QuestionStem.post_id)
        .where(QuestionStem.cohort_id.in_(within), QuestionStem.stem.in_(list(chosen)), *narrower)
        .group_by(QuestionStem.post_id)
        .order_by(func.sum(weight).desc(), QuestionStem.post_id.desc())
        .limit(MOST_CANDIDATES)
    )


class _Rarities(dict[Word, float]):
    """The rarity of each word, reckoned once."""

    def __init__(self, counts: dict[str, int]) -> None:
        super().__init__()
        self._counts, self._total = counts, counts.get(EVERY, 0)

    def __missing__(self, word: Word) -> float:
        found_in = max((self._counts.get(key, 0) for key in word.keys), default=0)
        self[word] = value = alike.rarity(found_in, self._total) if found_in else alike.USUAL
        return value


def _own(
    session: Session, member: Member, seen: ColumnElement[bool], asked: About, counts: dict[str, int]
) -> list[Alike]:
    conditions = (
        Post.cohort_id == member.cohort_id,
        Post.kind == Kind.QUESTION,
        Post.visibility == Visibility.VISIBLE,
        seen,
    )
    candidates = _candidates([member.cohort_id], counts, asked)
    return _compared(session, candidates, conditions, asked, counts, {})


def _remembered(session: Session, earlier: dict[int, str], asked: About, counts: dict[str, int]) -> list[Alike]:
    within = list(earlier)
    narrower = QuestionStem.author_id.in_(memory.agreed(within))
    candidates = _candidates(within, counts, asked, narrower)
    return _compared(session, candidates, memory.questions(within), asked, counts, earlier)


def _compared(
    session: Session,
    candidates: Select[tuple[int]] | None,
    conditions: Iterable[ColumnElement[bool]],
    asked: About,
    counts: dict[str, int],
    earlier: dict[int, str],
) -> list[Alike]:
    if candidates is None:
        return []
    ids = session.scalars(candidates).all()
    body = func.substr(Post.body, 1, alike.LONGEST)
    rows = session.execute(
        select(Post.id, Post.title, body, Post.cohort_id, Post.answer_count).where(Post.id.in_(ids), *conditions)
    )
    rare, found = _Rarities(counts).__getitem__, []
    for post_id, title, text, cohort_id, answer_count in rows:
        score = alike.alike(asked, alike.about(title or "", text), rare)
        if score >= alike.LIKE:
            cohort = earlier.get(cohort_id)
            place = f"questions/{post_id}" if cohort is None else f"questions/memory/{post_id}"
            found.append(Alike(post_id, title or "", f"{g.seat_path}/{place}", score, answer_count, cohort))
    return found


def _with_answers(
    session: Session, member: Member, seen: ColumnElement[bool], found: list[Alike], within: list[int]
) -> list[Alike]:
    """Each with how its accepted or else most thanked answer begins: a query for each side that has any."""
    own = [one.id for one in found if one.cohort is None]
    others = [one.id for one in found if one.cohort is not None]
    visible = (Post.cohort_id == member.cohort_id, Post.kind == Kind.ANSWER, Post.visibility == Visibility.VISIBLE)
    answers = _answers(session, own, (*visible, seen)) if own else {}
    if others:
        answers |= _answers(session, others, memory.answers(within))
    return [_with_answer(one, answers.get(one.id)) for one in found]


def _answers(
    session: Session, ids: Sequence[int], conditions: Iterable[ColumnElement[bool]]
) -> dict[int | None, tuple[str, bool, int]]:
    """For each question the answer that helps most: its HTML, whether it was accepted, and how many there are."""
    place = func.row_number().over(
        partition_by=Post.root_id,
        order_by=(Acceptance.answer_id.is_(None), (Post.thanks + Post.agree + Post.insight).desc(), Post.id),
    )
    count = func.count().over(partition_by=Post.root_id)
    ranked = (
        select(
            Post.root_id,
            Post.html,
            Acceptance.answer_id.is_not(None).label("is_accepted"),
            place.label("place"),
            count.label("of"),
        )
        .outerjoin(Acceptance, memory.is_accepted())
        .where(Post.root_id.in_(ids), *conditions)
        .subquery()
    )
    best = select(ranked.c.root_id, ranked.c.html, ranked.c.is_accepted, ranked.c.of).where(ranked.c.place == 1)
    return {root: (html, accepted, count) for root, html, accepted, count in session.execute(best)}


def _with_answer(one: Alike, best: tuple[str, bool, int] | None) -> Alike:
    if best is None:
        return replace(one, answer_count=0)
    html, is_accepted, count = best
    text = memory.readable(html) if one.cohort is not None else html
    return replace(one, answer=excerpt(text, EXCERPT), is_accepted=bool(is_accepted), answer_count=count)
