"""Nothing about fewer than five people, not even by subtraction. Pure.

Two rules are all there is. A number is broken down into parts that do not overlap and that at least five people stand
behind each: small parts are joined to others before anybody sees them, so that nothing is left out that the sum would
give away. And people themselves are counted in fives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

FEWEST = 5

K = TypeVar("K")


@dataclass(frozen=True)
class Part:
    """A number, and who stands behind it."""

    people: frozenset[int]
    number: int

    def __add__(self, other: "Part") -> "Part":
        return Part(self.people | other.people, self.number + other.number)


NOTHING = Part(frozenset(), 0)


def in_fives(count: int) -> int:
    """A number of people as it is told: 15 for 15 to 19."""
    return count - count % FEWEST


def join(parts: Mapping[K, Part]) -> tuple[dict[K, Part], Part]:
    """(parts that may be shown, all the others as one). Nothing at all where even together they are too few.

    Where the others are too few to stand together, the smallest parts that could be shown join them.
    """
    shown = {key: part for key, part in parts.items() if len(part.people) >= FEWEST}
    rest = NOTHING
    for key, part in parts.items():
        if key not in shown:
            rest += part
    for key in sorted(shown, key=lambda key: (len(shown[key].people), str(key))):
        if not 0 < len(rest.people) < FEWEST:
            break
        rest += shown.pop(key)
    return (shown, rest) if len(rest.people) >= FEWEST or not rest.people else ({}, NOTHING)
