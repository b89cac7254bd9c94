"""A grade in words: what stands beside it in the gradebook and on one's own page."""

from flask_babel import force_locale, format_decimal
from flask_babel import gettext as _

from sociallearn.grades.schemes import Scheme
from sociallearn.grades.scoring import PeriodStanding, Standing
from sociallearn.roster.models import Person

_LANGUAGES = ("en", "nl")


def comment(standing: Standing, scheme: Scheme, person: Person, cohort_language: str | None = None) -> str:
    """One to three sentences: "Week 2 is open: 7 of 10 so far. Closed weeks: 85%.".

    In the person's own language, else the cohort's.
    """
    with force_locale(_language(person, cohort_language)):
        said = [
            _open(number, period)
            for number, period in enumerate(standing.periods, start=1)
            if period.is_open and not period.is_excused
        ]
        if scheme.whole_course and standing.share is not None:
            said.append(str(_("Of the whole course: %(percent)s%%.", percent=percent(standing.share))))
        elif standing.closed is not None:
            said.append(_closed(standing, percent(standing.closed), scheme))
        if scheme.passes_at is not None and standing.value is not None:
            said.append(_completed(standing.value == 1, percent(scheme.passes_at)))
        return " ".join(said)


def _open(number: int, period: PeriodStanding) -> str:
    so_far = {"earned": format_decimal(period.earned), "target": format_decimal(period.target)}
    if period.name:
        return str(_("“%(phase)s” is open: %(earned)s of %(target)s so far.", phase=period.name, **so_far))
    return str(_("Week %(number)s is open: %(earned)s of %(target)s so far.", number=number, **so_far))


def _closed(standing: Standing, share: int, scheme: Scheme) -> str:
    closed = sum(not period.is_open and not period.is_excused for period in standing.periods)
    is_one_out = closed >= scheme.drops_after
    if any(period.name for period in standing.periods):
        if is_one_out:
            return str(_("Closed phases without the weakest: %(percent)s%%.", percent=share))
        return str(_("Closed phases: %(percent)s%%.", percent=share))
    if is_one_out:
        return str(_("Closed weeks without the weakest: %(percent)s%%.", percent=share))
    return str(_("Closed weeks: %(percent)s%%.", percent=share))


def _completed(is_reached: bool, share: int) -> str:
    if is_reached:
        return str(_("Completed: %(percent)s%% is enough.", percent=share))
    return str(_("Not completed yet: that takes %(percent)s%%.", percent=share))


def percent(share: float) -> int:
    """A share (0 to 1) as a whole number of hundredths, halves upwards."""
    return int(share * 100 + 0.5)


def _language(person: Person, cohort_language: str | None) -> str:
    for wish in (person.language, person.locale, cohort_language):
        short = (wish or "").replace("_", "-").split("-")[0].lower()
        if short in _LANGUAGES:
            return short
    return "en"
