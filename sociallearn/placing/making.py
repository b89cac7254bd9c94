"""Make what was chosen: items with keys that links in the course will name."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from sociallearn.errors import Refusal
from sociallearn.ideas import rounds
from sociallearn.ideas.models import IdeaRound
from sociallearn.placing import choosing
from sociallearn.placing.choosing import ROUND, SPACE, STARTER
from sociallearn.placing.forms import Wanted
from sociallearn.posts.forms import LONGEST_TITLE
from sociallearn.posts.models import Post
from sociallearn.roster.linking import new_key
from sociallearn.roster.models import Cohort, ContentItem, Member
from sociallearn.starters import opening
from sociallearn.text.excerpting import excerpt

_ROOM = {SPACE: "feed", STARTER: "feed", ROUND: "ideas"}


def make(session: Session, wanted: Sequence[Wanted], *, by: Member) -> list[ContentItem]:
    """One item each; a question or a round that is new begins here. An item that is never placed does no harm.

    Raises Refusal 422 for a conversation or round that is not there (any more), or another cohort's.
    """
    cohort = session.get_one(Cohort, by.cohort_id)
    items = [_make(session, cohort, one, by) for one in wanted]
    session.add_all(items)
    session.flush()
    return items


def _make(session: Session, cohort: Cohort, wanted: Wanted, by: Member) -> ContentItem:
    post = _post(session, cohort, wanted, by) if wanted.kind == STARTER else None
    round_ = _round(session, cohort, wanted, by) if wanted.kind == ROUND else None
    title = wanted.title or (excerpt(post.html, 80) if post else "") or (round_.question if round_ else "")
    return ContentItem(
        cohort_id=cohort.id,
        key=new_key(),
        room=_ROOM.get(wanted.kind, wanted.kind),
        post_id=post.id if post else None,
        round_id=round_.id if round_ else None,
        title=(title or "SocialLearn")[:LONGEST_TITLE],
        points=wanted.points,
        opens_at=wanted.opens_at,
        closes_at=wanted.closes_at,
        made_by_id=by.id,
    )


def _post(session: Session, cohort: Cohort, wanted: Wanted, by: Member) -> Post:
    if wanted.existing_id is None:
        made = opening.start(session, opening.Wanted(discussion=wanted.text), by=by)
        return session.get_one(Post, made.post_id)
    found = choosing.starter(session, cohort, wanted.existing_id)
    if found is None:
        raise Refusal(422, _("That conversation is no longer there."), _("Go back and choose another one."))
    return found


def _round(session: Session, cohort: Cohort, wanted: Wanted, by: Member) -> IdeaRound:
    if wanted.existing_id is None:
        return rounds.open_one(session, by=by, question=wanted.text, closes_at=wanted.closes_at)
    found = choosing.open_round(session, cohort, wanted.existing_id)
    if found is None:
        raise Refusal(422, _("That idea round is no longer open."), _("Go back and choose another one."))
    return found
