"""The only code that changes who can read a post and whether it takes replies, and the guard that makes any other way
fail.

Every change writes one row in the decision log in the same flush; a change without its row, a row without its
change, or a bulk UPDATE of the columns raises before anything reaches the database. Rooms above put what they decide in
public under the same guard (``guard``), as the idea board does its stages.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from blinker import Signal
from flask_babel import gettext as _
from sqlalchemy import Insert, Update, event, inspect, select, update
from sqlalchemy.orm import ORMExecuteState, Session

from sociallearn import clock
from sociallearn.activity import recording
from sociallearn.activity.models import Activity, Verb
from sociallearn.database import Model, locked
from sociallearn.errors import Refusal
from sociallearn.lti.models import Deployment
from sociallearn.posts import naming, sight
from sociallearn.posts.models import Decision, Kind, Lock, Post, Visibility
from sociallearn.roster import granting
from sociallearn.roster.granting import Right
from sociallearn.roster.models import Cohort, Member, Person

_ALLOWED = {
    (Visibility.VISIBLE, Visibility.DELETED): Verb.DELETED,
    (Visibility.DELETED, Visibility.VISIBLE): Verb.UNDELETED,
    (Visibility.VISIBLE, Visibility.HIDDEN): Verb.HID,
    (Visibility.HIDDEN, Visibility.VISIBLE): Verb.RESTORED,
}
_GUARDED: dict[type[Model], tuple[str, frozenset[str]]] = {Post: ("id", frozenset({"visibility", "is_locked"}))}
_OWN = frozenset({Verb.DELETED, Verb.UNDELETED})


# Sent inside the transaction for each change of who can read a text: decided.send(decision, session=session)
decided = Signal()


class UnloggedDecision(RuntimeError):
    """Something guarded was about to change without exactly one row in the decision log. A mistake in code, not by
    people."""


def guard(model: type[Model], *columns: str, post: str) -> None:
    """From now on these columns of ``model`` change only together with a row of the decision log about the post whose
    id stands in the column ``post``."""
    _GUARDED[model] = post, frozenset(columns)


def decide(session: Session, post: Post, after: Visibility, *, by: Member, reason: str) -> Decision:
    """Change a post's visibility, log it, and keep the counters of its thread and topics.

    Authors delete and undelete their own; trainers hide and restore, with a reason. Raises Refusal 403 for anybody
    else, 409 when somebody was faster.
    """
    post, verb = _locked(session, post, after)
    if not may(verb, post, by):
        raise Refusal(403, _("You can delete your own texts; trainers can hide texts with a reason."))
    role = "author" if verb in _OWN else by.role
    return _change(session, post, verb, Decision(by_id=by.id, role=role, after=after, reason=reason))


def administer(session: Session, post: Post, after: Visibility, *, by: Person, reason: str) -> Decision:
    """The same by an administrator, in a cohort they need not be in: for texts no trainer there can decide about.

    Raises Refusal 403 for whoever does not look after the cohort's LMS, and about one's own texts; else as ``decide``.
    """
    post, verb = _locked(session, post, after)
    author = session.get_one(Member, post.author_id)
    if verb in _OWN or author.person_id == by.id or not _looks_after(session, post, by):
        raise Refusal(403, _("Only administrators can do this."), _("Ask whoever looks after your LMS."))
    row = Decision(by_person_id=by.id, role=Right.ADMINISTRATOR, after=after, reason=reason)
    return _change(session, post, verb, row)


def _locked(session: Session, post: Post, after: Visibility) -> tuple[Post, Verb]:
    if post.root_id is not None:
        locked(session, Post, post.root_id)  # the thread first, as whoever replies or converts it does
    post = locked(session, Post, post.id)
    verb = _ALLOWED.get((Visibility(post.visibility), after))
    if verb is None:
        raise Refusal(409, _("Somebody was faster: this was already changed."), _("Reload the page to see it."))
    return post, verb


def _looks_after(session: Session, post: Post, person: Person) -> bool:
    of = select(Deployment.registration_id).join(Cohort, Cohort.deployment_id == Deployment.id)
    registration_id = session.scalar(of.where(Cohort.id == post.cohort_id))
    return registration_id in granting.reach(session, person).registration_ids


def _change(session: Session, post: Post, verb: Verb, row: Decision) -> Decision:
    if verb == Verb.HID and not row.reason:
        raise Refusal(422, _("Say why, so that the author and the cohort know."))
    row.cohort_id, row.post_id, row.before, row.at = post.cohort_id, post.id, post.visibility, clock.now()
    session.add(row)
    post.visibility = row.after
    session.flush()
    _count(session, post, 1 if post.is_visible else -1)
    if not sight.is_informal(session, post):
        activity = Activity(
            cohort_id=post.cohort_id,
            member_id=row.by_id,
            verb=verb,
            post_id=post.id,
            root_id=post.thread_id,
            author_id=post.author_id,
            at=row.at,
        )
        recording.keep(session, activity)
    decided.send(row, session=session)
    return row


def lock(session: Session, post: Post, *, by: Member, reason: str) -> Decision:
    """No more replies in this thread, for a reason everybody can read. What is there stays.

    Raises Refusal 403 for learners, 409 when it is no thread that can be read or somebody was faster, 422 without a
    reason.
    """
    if not reason:
        raise Refusal(422, _("Say why, so that the author and the cohort know."))
    return _set_lock(session, post, True, by, reason)


def unlock(session: Session, post: Post, *, by: Member, reason: str = "") -> Decision:
    """Replies again. Raises Refusal as ``lock`` does."""
    return _set_lock(session, post, False, by, reason)


def _set_lock(session: Session, post: Post, is_locked: bool, by: Member, reason: str) -> Decision:
    if not by.is_trainer:
        raise Refusal(403, _("Only trainers of this cohort can do this."), _("Ask your trainer."))
    post = locked(session, Post, post.id)
    if not post.is_root or not post.is_visible:
        raise Refusal(409, _("Only a conversation that can be read can be locked."))
    if post.is_locked == is_locked:
        raise Refusal(409, _("Somebody was faster: this was already changed."), _("Reload the page to see it."))
    before, after = (Lock.OPEN, Lock.LOCKED) if is_locked else (Lock.LOCKED, Lock.OPEN)
    row = Decision(
        cohort_id=post.cohort_id,
        post_id=post.id,
        by_id=by.id,
        role=by.role,
        before=before,
        after=after,
        reason=reason,
        at=clock.now(),
    )
    session.add(row)
    post.is_locked = is_locked
    session.flush()
    return row


def may(verb: Verb, post: Post, by: Member) -> bool:
    """Whether this member may do this to this post. Trainers never decide about texts of their own."""
    return post.author_id == by.id if verb in _OWN else by.is_trainer and post.author_id != by.id


def _count(session: Session, post: Post, change: int) -> None:
    if post.root_id is not None:
        values: dict[str, Any] = {"reply_count": Post.reply_count + change}
        if post.kind == Kind.ANSWER:
            values["answer_count"] = Post.answer_count + change
        session.execute(update(Post).where(Post.id == post.root_id).values(**values))
    naming.count(session, post, change)


@event.listens_for(Session, "before_flush")
def _one_row_each(session: Session, _context: object, _instances: object) -> None:
    changed: Counter[int] = Counter()
    for row in session.dirty:
        if type(row) in _GUARDED:
            post, names = _GUARDED[type(row)]
            changed[getattr(row, post)] += sum(inspect(row).attrs[name].history.has_changes() for name in names)
    logged = Counter(row.post_id for row in session.new if isinstance(row, Decision))
    if +changed != logged:
        raise UnloggedDecision(f"changed {dict(changed)}, logged {dict(logged)}")


def _set_by(statement: Insert | Update, parameters: Any) -> set[str]:
    """The columns of existing rows a statement sets, however it says so."""
    if isinstance(statement, Insert):
        conflict = getattr(statement, "_post_values_clause", None)
        changes = getattr(conflict, "update_values_to_set", None) or ()
        return {getattr(column, "key", column) for column, _value in changes}
    pairs = [*(statement._values or ()), *(column for column, _value in statement._ordered_values or ())]
    given = [parameters] if isinstance(parameters, Mapping) else parameters or []
    return {getattr(column, "key", column) for column in pairs} | {name for one in given for name in one}


@event.listens_for(Session, "do_orm_execute")
def _no_bulk(state: ORMExecuteState) -> None:
    statement = state.statement
    if not isinstance(statement, Insert | Update):
        return
    for model, (_post, names) in _GUARDED.items():
        is_its_table = getattr(statement.table, "name", None) == model.__tablename__
        if is_its_table and _set_by(statement, state.parameters) & names:
            raise UnloggedDecision(f"{', '.join(sorted(names))}: changed together with the decision log only")
