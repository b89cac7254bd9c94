"""Input about what one can be asked about."""

from flask_babel import lazy_gettext as _
from wtforms import Form, StringField
from wtforms.validators import Length

from sociallearn.posts.forms import tidy_line

LONGEST_WORDS = 300


class OfferForm(Form):
    """Own words; the topics are ticked beside it."""

    words = StringField(
        _("In your own words"),
        filters=[tidy_line],
        validators=[Length(max=LONGEST_WORDS, message=_("At most 300 characters."))],
    )
