"""Choose what one is told, here and by mail."""

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sociallearn.notifications.models import About, Quiet
from sociallearn.roster.models import Person


def off(session: Session, person: Person) -> set[tuple[str, bool]]:
    """What this person does not want to be told: what it is about, and whether by mail."""
    rows = session.execute(select(Quiet.about, Quiet.by_mail).where(Quiet.person_id == person.id))
    return {(about, by_mail) for about, by_mail in rows}


def choose(session: Session, person: Person, *, here: Collection[str], mail: Collection[str]) -> None:
    """From now on these, and nothing else. What happened is kept: turned on again, it shows again."""
    session.execute(delete(Quiet).where(Quiet.person_id == person.id))
    own = {"person_id": person.id, "organisation_id": person.organisation_id}
    for by_mail, wanted in ((False, here), (True, mail)):
        session.add_all(Quiet(**own, about=about, by_mail=by_mail) for about in About if about not in wanted)
    session.flush()
