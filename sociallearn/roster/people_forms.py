"""Input about people and groups."""

from flask_babel import lazy_gettext as _
from wtforms import Form, StringField
from wtforms.validators import DataRequired, Length

from sociallearn.roster.naming import LONGEST_NAME, clean_name


class GroupForm(Form):
    """What a group is called."""

    name = StringField(
        _("Name"),
        filters=[clean_name],
        validators=[DataRequired(_("Give the group a name.")), Length(max=LONGEST_NAME)],
    )


class PersonForm(Form):
    """What trainers set for somebody."""

    unit = StringField(_("Unit"), filters=[clean_name], validators=[Length(max=LONGEST_NAME)])
