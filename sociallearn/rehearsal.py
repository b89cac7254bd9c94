"""``make run``: the tool and a practice LMS side by side, with a course in which people have been talking for weeks.

The conversation comes in the way every other does: signed launches and the tool's own forms, with the clock set back.
"""

import html
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import click
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.serving import BaseWSGIServer

from sociallearn import access, clock, config, migrating
from sociallearn.app import create_app
from sociallearn.database import db, transaction, unit_of_work
from sociallearn.grades import choosing
from sociallearn.grades.schemes import NOTHING
from sociallearn.ideas import moving, proposing, rating, settling
from sociallearn.ideas.models import Idea
from sociallearn.insights import closing
from sociallearn.lti import registrations
from sociallearn.posts import writing
from sociallearn.posts.models import Kind as Text
from sociallearn.posts.models import Post
from sociallearn.practice import crowd, earlier, enclosures, registering, serving
from sociallearn.practice.app import create_practice_lms
from sociallearn.practice.conversation import SILENT, SILENT_SINCE, START, Kind, Line, script
from sociallearn.practice.people import CAST, Role
from sociallearn.pulse import answering, asking
from sociallearn.questions import escalating
from sociallearn.questions.models import Escalation, StepState
from sociallearn.roster import granting
from sociallearn.roster.granting import Right
from sociallearn.roster.models import Cohort, Member, Person
from sociallearn.search import indexing

FATES = (  # what becomes of the ideas of a larger course, in turn
    ("done", "Het loopt sinds deze maand, op drie afdelingen."),
    ("discussion", "Redactie en Verkoop denken er samen verder over na."),
    ("not_now", "Dit jaar is er geen budget voor; in januari kijken we opnieuw."),
    ("done", "Uitgeprobeerd en gehouden."),
    ("building", "Een eerste versie is in de maak."),
)
PATIENCE = 60  # seconds for the tool to answer after its start
_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_IN_FORM = r'name="csrf_token" value="([0-9a-f]+)"'
_CHOICE = re.compile(r'<option value="(\d+)">([^<]+)</option>')
_DISCUSSION = r"(/posts/\d+)"
_NUMBER = re.compile(r"(?:/|#post-)(\d+)")


def run(*, port: int, lms_port: int, data_dir: Path, with_tool: bool) -> None:
    """Serve the practice LMS, and with it the tool, until interrupted. Prints the one address to open."""
    if not with_tool:
        lms = create_practice_lms(base_url=_lms_url(lms_port), tool_url=_tool_url(port), data_dir=data_dir)
        click.echo(f"Practice LMS: {_lms_url(lms_port)}")
        serving.serve(lms, "127.0.0.1", lms_port)
        return
    lms_server = prepare(port=port, lms_port=lms_port, data_dir=data_dir)
    command = [sys.executable, "-m", "sociallearn", "serve", "--host", "127.0.0.1", "--port", str(port)]
    tool = subprocess.Popen(command, env={**os.environ, **_environment(port, data_dir)})  # noqa: S603
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _wait_for(_tool_url(port) + "/readyz", tool)
        click.echo(f"\n  Open {_lms_url(lms_port)}  (the practice LMS; pick somebody to be)\n")
        tool.wait()
    except KeyboardInterrupt:
        click.echo("Stopping.")
    finally:
        tool.terminate()
        try:
            tool.wait(15)
        except subprocess.TimeoutExpired:
            tool.kill()
        lms_server.shutdown()


