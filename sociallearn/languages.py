"""English and Dutch: which one a person reads, translations straight from the .po files, and times in words."""

import io
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, request
from flask_babel import Babel, Domain, get_locale
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from sociallearn import clock
from sociallearn.paths import TRANSLATIONS

LANGUAGES = ("en", "nl")


class PoDomain(Domain):
    """Reads .po files at the start, so that no compiled file has to be made, shipped or forgotten."""

    def get_translations(self) -> NullTranslations:
        """The translations of the request's language."""
        locale = get_locale()
        return translations(locale.language if locale else "en")


class PoBabel(Babel):
    """Babel that reads .po files."""

    domain_instance = PoDomain()


@lru_cache
def translations(language: str) -> NullTranslations:
    """The catalogue of one language; English is written in the code."""
    path = TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def init_app(app: Flask) -> None:
    """Choose the language of each request and let templates tell the time."""
    PoBabel(app, locale_selector=choose)
    # a page asks for dozens of texts: look the catalogue up once a request, not once a text
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: catalogue().ugettext(text),
        ngettext=lambda one, many, number: catalogue().ungettext(one, many, number),
        newstyle=True,
    )
    app.jinja_env.globals.update({"_": _text, "when": when, "by_day": by_day, "days_from_to": days_from_to})
    app.context_processor(lambda: {"locale": choose()})


@pass_eval_context
def _text(eval_context: EvalContext, message: str, /, **values: object) -> str:
    """Jinja's own ``_``, without its detours: a page says a hundred texts, and most of them need nothing filled in."""
    if not eval_context.autoescape:
        return str(catalogue().ugettext(message) % values)
    return _filled(choose(), message) if not values else _marked_up(choose(), message) % values


@lru_cache(maxsize=10_000)
def _marked_up(language: str, message: str) -> Markup:
    return Markup(translations(language).ugettext(message))  # noqa: S704 - our own texts, none of anybody's


@lru_cache(maxsize=10_000)
def _filled(language: str, message: str) -> Markup:
    return _marked_up(language, message) % {}


def catalogue() -> NullTranslations:
    """The translations of this request's reader."""
    if "catalogue" not in g:
        g.catalogue = translations(choose())
    found: NullTranslations = g.catalogue
    return found


def choose() -> str:
    """One's own choice, else the launch's locale, else the browser's, else English."""
    chosen: str | None = g.get("language")
    if chosen is None:
        person = g.seat.member.person if "seat" in g else None
        wishes = [person.language, person.locale] if person else []
        chosen = g.language = next((known for wish in wishes if (known := _known(wish))), None) or _browsers()
    return chosen


def of(*wishes: str | None) -> str:
    """The first of these wishes we speak, else English: for what is written to somebody who is not here."""
    return next((known for wish in wishes if (known := _known(wish))), "en")


def speak(language: str) -> None:
    """Write in this language for the rest of the application context: for what no request asks for."""
    g.language = language


def _known(wish: str | None) -> str | None:
    short = (wish or "").replace("_", "-").split("-")[0].lower()
    return short if short in LANGUAGES else None


def _browsers() -> str:
    return request.accept_languages.best_match(LANGUAGES) or "en"


def when(moment: datetime) -> Markup:
    """``<time>`` with the distance in words ("3 hours ago"), and the full date in the cohort's zone as title."""
    zone, language, now = _here()
    seconds = int((moment - now).total_seconds())
    return _time(moment, 0 if -60 < seconds < 60 else _coarse(seconds), zone, language)


def by_day(moment: datetime) -> Markup:
    """``<time>`` with the day and the time of day in the cohort's zone ("Friday 18:00"), and the date where it is not
    within the week."""
    zone, language, now = _here()
    pattern = "EEEE HH:mm" if timedelta(0) <= moment - now < timedelta(days=6) else "EEEE d MMMM HH:mm"
    words = format_datetime(moment, pattern, tzinfo=ZoneInfo(zone), locale=language)
    full = format_datetime(moment, "full", tzinfo=ZoneInfo(zone), locale=language)
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup(f'<time datetime="{stamp}" title="{escape(full)}" data-day>{escape(words)}</time>')  # noqa: S704


def days_from_to(starts: datetime, ends: datetime) -> str:
    """The days from ``starts`` up to, not including, the moment ``ends``, in the cohort's zone: "9–15 Nov"."""
    zone, language, _now = _here()
    first, last = (
        moment.astimezone(ZoneInfo(zone)).date() for moment in (starts, max(starts, ends - timedelta.resolution))
    )
    until = format_date(last, "d MMM", locale=language)
    if first == last:
        return until
    pattern = "d" if (first.year, first.month) == (last.year, last.month) else "d MMM"
    dash = "–" if pattern == "d" else " – "
    return f"{format_date(first, pattern, locale=language)}{dash}{until}"


def _here() -> tuple[str, str, datetime]:
    # asked forty times a page
    if "time_here" not in g:
        g.time_here = (g.seat.cohort.time_zone if "seat" in g else "UTC", choose(), clock.now())
    here: tuple[str, str, datetime] = g.time_here
    return here


@lru_cache(maxsize=20_000)
def _time(moment: datetime, seconds: int, zone: str, language: str) -> Markup:
    words = _distance(seconds, language) if seconds else translations(language).ugettext("just now")
    full = format_datetime(moment, "full", tzinfo=ZoneInfo(zone), locale=language)
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup(f'<time datetime="{stamp}" title="{escape(full)}">{escape(words)}</time>')  # noqa: S704


def _coarse(seconds: int) -> int:
    # whole minutes, hours or days: few distinct values, so that the words are made once
    for unit in (86400, 3600, 60):
        if abs(seconds) >= unit:
            return int(seconds / unit) * unit
    return seconds


@lru_cache(maxsize=4096)
def _distance(seconds: int, language: str) -> str:
    return format_timedelta(seconds, add_direction=True, threshold=1.2, locale=language)
