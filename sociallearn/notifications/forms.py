"""Input about what one wants to be told."""

from flask_babel import lazy_gettext as _
from wtforms import Form, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from sociallearn.notifications.models import About, Rhythm
from sociallearn.roster.forms import ZONES


class SettingsForm(Form):
    """How often a mail comes and when; what is told here, and what by mail."""

    rhythm = RadioField(
        _("How often"),
        choices=[
            SelectChoice(Rhythm.DAILY, _("Once a day, when there is something new")),
            SelectChoice(Rhythm.WEEKLY, _("Once a week, on Monday")),
            SelectChoice(Rhythm.OFF, _("Never")),
        ],
        validators=[InputRequired(_("Choose how often."))],
    )
    hour = SelectField(_("At"), coerce=int, choices=[SelectChoice(hour, f"{hour:02}:00") for hour in range(24)])
    time_zone = SelectField(
        _("Time zone"),
        choices=[
            SelectChoice("", _("As in my course")),
            *(SelectChoice(zone, zone.replace("_", " ")) for zone in ZONES),
        ],
    )
    here = SelectMultipleField(choices=[SelectChoice(about, "") for about in About])
    mail = SelectMultipleField(choices=[SelectChoice(about, "") for about in About])
