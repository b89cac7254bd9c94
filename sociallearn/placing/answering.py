"""Answer the LMS that asked what to place: once, signed, and to nobody else."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from sociallearn.lti import deep_linking
from sociallearn.lti.deep_linking import Item
from sociallearn.lti.models import ContentRequest, Registration
from sociallearn.placing import making
from sociallearn.placing.forms import Wanted
from sociallearn.roster.models import Member


def answer(session: Session, row: ContentRequest, wanted: Sequence[Wanted], *, by: Member) -> str:
    """Make what was chosen and sign it for the LMS. Raises Refusal when it was answered before, or took too long."""
    deep_linking.close(session, row)
    made = making.make(session, wanted, by=by)
    items = [
        Item(key=one.key, title=one.title, points=one.points, opens_at=one.opens_at, closes_at=one.closes_at)
        for one in made
    ]
    return deep_linking.sign(session.get_one(Registration, row.registration_id), row, items)


def decline(session: Session, row: ContentRequest) -> str:
    """Nothing is placed: the trainer thought better of it, or this LMS wants something we are not."""
    deep_linking.close(session, row)
    problem = "" if row.accepts_links else _("SocialLearn can only be placed as a link to an external tool.")
    return deep_linking.sign(session.get_one(Registration, row.registration_id), row, [], problem)
