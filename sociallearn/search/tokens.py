"""What a text is indexed by, the same on every database; pure.

Each token begins with its cohort's number, so that a cohort has words of its own: a common word in a thousand other
cohorts costs nothing here, and no query can reach theirs. A sign says what it is: a word as it stands, a word of the
title, a stem, or a fact to filter by. None of the signs can be part of a word.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from sociallearn.text import stems
from sociallearn.text.words import spelled

WORD, TITLE, STEM, FACT = "·", "«", "°", "§"
BREAK = "¦"  # between title, text and file names: a phrase never goes across
ANY = "any"  # the fact of every text


@dataclass(frozen=True)
class Tokens:
    """Words in their order, for phrases; and what else there is, each once."""

    ordered: list[str]
    others: list[str]


def of(cohort_id: int, title: str, body: str, names: Iterable[str], facts: Iterable[str]) -> Tokens:
    """The tokens of a plain text of this cohort, with the names of its files."""
    parts = [title, body, *names]
    found = [stems.with_stems(part) for part in parts]
    ordered: list[str] = []
    for words in found:
        ordered += [f"{cohort_id}{WORD}{word}" for word, _stems in words]
        ordered.append(BREAK)
    others = [f"{cohort_id}{TITLE}{word}" for word, _stems in found[0]]
    others += [f"{cohort_id}{STEM}{stem}" for _word, each in chain.from_iterable(found) for stem in each]
    for one in joined(" ".join(parts)):
        others += [f"{cohort_id}{WORD}{one}", *(f"{cohort_id}{STEM}{stem}" for stem in stems.stems(one))]
    others += [f"{cohort_id}{FACT}{fact}" for fact in (ANY, *facts)]
    return Tokens(ordered, list(dict.fromkeys(others)))


def joined(text: str) -> list[str]:
    """Words written with a hyphen, as those write them who leave it out: "elearning"."""
    return list(
        dict.fromkeys(one for word in spelled(text) if "-" in word for one in stems.words(word.replace("-", "")))
    )
