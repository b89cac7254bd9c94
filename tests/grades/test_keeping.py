"""Acts become points: the ledger, the standing, and what is to be sent."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from sociallearn import clock, jobs
from sociallearn.activity.models import Overlap
from sociallearn.database import transaction
from sociallearn.grades import keeping, receipts
from sociallearn.grades.models import Delivery, SchemeVersion, Standing
from sociallearn.posts.models import Kind, Visibility
from sociallearn.roster.models import Cohort, Member, Role
from tests.grades import cast
from tests.grades.cast import DAY, MONDAY, WEEK, School

pytestmark = pytest.mark.usefixtures("school")


def proved(member_id: int) -> float | None:
    """The grade, after proving that the ledger alone gives it too."""
    found = cast.standing(member_id)
    with transaction() as session:
        again = receipts.recompute_from_ledger(session, session.get_one(Member, member_id))
    assert again.value == found.grade
    return found.grade


def test_a_post_a_reply_and_a_round_of_ratings(school: School) -> None:
    ben, cleo, dora = school.learner("ben"), school.learner("cleo"), school.learner("dora")
    with clock.at(MONDAY + DAY):
        cast.write(ben)
        assert proved(ben) == 0.4
        for author in (cleo, dora):
            cast.reply(ben, cast.write(author))
        assert proved(ben) == 1.0
        for _number in range(5):
            cast.rate(cleo, cast.write(dora, kind=Kind.IDEA))
        assert proved(cleo) == 0.6
        assert [entry.why for entry in cast.ledger(cleo) if entry.kind == "rating"].count("counted") == 1


def test_rating_again_brings_nothing(school: School) -> None:
    ben, cleo = school.learner("ben"), school.learner("cleo")
    with clock.at(MONDAY + DAY):
        ideas = [cast.write(cleo, kind=Kind.IDEA) for _number in range(4)]
        for _again in range(3):
            for idea in ideas:
                cast.rate(ben, idea)
        assert proved(ben) is None
        assert len(cast.ledger(ben)) == 4


def test_the_sums_of_changes_are_the_points(school: School) -> None:
    ben, tess = school.learner("ben"), school.trainer()
    with clock.at(MONDAY + DAY):
        post = cast.write(ben)
        cast.edit(post, 30)
        cast.edit(post, 50)
        cast.decide(post, Visibility.HIDDEN, tess)
        cast.decide(post, Visibility.VISIBLE, tess)
        entries = cast.ledger(ben)
    assert [entry.why for entry in entries] == ["counted", "too_short", "counted", "removed", "counted"]
    assert [entry.change for entry in entries] == [4, -4, 4, -4, 4]
    assert entries[1].short_by == 10
    with clock.at(MONDAY + DAY):
        assert proved(ben) == 0.4


def test_recomputing_twice_appends_nothing(school: School) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + DAY):
        cast.reply(ben, cast.write(ben))
        before, wanted = len(cast.ledger(ben)), cast.delivery(ben).wanted
        cast.recompute(ben)
        cast.recompute(ben)
        assert len(cast.ledger(ben)) == before
        assert cast.delivery(ben).wanted == wanted


def test_a_reply_to_oneself_brings_nothing(school: School) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + DAY):
        own = cast.reply(ben, cast.write(ben))
        assert cast.why(ben, own) == "to_oneself"


def test_deleted_and_undeleted(school: School) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + DAY):
        post = cast.write(ben)
        cast.decide(post, Visibility.DELETED)
        assert cast.why(ben, post) == "removed"
        assert proved(ben) is None
        assert (cast.delivery(ben).grade, cast.delivery(ben).wanted) == (0.0, 2)  # it was told, so it is taken back
        cast.decide(post, Visibility.VISIBLE)
        assert proved(ben) == 0.4


@pytest.mark.parametrize("words", [5, 60])
def test_an_edit_after_the_period_neither_raises_nor_lowers(school: School, words: int) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + DAY):
        long, short = cast.write(ben, 45), cast.write(ben, 20)
    with clock.at(MONDAY + WEEK):
        cast.edit(long, words)
        cast.edit(short, words)
        assert cast.why(ben, long) == "counted"
        assert cast.why(ben, short) == "too_short"
        assert proved(ben) == 0.4


def test_hidden_after_the_period_counts_no_more(school: School) -> None:
    ben, tess = school.learner("ben"), school.trainer()
    with clock.at(MONDAY + DAY):
        post = cast.write(ben)
    with clock.at(MONDAY + WEEK):
        cast.decide(post, Visibility.HIDDEN, tess)
        assert proved(ben) == 0.0


def test_a_near_copy_counts_while_its_original_is_gone(school: School) -> None:
    ben, cleo = school.learner("ben"), school.learner("cleo")
    body = cast.text(45, "same")
    with clock.at(MONDAY + DAY):
        original = cast.write(ben, body=body)
        copy = cast.write(cleo, body=body)
        assert (proved(ben), proved(cleo)) == (0.4, None)
        assert cast.why(cleo, copy) == "near_copy"
        cast.decide(original, Visibility.DELETED)
        assert (proved(ben), proved(cleo)) == (None, 0.4)
        cast.decide(original, Visibility.VISIBLE)
        assert (cast.why(ben, original), cast.why(cleo, copy)) == ("counted", "near_copy")
        assert proved(ben) == 0.4


def test_a_copy_of_a_copy_follows(school: School) -> None:
    people = [school.learner(name) for name in ("ben", "cleo", "dora")]
    body = cast.text(45, "same")
    with clock.at(MONDAY + DAY):
        first, *copies = [cast.write(member, body=body) for member in people]
        with transaction() as session:  # the last repeats only the one in the middle
            session.delete(session.get_one(Overlap, (copies[1], first)))
        cast.recompute(people[2])
        assert [cast.grade(member) for member in people] == [0.4, None, 0.4]
        cast.decide(first, Visibility.DELETED)
        # the middle one is an original now, and the last its copy
        assert [cast.grade(member) for member in people] == [None, 0.4, None]


def test_an_edit_makes_a_copy_ones_own(school: School) -> None:
    ben, cleo = school.learner("ben"), school.learner("cleo")
    body = cast.text(45, "same")
    with clock.at(MONDAY + DAY):
        cast.write(ben, body=body)
        copy = cast.write(cleo, body=body)
        cast.edit(copy, 45)
        assert proved(cleo) == 0.4


def test_a_stub_is_not_the_original_of_what_follows(school: School) -> None:
    ben, cleo = school.learner("ben"), school.learner("cleo")
    body = cast.text(45, "same")
    with clock.at(MONDAY + DAY):
        stub = cast.write(ben, body=cast.text(10, "same"))
    with clock.at(MONDAY + DAY + timedelta(hours=1)):
        longer = cast.write(cleo, body=body)
    with clock.at(MONDAY + DAY + timedelta(hours=2)), transaction() as session:
        session.add(Overlap(copy_id=stub, original_id=longer, share=1.0))
    with clock.at(MONDAY + DAY + timedelta(hours=2)):
        cast.edit(stub, 45)
        assert cast.why(cleo, longer) == "counted"


def test_a_trainers_text_is_an_original_too(school: School) -> None:
    ben, tess = school.learner("ben"), school.trainer()
    body = cast.text(45, "same")
    with clock.at(MONDAY + DAY):
        cast.write(tess, body=body)
        copy = cast.write(ben, body=body)
        assert cast.why(ben, copy) == "near_copy"
    with transaction() as session:
        assert session.get(Standing, tess) is None


def test_weeks_begin_when_one_joins(school: School) -> None:
    late = school.learner("late", joined_at=MONDAY + 3 * WEEK)
    with clock.at(MONDAY + 3 * WEEK + DAY):
        cast.write(late)
        assert proved(late) == 0.4


def test_a_closing_week_changes_grade_and_comment(school: School) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + DAY):
        cast.write(ben)
        first = cast.delivery(ben)
        assert first.comment == "Week 1 is open: 4 of 10 so far."
        assert cast.standing(ben).next_change_at == (MONDAY + WEEK).replace(hour=23, minute=0) - DAY
    with clock.at(MONDAY + 2 * WEEK):
        assert due() == [ben]
        cast.recompute(ben)
        assert due() == []
        assert proved(ben) == 0.2
        second = cast.delivery(ben)
    assert second.comment == "Week 3 is open: 0 of 10 so far. Closed weeks: 20%."
    assert (second.grade, second.wanted, second.state) == (0.2, first.wanted + 1, "waiting")


def due() -> list[int]:
    with transaction() as session:
        return list(keeping._due(session))


def test_the_weakest_of_four_weeks_is_left_out(school: School) -> None:
    ben = school.learner("ben")
    for number in (0, 1, 2):
        with clock.at(MONDAY + number * WEEK + DAY):
            cast.write(ben)
    with clock.at(MONDAY + 4 * WEEK):
        cast.recompute(ben)
        assert proved(ben) == pytest.approx(0.4)
        assert "Closed weeks without the weakest: 40%." in cast.standing(ben).comment


def test_the_comment_is_in_the_persons_language(school: School) -> None:
    ben = school.learner("ben")
    with transaction() as session:
        session.get_one(Member, ben).person.language = "nl"
    with clock.at(MONDAY + DAY):
        cast.write(ben)
    assert "4" in cast.standing(ben).comment


def test_silent_learners_get_a_standing_whose_week_closes(school: School) -> None:
    ben, tess = school.learner("ben"), school.trainer()
    with clock.at(MONDAY + DAY):
        jobs.keep_house()
        cast.recompute(ben)
        assert cast.grade(ben) is None
    with clock.at(MONDAY + WEEK):
        cast.recompute(ben)
        assert cast.grade(ben) == 0.0
        assert cast.delivery(ben).grade == 0.0
    with transaction() as session:
        assert session.get(Standing, tess) is None


def test_every_column_gets_the_grade_once(school: School) -> None:
    ben = school.learner("ben")
    shared = cast.link(school, 2, school.lms.line_item())
    other = cast.link(school, 3, school.lms.line_item(3))
    cast.link(school, 4, None)
    with clock.at(MONDAY + DAY):
        cast.write(ben)
    with transaction() as session:
        found = session.scalars(select(Delivery.placement_id).order_by(Delivery.id)).all()
    assert found == [school.placement_id, other]
    assert shared not in found


def test_nothing_is_sent_for_people_who_are_not_graded(school: School) -> None:
    tess, moved = school.trainer(), school.learner("moved")
    with clock.at(MONDAY + DAY):
        cast.write(tess)
        cast.write(moved)
    with transaction() as session:
        session.get_one(Member, moved).role = Role.TRAINER
    with clock.at(MONDAY + 2 * WEEK):
        cast.write(moved)
        assert due() == []
        assert cast.delivery(moved).grade == 0.4


def test_the_first_version_of_the_rules_is_written_once(school: School) -> None:
    for name in ("ben", "cleo"):
        cast.write(school.learner(name))
    with transaction() as session:
        version = session.scalars(select(SchemeVersion)).one()
        assert (version.number, version.scheme["name"], version.starts_at) == (1, "light", MONDAY)


def test_a_new_time_zone_moves_points_to_another_week(school: School) -> None:
    ben = school.learner("ben")
    sunday_night = MONDAY + WEEK - timedelta(hours=8, minutes=30)  # 0:30 on Monday in Brussels
    with clock.at(sunday_night):
        cast.write(ben)
    with transaction() as session:
        session.get_one(Cohort, school.cohort_id).time_zone = "America/New_York"
        keeping.recompute_soon(session, school.cohort_id)
    with clock.at(sunday_night + timedelta(days=2)):
        assert due() == [] or due() == [ben]
        cast.recompute(ben)
        assert proved(ben) == 0.4
    entries = cast.ledger(ben)
    assert [(entry.period, entry.change) for entry in entries] == [
        ("2026-03-09", 4),
        ("2026-03-09", -4),
        ("2026-03-02", 4),
    ]


def test_two_acts_at_once_both_count(app: Flask, school: School) -> None:
    ben = school.learner("ben", joined_at=clock.now())
    others = [school.learner(f"other{number}") for number in range(4)]
    posts = [cast.write(member) for member in others]
    start = threading.Barrier(4)
    failures: list[BaseException] = []

    def act(number: int) -> None:
        try:
            with app.app_context():
                start.wait()
                cast.reply(ben, posts[number])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sum(entry.change for entry in cast.ledger(ben)) == 12
    assert proved(ben) == 1.0


def test_removing_an_original_while_its_copies_are_worked_on(app: Flask, school: School) -> None:
    members = [school.learner(f"m{number}", joined_at=clock.now()) for number in range(4)]
    body = cast.text(45, "same")
    posts = [cast.write(member, body=body) for member in members]
    failures: list[BaseException] = []

    def toggle(post: int) -> None:
        try:
            with app.app_context():
                for after in (Visibility.DELETED, Visibility.VISIBLE, Visibility.DELETED, Visibility.VISIBLE):
                    cast.decide(post, after)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=toggle, args=(post,)) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert [proved(member) for member in members] == [0.4, None, None, None]
