"""Which ideas somebody is asked to rate next: those that were put before the fewest people so far. Pure.

Nobody chooses what to look at from a list with the loudest on top: an idea's chance does not hang on when it came, nor
on what others thought of it. Among ideas seen equally often chance decides.
"""

from collections.abc import Sequence
from random import Random

A_SITTING = 5  # ideas


def choose(possible: Sequence[tuple[int, int]], chance: Random, most: int = A_SITTING) -> list[int]:
    """At most ``most`` of the ideas (id, how often it was served) that a member can still be asked about."""
    mixed = list(possible)
    chance.shuffle(mixed)
    mixed.sort(key=lambda one: one[1])  # stable: what is even stays mixed
    return [idea_id for idea_id, _served in mixed[:most]]
