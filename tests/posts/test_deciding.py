"""The one function that changes visibility, and what happens to every other attempt."""

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sociallearn.errors import Refusal
from sociallearn.posts import deciding
from sociallearn.posts.models import Decision, Post, Visibility
from tests import make
from tests.conftest import Cast


def test_authors_delete_and_undo(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    root = make.post(session, ben)
    reply = make.reply(session, root, cleo)
    deciding.decide(session, reply, Visibility.DELETED, by=cleo, reason="")
    session.refresh(root)
    assert root.reply_count == 0
    deciding.decide(session, reply, Visibility.VISIBLE, by=cleo, reason="")
    session.refresh(root)
    assert root.reply_count == 1
    assert session.scalar(select(func.count(Decision.id))) == 2


def test_trainers_hide_with_a_reason_and_restore(session: Session, cast: Cast) -> None:
    tess, post = cast.tess.member(session), make.post(session, cast.ben.member(session))
    with pytest.raises(Refusal) as refusal:
        deciding.decide(session, post, Visibility.HIDDEN, by=tess, reason="")
    assert refusal.value.status == 422
    deciding.decide(session, post, Visibility.HIDDEN, by=tess, reason="names a customer")
    row = session.scalars(select(Decision)).one()
    assert (row.before, row.after, row.role, row.reason) == ("visible", "hidden", "trainer", "names a customer")
    deciding.decide(session, post, Visibility.VISIBLE, by=tess, reason="")
    assert post.is_visible


@pytest.mark.parametrize(
    ("who", "after"),
    [
        ("cleo", Visibility.DELETED),
        ("tess", Visibility.DELETED),
        ("cleo", Visibility.HIDDEN),
        ("ben", Visibility.HIDDEN),
    ],
)
def test_nobody_else_does(session: Session, cast: Cast, who: str, after: Visibility) -> None:
    post = make.post(session, cast.ben.member(session))
    with pytest.raises(Refusal) as refusal:
        deciding.decide(session, post, after, by=getattr(cast, who).member(session), reason="because")
    assert refusal.value.status == 403
    assert session.scalar(select(func.count(Decision.id))) == 0


def test_an_author_cannot_undo_a_trainers_hiding(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    post = make.post(session, ben)
    deciding.decide(session, post, Visibility.HIDDEN, by=cast.tess.member(session), reason="private")
    with pytest.raises(Refusal) as refusal:
        deciding.decide(session, post, Visibility.VISIBLE, by=ben, reason="")
    assert refusal.value.status == 403


def test_the_second_of_two_is_told(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    post = make.post(session, ben)
    deciding.decide(session, post, Visibility.DELETED, by=ben, reason="")
    with pytest.raises(Refusal) as refusal:
        deciding.decide(session, post, Visibility.HIDDEN, by=cast.tess.member(session), reason="late")
    assert refusal.value.status == 409


def test_setting_the_column_by_hand_fails(session: Session, cast: Cast) -> None:
    post = make.post(session, cast.ben.member(session))
    post.visibility = Visibility.HIDDEN
    with pytest.raises(deciding.UnloggedDecision):
        session.flush()


def test_a_log_row_without_its_change_fails(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    post = make.post(session, ben)
    session.add(
        Decision(cohort_id=ben.cohort_id, post_id=post.id, by_id=ben.id, role="x", before="a", after="b", reason="")
    )
    with pytest.raises(deciding.UnloggedDecision):
        session.flush()


@pytest.mark.parametrize("values", [{"visibility": "hidden"}, {Post.visibility: "hidden"}])
def test_a_bulk_update_fails(session: Session, cast: Cast, values: dict[str, str]) -> None:
    make.post(session, cast.ben.member(session))
    with pytest.raises(deciding.UnloggedDecision):
        session.execute(update(Post).values(values))
    with pytest.raises(deciding.UnloggedDecision):
        session.execute(update(Post.__table__).values(values))
