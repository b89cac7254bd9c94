"""Hear what happens: signals of acts, and rows that say by themselves what concerns whom.

A session tells of its new rows when it flushes, so that whatever writes a nudge or a decision need not know of this
room.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from sociallearn.activity.models import Activity, Verb
from sociallearn.activity.recording import recorded
from sociallearn.grades.models import GradeReview
from sociallearn.ideas import authoring, settling
from sociallearn.ideas.models import Outcome, Rating
from sociallearn.notifications import marking, planning, telling
from sociallearn.notifications.models import About, FriendlyNudge, Notification, What
from sociallearn.notifications.telling import News
from sociallearn.posts import reacting, writing
from sociallearn.posts.models import Decision, Kind, Lock, Mention, Post, Praise, ReactionKind, Starter, ThreadFollow
from sociallearn.posts.models import Visibility as Sight
from sociallearn.pulse import answering, asking
from sociallearn.pulse.models import PulseRound
from sociallearn.questions.models import Nudge, Step
from sociallearn.roster.models import Member, Role
from sociallearn.roster.signals import arrived

_CREDIT = {Verb.ACCEPTED: What.ACCEPTED, Verb.ENDORSED: What.ENDORSED, Verb.HELPED: What.HELPED}
_TAKEN_BACK = {Verb.UNACCEPTED: Verb.ACCEPTED, Verb.UNENDORSED: Verb.ENDORSED, Verb.UNHELPED: Verb.HELPED}
_DECIDED = {
    Sight.HIDDEN.value: What.HIDDEN,
    Sight.VISIBLE.value: What.RESTORED,
    Lock.LOCKED.value: What.LOCKED,
    Lock.OPEN.value: What.UNLOCKED,
}


def connect() -> None:
    """Begin to listen. Safe to call again."""
    recorded.connect(on_activity)
    writing.written.connect(on_text)
    reacting.reacted.connect(on_reaction)
    settling.settled.connect(on_outcome)
    asking.taken_back.connect(on_pulse_taken_back)
    answering.responded.connect(on_pulse_answer)
    arrived.connect(planning.on_arrival)
    if not event.contains(Session, "after_flush", _on_flush):
        event.listen(Session, "after_flush", _on_flush)


def on_activity(activity: Activity, session: Session) -> None:
    """An answer was accepted, recommended, or helped somebody; or no longer."""
    verb = Verb(activity.verb)
    if verb == Verb.CONVERTED:
        about = (Notification.root_id == activity.root_id, Notification.about == About.CREDIT)
        telling.take_back(session, *about)
    elif verb in _TAKEN_BACK:
        telling.take_back(session, Notification.event == _credit(_TAKEN_BACK[verb], activity))
    elif verb in _CREDIT and activity.author_id != activity.member_id:
        if verb == Verb.ACCEPTED:  # another one makes way
            gone = (Notification.root_id == activity.root_id, Notification.what == What.ACCEPTED)
            telling.take_back(session, *gone)
        post = session.get_one(Post, activity.post_id)
        news = News(
            event=_credit(verb, activity),
            about=About.CREDIT,
            what=_CREDIT[verb],
            post=post,
            bundle=f"{verb}:{post.id}",
            by_id=activity.member_id,
            names=verb == Verb.ENDORSED,  # who was helped and who accepted need not be said
        )
        telling.tell(session, news, telling.among(session, post, {activity.author_id}))


def _credit(verb: Verb, activity: Activity) -> str:
    by = "" if verb == Verb.ACCEPTED else f":{activity.member_id}"
    return f"{verb}:{activity.post_id}{by}"


def on_text(post: Post, session: Session) -> None:
    """A text is new, or reads otherwise: whom it names, whom it answers, and who follows its conversation."""
    if not post.is_visible:
        return
    named = set(session.scalars(select(Mention.member_id).where(Mention.post_id == post.id)))
    if named:
        news = News(f"mention:{post.id}", About.NAMED, What.MENTIONED, post, by_id=post.author_id)
        telling.tell(session, news, telling.among(session, post, named))
    if post.version == 1 and post.root_id is not None:
        _tell_of_reply(session, post, session.get_one(Post, post.root_id), named)


def _tell_of_reply(session: Session, post: Post, thread: Post, named: set[int]) -> None:
    answered = {session.get_one(Post, post.parent_id).author_id}
    if post.parent_id == thread.id and thread.kind == Kind.IDEA:
        answered = authoring.ids_of(session, thread.id)
    what = {Kind.QUESTION: What.ANSWERED, Kind.IDEA: What.COMMENTED}.get(Kind(thread.kind), What.REPLIED)
    what = what if post.parent_id == thread.id else What.REPLIED
    event_ = f"text:{post.id}"
    news = News(event_, About.REPLY, what, post, f"{what}:{post.parent_id}", post.author_id)
    telling.tell(session, news, telling.among(session, thread, answered - named))
    following = select(ThreadFollow.member_id).where(
        ThreadFollow.root_id == thread.id, ThreadFollow.is_muted.is_(False)
    )
    others = telling.here(session, thread.cohort_id, thread, Member.id.in_(following))
    news = News(event_, About.FOLLOWED, What.WENT_ON, post, f"{What.WENT_ON}:{thread.id}", post.author_id)
    telling.tell(session, news, set(others) - answered - named)


def on_reaction(post: Post, kind: ReactionKind, by: Member, is_given: bool, session: Session) -> None:
    """Somebody reacted to a text, or took that back."""
    event_ = f"reaction:{post.id}:{by.id}:{kind}"
    if not is_given:
        telling.take_back(session, Notification.member_id == post.author_id, Notification.event == event_)
        return
    news = News(event_, About.REACTION, What.REACTED, post, f"{What.REACTED}:{post.id}", by.id)
    telling.tell(session, news, telling.among(session, post, {post.author_id}))


def on_outcome(outcome: Outcome, by: Member, session: Session) -> None:
    """Somebody wrote down what becomes of an idea: its authors hear it, everybody who rated it, and who took it on."""
    post = session.get_one(Post, outcome.idea_id)
    news = News(
        event=f"outcome:{post.id}:{outcome.version}",
        about=About.IDEA,
        what=What.OUTCOME,
        post=post,
        bundle=f"{What.OUTCOME}:{post.id}",
        by_id=by.id,
        names=False,
    )
    further = {outcome.owner_id} if outcome.owner_id else set()
    telling.tell(session, news, telling.among(session, post, _concerned(session, post.id) | further))


def on_pulse_taken_back(round_: PulseRound, session: Session) -> None:
    """Two questions are no longer asked."""
    telling.take_back(session, Notification.event == _pulse(round_))


def on_pulse_answer(round_: PulseRound, member: Member, session: Session) -> None:
    """Whoever answered them, or put that off, has seen that they were asked."""
    marking.seen(session, member, _pulse(round_))


def _pulse(round_: PulseRound) -> str:
    return f"{What.PULSE}:{round_.id}"


def _asked(session: Session, round_: PulseRound) -> None:
    learners = telling.here(session, round_.cohort_id, None, Member.role == Role.LEARNER)
    telling.tell(session, News(_pulse(round_), About.PULSE, What.PULSE, by_id=round_.by_id, names=False), learners)


def _concerned(session: Session, idea_id: int) -> set[int]:
    """Whoever wrote an idea, and everybody who gave an opinion."""
    raters = session.scalars(select(Rating.member_id).where(Rating.idea_id == idea_id))
    return authoring.ids_of(session, idea_id) | set(raters)


def _on_flush(session: Session, _context: object) -> None:
    for row in list(session.new):
        hears = _ROWS.get(type(row))
        if hears is not None:
            hears(session, row)
    for row in list(session.dirty):
        if isinstance(row, Post) and row.is_announcement and inspect(row).attrs.is_announcement.history.has_changes():
            _announced(session, row)
        if isinstance(row, GradeReview) and inspect(row).attrs.answered_at.history.has_changes():
            _looked_again(session, row)


def _nudged(session: Session, nudge: Nudge) -> None:
    question, is_request = session.get_one(Post, nudge.question_id), nudge.step != Step.FOLLOWERS
    about, what = (About.ASKED, What.ASKED) if is_request else (About.FOLLOWED, What.TOPIC)
    telling.tell(session, News(f"nudge:{nudge.id}", about, what, question), {nudge.member_id})
    if is_request:
        planning.hurry(session, nudge.member_id)


def _decided(session: Session, decision: Decision) -> None:
    post, after = session.get_one(Post, decision.post_id), decision.after
    if after in _DECIDED:
        if decision.before == Sight.DELETED or after == Sight.DELETED:
            return  # by the author
        about, what, whom = About.DECISION, _DECIDED[after], {post.author_id}
    elif after.startswith("stage:"):
        about, what, whom = About.IDEA, What.MOVED, _concerned(session, post.id)
    elif after.startswith("merged:"):
        about, what, whom = About.IDEA, What.MERGED, _concerned(session, post.id)
    elif after == "alone":
        about, what, whom = About.IDEA, What.SPLIT, authoring.ids_of(session, post.id)
    else:
        return
    news = News(
        event=f"decision:{decision.id}",
        about=about,
        what=what,
        post=post,
        by_id=decision.by_id,
        names=False,
        decision_id=decision.id,
    )
    telling.tell(session, news, telling.among(session, post, whom))


def _praised(session: Session, praise: Praise) -> None:
    post = session.get_one(Post, praise.post_id)
    news = News(f"praise:{post.id}", About.NAMED, What.PRAISED, post, by_id=post.author_id)
    telling.tell(session, news, telling.among(session, post, {praise.member_id}))


def _started(session: Session, starter: Starter) -> None:
    post_id = starter.post_id or starter.question_id
    news = News(
        event=f"starter:{starter.id}",
        about=About.TRAINER,
        what=What.STARTER,
        post=session.get_one(Post, post_id) if post_id else None,
        by_id=starter.by_id,
        round_id=starter.round_id,
    )
    telling.tell(session, news, telling.here(session, starter.cohort_id, news.post))


def _announced(session: Session, post: Post) -> None:
    news = News(f"announced:{post.id}", About.TRAINER, What.ANNOUNCED, post, by_id=post.author_id)
    telling.tell(session, news, telling.here(session, post.cohort_id, post))


def _wrote(session: Session, nudge: FriendlyNudge) -> None:
    news = News(f"friendly:{nudge.id}", About.WORD, What.WROTE, by_id=nudge.by_id, nudge_id=nudge.id)
    telling.tell(session, news, [nudge.member_id])  # who writes has seen that they are here


def _looked_again(session: Session, review: GradeReview) -> None:
    news = News(f"review:{review.id}", About.WORD, What.LOOKED, by_id=review.answered_by_id)
    telling.tell(session, news, telling.here(session, review.cohort_id, None, Member.id == review.member_id))


_ROWS: dict[type, Callable[[Session, Any], None]] = {
    Nudge: _nudged,
    Decision: _decided,
    Praise: _praised,
    Starter: _started,
    FriendlyNudge: _wrote,
    PulseRound: _asked,
}
