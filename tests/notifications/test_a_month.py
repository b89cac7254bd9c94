"""A month of anything: at most one mail a person a day, nothing lost from the list, nothing told that may not be read.

What should be so is reckoned beside it by plain code that knows no query.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sociallearn import clock, languages
from sociallearn.database import transaction
from sociallearn.errors import Refusal
from sociallearn.notifications import delivering, planning, reading
from sociallearn.notifications.models import Notification
from sociallearn.posts import deciding, keeping, reacting, reading_marks, writing
from sociallearn.posts.models import Kind, Post, ReactionKind, Visibility
from sociallearn.questions import escalating, offering
from sociallearn.roster.models import Group, GroupMember, Member, Space
from sociallearn.starters import opening
from sociallearn.starters.opening import Wanted
from tests.conftest import Cast
from tests.notifications.postbox import Postbox
from tests.questions.town import local

PEOPLE = ("tess", "ben", "cleo", "dora")
ZONES = ("Europe/Brussels", "Asia/Tokyo", "America/Los_Angeles")
EVERY = timedelta(hours=2)
MONTH = timedelta(days=31)
QUIET = timedelta(days=5)  # at its end, so that no helper is asked about it in the next one
AS_IT_COMES = (Phase.explicit, Phase.generate)  # a month takes seconds: no time to look for a shorter one
_MONTHS = count()
_WORDS = count(1000)


@dataclass
class Text:
    """A text as the test remembers it."""

    id: int
    word: str  # stands in no other text
    by: str
    thread: "Text | None"  # None: it begins one
    parent: "Text | None" = None
    in_group: bool = False
    sealed: bool = False  # a starter question: others' replies show once one has answered
    visible: bool = True
    decided: bool = False  # its author is told so, also where they muted the conversation


@dataclass
class Town:
    """What happened so far."""

    app: Flask
    cast: Cast
    box: Postbox
    space_id: int
    group_id: int
    texts: list[Text] = field(default_factory=list)
    muted: set[tuple[str, int]] = field(default_factory=set)
    following: set[tuple[str, int]] = field(default_factory=set)
    group: set[str] = field(default_factory=set)
    rhythm: dict[str, str] = field(default_factory=dict)
    zone: dict[str, str] = field(default_factory=dict)
    expected: set[tuple[str, int]] = field(default_factory=set)  # who should be told of which text
    mailed: list[tuple[str, date]] = field(default_factory=list)

    def member(self, session: Session, name: str) -> Member:
        """The member of that name."""
        return getattr(self.cast, name).member(session)

    def root(self, text: Text) -> Text:
        """The text that begins its thread."""
        return text.thread or text

    def sees(self, name: str, text: Text) -> bool:
        """Whether somebody may read it now."""
        root = self.root(text)
        if not text.visible or (root.in_group and name != "tess" and name not in self.group):
            return False
        if text.thread is None or not root.sealed or name in ("tess", text.by) or not root.visible:
            return True
        return any(own.thread is root and own.by == name and own.visible for own in self.texts)


def act(town: Town, session: Session, name: str, what: str, number: int) -> None:  # noqa: C901
    """One thing somebody does; what is refused did not happen."""
    by = town.member(session, name)
    text = town.texts[number % len(town.texts)] if town.texts else None
    word = f"w{next(_WORDS)}x"
    if what in ("post", "group", "ask"):
        in_group = what == "group" and (name == "tess" or name in town.group)
        space = session.get_one(Space, town.space_id) if in_group else None
        kind, title = (Kind.QUESTION, f"Planning {word}?") if what == "ask" else (Kind.POST, None)
        made = writing.write(session, kind, by=by, body=f"About planning {word}.", title=title, space=space)
        town.texts.append(Text(made.id, word, name, None, in_group=in_group))
        town.following.add((name, made.id))
    elif what == "open" and name == "tess":
        starter = opening.start(session, Wanted(discussion=f"What about {word}?", answer_first=True), by=by)
        assert starter.post_id
        town.texts.append(Text(starter.post_id, word, name, None, sealed=True))
        town.following.add((name, starter.post_id))
        town.expected |= {(other, starter.post_id) for other in PEOPLE if other != name}
    elif text is None:
        return
    elif what == "reply" and town.sees(name, text):
        root = town.root(text)
        made = writing.reply(session, session.get_one(Post, text.id), by=by, body=f"Well, {word}.")
        answer = Text(made.id, word, name, root, text)
        town.texts.append(answer)
        told = {who for who, thread in town.following if thread == root.id and (who, thread) not in town.muted}
        told = {who for who in told | {text.by} if not root.in_group or who == "tess" or who in town.group}
        town.expected |= {(who, made.id) for who in told if who != name}
        if (name, root.id) not in town.muted:
            town.following.add((name, root.id))
    elif what == "react" and town.sees(name, text) and text.by != name:
        reacting.react(session, session.get_one(Post, text.id), ReactionKind.THANKS, by=by)
        if not town.root(text).in_group or text.by == "tess" or text.by in town.group:
            town.expected.add((text.by, text.id))
    elif what in ("hide", "restore") and text.by != "tess":
        after = Visibility.HIDDEN if what == "hide" else Visibility.VISIBLE
        tess = town.member(session, "tess")
        deciding.decide(session, session.get_one(Post, text.id), after, by=tess, reason="So.")
        text.visible, text.decided = what == "restore", True
    elif what == "mute":
        root = town.root(text)
        keeping.mute(session, root.id, by=by)
        town.muted.add((name, root.id))
        town.following.discard((name, root.id))
    elif what == "follow":
        root = town.root(text)
        keeping.follow(session, root.id, by=by)
        town.muted.discard((name, root.id))
        town.following.add((name, root.id))
    elif what == "read" and town.sees(name, town.root(text)):
        reading_marks.mark(session, by, town.root(text).id)


def change(town: Town, session: Session, name: str, what: str, number: int) -> None:
    """How somebody wants mails, and whether they are in the group."""
    by = town.member(session, name)
    if what == "move" and name in ("cleo", "dora"):
        if name in town.group:
            mine = (GroupMember.group_id == town.group_id, GroupMember.member_id == by.id)
            session.execute(delete(GroupMember).where(*mine))
            town.group.discard(name)
        else:
            session.add(GroupMember(cohort_id=by.cohort_id, group_id=town.group_id, member_id=by.id))
            town.group.add(name)
    elif what == "plan":
        rhythm, hour = ("daily", "daily", "weekly", "off")[number % 4], (6, 8, 17, 23)[number % 3]
        town.rhythm[name], town.zone[name] = rhythm, ZONES[number % 3]
        planning.change(session, by.person, rhythm=rhythm, hour=hour, time_zone=town.zone[name])


def work(town: Town, now: datetime) -> None:
    """What the worker does, and what must hold of the mails that left."""
    before = len(town.box.mails)
    tasks = (
        (escalating.escalate, escalating._due),
        (planning.plan_next, planning._due),
        (delivering.deliver, delivering._due),
    )
    with clock.at(now):
        for task, due in tasks:
            with transaction() as session:
                found = list(due(session))
            for row_id in found:
                task(row_id)
    for mail in town.box.mails[before:]:
        name = str(mail["To"]).partition("@")[0]
        day = now.astimezone(ZoneInfo(town.zone[name])).date()
        assert (name, day) not in town.mailed, "two on one day"
        town.mailed.append((name, day))
        assert town.rhythm[name] != "off"
        assert town.rhythm[name] == "daily" or day.weekday() == 0
        said = "".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
        for word in set(re.findall(r"w\d+x", said)):
            text = next((one for one in town.texts if one.word == word), None)
            assert text is not None, (name, word, str(now), said[:3000])
            assert town.sees(name, text), (name, word)
            assert (name, town.root(text).id) not in town.muted or (text.by == name and text.decided), (name, word)


WHAT = (
    "post", "group", "ask", "open", "reply", "reply", "reply", "react", "hide", "restore", "mute", "follow", "read",
    "move", "plan",
)  # fmt: skip
ACTS = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(WHAT),
    st.integers(0, 40),
    st.integers(0, 40),  # hours since the one before
)  # fmt: skip


def live_a_month(town: Town, acts: list[tuple[str, str, int, int]]) -> None:
    """Every act at its time, the worker every two hours, and at the end: what does each list say?"""
    begin = local("2027-01-04T07:00") + next(_MONTHS) * timedelta(days=70)
    with clock.at(begin), transaction() as session:
        first = max(session.scalars(select(Notification.id)), default=0)
        for name in PEOPLE:
            town.rhythm[name], town.zone[name] = "daily", ZONES[0]
            planning.change(session, town.member(session, name).person, rhythm="daily", hour=8, time_zone=ZONES[0])
    todo, at, now = list(acts), begin, begin
    while now < begin + MONTH:
        while todo and at + timedelta(hours=todo[0][3]) <= now < begin + MONTH - QUIET:
            name, what, number, hours = todo.pop(0)
            at += timedelta(hours=hours)
            try:
                with clock.at(now), transaction() as session:
                    (change if what in ("move", "plan") else act)(town, session, name, what, number)
            except Refusal:
                continue
        work(town, now)
        now += EVERY
    mine = {text.id: text for text in town.texts}
    with clock.at(now), transaction() as session:
        for name in PEOPLE:
            member = town.member(session, name)
            ids = [row_id for row_id in reading.ids(session, member, 2**62, None) if row_id > first]
            rows = session.scalars(select(Notification).where(Notification.id.in_(ids))).all()
            told = {row.post_id for row in rows if row.about not in ("decision", "asked")}
            wanted = {post_id for who, post_id in town.expected if who == name}
            wanted = {one for one in wanted if town.sees(name, mine[one])}
            assert told == {one for one in wanted if (name, town.root(mine[one]).id) not in town.muted}, name


@pytest.fixture
def place(app: Flask, cast: Cast) -> dict[str, Any]:
    """A cohort with a group; cleo offers help."""
    for name in PEOPLE:
        getattr(cast, name)
    with app.app_context(), transaction() as session:
        cleo, ben = (getattr(cast, name).member(session) for name in ("cleo", "ben"))
        offering.offer(session, by=cleo, topic_ids=[], words="planning")
        group = Group(cohort_id=ben.cohort_id, name="Blue")
        session.add(group)
        session.flush()
        session.add(GroupMember(cohort_id=ben.cohort_id, group_id=group.id, member_id=ben.id))
        space = Space(cohort_id=ben.cohort_id, group_id=group.id, is_for_all=False, name="")
        session.add(space)
        session.flush()
        return {"space_id": space.id, "group_id": group.id}


def _run(
    app: Flask, cast: Cast, postbox: Postbox, place: dict[str, Any], acts: list[tuple[str, str, int, int]]
) -> None:
    with app.app_context():
        with transaction() as session:
            away = [getattr(cast, name).member_id for name in ("cleo", "dora")]
            session.execute(delete(GroupMember).where(GroupMember.member_id.in_(away)))
        postbox.mails.clear()
        languages.speak("en")  # what is refused is refused in words
        live_a_month(Town(app, cast, postbox, **place, group={"ben"}), acts)


@settings(max_examples=3, deadline=None, phases=AS_IT_COMES, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, min_size=25, max_size=60))
def test_a_month(
    app: Flask, cast: Cast, postbox: Postbox, place: dict[str, Any], acts: list[tuple[str, str, int, int]]
) -> None:
    _run(app, cast, postbox, place, acts)


@pytest.mark.prove
@pytest.mark.timeout(3000)
@settings(max_examples=60, deadline=None, phases=AS_IT_COMES, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, min_size=25, max_size=80))
def test_many_months(
    app: Flask, cast: Cast, postbox: Postbox, place: dict[str, Any], acts: list[tuple[str, str, int, int]]
) -> None:
    _run(app, cast, postbox, place, acts)
