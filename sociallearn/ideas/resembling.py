"""Ideas whose titles say much the same, while one is typed. Pure: words are one when any of their stems is."""

from collections.abc import Iterable, Sequence

from sociallearn.text import stems

ALIKE = 0.4  # of the words of both titles (Dice's coefficient)
MOST = 3

Word = frozenset[str]  # its stems


def telling(title: str) -> Sequence[Word]:
    """The words of a title that say something, each once."""
    found = (frozenset(forms) for word, forms in stems.with_stems(title) if not stems.is_stop(word))
    return list(dict.fromkeys(found))


def alike(title: str, others: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """At most three of the others (id, title), the most alike first."""
    mine = telling(title)
    if not mine:
        return []
    scored = []
    for other_id, other in others:
        theirs = telling(other)
        shared = sum(any(word & one for one in theirs) for word in mine)
        share = 2 * shared / (len(mine) + len(theirs)) if theirs else 0.0
        if share >= ALIKE or shared >= 2:
            scored.append((-share, -other_id, other))
    return [(-other_id, other) for _share, other_id, other in sorted(scored)[:MOST]]
