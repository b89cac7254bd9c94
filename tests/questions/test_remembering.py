"""Earlier cohorts answer first: only what everybody concerned agreed to, and only as long as they do."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, update

from sociallearn.database import db, transaction
from sociallearn.posts.models import Post
from sociallearn.questions.models import Memory, TextConsent
from sociallearn.roster.models import Cohort, Member
from tests.conftest import HERE, OTHER_COURSE, Actor, Cast, person
from tests.lms import MEMBERSHIP
from tests.questions.test_matching import ASKED, TYPED, answer, ask, look

SOMEBODY = "Somebody of an earlier cohort"


class Earlier:
    """Course two was first: otto asked there, olga and oscar answered. Course one, with cleo in it, came later."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.cast = app, cast
        cast.tara  # noqa: B018 - the earlier cohort begins with her
        self.olga, self.oscar = (
            Actor(app, HERE, sub=name, roles=[MEMBERSHIP + "Learner"], **{**person(name), **OTHER_COURSE})
            for name in ("olga", "oscar")
        )
        for title in ("Waar kan ik parkeren?", "Wanneer begint de les?", "Who made the map?"):
            ask(cast.tara, title, "Graag hulp.")
        self.question = ask(cast.otto, body="Ik vroeg het @Olga Test al, tevergeefs.")
        self.accepted = answer(self.olga, self.question, "Klik op wachtwoord vergeten.")
        self.thanked = answer(self.oscar, self.question, "Of bel de helpdesk.")
        self.plain = answer(cast.tara, self.question, "Geen idee.")
        cast.otto.post(f"/questions/{self.question}/acceptance", answer_id=self.accepted)
        cast.otto.post(f"/posts/{self.thanked}/reactions", give="thanks")
        for who in (cast.tess, cast.cleo, cast.ben):
            assert who.token
        self.path = f"/questions/memory/{self.question}"

    def offer(self, **chosen: str) -> None:
        """By their trainer."""
        assert (
            self.cast.tara.post("/memory/cohort", **(chosen or {"is_offered": "1", "is_read": "1"})).status_code == 303
        )

    def agree(self, who: Actor, choice: str = "texts") -> None:
        """By an author."""
        assert who.post("/memory/texts", membership=str(who.member_id), choice=choice).status_code == 303

    def all_agree(self) -> None:
        """Everybody: the trainer offers, all four authors say yes."""
        self.offer()
        for who in (self.cast.otto, self.olga, self.oscar, self.cast.tara):
            self.agree(who)

    def is_shown(self, who: Actor | None = None) -> bool:
        """To cleo, while typing and on its page: both or neither."""
        reader = who or self.cast.cleo
        page, found = reader.get(self.path), look(reader)
        assert (page.status_code == 200) == (found == [ASKED])
        assert page.status_code in (200, 404)
        return page.status_code == 200


@pytest.fixture
def earlier(app: Flask, cast: Cast) -> Earlier:
    """An earlier cohort in which nobody decided anything yet."""
    return Earlier(app, cast)


def test_nothing_shows_until_trainer_and_author_both_said_yes(earlier: Earlier) -> None:
    assert not earlier.is_shown()
    earlier.offer()
    assert not earlier.is_shown()
    earlier.agree(earlier.olga)
    assert not earlier.is_shown()
    earlier.agree(earlier.cast.otto)
    assert earlier.is_shown()
    earlier.offer(is_read="1")
    assert not earlier.is_shown()


def test_it_says_where_it_comes_from_and_names_nobody_who_did_not_want_that(earlier: Earlier) -> None:
    earlier.all_agree()
    page = earlier.cast.cleo.get(earlier.path).text
    assert "This was asked in an earlier cohort, “Course two”." in page
    assert page.count(SOMEBODY) == 3
    assert "Klik op wachtwoord vergeten." in page
    assert "Of bel de helpdesk." in page
    assert "Geen idee." not in page  # neither accepted nor thanked for
    for name in ("Otto", "Olga", "Oscar"):
        assert name not in page
    found = earlier.cast.cleo.post("/questions/alike", title=TYPED, body="").text
    assert "From an earlier cohort" in found
    assert "Accepted answer" in found
    earlier.agree(earlier.olga, "named")
    page = earlier.cast.cleo.get(earlier.path).text
    assert "Olga Test" in page
    assert page.count(SOMEBODY) == 2


