"""Praise for people of the cohort: a post names one to three of them, its text says what for. Brings nobody points."""

from collections.abc import Collection

from babel.lists import format_list
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from sociallearn.errors import Refusal
from sociallearn.languages import choose
from sociallearn.posts.models import Extra, Kind, Post, Praise
from sociallearn.roster.models import Member, Person

MOST = 3  # people in one post


def candidates(session: Session, by: Member) -> dict[int, str]:
    """Whom ``by`` can praise, by name: whoever came in and is still here, not oneself; nobody whose name is an e-mail
    address. One query."""
    statement = select(Member.id, Person.name).join(Person, Person.id == Member.person_id).where(*_here(by))
    return {member_id: name for member_id, name in session.execute(statement.order_by(func.lower(Person.name)))}


def _here(by: Member) -> tuple[ColumnElement[bool], ...]:
    return (
        Member.cohort_id == by.cohort_id,
        Member.id != by.id,
        Member.joined_at.is_not(None),
        Member.left_at.is_(None),
        Member.is_test.is_(False),
        Person.name.not_like("%@%"),
    )


def problem_of(member_ids: Collection[int], possible: Collection[int]) -> str | None:
    """What is wrong with praising these, as a sentence."""
    wanted = set(member_ids)
    if not wanted:
        return str(_("Choose who deserves it."))
    if len(wanted) > MOST:
        return str(_("Three people at most: praise is for somebody."))
    return None if wanted <= set(possible) else str(_("Choose somebody from the list."))


def praise(session: Session, post: Post, member_ids: Collection[int], *, by: Member) -> None:
    """Let a new post of the feed praise these members. Raises Refusal 422 for nobody, too many, oneself, or who is
    not here."""
    if post.kind != Kind.POST:
        raise Refusal(422, _("Only a post of the feed can praise somebody."))
    problem = problem_of(member_ids, candidates(session, by))
    if problem:
        raise Refusal(422, problem)
    session.add_all(Praise(cohort_id=post.cohort_id, post_id=post.id, member_id=each) for each in set(member_ids))
    post.extras |= Extra.PRAISE
    session.flush()


def names(session: Session, post_ids: Collection[int], member: Member) -> dict[int, Markup]:
    """Whom these texts praise, in words: one query."""
    statement = (
        select(Praise.post_id, Person.name)
        .join(Member, Member.id == Praise.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Praise.post_id.in_(post_ids), Praise.cohort_id == member.cohort_id)
        .order_by(Praise.post_id, func.lower(Person.name))
    )
    found: dict[int, list[str]] = {}
    for post_id, name in session.execute(statement):
        found.setdefault(post_id, []).append(f"<bdi>{escape(name)}</bdi>")
    return {post_id: Markup(format_list(who, locale=choose())) for post_id, who in found.items()}  # noqa: S704
