"""Input about people and groups."""

from flask_babel import lazy_gettext as _
from wtforms import Form, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length

from sociallearn.roster import spaces
from sociallearn.roster.naming import LONGEST_NAME, clean_name


class GroupForm(Form):
    """What a group is called."""

    name = StringField(
        _("Name"),
        filters=[clean_name],
        validators=[DataRequired(_("Give the group a name.")), Length(max=LONGEST_NAME)],
    )


class SpaceForm(Form):
    """A part of the conversation: its tone, and how long informal talk stays."""

    tone = RadioField(
        _("What is said here"),
        choices=[
            SelectChoice("formal", _("Formal: counts, and is kept")),
            SelectChoice("informal", _("Informal: no points, in no report, and it goes by itself")),
        ],
        default="formal",
        validators=[InputRequired(_("Choose one."))],
    )
    keep_days = SelectField(
        _("Informal talk goes"),
        coerce=int,
        choices=[
            SelectChoice(days, _("%(days)s days after a conversation's last text", days=days))
            for days in spaces.KEEP_DAYS
        ],
        default=spaces.KEEP_DAYS[1],
    )

    @property
    def is_informal(self) -> bool:
        """Whether nothing counts there."""
        return bool(self.tone.data == "informal")


class NamedSpaceForm(SpaceForm):
    """A space for everybody."""

    name = StringField(
        _("Name"),
        filters=[clean_name],
        validators=[DataRequired(_("Give the space a name.")), Length(max=LONGEST_NAME)],
    )


class PersonForm(Form):
    """What trainers set for somebody."""

    unit = StringField(_("Unit"), filters=[clean_name], validators=[Length(max=LONGEST_NAME)])
