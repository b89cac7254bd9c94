"""Input of a trainer who moderates."""

from flask_babel import lazy_gettext as _
from wtforms import Form, TextAreaField
from wtforms.validators import DataRequired, Length

from sociallearn.posts.forms import tidy


class ReasonForm(Form):
    """Why."""

    reason = TextAreaField(
        _("Reason"),
        filters=[tidy],
        validators=[
            DataRequired(_("Say why, so that the author and the cohort know.")),
            Length(max=1000, message=_("At most 1,000 characters.")),
        ],
    )
