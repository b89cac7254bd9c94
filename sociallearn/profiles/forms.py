"""Input of people who say something of themselves."""

from flask_babel import lazy_gettext as _
from wtforms import Form, StringField
from wtforms.validators import Length

from sociallearn.posts.forms import tidy_line

LONGEST = 140


class AboutForm(Form):
    """One line. Empty takes it away."""

    about = StringField(
        _("A line about me"),
        filters=[tidy_line],
        validators=[Length(max=LONGEST, message=_("At most 140 characters."))],
    )
