"""Input of a trainer who grades."""

from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import DecimalField, Form, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from sociallearn.posts.forms import tidy
from sociallearn.roster.naming import clean_name

LEAST, MOST = 1, 10_000  # points
_SHORT = Length(max=1000, message=_("At most 1,000 characters."))


class PointsField(DecimalField):
    """A number of points, with a comma or a full stop."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Raises ValueError for what is no number."""
        text = str(valuelist[0]).strip().replace(",", ".") if valuelist else ""
        self.data = None
        if not text:
            return
        try:
            self.data = Decimal(text)
        except InvalidOperation as error:
            raise ValueError(gettext("Write a number, such as 10 or 7.5.")) from error


def _in_range(_form: Form, field: PointsField) -> None:
    if field.data is not None and not (field.data.is_finite() and LEAST <= field.data <= MOST):
        raise ValidationError(gettext("Between 1 and 10,000 points."))


class ColumnForm(Form):
    """A column in the LMS's gradebook."""

    label = StringField(
        _("Name"),
        filters=[clean_name],
        validators=[
            Length(min=1, message=_("Give the column a name.")),
            Length(max=100, message=_("At most 100 characters.")),
        ],
    )
    points = PointsField(
        _("Points for full marks"),
        places=None,
        validators=[InputRequired(_("Say how many points full marks are.")), _in_range],
    )


class ReviewForm(Form):
    """What a trainer is asked to look at again."""

    words = TextAreaField(
        _("What should your trainer look at?"),
        filters=[tidy],
        validators=[DataRequired(_("Say in a sentence what you think is not right.")), _SHORT],
    )


class AnswerForm(Form):
    """The trainer's answer."""

    note = TextAreaField(
        _("Your answer"), filters=[tidy], validators=[DataRequired(_("Say what you found, so that they know.")), _SHORT]
    )


class AdjustmentForm(Form):
    """A trainer's own word on one period. ``targets`` by period key must be given first."""

    period = SelectField(_("Which period"), validate_choice=False)
    kind = RadioField(
        _("What to change"),
        choices=[
            SelectChoice("bonus", _("Give points on top")),
            SelectChoice("override", _("Set what this period is worth")),
            SelectChoice("excuse", _("Excuse: this period does not count")),
        ],
        validators=[InputRequired(_("Choose what to change."))],
    )
    points = PointsField(_("Points"), places=None)
    reason = TextAreaField(
        _("Why?"),
        filters=[tidy],
        validators=[DataRequired(_("Say why: the learner reads it.")), _SHORT],
    )
    targets: dict[str, float]

    def validate_period(self, field: SelectField) -> None:
        """One of the learner's own. Raises ValidationError."""
        if field.data not in self.targets:
            raise ValidationError(gettext("Choose a week or phase."))

    def validate_points(self, field: PointsField) -> None:
        """Whole quarters up to full marks, unless it is an excuse. Raises ValidationError."""
        if self.kind.data == "excuse":
            return
        if field.data is None:
            raise ValidationError(gettext("Write a number, such as 2 or 7.5."))
        most = self.targets.get(str(self.period.data), 0.0)
        least = 0 if self.kind.data == "override" else Decimal("0.25")
        if not field.data.is_finite() or not least <= field.data <= Decimal(str(most)) or field.data % Decimal("0.25"):
            raise ValidationError(gettext("Whole quarters, and at most the points for full marks."))
