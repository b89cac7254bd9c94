"""A grade in words: what stands beside it in the gradebook and on one's own page."""

from flask_babel import force_locale, format_decimal
from flask_babel import gettext as _

from sociallearn.grades.schemes import Scheme
from sociallearn.grades.scoring import Standing
from sociallearn.roster.models import Person

_LANGUAGES = ("en", "nl")


def comment(standing: Standing, scheme: Scheme, person: Person) -> str:
    """One or two sentences in the person's own language: "Week 2 is open: 7 of 10 so far. Closed weeks: 85%."."""
    with force_locale(_language(person)):
        said = [
            _(
                "Week %(number)s is open: %(earned)s of %(target)s so far.",
                number=number,
                earned=format_decimal(period.earned),
                target=format_decimal(period.target),
            )
            for number, period in enumerate(standing.periods, start=1)
            if period.is_open
        ]
        if standing.closed is not None:
            share = percent(standing.closed)
            closed = sum(not period.is_open for period in standing.periods)
            if closed >= scheme.drops_after:
                said.append(_("Closed weeks without the weakest: %(percent)s%%.", percent=share))
            else:
                said.append(_("Closed weeks: %(percent)s%%.", percent=share))
        return " ".join(said)


def percent(share: float) -> int:
    """A share (0 to 1) as a whole number of hundredths, halves upwards."""
    return int(share * 100 + 0.5)


def _language(person: Person) -> str:
    for wish in (person.language, person.locale):
        short = (wish or "").replace("_", "-").split("-")[0].lower()
        if short in _LANGUAGES:
            return short
    return "en"
