"""Rate an idea from 1 to 5: one person one rating, the trainer's counts as one."""

from flask_babel import gettext as _
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.activity import recording
from sociallearn.activity.models import Verb
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.ideas import authoring, joining
from sociallearn.ideas.models import Idea, IdeaRound, Rating, SetAside
from sociallearn.posts.models import Post
from sociallearn.roster import pretending
from sociallearn.roster.models import Member

SCALE = range(1, 6)


def rate(session: Session, idea: Idea, value: int, *, by: Member) -> Rating:
    """Rate, or change one's rating. The tally moves by the difference, in the same transaction.

    Raises Refusal 422 off the scale, 403 for one's own idea, 409 when the idea was removed meanwhile or its round is
    closed.
    """
    if value not in SCALE:
        raise Refusal(422, _("Choose a number from 1 to 5."))
    pretending.check_is_somebody(by)
    idea = locked(session, Idea, idea.post_id)  # so that the same person in two tabs rates once
    post = session.get_one(Post, idea.post_id)
    if post.written_by(by):
        raise Refusal(403, _("You can’t rate your own idea."))
    joining.check_not_merged(session, idea)
    if authoring.is_author(session, idea.post_id, by):
        raise Refusal(403, _("You are one of its authors: you can’t rate it."))
    if not post.is_visible:
        raise Refusal(409, _("This idea was removed meanwhile."))
    if not session.get_one(IdeaRound, idea.round_id, populate_existing=True).is_open:
        raise Refusal(409, _("This idea round is closed: its ratings stay as they are."), _("They can be read."))
    rating = session.get(Rating, (idea.post_id, by.id), populate_existing=True)
    before = rating.value if rating else 0
    if rating is None:
        rating = Rating(cohort_id=idea.cohort_id, idea_id=idea.post_id, member_id=by.id, value=value)
        session.add(rating)
    rating.value, rating.at, rating.from_id = value, clock.now(), None
    session.execute(delete(SetAside).where(SetAside.idea_id == idea.post_id, SetAside.member_id == by.id))
    session.execute(
        update(Idea)
        .where(Idea.post_id == idea.post_id)
        .values(rating_count=Idea.rating_count + int(before == 0), rating_sum=Idea.rating_sum + value - before)
    )
    session.flush()
    recording.record(session, Verb.RATED, by=by, post_id=post.id, root_id=post.id, author_id=post.author_id)
    return rating