def prepare(*, port: int, lms_port: int, data_dir: Path) -> BaseWSGIServer:
    """Configure, migrate and play the conversation unless it was played; the LMS is then already serving."""
    data_dir.mkdir(parents=True, exist_ok=True)
    registering.write_lti_config(Path("lti_config.json"), data_dir / "lti_config.json", _lms_url(lms_port))
    lms = create_practice_lms(base_url=_lms_url(lms_port), tool_url=_tool_url(port), data_dir=data_dir)
    server = serving.listening(lms, "127.0.0.1", lms_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = config.read({**os.environ, **_environment(port, data_dir)})
    tool = create_app(settings)
    with tool.app_context():
        migrating.upgrade()
        indexing.rebuild(only_if_needed=True)
        registrations.sync()
        is_new = not db.session.scalar(select(func.count(Post.id)))
        db.session.remove()
    if is_new:
        click.echo("Playing the practice course's conversation…")
        play(lms, tool, clock.now())
    return server


def play(lms: Flask, tool: Flask, now: datetime) -> None:
    """Last year's course; then the set-up and everybody's lines, oldest first, each at its own time before ``now``."""
    remember(lms, tool, now)
    said, here = Said(), Company(lms, tool, "praat-mee")
    with clock.at(now - START.ago):
        here.actor(START.who).set_up(now)
    with clock.at(now - SILENT_SINCE):
        here.actor(SILENT)
    for line in script():
        _escalate(tool, now - line.ago)
        with clock.at(now - line.ago):
            here.actor(line.who).say(line, said)
    _escalate(tool, now)
    for talk in crowd.TALKS:
        assemble(lms, tool, talk, now)
    with clock.at(now):
        Actor(lms, tool, "bart")
    with tool.app_context(), transaction() as session:
        manager = session.scalars(select(Person).where(Person.sub == "bart")).one()
        granting.grant(session, manager, Right.MANAGER, "He plans the courses.", by=None, is_whole=True)
    with tool.app_context():
        closing.close_all()


def assemble(lms: Flask, tool: Flask, talk: crowd.Talk, now: datetime) -> None:
    """A course of many: everybody comes in by a launch; what they say goes through the acts, as there is much of it."""
    monday = now - talk.began - timedelta(days=(now - talk.began).weekday())
    began = monday.replace(hour=8, minute=0, second=0, microsecond=0)
    with clock.at(began):
        for who, role in talk.plan.people:
            if role is not Role.MANAGER:
                Actor(lms, tool, who, talk.activity)
    with tool.test_request_context("/", method="POST", base_url=tool.config["BASE_URL"]):
        with unit_of_work() as session:
            cohort_id = session.scalars(select(Cohort.id).where(Cohort.context_id == talk.plan.id)).one()
            people = {
                one.person.sub: one for one in session.scalars(select(Member).where(Member.cohort_id == cohort_id))
            }
            with clock.at(began):  # nobody is graded: these courses are there for their figures
                trainer = next(one for one in people.values() if one.is_trainer)
                choosing.choose(session, trainer.cohort, NOTHING.name, by=trainer)
            _chat(session, talk, people, began)
            rounds = [began + after for after in talk.asked] + [now - timedelta(days=1)] * talk.is_asked_now
            for number, at in enumerate(rounds):
                with clock.at(at):
                    asking.ask(session, trainer.cohort, by=trainer)
                    for who, liked, found in crowd.pulse(talk, number):
                        answering.answer(session, by=people[who], liked=liked, found=found)
        db.session.remove()


def _chat(session: Session, talk: crowd.Talk, people: dict[str, Member], began: datetime) -> None:
    posts: dict[int, Post] = {}
    ideas: dict[int, Idea] = {}
    for place, act in enumerate(crowd.script(talk)):
        by = people[act.who]
        with clock.at(began + act.after):
            if act.kind == "idea":
                ideas[place] = proposing.propose(session, by=by, title=act.title, body=act.body)
            elif act.kind == "reply":
                writing.reply(session, posts[act.to], by=by, body=act.body)
            elif act.kind != "rating":
                posts[place] = writing.write(session, Text(act.kind), by=by, body=act.body, title=act.title or None)
            elif session.get_one(Post, ideas[act.to].post_id).author_id != by.id:
                rating.rate(session, ideas[act.to], act.stars, by=by)
    trainer = next(one for one in people.values() if one.is_trainer)
    with clock.at(began + timedelta(weeks=talk.weeks)):
        for place, (idea, (to, reason)) in enumerate(zip(ideas.values(), FATES, strict=False)):
            moving.move(session, idea, to, by=trainer, reason=reason, seen="new")
            if to == "done":
                plan = settling.Plan(evidence=f"Sinds deze maand in gebruik ({place + 1}).", is_there=True)
                settling.settle(session, idea, plan, by=trainer, seen=0)


def _escalate(tool: Flask, until: datetime) -> None:
    """Whatever a worker would have done for questions that waited, each step at its own moment."""
    waiting = select(Escalation.id, Escalation.next_at).where(Escalation.state == StepState.WAITING)
    first = waiting.where(Escalation.next_at <= until).order_by(Escalation.next_at, Escalation.id).limit(1)
    with tool.app_context():
        while True:
            with transaction() as session:
                row = session.execute(first).first()
            if row is None:
                return
            with clock.at(row.next_at):
                escalating.escalate(row.id)


def remember(lms: Flask, tool: Flask, now: datetime) -> None:
    """The course of the year before, whose people let later ones read what they asked and answered."""
    said, there = Said(), Company(lms, tool, earlier.ACTIVITY)
    with clock.at(now - earlier.LINES[0].ago):
        there.actor(earlier.TRAINER).count_what_helped()
    for line in earlier.LINES:
        with clock.at(now - line.ago):
            there.actor(line.who).say(line, said)
    with clock.at(now - earlier.BEFORE):
        for agreed in earlier.AGREED:
            there.actor(agreed.who).agree(agreed.choice)
        there.actor(earlier.TRAINER).offer()
        there.actor(earlier.TRAINER).archive()


@dataclass
class Said:
    """What was said so far: the post each line made, and the line it answered."""

    posts: dict[str, int] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)


