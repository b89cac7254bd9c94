"""Input of a trainer who grades."""

from flask_babel import lazy_gettext as _
from wtforms import DecimalField, Form, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from sociallearn.roster.naming import clean_name


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
    points = DecimalField(
        _("Points for full marks"),
        places=None,
        validators=[
            InputRequired(_("Say how many points full marks are.")),
            NumberRange(min=1, max=10000, message=_("Between 1 and 10,000 points.")),
        ],
    )
