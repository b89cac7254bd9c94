"""Stop somebody's mails, by the signed address in each of them."""

from sqlalchemy.orm import Session

from sociallearn.notifications import planning
from sociallearn.notifications.models import Rhythm
from sociallearn.roster.models import Person


def stop(session: Session, person_id: int, rhythm: Rhythm) -> None:
    """No mails any more, or one a week. A second time changes nothing; a person who is gone gets none anyway."""
    person = session.get(Person, person_id)
    if person is None:
        return
    plan = planning.of(session, person)
    if plan.rhythm != Rhythm.OFF:
        planning.change(session, person, rhythm=rhythm, hour=plan.hour, time_zone=plan.time_zone)
