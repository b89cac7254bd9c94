"""Input of administrators."""

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Form, IntegerField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from sociallearn.posts.forms import tidy, tidy_line
from sociallearn.roster.granting import Right

LONGEST_NAME = 120
MOST_DAYS = 60


class NameForm(Form):
    """What people call an LMS; empty: its host."""

    name = StringField(
        _("Name"),
        filters=[tidy_line],
        validators=[Length(max=LONGEST_NAME, message=_("At most 120 characters."))],
    )


class InviteForm(Form):
    """For which LMS, and for how long."""

    label = StringField(
        _("For which LMS"),
        filters=[tidy_line],
        validators=[
            DataRequired(_("Say for which LMS, so that you recognise the link later.")),
            Length(max=LONGEST_NAME, message=_("At most 120 characters.")),
        ],
    )
    days = IntegerField(
        _("Valid for how many days"),
        default=7,
        validators=[
            InputRequired(_("Give a number of days from 1 to 60.")),
            NumberRange(1, MOST_DAYS, _("Give a number of days from 1 to 60.")),
        ],
    )


class RightForm(Form):
    """Which right, how far it reaches, and why."""

    right = RadioField(
        _("Right"),
        choices=[
            SelectChoice(Right.MANAGER.value, _("L&D manager")),
            SelectChoice(Right.ADMINISTRATOR.value, _("Administrator")),
        ],
        validators=[InputRequired(_("Choose a right."))],
    )
    is_whole = BooleanField(_("For the whole organisation"))
    reason = TextAreaField(
        _("Why?"),
        filters=[tidy],
        validators=[
            DataRequired(_("Say why: it stands in the log.")),
            Length(max=1000, message=_("At most 1,000 characters.")),
        ],
    )
