"""Posts, their versions, drafts, what was read, and every decision about visibility."""

from datetime import datetime
from enum import IntFlag, StrEnum

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sociallearn import clock
from sociallearn.database import Model
from sociallearn.roster.models import InCohort, Member, Person, Space


class Kind(StrEnum):
    """What a post is. The first three begin a thread; the others stand in one."""

    POST = "post"
    QUESTION = "question"
    IDEA = "idea"
    REPLY = "reply"
    ANSWER = "answer"
    COMMENT = "comment"


class Visibility(StrEnum):
    """Who can read a post's text. Changed by ``deciding.decide`` only."""

    VISIBLE = "visible"
    DELETED = "deleted"  # by its author; leaves a trace, can be undone
    HIDDEN = "hidden"  # by a trainer, with a reason in the decision log


class Lock(StrEnum):
    """Whether a thread takes replies, as the decision log says it."""

    OPEN = "open"
    LOCKED = "locked"


class ReactionKind(StrEnum):
    """The small fixed set; each is a counter of ``Post`` by the same name."""

    THANKS = "thanks"
    AGREE = "agree"
    INSIGHT = "insight"
    CURIOUS = "curious"
    CHEER = "cheer"


class Extra(IntFlag):
    """What comes with a text, so that pages of texts without any ask the database nothing about it."""

    FILES = 1
    POLL = 2
    PRAISE = 4
    STARTER = 8
    REPORTED = 16  # by somebody, at some time
    IMPORTED = 32  # brought in from a file, perhaps by somebody who is not here


