"""Input of a trainer who grades."""

from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import DecimalField, Form, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from sociallearn.roster.naming import clean_name

LEAST, MOST = 1, 10_000  # points


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
