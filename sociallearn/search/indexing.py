"""Keep the index in step: a text's row is written in the transaction that writes, changes, hides or removes the text.

Only what can be read stands in it. People and topics do not: there are few in a cohort, and they are looked through as
they stand in their own tables, so that a changed name needs no hook.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from sociallearn.activity.models import Activity, Verb
from sociallearn.activity.recording import recorded
from sociallearn.attachments.models import Attachment
from sociallearn.database import transaction
from sociallearn.posts import deciding, expiring, writing
from sociallearn.posts.models import Decision, Extra, Kind, Post, PostTopic, Visibility
from sociallearn.search import tokens
from sociallearn.search.engines import engine_of
from sociallearn.search.models import SearchText
from sociallearn.search.tokens import Tokens
from sociallearn.text import stems
from sociallearn.text.excerpting import plain

AT_ONCE = 500  # texts a transaction of rebuilding takes

ROOMS = {Kind.QUESTION: "questions", Kind.IDEA: "ideas"}


def connect() -> None:
    """Hear of every text."""
    writing.written.connect(_written)
    writing.imported.connect(_written)
    deciding.decided.connect(_decided)
    expiring.removed.connect(_removed)
    recorded.connect(_converted)


def _written(post: Post, session: Session) -> None:
    index(session, [post])


def _decided(decision: Decision, session: Session) -> None:
    index(session, [session.get_one(Post, decision.post_id)])


def _converted(activity: Activity, session: Session) -> None:
    if activity.verb == Verb.CONVERTED:  # all that stands in it is something else now
        thread = or_(Post.id == activity.root_id, Post.root_id == activity.root_id)
        index(session, session.scalars(select(Post).where(thread).order_by(Post.id)).all())


def _removed(ids: Sequence[int], session: Session) -> None:
    engine_of(session).drop(session, ids)


def index(session: Session, posts: Sequence[Post]) -> None:
    """Write the rows of these texts anew; those that cannot be read lose theirs."""
    engine = engine_of(session)
    engine.drop(session, [post.id for post in posts])
    seen = [post for post in posts if post.is_visible]
    if not seen:
        return
    names, topics, kinds = _names(session, seen), _topics(session, seen), _kinds(session, seen)
    rows = []
    for post in seen:
        kind = kinds.get(post.thread_id, post.kind)
        facts = [*_facts(post, kind), *(f"topic{each}" for each in topics.get(post.id, ()))]
        rows.append(_row(post, names.get(post.id, []), facts))
    engine.put(session, rows)


def rebuild(cohort_id: int | None = None, *, only_if_needed: bool = False) -> int:
    """Index every text anew (of one cohort, if given), some in each transaction, while SocialLearn runs; how many.

    ``only_if_needed``: nothing at all where no text that can be read lacks its row, so that one killed halfway is made
    up for by the next upgrade.
    """
    with transaction() as session:
        lacks = ~exists().where(SearchText.post_id == Post.id)
        missing = select(Post.id).where(Post.visibility == Visibility.VISIBLE, lacks).limit(1)
        if only_if_needed and session.scalar(missing) is None:
            return 0
        engine_of(session).refresh(session)
    last, done = 0, 0
    while True:
        with transaction() as session:
            statement = select(Post).where(Post.id > last).order_by(Post.id).limit(AT_ONCE)
            if cohort_id is not None:
                statement = statement.where(Post.cohort_id == cohort_id)
            # locked: who changes one of them meanwhile waits, and writes the row after us
            posts = session.scalars(statement.with_for_update(key_share=True)).all()
            if not posts:
                return done
            index(session, posts)
            last, done = posts[-1].id, done + len(posts)


def _facts(post: Post, root_kind: str) -> list[str]:
    facts = [f"kind{post.kind}", f"by{post.author_id}", f"room{ROOMS.get(Kind(root_kind), 'feed')}"]
    if post.root_id is not None:
        facts.append(f"in{post.root_id}")
    if post.space_id is not None:
        facts.append(f"space{post.space_id}")
    if post.extras & Extra.FILES:
        facts.append("files")
    return facts


def _row(post: Post, names: list[str], facts: list[str]) -> tuple[dict[str, Any], Tokens]:
    title, body = post.title or "", plain(post.html)
    written = [word for part in (title, body, *names) for word in stems.words(part)]
    row = {
        "post_id": post.id,
        "cohort_id": post.cohort_id,
        "organisation_id": post.organisation_id,
        "words": " ".join(dict.fromkeys(written)),
    }
    return row, tokens.of(post.cohort_id, title, body, names, facts)


def _names(session: Session, posts: Sequence[Post]) -> dict[int, list[str]]:
    ids = [post.id for post in posts if post.extras & Extra.FILES]
    found: dict[int, list[str]] = {}
    if ids:
        statement = select(Attachment.post_id, Attachment.name, Attachment.alt).where(Attachment.post_id.in_(ids))
        for post_id, name, alt in session.execute(statement.order_by(Attachment.position, Attachment.id)):
            found.setdefault(post_id or 0, []).extend(filter(None, (name, alt)))
    return found


def _topics(session: Session, posts: Sequence[Post]) -> dict[int, list[int]]:
    ids = [post.id for post in posts if "#" in post.body]
    found: dict[int, list[int]] = {}
    if ids:
        for post_id, topic_id in session.execute(
            select(PostTopic.post_id, PostTopic.topic_id).where(PostTopic.post_id.in_(ids))
        ):
            found.setdefault(post_id, []).append(topic_id)
    return found


def _kinds(session: Session, posts: Sequence[Post]) -> dict[int, str]:
    ids = {post.root_id for post in posts if post.root_id is not None}
    return dict(session.execute(select(Post.id, Post.kind).where(Post.id.in_(ids))).tuples().all()) if ids else {}
