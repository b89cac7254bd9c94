"""The list: everybody hears what concerns them, once, and only what they may read now."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.ideas import moving, rating, settling
from sociallearn.ideas.models import Idea
from sociallearn.notifications import choosing, marking, reading, wording
from sociallearn.notifications.models import About, Notification
from sociallearn.posts import deciding, expiring, keeping, pinning, praising, reacting, reading_marks, writing
from sociallearn.posts.models import Kind, Post, ReactionKind, Starter, Visibility
from sociallearn.questions import accepting, escalating, offering
from sociallearn.questions import marking as answers
from sociallearn.questions.models import Escalation
from sociallearn.roster.models import Group, GroupMember, Member, Space
from sociallearn.starters import opening
from sociallearn.starters.opening import Wanted
from tests import make
from tests.conftest import Cast


@pytest.fixture
def people(session: Session, cast: Cast) -> dict[str, Member]:
    """The cast as members of this session."""
    return {name: getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora")}


def said(session: Session, member: Member) -> list[str]:
    """What this member reads, the newest first."""
    session.flush()
    return [wording.sentence(line) for line in reading.page(session, member, None)[0]]


def test_a_reply_is_told_to_whom_it_answers_and_to_who_follows(session: Session, people: dict[str, Member]) -> None:
    ben, cleo, dora = people["ben"], people["cleo"], people["dora"]
    post = make.post(session, ben)
    keeping.follow(session, post.id, by=dora)
    make.reply(session, post, cleo, "Me too.")
    assert said(session, ben) == ["Cleo Test replied to you"]
    assert said(session, dora) == ["Cleo Test wrote in a conversation you follow"]
    assert said(session, cleo) == []
    make.reply(session, post, dora, "And me, @Ben Test.")
    assert said(session, ben)[0] == "Dora Test mentioned you"
    assert len(said(session, ben)) == 2, "once a text, for the nearest reason"
    assert said(session, cleo) == ["Dora Test wrote in a conversation you follow"]


def test_reactions_stand_in_one_line_and_go_when_taken_back(session: Session, people: dict[str, Member]) -> None:
    ben, cleo, dora, tess = (people[name] for name in ("ben", "cleo", "dora", "tess"))
    post = make.post(session, ben)
    for who in (cleo, dora, tess):
        reacting.react(session, post, ReactionKind.THANKS, by=who)
    reacting.react(session, post, ReactionKind.CHEER, by=tess)
    assert said(session, ben) == ["Tess Test and 2 others reacted to your text"]
    assert reading.count(session, ben) == 1
    for who in (tess, cleo):
        reacting.withdraw(session, post, ReactionKind.THANKS, by=who)
    reacting.withdraw(session, post, ReactionKind.CHEER, by=tess)
    assert said(session, ben) == ["Dora Test reacted to your text"]


def test_credit_names_nobody_who_was_helped_and_goes_when_taken_back(
    session: Session, people: dict[str, Member]
) -> None:
    ben, cleo, dora, tess = (people[name] for name in ("ben", "cleo", "dora", "tess"))
    question = make.question(session, ben)
    answer = make.reply(session, question, cleo)
    other = make.reply(session, question, dora, "Or so.")
    for who in (ben, dora):
        answers.helped(session, answer, by=who)
    answers.endorse(session, answer, by=tess)
    accepting.accept(session, question, answer, by=ben)
    assert said(session, cleo)[:3] == [
        "Your answer was marked as the one that helped",
        "Recommended by your trainer: your answer (Tess Test)",
        "Your text helped 2 people",
    ]
    accepting.accept(session, question, other, by=ben)
    answers.take_endorsement(session, answer, by=tess)
    answers.take_help(session, answer, by=dora)
    assert said(session, cleo)[0] == "Your text helped 1 person"
    assert said(session, dora)[0] == "Your answer was marked as the one that helped"


def test_decisions_are_told_with_their_reason_and_without_the_text(session: Session, people: dict[str, Member]) -> None:
    ben, cleo, tess = people["ben"], people["cleo"], people["tess"]
    post = make.post(session, ben, "Something unkind about somebody.")
    keeping.follow(session, post.id, by=cleo)
    reply = make.reply(session, post, cleo, "Hm.")
    reacting.react(session, post, ReactionKind.AGREE, by=cleo)
    deciding.lock(session, post, by=tess, reason="Enough of it.")
    deciding.decide(session, post, Visibility.HIDDEN, by=tess, reason="Not kind.")
    lines = reading.page(session, ben, None)[0]
    assert [wording.sentence(line) for line in lines] == [
        "A text of yours was hidden", "A conversation of yours takes no more replies", "Cleo Test replied to you",
    ]  # fmt: skip
    assert [line.reason for line in lines] == ["Not kind.", "Enough of it.", ""]
    assert not any("unkind" in line.title + line.quote for line in lines)
    deciding.decide(session, reply, Visibility.DELETED, by=cleo, reason="")
    assert "Cleo Test replied to you" not in said(session, ben)
    deciding.decide(session, reply, Visibility.VISIBLE, by=cleo, reason="")
    assert "Cleo Test replied to you" in said(session, ben)


def test_everybody_who_rated_an_idea_hears_what_becomes_of_it(session: Session, people: dict[str, Member]) -> None:
    ben, cleo, dora, tess = (people[name] for name in ("ben", "cleo", "dora", "tess"))
    idea = make.idea(session, ben)
    rating.rate(session, idea, 4, by=cleo)
    moving.move(session, idea, "done", by=tess, reason="It is there.", seen="new")
    settling.settle(session, idea, settling.Plan(owner_id=dora.id, benefit="Time."), by=tess, seen=0)
    assert said(session, ben) == ["It is written down what becomes of your idea", "Your idea moved to “Done”"]
    assert said(session, cleo) == [
        "It is written down what becomes of an idea you know",
        "An idea you know moved to “Done”",
    ]
    assert said(session, dora) == ["It is written down what becomes of an idea you know"]
    assert said(session, tess) == []


def test_starter_questions_announcements_and_praise_reach_those_they_are_for(
    session: Session, people: dict[str, Member]
) -> None:
    ben, cleo, tess = people["ben"], people["cleo"], people["tess"]
    opening.start(session, Wanted(discussion="What surprised you?", idea="What next?"), by=tess)
    opening.start(session, Wanted(idea="What else?"), by=tess)
    pinning.announce(session, make.post(session, tess, "We begin at ten."), by=tess)
    praising.praise(session, make.post(session, cleo, "For the plan."), [ben.id], by=cleo)
    assert said(session, ben) == [
        "Cleo Test praised you",
        "An announcement by Tess Test",
        "A starter question by Tess Test",
        "A starter question by Tess Test",
    ]
    line = reading.page(session, ben, None)[0][2]
    assert (line.title, line.goal.partition(":")[0]) == ("What else?", "round")
    assert said(session, tess) == []
    people["cleo"].cohort.rooms_off = ["ideas"]
    assert len(said(session, cleo)) == 2, "the round stands in a room that is closed"


def test_what_is_out_of_sight_is_not_there(session: Session, people: dict[str, Member]) -> None:
    ben, cleo, dora, tess = (people[name] for name in ("ben", "cleo", "dora", "tess"))
    group = Group(cohort_id=ben.cohort_id, name="Blue")
    session.add(group)
    session.flush()
    membership = GroupMember(cohort_id=ben.cohort_id, group_id=group.id, member_id=ben.id)
    session.add(membership)
    session.add(GroupMember(cohort_id=ben.cohort_id, group_id=group.id, member_id=cleo.id))
    space = Space(cohort_id=ben.cohort_id, group_id=group.id, is_for_all=False, name="")
    session.add(space)
    session.flush()
    inside = writing.write(session, Kind.POST, by=ben, body="Between us, @Dora Test.", space=space)
    make.reply(session, inside, cleo, "Yes.")
    assert said(session, dora) == [], "not hers to see"
    assert said(session, ben) == ["Cleo Test replied to you"]
    session.delete(membership)
    assert said(session, ben) == []
    assert reading.count(session, ben) == 0
    starter = opening.start(session, Wanted(discussion="What surprised you?", answer_first=True), by=tess)
    thread = session.get_one(Post, session.get_one(Starter, starter.id).post_id)
    keeping.follow(session, thread.id, by=dora)
    make.reply(session, thread, cleo, "The speed, @Dora Test.")
    assert said(session, dora) == ["A starter question by Tess Test"]
    make.reply(session, thread, dora, "The silence.")
    assert said(session, dora) == ["Cleo Test mentioned you", "A starter question by Tess Test"]


def test_muted_is_quiet_and_comes_back(session: Session, people: dict[str, Member]) -> None:
    ben, cleo = people["ben"], people["cleo"]
    post = make.post(session, ben)
    make.reply(session, post, cleo, "Hm.")
    keeping.mute(session, post.id, by=ben)
    reacting.react(session, post, ReactionKind.THANKS, by=cleo)
    assert (said(session, ben), reading.count(session, ben)) == ([], 0)
    keeping.follow(session, post.id, by=ben)
    assert len(said(session, ben)) == 2


def test_what_is_turned_off_is_kept_for_later(session: Session, people: dict[str, Member]) -> None:
    ben, cleo = people["ben"], people["cleo"]
    post = make.post(session, ben)
    reacting.react(session, post, ReactionKind.THANKS, by=cleo)
    make.reply(session, post, cleo, "Hm.")
    everything = [about.value for about in About]
    choosing.choose(session, ben.person, here=[one for one in everything if one != "reaction"], mail=["reaction"])
    assert said(session, ben) == ["Cleo Test replied to you"]
    assert reading.to_mail(session, ben) == [], "off here is off by mail, and replies are off by mail"
    choosing.choose(session, ben.person, here=everything, mail=["reaction"])
    assert len(said(session, ben)) == 2
    assert [line.about for line in reading.to_mail(session, ben)] == ["reaction"]


def test_reading_a_conversation_or_the_list_makes_it_read(session: Session, people: dict[str, Member]) -> None:
    ben, cleo = people["ben"], people["cleo"]
    one, other = make.post(session, ben), make.post(session, ben, "Another.")
    with clock.at(clock.now() - timedelta(minutes=5)):
        first = make.reply(session, one, cleo, "Hm.")
        make.reply(session, other, cleo, "Well.")
    assert reading.count(session, ben) == 2
    later = make.reply(session, one, cleo, "And.")
    reading_marks.mark(session, ben, one.id, up_to=first.id)
    assert reading.count(session, ben) == 2, "what came meanwhile was not on the screen"
    reading_marks.mark(session, ben, one.id)
    assert reading.count(session, ben) == 1
    newest = session.scalars(select(Notification.id).where(Notification.post_id == later.id)).one()
    marking.read(session, ben, newest, bundle=f"replied:{other.id}")
    assert reading.count(session, ben) == 0
    assert len(said(session, ben)) == 2


def test_who_is_asked_for_help_reads_so_until_it_is_answered(app: Flask, cast: Cast) -> None:
    for name in ("tess", "ben", "cleo", "dora"):
        getattr(cast, name)
    with app.app_context():
        with transaction() as session:
            cleo = session.get_one(Member, cast.cleo.member_id)
            offering.offer(session, by=cleo, topic_ids=[], words="planning budgets")
        with transaction() as session:
            ben = session.get_one(Member, cast.ben.member_id)
            question = make.question(session, ben, "Planning budgets?", "How do you do planning and budgets?").id
        with clock.at(clock.now() + timedelta(days=7)):
            for _twice in range(2):
                with transaction() as session:
                    steps = session.execute(select(Escalation.id, Escalation.next_at)).all()
                for step_id, next_at in steps:
                    with clock.at(next_at):
                        escalating.escalate(step_id)
        with transaction() as session:
            cleo = session.get_one(Member, cast.cleo.member_id)
            with clock.at(clock.now() + timedelta(days=7)):
                assert [line.what for line in reading.to_mail(session, cleo)] == ["asked"]
                make.reply(session, session.get_one(Post, question), session.get_one(Member, cast.dora.member_id))
                assert reading.to_mail(session, cleo) == []
                assert [line.what for line in reading.page(session, cleo, None)[0]] == ["asked"], "kept in the list"


def test_the_page_counts_links_and_marks(app: Flask, cast: Cast) -> None:
    post = int(re.findall(r"\d+", cast.ben.post("/feed", body="Who is in?").location)[-1])
    cast.cleo.post(f"/posts/{post}/replies", body="I am.")
    cast.dora.post(f"/posts/{post}/reactions", give="thanks")
    page = cast.ben.get("/notifications").text
    assert "Cleo Test replied to you" in page
    assert "Dora Test reacted to your text" in page
    assert "2 are new to you" in page
    assert re.search(r"data-bell>2<", cast.ben.get("/feed").text)
    assert cast.ben.get(f"/news?room=feed&after={post}").json["notifications"] == 2
    link = re.search(r'<a href="(/s/[^"]+/posts/\d+)">Cleo', page)
    assert link
    landed = cast.ben.get(link[1], follow_redirects=True)
    assert "I am." in landed.text
    newest = re.search(r'name="up_to" value="(\d+)"', page)
    assert newest
    assert cast.ben.post("/notifications/read", up_to=newest[1]).status_code == 303
    assert "new to you" not in cast.ben.get("/notifications").text
    assert "Cleo Test replied to you" in cast.ben.get("/notifications").text
    assert "Cleo" not in cast.otto.get("/notifications").text


def test_settings_are_shown_again_with_what_was_wrong(cast: Cast) -> None:
    good = {"rhythm": "weekly", "hour": "17", "time_zone": "Asia/Tokyo", "here": ["asked", "reply"], "mail": ["asked"]}
    assert cast.ben.post("/notifications/settings", **good).status_code == 303
    page = cast.ben.get("/notifications/settings").text
    assert re.search(r'value="weekly" checked', page)
    assert re.search(r'value="Asia/Tokyo" selected', page)
    assert page.count('checked><span class="sr"') == 3
    wrong = cast.ben.post("/notifications/settings", **(good | {"rhythm": "hourly", "hour": "99"}))
    assert wrong.status_code == 422
    assert "data-problems" in wrong.text
    assert re.search(r'value="Asia/Tokyo" selected', wrong.text)


def test_informal_talk_is_told_and_goes_with_its_text(app: Flask, cast: Cast) -> None:
    cast.ben.get("/feed")
    cast.tess.post("/cohort/spaces", name="Corner", tone="informal", keep_days="7")
    with app.app_context():
        space = db.session.scalars(select(Space.id)).one()
    post = int(re.findall(r"\d+", cast.ben.post("/feed", body="Coffee?", space=f"s{space}").location)[-1])
    cast.cleo.post(f"/posts/{post}/replies", body="Yes.")
    assert "Cleo Test replied" in cast.ben.get("/notifications").text
    with app.app_context(), clock.at(clock.now() + timedelta(days=30)), transaction() as session:
        assert expiring.remove_expired(session) == 1
        assert session.scalars(select(Notification.id)).all() == []
        assert session.scalars(select(Idea.post_id)).all() == []
