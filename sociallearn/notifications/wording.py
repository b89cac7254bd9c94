"""What people are told, in sentences, for pages and for mails alike."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import ngettext

from sociallearn.ideas import staging
from sociallearn.notifications.models import About, What
from sociallearn.notifications.reading import Line


def headings() -> dict[About, str]:
    """What can be turned off, in the order in which it is told."""
    return {
        About.ASKED: _("You are asked to help"),
        About.REPLY: _("Replies to you"),
        About.NAMED: _("You are mentioned or praised"),
        About.CREDIT: _("Your answers helped"),
        About.DECISION: _("Decisions about your texts"),
        About.IDEA: _("What becomes of ideas you wrote or rated"),
        About.WORD: _("Your trainer writes to you alone"),
        About.TRAINER: _("From your trainer: starter questions and announcements"),
        About.PULSE: _("Two short questions about learning together"),
        About.FOLLOWED: _("New in what you follow"),
        About.REACTION: _("Reactions to your texts"),
    }


def people(names: Sequence[str]) -> str:
    """Somebody, two people, or somebody and so many others."""
    if not names:
        return str(_("Somebody"))
    if len(names) == 1:
        return names[0]
    if len(names) == 2:
        return str(_("%(one)s and %(other)s", one=names[0], other=names[1]))
    others = len(names) - 1
    return str(ngettext("%(one)s and %(num)s other", "%(one)s and %(num)s others", others, one=names[0]))


def sentence(line: Line) -> str:
    """What happened."""
    what = What(line.what)
    if what in _BY_SOMEBODY:
        return _by_somebody(what, people(line.names), line.count)
    if what in _IDEAS:
        return _of_idea(line, what)
    if what == What.HELPED:
        return str(ngettext("Your text helped %(num)s person", "Your text helped %(num)s people", line.count))
    said: dict[What, str] = {
        What.ASKED: _("Can you help? A question waits for you"),
        What.PULSE: _("Two short questions: how do you like learning here together?"),
        What.TOPIC: _("A question about a topic you follow waits for an answer"),
        What.ACCEPTED: _("Your answer was marked as the one that helped"),
        What.HIDDEN: _("A text of yours was hidden"),
        What.RESTORED: _("A text of yours can be read again"),
        What.LOCKED: _("A conversation of yours takes no more replies"),
        What.UNLOCKED: _("A conversation of yours takes replies again"),
    }
    return said.get(what, "")


_BY_SOMEBODY = frozenset(
    {
        What.REPLIED, What.ANSWERED, What.COMMENTED, What.MENTIONED, What.PRAISED, What.WENT_ON, What.ENDORSED,
        What.REACTED, What.STARTER, What.ANNOUNCED, What.WROTE, What.LOOKED,
    }
)  # fmt: skip
_IDEAS = frozenset({What.MOVED, What.MERGED, What.SPLIT, What.OUTCOME})


def _by_somebody(what: What, names: str, number: int) -> str:
    # in some languages the verb follows the number of people
    said: dict[What, str] = {
        What.REPLIED: ngettext("%(names)s replied to you", "%(names)s replied to you", number, names=names),
        What.ANSWERED: ngettext(
            "%(names)s answered your question", "%(names)s answered your question", number, names=names
        ),
        What.COMMENTED: ngettext(
            "%(names)s commented on your idea", "%(names)s commented on your idea", number, names=names
        ),
        What.MENTIONED: ngettext("%(names)s mentioned you", "%(names)s mentioned you", number, names=names),
        What.PRAISED: ngettext("%(names)s praised you", "%(names)s praised you", number, names=names),
        What.WENT_ON: ngettext(
            "%(names)s wrote in a conversation you follow",
            "%(names)s wrote in a conversation you follow",
            number,
            names=names,
        ),
        What.ENDORSED: _("Recommended by your trainer: your answer (%(names)s)", names=names),
        What.REACTED: ngettext("%(names)s reacted to your text", "%(names)s reacted to your text", number, names=names),
        What.STARTER: _("A starter question by %(names)s", names=names),
        What.ANNOUNCED: _("An announcement by %(names)s", names=names),
        What.WROTE: _("%(names)s wrote to you", names=names),
        What.LOOKED: _("%(names)s answered what you asked about your score", names=names),
    }
    return said[what]


def _of_idea(line: Line, what: What) -> str:
    if what == What.MOVED:
        stage = (
            line.stage.removeprefix("=") if line.stage.startswith("=") else staging.usual_names().get(line.stage, "")
        )
        if line.is_mine:
            return str(_("Your idea moved to “%(stage)s”", stage=stage))
        return str(_("An idea you know moved to “%(stage)s”", stage=stage))
    if what == What.OUTCOME:
        mine = _("It is written down what becomes of your idea")
        return str(mine if line.is_mine else _("It is written down what becomes of an idea you know"))
    if what == What.MERGED:
        return str(_("Your idea was merged into another one") if line.is_mine else _("An idea you know was merged"))
    return str(
        _("Your idea stands for itself again") if line.is_mine else _("An idea you know stands for itself again")
    )


def subject(count: int, has_request: bool, course: str) -> str:
    """Of the mail. It names no text: a lock screen may show it."""
    if has_request:
        return str(_("Somebody hopes for your help in %(course)s", course=course))
    return str(
        ngettext("%(num)s piece of news in %(course)s", "%(num)s pieces of news in %(course)s", count, course=course)
    )
