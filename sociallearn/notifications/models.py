"""What people are told, what they want to be told, and the mails that tell them."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from sociallearn import clock
from sociallearn.database import Model
from sociallearn.roster.models import InCohort


class About(StrEnum):
    """What a notification is about: what somebody can turn off."""

    ASKED = "asked"  # one is asked to help with a question
    REPLY = "reply"  # to one's own texts
    NAMED = "named"  # with @, or praised
    FOLLOWED = "followed"  # new in conversations and topics one follows
    CREDIT = "credit"  # an answer was accepted, recommended, helped somebody
    REACTION = "reaction"
    IDEA = "idea"  # what becomes of ideas one wrote or rated
    DECISION = "decision"  # about one's own texts
    TRAINER = "trainer"  # starter questions and announcements
    WORD = "word"  # from a trainer to one person alone
    PULSE = "pulse"  # two short questions, for a week


class What(StrEnum):
    """What happened."""

    ASKED = "asked"
    REPLIED = "replied"
    ANSWERED = "answered"
    COMMENTED = "commented"
    MENTIONED = "mentioned"
    PRAISED = "praised"
    WENT_ON = "went_on"  # a conversation one follows
    TOPIC = "topic"  # a question about a topic one follows waits
    ACCEPTED = "accepted"
    ENDORSED = "endorsed"
    HELPED = "helped"
    REACTED = "reacted"
    MOVED = "moved"  # an idea, to another stage
    MERGED = "merged"
    SPLIT = "split"
    OUTCOME = "outcome"
    HIDDEN = "hidden"
    RESTORED = "restored"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    STARTER = "starter"
    ANNOUNCED = "announced"
    WROTE = "wrote"  # a trainer, a friendly nudge
    LOOKED = "looked"  # a trainer, again at a score, as one asked
    PULSE = "pulse"


class Notification(InCohort, Model):
    """One member is told of one event. No text stands here: what is shown of it is what may be read then."""

    __table_args__ = (
        UniqueConstraint("member_id", "event"),
        Index("ix_notification_newest", "member_id", "id"),
        Index("ix_notification_unread", "member_id", sqlite_where=text("read_at IS NULL"),
              postgresql_where=text("read_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    event: Mapped[str]  # what caused it, so that it is told once: ``text:12``
    bundle: Mapped[str]  # what is told in one line: ``reacted:12``
    about: Mapped[str]  # About
    what: Mapped[str]  # What
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"), index=True)
    root_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"), index=True)  # its conversation
    round_id: Mapped[int | None] = mapped_column(ForeignKey("idea_round.id"))  # a starter question that is nothing else
    by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))  # whom it names; empty: nobody
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))  # whose reason it tells
    nudge_id: Mapped[int | None] = mapped_column(ForeignKey("friendly_nudge.id"), index=True)  # whose words it tells
    at: Mapped[datetime] = mapped_column(default=clock.now)
    read_at: Mapped[datetime | None]
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("digest.id"), index=True)  # the mail that told it


class Need(StrEnum):
    """Why a trainer writes to somebody."""

    SILENT = "silent"  # came in some days ago and has done nothing yet
    UNHEARD = "unheard"  # wrote, and nobody has ever replied to them
    QUIET = "quiet"  # took part, and no longer
    UNANSWERED = "unanswered"  # asked, and the twelve hours went by


class FriendlyNudge(InCohort, Model):
    """A trainer's friendly words to one learner: once a week at most, whichever trainer writes (``nudging``)."""

    __table_args__ = (Index(None, "cohort_id", "sent_at"), Index(None, "member_id", "sent_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))  # who reads it
    by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    need: Mapped[str]
    words: Mapped[str]
    sent_at: Mapped[datetime] = mapped_column(default=clock.now)


class Rhythm(StrEnum):
    """How often somebody gets a mail."""

    DAILY = "daily"
    WEEKLY = "weekly"  # on Monday
    OFF = "off"


class MailPlan(Model):
    """How one person wants to get mails, and when the next one is due. Made when they come in."""

    __table_args__ = (Index(None, "next_at"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    rhythm: Mapped[str] = mapped_column(default=Rhythm.DAILY)
    hour: Mapped[int] = mapped_column(default=8)
    time_zone: Mapped[str | None]  # empty: that of their newest course
    next_at: Mapped[datetime]
    early_at: Mapped[datetime | None]  # somebody asks for help: this day's mail need not wait for its hour
    paused_at: Mapped[datetime | None]  # the address takes no mail
    problem: Mapped[str | None]  # why, as the mail server's number


class Quiet(Model):
    """One thing a person does not want to be told, here or by mail."""

    __table_args__ = (Index(None, "organisation_id"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    by_mail: Mapped[bool] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))


class DigestState(StrEnum):
    """What became of a mail."""

    WAITING = "waiting"
    SENT = "sent"
    EMPTY = "empty"  # nothing was left to tell
    REFUSED = "refused"  # by the mail server, for good
    UNSURE = "unsure"  # we were stopped while it was handed over: never sent twice
    OVER = "over"  # its day went by: the next one tells it


class Digest(Model):
    """The one mail a person gets on one day of theirs. Its text is made when it is sent, and kept nowhere."""

    __table_args__ = (
        UniqueConstraint("person_id", "day"),
        Index("ix_digest_next", "next_at", sqlite_where=text("state = 'waiting'"),
              postgresql_where=text("state = 'waiting'")),
        Index(None, "organisation_id", "created_at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    day: Mapped[date]  # where the person is
    state: Mapped[str] = mapped_column(default=DigestState.WAITING)
    next_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None]  # a code, or the mail server's number
    handed_over_at: Mapped[datetime | None]  # from then on the mail server may have it
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime | None]


class Landing(InCohort, Model):
    """What a member's next launch opens: they followed a link of a mail without being here."""

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    goal: Mapped[str]  # as ``going`` writes it
    until: Mapped[datetime]
