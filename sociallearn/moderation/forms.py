"""Input of people who report a text, and of those who moderate."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import Form, HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from sociallearn.moderation.models import Reason
from sociallearn.posts.forms import PostForm, TitledForm, tidy

LONGEST = 1000
_SHORT = Length(max=LONGEST, message=_("At most 1,000 characters."))


class ReasonForm(Form):
    """Why."""

    reason = TextAreaField(
        _("Reason"),
        filters=[tidy],
        validators=[DataRequired(_("Say why, so that the author and the cohort know.")), _SHORT],
    )


class ReportForm(Form):
    """What is wrong with a text."""

    kind = RadioField(
        _("What is it?"),
        choices=[
            SelectChoice(Reason.UNKIND.value, _("Unkind or hurtful")),
            SelectChoice(Reason.PERSONAL.value, _("Personal data")),
            SelectChoice(Reason.SPAM.value, _("Off topic or spam")),
            SelectChoice(Reason.OTHER.value, _("Something else")),
        ],
        validators=[InputRequired(_("Choose what it is."))],
    )
    words = TextAreaField(_("In your own words"), filters=[tidy], validators=[_SHORT])

    def validate_words(self, field: TextAreaField) -> None:
        """Something else needs words. Raises ValidationError."""
        if self.kind.data == Reason.OTHER and not field.data:
            raise ValidationError(gettext("Say in a few words what it is."))


class NoteForm(Form):
    """Why everything stays as it is."""

    note = TextAreaField(
        _("Note"),
        filters=[tidy],
        validators=[DataRequired(_("Say why, so that whoever asked knows.")), _SHORT],
    )
    seen = HiddenField(default="0")


class AppealForm(Form):
    """Why a decision should be looked at again."""

    words = TextAreaField(
        _("Why"),
        filters=[tidy],
        validators=[DataRequired(_("Say in a sentence why it should be looked at again.")), _SHORT],
    )


class AnswerForm(Form):
    """What becomes of it, and why."""

    note = TextAreaField(
        _("Answer"),
        filters=[tidy],
        validators=[DataRequired(_("Say why, so that the author and the cohort know.")), _SHORT],
    )


def _words_to_ask() -> TextAreaField:
    return TextAreaField(
        _("Why it can be shown"),
        filters=[tidy],
        validators=[DataRequired(_("Say in a sentence what you changed, or why it should be shown.")), _SHORT],
    )


class AgainForm(PostForm):
    """One's own hidden text, and a sentence to whoever decides."""

    words = _words_to_ask()


class TitledAgainForm(TitledForm):
    """The same for a text with a title."""

    words = _words_to_ask()
