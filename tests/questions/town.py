"""A cohort with many people in it, who come in without a launch each."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.posts import deciding
from sociallearn.posts.models import Kind, Post, Topic, Visibility
from sociallearn.questions import escalating
from sociallearn.questions.models import Escalation, Nudge
from sociallearn.roster.models import Member, Person, Role, Seat
from tests import make

BRUSSELS = ZoneInfo("Europe/Brussels")


def local(text: str) -> datetime:
    """A moment as a clock in Brussels shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS).astimezone(UTC)


def people(session: Session, like: Member, number: int, role: Role = Role.LEARNER) -> list[int]:
    """So many more members of somebody's cohort."""
    ids = []
    for place in range(number):
        name = f"{role} {place}"
        registration_id = like.person.registration_id
        own = {"organisation_id": like.organisation_id, "registration_id": registration_id}
        person = Person(**own, sub=name, name=name)
        session.add(person)
        session.flush()
        member = Member(cohort_id=like.cohort_id, person_id=person.id, role=role)
        session.add(member)
        session.flush()
        ids.append(member.id)
    return ids


def topic(session: Session, cohort_id: int, key: str) -> int:
    """The id of a topic of the cohort."""
    return session.scalars(select(Topic.id).where(Topic.cohort_id == cohort_id, Topic.key == key)).one()


def ask(by: int, title: str = "Who knows?", body: str = make.WORDS) -> int:
    """Ask a question, in a transaction of its own."""
    with transaction() as session:
        return make.question(session, session.get_one(Member, by), title, body).id


def answer(question: int, by: int, body: str = "I do, like this.") -> int:
    """Answer it, in so few words that texts need not be compared."""
    with transaction() as session:
        return make.reply(session, session.get_one(Post, question), session.get_one(Member, by), body).id


def decide(post: int, after: Visibility, by: int, reason: str = "So.") -> None:
    """Hide or show, delete or bring back."""
    with transaction() as session:
        deciding.decide(session, session.get_one(Post, post), after, by=session.get_one(Member, by), reason=reason)


def due() -> list[int]:
    """What the next sweep finds."""
    with transaction() as session:
        return list(escalating._due(session))


def sweep(at: datetime | None = None) -> None:
    """A worker's sweep, now or at a moment."""
    if at is not None:
        with clock.at(at):
            sweep()
        return
    for escalation_id in due():
        escalating.escalate(escalation_id)


def steps(question: int) -> dict[str, tuple[str, str | None]]:
    """What became of a question's steps: state and why."""
    with transaction() as session:
        rows = session.scalars(select(Escalation).where(Escalation.question_id == question))
        return {row.step: (row.state, row.why) for row in rows}


def nudges(question: int) -> list[tuple[str, int, str]]:
    """Who was asked about it: step, member, state."""
    with transaction() as session:
        rows = session.scalars(select(Nudge).where(Nudge.question_id == question).order_by(Nudge.id))
        return [(row.step, row.member_id, row.state) for row in rows]


def questions(session: Session) -> list[Post]:
    """All there are."""
    return list(session.scalars(select(Post).where(Post.kind == Kind.QUESTION)))


def stay() -> None:
    """Everybody's seat lasts as long as the test plays."""
    with transaction() as session:
        session.execute(update(Seat).values(expires_at=local("2028-01-01T00:00")))
