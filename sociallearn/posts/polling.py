"""Polls: a post asks, its readers choose. Never counts for a grade, and nobody is told who chose what."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row, and_, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.posts.models import Extra, Kind, Poll, PollOption, PollVote, Post
from sociallearn.roster import pretending
from sociallearn.roster.models import Member
from sociallearn.text.naming import fold

FEWEST, MOST = 2, 10  # options
LONGEST = 120  # characters of an option
FARTHEST = timedelta(days=366)  # from now to when it closes


@dataclass(frozen=True)
class Wanted:
    """A poll as its author wants it."""

    options: Sequence[str]
    allows_several: bool = False
    hides_results: bool = False
    closes_at: datetime | None = None


@dataclass(slots=True)
class ShownOption:
    """One option as this member sees it; without its count where they may not know it yet."""

    place: int
    text: str
    count: int | None = None
    percent: int | None = None  # of those who voted
    is_mine: bool = False


@dataclass(slots=True)
class ShownPoll:
    """A poll as this member sees it."""

    allows_several: bool
    hides_results: bool
    closes_at: datetime | None
    is_closed: bool
    may_vote: bool
    may_close: bool
    may_change: bool  # the options
    voters: int | None = None  # empty where this member may not know the results yet
    options: list[ShownOption] = field(default_factory=list)

    @property
    def has_voted(self) -> bool:
        """This member did."""
        return any(option.is_mine for option in self.options)


def problem_of_options(options: Sequence[str]) -> str | None:
    """What is wrong with these options, as a sentence."""
    if len(options) < FEWEST:
        return str(_("Give at least two options."))
    if len(options) > MOST:
        return str(_("Ten options at most."))
    if any(len(option) > LONGEST for option in options):
        return str(_("An option has at most 120 characters."))
    if len({fold(option) or option for option in options}) < len(options):
        return str(_("Two options are the same."))
    return None


def problem_of_closing(closes_at: datetime) -> str | None:
    """What is wrong with that moment, as a sentence."""
    now = clock.now()
    if closes_at <= now:
        return str(_("Choose a moment that is still to come."))
    return str(_("A poll is open for a year at most.")) if closes_at > now + FARTHEST else None


def begin(session: Session, post: Post, wanted: Wanted) -> Poll:
    """Let a new post of the feed ask this. Raises Refusal 422 for options or a moment that will not do."""
    if post.kind != Kind.POST:
        raise Refusal(422, _("Only a post of the feed can ask something to choose."))
    problem = problem_of_options(wanted.options) or (wanted.closes_at and problem_of_closing(wanted.closes_at))
    if problem:
        raise Refusal(422, problem)
    poll = Poll(
        cohort_id=post.cohort_id,
        post_id=post.id,
        allows_several=wanted.allows_several,
        hides_results=wanted.hides_results,
        closes_at=wanted.closes_at,
    )
    session.add(poll)
    post.extras |= Extra.POLL
    session.flush()
    _add_options(session, poll, wanted.options, after=0)
    return poll


def change(session: Session, post: Post, options: Sequence[str], *, by: Member) -> None:
    """Ask the same with other options. Raises Refusal 403 for others than the author, 422 for options that will not do,
    409 once somebody voted, or it closed."""
    poll = _locked(session, post)
    check_may_change(post, poll, by=by)
    problem = problem_of_options(options)
    if problem:
        raise Refusal(422, problem)
    highest = session.scalar(select(func.max(PollOption.place)).where(PollOption.post_id == post.id)) or 0
    session.execute(delete(PollOption).where(PollOption.post_id == post.id))
    _add_options(session, poll, options, after=highest)


def check_may_change(post: Post, poll: Poll, *, by: Member) -> None:
    """Raises Refusal where ``change`` would, whatever the options are."""
    if not post.written_by(by):
        raise Refusal(403, _("You can change your own texts only."))
    _check_open(post, poll)
    if poll.voter_count:
        raise Refusal(409, _("Somebody has voted already: the options stay as they are."))


def options_of(session: Session, post: Post) -> list[str]:
    """Their texts, in order."""
    statement = select(PollOption.text).where(PollOption.post_id == post.id, PollOption.cohort_id == post.cohort_id)
    return list(session.scalars(statement.order_by(PollOption.place)))


def _add_options(session: Session, poll: Poll, options: Sequence[str], *, after: int) -> None:
    session.add_all(
        PollOption(cohort_id=poll.cohort_id, post_id=poll.post_id, place=place, text=text)
        for place, text in enumerate(options, start=after + 1)
    )
    session.flush()


def vote(session: Session, post: Post, places: Collection[int], *, by: Member) -> None:
    """Choose these options, instead of whatever one chose before.

    Raises Refusal 403 for those who only read, 409 when it closed or its options were changed meanwhile, 422 when there
    is nothing or too much chosen.
    """
    poll = _to_vote_in(session, post, by)
    wanted = set(places)
    if not wanted:
        raise Refusal(422, _("Choose an option first."))
    if len(wanted) > 1 and not poll.allows_several:
        raise Refusal(422, _("Choose one option only."))
    known = set(session.scalars(select(PollOption.place).where(PollOption.post_id == post.id)))
    if not wanted <= known:
        raise Refusal(409, _("The options were changed meanwhile."), _("Look at the poll again and vote anew."))
    _set(session, poll, wanted, by)


def withdraw(session: Session, post: Post, *, by: Member) -> None:
    """Take one's vote back; a second time changes nothing. Raises Refusal as ``vote`` does."""
    _set(session, _to_vote_in(session, post, by), set(), by)


