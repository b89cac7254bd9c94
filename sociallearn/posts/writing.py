"""Write, reply and edit: the acts all three rooms share."""

from datetime import timedelta

from blinker import Signal
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.activity import recording, repeating
from sociallearn.activity.models import Verb
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.posts import keeping, naming, polling, reading_marks, sight, starters
from sociallearn.posts.models import Kind, Post, PostVersion, Visibility
from sociallearn.roster import spaces
from sociallearn.roster.models import Member, Space
from sociallearn.text import rendering, words

# Sent with the thread locked, before a reply is written: replying.send(root, parent=parent, session=session). Whoever
# hears of it may raise Refusal.
replying = Signal()

GRACE = timedelta(minutes=5)

# Sent inside the transaction for each text that is new or reads otherwise than before, or has other files:
# written.send(post, session=session). Those that count nowhere too, unlike activity.
written = Signal()

# The same for a text that a file brought in: imported.send(post, session=session). It can be found, and nobody is told.
imported = Signal()

_VERBS = {
    Kind.POST: Verb.POSTED,
    Kind.QUESTION: Verb.ASKED,
    Kind.IDEA: Verb.PROPOSED,
    Kind.REPLY: Verb.REPLIED,
    Kind.ANSWER: Verb.ANSWERED,
    Kind.COMMENT: Verb.COMMENTED,
}


def write(
    session: Session, kind: Kind, *, by: Member, body: str, title: str | None = None, space: Space | None = None
) -> Post:
    """Begin a thread, for the whole cohort or in one ``space`` of it."""
    body = _without_seat(body)
    who = naming.people_in(session, by.cohort_id, body)
    post = _new(kind, by, body, title, who)
    if space is not None:
        spaces.use(session, space)
        post.space_id = space.id
    session.add(post)
    session.flush()
    post.active_id = post.id
    naming.keep(session, post, who)
    keeping.follow_by_writing(session, post.id, by=by)
    reading_marks.mark(session, by, post.id)
    _record(session, post, by, reached_id=None)
    written.send(post, session=session)
    return post


def reply(session: Session, parent: Post, *, by: Member, body: str) -> Post:
    """Answer a post. A reply to a second-level reply stands beside it: threads are two levels deep.

    What it is follows from where it stands: an answer right under a question, a comment under an idea or an answer,
    a reply elsewhere. Raises Refusal 409 when the text answered is no longer there, the thread was locked, or one
    answers the question itself before seeing what others wrote.
    """
    root = locked(session, Post, parent.thread_id)  # so that replies get their ids in the order they appear in
    if not parent.is_visible:
        raise Refusal(
            409, _("What you answer was removed meanwhile."), _("Your text stands below; copy what you need.")
        )
    if root.is_locked:
        raise Refusal(409, _("This conversation is locked: it takes no more replies."), _("Your text stands below."))
    if starters.hides(session, parent, by):
        raise Refusal(409, starters.sentence(), _("Your text stands below; copy what you need."))
    replying.send(root, parent=parent, session=session)
    body = _without_seat(body)
    who = naming.people_in(session, by.cohort_id, body)
    made = _new(_kind_of_reply(root, parent), by, body, None, who)
    made.root_id, made.parent_id, made.space_id = root.id, parent.id, root.space_id
    session.add(made)
    session.flush()
    made.branch_id = parent.branch_id or made.id
    session.execute(
        update(Post)
        .where(Post.id == root.id)
        .values(
            reply_count=Post.reply_count + 1,
            answer_count=Post.answer_count + int(made.kind == Kind.ANSWER),
            last_reply_id=made.id,
            active_id=made.id,
            last_reply_at=made.created_at,
        )
    )
    session.flush()
    naming.keep(session, made, who)
    keeping.follow_by_writing(session, root.id, by=by)
    reading_marks.mark(session, by, root.id)
    _record(session, made, by, reached_id=parent.author_id)
    written.send(made, session=session)
    return made


