"""Ready-made themes for starter questions, in the language of the cohort: what fits how it runs comes first."""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from sociallearn.roster.models import Cohort, Template


@dataclass(frozen=True)
class Theme:
    """Texts a trainer can publish as they are or change first."""

    name: str
    discussion: str
    title: str  # of the question
    details: str
    idea: str  # what the idea round asks


def ready(cohort: Cohort) -> list[Theme]:
    """All of them."""
    first = _FITTING.get(cohort.template or Template.OPEN, ())
    with force_locale(cohort.language or str(get_locale() or "en")):
        return [make() for make in (*first, *(make for make in _ALL if make not in first))]


def _hopes() -> Theme:
    return Theme(
        name=_("Before we begin"),
        discussion=_(
            "Soon we spend a day together. What is the one question you hope to go home with an answer to? "
            "Write it down here; whoever knows something already, answers."
        ),
        title=_("What do I need to know before we begin?"),
        details=_("About the programme, the place, or the theme itself. Whoever did this before, answers."),
        idea=_("What would make this training worth your time?"),
    )


def _asking() -> Theme:
    return Theme(
        name=_("Asking each other"),
        discussion=_(
            "Before we meet: whom did you ask something last week, and by which way? Mail, phone, walking over? "
            "What did you find out, and who else could have used the answer?"
        ),
        title=_("Whom do you ask about what?"),
        details=_("Name one subject you would like to know the right person for. Whoever knows, answers with a name."),
        idea=_("How do we make it easier to ask another team something?"),
    )


def _who_are_you() -> Theme:
    return Theme(
        name=_("Who is who"),
        discussion=_(
            "Who are you, what do you do all day, and what may other people here ask you about? "
            "Three sentences are enough."
        ),
        title=_("Who knows more about this than I do?"),
        details=_("Write down what you are working on, and what you are looking for somebody to think along about."),
        idea=_("How do newcomers find out quickly who knows what?"),
    )


def _tried() -> Theme:
    return Theme(
        name=_("What we tried already"),
        discussion=_(
            "What have you tried already on the theme of this course, and what came of it? "
            "Things that went wrong are the most useful to hear."
        ),
        title=_("What went wrong when you tried it, and why?"),
        details=_("Tell what you did, what happened, and what you would like to understand about it."),
        idea=_("What should we try once, even if it may fail?"),
    )


def _into_practice() -> Theme:
    return Theme(
        name=_("Into practice"),
        discussion=_(
            "What did you do differently this week because of what you learned? One small thing is enough. "
            "What happened, and what would you do next time?"
        ),
        title=_("How do you keep this up in a busy week?"),
        details=_("Which part do you let go first when it gets busy? What helped others to hold on to it?"),
        idea=_("What would help us to use this every day?"),
    )


def _stuck() -> Theme:
    return Theme(
        name=_("Where I got stuck"),
        discussion=_(
            "Where did you get stuck this week? Describe it so that somebody who was not there "
            "can think along with you."
        ),
        title=_("How would you get past this?"),
        details=_("Describe one situation in which you got stuck, and what you tried. What would you do next?"),
        idea=_("Which obstacle could we take away for everybody?"),
    )


def _twice() -> Theme:
    return Theme(
        name=_("Asked twice"),
        discussion=_(
            "Which question did somebody ask you twice this month? Write down the answer here, "
            "so that the next one finds it."
        ),
        title=_("Which answer do you have to look for again and again?"),
        details=_("Say what you were looking for and where. Whoever knows a good place, points to it."),
        idea=_("Which answer deserves a fixed place, and where?"),
    )


def _carried() -> Theme:
    return Theme(
        name=_("A question I carry around"),
        discussion=_(
            "Which question have you been carrying around for a while, because you did not know whom to ask? "
            "Ask it here; there is somebody who knows."
        ),
        title=_("What have I never dared to ask?"),
        details=_("There are no silly questions: others have been wondering as well."),
        idea=_("How do we make it normal not to know something?"),
    )


def _an_hour() -> Theme:
    return Theme(
        name=_("An hour saved"),
        discussion=_(
            "What did you find out lately that would save somebody else an hour? "
            "Tell it in a few sentences, with where you found it."
        ),
        title=_("What takes you far longer than it should?"),
        details=_("Describe the steps. Perhaps somebody knows a shorter way."),
        idea=_("What could we stop doing tomorrow without anybody missing it?"),
    )


def _by_hand() -> Theme:
    return Theme(
        name=_("Done by hand"),
        discussion=_(
            "What do you do by hand every week that you suspect somebody here has solved already? Describe it."
        ),
        title=_("Who has solved this already?"),
        details=_("Name the task, how often it comes back, and what you have tried."),
        idea=_("Which weekly task should nobody have to do by hand any more?"),
    )


_FITTING: dict[str, tuple[Callable[[], Theme], ...]] = {
    Template.ONE_DAY: (_hopes, _asking, _who_are_you, _tried),
    Template.WEEKLY: (_into_practice, _stuck, _who_are_you, _twice),
    Template.OPEN: (_carried, _an_hour, _who_are_you, _by_hand),
}
_ALL = (_hopes, _asking, _who_are_you, _tried, _into_practice, _stuck, _twice, _carried, _an_hour, _by_hand)
