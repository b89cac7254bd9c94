"""Where in the cohort people talk besides all together: a group's own space, and further ones for everybody."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import Integer, bindparam, or_, select, update
from sqlalchemy.orm import Session, joinedload

from sociallearn import clock
from sociallearn.database import insert_or_get, locked
from sociallearn.errors import Refusal
from sociallearn.roster.models import Cohort, Group, GroupMember, Member, Space

MOST_SPACES = 20  # for everybody, a cohort
KEEP_DAYS = (7, 30, 90)  # to choose from, for informal ones


@dataclass(frozen=True)
class Choice:
    """A place to write in besides the whole cohort; ``key`` is what forms call it."""

    key: str
    title: str
    is_for_all: bool
    is_informal: bool
    keep_days: int
    space_id: int | None  # empty: a group nobody wrote in yet


# prepared once: every page one writes on asks them
_COHORT, _MEMBER = bindparam("cohort_id", type_=Integer()), bindparam("member_id", type_=Integer())
_ALL_GROUPS = select(Group, Space).outerjoin(Space, Space.group_id == Group.id).where(Group.cohort_id == _COHORT)
_MY_GROUPS = _ALL_GROUPS.join(GroupMember, (GroupMember.group_id == Group.id) & (GroupMember.member_id == _MEMBER))
_OPEN_TO_ALL = select(Space).where(Space.cohort_id == _COHORT, Space.is_for_all.is_(True), Space.closed_at.is_(None))
_ALL_SPACES = select(Space).where(Space.cohort_id == _COHORT).options(joinedload(Space.group))
_MY_SPACES = _ALL_SPACES.where(
    or_(
        Space.is_for_all.is_(True),
        Space.group_id.in_(select(GroupMember.group_id).where(GroupMember.member_id == _MEMBER)),
    )
)


def choices(session: Session, member: Member) -> list[Choice]:
    """Where this member may begin a conversation: own groups (trainers: all) and open spaces. At most two queries."""
    values = {"cohort_id": member.cohort_id, "member_id": member.id}
    mine = session.execute(_ALL_GROUPS if member.is_trainer else _MY_GROUPS, values)
    of_groups = [_of_group(group, space) for group, space in mine if not _is_closed(space)]
    of_all = [_of_space(f"s{space.id}", space) for space in session.scalars(_OPEN_TO_ALL, values)]
    return sorted(of_all, key=_by_title) + sorted(of_groups, key=_by_title)


def _by_title(choice: Choice) -> tuple[str, str]:
    return choice.title.casefold(), choice.key


def _is_closed(space: Space | None) -> bool:
    return space is not None and space.closed_at is not None


def _of_group(group: Group, space: Space | None) -> Choice:
    key = f"g{group.id}"
    return Choice(key, group.title, False, False, KEEP_DAYS[1], None) if space is None else _of_space(key, space)


def _of_space(key: str, space: Space) -> Choice:
    return Choice(key, space.title, space.is_for_all, space.is_informal, space.keep_days, space.id)


def choose(session: Session, member: Member, key: str) -> Space | None:
    """The space a form means by ``key``; none for the whole cohort. A group's is made when first written in.

    Raises Refusal 422 for one that is not (or no longer) this member's to write in.
    """
    if not key:
        return None
    found = next((one for one in choices(session, member) if one.key == key), None)
    if found is None:
        raise Refusal(
            422, _("You cannot write there (any more)."), _("Choose again who can read it; your text stands below.")
        )
    if found.space_id is not None:
        return session.get_one(Space, found.space_id)
    return of_group(session, session.get_one(Group, int(key[1:])))


def of_group(session: Session, group: Group) -> Space:
    """A group's own space: formal until a trainer says otherwise."""
    key = {"cohort_id": group.cohort_id, "group_id": group.id}
    others = {"organisation_id": group.organisation_id, "is_for_all": False, "name": "", "created_at": clock.now()}
    return insert_or_get(session, Space, key, {**others, "is_informal": False, "keep_days": KEEP_DAYS[1]})


def in_sight_of(session: Session, member: Member) -> Sequence[Space]:
    """Spaces whose conversations this member can read, by title."""
    statement = _ALL_SPACES if member.is_trainer else _MY_SPACES
    values = {"cohort_id": member.cohort_id, "member_id": member.id}
    return sorted(session.scalars(statement, values), key=lambda space: (space.title.casefold(), space.id))


def all_of(session: Session, cohort_id: int) -> list[Space]:
    """Every space of the cohort, for those who look after it; spaces of former groups too."""
    found = session.scalars(select(Space).where(Space.cohort_id == cohort_id).options(joinedload(Space.group)))
    return sorted(found, key=lambda space: (space.title.casefold(), space.id))


def make(session: Session, cohort: Cohort, name: str, *, is_informal: bool, keep_days: int) -> Space:
    """A space for everybody. Raises Refusal 409 for a name that is taken, or when there are very many already."""
    locked(session, Cohort, cohort.id)
    names = session.scalars(select(Space.name).where(Space.cohort_id == cohort.id, Space.is_for_all.is_(True))).all()
    if len(names) >= MOST_SPACES:
        raise Refusal(409, _("This cohort has very many spaces already."), _("Close one, and use it again later."))
    if any(known.casefold() == name.casefold() for known in names):
        raise Refusal(409, _("There is a space of this name already."), _("Choose another name."))
    space = Space(cohort_id=cohort.id, is_for_all=True, name=name, is_informal=is_informal, keep_days=keep_days)
    session.add(space)
    session.flush()
    return space


def label(session: Session, space: Space, *, is_informal: bool, keep_days: int) -> None:
    """Say of a space in which nobody wrote yet whether it is formal.

    Raises Refusal 409 once there are texts in it: nobody's points or words may vanish behind their back.
    """
    space = locked(session, Space, space.id)
    if space.is_informal != is_informal and space.used_at is not None:
        raise Refusal(
            409,
            _("People wrote in this space already, so it stays what it is."),
            _("Close it and make another one."),
        )
    space.is_informal, space.keep_days = is_informal, keep_days


def use(session: Session, space: Space) -> None:
    """Somebody writes in it: from now on its label stays. Two at once, or one labelling it, wait for each other."""
    if space.used_at is None:
        session.execute(update(Space).where(Space.id == space.id, Space.used_at.is_(None)).values(used_at=clock.now()))
        session.refresh(space)


def close(space: Space) -> None:
    """Nothing new begins in it; what is there stays readable and can be answered."""
    space.closed_at = space.closed_at or clock.now()


def reopen(space: Space) -> None:
    """People write in it again."""
    space.closed_at = None
