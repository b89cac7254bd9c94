"""A post becomes a question, or a question a post, with everything written beneath it.

What was written stays in the ledger as it was, so no grade moves: a reply that became an answer counts as the reply it
was. What is said of answers ends with the question; the ledger's one row (CONVERTED) stands for all of that.
"""

from flask_babel import gettext as _
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from sociallearn.activity import recording
from sociallearn.activity.models import Verb
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.posts import sight, writing
from sociallearn.posts.models import Extra, Kind, Post, Visibility
from sociallearn.questions.models import Acceptance, AnswerTally, AnswerVote, Endorsement, Help, QuestionState
from sociallearn.roster.models import Member

_BOUND = Extra.POLL | Extra.PRAISE | Extra.STARTER


def problem(session: Session, post: Post) -> str | None:
    """Why this thread stays what it is, in a sentence; nothing where it can become the other."""
    if not post.is_root or post.kind not in (Kind.POST, Kind.QUESTION) or not post.is_visible:
        return str(_("Only a post or a question that can be read can become the other."))
    if post.is_locked:
        return str(_("This conversation is locked."))
    if post.extras & _BOUND or post.is_announcement:
        return str(_("A poll, praise, an announcement or a starter question stays what it is."))
    if sight.is_informal(session, post):
        return str(_("What is said informally stays where it is."))
    if session.scalar(select(QuestionState.question_id).where(QuestionState.duplicate_of_id == post.id).limit(1)):
        return str(_("Other questions lead to this one."))
    return None


def to_question(session: Session, post: Post, *, by: Member, title: str) -> Post:
    """A post becomes a question called ``title``: its replies are answers, and those to them comments.

    Raises Refusal 403 for anybody but author and trainer, 409 where ``problem`` says why or somebody was faster.
    """
    post = _begin(session, post, by, Kind.POST)
    writing.keep_version(session, post)
    post.kind, post.title = Kind.QUESTION, title
    replies = update(Post).where(Post.root_id == post.id)
    session.execute(replies.where(Post.branch_id == Post.id).values(kind=Kind.ANSWER))
    session.execute(replies.where(Post.branch_id != Post.id).values(kind=Kind.COMMENT))
    answers = select(func.count()).where(
        Post.root_id == post.id, Post.kind == Kind.ANSWER, Post.visibility == Visibility.VISIBLE
    )
    post.answer_count = session.scalar(answers) or 0
    return _end(session, post, by)


def to_post(session: Session, question: Post, *, by: Member) -> Post:
    """A question becomes a post that begins with its title: all that stands beneath it are replies, and what was said
    of answers and of the question is gone. Raises Refusal like ``to_question``."""
    question = _begin(session, question, by, Kind.QUESTION)
    writing.keep_version(session, question)
    question.body = f"{question.title}\n\n{question.body}"
    writing.render_again(session, question)
    question.kind, question.title, question.answer_count = Kind.POST, None, 0
    session.execute(update(Post).where(Post.root_id == question.id).values(kind=Kind.REPLY))
    texts = select(Post.id).where(or_(Post.root_id == question.id, Post.id == question.id))
    for said in (AnswerVote, Help, Endorsement, AnswerTally):
        session.execute(delete(said).where(said.post_id.in_(texts)).execution_options(synchronize_session=False))
    for about in (Acceptance, QuestionState):
        session.execute(delete(about).where(about.question_id == question.id))
    return _end(session, question, by)


def _begin(session: Session, post: Post, by: Member, kind: Kind) -> Post:
    if not (by.is_trainer or post.written_by(by)):
        raise Refusal(403, _("Whoever wrote it, or a trainer, can do this."))
    post = locked(session, Post, post.id)
    if post.kind != kind:
        raise Refusal(409, _("Somebody was faster: this was already changed."), _("Reload the page to see it."))
    sentence = problem(session, post)
    if sentence is not None:
        raise Refusal(409, sentence)
    return post


def _end(session: Session, post: Post, by: Member) -> Post:
    post.pinned_at = None  # the other room has its own three
    session.flush()
    session.expire_all()  # replies held by the session have another kind now
    recording.record(session, Verb.CONVERTED, by=by, post_id=post.id, root_id=post.id, author_id=post.author_id)
    return post
