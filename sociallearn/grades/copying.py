"""Which texts repeat an earlier one, and which of several alike counts.

    near-copy   an earlier valid text holds at least 80 % of its shingles (text/copies.py)
    valid       it would count otherwise, and is not itself a near-copy

Read in order of (at, id), so each text is judged by earlier ones only: nobody can take away what somebody else wrote
before. Two texts of one author are alike whichever of them was compared with the other; the later is the near-copy.
Of one author's own alike *the longest counts, in the place of the first*.

That last rule has one limit, without which more work could lower a grade: a longer text takes over only from a first
one with the same ``place`` (kind, period, person reached). Otherwise a reply repeated at more length in a later, full
week would cost the earlier, perhaps closed week its points and earn none; a reply repeated to somebody reached before
could cost the second person; and one long text resembling two short ones would replace both. With the limit, a
take-over swaps one text for one other worth exactly the same. A first text holds its ground against copies even when
one of its author's own has taken over.

So, for texts added in the order of ``at``, one more never lowers its author's points, nor anybody else's. A text that
becomes valid later than it was written (made long enough, shown again) keeps that promise when ``at`` is that moment.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the cohort."""

    id: int
    by: int  # its author
    at: datetime  # aware; since when it could count
    size: int  # own words
    valid_otherwise: bool  # neither removed, nor too short, nor to oneself
    place: Hashable  # where it would count: (kind, period key, person reached)


def near_copies(texts: Iterable[Text], pairs: Iterable[tuple[int, int]]) -> set[int]:
    """Ids of the texts of one cohort that do not count because they repeat another.

    ``pairs`` are (copy id, original id) with at least 80 % of the copy's shingles in the original; those naming a text
    not among ``texts`` are ignored. The order in which texts and pairs come does not matter.
    """
    copies, families = _read(texts, pairs)
    for family in families:
        longest = max(family, key=lambda text: text.size)  # the earliest of the longest
        copies.add(family[0].id)
        copies.discard(longest.id)
    return copies


def of_ones_own(texts: Iterable[Text], pairs: Iterable[tuple[int, int]]) -> set[int]:
    """Ids of the texts that are alike with others of their author only, in one place, whichever of them counts."""
    return {text.id for family in _read(texts, pairs)[1] if len(family) > 1 for text in family}


def _read(texts: Iterable[Text], pairs: Iterable[tuple[int, int]]) -> tuple[set[int], list[list[Text]]]:
    """Ids of texts that repeat an earlier one; and of each first, it and what may take its place."""
    ordered = sorted(texts, key=lambda text: (text.at, text.id))
    alike = _earlier_alike({text.id: text for text in ordered}, pairs)
    copies: set[int] = set()
    families: dict[int, list[Text]] = {}  # by the id of a first: it, and what may take its place
    for text in ordered:
        firsts = [families[other][0] for other in alike[text.id] if other in families]
        if firsts:
            copies.add(text.id)
            first = min(firsts, key=lambda one: (one.at, one.id))
            if text.valid_otherwise and first.place == text.place and {one.by for one in firsts} == {text.by}:
                families[first.id].append(text)
        elif text.valid_otherwise:
            families[text.id] = [text]
    return copies, list(families.values())


def _earlier_alike(texts: Mapping[int, Text], pairs: Iterable[tuple[int, int]]) -> defaultdict[int, set[int]]:
    """For each text the earlier ones it may be a near-copy of."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for copy_id, original_id in pairs:
        copy, original = texts.get(copy_id), texts.get(original_id)
        if not copy or not original or copy is original:
            continue
        is_later = (copy.at, copy.id) > (original.at, original.id)
        if is_later:
            found[copy.id].add(original.id)
        elif copy.by == original.by:
            found[original.id].add(copy.id)
    return found