@dataclass
class Company:
    """Who came in through one activity: for a working day, as long as a seat lasts, and then afresh."""

    lms: Flask
    tool: Flask
    activity: str
    _came: dict[str, tuple[datetime, "Actor"]] = field(default_factory=dict)

    def actor(self, person: str) -> "Actor":
        """Them, in a seat that is theirs just now."""
        came, actor = self._came.get(person, (None, None))
        if came is None or actor is None or clock.now() - came >= access.LIFETIME:
            actor = Actor(self.lms, self.tool, person, self.activity)
            self._came[person] = clock.now(), actor
        return actor


class Actor:
    """One person of the cast, launched into the tool through the LMS."""

    def __init__(self, lms: Flask, tool: Flask, person: str, activity: str = "praat-mee") -> None:
        self._tool: FlaskClient = tool.test_client()
        self._base_url, self._time_zone = tool.config["BASE_URL"], tool.config["TIME_ZONE"]
        lms_client = lms.test_client()
        lms_url = lms.extensions["practice"].base_url
        started = lms_client.get(f"/launch/{activity}", query_string={"person": person}, base_url=lms_url)
        login = self._tool.post("/lti/login", data=_fields(started.text), base_url=self._base_url)
        parts = urlsplit(login.location)
        answered = lms_client.get(f"{parts.path}?{parts.query}", base_url=lms_url)
        launched = self._tool.post("/lti/launch", data=_fields(answered.text), base_url=self._base_url)
        if launched.status_code != 303:
            raise RuntimeError(f"{person} could not launch: {launched.status_code} {launched.text[:500]}")
        self._seat = "/".join(launched.location.removeprefix(self._base_url).split("/")[:3])

    @cached_property
    def _token(self) -> str:
        return self._find(_IN_FORM, "/agreements")  # every page has it; this one is quickly made

    def set_up(self, now: datetime) -> None:
        """Set the cohort up as a trainer does: weekly, with lines of her own and a holiday."""
        day = (now + START.holiday_in).date().isoformat()
        lines = {f"line{number}": line for number, line in enumerate(START.agreed, start=1)}
        self._send("the template", "/cohort/set-up/template", {"template": "weekly"})
        self._send("the agreements", "/agreements", lines)
        self._send("the corner", "/cohort/spaces", {"name": START.corner, "tone": "informal", "keep_days": "30"})
        self._send("the holiday", "/cohort/set-up/holidays", {"name": START.holiday, "first_day": day})

    def agree(self, choice: str) -> None:
        """Let later cohorts read one's texts here."""
        membership = self._find(r'name="membership" value="(\d+)"', "/memory")
        self._send("the consent", "/memory/texts", {"membership": membership, "choice": choice})

    def offer(self) -> None:
        """Offer the cohort's questions to later ones, as its trainer."""
        self._send("the offer", "/memory/cohort", {"is_offered": "1", "is_read": "1"})

    def archive(self) -> None:
        """Close the course as its trainer: everybody still reads."""
        self._send("the archive", "/cohort/set-up/archive", {})

    def count_what_helped(self) -> None:
        """Let what others say of a text bring points too, by rules of one's own."""
        path = "/cohort/set-up/own-rules"
        numbers = dict(re.findall(r'name="(\w+)" value="([\d.]+)" inputmode', self._get(path)))
        self._send("the rules", path, {**numbers, "quality": "y"})

    def say(self, line: Line, said: Said) -> None:
        """Say one line through the tool's forms."""
        parent = said.posts.get(line.parent, 0)
        if line.kind == Kind.NAME:
            self._send(line.key, f"/cohort/groups/{self._group(line.space)}", {"name": line.title})
            return
        if line.kind == Kind.MOVE:
            path = f"/ideas/{parent}/stage"
            seen = self._find(r'name="seen" value="(\w+)"', path)
            self._send(line.key, path, {"to": line.stage, "reason": line.body, "seen": seen})
            return
        if line.kind == Kind.INVITE:
            asked = self._find(rf'<option value="(\d+)"[^>]*>{re.escape(line.owner)}<', f"/ideas/{parent}")
            self._send(line.key, f"/ideas/{parent}/authors", {"member": asked})
            return
        if line.kind == Kind.APPEAL:
            decision = self._find(r"/decisions/(\d+)/appeal", "/decisions")
            self._send(line.key, f"/decisions/{decision}/appeal", {"words": line.body})
            return
        if line.kind == Kind.REPLY_TO_APPEAL:
            asked = self._find(r"/appeals/(\d+)", "/moderation")
            self._send(line.key, f"/appeals/{asked}", {"note": line.body, "verdict": "stays"})
            return
        if line.kind == Kind.OUTCOME:
            path = f"/ideas/{parent}/outcome"
            owner = self._find(rf'<option value="(\d+)"[^>]*>{re.escape(line.owner)}<', path)
            due = (clock.now() + line.ago + (line.due_in or timedelta())).date().isoformat()
            self._send(line.key, path, {"owner": owner, "due": due, "benefit": line.body, "seen": "0"})
            return
        if line.kind == Kind.REVIEWED:
            self._send(line.key, self._find(r"(/grading/reviews/\d+)", "/grading/reviews"), {"note": line.body})
            return
        if line.kind in (Kind.BONUS, Kind.EXCUSE):
            self._change_points(line)
            return
        path, form = {
            Kind.POST: ("/feed", {"body": line.body, "space": self._space(line.space), **self._with(line)}),
            Kind.QUESTION: ("/questions", {"title": line.title, "body": line.body}),
            Kind.IDEA: ("/ideas", {"title": line.title, "body": line.body}),
            Kind.REPLY: (f"/posts/{parent}/replies", {"body": line.body}),
            Kind.ANSWER: (f"/questions/{parent}/answers", {"body": line.body}),
            Kind.COMMENT: _comment(line, parent, said),
            Kind.RATE: (f"/ideas/{parent}/rating", {"value": str(line.stars)}),
            Kind.REACT: (f"/posts/{parent}/reactions", {"give": line.reaction}),
            Kind.PIN: (f"/posts/{parent}/pin", {}),
            Kind.JOIN: (f"/ideas/{parent}/authors/acceptance", {}),
            Kind.VOTE: (f"/posts/{parent}/poll/vote", {"option": [str(place) for place in line.choices]}),
            Kind.REPORT: (f"/posts/{parent}/report", {"kind": line.reason, "words": line.body}),
            Kind.HIDE: (f"/posts/{parent}/hiding", {"reason": line.body}),
            Kind.ACCEPT: (f"/questions/{self._question(line, said)}/acceptance", {"answer_id": str(parent)}),
            Kind.USEFUL: (f"/questions/answers/{parent}/vote", {}),
            Kind.HELPED: (f"/questions/answers/{parent}/help", {}),
            Kind.ENDORSE: (f"/questions/answers/{parent}/endorsement", {}),
            Kind.SOLVE: (f"/questions/{parent}/solving", {"words": line.body}),
            Kind.DUPLICATE: (f"/questions/{parent}/duplicate", {"target": str(said.posts.get(line.about, 0))}),
            Kind.STARTER: ("/starters", _starter(line)),
            Kind.REVIEW: ("/participation/review", {"post": str(parent), "words": line.body}),
            Kind.OFFER: ("/questions/ask-me", self._offer(line)),
            Kind.ABOUT: ("/me", {"about": line.body}),
            Kind.FOLLOW: (f"/topics/{line.body}/following", {}),
        }[line.kind]
        location = self._send(line.key, path, form, line)
        if line.kind is Kind.STARTER:  # it leads to a page that names what was opened
            location = self._find(_DISCUSSION, location.removeprefix(self._base_url).removeprefix(self._seat))
        said.parents[line.key] = line.parent
        said.posts[line.key] = int((_NUMBER.findall(location) or ["0"])[-1])

    def _change_points(self, line: Line) -> None:
        who = rf"/participation/(\d+)\"[^>]*><bdi>{re.escape(line.owner)}<"
        path = f"/participation/{self._find(who, '/grading/learners')}/change"
        period = self._find(rf'<option value="([\w-]+)"[^>]*>Week {line.week} ', path)
        form = {"period": period, "kind": line.kind.value, "points": str(line.points or ""), "reason": line.body}
        self._send(line.key, path, form)

    def _with(self, line: Line) -> dict[str, Any]:
        """The fields of what comes with a post: a poll, praise."""
        form: dict[str, Any] = {}
        if line.options:
            form |= {"part": "poll", "poll_option": list(line.options)}
            form |= {"several": "1"} if line.is_several else {}
            form |= {"hidden": "1"} if line.is_hidden else {}
            if line.open_for:
                closes = (clock.now() + line.open_for).astimezone(ZoneInfo(self._time_zone))
                form["closes_at"] = closes.strftime("%Y-%m-%dT%H:%M")
        if line.praised:
            names = {each.id: f"{each.given_name} {each.family_name}" for each in CAST}
            page = self._tool.post(
                self._seat + "/feed", data={"csrf_token": self._token, "more": "praise"}, base_url=self._base_url
            )
            ids = {html.unescape(name): value for value, name in _CHOICE.findall(page.text)}
            form |= {"part": "praise", "praised": [ids[names[who]] for who in line.praised]}
        return form

    def _send(self, what: str, path: str, form: dict[str, Any], line: Line | None = None) -> str:
        """Send one of the tool's forms, with the files of a line; where it leads."""
        data: dict[str, Any] = {"csrf_token": self._token, **form}
        if line is not None and line.files:
            files = [(io.BytesIO(enclosures.make(name)), name) for name in line.files]
            data |= {"files": files, "alt": line.alt}
        response = self._tool.post(self._seat + path, data=data, base_url=self._base_url)
        if response.status_code != 303:
            raise RuntimeError(f"{what} was refused: {response.status_code} {response.text[:500]}")
        return response.location

    def _offer(self, line: Line) -> dict[str, Any]:
        """What somebody can be asked about, and found by."""
        ticked = r'name="topic" value="(\d+)"[^>]*><bdi>#{}</bdi>'.format
        form: dict[str, Any] = {"words": line.body}
        if line.topics:
            form |= {
                "is_listed": "1",
                "line": line.asked,
                "topic": [self._find(ticked(name), "/questions/ask-me") for name in line.topics],
            }
        return form

    def _group(self, lms_id: str) -> str:
        """The group the LMS knows by this number."""
        return self._find(rf"(?s)<bdi>\D*{lms_id}</bdi>.*?/cohort/groups/(\d+)", "/cohort/groups")

    def _space(self, title: str) -> str:
        """What the feed's form calls a group or corner."""
        if not title:
            return ""
        return self._find(rf'<option value="(\w+)"[^>]*>[^<]*{re.escape(title)}', "/feed")

    def _find(self, pattern: str, path: str) -> str:
        found = re.search(pattern, self._get(path))
        if found is None:
            raise RuntimeError(f"{pattern} is nowhere on {path}.")
        return found[1]

    @staticmethod
    def _question(line: Line, said: Said) -> int:
        return said.posts.get(said.parents.get(line.parent, ""), 0)

    def _get(self, path: str) -> str:
        return self._tool.get(self._seat + path, base_url=self._base_url).text


