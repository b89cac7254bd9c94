"""Authors by invitation: whoever made an idea together stands beside it, once both sides want it.

What somebody rated before they became an author is set aside, and counts again once they no longer are one.
"""

from dataclasses import dataclass, field

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, CursorResult, delete, func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_new, locked
from sociallearn.errors import Refusal
from sociallearn.ideas import authoring, joining, tallying
from sociallearn.ideas.models import AuthorInvitation, CoAuthor, Idea
from sociallearn.posts import sight
from sociallearn.posts.models import Post, Visibility
from sociallearn.roster import pretending
from sociallearn.roster.models import Member, Person, Role

MOST = 10  # authors of one idea, those who are only asked among them
MOST_OFFERED = 500


def invite(session: Session, idea: Idea, member_id: int, *, by: Member) -> None:
    """Ask somebody who can read the idea; a second time changes nothing.

    Raises Refusal 403 for who is no author, 422 for somebody who cannot be asked or when there are too many, 409 for an
    author and when the idea is gone or part of another.
    """
    idea = _checked(session, idea)
    _check_author(session, idea, by)
    if member_id in authoring.ids_of(session, idea.post_id):
        raise Refusal(409, _("That person is one of its authors already."))
    if session.scalar(select(Member.id).where(Member.id == member_id, *_can_be_asked(session, idea))) is None:
        raise Refusal(422, _("Choose a person from the list."))
    asked = session.scalar(select(func.count()).where(AuthorInvitation.idea_id == idea.post_id)) or 0
    if len(authoring.ids_of(session, idea.post_id)) + asked >= MOST:
        raise Refusal(422, _("An idea has ten authors at most."))
    own = {"cohort_id": idea.cohort_id, "organisation_id": idea.organisation_id, "by_id": by.id, "at": clock.now()}
    insert_new(session, AuthorInvitation, {"idea_id": idea.post_id, "member_id": member_id, **own})


def accept(session: Session, idea: Idea, *, by: Member) -> None:
    """Become an author; a second time changes nothing.

    Raises Refusal 409 when nobody asks any more, or the idea is gone or part of another.
    """
    pretending.check_is_somebody(by)
    idea = _checked(session, idea)
    if not _remove(session, idea, by.id):
        if by.id in authoring.ids_of(session, idea.post_id):
            return
        raise Refusal(409, _("This invitation was taken back meanwhile."))
    session.add(CoAuthor(cohort_id=idea.cohort_id, idea_id=idea.post_id, member_id=by.id, from_id=idea.post_id))
    session.flush()
    tallying.reckon(session, idea)


def decline(session: Session, idea: Idea, member_id: int, *, by: Member) -> None:
    """Say no, or take an invitation back; a second time changes nothing. Raises Refusal 403 for anybody else."""
    if member_id != by.id:
        _check_author(session, idea, by)
    _remove(session, idea, member_id)


def leave(session: Session, idea: Idea, *, by: Member) -> None:
    """No longer be an author; a second time changes nothing. Raises Refusal 409 for whoever proposed it or came with a
    merged idea, and when the idea is gone or part of another."""
    idea = _checked(session, idea)
    mine = (CoAuthor.idea_id == idea.post_id, CoAuthor.member_id == by.id, CoAuthor.from_id == idea.post_id)
    gone: CursorResult[tuple[()]] = session.execute(delete(CoAuthor).where(*mine))  # type: ignore[assignment]
    if gone.rowcount:
        tallying.reckon(session, idea)
    elif by.id in authoring.ids_of(session, idea.post_id):
        raise Refusal(409, _("Whoever proposed an idea, or one merged into it, stays its author."))


def _checked(session: Session, idea: Idea) -> Idea:
    """Locked, and still an idea of its own that can be read."""
    idea = locked(session, Idea, idea.post_id)
    joining.check_not_merged(session, idea)
    if not session.get_one(Post, idea.post_id, populate_existing=True).is_visible:
        raise Refusal(409, _("This idea was removed meanwhile."))
    return idea


def _check_author(session: Session, idea: Idea, by: Member) -> None:
    post = session.get_one(Post, idea.post_id)
    if not post.written_by(by) and not authoring.is_author(session, idea.post_id, by):
        raise Refusal(403, _("Only its authors say who made it with them."))


def _remove(session: Session, idea: Idea, member_id: int) -> bool:
    its = (AuthorInvitation.idea_id == idea.post_id, AuthorInvitation.member_id == member_id)
    gone: CursorResult[tuple[()]] = session.execute(delete(AuthorInvitation).where(*its))  # type: ignore[assignment]
    return bool(gone.rowcount)


def _can_be_asked(session: Session, idea: Idea) -> tuple[ColumnElement[bool], ...]:
    return (
        Member.cohort_id == idea.cohort_id,
        Member.role.in_((Role.LEARNER, Role.TRAINER)),
        Member.is_test.is_(False),
        Member.joined_at.is_not(None),
        Member.left_at.is_(None),
        *sight.who_sees(session, session.get_one(Post, idea.post_id)),
    )


@dataclass
class Asking:
    """What stands on an idea's page about becoming an author of it."""

    invited_by: str | None = None  # this member is asked, by whom
    may_leave: bool = False  # this member is an author by invitation
    waiting: dict[int, str] = field(default_factory=dict)  # who is asked, for its authors
    candidates: dict[int, str] = field(default_factory=dict)  # who can be asked, for its authors


def asking(session: Session, idea: Idea, member: Member) -> Asking:
    """For this member: two queries, and two more for an author."""
    found = Asking()
    if not member.may_write or idea.merged_into is not None:
        return found
    inviter = select(Person.name).join(Member, Member.person_id == Person.id)
    mine = (AuthorInvitation.idea_id == idea.post_id, AuthorInvitation.member_id == member.id)
    found.invited_by = session.scalar(inviter.join(AuthorInvitation, AuthorInvitation.by_id == Member.id).where(*mine))
    authors = authoring.ids_of(session, idea.post_id)
    if member.id not in authors:
        return found
    found.may_leave = session.get(CoAuthor, (idea.post_id, member.id, idea.post_id)) is not None
    names = select(Member.id, Person.name).join(Person, Person.id == Member.person_id).order_by(Person.name, Member.id)
    asked = names.join(AuthorInvitation, AuthorInvitation.member_id == Member.id)
    found.waiting = dict(session.execute(asked.where(AuthorInvitation.idea_id == idea.post_id)).tuples().all())
    possible = names.where(*_can_be_asked(session, idea), Member.id.not_in({*authors, *found.waiting}))
    found.candidates = dict(session.execute(possible.limit(MOST_OFFERED)).tuples().all())
    return found


def waiting_for(session: Session, member: Member) -> list[tuple[int, str]]:
    """The ideas (id and title) whose authors ask this member to join them. One query."""
    rows = session.execute(
        select(Post.id, Post.title)
        .join(AuthorInvitation, AuthorInvitation.idea_id == Post.id)
        .where(AuthorInvitation.cohort_id == member.cohort_id, AuthorInvitation.member_id == member.id)
        .where(Post.visibility == Visibility.VISIBLE, *joining.STANDS_ALONE, sight.in_sight(member))
        .order_by(AuthorInvitation.at.desc())
    )
    return [(post_id, title or "") for post_id, title in rows]
