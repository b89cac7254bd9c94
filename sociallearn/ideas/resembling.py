"""Ideas whose titles say much the same, while one is typed. Pure: words, brought back to their stems the crude way."""

from collections.abc import Iterable

from sociallearn.text.words import own_words

SHORTEST = 4  # letters of a word that says anything
STEM = 6  # first letters that make two words one: plan, plannen and planning; colleague and colleagues
ALIKE = 0.4  # of all stems of both titles (Dice's coefficient)
MOST = 3


def stems(title: str) -> frozenset[str]:
    """The words of a title that say something, each as its beginning."""
    return frozenset(word[:STEM].rstrip("se") for word in own_words(title) if len(word) >= SHORTEST)


def alike(title: str, others: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """At most three of the others (id, title), the most alike first."""
    mine = stems(title)
    if not mine:
        return []
    scored = []
    for other_id, other in others:
        theirs = stems(other)
        shared = len(mine & theirs)
        share = 2 * shared / (len(mine) + len(theirs)) if theirs else 0.0
        if share >= ALIKE or shared >= 2:
            scored.append((-share, -other_id, other))
    return [(-other_id, other) for _share, other_id, other in sorted(scored)[:MOST]]
