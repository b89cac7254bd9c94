"""Whatever people do, in whatever order: nothing becomes hidden, readable, locked or moved without exactly one row."""

from collections.abc import Callable
from datetime import timedelta

from flask import g
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.errors import Refusal
from sociallearn.ideas import authoring, inviting, merging, moving, rating, rounds, staging
from sociallearn.ideas.models import Idea, IdeaRound, Rating
from sociallearn.moderation import appealing, reading
from sociallearn.moderation.models import Appeal
from sociallearn.posts import deciding, writing
from sociallearn.posts.models import Decision, Post, Visibility
from sociallearn.roster.models import Member
from tests import make
from tests.conftest import Cast

Act = Callable[[Session, Idea, Member, str], object]


def decide(after: Visibility) -> Act:
    """Delete, hide or bring back."""
    return lambda session, idea, by, reason: deciding.decide(
        session, session.get_one(Post, idea.post_id), after, by=by, reason=reason
    )


def move(to: str, seen: str | None = None) -> Act:
    """Move, knowing where it stands or believing something else."""
    return lambda session, idea, by, reason: moving.move(
        session, idea, to, by=by, reason=reason, seen=seen or idea.stage
    )


def trim(session: Session, idea: Idea, by: Member, reason: str) -> object:
    """Take two stages away."""
    round_ = session.get_one(IdeaRound, idea.round_id)
    left = [staging.Wanted(one.key, one.key) for one in staging.stages_of(session, round_)][:-1]
    return staging.set_stages(session, round_, left, by=by)


def other(session: Session, idea: Idea) -> int:
    """The idea of the same round that came right before."""
    before = (Idea.round_id == idea.round_id, Idea.post_id < idea.post_id)
    return session.scalars(select(func.max(Idea.post_id)).where(*before)).one()


def own(which: str) -> Act:
    """What an author does with a text."""
    return lambda session, idea, by, reason: writing.edit(
        session, session.get_one(Post, idea.post_id), by=by, body=which + reason, title="Mine"
    )


def another(session: Session, by: Member) -> int:
    """The member who came before, or else the last one."""
    members = session.scalars(select(Member.id).where(Member.cohort_id == by.cohort_id).order_by(Member.id)).all()
    return members[members.index(by.id) - 1]


def appeal(session: Session, idea: Idea, by: Member, reason: str) -> object:
    """Ask for another look at the newest decision about it."""
    newest = select(Decision).where(Decision.post_id == idea.post_id).order_by(Decision.id.desc()).limit(1)
    row = session.scalar(newest)
    return appealing.appeal(session, row, by=by, words=reason) if row else None


def newest_appeal(session: Session) -> Appeal:
    """The newest. Raises Refusal where there is none."""
    found = session.scalar(select(Appeal).order_by(Appeal.id.desc()).limit(1))
    if found is None:
        raise Refusal(404, "There is none.")
    return found


ACTS: dict[str, Act] = {
    "delete": decide(Visibility.DELETED),
    "show": decide(Visibility.VISIBLE),
    "hide": decide(Visibility.HIDDEN),
    "lock": lambda session, idea, by, reason: deciding.lock(
        session, session.get_one(Post, idea.post_id), by=by, reason=reason
    ),
    "unlock": lambda session, idea, by, reason: deciding.unlock(session, session.get_one(Post, idea.post_id), by=by),
    "discuss": move("discussion"),
    "refuse": move("not_now"),
    "again": move("new"),
    "late": move("done", seen="building"),
    "nowhere": move("elsewhere"),
    "rate": lambda session, idea, by, reason: rating.rate(session, idea, 3, by=by),
    "comment": lambda session, idea, by, reason: writing.reply(
        session, session.get_one(Post, idea.post_id), by=by, body="Why?"
    ),
    "edit": own("Better. "),
    "trim": trim,
    "merge": lambda session, idea, by, reason: merging.merge(session, idea, other(session, idea), by=by, reason=reason),
    "take": lambda session, idea, by, reason: merging.merge(
        session, session.get_one(Idea, other(session, idea)), idea.post_id, by=by, reason=reason
    ),
    "split": lambda session, idea, by, reason: merging.split(session, idea, by=by, reason=reason),
    "give": lambda session, idea, by, reason: merging.split(
        session, session.get_one(Idea, other(session, idea)), by=by, reason=reason
    ),
    "rate the other": lambda session, idea, by, reason: rating.rate(
        session, session.get_one(Idea, other(session, idea)), 5, by=by
    ),
    "ask": lambda session, idea, by, reason: inviting.invite(session, idea, another(session, by), by=by),
    "join": lambda session, idea, by, reason: inviting.accept(session, idea, by=by),
    "part": lambda session, idea, by, reason: inviting.leave(session, idea, by=by),
    "appeal": appeal,
    "agree": lambda session, idea, by, reason: appealing.answer(
        session, newest_appeal(session), by=by, is_upheld=True, note=reason
    ),
    "close": lambda session, idea, by, reason: rounds.close(session, session.get_one(IdeaRound, idea.round_id), by=by),
}
STEP = st.tuples(
    st.sampled_from(sorted(ACTS)), st.sampled_from(["tess", "ben", "cleo"]), st.sampled_from(["", "Because it is so"])
)


