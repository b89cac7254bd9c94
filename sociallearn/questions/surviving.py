"""How long questions wait, counting those that still do. Pure.

The product-limit estimate of Kaplan and Meier, "Nonparametric estimation from incomplete observations", Journal of the
American Statistical Association 53 (1958), 457-481: a question without an answer says only that the answer takes longer
than it has waited. Leaving such questions out would make every cohort look quicker than it is.
"""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter


def waiting(times: Iterable[tuple[float, bool]]) -> list[tuple[float, float]]:
    """(time, share still waiting just after it) for each time at which something was answered, in order.

    ``times`` are (time, whether it was answered then; else it has waited for so long up to now). What is answered and
    what still waits at the same time were both waiting until then, as the paper says (section 2).
    """
    known = sorted(times)
    at_risk = len(known)
    share, curve = 1.0, []
    for moment, group in groupby(known, key=itemgetter(0)):
        here = [answered for _time, answered in group]
        if any(here):
            share *= 1 - sum(here) / at_risk
            curve.append((moment, share))
        at_risk -= len(here)
    return curve


def quantile(times: Iterable[tuple[float, bool]], part: float) -> float | None:
    """The first time at which at least ``part`` (0 to 1) is estimated to be answered; nothing where that is not
    reached."""
    left = 1 - part
    return next((time for time, share in waiting(times) if share <= left + 1e-9), None)
