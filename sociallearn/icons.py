"""Line icons as inline SVG: no request, the colour of the text beside them, and silent for screen readers."""

import re
from functools import cache

import lucide
from markupsafe import Markup

_SHAPES = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)
_GAPS = re.compile(r">\s+<|\s+(?=/>)")


@cache
def icon(name: str) -> Markup:
    """The icon of this name on lucide.dev. Raises KeyError for an unknown one: a typing error should not pass."""
    svg = lucide.lucide_icon(name, fallback_text=_MISSING)
    found = _SHAPES.search(svg)
    if found is None or _MISSING in svg:
        raise KeyError(name)
    shapes = _GAPS.sub(lambda gap: "><" if gap[0][0] == ">" else "", found[1].strip())
    # line width and colour stand in app.css: a page of twenty posts prints dozens of these
    return Markup(  # noqa: S704 - from the package, not from people
        f'<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">{shapes}</svg>'
    )


_MISSING = "no such icon"
