"""Ready-made starter questions, a few for each way a cohort can run, in the language of whoever reads them."""

from flask_babel import gettext as _

from sociallearn.roster.models import Template


def ready(template: str | None) -> list[str]:
    """Texts a trainer can publish as they are or change first."""
    if template == Template.ONE_DAY:
        return _one_day()
    return _weekly() if template == Template.WEEKLY else _open()


def _one_day() -> list[str]:
    return [
        _(
            "Soon we spend a day together. What is the one question you hope to go home with an answer to? "
            "Write it down here; whoever knows something already, answers."
        ),
        _(
            "Before we meet: whom did you ask something last week, and by which way? Mail, phone, walking over? "
            "What did you find out, and who else could have used the answer?"
        ),
        _who_are_you(),
        _(
            "What have you tried already on the theme of this course, and what came of it? "
            "Things that went wrong are the most useful to hear."
        ),
    ]


def _weekly() -> list[str]:
    return [
        _(
            "What did you do differently this week because of what you learned? One small thing is enough. "
            "What happened, and what would you do next time?"
        ),
        _(
            "Where did you get stuck this week? Describe it so that somebody who was not there "
            "can think along with you."
        ),
        _who_are_you(),
        _(
            "Which question did somebody ask you twice this month? Write down the answer here, "
            "so that the next one finds it."
        ),
    ]


def _open() -> list[str]:
    return [
        _(
            "Which question have you been carrying around for a while, because you did not know whom to ask? "
            "Ask it here; there is somebody who knows."
        ),
        _(
            "What did you find out lately that would save somebody else an hour? "
            "Tell it in a few sentences, with where you found it."
        ),
        _who_are_you(),
        _("What do you do by hand every week that you suspect somebody here has solved already? Describe it."),
    ]


def _who_are_you() -> str:
    text: str = _(
        "Who are you, what do you do all day, and what may other people here ask you about? Three sentences are enough."
    )
    return text