def test_each_answer_waits_for_its_own_author(earlier: Earlier) -> None:
    earlier.offer()
    earlier.agree(earlier.cast.otto)
    page = earlier.cast.cleo.get(earlier.path).text
    assert "No answer that may be read here" in page
    assert "Klik" not in page + earlier.cast.cleo.post("/questions/alike", title=TYPED, body="").text
    earlier.agree(earlier.oscar)
    page = earlier.cast.cleo.get(earlier.path).text
    assert "Of bel de helpdesk." in page
    assert "Klik" not in page
    earlier.cast.otto.post(f"/posts/{earlier.thanked}/reactions", take="thanks")
    assert "bel de helpdesk" not in earlier.cast.cleo.get(earlier.path).text


def _switched_off_here(earlier: Earlier) -> None:
    earlier.cast.tess.post("/memory/cohort")


def _room_closed_there(earlier: Earlier) -> None:
    with earlier.app.app_context(), transaction() as session:
        cohort = session.get_one(Cohort, session.get_one(Member, earlier.cast.otto.member_id).cohort_id)
        cohort.rooms_off = ["questions"]


def _not_earlier(earlier: Earlier) -> None:
    with earlier.app.app_context(), transaction() as session:
        here = session.get_one(Cohort, session.get_one(Member, earlier.cast.cleo.member_id).cohort_id)
        there = session.get_one(Cohort, session.get_one(Member, earlier.cast.otto.member_id).cohort_id)
        here.created_at, there.created_at = there.created_at, here.created_at


def _for_a_group(earlier: Earlier) -> None:
    earlier.cast.tara.post("/cohort/spaces", name="Coffee", tone="formal", keep_days="7")
    with earlier.app.app_context(), transaction() as session:
        from sociallearn.roster.models import Space

        space = session.scalars(select(Space.id)).one()
        session.execute(update(Post).where(Post.id == int(earlier.question)).values(space_id=space))


@pytest.mark.parametrize(
    "take_away",
    [
        lambda e: e.offer(is_read="1"),
        lambda e: e.agree(e.cast.otto, "nothing"),
        lambda e: e.cast.otto.post(f"/posts/{e.question}/deletion"),
        lambda e: e.cast.tara.post(f"/posts/{e.question}/hiding", reason="Not this."),
        _switched_off_here,
        _room_closed_there,
        _not_earlier,
        _for_a_group,
    ],
    ids=["offer", "consent", "deleted", "hidden", "switched off here", "room closed", "not earlier", "in a space"],
)
def test_each_of_these_takes_it_away_at_that_moment(earlier: Earlier, take_away: Callable[[Earlier], object]) -> None:
    earlier.all_agree()
    assert earlier.is_shown()
    typed = {"typed_title": TYPED, "typed_body": "My long story.", "alike_id": earlier.question}
    take_away(earlier)
    assert not earlier.is_shown()
    # cleo still has the list open in another tab
    refused = earlier.cast.cleo.post("/questions/settled", **typed)
    assert refused.status_code == 409
    assert "My long story." in refused.text


def test_an_answer_goes_with_its_authors_word_or_text(earlier: Earlier) -> None:
    earlier.all_agree()
    earlier.agree(earlier.olga, "nothing")
    page = earlier.cast.cleo.get(earlier.path).text
    assert "Klik op" not in page + earlier.cast.cleo.post("/questions/alike", title=TYPED, body="").text
    earlier.agree(earlier.olga)
    assert "Klik op" in earlier.cast.cleo.get(earlier.path).text
    earlier.olga.post(f"/posts/{earlier.accepted}/deletion")
    assert "Klik op" not in earlier.cast.cleo.get(earlier.path).text


