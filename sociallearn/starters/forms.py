"""Input of who opens a starter question."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Form, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, Length, ValidationError

from sociallearn import clock
from sociallearn.ideas.forms import MomentField
from sociallearn.posts.forms import LONGEST_BODY, LONGEST_TITLE, tidy, tidy_line
from sociallearn.posts.starters import DISCUSSION, QUESTION, ROUND
from sociallearn.roster.models import Cohort
from sociallearn.starters.opening import ROOM_OF, Wanted
from sociallearn.starters.themes import Theme

PARTS = (DISCUSSION, QUESTION, ROUND)
_LONG = Length(max=LONGEST_BODY, message=_("At most 20,000 characters. Make it shorter or split it in two."))
_SHORT = Length(max=LONGEST_TITLE, message=_("At most 150 characters."))


class StarterForm(Form):
    """What to open, with its texts; texts of what is not ticked stay as they are, and are not looked at."""

    parts = SelectMultipleField(
        _("What to open"),
        choices=[SelectChoice(part, "") for part in PARTS],
        validators=[DataRequired(_("Tick at least one thing to open."))],
    )
    body = TextAreaField(_("Your text"), filters=[tidy], validators=[_LONG])
    title = StringField(_("Your question"), filters=[tidy_line], validators=[_SHORT])
    details = TextAreaField(_("Details"), filters=[tidy], validators=[_LONG])
    idea = StringField(_("Your question"), filters=[tidy_line], validators=[_SHORT])
    due = MomentField(_("Until"))
    answer_first = BooleanField(_("Answer before you see the others"))

    def __init__(self, cohort: Cohort, formdata: Any = None, theme: Theme | None = None) -> None:
        self._cohort = cohort
        data: dict[str, Any] = {"parts": [DISCUSSION]}
        if theme is not None:
            data |= {"body": theme.discussion, "title": theme.title, "details": theme.details, "idea": theme.idea}
        super().__init__(formdata, data=data)

    def opens(self, part: str) -> bool:
        """Whether it is ticked."""
        return part in (self.parts.data or [])

    def is_closed(self, part: str) -> bool:
        """Whether its room is closed in this cohort."""
        return ROOM_OF.get(part) in self._cohort.rooms_off

    def validate_parts(self, field: Any) -> None:
        """Only what has an open room."""
        if any(self.is_closed(part) for part in field.data or []):
            raise ValidationError(gettext("This room is closed in this cohort."))

    def validate_body(self, field: Any) -> None:
        """A text to discuss."""
        self._needs(DISCUSSION, field, gettext("Write something first."))

    def validate_title(self, field: Any) -> None:
        """A title, if it is asked."""
        self._needs(QUESTION, field, gettext("Ask a question first."))

    def validate_details(self, field: Any) -> None:
        """Words to the title."""
        self._needs(QUESTION, field, gettext("Write something first."))

    def validate_idea(self, field: Any) -> None:
        """What ideas are looked for."""
        self._needs(ROUND, field, gettext("Ask a question first."))

    def validate_due(self, field: MomentField) -> None:
        """Not over yet."""
        due_at = field.moment(self._cohort.time_zone)
        if due_at is not None and due_at <= clock.now():
            raise ValidationError(gettext("Choose a moment that is still to come."))

    def _needs(self, part: str, field: Any, sentence: str) -> None:
        if self.opens(part) and not field.data:
            raise ValidationError(sentence)

    def wanted(self) -> Wanted:
        """What was chosen, once it is valid."""
        has = {part: self.opens(part) for part in PARTS}
        return Wanted(
            discussion=(self.body.data or "") if has[DISCUSSION] else "",
            title=(self.title.data or "") if has[QUESTION] else "",
            details=(self.details.data or "") if has[QUESTION] else "",
            idea=(self.idea.data or "") if has[ROUND] else "",
            due_at=self.due.moment(self._cohort.time_zone),
            answer_first=bool(self.answer_first.data),
        )
