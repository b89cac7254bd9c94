"""Rules in a trainer's own numbers, as a form: read from a scheme, and made into one."""

from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Form, IntegerField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from sociallearn.grades.forms import PointsField
from sociallearn.grades.schemes import LIGHT, MOST_MAKE_UP_DAYS, OWN, Kind, Rule, Scheme

_KINDS: tuple[Kind, ...] = ("post", "reply", "idea", "rating")
_PASSES_AT = 70  # offered for completion
_ABOVE = 5  # points offered to keep, or to count, above full marks


def _is_quarters(number: Decimal | None) -> bool:
    return number is not None and number.is_finite() and 0 < number <= 1000 and not number % Decimal("0.25")


def _quarters(_form: Form, field: PointsField) -> None:
    if not _is_quarters(field.data):
        raise ValidationError(gettext("Points are whole quarters above 0, such as 3 or 0.25, and at most 1,000."))


class Count(IntegerField):
    """A whole number between two others."""

    def __init__(self, label: str | None = None, least: int = 0, most: int = 100, **options: Any) -> None:
        self.least, self.most = least, most
        sentence = _("A whole number from %(least)s to %(most)s.", least=least, most=most)
        validators = [InputRequired(sentence), NumberRange(least, most, sentence)]
        super().__init__(label, validators, **options)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Raises ValueError, in a sentence, for what is no whole number."""
        try:
            self.data = int(str(valuelist[0]).strip()) if valuelist and str(valuelist[0]).strip() else None
        except ValueError as error:
            self.data = None
            raise ValueError(
                gettext("A whole number from %(least)s to %(most)s.", least=self.least, most=self.most)
            ) from error


class RulesForm(Form):
    """Every number of a scheme. ``has_end`` must be given before validating: whether the course's end is known."""

    target = PointsField(_("Points for full marks in a week or phase"), places=None, validators=[_quarters])
    post_points = PointsField(_("Points each"), places=None, validators=[_quarters])
    post_most = Count(_("How many count at most"))
    post_words = Count(_("From how many words"), most=1000)
    reply_points = PointsField(_("Points each"), places=None, validators=[_quarters])
    reply_most = Count(_("How many count at most"))
    reply_words = Count(_("From how many words"), most=1000)
    reply_one = Count(_("At most, as long as they all reach one person"))
    idea_points = PointsField(_("Points each"), places=None, validators=[_quarters])
    idea_most = Count(_("How many count at most"))
    idea_words = Count(_("From how many words"), most=1000)
    rating_points = PointsField(_("Points a round"), places=None, validators=[_quarters])
    rating_most = Count(_("How many count at most"))
    rating_per = Count(_("Ideas rated in a round"), least=1)
    drops_after = Count(_("Leave out the weakest once so many have closed"), least=2)
    make_up = BooleanField(_("Making up"))
    whole_course = BooleanField(_("The whole course instead of up to now"))
    when_closed = BooleanField(_("The score moves only when a week or phase closes"))
    completion = BooleanField(_("Completion instead of points"))
    passes_at = Count(_("Completed from so many percent of the points"), least=1)
    quality = BooleanField(_("Points for what helped others"))
    reserve = BooleanField(_("Keeping points for later"))
    reserve_most = Count(_("So many points are kept at most"), least=1)
    room = BooleanField(_("Extra room above full marks"))
    room_most = Count(_("So many points above full marks count"), least=1)
    has_end: bool = False

    @classmethod
    def of(cls, scheme: Scheme) -> "RulesForm":
        """The form as it shows a scheme; kinds it does not count show the usual numbers, and at most none."""
        shown: dict[str, Any] = {"target": Decimal(str(scheme.target)), "drops_after": scheme.drops_after}
        for kind in _KINDS:
            rule, usual = scheme.rule(kind), LIGHT.rule(kind)
            one = rule or usual
            assert one
            shown[f"{kind}_points"] = Decimal(str(one.points))
            shown[f"{kind}_most"] = one.most if rule else 0
            shown[f"{kind}_words"], shown[f"{kind}_per"] = one.least_words, one.per
            lower = one.most_unless_two_people
            shown[f"{kind}_one"] = one.most if lower is None else lower
        return cls(
            data=shown
            | {
                "make_up": bool(scheme.make_up_days),
                "whole_course": scheme.whole_course,
                "when_closed": scheme.when_closed,
                "completion": scheme.passes_at is not None,
                "passes_at": _PASSES_AT if scheme.passes_at is None else round(scheme.passes_at * 100),
                "quality": scheme.quality,
                "reserve": bool(scheme.reserve),
                "reserve_most": scheme.reserve or _ABOVE,
                "room": bool(scheme.room),
                "room_most": scheme.room or _ABOVE,
            }
        )

    def validate_target(self, field: PointsField) -> None:
        """Full marks can be reached. Raises ValidationError."""
        numbers = [(self[f"{kind}_points"].data, self[f"{kind}_most"].data) for kind in _KINDS]
        if not _is_quarters(field.data) or not all(
            _is_quarters(points) and most is not None for points, most in numbers
        ):
            return  # each says so itself
        reachable = sum(points * most for points, most in numbers)
        if reachable < field.data:
            sentence = gettext("With these rules nobody can collect more than %(points)s.", points=f"{reachable:f}")
            raise ValidationError(sentence)

    def validate_reply_one(self, field: Count) -> None:
        """Not more than count otherwise. Raises ValidationError."""
        if field.data is not None and self.reply_most.data is not None and field.data > self.reply_most.data:
            raise ValidationError(gettext("Not more than the usual maximum of replies."))

    def validate_whole_course(self, field: BooleanField) -> None:
        """The course has an end. Raises ValidationError."""
        if field.data and not self.has_end:
            raise ValidationError(gettext("Set the last day of the course first: else nobody knows what is to come."))

    def validate_room(self, field: BooleanField) -> None:
        """Points above full marks do one thing. Raises ValidationError."""
        if field.data and self.reserve.data:
            sentence = gettext("Points above full marks are kept for later, or count at once: choose one of the two.")
            raise ValidationError(sentence)

    @property
    def is_unusual(self) -> bool:
        """Whether something behind "More" was chosen, or is wrong."""
        chosen = (self.quality, self.make_up, self.reserve, self.room, self.whole_course, self.when_closed)
        numbers = (self.drops_after, self.passes_at, self.reserve_most, self.room_most)
        return any(one.data for one in (*chosen, self.completion)) or any(one.errors for one in (*chosen, *numbers))

    @property
    def scheme(self) -> Scheme:
        """The scheme of a form that is valid."""
        number: dict[str, Any] = {name: field.data for name, field in self._fields.items()}
        rules = [
            Rule(
                kind,
                points=float(number[f"{kind}_points"]),
                most=number[f"{kind}_most"],
                least_words=number.get(f"{kind}_words", 0),
                most_unless_two_people=_lower(number, kind),
                per=number.get(f"{kind}_per", 1),
            )
            for kind in _KINDS
            if number[f"{kind}_most"]
        ]
        return Scheme(
            OWN,
            float(number["target"]),
            tuple(rules),
            drops_after=number["drops_after"],
            make_up_days=MOST_MAKE_UP_DAYS if number["make_up"] else 0,
            whole_course=number["whole_course"],
            when_closed=number["when_closed"],
            passes_at=number["passes_at"] / 100 if number["completion"] else None,
            quality=number["quality"],
            reserve=number["reserve_most"] if number["reserve"] else 0,
            room=number["room_most"] if number["room"] else 0,
        )


def _lower(number: dict[str, Any], kind: Kind) -> int | None:
    lower: int | None = number.get(f"{kind}_one")
    return None if lower is None or lower >= number[f"{kind}_most"] else lower
