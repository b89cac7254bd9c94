"""Input about how a cohort is set up."""

from collections.abc import Sequence
from datetime import time
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField, Form, SelectField, SelectMultipleField, StringField, TimeField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from sociallearn.posts.forms import tidy_line
from sociallearn.roster.forms import LANGUAGES, ZONES
from sociallearn.roster.models import Cohort
from sociallearn.roster.setting_up import LONGEST_HOLIDAY, ROOMS, Settings

YEARS = range(2000, 2101)  # a date outside these is a typing error
LONGEST_NAME = 60
LONGEST_LINE = 200
_HOUR = 60


class DayField(DateField):
    """A date, with errors in our own words."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """What was typed. Raises ValueError."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("Write a date, such as 2027-01-31.")) from error


class HourField(TimeField):
    """A time of day, with errors in our own words."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """What was typed. Raises ValueError."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("Write a time of day, such as 09:00.")) from error


def check_year(_form: object, field: Any) -> None:
    """Raises ValidationError for a date that must be a typing error."""
    if field.data is not None and field.data.year not in YEARS:
        raise ValidationError(gettext("Choose a date in this century."))


class SettingsForm(Form):
    """Language, clock, hours, last day and rooms of a cohort."""

    language = SelectField(
        _("Language of this cohort"), choices=[SelectChoice(*one) for one in [("", ""), *LANGUAGES.items()]]
    )
    time_zone = SelectField(_("Time zone"), choices=[SelectChoice(zone, zone.replace("_", " ")) for zone in ZONES])
    work_days = SelectMultipleField(
        _("Work days"),
        coerce=int,
        choices=[SelectChoice(day, "") for day in range(7)],
        validators=[DataRequired(_("Choose at least one work day."))],
    )
    work_starts = HourField(_("From"), validators=[DataRequired(_("Write a time of day, such as 09:00."))])
    work_ends = HourField(_("Until"), validators=[DataRequired(_("Write a time of day, such as 17:00."))])
    goal_in_work_hours = BooleanField(_("Count work hours only"))
    last_day = DayField(_("Last day that counts"), validators=[Optional(), check_year])
    rooms = SelectMultipleField(_("Rooms"), choices=[SelectChoice(room, "") for room in ROOMS])

    def validate_work_ends(self, field: Any) -> None:
        """Work ends after it began."""
        if field.data and self.work_starts.data and field.data <= self.work_starts.data:
            raise ValidationError(gettext("Work ends later than it begins."))

    @classmethod
    def of(cls, cohort: Cohort) -> "SettingsForm":
        """As the cohort is now."""
        return cls(
            data={
                "language": cohort.language or "",
                "time_zone": cohort.time_zone,
                "work_days": cohort.work_days,
                "work_starts": _time(cohort.work_starts),
                "work_ends": _time(cohort.work_ends),
                "goal_in_work_hours": cohort.goal_in_work_hours,
                "last_day": cohort.ends_on,
                "rooms": [room for room in ROOMS if room not in cohort.rooms_off],
            }
        )

    @property
    def settings(self) -> Settings:
        """What was chosen, once it is valid."""
        return Settings(
            language=self.language.data or None,
            time_zone=self.time_zone.data,
            work_days=list(self.work_days.data or []),
            work_starts=_minutes(self.work_starts.data),
            work_ends=_minutes(self.work_ends.data),
            goal_in_work_hours=bool(self.goal_in_work_hours.data),
            last_day=self.last_day.data,
            rooms_off=[room for room in ROOMS if room not in (self.rooms.data or [])],
        )


def _time(minutes: int) -> time:
    return time(minutes // _HOUR % 24, minutes % _HOUR)


def _minutes(moment: time | None) -> int:
    return moment.hour * _HOUR + moment.minute if moment else 0


class DaysForm(Form):
    """A name and days: the first one, and the last one."""

    name = StringField(
        _("Name"),
        filters=[tidy_line],
        validators=[DataRequired(_("Give it a name.")), Length(max=LONGEST_NAME, message=_("At most 60 characters."))],
    )
    first_day = DayField(_("First day"), validators=[DataRequired(_("Choose the first day.")), check_year])
    last_day = DayField(_("Last day"), validators=[DataRequired(_("Choose the last day.")), check_year])

    def validate_last_day(self, field: Any) -> None:
        """Not before the first one."""
        if field.data and self.first_day.data and field.data < self.first_day.data:
            raise ValidationError(gettext("The last day comes on or after the first one."))


class HolidayForm(DaysForm):
    """The same for days off; one day needs no last one."""

    last_day = DayField(_("Last day"), validators=[Optional(), check_year])

    def validate_last_day(self, field: Any) -> None:
        """Not before the first one, and not years later."""
        super().validate_last_day(field)
        if field.data and self.first_day.data and field.data - self.first_day.data > LONGEST_HOLIDAY:
            raise ValidationError(gettext("A holiday lasts a year at most."))


def _line(label: Any) -> StringField:
    too_long = Length(max=LONGEST_LINE, message=_("At most 200 characters."))
    return StringField(label, filters=[tidy_line], validators=[too_long])


class AgreementsForm(Form):
    """Up to three lines of the trainer's own."""

    line1 = _line(_("First line"))
    line2 = _line(_("Second line"))
    line3 = _line(_("Third line"))

    @classmethod
    def of(cls, lines: Sequence[str]) -> "AgreementsForm":
        """As they are now."""
        return cls(data={f"line{number}": line for number, line in enumerate(lines, start=1)})

    @property
    def lines(self) -> list[str]:
        """What was typed, without the empty ones."""
        return [field.data for field in (self.line1, self.line2, self.line3) if field.data]
