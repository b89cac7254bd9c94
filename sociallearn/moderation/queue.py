"""Reports as those see them who handle them, and as those see them who made them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import g
from markupsafe import Markup
from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from sociallearn.moderation import appealing, handling
from sociallearn.moderation.models import Reason, Report, State
from sociallearn.posts import reading
from sociallearn.posts.models import Decision, Post, Visibility
from sociallearn.posts.reading import Shown
from sociallearn.roster.models import Cohort, Member, Person
from sociallearn.text.completing import complete

MOST = 500  # reports on a page; a queue longer than that is not read to its end anyway


@dataclass
class Case:
    """A text that waits for somebody to look, with all that was reported about it. Nobody who did is named."""

    post: Shown
    course: str
    html: Markup  # the text, also while it is hidden
    title: str | None
    is_appeal: bool  # its author asks that it be shown again
    thread_path: str
    may_lock: bool
    since: datetime
    seen: int = 0  # the newest report in it
    hidden_because: str = ""
    words: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many people reported it."""
        return self.reasons.total()


def connect() -> None:
    """Say on texts what became of a member's own reports about them. Safe to call again."""
    reading.asking.connect(give_reports)


def waiting(session: Session, member: Member) -> tuple[int, int]:
    """How much waits for this member as a trainer, and as an administrator: two queries for a trainer; one for an
    administrator too, and three more while anything waits in the organisation at all."""
    as_trainer = handling.count(session, member) + appealing.count(session, member) if member.is_trainer else 0
    if not member.is_administrator:
        return as_trainer, 0
    any_ = exists().where(Report.organisation_id == member.organisation_id, Report.state == State.OPEN)
    if not session.scalar(select(any_)):
        return as_trainer, 0
    return as_trainer, handling.count(session, member.person)


def cases(session: Session, member: Member, by: Member | Person, post: Post | None = None) -> list[Case]:
    """What waits for ``by`` (the member as a trainer, or their person as an administrator), the longest wait first;
    of one post only, if one is given."""
    which = (*handling.of(session, by), Report.state == State.OPEN)
    if post is not None:
        which = (*which, Report.post_id == post.id)
    text, root = aliased(Post), aliased(Post)
    takes_replies = and_(root.visibility == Visibility.VISIBLE, root.is_locked.is_(False))
    rows = session.execute(
        select(Report, Cohort.title, takes_replies)
        .join(Cohort, Cohort.id == Report.cohort_id)
        .join(text, text.id == Report.post_id)
        .join(root, root.id == func.coalesce(text.root_id, text.id))
        .where(*which)
        .options(joinedload(Report.post).joinedload(Post.author))
        .order_by(Report.id)
        .limit(MOST)
    )
    found: dict[int, Case] = {}
    for report, course, may_lock in rows:
        if report.post_id not in found:
            found[report.post_id] = _case(report, course, member, may_lock=may_lock)
        case = found[report.post_id]
        case.seen = report.id
        case.reasons[report.reason] += 1
        if report.words:
            case.words.append(report.words)
    _give_reasons(session, [case for case in found.values() if case.is_appeal])
    texts = [case.post for case in found.values()]
    reading.give_files(session, texts, member)
    reading.give_polls_and_praise(session, texts, member)
    return list(found.values())


def _case(report: Report, course: str, member: Member, *, may_lock: bool) -> Case:
    post, shown = report.post, reading.show(report.post, member)
    return Case(
        post=shown,
        course=course,
        html=Markup(complete(post.html, g.seat_path)),  # noqa: S704 - made by our sanitiser
        title=post.title,
        is_appeal=report.reason == Reason.ANOTHER_LOOK,
        thread_path=f"{g.seat_path}/posts/{post.thread_id}",
        may_lock=may_lock,
        since=report.created_at,
    )


def _give_reasons(session: Session, appeals: Sequence[Case]) -> None:
    if not appeals:
        return
    by_id = {case.post.id: case for case in appeals}
    rows = session.execute(
        select(Decision.post_id, Decision.reason)
        .where(Decision.post_id.in_(by_id), Decision.after == Visibility.HIDDEN)
        .order_by(Decision.id)
    )
    for post_id, reason in rows:
        by_id[post_id].hidden_because = reason


def give_reports(items: Sequence[Shown], session: Session, member: Member) -> None:
    """Say on each text what became of this member's newest report about it: one query."""
    by_id = {item.id: item for item in items}
    mine = select(Report.post_id, Report.reason, Report.state, Report.note).where(
        Report.reporter_id == member.id, Report.post_id.in_(by_id)
    )
    for post_id, reason, state, note in session.execute(mine.order_by(Report.id)):
        item = by_id[post_id]
        if (reason == Reason.ANOTHER_LOOK) == item.is_mine and state in (State.OPEN, State.DISMISSED):
            item.report, item.report_note = state, note
        elif state == State.HANDLED:
            item.report, item.report_note = None, ""


def likely_reason(session: Session, post: Post, member: Member) -> str | None:
    """What a text was mostly reported for; nothing where nobody did."""
    rows = session.scalars(
        select(Report.reason).where(*handling.of_trainer(member), Report.post_id == post.id, Report.state == State.OPEN)
    )
    most = Counter(rows).most_common(1)
    return most[0][0] if most else None
