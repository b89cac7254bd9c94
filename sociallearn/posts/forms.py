"""What people type. Tidied the same way everywhere, and never shortened in silence."""

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import Field, Form, HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from sociallearn.attachments.attaching import Chosen
from sociallearn.attachments.reading import ShownFile

LONGEST_TITLE = 150
LONGEST_BODY = 20_000


def tidy(text: str | None) -> str:
    """One kind of line end; no NUL and no lone surrogates, which no database takes; no blank ends."""
    clean = (text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return clean.encode("utf-8", "ignore").decode().strip()


def tidy_line(text: str | None) -> str:
    """The same as one line."""
    return " ".join(tidy(text).split())


class FilesField(Field):
    """The files that go with a text, filled in by ``form_files``: a browser only sends their numbers."""

    data: list[ShownFile]

    def process(self, *_sent: Any, **_more: Any) -> None:
        """Nothing yet."""
        self.data, self.errors, self.process_errors, self.object_data = [], [], [], None


class PostForm(Form):
    """A text."""

    body = TextAreaField(
        _("Your text"),
        filters=[tidy],
        validators=[
            DataRequired(_("Write something first.")),
            Length(max=LONGEST_BODY, message=_("At most 20,000 characters. Make it shorter or split it in two.")),
        ],
    )
    files = FilesField(_("Images and files"))
    version = HiddenField(default="")
    space = HiddenField(default="")  # where in the cohort, as ``roster.spaces`` calls it

    # when a kept draft stands in it: when that was kept (ms since 1970), and how the text reads without it
    draft_at: int | None = None
    original_body: str | None = None
    original_title = ""

    @property
    def text(self) -> str:
        """What was typed, tidied."""
        return self.body.data or ""

    @property
    def chosen(self) -> list[Chosen]:
        """The files that go with it."""
        return [Chosen(one.id, one.alt) for one in self.files.data]


class TitledForm(PostForm):
    """A text with a title."""

    title = StringField(
        _("Title"),
        filters=[tidy_line],
        validators=[
            DataRequired(_("Give it a title.")),
            Length(max=LONGEST_TITLE, message=_("At most 150 characters.")),
        ],
    )

    @property
    def heading(self) -> str:
        """The title typed, tidied."""
        return self.title.data or ""
