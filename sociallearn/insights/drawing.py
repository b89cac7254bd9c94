"""Where things stand in the picture of units: a disc each, one dot a person, a line for replies between two. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, hypot, pi, sin, sqrt

from sociallearn.insights.figuring import Bridging

WIDTH, HEIGHT = 640, 420
_GOLDEN = pi * (3 - sqrt(5))  # dots in a sunflower's spiral fill a disc evenly (H. Vogel, Math. Biosci. 44, 1979)
_GAP = 9.0  # between dots


@dataclass(frozen=True)
class Disc:
    """A unit, and the dots in it."""

    name: str
    people: int
    x: float
    y: float
    radius: float
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Line:
    """Replies between two units; ``weight`` is 0 to 1, of the most there are."""

    x1: float
    y1: float
    x2: float
    y2: float
    replies: int
    weight: float
    at: tuple[float, float]  # where the number stands


@dataclass(frozen=True)
class Picture:
    """All of it."""

    discs: tuple[Disc, ...]
    lines: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT


def picture(found: Bridging) -> Picture:
    """Units in a ring, with what goes between them."""
    discs = {disc.name: disc for disc in _discs(found.sizes)}
    most = max((pair.replies for pair in found.pairs), default=1)
    lines = []
    for pair in found.pairs:
        one, other = discs.get(pair.one), discs.get(pair.other)
        if one is not None and other is not None and one is not other:
            weight = round(pair.replies / most, 2)
            lines.append(Line(one.x, one.y, other.x, other.y, pair.replies, weight, _number_at(one, other)))
    return Picture(tuple(discs.values()), tuple(lines))


def _number_at(one: Disc, other: Disc) -> tuple[float, float]:
    """Before the middle of what can be seen of a line: in the middle of the picture lines cross."""
    far = hypot(other.x - one.x, other.y - one.y)
    along = (one.radius + 0.38 * (far - one.radius - other.radius)) / far
    return round(one.x + along * (other.x - one.x), 1), round(one.y + along * (other.y - one.y), 1)


def _discs(sizes: Mapping[str, int]) -> list[Disc]:
    names = sorted(sizes, key=lambda name: (not name, name))
    found = []
    for place, name in enumerate(names):
        angle = 2 * pi * place / len(names) - pi / 2
        x, y = WIDTH / 2 + 215 * cos(angle), HEIGHT / 2 - 8 + 125 * sin(angle)
        if len(names) == 1:
            x, y = WIDTH / 2, HEIGHT / 2
        spots = ((_GAP * sqrt(n + 0.5), n * _GOLDEN) for n in range(min(sizes[name], 40)))
        dots = tuple((round(x + far * cos(turn), 1), round(y + far * sin(turn), 1)) for far, turn in spots)
        radius = _GAP * sqrt(len(dots) + 1) + 9
        found.append(Disc(name, sizes[name], round(x, 1), round(y, 1), round(radius, 1), dots))
    return found
