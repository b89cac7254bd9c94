"""The LMS's pretend student ("student view") looks and writes, but is no person where people are counted."""

from flask_babel import gettext as _

from sociallearn.errors import Refusal
from sociallearn.roster.models import Member


def check_is_somebody(by: Member) -> None:
    """Before a vote or a rating. Raises Refusal 403 for the pretend student."""
    if by.is_test:
        raise Refusal(403, _("The student view can look and write, but not vote or rate: people are counted there."))
