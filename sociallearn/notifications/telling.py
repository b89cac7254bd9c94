"""Write down whom an event concerns, in the event's own transaction. Once a person and event, whatever happens twice.

Nobody is left out for what they can read today: that is asked whenever somebody looks (``reading``).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_missing
from sociallearn.notifications.models import About, Notification, What
from sociallearn.posts import sight
from sociallearn.posts.models import Post
from sociallearn.roster.models import Member


@dataclass(frozen=True)
class News:
    """One event, as everybody it concerns is told of it."""

    event: str  # what makes it one: told once
    about: About
    what: What
    post: Post | None = None
    bundle: str = ""  # what is told in one line with others like it; empty: by itself
    by_id: int | None = None  # whom it names, who is never told of it themselves
    names: bool = True  # False: nobody is named
    decision_id: int | None = None
    round_id: int | None = None
    nudge_id: int | None = None


def tell(session: Session, news: News, member_ids: Collection[int]) -> None:
    """Tell these members; whom it cannot concern (see ``here``) must not be among them."""
    wanted = sorted(set(member_ids) - {news.by_id})
    if not wanted:
        return
    organisation_id, cohort_id = session.execute(
        select(Member.organisation_id, Member.cohort_id).where(Member.id == wanted[0])
    ).one()
    post = news.post
    row = {
        "cohort_id": cohort_id,
        "organisation_id": organisation_id,
        "event": news.event,
        "bundle": news.bundle or news.event,
        "about": news.about,
        "what": news.what,
        "post_id": post.id if post is not None else None,
        "root_id": post.thread_id if post is not None else None,
        "round_id": news.round_id,
        "by_id": news.by_id if news.names else None,
        "decision_id": news.decision_id,
        "nudge_id": news.nudge_id,
        "at": clock.now(),
    }
    insert_missing(session, Notification, [{**row, "member_id": member_id} for member_id in wanted])


def take_back(session: Session, *events: ColumnElement[bool]) -> None:
    """What was taken back is no longer told."""
    session.execute(delete(Notification).where(*events).execution_options(synchronize_session=False))


def here(session: Session, cohort_id: int, thread: Post | None, *which: ColumnElement[bool]) -> list[int]:
    """Members such as ``which`` who came in, are still there, and whom the thread is for."""
    there = (Member.cohort_id == cohort_id, Member.joined_at.is_not(None), Member.left_at.is_(None))
    of_thread = sight.who_sees(session, thread) if thread is not None else ()
    return list(session.scalars(select(Member.id).where(*there, Member.is_test.is_(False), *of_thread, *which)))


def among(session: Session, thread: Post, member_ids: Iterable[int]) -> list[int]:
    """Those of these members who are still there, and whom the thread is for."""
    return here(session, thread.cohort_id, thread, Member.id.in_(set(member_ids)))
