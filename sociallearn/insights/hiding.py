"""Nothing about fewer than five people, not even by subtraction. Pure.

Two rules are all there is. A number is broken down into parts that do not overlap and that at least five people stand
behind each: small parts are joined to others before anybody sees them, so that nothing is left out that the sum would
give away. And people themselves are counted in fives.

"Not even by subtraction" is meant so: whoever knows who belongs to which unit, keeps every number ever shown and knows
these rules still finds at least five values possible for whatever a group of fewer than five did: as many as a number
of people in fives leaves open. Hence a group that did nothing is as hidden as one that did little, and what is joined
must be more than one act each: five acts by five people would say what each of them did.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

FEWEST = 5
SPARE = 3  # acts, beyond those everybody takes part in once, in whatever holds a group that is hidden

K = TypeVar("K")


@dataclass(frozen=True)
class Part:
    """A number, and who stands behind it."""

    people: frozenset[int]
    number: int

    def __add__(self, other: "Part") -> "Part":
        return Part(self.people | other.people, self.number + other.number)

    def stands(self, each: int = 0) -> bool:
        """Whether it may be shown by itself. ``each``: where a smaller group could be looked for in it, and an act
        takes so many people (a reply two), there must be more acts than it takes for everybody to be in one."""
        if len(self.people) < FEWEST:
            return False
        return not each or self.number * each >= len(self.people) + SPARE * each


NOTHING = Part(frozenset(), 0)


def in_fives(count: int, of: int | None = None) -> int:
    """A number of people as it is told: 15 for 15 to 19. That nearly all did, ``of`` so many, is told as less."""
    told = count - count % FEWEST
    if of is None or not told:
        return told
    most = of - FEWEST + 1
    return max(FEWEST, min(told, most - most % FEWEST))


def in_bins(counts: Mapping[int, int]) -> dict[int, int]:
    """People by how much they did (from so much up to the next), in wider bins where fewer than five stand in one."""
    found: dict[int, int] = {}
    here = 0
    for least in sorted(counts, reverse=True):
        here += counts[least]
        if here >= FEWEST:
            found[least], here = here, 0
    if found:  # what is left at the low end joins the bin above
        found[min(counts)] = found.pop(min(found)) + here
    return dict(sorted(found.items()))


def join(parts: Mapping[K, Part], *, each: int = 1, mixed: Collection[K] = ()) -> tuple[dict[K, Part], Part]:
    """(parts that may be shown, all the others as one). Nothing at all where even together they cannot stand.

    Parts of nobody count as hidden ones: give those that somebody could look for. Where the others cannot stand
    together, the smallest parts that could be shown join them. ``mixed`` parts hold smaller groups themselves.
    ``each`` is that of ``Part.stands``, 0 where people are no secret.
    """
    shown = {key: part for key, part in parts.items() if part.stands(each if key in mixed else 0)}
    if len(shown) == len(parts):
        return shown, NOTHING
    rest = NOTHING
    for key, part in parts.items():
        if key not in shown:
            rest += part
    for key in sorted(shown, key=lambda key: (len(shown[key].people), str(key))):
        if rest.stands(each):
            break
        rest += shown.pop(key)
    return (shown, rest) if rest.stands(each) else ({}, NOTHING)