def edit(
    session: Session,
    post: Post,
    *,
    by: Member,
    body: str,
    title: str | None,
    version: int | None = None,
    while_hidden: bool = False,
) -> Post:
    """Change one's own text; how it read before stays readable, unless that was for less than five minutes and nobody
    answered, reacted or voted yet: those are typing errors.

    ``while_hidden``: change a text a trainer hid, so that it may be shown again. How it read before is then for nobody
    to read any more, or what was hidden would come back with it.

    Raises Refusal 403 for somebody else's text, 409 when it was changed since ``version`` or is no longer there.
    """
    post = locked(session, Post, post.id)
    if not post.written_by(by):
        raise Refusal(403, _("You can change your own texts only."))
    if post.visibility != (Visibility.HIDDEN if while_hidden else Visibility.VISIBLE):
        raise Refusal(409, _("This text was removed meanwhile."), _("What you typed stands below."))
    if version is not None and version != post.version:
        raise Refusal(409, _("You changed this text in another window meanwhile."), _("What you typed stands below."))
    body = _without_seat(body)
    if while_hidden:
        session.execute(update(PostVersion).where(PostVersion.post_id == post.id).values(is_withdrawn=True))
    if (post.body, post.title) == (body, title):
        return post
    if while_hidden or not _is_afterthought(session, post):
        _add_version(session, post)
        post.edited_at = clock.now()
    if while_hidden:
        session.flush()
        session.execute(update(PostVersion).where(PostVersion.post_id == post.id).values(is_withdrawn=True))
    who = naming.people_in(session, post.cohort_id, body)
    post.title, post.body, post.html, post.renderer = title, body, _render(body, who), rendering.RENDERER
    post.version += 1
    session.flush()
    naming.keep(session, post, who)
    _record(session, post, by, reached_id=None, verb=Verb.EDITED)
    written.send(post, session=session)
    return post


def keep_version(session: Session, post: Post) -> None:
    """How a text (locked) reads now stays readable after the change that follows."""
    _add_version(session, post)
    post.edited_at = clock.now()
    post.version += 1


def render_again(session: Session, post: Post) -> None:
    """After another act than ``edit`` changed the body: HTML, mentions and topics follow it."""
    who = naming.people_in(session, post.cohort_id, post.body)
    post.html, post.renderer = _render(post.body, who), rendering.RENDERER
    session.flush()
    naming.keep(session, post, who)


def _add_version(session: Session, post: Post) -> None:
    session.add(
        PostVersion(
            cohort_id=post.cohort_id,
            post_id=post.id,
            number=post.version,
            title=post.title,
            body=post.body,
            html=post.html,
            written_at=post.edited_at or post.created_at,
        )
    )


def _is_afterthought(session: Session, post: Post) -> bool:
    if post.edited_at is not None or clock.now() - post.created_at >= GRACE or post.reactions:
        return False
    if polling.has_votes(session, post):
        return False
    return not session.scalar(select(select(Post.id).where(Post.parent_id == post.id).exists()))


def _new(kind: Kind, by: Member, body: str, title: str | None, who: naming.People) -> Post:
    return Post(
        cohort_id=by.cohort_id,
        kind=kind,
        author_id=by.id,
        title=title,
        body=body,
        html=_render(body, who),
        renderer=rendering.RENDERER,
        created_at=clock.now(),
    )


def _kind_of_reply(root: Post, parent: Post) -> Kind:
    if root.kind == Kind.QUESTION:
        return Kind.ANSWER if parent.is_root else Kind.COMMENT
    return Kind.COMMENT if root.kind == Kind.IDEA else Kind.REPLY


def _without_seat(body: str) -> str:
    # a pasted address of one's own page must not carry one's seat to others
    return rendering.without_seat(body, tool_url=current_app.config["BASE_URL"])


def _render(body: str, who: naming.People) -> str:
    return rendering.render(body, tool_url=current_app.config["BASE_URL"], names=who.names)


def _record(session: Session, post: Post, by: Member, reached_id: int | None, verb: Verb | None = None) -> None:
    if sight.is_informal(session, post):
        return  # no points and no reports: the ledger never hears of it
    own = words.own_words(post.body)
    parted = repeating.compare(session, cohort_id=post.cohort_id, post_id=post.id, words=own)
    recording.record(
        session,
        verb or _VERBS[Kind(post.kind)],
        by=by,
        post_id=post.id,
        root_id=post.thread_id,
        author_id=post.author_id,
        reached_id=reached_id,
        words=words.count(post.body),
        parted=parted,
    )