def state(session: Session, idea: Idea) -> tuple[list[object], int]:
    """What the database says of it, and how many rows the log has."""
    rows = session.execute(
        select(Post.visibility, Post.is_locked, Idea.stage, Idea.merged_into)
        .join(Idea, Idea.post_id == Post.id)
        .where(Post.id.in_((idea.post_id, other(session, idea))))
        .order_by(Post.id)
    )
    return [fact for row in rows for fact in row], session.scalar(select(func.count(Decision.id))) or 0


def recounted(session: Session, idea_id: int) -> tuple[bool, bool]:
    """Whether the tally is what its ratings say, and none of them is an author's."""
    said = session.execute(select(Idea.rating_count, Idea.rating_sum).where(Idea.post_id == idea_id)).one()
    rows = session.execute(select(Rating.member_id, Rating.value).where(Rating.idea_id == idea_id)).all()
    raters = {member_id for member_id, _value in rows}
    return tuple(said) == (len(rows), sum(value for _id, value in rows)), not raters & authoring.ids_of(
        session, idea_id
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=12))
def test_one_row_for_each_change(session: Session, cast: Cast, steps: list[tuple[str, str, str]]) -> None:
    with session.begin_nested() as point:
        make.idea(session, cast.cleo.member(session))
        idea = make.idea(session, cast.ben.member(session))
        for name, who, reason in steps:
            (before, rows), refused = state(session, idea), False
            try:
                with session.begin_nested():
                    ACTS[name](session, idea, getattr(cast, who).member(session), reason)
            except Refusal:
                refused = True
            after, rows_now = state(session, idea)
            changes = sum(one != other for one, other in zip(before, after, strict=True))
            assert rows_now - rows == changes
            assert not (refused and changes)
            tallies = [recounted(session, id_) for id_ in (idea.post_id, other(session, idea))]
            assert tallies == [(True, True), (True, True)]
        point.rollback()


def test_the_log_says_how_long_it_took(session: Session, cast: Cast) -> None:
    idea = make.idea(session, cast.ben.member(session))
    with clock.at(clock.now() + timedelta(days=3)):
        moving.move(session, idea, "not_now", by=cast.tess.member(session), reason="Too soon", seen="new")
    g.seat_path = ""  # where links lead, as in a request
    entry = reading.decisions(session, cast.cleo.member(session))[0]
    assert (entry.waited.days, entry.reason) == (3, "Too soon")


def test_what_was_refused_or_hidden_of_all_that_was_proposed(session: Session, cast: Cast) -> None:
    tess, ben = cast.tess.member(session), cast.ben.member(session)
    ideas = [make.idea(session, ben, f"Idea {number}") for number in range(4)]
    for idea in ideas[:2]:
        moving.move(session, idea, "not_now", by=tess, reason="Too soon", seen="new")
    moving.move(session, ideas[1], "discussion", by=tess, reason="After all", seen="not_now")
    assert [month.refused for month in reading.months(session, ben)] == [None]  # four: too few to tell
    ideas.append(make.idea(session, ben, "Idea 5"))
    deciding.decide(session, session.get_one(Post, ideas[2].post_id), Visibility.HIDDEN, by=tess, reason="Private")
    deciding.decide(session, session.get_one(Post, ideas[3].post_id), Visibility.DELETED, by=ben, reason="")
    (month,) = reading.months(session, ben)
    assert (month.proposed, month.refused) == (5, 2)


def test_the_log_is_everybodys_in_the_cohort_and_nobody_elses(cast: Cast) -> None:
    made = cast.ben.post("/ideas", title="A secret of ben", body="Only us").location.rpartition("/")[2]
    cast.tess.post(f"/posts/{made}/hiding", reason="Names a customer")
    page = cast.cleo.get("/decisions").text
    assert "Names a customer" in page
    assert "A secret of ben" not in page
    assert "Names a customer" not in cast.otto.get("/decisions").text
    assert "Fewer than five ideas" in page
