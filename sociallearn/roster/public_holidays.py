"""Belgium's ten public holidays (law of 4 January 1974), of a school year."""

from collections.abc import Callable
from datetime import date, timedelta

from flask_babel import gettext as _

_SEPTEMBER = 9

# day and month, or days after Easter Sunday
_FIXED: list[tuple[int, int, Callable[[], str]]] = [
    (1, 1, lambda: _("New Year’s Day")),
    (1, 5, lambda: _("Labour Day")),
    (21, 7, lambda: _("Belgian National Day")),
    (15, 8, lambda: _("Assumption Day")),
    (1, 11, lambda: _("All Saints’ Day")),
    (11, 11, lambda: _("Armistice Day")),
    (25, 12, lambda: _("Christmas Day")),
]
_MOVING: list[tuple[int, Callable[[], str]]] = [
    (1, lambda: _("Easter Monday")),
    (39, lambda: _("Ascension Day")),
    (50, lambda: _("Whit Monday")),
]


def of_school_year(today: date) -> list[tuple[date, str]]:
    """Those from 1 September to 31 August around ``today``, in order, named in the reader's language."""
    begins = today.year if today.month >= _SEPTEMBER else today.year - 1
    first, last = date(begins, _SEPTEMBER, 1), date(begins + 1, _SEPTEMBER, 1) - timedelta(days=1)
    days = [one for year in (begins, begins + 1) for one in _of_year(year)]
    return sorted((day, name) for day, name in days if first <= day <= last)


def _of_year(year: int) -> list[tuple[date, str]]:
    fixed = [(date(year, month, day), name()) for day, month, name in _FIXED]
    return fixed + [(easter(year) + timedelta(days=after), name()) for after, name in _MOVING]


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the algorithm of Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e, f = b // 4, b % 4, (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i, k = c // 4, c % 4
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)