def test_who_else_may_open_it(app: Flask, earlier: Earlier) -> None:
    earlier.all_agree()
    cast = earlier.cast
    for reader in (cast.cleo, cast.tess, cast.mona, cast.omar):
        assert reader.get(earlier.path).status_code == 200
    assert cast.zoe.get(earlier.path).status_code == 404  # of another organisation
    assert look(cast.zoe) == []
    assert cast.otto.get(earlier.path).status_code == 404  # it stands in the cohort itself
    assert cast.cleo.get(f"/questions/{earlier.question}").status_code == 404
    assert cast.cleo.get(f"/questions/memory/{earlier.accepted}").status_code == 404  # an answer is no question
    own = ask(cast.ben, "Wie kent een fotograaf?")
    assert cast.cleo.get(f"/questions/memory/{own}").status_code == 404
    with app.app_context(), transaction() as session:
        session.get_one(Member, cast.cleo.member_id).left_at = session.get_one(Member, cast.cleo.member_id).joined_at
    assert cast.cleo.get(earlier.path).status_code == 401


def test_a_cohort_that_offered_nothing_stays_closed_whoever_agreed(earlier: Earlier) -> None:
    for who in (earlier.cast.otto, earlier.olga):
        earlier.agree(who)
    assert not earlier.is_shown()


def test_only_trainers_decide_for_the_cohort_and_only_authors_for_their_texts(app: Flask, earlier: Earlier) -> None:
    cast = earlier.cast
    assert cast.otto.post("/memory/cohort", is_offered="1").status_code == 403
    for membership in (str(cast.otto.member_id), "999999", "x", ""):
        assert cast.cleo.post("/memory/texts", membership=membership, choice="named").status_code == 404
    assert cast.tara.post("/memory/texts", membership=str(cast.otto.member_id), choice="texts").status_code == 404
    assert cast.cleo.post("/memory/texts", membership=str(cast.cleo.member_id), choice="sure").status_code == 400
    with app.app_context():
        assert db.session.scalars(select(Memory)).all() == []
        assert db.session.scalars(select(TextConsent)).all() == []


def test_the_page_says_what_was_chosen_and_counts_what_can_be_read(earlier: Earlier) -> None:
    page = earlier.cast.tara.get("/memory").text
    assert "0 questions could be read there" in page
    earlier.all_agree()
    page = earlier.cast.tara.get("/memory").text
    assert "4 questions can be read there now" in page
    assert re.search(r'value="texts" checked', page)
    page = earlier.cast.cleo.get("/memory").text
    assert "This cohort</h2>" not in page
    assert re.search(r'value="nothing" checked', page)
    assert "does not offer" in page
    assert "/memory" in earlier.cast.cleo.get("/feed").text


def test_a_finished_cohort_still_lets_its_people_change_their_mind(earlier: Earlier) -> None:
    earlier.all_agree()
    assert earlier.cast.tara.post("/cohort/set-up/archive").status_code == 303
    assert earlier.is_shown()
    earlier.agree(earlier.cast.otto, "nothing")
    assert not earlier.is_shown()
    earlier.agree(earlier.cast.otto)
    earlier.offer(is_read="1")
    assert not earlier.is_shown()


def test_whoever_left_takes_it_back_from_another_cohort_of_theirs(app: Flask, earlier: Earlier) -> None:
    earlier.all_agree()
    with app.app_context(), transaction() as session:
        member = session.get_one(Member, earlier.cast.otto.member_id)
        member.left_at = member.joined_at
    assert earlier.is_shown()
    assert earlier.cast.otto.get("/memory").status_code == 401
    here = Actor(app, HERE, sub="otto", roles=[MEMBERSHIP + "Learner"], **person("otto"))
    page = here.get("/memory").text
    assert "in Course two?" in page
    assert f'name="membership" value="{earlier.cast.otto.member_id}"' in page
    assert here.post("/memory/texts", membership=str(earlier.cast.otto.member_id), choice="nothing").status_code == 303
    assert not earlier.is_shown()


def test_it_settles_a_question_like_one_of_ones_own_cohort(earlier: Earlier) -> None:
    earlier.all_agree()
    earlier.cast.cleo.post("/drafts", place="questions", title=TYPED, body="Help.")
    page = earlier.cast.cleo.get(earlier.path).text
    assert "Is this what you wanted to know?" in page
    assert TYPED in page
    typed = {"typed_title": TYPED, "typed_body": "Help."}
    settled = earlier.cast.cleo.post("/questions/settled", **typed, alike_id=earlier.question)
    assert "toast=settled" in settled.location
    assert "Is this what you wanted to know?" not in earlier.cast.cleo.get(earlier.path).text
