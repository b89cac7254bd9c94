"""Reports in words."""

from flask_babel import gettext as _

from sociallearn.moderation.models import Reason


def reason_to_hide(reason: str | None) -> str:
    """What a trainer may say about hiding a text that was reported for this; they change it as they like."""
    words = {
        Reason.UNKIND: _("It is unkind to somebody. That is not how we talk here."),
        Reason.PERSONAL: _("It holds personal data that should not stand here."),
        Reason.SPAM: _("It has nothing to do with what we talk about here."),
    }
    return str(words.get(Reason(reason), "")) if reason else ""