def _to_vote_in(session: Session, post: Post, by: Member) -> Poll:
    if not by.may_write:
        raise Refusal(403, _("You can read here, not write."), _("Learners and trainers of the cohort write."))
    pretending.check_is_somebody(by)
    poll = _locked(session, post)  # so that the same person in two tabs votes once
    _check_open(post, poll)
    return poll


def _set(session: Session, poll: Poll, wanted: set[int], by: Member) -> None:
    mine = (PollVote.post_id == poll.post_id, PollVote.member_id == by.id)
    before = set(session.scalars(select(PollVote.place).where(*mine)))
    gone, new = before - wanted, wanted - before
    if gone:
        session.execute(delete(PollVote).where(*mine, PollVote.place.in_(gone)))
    own = {"cohort_id": poll.cohort_id, "post_id": poll.post_id, "member_id": by.id}
    session.add_all(PollVote(**own, place=place, at=clock.now()) for place in sorted(new))
    session.flush()
    for places, by_how_many in ((gone, -1), (new, 1)):
        if places:
            which = (PollOption.post_id == poll.post_id, PollOption.place.in_(places))
            counted = {"vote_count": PollOption.vote_count + by_how_many}
            session.execute(update(PollOption).where(*which).values(counted))
    more = int(bool(wanted)) - int(bool(before))
    if more:
        counted = {"voter_count": Poll.voter_count + more}
        session.execute(update(Poll).where(Poll.post_id == poll.post_id).values(counted))


def close(session: Session, post: Post, *, by: Member) -> None:
    """Take no more votes from now on; a second time changes nothing. Raises Refusal 403 for others than its author and
    trainers, 409 when the text was removed."""
    if not (post.written_by(by) or by.is_trainer):
        raise Refusal(403, _("Whoever asked can close the poll, and your trainer."))
    poll = _locked(session, post)
    _check_visible(post)
    if not is_over(poll.closes_at):
        poll.closes_at = clock.now()
        session.flush()


def find(session: Session, post: Post) -> Poll:
    """What this post asks. Raises Refusal 404 when it asks nothing."""
    poll = session.scalar(select(Poll).where(Poll.post_id == post.id, Poll.cohort_id == post.cohort_id))
    if poll is None:
        raise Refusal(404, _("There is nothing to choose here."))
    return poll


def _locked(session: Session, post: Post) -> Poll:
    return locked(session, Poll, find(session, post).post_id)


def _check_visible(post: Post) -> None:
    if not post.is_visible:
        raise Refusal(409, _("This text was removed meanwhile."))


def _check_open(post: Post, poll: Poll) -> None:
    _check_visible(post)
    if is_over(poll.closes_at):
        raise Refusal(409, _("This poll is closed: it takes no more votes."), _("The results can be read."))


def is_over(closes_at: datetime | None) -> bool:
    """The moment it closes has come."""
    return closes_at is not None and closes_at <= clock.now()


def has_votes(session: Session, post: Post) -> bool:
    """Somebody voted: the text is what they were asked. No query for a text without a poll."""
    if not post.extras & Extra.POLL:
        return False
    return bool(session.scalar(select(Poll.voter_count).where(Poll.post_id == post.id)))


_COLUMNS = (
    Poll.post_id, Poll.allows_several, Poll.hides_results, Poll.closes_at, Poll.voter_count,
    PollOption.place, PollOption.text, PollOption.vote_count, PollVote.place.label("mine"), Post.author_id,
)  # fmt: skip


_SHOWN = (
    select(*_COLUMNS)
    .join(PollOption, PollOption.post_id == Poll.post_id)
    .join(Post, Post.id == Poll.post_id)
    .outerjoin(
        PollVote,
        and_(
            PollVote.post_id == Poll.post_id,
            PollVote.place == PollOption.place,
            PollVote.member_id == bindparam("member_id"),
        ),
    )
    .where(Poll.post_id.in_(bindparam("post_ids", expanding=True)), Poll.cohort_id == bindparam("cohort_id"))
    .order_by(Poll.post_id, PollOption.place)
)


def shown(session: Session, post_ids: Collection[int], member: Member) -> dict[int, ShownPoll]:
    """The polls of these texts as this member sees them: one query. What they may not know yet is not in it."""
    values = {"post_ids": list(post_ids), "cohort_id": member.cohort_id, "member_id": member.id}
    rows: dict[int, list[Row[Any]]] = {}
    for row in session.execute(_SHOWN, values):
        rows.setdefault(row.post_id, []).append(row)
    return {post_id: _shown(found, member) for post_id, found in rows.items()}


def _shown(rows: Sequence[Row[Any]], member: Member) -> ShownPoll:
    poll = rows[0]
    is_mine, is_archived = poll.author_id == member.id, member.cohort.is_archived
    # nobody can vote in an archived cohort, so nobody has to wait there
    is_closed = is_over(poll.closes_at) or is_archived
    has_voted = any(row.mine is not None for row in rows)
    may_know = not poll.hides_results or has_voted or is_closed
    voters = poll.voter_count
    return ShownPoll(
        allows_several=poll.allows_several,
        hides_results=poll.hides_results,
        closes_at=poll.closes_at,
        is_closed=is_closed,
        may_vote=member.may_write and not is_closed,
        may_close=(is_mine or member.is_trainer) and not is_closed,
        may_change=is_mine and not is_closed and not (may_know and voters),
        voters=voters if may_know else None,
        options=[
            ShownOption(
                row.place,
                row.text,
                row.vote_count if may_know else None,
                round(100 * row.vote_count / voters) if may_know and voters else 0 if may_know else None,
                row.mine is not None,
            )
            for row in rows
        ],
    )
