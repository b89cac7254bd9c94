"""Offer to be asked, no longer, and pass on a request; say that the answers have not helped yet."""

from collections.abc import Collection

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_or_get, locked
from sociallearn.errors import Refusal
from sociallearn.posts import sight
from sociallearn.posts.models import Post, PostTopic, Topic, Visibility
from sociallearn.questions.models import HelperProfile, HelperTopic, Nudge, NudgeState, QuestionClock, Step
from sociallearn.roster.models import Member

MOST_TOPICS = 20


def offer(
    session: Session, *, by: Member, topic_ids: Collection[int], words: str, is_listed: bool = False, line: str = ""
) -> HelperProfile:
    """Be asked about these topics of the cohort and these words from now on; it replaces what was offered before.
    Others find the name by the topics, and read the line, only where ``is_listed``; the words are shown to nobody.

    Raises Refusal 403 for who does not write, 422 for nothing at all or too many topics. Other cohorts' topics are left
    out.
    """
    if not by.may_write:
        raise Refusal(403, _("You can read here, not write."), _("Learners and trainers of the cohort write."))
    if len(topic_ids) > MOST_TOPICS:
        raise Refusal(422, _("Choose at most %(most)s topics.", most=MOST_TOPICS))
    own = {"cohort_id": by.cohort_id, "organisation_id": by.organisation_id}
    ours = select(Topic.id).where(Topic.cohort_id == by.cohort_id, Topic.id.in_(topic_ids), in_sight_of(by))
    topics = session.scalars(ours.order_by(Topic.id)).all()
    if not topics and not words:
        raise Refusal(422, _("Choose a topic, or write what people can ask you about."))
    profile = insert_or_get(session, HelperProfile, {"member_id": by.id}, {**own, "words": words, "at": clock.now()})
    profile = locked(session, HelperProfile, profile.member_id)
    profile.words, profile.is_listed, profile.line, profile.at = words, is_listed, line, clock.now()
    session.execute(delete(HelperTopic).where(HelperTopic.member_id == by.id))
    session.add_all(HelperTopic(**own, member_id=by.id, topic_id=topic_id) for topic_id in topics)
    session.flush()
    return profile


def in_sight_of(member: Member) -> ColumnElement[bool]:
    """Topics that a text names which this member can read: a name alone must not tell what others talk about."""
    return exists().where(
        PostTopic.topic_id == Topic.id,
        PostTopic.post_id == Post.id,
        Post.visibility == Visibility.VISIBLE,
        sight.in_sight(member),
    )


def withdraw(session: Session, *, by: Member) -> None:
    """Not be asked any more, at once: what was offered is forgotten, and open requests are over."""
    session.execute(delete(HelperTopic).where(HelperTopic.member_id == by.id))
    session.execute(delete(HelperProfile).where(HelperProfile.member_id == by.id))
    session.execute(
        update(Nudge)
        .where(Nudge.member_id == by.id, Nudge.step == Step.HELPERS, Nudge.state == NudgeState.OPEN)
        .values(state=NudgeState.WITHDRAWN, ended_at=clock.now())
    )


def decline(session: Session, question: Post, *, by: Member) -> None:
    """I'll pass: nobody hears of it. A second time changes nothing.

    Raises Refusal 404 for who was not asked.
    """
    mine = (Nudge.question_id == question.id, Nudge.member_id == by.id)
    if session.scalar(select(Nudge.id).where(*mine).limit(1)) is None:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    session.execute(
        update(Nudge)
        .where(*mine, Nudge.state == NudgeState.OPEN)
        .values(state=NudgeState.DECLINED, ended_at=clock.now())
    )


def not_yet(session: Session, question: Post, *, by: Member) -> None:
    """The asker says that no answer has helped yet; they are not asked again.

    Raises Refusal 403 for anybody else.
    """
    if not question.written_by(by):
        raise Refusal(403, _("Whoever asked says whether it helped."))
    row = session.get(QuestionClock, question.id)
    if row is not None and row.not_yet_at is None:
        row.not_yet_at = clock.now()
        session.flush()