def _comment(line: Line, parent: int, said: Said) -> tuple[str, dict[str, str]]:
    if said.parents.get(line.parent):  # a comment on a comment
        return f"/posts/{parent}/replies", {"body": line.body}
    return f"/ideas/{parent}/comments", {"body": line.body, "remark": line.remark, "suggestion": line.suggestion}


def _starter(line: Line) -> dict[str, str | list[str]]:
    texts = {"discussion": line.body, "question": line.title, "round": line.idea}
    form: dict[str, str | list[str]] = {"parts": [part for part, text in texts.items() if text]}
    form |= {"body": line.body, "title": line.title, "details": line.details, "idea": line.idea}
    if line.due_in is not None:
        day = (clock.now() + line.ago + line.due_in).date()
        form["due"] = f"{day}T18:00"
    return form | ({"answer_first": "1"} if line.answer_first else {})


def _fields(page: str) -> dict[str, str]:
    return {html.unescape(name): html.unescape(value) for name, value in _FIELD.findall(page)}


def _environment(port: int, data_dir: Path) -> dict[str, str]:
    given = {
        "BASE_URL": _tool_url(port),
        "DATA_DIR": str(data_dir),
        "LTI_CONFIG": str(data_dir / "lti_config.json"),
    }
    return {config.PREFIX + name: value for name, value in given.items()}


def _tool_url(port: int) -> str:
    return f"http://localhost:{port}"


def _lms_url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise click.ClickException("The tool did not start; see above why.")
        try:
            with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
                json.load(answer)
                return
        except (URLError, OSError, ValueError):
            time.sleep(0.2)
    raise click.ClickException(f"The tool did not answer at {url} within {PATIENCE} seconds.")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
