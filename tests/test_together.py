"""Eight people at once in the same few conversations: what was acknowledged is there, and every counter is right."""

import random
import re
import threading
import time
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn.database import transaction
from sociallearn.ideas.models import Idea, Rating
from sociallearn.posts.models import Kind, Post, PostTopic, Reaction, ReactionKind, Topic, Visibility
from tests.conftest import HERE, Actor

PEOPLE = 8
FINE = {200, 204, 303, 403, 409}  # done, or refused in words because somebody was faster or it is one's own
KINDS = [kind.value for kind in ReactionKind]


@dataclass
class Talk:
    """What people were told is done, and where they can join in."""

    threads: list[int] = field(default_factory=list)
    ideas: list[int] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    answers: dict[int, int] = field(default_factory=dict)  # HTTP status → how often
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status: int, text: str) -> None:
        with self.lock:
            self.answers[status] = self.answers.get(status, 0) + 1
            if status not in FINE:
                self.wrong.append(f"{status}: {text[:300]}")

    def made(self, where: list[int], number: int, body: str) -> None:
        with self.lock:
            where.append(number)
            self.texts[number] = body


def act(who: Actor, dice: random.Random, talk: Talk, number: int) -> None:
    """One thing somebody does, mostly in the conversations everybody is in."""
    recent = talk.threads[-3:]
    what = dice.random()
    if what < 0.2 or not recent:
        body = f"Thought {number} of {who.member_id} about #plan and #{dice.choice(['mail', 'time'])}"
        answer = who.post("/feed", body=body)
        if answer.status_code == 303:
            talk.made(talk.threads, int(answer.location.rpartition("-")[2]), body)
    elif what < 0.55:
        body = f"Reply {number} of {who.member_id}, with #plan"
        answer = who.post(f"/posts/{dice.choice(recent)}/replies", body=body)
        if answer.status_code == 303:
            talk.made([], int(answer.location.rpartition("-")[2]), body)
    elif what < 0.8:
        deed = dice.choice(["give", "give", "take"])
        answer = who.post(f"/posts/{dice.choice(recent)}/reactions", **{deed: dice.choice(KINDS)})
    elif what < 0.87 and talk.ideas:
        answer = who.post(f"/ideas/{dice.choice(talk.ideas)}/rating", value=str(dice.randint(1, 5)))
    elif what < 0.92:
        answer = who.post(f"/posts/{dice.choice(recent)}/bookmark")
    elif what < 0.96:
        answer = who.post(f"/posts/{dice.choice(recent)}/read", last_id="1")
    else:
        answer = who.get("/feed")
    talk.note(answer.status_code, answer.text if answer.status_code not in (200, 204) else "")


def converse(app: Flask, *, rounds: int, seconds: float) -> Talk:
    """Everybody acts in the same instant, round after round, at least ``rounds`` times and ``seconds`` long."""
    people = [Actor(app, HERE, sub=f"talker-{n}", name=f"Talker {n}") for n in range(PEOPLE)]
    talk = Talk()
    for n, one in enumerate(people[:2]):
        answer = one.post("/ideas", title=f"Idea {n}", body="Everybody rates it at once.")
        talk.made(talk.ideas, int(re.findall(r"\d+$", answer.location)[0]), "Everybody rates it at once.")
    tokens = [one.token for one in people]
    assert all(tokens)
    ends, done = time.monotonic() + seconds, [0]
    at_once = threading.Barrier(PEOPLE, action=lambda: next_round())

    def next_round() -> None:
        done[0] += 1
        if done[0] % 100 == 0:  # in this many rounds nobody has used up what a minute allows
            app.extensions["rate_limiter"].storage.reset()

    def take_part(place: int) -> None:
        dice = random.Random(place)
        for number in range(1_000_000):
            try:
                at_once.wait(60)
            except threading.BrokenBarrierError:
                return
            if done[0] > rounds and time.monotonic() > ends:
                at_once.abort()
                return
            act(people[place], dice, talk, number)

    app.extensions["rate_limiter"].storage.reset()
    threads = [threading.Thread(target=take_part, args=(place,)) for place in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return talk


def check(session: Session, talk: Talk) -> None:
    """Everything acknowledged is there, and counters equal a recount from the rows."""
    kept = {post.id: post for post in session.scalars(select(Post))}
    assert {number: kept[number].body for number in talk.texts} == talk.texts
    assert len(kept) == len(talk.texts)
    replies: dict[int, list[Post]] = {}
    for post in kept.values():
        if post.root_id is not None:
            replies.setdefault(post.root_id, []).append(post)
    given = session.execute(
        select(Reaction.post_id, Reaction.kind, func.count()).group_by(Reaction.post_id, Reaction.kind)
    )
    reactions = {(post_id, kind): count for post_id, kind, count in given}
    for post in kept.values():
        mine = [one for one in replies.get(post.id, []) if one.visibility == Visibility.VISIBLE]
        assert post.reply_count == len(mine)
        assert post.answer_count == sum(one.kind == Kind.ANSWER for one in mine)
        if post.is_root:
            newest = max(mine, key=lambda one: one.id, default=None)
            assert post.last_reply_id == (newest.id if newest else None)
            assert post.active_id == (newest.id if newest else post.id)
        for kind in KINDS:
            assert getattr(post, kind) == reactions.get((post.id, kind), 0), (post.id, kind)
    named = dict(
        session.execute(
            select(Topic.name, func.count(PostTopic.post_id))
            .join(PostTopic, PostTopic.topic_id == Topic.id)
            .group_by(Topic.name)
        ).all()
    )
    assert dict(session.execute(select(Topic.name, Topic.post_count)).all()) == named
    for idea in session.scalars(select(Idea)):
        stars = session.scalars(select(Rating.value).where(Rating.idea_id == idea.post_id)).all()
        assert (idea.rating_count, idea.rating_sum) == (len(stars), sum(stars))


def test_everybody_at_once(app: Flask) -> None:
    talk = converse(app, rounds=12, seconds=0)
    assert talk.wrong == []
    with app.app_context(), transaction() as session:
        check(session, talk)


@pytest.mark.prove
def test_everybody_at_once_for_a_minute(app: Flask) -> None:
    talk = converse(app, rounds=50, seconds=60)
    assert talk.wrong == []
    assert len(talk.texts) > 100
    with app.app_context(), transaction() as session:
        check(session, talk)
    print(f"\n{PEOPLE} people, 60 s: {len(talk.texts)} texts; answers {talk.answers}")  # noqa: T201
