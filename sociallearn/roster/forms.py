"""Input about the cohort."""

from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _
from wtforms import Form, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

LANGUAGES = {"en": "English", "nl": "Nederlands"}
ZONES = sorted(
    zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/"))
)


class CohortForm(Form):
    """How a cohort is set up."""

    time_zone = SelectField(_("Time zone"), choices=[SelectChoice(zone, zone.replace("_", " ")) for zone in ZONES])
