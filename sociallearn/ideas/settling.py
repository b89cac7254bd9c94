"""What becomes of an idea: who takes it on, until when, what it brings, and how one sees that it is there."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from blinker import Signal
from flask import current_app
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.ideas import authoring, joining, moving
from sociallearn.ideas.models import Idea, ImportedName, Outcome, Rating, Stage
from sociallearn.posts import praising, sight
from sociallearn.posts.models import Decision, Post, Visibility
from sociallearn.roster.models import Member, Person
from sociallearn.text import rendering
from sociallearn.text.completing import complete

MOST_TOLD = 5

# Sent inside the transaction: settled.send(outcome, by=by, session=session)
settled = Signal()


@dataclass(frozen=True)
class Plan:
    """What somebody says will become of an idea. With ``is_there`` it has, and ``evidence`` shows it."""

    owner_id: int | None = None
    due_on: date | None = None
    benefit: str = ""
    evidence: str = ""
    is_there: bool = False


def may_settle(session: Session, idea: Idea, by: Member) -> bool:
    """Whoever moves ideas of this round, and whoever took this one on."""
    outcome = session.get(Outcome, idea.post_id)
    is_owner = outcome is not None and outcome.owner_id == by.id and by.may_write
    return is_owner or moving.may_move(session, idea.round_id, by)


def check_may_settle(session: Session, idea: Idea, by: Member) -> None:
    """Raises Refusal 403 for everybody else."""
    if not may_settle(session, idea, by):
        raise Refusal(403, _("Trainers, those who look after the round and whoever took the idea on say this."))


def owners(session: Session, by: Member) -> dict[int, str]:
    """Who can take an idea on, by name."""
    return {by.id: by.name, **praising.candidates(session, by)}


def settle(session: Session, idea: Idea, plan: Plan, *, by: Member, seen: int) -> Outcome:
    """Write down what becomes of an idea, in place of version ``seen`` of it (0: nothing yet).

    Raises Refusal 403 for whoever may not, 422 when it is there without evidence or the owner is not here, 409 when
    somebody else wrote meanwhile or the text is gone.
    """
    idea = locked(session, Idea, idea.post_id)
    check_may_settle(session, idea, by)
    joining.check_not_merged(session, idea)
    if plan.is_there and not plan.evidence:
        raise Refusal(422, _("Show that it is there: a link, or where the file stands."))
    outcome = session.get(Outcome, idea.post_id, populate_existing=True)
    if plan.owner_id is not None and plan.owner_id not in owners(session, by):
        raise Refusal(422, _("Choose somebody from the list."))
    if not session.get_one(Post, idea.post_id).is_visible:
        raise Refusal(409, _("This idea was removed meanwhile."))
    if seen != (outcome.version if outcome else 0):
        raise Refusal(409, _("Somebody else changed this meanwhile."), _("Look at what they wrote; then add to it."))
    now = clock.now()
    if outcome is None:
        outcome = Outcome(cohort_id=idea.cohort_id, idea_id=idea.post_id, version=0)
        session.add(outcome)
    tool_url = current_app.config["BASE_URL"]
    evidence = rendering.without_seat(plan.evidence, tool_url=tool_url)
    outcome.owner_id, outcome.due_on, outcome.benefit = plan.owner_id, plan.due_on, plan.benefit
    outcome.evidence, outcome.html = evidence, rendering.render(evidence, tool_url=tool_url) if evidence else ""
    outcome.implemented_at = (outcome.implemented_at or now) if plan.is_there else None
    its = (ImportedName.post_id == idea.post_id, ImportedName.place == authoring.OWNER)
    session.execute(delete(ImportedName).where(*its))
    outcome.version, outcome.changed_at = outcome.version + 1, now
    session.flush()
    settled.send(outcome, by=by, session=session)
    return outcome


@dataclass(frozen=True)
class Told:
    """What became of one idea, as somebody is told."""

    id: int
    title: str
    stage: str
    owner: str | None
    due_on: date | None
    is_there: bool
    is_overdue: bool
    benefit: str
    evidence: Markup


def today(member: Member) -> date:
    """The day it is where the cohort is."""
    return clock.now().astimezone(ZoneInfo(member.cohort.time_zone)).date()


def _told(
    session: Session, member: Member, *where: ColumnElement[bool], newest_first: bool, seat_path: str = ""
) -> list[Told]:
    moved = (
        select(func.max(Decision.at))
        .where(Decision.post_id == Idea.post_id, Decision.after.startswith("stage:"))
        .scalar_subquery()
    )
    newest = func.coalesce(Outcome.changed_at, moved)
    rows = session.execute(
        select(Idea.post_id, Post.title, Idea.stage, Stage.name, func.coalesce(Person.name, ImportedName.name))
        .add_columns(Outcome.due_on, Outcome.implemented_at, Outcome.benefit, Outcome.html)
        .join(Post, Post.id == Idea.post_id)
        .outerjoin(Outcome, Outcome.idea_id == Idea.post_id)
        .outerjoin(Member, Member.id == Outcome.owner_id)
        .outerjoin(Person, Person.id == Member.person_id)
        .outerjoin(ImportedName, and_(ImportedName.post_id == Idea.post_id, ImportedName.place == authoring.OWNER))
        .outerjoin(Stage, and_(Stage.round_id == Idea.round_id, Stage.key == Idea.stage))
        .where(Idea.cohort_id == member.cohort_id, Post.visibility == Visibility.VISIBLE, sight.in_sight(member))
        .where(or_(Outcome.idea_id.is_not(None), moved.is_not(None)), *where)
        .order_by(newest.desc() if newest_first else Outcome.due_on, Idea.post_id)
        .limit(MOST_TOLD)
    )
    now = today(member)
    return [
        Told(
            post_id,
            title,
            f"={stage}" if stage else key,
            owner,
            due_on,
            done is not None,
            due_on is not None and due_on < now and done is None,
            benefit or "",
            Markup(complete(html, seat_path)) if html else Markup(""),  # noqa: S704 - made by our sanitiser
        )
        for post_id, title, key, stage, owner, due_on, done, benefit, html in rows
    ]


def of(session: Session, idea_id: int, member: Member, seat_path: str) -> Told | None:
    """What became of one idea; none when nobody said or moved anything."""
    found = _told(session, member, Idea.post_id == idea_id, newest_first=True, seat_path=seat_path)
    return found[0] if found else None


def of_rated(session: Session, member: Member) -> list[Told]:
    """The newest of what became of ideas this member rated: everybody who gave an opinion hears what came of it."""
    mine = select(Rating.idea_id).where(Rating.member_id == member.id)
    return _told(session, member, Idea.post_id.in_(mine), Idea.merged_into.is_(None), newest_first=True)


def overdue(session: Session, member: Member) -> list[Told]:
    """Ideas whose day has passed and that are not there yet: one's own, and for trainers all of the cohort's."""
    late = (Outcome.due_on < today(member), Outcome.implemented_at.is_(None), Idea.merged_into.is_(None))
    whose = () if member.is_trainer else (Outcome.owner_id == member.id,)
    return _told(session, member, *late, *whose, newest_first=False)
