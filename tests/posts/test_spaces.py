"""Groups that talk among themselves and informal corners: who sees what, what counts, and what goes by itself."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.activity.models import Activity, Overlap, Shingle
from sociallearn.database import db, transaction
from sociallearn.errors import Refusal
from sociallearn.moderation.models import Report
from sociallearn.posts import expiring
from sociallearn.posts.models import Bookmark, Decision, Poll, PollOption, PollVote, Post, PostTopic, Reaction
from sociallearn.roster import grouping, spaces
from sociallearn.roster.models import Cohort, Group, Member, Person, Space
from tests.conftest import Actor, Cast
from tests.make import WORDS

WORD = "zebrafinch"


@contextmanager
def acting(app: Flask) -> Iterator[Session]:
    with app.test_request_context(), transaction() as session:
        yield session


def member(session: Session, name: str) -> Member:
    statement = select(Member).join(Person, Person.id == Member.person_id).join(Cohort, Cohort.id == Member.cohort_id)
    return session.scalars(statement.where(Person.sub == name, Cohort.context_id == "course-1")).one()


@pytest.fixture
def blue(app: Flask, cast: Cast) -> str:
    """Ben and cleo are in Blue; dora, mona and omar are not. The key forms know it by."""
    for name in ("tess", "ben", "cleo", "dora", "mona", "omar"):
        getattr(cast, name)
    with acting(app) as session:
        group = grouping.make(session, member(session, "tess").cohort, "Blue")
        grouping.add(session, group, [member(session, "ben"), member(session, "cleo")])
        return f"g{group.id}"


def wrote(who: Actor, body: str, space: str = "") -> int:
    answer = who.post("/feed", body=body, space=space)
    assert answer.status_code == 303, answer.text
    return int(answer.location.rpartition("-")[2])


def corner(cast: Cast, days: str = "7") -> str:
    assert cast.tess.post("/cohort/spaces", name="Coffee", tone="informal", keep_days=days).status_code == 303
    [key] = re.findall(r'<option value="(s\d+)"', cast.ben.get("/feed").text)
    return key


def test_only_the_group_and_trainers_see_what_it_says(cast: Cast, blue: str) -> None:
    post_id = wrote(cast.ben, f"Just us: the {WORD} sings, says #{WORD}topic. {WORDS}", blue)
    reply = cast.cleo.post(f"/posts/{post_id}/replies", body=f"I heard the {WORD} too.")
    reply_id = int(reply.location.rpartition("-")[2])
    asked = cast.ben.post("/questions", title=f"Which {WORD}?", body=f"The blue {WORD} or the other?", space=blue)
    question_id = int(asked.location.rpartition("/")[2])
    cast.ben.post(f"/posts/{post_id}/edit", body=f"Just us: the {WORD} sang. #{WORD}topic", version="1")
    cast.tess.post(f"/posts/{reply_id}/hiding", reason=f"Not about the {WORD}")
    assert WORD in cast.tess.get("/feed").text
    assert "Blue" in cast.cleo.get("/feed").text

    pages = ["/feed", "/feed?sort=active", "/feed?sort=unread", "/feed?sort=unanswered", "/questions", "/topics"]
    pages += ["/questions?show=unanswered", "/decisions", "/bookmarks", "/participation", "/ideas"]
    gone = [f"/posts/{post_id}", f"/posts/{reply_id}", f"/questions/{question_id}", f"/posts/{post_id}/history"]
    gone += [f"/posts/{post_id}/reactions", f"/posts/{post_id}/unread", f"/posts/{post_id}?reply_to={reply_id}"]
    gone += [f"/topics/{WORD}topic"]
    for outsider in (cast.dora, cast.mona, cast.omar):
        for page in pages:
            text = outsider.get(page).text
            assert WORD not in text, page
            assert "Blue" not in text, page
        for page in gone:
            answer = outsider.get(page)
            assert answer.status_code == 404, page
            assert WORD not in re.sub(r'(href|action)="[^"]*"', "", answer.text), page
        assert outsider.get(f"/news?room=feed&after=0&shown={post_id}-{reply_id}").json["reactions"] == {}
        assert outsider.get(f"/news?thread={post_id}&after=0").json["count"] == 0
    assert cast.dora.get("/names?kind=%23&q=zebra").json == []
    assert cast.dora.get("/news?room=feed&after=0").json["count"] == 0
    for act in ("replies", "reactions", "bookmark", "following", "muting", "read", "deletion"):
        answer = cast.dora.post(f"/posts/{post_id}/{act}", body="let me in", give="thanks")
        assert answer.status_code == 404, act
    assert cast.cleo.get(f"/topics/{WORD}topic").status_code == 200


def test_one_writes_to_ones_own_groups_only(cast: Cast, blue: str) -> None:
    for key in (blue, "g999999", "s1", "x", "g", "g1e3"):
        answer = cast.dora.post("/feed", body="Let me in, please.", space=key)
        assert answer.status_code == 422
        assert "Let me in, please." in answer.text
    assert "Only Blue and the trainers" in cast.tess.get("/feed").text  # trainers: to every group
    assert 'name="space"' not in cast.dora.get("/feed").text  # nothing to choose


def test_who_leaves_the_group_no_longer_reads_it(app: Flask, cast: Cast, blue: str) -> None:
    post_id = wrote(cast.ben, f"Just us and the {WORD}", blue)
    with acting(app) as session:
        group = session.get_one(Group, int(blue[1:]))
        grouping.take_out(session, group, [member(session, "cleo")])
    assert cast.cleo.get(f"/posts/{post_id}").status_code == 404
    with acting(app) as session:
        grouping.remove(session, session.get_one(Group, int(blue[1:])))
    assert cast.ben.get(f"/posts/{post_id}").status_code == 404
    assert WORD in cast.tess.get(f"/posts/{post_id}").text
    assert "A former group" in cast.tess.get("/cohort/groups").text


def test_a_list_of_one_space(cast: Cast, blue: str) -> None:
    wrote(cast.ben, "for everybody")
    wrote(cast.ben, "for us", blue)
    page = cast.ben.get("/feed").text
    [space_id] = re.findall(r"/feed\?space=(\d+)\"", page)[:1]
    listed = cast.ben.get(f"/feed?space={space_id}").text
    assert "for us" in listed
    assert "for everybody" not in listed
    assert re.search(rf'<option value="{blue}" selected', listed)  # one writes where one reads
    others = cast.dora.get(f"/feed?space={space_id}").text
    assert "for us" not in others
    assert "for everybody" in others


def test_informal_talk_brings_no_points_and_stands_in_no_report(app: Flask, cast: Cast) -> None:
    key = corner(cast)
    cast.dora.post("/feed", body=WORDS)
    with acting(app) as session:
        before = session.scalar(select(func.count(Activity.id)))
    post_id = wrote(cast.ben, WORDS, key)
    cast.cleo.post(f"/posts/{post_id}/replies", body=WORDS)
    cast.ben.post(f"/posts/{post_id}/edit", body=WORDS + " and more", version="1")
    cast.ben.post(f"/posts/{post_id}/deletion")
    cast.ben.post(f"/posts/{post_id}/deletion/withdrawal")
    with acting(app) as session:
        assert session.scalar(select(func.count(Activity.id))) == before
        for table in (Shingle.post_id, Overlap.copy_id):
            assert session.scalar(select(func.count()).where(table == post_id)) == 0
    page = cast.cleo.get(f"/posts/{post_id}").text
    assert "Informal: no points, in no report, gone 7 days after the last text." in page
    assert 'class="counts' not in page


def test_informal_talk_goes_by_itself_with_all_that_hangs_on_it(app: Flask, cast: Cast, blue: str) -> None:
    key = corner(cast)
    cake = {"part": "poll", "poll_option": ["Cake", "Pie"]}
    asked = cast.ben.post("/feed", body="Old #gossip for @Cleo", space=key, **cake)
    old = int(asked.location.rpartition("-")[2])
    assert cast.cleo.post(f"/posts/{old}/poll/vote", option="1").status_code == 303
    assert cast.cleo.post(f"/posts/{old}/report", kind="unkind", words="").status_code == 303
    answered = cast.cleo.post(f"/posts/{old}/replies", body="Indeed")
    reply_id = int(answered.location.rpartition("-")[2])
    cast.dora.post(f"/posts/{old}/reactions", give="thanks")
    cast.dora.post(f"/posts/{old}/bookmark")
    cast.tess.post(f"/posts/{reply_id}/hiding", reason="Too much of it")
    with acting(app) as session:
        for table in (Reaction, Bookmark, PostTopic):
            assert session.scalar(select(func.count()).select_from(table)) == 1, table
    formal, of_group = wrote(cast.ben, "This stays"), wrote(cast.ben, "And this", blue)
    start = clock.now()
    live = wrote(cast.ben, "Still talked about", key)
    with acting(app) as session:
        session.get_one(Post, live).last_reply_at = start + timedelta(days=6)
    with clock.at(start + timedelta(days=7, minutes=1)), acting(app) as session:
        assert expiring.remove_expired(session) == 1
        assert expiring.remove_expired(session) == 0
    with acting(app) as session:
        assert set(session.scalars(select(Post.id))) == {formal, of_group, live}
        assert session.scalar(select(func.count(Decision.id))) == 0
        for table in (Report, Poll, PollOption, PollVote, Reaction, Bookmark, PostTopic):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table
        for name, table in db.metadata.tables.items():
            for foreign in table.foreign_keys:
                if foreign.column.table.name == "post" and name != "post":
                    left = session.scalar(select(func.count()).where(foreign.parent.in_([old, reply_id])))
                    assert left == 0, name


def test_a_label_stays_once_somebody_wrote(app: Flask, cast: Cast, blue: str) -> None:
    group_id = blue[1:]
    to_informal = {"tone": "informal", "keep_days": "90"}
    assert cast.tess.post(f"/cohort/groups/{group_id}/space", **to_informal).status_code == 303
    assert "informal" in cast.ben.get("/feed").text
    wrote(cast.ben, "First", blue)
    refused = cast.tess.post(f"/cohort/groups/{group_id}/space", tone="formal", keep_days="7")
    assert refused.status_code == 409
    assert "stays what it is" in refused.text
    with acting(app) as session:
        assert session.scalars(select(Space.is_informal)).one() is True


def test_a_closed_space_begins_nothing_new_and_can_be_opened_again(cast: Cast) -> None:
    key = corner(cast)
    post_id = wrote(cast.ben, "Before", key)
    cast.tess.post(f"/cohort/spaces/{key[1:]}/closing")
    assert cast.ben.post("/feed", body="After", space=key).status_code == 422
    assert cast.cleo.post(f"/posts/{post_id}/replies", body="Still here").status_code == 303
    cast.tess.post(f"/cohort/spaces/{key[1:]}/closing/withdrawal")
    wrote(cast.ben, "After", key)


def test_only_trainers_make_spaces_and_mistakes_come_back(cast: Cast, blue: str) -> None:
    assert cast.ben.post("/cohort/spaces", name="Mine", tone="formal", keep_days="7").status_code == 403
    assert cast.ben.post(f"/cohort/groups/{blue[1:]}/space", tone="formal", keep_days="7").status_code == 403
    assert cast.tara.post(f"/cohort/groups/{blue[1:]}/space", tone="formal", keep_days="7").status_code == 404
    for wrong in ({"name": ""}, {"tone": "loud"}, {"keep_days": "8"}, {"keep_days": "x"}):
        given = {"name": "Kitchen", "tone": "informal", "keep_days": "7", **wrong}
        answer = cast.tess.post("/cohort/spaces", **given)
        assert answer.status_code == 422, wrong
    corner(cast)
    again = cast.tess.post("/cohort/spaces", name="coffee", tone="formal", keep_days="30")
    assert again.status_code == 422
    assert "There is a space of this name already." in again.text
    assert 'value="coffee"' in again.text


def test_there_are_not_too_many_spaces(session: Session) -> None:
    cohort = session.scalars(select(Cohort)).first()
    assert cohort is not None
    for number in range(spaces.MOST_SPACES):
        spaces.make(session, cohort, f"Space {number}", is_informal=False, keep_days=30)
    with pytest.raises(Refusal, match="very many spaces"):
        spaces.make(session, cohort, "One more", is_informal=False, keep_days=30)


def test_reports_about_informal_talk_close_too(cast: Cast) -> None:
    post_id = wrote(cast.ben, "Over coffee, and not kindly", corner(cast))
    assert cast.cleo.post(f"/posts/{post_id}/report", kind="unkind", words="").status_code == 303
    assert "Over coffee" in cast.tess.get("/moderation").text
    assert cast.tess.post(f"/posts/{post_id}/hiding", reason="Not here").status_code == 303
    assert (
        "Nothing waits" in cast.tess.get("/moderation").text or "Over coffee" not in cast.tess.get("/moderation").text
    )
