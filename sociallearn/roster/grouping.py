"""Groups and units: the LMS's own, as launches name them, and what trainers make and set here."""

from collections.abc import Iterable, Sequence

from flask_babel import gettext as _
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_or_get, locked
from sociallearn.errors import Refusal
from sociallearn.roster.bulk import insert_missing
from sociallearn.roster.models import Cohort, Group, GroupMember, Member, Unit
from sociallearn.roster.naming import clean_name

MOST_AT_ONCE = 50  # groups a launch may put somebody in
MOST_GROUPS = 200  # made here, a cohort
_LONGEST_ID = 255


def place(session: Session, member: Member, lms_ids: Sequence[str] | None) -> None:
    """Put somebody in just those groups of the LMS that their launch names. ``None``: it says nothing about groups.

    Groups made here stay as they are. A group not seen before is made; it is called "Group 12" until somebody gives it
    a name, as LMSs send ids only.
    """
    if lms_ids is None:
        return
    wanted = sorted({one for one in lms_ids if len(one) <= _LONGEST_ID})[:MOST_AT_ONCE]
    ids = _lms_groups(session, member, wanted)
    now_in = set(
        session.scalars(
            select(GroupMember.group_id)
            .join(Group, Group.id == GroupMember.group_id)
            .where(GroupMember.member_id == member.id, Group.lms_id.is_not(None))
        )
    )
    _leave(session, [member.id], now_in - ids)
    _join(session, member.cohort_id, member.organisation_id, [(group_id, member.id) for group_id in ids - now_in])


def _lms_groups(session: Session, member: Member, lms_ids: list[str]) -> set[int]:
    if not lms_ids:
        return set()
    statement = select(Group.lms_id, Group.id).where(Group.cohort_id == member.cohort_id, Group.lms_id.in_(lms_ids))
    known = {lms_id: id_ for lms_id, id_ in session.execute(statement)}
    common = {"cohort_id": member.cohort_id, "organisation_id": member.organisation_id, "name": ""}
    missing = [{**common, "lms_id": one, "created_at": clock.now()} for one in lms_ids if one not in known]
    if missing:
        insert_missing(session, Group, missing)
        known = {lms_id: id_ for lms_id, id_ in session.execute(statement)}
    return set(known.values())


def make(session: Session, cohort: Cohort, name: str) -> Group:
    """A group of our own. Raises Refusal 409 for a name that is taken, or when there are very many already."""
    locked(session, Cohort, cohort.id)
    count = session.scalar(select(func.count(Group.id)).where(Group.cohort_id == cohort.id, Group.lms_id.is_(None)))
    if (count or 0) >= MOST_GROUPS:
        raise Refusal(409, _("This cohort has very many groups already."), _("Delete one you no longer need."))
    _check_name(session, cohort.id, name, None)
    group = Group(cohort_id=cohort.id, name=name)
    session.add(group)
    session.flush()
    return group


def rename(session: Session, group: Group, name: str) -> None:
    """Call a group something else, also one of the LMS's. Raises Refusal 409 for a name that is taken."""
    locked(session, Cohort, group.cohort_id)
    _check_name(session, group.cohort_id, name, group.id)
    group.name = name


def _check_name(session: Session, cohort_id: int, name: str, but: int | None) -> None:
    names = session.execute(select(Group.id, Group.name).where(Group.cohort_id == cohort_id))
    if any(known.casefold() == name.casefold() and id_ != but for id_, known in names):
        raise Refusal(409, _("There is a group of this name already."), _("Choose another name."))


def remove(session: Session, group: Group) -> None:
    """Delete a group made here; its people stay in the cohort. Raises Refusal 409 for one of the LMS's."""
    _check_ours(group)
    session.execute(delete(GroupMember).where(GroupMember.group_id == group.id))
    session.delete(group)
    session.flush()


def add(session: Session, group: Group, members: Iterable[Member]) -> None:
    """Put people of the cohort in a group made here. Raises Refusal 409 for one of the LMS's."""
    _check_ours(group)
    _join(session, group.cohort_id, group.organisation_id, [(group.id, member.id) for member in members])


def take_out(session: Session, group: Group, members: Iterable[Member]) -> None:
    """Take people out of a group made here. Raises Refusal 409 for one of the LMS's."""
    _check_ours(group)
    _leave(session, [member.id for member in members], {group.id})


def choose(session: Session, member: Member, groups: Sequence[Group]) -> None:
    """Have somebody in just these of the groups made here. Raises Refusal 409 for one of the LMS's."""
    for group in groups:
        _check_ours(group)
    ours = select(Group.id).where(Group.cohort_id == member.cohort_id, Group.lms_id.is_(None))
    _leave(session, [member.id], set(session.scalars(ours)) - {group.id for group in groups})
    _join(session, member.cohort_id, member.organisation_id, [(group.id, member.id) for group in groups])


def _check_ours(group: Group) -> None:
    if group.lms_id is not None:
        raise Refusal(
            409, _("This group comes from your LMS."), _("Change it there; it follows when people open SocialLearn.")
        )


def _join(session: Session, cohort_id: int, organisation_id: int, pairs: Sequence[tuple[int, int]]) -> None:
    common = {"cohort_id": cohort_id, "organisation_id": organisation_id}
    insert_missing(session, GroupMember, [{**common, "group_id": g, "member_id": m} for g, m in sorted(pairs)])


def _leave(session: Session, member_ids: Sequence[int], group_ids: set[int]) -> None:
    if group_ids and member_ids:
        session.execute(
            delete(GroupMember).where(GroupMember.member_id.in_(member_ids), GroupMember.group_id.in_(group_ids))
        )


def set_unit(session: Session, member: Member, name: str) -> None:
    """Say here which unit somebody belongs to, or (an empty name) to none; the LMS's word no longer counts."""
    name = clean_name(name)
    key = {"organisation_id": member.organisation_id, "name": name}
    member.unit_id = insert_or_get(session, Unit, key).id if name else None
    member.is_unit_ours = True


def give_unit_back(member: Member) -> None:
    """From their next launch on the LMS says again which unit they belong to."""
    member.is_unit_ours = False
