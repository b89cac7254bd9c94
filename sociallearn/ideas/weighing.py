"""What the ratings of an idea say, and how sure that is. Pure.

The mean of n ratings from 1 to 5, brought to 0…1, is treated as Wilson treats a proportion (E. B. Wilson, Probable
Inference, JASA 22, 1927). Of all things between 0 and 1 with a given mean, those that are 0 or 1 vary most (R. Bhatia
and C. Davis, A Better Bound on the Variance, American Mathematical Monthly 107, 2000): the interval is therefore never
too narrow, needs only count and sum, and stays within the scale however few ratings there are.
"""

from dataclasses import dataclass
from math import sqrt

LEAST, MOST = 1, 5
ENOUGH = 5  # ratings below which nobody is told anything: a figure about fewer people is about persons
CONFIDENCE = 1.959964  # standard deviations either side: 95 in 100


@dataclass(frozen=True)
class Score:
    """The average of an idea's ratings, and between what it would most likely end if everybody rated."""

    average: float
    low: float
    high: float


def score(count: int, total: int) -> Score | None:
    """The score of an idea with ``count`` ratings that add up to ``total``; none below ``ENOUGH`` of them."""
    if count < ENOUGH:
        return None
    span = MOST - LEAST
    mean = (total / count - LEAST) / span
    z = CONFIDENCE
    centre = (mean + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * sqrt(mean * (1 - mean) / count + z * z / (4 * count * count))
    return Score(total / count, LEAST + span * max(0.0, centre - half), LEAST + span * min(1.0, centre + half))
