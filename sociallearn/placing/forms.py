"""Input of the dialog: one small form for each thing that can be placed, read only where it was ticked."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from sociallearn import clock
from sociallearn.ideas.forms import MomentField
from sociallearn.parameters import whole
from sociallearn.placing.choosing import KINDS, ROUND, SPACE, STARTER, Offer
from sociallearn.posts.forms import LONGEST_BODY, LONGEST_TITLE, tidy, tidy_line

USUAL_POINTS = 20
MOST_POINTS = 1000
_POINTS = re.compile(r"[0-9]{1,4}([.,][0-9]{1,2})?")
_SHOWN_IN_ORDER = ("existing", "body", "question", "title", "graded", "points", "opens", "closes")
_AT_MOST = _("At most 150 characters.")


@dataclass(frozen=True)
class Wanted:
    """One thing to place. ``points`` empty: not graded."""

    kind: str
    title: str
    points: float | None
    opens_at: datetime | None
    closes_at: datetime | None
    existing_id: int | None = None  # the conversation or the round that is there already
    text: str = ""  # what a new conversation or round begins with


class ItemForm(Form):
    """What everything that can be placed has."""

    title = StringField(_("Title"), filters=[tidy_line], validators=[Length(max=LONGEST_TITLE, message=_AT_MOST)])
    graded = BooleanField(_("Counts in the LMS’s gradebook"))
    points = StringField(_("Points"), filters=[tidy_line], default=str(USUAL_POINTS))
    opens = MomentField(_("Opens"))
    closes = MomentField(_("Closes"))

    def validate_points(self, field: StringField) -> None:
        """A number of points an LMS takes, where it is graded at all."""
        if self.graded.data and self.worth is None:
            raise ValidationError(gettext("Points are a number above 0, at most %(most)s.", most=MOST_POINTS))

    def validate_closes(self, field: MomentField) -> None:
        """Closing comes after opening."""
        if field.data and self.opens.data and field.data <= self.opens.data:
            raise ValidationError(gettext("It closes before it opens."))

    @property
    def worth(self) -> float | None:
        """The points typed, with a point or a comma."""
        text = self.points.data or ""
        value = float(text.replace(",", ".")) if _POINTS.fullmatch(text) else 0.0
        return value if 0 < value <= MOST_POINTS else None


class StarterForm(ItemForm):
    """One starter question: a conversation that is there, or a new one."""

    existing = StringField(_("Which one"))
    body = TextAreaField(
        _("Your question"),
        filters=[tidy],
        validators=[
            Length(max=LONGEST_BODY, message=_("At most 20,000 characters. Make it shorter or split it in two."))
        ],
    )

    def validate_body(self, field: TextAreaField) -> None:
        """Something to begin with."""
        if not self.existing.data and not field.data:
            raise ValidationError(gettext("Write your question, or choose one that is there."))


class RoundForm(ItemForm):
    """One idea round: one that is open, or a new one."""

    existing = StringField(_("Which one"))
    question = StringField(
        _("Your question"), filters=[tidy_line], validators=[Length(max=LONGEST_TITLE, message=_AT_MOST)]
    )

    def validate_question(self, field: StringField) -> None:
        """Something to find ideas on."""
        if not self.existing.data and not field.data:
            raise ValidationError(gettext("Ask a question, or choose a round that is open."))


_FORMS: dict[str, type[ItemForm]] = {STARTER: StarterForm, ROUND: RoundForm}


class PlacingForm:
    """The whole dialog. Without ``data`` it stands as it is first shown."""

    def __init__(self, offer: Offer, data: MultiDict[str, str] | None = None) -> None:
        self.errors: dict[str, list[str]] = {}
        self._offer = offer
        self.items = {kind: _item(kind, offer, data) for kind in offer.kinds}
        named = data.getlist("choice") if data is not None else [SPACE] if offer.is_first else []
        self.chosen = [kind for kind in KINDS if kind in named and kind in offer.kinds]
        self._has_strangers = not set(named) <= set(offer.kinds)

    def validate(self) -> bool:
        """Whether it can be placed as it stands; ``errors`` says what is missing, by the field's id."""
        self.errors = {}
        if self._has_strangers:
            self.errors["choice"] = [gettext("Choose something from the list.")]
        elif not self.chosen:
            self.errors["choice"] = [gettext("Choose at least one thing to place.")]
        elif len(self.chosen) > 1 and not self._offer.is_multiple:
            self.errors["choice"] = [gettext("Your LMS takes one thing at a time.")]
        for kind in self.chosen:
            item = self.items[kind]
            if not item.validate():
                found = {name: list(said) for name, said in item.errors.items() if name}
                self.errors |= {f"{kind}-{name}": found[name] for name in _SHOWN_IN_ORDER if name in found}
            self._check(kind, item)
        return not self.errors

    def _check(self, kind: str, item: ItemForm) -> None:
        if f"{kind}-closes" not in self.errors:
            closes_at = item.closes.moment(self._offer.zone)
            if closes_at is not None and closes_at <= clock.now():
                self.errors[f"{kind}-closes"] = [gettext("Choose a moment that is still to come.")]
        if isinstance(item, StarterForm | RoundForm) and item.existing.data and whole(item.existing.data) is None:
            self.errors[f"{kind}-existing"] = [gettext("Choose something from the list.")]

    def wanted(self) -> list[Wanted]:
        """What to place, after ``validate``."""
        return [self._read(kind, self.items[kind]) for kind in self.chosen]

    def _read(self, kind: str, item: ItemForm) -> Wanted:
        more: dict[str, Any] = {}
        if isinstance(item, StarterForm | RoundForm):
            typed = item.body.data if isinstance(item, StarterForm) else item.question.data
            more = {"existing_id": whole(item.existing.data or ""), "text": typed or ""}
        return Wanted(
            kind=kind,
            title=item.title.data or self._offer.titles.get(kind, ""),
            points=item.worth if item.graded.data and self._offer.takes_grades else None,
            opens_at=item.opens.moment(self._offer.zone),
            closes_at=item.closes.moment(self._offer.zone),
            **more,
        )


def _item(kind: str, offer: Offer, data: MultiDict[str, str] | None) -> ItemForm:
    # the first thing that is placed is what most courses grade
    usual = {"title": offer.titles.get(kind, ""), "graded": kind == SPACE and offer.is_first and offer.takes_grades}
    return _FORMS.get(kind, ItemForm)(data, prefix=f"{kind}-", data=usual)
