"""Close spellings of words nobody used, among words of what this member can see and of nothing else. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from rapidfuzz import process
from rapidfuzz.distance import OSA

from sociallearn.search.asking import Asked, parse
from sociallearn.text import stems

SHORTEST = 4  # letters of a word that is put right
_TIMES = 3  # as often another spelling must be used, where the one typed is used too
_LONG = 8  # letters from which two mistakes may be in a word


def vocabulary(texts: Iterable[str]) -> Counter[str]:
    """How many of these texts (words parted by spaces, each once) hold each word."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(text.split())
    return found


def put_right(asked: Asked, known: Mapping[str, int], *, even_if_used: bool = False) -> str | None:
    """What was typed, with words nobody used replaced by the closest ones that somebody did; none where there are no
    such. Of words equally close the most used one.

    ``even_if_used``: words that some used too, where a close one is used far more.
    """
    candidates = [word for word in known if len(word) >= SHORTEST - 1]
    changes: dict[str, str] = {}
    for word in could_be_wrong(asked):
        times = known.get(word, 0)
        if times and not even_if_used:
            continue
        if not times and _has_a_form(word, candidates):
            continue
        closest = _closest(word, candidates, known, max(1, _TIMES * times))
        if closest is not None:
            changes[word] = closest
    if not changes:
        return None
    return " ".join(_typed(asked, changes))


def could_be_wrong(asked: Asked) -> list[str]:
    """The words that would be put right if nobody used them."""
    return [word for word in asked.plain_words if len(word) >= SHORTEST]


def _has_a_form(word: str, candidates: list[str]) -> bool:
    alike, its = [each for each in candidates if each.startswith(word[: SHORTEST - 1])], set(stems.stems(word))
    return any(not its.isdisjoint(stems.stems(each)) for each in alike)


def _closest(word: str, candidates: list[str], known: Mapping[str, int], times: int) -> str | None:
    most = 2 if len(word) >= _LONG else 1
    found = process.extract(word, candidates, scorer=OSA.distance, score_cutoff=most, limit=20)
    ranked = [
        (distance, -known[near], near) for near, distance, _index in found if near != word and known[near] >= times
    ]
    return min(ranked)[2] if ranked else None


def _typed(asked: Asked, changes: Mapping[str, str]) -> Iterable[str]:
    for term in asked.terms:
        if term.is_quoted:
            yield '"' + " ".join(term.words) + '"'
        else:
            yield "-".join(changes.get(word, word) for word in term.words)


def again(text: str) -> Asked:
    """A corrected question: its words are whole ones."""
    return parse(text).without_beginnings()
