"""Input about idea rounds."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import DateTimeLocalField, Form, StringField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from sociallearn.posts.forms import LONGEST_TITLE, tidy_line

YEARS = range(2000, 2101)  # a date outside these is a typing error
FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]  # as browsers write it


class MomentField(DateTimeLocalField):
    """A date and a time of day in the cohort's zone, or nothing."""

    def __init__(self, label: Any, **more: Any) -> None:
        super().__init__(label, format=FORMATS, validators=[Optional(), _check_year], **more)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """What was typed. Raises ValueError in our own words."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("Write a date and a time, such as 2027-01-31T09:00.")) from error

    def moment(self, zone: str) -> datetime | None:
        """The moment meant, read as a time in ``zone``."""
        return self.data.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if self.data else None


def _check_year(_form: object, field: Any) -> None:
    if field.data is not None and field.data.year not in YEARS:
        raise ValidationError(gettext("Choose a date in this century."))


class RoundForm(Form):
    """A new idea round."""

    question = StringField(
        _("Your question"),
        filters=[tidy_line],
        validators=[
            DataRequired(_("Ask a question first.")),
            Length(max=LONGEST_TITLE, message=_("At most 150 characters.")),
        ],
    )
    closes = MomentField(_("Closes"))
