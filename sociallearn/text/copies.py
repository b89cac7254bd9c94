"""How much of one text stands in another: runs of five words, compared as sets.

Broder, "On the resemblance and containment of documents" (1997): containment of w-shingles, here with w = 5.
"""

from collections.abc import Set as AbstractSet
from hashlib import blake2b

SHINGLE = 5  # words
NEAR_COPY = 0.8  # share of a text's shingles that stand in an earlier one


def shingles(words: list[str]) -> set[int]:
    """A number for each run of five words (from words.own_words); none for a shorter text.

    The same in every process and on every machine, from 0 to 2**63 - 1, so that it fits a BIGINT.
    """
    return {_number(words[start : start + SHINGLE]) for start in range(len(words) - SHINGLE + 1)}


def share(of: AbstractSet[int], within: AbstractSet[int]) -> float:
    """Which part (0 to 1) of the shingles ``of`` one text stands ``within`` another; 0 when it has none."""
    return len(of & within) / len(of) if of else 0.0


def _number(run: list[str]) -> int:
    digest = blake2b(" ".join(run).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1
