"""Friendly words to begin with, in the language of whoever will read them."""

from flask_babel import force_locale
from flask_babel import gettext as _

from sociallearn.notifications.models import Need


def beginning(need: Need, language: str, *, by: str, to: str | None = None, title: str = "") -> str:
    """What a trainer may send as it is, or change: to one person by name, or to several."""
    with force_locale(language):
        hello = _("Hello %(name)s,", name=first_name(to)) if to else _("Hello,")
        body = {
            Need.SILENT: _(
                "Good to have you here. You have not written anything yet, and that is fine. If you feel like it, "
                "begin small: reply to one post that speaks to you, or tell us in a sentence what you hope to take "
                "away. Is anything in your way? Tell me, and we will solve it."
            ),
            Need.UNHEARD: _(
                "Thank you for what you wrote. Nobody has replied to it yet, and that says nothing about what you "
                "said. It often helps to end with a question, or to name somebody with @ who knows the matter. And "
                "reply to somebody else: that is how talk begins."
            ),
            Need.QUIET: _(
                "It has been a while since we heard from you, and we miss your view. Much was said meanwhile: one "
                "reply is enough to be back in it. If you are short of time, or something is in your way, tell me."
            ),
            Need.UNANSWERED: _(
                "Your question “%(title)s” is still waiting for an answer. I have not forgotten it. A line more about "
                "what you tried already, or a topic with #, helps the right person to find it.",
                title=title,
            ),
        }[need]
        return "\n\n".join([str(hello), str(body), by])


def first_name(name: str) -> str:
    """How one greets somebody: the first part of a name, but for one that begins with the family's."""
    return name if "," in name else name.partition(" ")[0]
