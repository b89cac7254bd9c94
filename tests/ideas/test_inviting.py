"""Authors by invitation: asked, yes or no, and gone again with every rating where it was."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.errors import Refusal
from sociallearn.ideas import authoring, inviting, merging, rating
from sociallearn.ideas.models import AuthorInvitation, Idea, SetAside
from tests import make
from tests.conftest import Cast
from tests.ideas.test_merging import counted, facts


def test_a_rating_is_set_aside_for_an_author_and_counts_again_for_who_leaves(session: Session, cast: Cast) -> None:
    ben, cleo, dora = (getattr(cast, name).member(session) for name in ("ben", "cleo", "dora"))
    idea = make.idea(session, ben, "Ours")
    rating.rate(session, idea, 5, by=cleo)
    rating.rate(session, idea, 2, by=dora)
    before = facts(session, idea)
    inviting.invite(session, idea, cleo.id, by=ben)
    inviting.invite(session, idea, cleo.id, by=ben)  # a second click
    assert inviting.waiting_for(session, cleo) == [(idea.post_id, "Ours")]
    assert inviting.asking(session, idea, cleo).invited_by == ben.person.name
    assert counted(session, idea) == {cleo.id: 5, dora.id: 2}  # nothing changed yet
    inviting.accept(session, idea, by=cleo)
    inviting.accept(session, idea, by=cleo)
    assert authoring.ids_of(session, idea.post_id) == {ben.id, cleo.id}
    assert counted(session, idea) == {dora.id: 2}
    assert list(session.scalars(select(SetAside.member_id))) == [cleo.id]
    assert inviting.waiting_for(session, cleo) == []
    with pytest.raises(Refusal, match="one of its authors"):
        rating.rate(session, idea, 5, by=cleo)
    inviting.leave(session, idea, by=cleo)
    inviting.leave(session, idea, by=cleo)
    assert facts(session, idea) == before


def test_who_may_ask_whom(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    idea = make.idea(session, ben, "Ours")
    for by, whom, status in ((cleo, dora, 403), (ben, None, 422), (ben, ben, 409)):
        with pytest.raises(Refusal) as refusal:
            inviting.invite(session, idea, whom.id if whom else 0, by=by)
        assert refusal.value.status == status
    with pytest.raises(Refusal, match="taken back"):
        inviting.accept(session, idea, by=dora)
    with pytest.raises(Refusal, match="stays its author"):
        inviting.leave(session, idea, by=ben)
    inviting.invite(session, idea, cleo.id, by=ben)
    with pytest.raises(Refusal):
        inviting.decline(session, idea, cleo.id, by=dora)
    inviting.decline(session, idea, cleo.id, by=cleo)
    assert session.scalar(select(AuthorInvitation)) is None
    inviting.invite(session, idea, cleo.id, by=ben)
    inviting.accept(session, idea, by=cleo)
    inviting.invite(session, idea, dora.id, by=cleo)  # an author like any other
    assert inviting.asking(session, idea, ben).waiting == {dora.id: dora.person.name}
    assert tess.id in inviting.asking(session, idea, ben).candidates


def test_they_stay_authors_through_a_merge_and_a_split(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    idea, other = make.idea(session, ben, "Ours"), make.idea(session, dora, "Theirs")
    rating.rate(session, other, 4, by=cleo)
    inviting.invite(session, idea, cleo.id, by=ben)
    inviting.accept(session, idea, by=cleo)
    before = facts(session, idea, other)
    merging.merge(session, idea, other.post_id, by=tess, reason="The same.")
    assert authoring.ids_of(session, other.post_id) == {ben.id, cleo.id, dora.id}
    assert counted(session, other) == {}
    for act in (
        lambda: inviting.leave(session, idea, by=cleo),
        lambda: inviting.invite(session, idea, tess.id, by=ben),
    ):
        with pytest.raises(Refusal, match="merged into another"):
            act()
    merging.split(session, session.get_one(Idea, idea.post_id), by=tess, reason="Not the same after all.")
    assert facts(session, idea, other) == before


def test_on_the_page(cast: Cast) -> None:
    assert all(one.get("/ideas").status_code == 200 for one in (cast.cleo, cast.dora))  # only who came can be asked
    path = "/ideas/" + cast.ben.post("/ideas", title="Ours", body="Made together.").location.rpartition("/")[2]
    assert "Ask somebody to stand with the authors" in cast.ben.get(path).text
    assert "Ask somebody to stand with the authors" not in cast.cleo.get(path).text
    assert cast.ben.post(f"{path}/authors", member=str(cast.cleo.member_id)).status_code == 303
    assert "Are you one of the authors?" in cast.cleo.get("/ideas").text
    assert "Are you one of the authors?" not in cast.dora.get("/ideas").text
    assert "Yes, I am" in cast.cleo.get(path).text
    assert cast.cleo.post(f"{path}/authors/acceptance").status_code == 303
    page = cast.dora.get(path).text
    assert "<bdi>Cleo" in page
    assert cast.cleo.post(f"{path}/rating", value="5").status_code == 403
    assert cast.cleo.post(f"{path}/authors/leaving").status_code == 303
    assert "<bdi>Cleo" not in cast.dora.get(path).text
    assert cast.mona.post(f"{path}/authors", member=str(cast.dora.member_id)).status_code == 403
    assert cast.otto.post(f"{path}/authors/acceptance").status_code == 404
    for stranger in (cast.otto, cast.mona):  # of another cohort, and who only reads
        assert cast.ben.post(f"{path}/authors", member=str(stranger.member_id)).status_code == 422
