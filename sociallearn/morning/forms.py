"""Input of a friendly word."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import Form, TextAreaField, ValidationError
from wtforms.validators import Length

from sociallearn.posts.forms import tidy

LONGEST = 1000  # characters: a word, not a letter


class NudgeForm(Form):
    """The words, in each language somebody of those written to reads. ``wanted`` says which, before it validates."""

    words_en = TextAreaField(
        _("Your words"), filters=[tidy], validators=[Length(max=LONGEST, message=_("At most 1,000 characters."))]
    )
    words_nl = TextAreaField(
        _("Your words"), filters=[tidy], validators=[Length(max=LONGEST, message=_("At most 1,000 characters."))]
    )
    wanted: tuple[str, ...] = ()

    def validate_words_en(self, field: TextAreaField) -> None:
        """Raises ValidationError without any."""
        self._check("en", field)

    def validate_words_nl(self, field: TextAreaField) -> None:
        """Raises ValidationError without any."""
        self._check("nl", field)

    def _check(self, language: str, field: TextAreaField) -> None:
        if language in self.wanted and not field.data:
            raise ValidationError(gettext("Write a few words first."))

    @property
    def words(self) -> dict[str, str]:
        """By language."""
        return {"en": self.words_en.data or "", "nl": self.words_nl.data or ""}