class Post(InCohort, Model):
    """A text by a member: begins a thread (``root_id`` empty) or answers in one, at most two levels deep.

    ``branch_id`` is the first-level reply a reply stands under (itself, at the first level): ordering by
    (branch_id, id) prints a thread in reading order with one keyset.
    """

    __table_args__ = (
        Index("ix_post_threads", "cohort_id", "kind", "id", sqlite_where=text("root_id IS NULL"),
              postgresql_where=text("root_id IS NULL")),
        Index("ix_post_active", "cohort_id", "kind", "active_id", sqlite_where=text("root_id IS NULL"),
              postgresql_where=text("root_id IS NULL")),
        Index("ix_post_pinned", "cohort_id", "kind", sqlite_where=text("pinned_at IS NOT NULL"),
              postgresql_where=text("pinned_at IS NOT NULL")),
        Index("ix_post_reading_order", "root_id", "branch_id", "id"),
        Index("ix_post_answering", "parent_id", "author_id", sqlite_where=text("parent_id IS NOT NULL"),
              postgresql_where=text("parent_id IS NOT NULL")),
        Index(None, "author_id", "id"),
        Index("ix_post_in_space", "space_id", "active_id", sqlite_where=text("space_id IS NOT NULL"),
              postgresql_where=text("space_id IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    root_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))
    branch_id: Mapped[int | None]
    title: Mapped[str | None]
    body: Mapped[str]
    html: Mapped[str]
    renderer: Mapped[int]
    visibility: Mapped[str] = mapped_column(default=Visibility.VISIBLE)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    edited_at: Mapped[datetime | None]
    # kept with the thread's first post, in the reply's own transaction
    reply_count: Mapped[int] = mapped_column(default=0)  # visible replies of any level
    answer_count: Mapped[int] = mapped_column(default=0)  # visible answers, for a question
    last_reply_id: Mapped[int | None]
    last_reply_at: Mapped[datetime | None]

    active_id: Mapped[int] = mapped_column(default=0)  # the newest text of the thread, itself at first: to sort by
    pinned_at: Mapped[datetime | None]  # stands above the others
    is_announcement: Mapped[bool] = mapped_column(default=False)
    is_locked: Mapped[bool] = mapped_column(default=False)  # nobody replies; changed by ``deciding`` only
    # how often each reaction was given: kept by ``reacting`` in the reaction's own transaction
    thanks: Mapped[int] = mapped_column(default=0)
    agree: Mapped[int] = mapped_column(default=0)
    insight: Mapped[int] = mapped_column(default=0)
    curious: Mapped[int] = mapped_column(default=0)
    cheer: Mapped[int] = mapped_column(default=0)

    extras: Mapped[int] = mapped_column(default=0)  # flags of Extra
    space_id: Mapped[int | None] = mapped_column(ForeignKey("space.id"))  # the whole thread's; empty: the whole cohort

    author: Mapped[Member] = relationship(lazy="raise")
    space: Mapped[Space | None] = relationship(lazy="raise")

    @property
    def is_root(self) -> bool:
        """Begins a thread."""
        return self.root_id is None

    @property
    def thread_id(self) -> int:
        """The id of the post that begins its thread."""
        return self.root_id or self.id

    @property
    def level(self) -> int:
        """0 for the post that begins a thread, 1 for a reply to it, 2 for a reply to a reply."""
        if self.root_id is None:
            return 0
        return 1 if self.branch_id == self.id else 2

    @property
    def is_visible(self) -> bool:
        """Its text may be read by the cohort."""
        return self.visibility == Visibility.VISIBLE

    @property
    def reactions(self) -> int:
        """How many it has, of all kinds."""
        return self.thanks + self.agree + self.insight + self.curious + self.cheer

    def written_by(self, member: Member) -> bool:
        """Whether ``member`` is the author."""
        return self.author_id == member.id


class PostVersion(InCohort, Model):
    """How a post read before an edit; ``number`` counts from 1, the first text."""

    __table_args__ = (UniqueConstraint("post_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    number: Mapped[int]
    title: Mapped[str | None]
    body: Mapped[str]
    html: Mapped[str]
    written_at: Mapped[datetime]
    is_withdrawn: Mapped[bool] = mapped_column(default=False)  # went with what was hidden: nobody reads it again


class Decision(InCohort, Model):
    """One change of a post's visibility, or of whether it takes replies: from what to what, by whom, as what, and why.
    Never changed afterwards."""

    __table_args__ = (Index(None, "cohort_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # an administrator, of no cohort
    role: Mapped[str]  # what they were at that moment
    before: Mapped[str]
    after: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)

    post: Mapped[Post] = relationship(lazy="raise")
    by: Mapped[Member | None] = relationship(lazy="raise")
    by_person: Mapped[Person | None] = relationship(lazy="raise")

    @property
    def by_name(self) -> str:
        """Who decided (member and person loaded)."""
        who = self.by or self.by_person
        return who.name if who else ""


class ReadMark(InCohort, Model):
    """How far a member has read a thread."""

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    root_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    last_read_id: Mapped[int]  # the newest post of the thread at that moment
    replies_read: Mapped[int] = mapped_column(default=0)  # how many replies there were, to say how many are new
    at: Mapped[datetime]


class Reaction(InCohort, Model):
    """A member's answer to a text without words; several kinds to one text are possible, each once."""

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Bookmark(InCohort, Model):
    """A text a member keeps for later. Nobody else knows."""

    __table_args__ = (Index(None, "member_id", "at"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class ThreadFollow(InCohort, Model):
    """Whether a member wants to hear of a thread; whoever writes in it follows it, unless they said otherwise."""

    __table_args__ = (Index(None, "root_id"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    root_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    is_muted: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Mention(InCohort, Model):
    """A text names a member with ``@``."""

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True, index=True)


class Topic(InCohort, Model):
    """What texts of a cohort are about: ``#name``, alike whatever its capitals and accents."""

    __table_args__ = (UniqueConstraint("cohort_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]  # folded: what makes two spellings one topic
    name: Mapped[str]  # as first written
    post_count: Mapped[int] = mapped_column(default=0)  # texts that name it, kept in the text's transaction
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class PostTopic(InCohort, Model):
    """A text is about a topic."""

    __table_args__ = (Index(None, "topic_id", "post_id"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True)


class TopicFollow(InCohort, Model):
    """A member wants to hear of a topic."""

    __table_args__ = (Index(None, "topic_id"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Starter(InCohort, Model):
    """A starter question: what one act of a trainer opened on one theme, each part at most once."""

    __table_args__ = (Index(None, "cohort_id", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"), unique=True)  # the discussion in the feed
    question_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"), unique=True)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("idea_round.id"), unique=True)
    due_at: Mapped[datetime | None]  # answers are asked for until then, and welcome afterwards
    answer_first: Mapped[bool] = mapped_column(default=False)  # replies to the discussion show to who wrote one
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Draft(InCohort, Model):
    """What a member was writing: ``place`` is ``feed``, ``questions``, ``ideas``, ``reply-7`` or ``edit-7``."""

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(default="")
    body: Mapped[str]
    at: Mapped[datetime]


class Poll(InCohort, Model):
    """What a post asks its readers to choose: the post's text is the question. ``voter_count`` is kept by ``polling``
    in the vote's own transaction."""

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    allows_several: Mapped[bool] = mapped_column(default=False)
    hides_results: Mapped[bool] = mapped_column(default=False)  # until one has voted, or it closed
    closes_at: Mapped[datetime | None]  # takes no votes from then on
    voter_count: Mapped[int] = mapped_column(default=0)


class PollOption(InCohort, Model):
    """One thing to choose. Places are never given twice: a vote from a page made before a change finds nothing."""

    post_id: Mapped[int] = mapped_column(ForeignKey("poll.post_id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    vote_count: Mapped[int] = mapped_column(default=0)


class PollVote(InCohort, Model):
    """A member chose an option. Nobody else is ever told; it is kept so that it can be changed."""

    __table_args__ = (ForeignKeyConstraint(["post_id", "place"], ["poll_option.post_id", "poll_option.place"]),)

    post_id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Praise(InCohort, Model):
    """A post praises a member; its text says what for."""

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True, index=True)
