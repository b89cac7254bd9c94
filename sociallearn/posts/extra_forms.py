"""What may come with a post of the feed: a poll, praise. Each is filled in only once somebody asked for it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Form, StringField
from wtforms.fields.core import Field
from wtforms.validators import ValidationError

from sociallearn.parameters import whole
from sociallearn.posts import polling, praising
from sociallearn.posts.forms import PostForm, tidy_line
from sociallearn.posts.polling import Wanted

PARTS = ("poll", "praise")
FIRST_LINES = 3  # blank lines of a new poll; each time one asks for more there is one more


class LinesField(Field):
    """Several lines under one name; empty ones do not count."""

    data: list[str]

    def process_data(self, value: Any) -> None:
        """As they are now."""
        self.data = list(value or [])

    def process_formdata(self, valuelist: list[Any]) -> None:
        """What was typed, tidied."""
        self.data = [line for text in valuelist if (line := tidy_line(text))]


class IdsField(Field):
    """Several choices from a list under one name; what is no number counts as somebody who is not there."""

    data: list[int]

    def process_data(self, value: Any) -> None:
        """As they are now."""
        self.data = list(value or [])

    def process_formdata(self, valuelist: list[Any]) -> None:
        """What was chosen, without the blanks."""
        self.data = [whole(text) or 0 for text in valuelist if text]


class OptionsForm(Form):
    """The options of a poll."""

    poll_option = LinesField(_("Options"))

    lines = 0  # to show at least, filled or blank

    @property
    def shown_lines(self) -> list[str]:
        """What stands in the lines of the form: what was typed, then blank ones, never more than may be filled."""
        typed: list[str] = self.poll_option.data
        return typed + [""] * max(0, min(self.lines, polling.MOST) - len(typed))

    def add_line(self) -> None:
        """Show one blank line more than are filled."""
        self.lines = max(FIRST_LINES, len(self.poll_option.data) + 1, self.lines + 1)

    def validate_poll_option(self, field: Any) -> None:
        """Between two and ten, none of them twice."""
        problem = polling.problem_of_options(field.data)
        if problem:
            raise ValidationError(problem)


class FeedForm(PostForm, OptionsForm):
    """A post of the feed, and what comes with it."""

    part = LinesField("")
    several = BooleanField(_("Several options can be chosen"))
    hidden = BooleanField(_("Show the results only to those who voted, until it closes"))
    closes_at = StringField(_("Closes"), filters=[tidy_line])
    praised = IdsField(_("Who deserves it?"))

    time_zone = "UTC"
    candidates: dict[int, str] = {}  # noqa: RUF012 - replaced, never changed
    closing: datetime | None = None  # when the poll closes, once it is valid

    def __init__(self, formdata: Any = None, **values: Any) -> None:
        super().__init__(formdata, **values)
        self.lines = max(FIRST_LINES, len(formdata.getlist("poll_option")) if formdata else 0)

    def wants(self, part: str) -> bool:
        """Whether this comes with it."""
        return part in self.part.data

    def change(self, wish: str) -> None:
        """Let a part come along (``poll``), no longer (``no-poll``), or show one more line (``option``)."""
        if wish == "option":
            self.add_line()
        elif wish in PARTS and not self.wants(wish):
            self.part.data.append(wish)
        elif wish.startswith("no-"):
            self.part.data = [part for part in self.part.data if part != wish.removeprefix("no-")]

    @property
    def poll(self) -> Wanted:
        """The poll, once it is valid."""
        return Wanted(self.poll_option.data, self.several.data, self.hidden.data, self.closing)

    @property
    def people(self) -> list[int]:
        """Whom it praises, once that is valid."""
        chosen: list[int] = self.praised.data
        return chosen

    def validate_poll_option(self, field: Any) -> None:
        """As above, where a poll is wanted."""
        if self.wants("poll"):
            super().validate_poll_option(field)

    def validate_closes_at(self, field: Any) -> None:
        """A time on the cohort's clock that is still to come. What the clock skips is an hour later; of what it
        shows twice it is the first."""
        if not self.wants("poll") or not field.data:
            return
        try:
            local = datetime.strptime(field.data, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - the zone follows
        except ValueError as error:
            raise ValidationError(gettext("Write a date and a time, such as 2027-01-31T17:00.")) from error
        try:
            self.closing = local.replace(tzinfo=ZoneInfo(self.time_zone)).astimezone(ZoneInfo("UTC"))
        except OverflowError as error:
            raise ValidationError(gettext("Choose a moment that is still to come.")) from error
        problem = polling.problem_of_closing(self.closing)
        if problem:
            raise ValidationError(problem)

    def validate_praised(self, field: Any) -> None:
        """One to three people of the list."""
        problem = praising.problem_of(field.data, self.candidates) if self.wants("praise") else None
        if problem:
            raise ValidationError(problem)
