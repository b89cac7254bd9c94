"""Input about idea rounds."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    Form,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from sociallearn.ideas.commenting import RemarkKind
from sociallearn.ideas.staging import Wanted
from sociallearn.posts.forms import LONGEST_TITLE, PostForm, tidy, tidy_line

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


class MoveForm(Form):
    """Why an idea moves."""

    reason = TextAreaField(
        _("Reason"),
        filters=[tidy],
        validators=[
            DataRequired(_("Say why, so that the author and the cohort know.")),
            Length(max=1000, message=_("At most 1,000 characters.")),
        ],
    )


class MergeForm(MoveForm):
    """Which idea it becomes part of, and why."""

    into = SelectField(_("Merge into…"), validate_choice=False, validators=[DataRequired(_("Choose an idea."))])


class CommentForm(PostForm):
    """A comment on an idea."""

    remark = RadioField(
        _("What is it?"),
        choices=[
            SelectChoice(RemarkKind.QUESTION.value, _("Ask a question")),
            SelectChoice(RemarkKind.BUILD.value, _("Build on it")),
            SelectChoice(RemarkKind.CONCERN.value, _("Raise a concern, with a suggestion")),
        ],
        default=RemarkKind.QUESTION.value,
        validators=[InputRequired(_("Choose what it is."))],
    )
    suggestion = TextAreaField(
        _("What would take your concern away?"),
        filters=[tidy],
        validators=[Length(max=5000, message=_("At most 5,000 characters."))],
    )

    def validate_suggestion(self, field: TextAreaField) -> None:
        """A concern needs one. Raises ValidationError."""
        if self.remark.data == RemarkKind.CONCERN and not field.data:
            raise ValidationError(gettext("Say what would take your concern away."))


class DayField(DateField):
    """A date, with errors in our own words."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """What was typed. Raises ValueError."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("Write a date, such as 2027-01-31.")) from error


class OutcomeForm(Form):
    """What becomes of an idea."""

    owner = SelectField(_("Who takes it on"), validate_choice=False)
    due = DayField(_("Until when"), validators=[Optional(), _check_year])
    benefit = StringField(
        _("What it brings"),
        filters=[tidy_line],
        validators=[Length(max=300, message=_("At most 300 characters."))],
    )
    evidence = TextAreaField(
        _("How one sees that it is there"),
        filters=[tidy],
        validators=[Length(max=2000, message=_("At most 2,000 characters."))],
    )
    is_there = BooleanField(_("It is there"))

    def validate_is_there(self, field: BooleanField) -> None:
        """What is there can be shown. Raises ValidationError."""
        if field.data and not self.evidence.data:
            raise ValidationError(gettext("Show that it is there: a link, or where the file stands."))


def stages_in(form: MultiDict[str, str]) -> list[Wanted]:
    """The stages a trainer typed, in the order of the places they gave them; lines for new ones have no key."""
    lines = zip(form.getlist("stage"), form.getlist("name"), form.getlist("place"), strict=False)
    sorted_lines = sorted(lines, key=lambda line: int(line[2]) if line[2].isdecimal() and len(line[2]) < 4 else 999)
    return [Wanted(key or None, tidy_line(name) or "") for key, name, _place in sorted_lines]
