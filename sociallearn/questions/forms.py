"""Input of people who say how a question stands, and about what one can be asked."""

import re

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Form, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from sociallearn.parameters import whole
from sociallearn.posts.forms import LONGEST_TITLE, tidy, tidy_line

LONGEST_WORDS = 300
LONGEST_LINE = 140
_NUMBER = re.compile(r"(?:.*/questions/)?(\d+)(?:[?#].*)?", re.DOTALL)


class WordsForm(Form):
    """A few words: how it was solved, or why it is open again."""

    words = TextAreaField(
        _("In a few words"),
        filters=[tidy],
        validators=[
            DataRequired(_("Say it in a few words, so that others understand.")),
            Length(max=300, message=_("At most 300 characters.")),
        ],
    )


class TitleForm(Form):
    """What a post is called as a question."""

    title = StringField(
        _("Your question in one sentence"),
        filters=[tidy_line],
        validators=[
            DataRequired(_("Give it a title.")),
            Length(max=LONGEST_TITLE, message=_("At most 150 characters.")),
        ],
    )


class TargetForm(Form):
    """Where a duplicate leads: one of those offered, or else a link."""

    choice = StringField(filters=[tidy_line])
    target = StringField(_("Or its link"), filters=[tidy_line], validators=[Length(max=500)])

    @property
    def question_id(self) -> int | None:
        """The number of the question that was meant, if it was understood."""
        found = _NUMBER.fullmatch(self.target.data or self.choice.data or "")
        return whole(found[1]) if found else None


class OfferForm(Form):
    """Own words; the topics are ticked beside it."""

    words = StringField(
        _("In your own words"),
        filters=[tidy_line],
        validators=[Length(max=LONGEST_WORDS, message=_("At most 300 characters."))],
    )
    is_listed = BooleanField(_("Others may find me by these topics"))
    line = StringField(
        _("What I like to be asked"),
        filters=[tidy_line],
        validators=[Length(max=LONGEST_LINE, message=_("At most 140 characters."))],
    )
