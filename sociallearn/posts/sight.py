"""Which texts of their cohort a member can see at all: the one place that knows. Every query on ``Post`` for somebody
uses it; what visibility does to a text within sight is ``reading``'s to say.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, and_, bindparam, literal, or_, select
from sqlalchemy.orm import Session

from sociallearn.posts import starters
from sociallearn.posts.models import Post
from sociallearn.roster.models import GroupMember, Member, Role, Space


def _within(cohort_id: Any, member_id: Any, sees_all: Any) -> ColumnElement[bool]:
    my_groups = select(GroupMember.group_id).where(GroupMember.member_id == member_id)
    open_to_me = select(Space.id).where(
        Space.cohort_id == cohort_id, or_(Space.is_for_all.is_(True), Space.group_id.in_(my_groups))
    )
    return or_(Post.space_id.is_(None), sees_all, Post.space_id.in_(open_to_me))


# for lists of whole threads, in statements prepared once; filled by ``values``
IN_SIGHT = _within(bindparam("cohort_id"), bindparam("member_id"), bindparam("sees_all", type_=Boolean()))
# the same for single texts, replies among them: as ``in_sight``
IN_SIGHT_NOW = and_(IN_SIGHT, starters.READABLE)


def values(member: Member) -> dict[str, Any]:
    """What ``IN_SIGHT`` and ``IN_SIGHT_NOW`` want to know."""
    return {
        "cohort_id": member.cohort_id,
        "member_id": member.id,
        "sees_all": member.is_trainer,
        "sees_replies": not starters.answers_first(member),
    }


def is_for(member: Member) -> ColumnElement[bool]:
    """Texts for the whole cohort, in spaces for everybody, and of the member's own groups; all of them for trainers."""
    return _is_for(member.cohort_id, member.id, member.is_trainer)


@lru_cache(maxsize=starters.MOST_PREPARED)
def _is_for(cohort_id: int, member_id: int, sees_all: bool) -> ColumnElement[bool]:
    return _within(cohort_id, member_id, literal(sees_all, Boolean()))


def in_sight(member: Member) -> ColumnElement[bool]:
    """Those of them that the member can see now: not what others replied where one answers before seeing that."""
    return and_(is_for(member), *starters.readable(member))


def is_informal(session: Session, post: Post) -> bool:
    """Whether it stands where nothing counts. A query only for what stands in a space."""
    return post.space_id is not None and session.get_one(Space, post.space_id).is_informal


def who_sees(session: Session, post: Post) -> tuple[ColumnElement[bool], ...]:
    """What picks, among the members of its cohort, those a thread is for: the same rule from the other side."""
    if post.space_id is None:
        return ()
    space = session.get_one(Space, post.space_id)
    if space.is_for_all:
        return ()
    within = select(GroupMember.member_id).where(GroupMember.group_id == space.group_id)
    return (or_(Member.role == Role.TRAINER, Member.id.in_(within)),)
