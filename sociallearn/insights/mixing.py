"""Whether talk crosses units more than chance would have it. Pure.

The share of replies that go to another unit says little by itself: the more units, the more must cross. So what mixing
at random would give is taken off. "At random" means that who belongs to which unit has nothing to do with who replies
to whom, as in the permutation test of Krackhardt ("Predicting with networks", Social Networks 10, 1988): if the labels
of the n people, of whom n_u belong to unit u, were dealt anew, two different people would be of different units with
probability

    1 - sum over u of n_u (n_u - 1) / (n (n - 1))

and so, whoever replied to whom and however often, would that share of replies cross. The index is the share that did
cross minus this; 0 is what chance gives. Its sign says the same as that of Krackhardt and Stern's E-I index against its
expectation ("Informal networks and organizational crises", Social Psychology Quarterly 51, 1988).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

FROM = 30  # people, below which neither this nor a picture of who replies to whom is made

P = TypeVar("P")


def expected(sizes: Iterable[int]) -> float | None:
    """The share of replies that would cross at random, for units of these sizes; nothing for fewer than two people."""
    each = list(sizes)
    total = sum(each)
    return 1 - sum(size * (size - 1) for size in each) / (total * (total - 1)) if total > 1 else None


def index(replies: Iterable[tuple[P, P]], unit_of: Mapping[P, int]) -> float | None:
    """The index over (who replied, to whom), one for each reply, among all the people of ``unit_of``."""
    pairs = list(replies)
    chance = expected(Counter(unit_of.values()).values())
    if not pairs or chance is None:
        return None
    return sum(unit_of[one] != unit_of[other] for one, other in pairs) / len(pairs) - chance
