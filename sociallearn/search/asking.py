"""What somebody typed, taken apart; and put as questions to an engine, from the surest to the loosest. Pure.

Everything typed is a word to look for. Only quotation marks mean more: words between them stand together.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sociallearn.search.engines import NOTHING, Engine
from sociallearn.search.tokens import STEM, TITLE, WORD
from sociallearn.text import stems
from sociallearn.text.words import spelled

LONGEST = 200  # characters of what is typed; what comes after is not looked at
MOST_TERMS = 12
SHORTEST_BEGINNING = 3  # letters that may be the beginning of a longer word
TIERS = 4

_QUOTED = re.compile('"([^"]*)"|“([^”]*)”|„([^”“]*)[”“]|«([^»]*)»')


@dataclass(frozen=True)
class Term:
    """One thing to look for: a word, or several that stand together."""

    words: tuple[str, ...]
    stems: tuple[str, ...] = ()  # of a single word
    joined: str | None = None  # "elearning", for "e-learning"
    is_quoted: bool = False
    may_go_on: bool = False  # as the last word typed, may be the beginning of a longer one


@dataclass(frozen=True)
class Asked:
    """What to look for."""

    terms: tuple[Term, ...] = ()
    is_cut: bool = False  # more was typed than is looked at
    text: str = ""  # as it was typed, tidied

    @property
    def plain_words(self) -> list[str]:
        """Words that could be misspelt: those between quotation marks are meant so."""
        return [word for term in self.terms if not term.is_quoted for word in term.words]

    def without_beginnings(self) -> "Asked":
        """The same, the last word whole."""
        return replace(self, terms=tuple(replace(term, may_go_on=False) for term in self.terms))


@dataclass(frozen=True)
class Wanted:
    """Which words of a text are what was looked for, to mark them."""

    words: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()
    beginning: str = ""

    def has(self, word: str, its_stems: Sequence[str]) -> bool:
        """Whether a word (folded, with its stems) is one of them."""
        if word in self.words or not self.stems.isdisjoint(its_stems):
            return True
        return bool(self.beginning) and word.startswith(self.beginning)


def parse(typed: str) -> Asked:
    """Take apart what was typed; never fails. Little words ("het", "the", "les") are left out beside others."""
    text = " ".join(typed.encode("utf-8", "ignore").decode().replace("\x00", " ").split())
    terms = list(_terms(text[:LONGEST]))
    kept = [term for term in terms if term.is_quoted or not all(map(stems.is_stop, term.words))] or terms
    is_cut = len(text) > LONGEST or len(kept) > MOST_TERMS
    kept = list(dict.fromkeys(kept))[:MOST_TERMS]
    if kept and terms[-1] == kept[-1] and not is_cut and _may_go_on(kept[-1]):
        kept[-1] = replace(kept[-1], may_go_on=True)
    return Asked(tuple(kept), is_cut, text)


def _may_go_on(last: Term) -> bool:
    return len(last.words) == 1 and not last.is_quoted and len(last.words[0]) >= SHORTEST_BEGINNING


def _terms(text: str) -> Iterator[Term]:
    end = 0
    for found in _QUOTED.finditer(text):
        yield from _plain(text[end : found.start()])
        words = tuple(stems.words(next(group for group in found.groups() if group is not None)))
        if words:
            yield Term(words, is_quoted=True)
        end = found.end()
    yield from _plain(text[end:])


def _plain(text: str) -> Iterator[Term]:
    for one in spelled(text):
        if "-" in one and "'" not in one:
            words = tuple(stems.words(one))
            if len(words) > 1:
                yield Term(words, joined="".join(stems.words(one.replace("-", ""))))
                continue
        for word, found in stems.with_stems(one):
            yield Term((word,), found)


def wanted(asked: Asked) -> Wanted:
    """What to mark in the texts found."""
    words = {word for term in asked.terms for word in (*term.words, term.joined or "")} - {""}
    found = {stem for term in asked.terms for stem in term.stems}
    last = asked.terms[-1] if asked.terms else None
    return Wanted(frozenset(words), frozenset(found), last.words[0] if last and last.may_go_on else "")


def tiers(asked: Asked, engine: Engine, cohort_id: int) -> list[str]:
    """Four questions, each holding what the one before finds: all in the title; all as they stand; in any form; the
    last word going on. Each but the first leaves out what the one before found."""
    where = _Asker(engine, cohort_id)
    nested = [
        engine.every([where.in_title(term) for term in asked.terms]),
        engine.every([where.as_it_stands(term) for term in asked.terms]),
        engine.every([where.in_any_form(term) for term in asked.terms]),
    ]
    if any(term.may_go_on for term in asked.terms):
        nested.append(engine.every([where.going_on(term) for term in asked.terms]))
    disjoint = nested[:1] + [engine.but(wider, closer) for closer, wider in pairwise(nested)]
    return disjoint + [engine.token(NOTHING)] * (TIERS - len(disjoint))


def most_of(asked: Asked, engine: Engine, cohort_id: int) -> list[str]:
    """For three words and more: texts with all of them but one, in any form."""
    where = _Asker(engine, cohort_id)
    forms = [where.going_on(term) for term in asked.terms]
    but_one = [engine.every([*forms[:left_out], *forms[left_out + 1 :]]) for left_out in range(len(forms))]
    return [engine.any(but_one)] + [engine.token(NOTHING)] * (TIERS - 1)


class _Asker:
    def __init__(self, engine: Engine, cohort_id: int) -> None:
        self.engine, self.cohort_id = engine, cohort_id

    def in_title(self, term: Term) -> str:
        words = [self.engine.token(self._at(TITLE, word)) for word in term.words]
        return self.engine.every([*words, self.as_it_stands(term)])

    def as_it_stands(self, term: Term) -> str:
        at = [self._at(WORD, word) for word in term.words]
        here = self.engine.token(at[0]) if len(at) == 1 else self.engine.phrase(at)
        return self.engine.any([here, self.engine.token(self._at(WORD, term.joined))]) if term.joined else here

    def in_any_form(self, term: Term) -> str:
        if term.is_quoted:
            return self.as_it_stands(term)
        if len(term.words) > 1:
            apart = self.engine.every([self._stemmed(stems.stems(word)) for word in term.words])
            return self.engine.any([apart, self._stemmed(stems.stems(term.joined or "")), self.as_it_stands(term)])
        return self.engine.any([self._stemmed(term.stems), self.as_it_stands(term)])

    def going_on(self, term: Term) -> str:
        if not term.may_go_on:
            return self.in_any_form(term)
        begins = self.engine.token(self._at(WORD, term.words[0]), begins=True)
        return self.engine.any([begins, self.in_any_form(term)])

    def _stemmed(self, found: Sequence[str]) -> str:
        return self.engine.any([self.engine.token(self._at(STEM, stem)) for stem in found or [NOTHING]])

    def _at(self, sign: str, word: str) -> str:
        return f"{self.cohort_id}{sign}{word}"
