"""Say that one has seen what one is told. Opening the conversation says the same."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.notifications import reading
from sociallearn.notifications.models import Notification
from sociallearn.roster.models import Member


def read(session: Session, member: Member, up_to: int, bundle: str | None = None) -> None:
    """Everything shown up to ``up_to``, or one line of it; what cannot be seen yet stays new."""
    found = list(reading.ids(session, member, up_to, bundle))
    for begin in range(0, len(found), 500):
        chosen = Notification.id.in_(found[begin : begin + 500])
        session.execute(
            update(Notification).where(chosen, Notification.member_id == member.id).values(read_at=clock.now()),
            execution_options={"synchronize_session": False},
        )


def seen(session: Session, member: Member, event: str) -> None:
    """What this event told the member, by what they did about it."""
    mine = (Notification.member_id == member.id, Notification.event == event, Notification.read_at.is_(None))
    session.execute(
        update(Notification).where(*mine).values(read_at=clock.now()), execution_options={"synchronize_session": False}
    )
