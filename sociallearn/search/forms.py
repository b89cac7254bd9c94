"""What one looks for, and how it is narrowed down."""

from datetime import date

from flask_babel import lazy_gettext as _
from wtforms import DateField, Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Optional

from sociallearn.posts.forms import tidy_line

KINDS = {
    "": _("Everything"),
    "post": _("Posts"),
    "question": _("Questions"),
    "answer": _("Answers"),
    "idea": _("Ideas"),
    "reply": _("Replies and comments"),
    "files": _("With files"),
}
ANSWERED = {"": _("All"), "yes": _("Answered"), "no": _("Not answered yet")}


class SearchForm(Form):
    """The field, and the filters below it. What makes no sense is left out, never refused."""

    q = StringField(_("Search"), filters=[tidy_line], default="")
    kind = SelectField(_("What"), choices=[SelectChoice(*each) for each in KINDS.items()], default="")
    person = StringField(_("Written by"), filters=[tidy_line], default="")
    topic = StringField(_("Topic"), filters=[tidy_line], default="")
    since = DateField(_("From"), validators=[Optional()])
    until = DateField(_("Until"), validators=[Optional()])
    answered = SelectField(_("Questions"), choices=[SelectChoice(*each) for each in ANSWERED.items()], default="")

    def settle(self) -> None:
        """Forget what makes no sense: a choice there is not, a day that is none."""
        self.validate()
        for name in ("kind", "answered"):
            if self[name].errors:
                self[name].data = ""
        for name in ("since", "until"):
            if self[name].errors:
                self[name].data = None
                self[name].raw_data = []

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last day."""
        return self.since.data, self.until.data

    def query(self) -> dict[str, str]:
        """What was asked as parameters of an address, without what says nothing."""
        values = {field.name: field.data for field in self if field.data}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
