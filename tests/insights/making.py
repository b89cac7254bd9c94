"""An organisation with weeks of talk, made at once."""

import csv
import io
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from sociallearn.activity.models import Activity, Verb
from sociallearn.ideas.models import Idea, IdeaRound, Outcome
from sociallearn.posts.models import Decision, Kind, Post
from sociallearn.pulse import sealing
from sociallearn.pulse.models import PulseReply, PulseRound
from sociallearn.questions.models import QuestionClock
from sociallearn.roster.models import Cohort, Member, Person, Role, Unit

_TODAY = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
START = _TODAY - timedelta(days=_TODAY.weekday(), weeks=10)  # a Monday
VERBS = [
    (Verb.POSTED, Kind.POST),
    (Verb.ASKED, Kind.QUESTION),
    (Verb.ANSWERED, Kind.ANSWER),
    (Verb.REPLIED, Kind.REPLY),
]
WAYS = (
    ("new",), ("new", "discussion"), ("new", "discussion", "not_now"), ("new", "discussion", "building", "done"),
    ("new", "not_now", "discussion"),
)  # fmt: skip
AT_ONCE = 5000
LIKED = (1, 4, 5, 3, 5, 2, 4)  # answers, in turn


def fill(
    session: Session, like: Member, *, cohorts: int, people: int, acts: int, weeks: int = 8, seed: int = 1,
    units: tuple[int, ...] = (), with_pulse: bool = False,
) -> list[int]:  # fmt: skip
    """``cohorts`` of ``people`` learners each, ``acts`` in each, in the organisation of ``like``; their ids.

    ``units``: how many belong to each unit, in turn; else five units by chance. ``with_pulse``: all who came answered.
    """
    chance, home = random.Random(seed), session.get_one(Cohort, like.cohort_id)
    own = {"organisation_id": like.organisation_id}
    names = session.scalars(select(Unit).where(Unit.organisation_id == like.organisation_id)).all()
    if not names:
        names = [Unit(**own, name=name) for name in ("Editors", "Sales", "Online", "Print", "Training")]
        session.add_all(names)
        session.flush()
    made = []
    for number in range(cohorts):
        cohort = Cohort(
            **own, deployment_id=home.deployment_id, context_id=f"made-{seed}-{number}", title=f"Cohort {number}",
            time_zone="Europe/Brussels", created_at=START, rooms_off=[], work_days=[0, 1, 2, 3, 4],
        )  # fmt: skip
        session.add(cohort)
        session.flush()
        made.append(cohort.id)
        by = [unit for unit, size in zip(names, units, strict=False) for _ in range(size)]
        crowd = []
        for n in range(people):
            person = Person(
                **own, registration_id=like.person.registration_id, sub=f"{seed}-{number}-{n}", name=f"P {n}",
                created_at=START,
            )  # fmt: skip
            session.add(person)
            session.flush()
            unit = by[n] if by else chance.choice(names)
            crowd.append(
                Member(
                    **own, cohort_id=cohort.id, person_id=person.id, unit_id=unit.id, role=Role.LEARNER,
                    joined_at=START, seen_at=START, read_up_to=n % 2,
                )
            )  # fmt: skip
        if not by:  # some never came, one left, one is the trainer, one the LMS's pretend student
            for one in crowd[-people // 10 :]:
                one.joined_at = one.seen_at = None
            crowd[3].left_at = START + timedelta(weeks=5)
            crowd[1].role, crowd[2].is_test = Role.TRAINER, True
        session.add_all(crowd)
        session.flush()
        here = [one for one in crowd if one.joined_at]
        _talk(session, cohort, here, acts, weeks, chance)
        if with_pulse:
            _ask(session, cohort, [one for one in here if one.role == Role.LEARNER and not one.is_test])
    return made


def _talk(  # noqa: C901
    session: Session, cohort: Cohort, crowd: list[Member], acts: int, weeks: int, chance: random.Random
) -> None:
    own = {"cohort_id": cohort.id, "organisation_id": cohort.organisation_id}
    round_ = IdeaRound(**own, is_default=True, opened_at=START)
    session.add(round_)
    session.flush()
    first = (session.scalar(select(Post.id).order_by(Post.id.desc()).limit(1)) or 0) + 1
    posts: list[dict[str, Any]] = []
    ledger: list[dict[str, Any]] = []
    clocks: list[dict[str, Any]] = []
    ideas: list[dict[str, Any]] = []
    decisions: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    roots: dict[Kind, list[tuple[int, int, datetime]]] = {Kind.POST: [], Kind.QUESTION: []}
    moments = sorted(chance.uniform(0, weeks * 7 * 24 - 30) for _ in range(acts))
    ids = [one.id for one in crowd]
    for n, hours in enumerate(moments):
        at, who, id_ = START + timedelta(hours=hours), ids[int(len(ids) * chance.random() ** 1.5)], first + n
        verb, kind = chance.choice(VERBS)
        base = Kind.QUESTION if kind == Kind.ANSWER else Kind.POST
        if n % 40 == 0:
            verb, kind = Verb.PROPOSED, Kind.IDEA
        if n % 20 == 7 and ideas:
            rated = chance.choice(ideas)
            rated["rating_count"] += 1
            about = {"post_id": rated["post_id"], "root_id": rated["post_id"], "author_id": ids[0]}
            ledger.append(
                {**own, **about, "member_id": who, "verb": Verb.RATED, "reached_id": None, "words": None, "at": at}
            )
            continue
        is_reply = kind in (Kind.ANSWER, Kind.REPLY)
        if is_reply and not roots[base]:
            verb, kind, is_reply = Verb.POSTED, Kind.POST, False
        root = chance.choice(roots[base][-6:]) if is_reply else (id_, who, at)
        posts.append(
            {
                **own, "id": id_, "kind": kind, "author_id": who, "root_id": root[0] if is_reply else None,
                "parent_id": root[0] if is_reply else None, "branch_id": id_ if is_reply else None, "title": f"T {n}",
                "body": "b", "html": "<p>b</p>", "renderer": 1, "visibility": "visible", "version": 1, "created_at": at,
                "active_id": id_,
            }
        )  # fmt: skip
        ledger.append(
            {
                **own, "member_id": who, "verb": verb, "post_id": id_, "root_id": root[0], "author_id": who,
                "reached_id": root[1] if is_reply else None, "words": 1, "at": at,
            }
        )  # fmt: skip
        if kind in roots:
            roots[kind].append((id_, who, at))
        if kind == Kind.QUESTION:
            clocks.append({**own, "question_id": id_, "started_at": at, "due_at": at + timedelta(hours=12)})
        if kind == Kind.IDEA:
            way = chance.choice(WAYS)
            ideas.append({**own, "post_id": id_, "round_id": round_.id, "stage": way[-1], "rating_count": 0})
            for step, (before, after) in enumerate(pairwise(way)):
                when = at + timedelta(hours=(step + 1) * chance.uniform(1, 40))
                decisions.append(
                    {
                        **own, "post_id": id_, "by_id": ids[0], "role": "trainer", "reason": "So.", "at": when,
                        "before": f"stage:{before}", "after": f"stage:{after}",
                    }
                )  # fmt: skip
            if way[-1] == "done" and chance.random() < 0.7:
                outcomes.append({**own, "idea_id": id_, "evidence": "Here.", "implemented_at": at + timedelta(days=9)})
    kept = ((Post, posts), (Activity, ledger), (QuestionClock, clocks), (Idea, ideas), (Decision, decisions))
    for model, rows in (*kept, (Outcome, outcomes)):
        for at_ in range(0, len(rows), AT_ONCE):
            session.execute(insert(model.__table__), [_with_defaults(model, row) for row in rows[at_ : at_ + AT_ONCE]])


def _ask(session: Session, cohort: Cohort, crowd: list[Member]) -> None:
    """Both questions of the pulse, in the second week, and what all answered."""
    own = {"cohort_id": cohort.id, "organisation_id": cohort.organisation_id}
    closes_at = START + timedelta(days=13)
    asked = PulseRound(**own, by_id=crowd[0].id, opened_at=START + timedelta(days=7), closes_at=closes_at)
    session.add(asked)
    session.flush()
    for n, one in enumerate(crowd):
        answers = sealing.Answers(liked=LIKED[n % len(LIKED)], found=n % 6 + 1)
        session.add(PulseReply(**own, round_id=asked.id, member_id=one.id, sealed=sealing.seal(answers)))


def _with_defaults(model: Any, row: dict[str, Any]) -> dict[str, Any]:
    zero = {"work_hours": None, "not_yet_at": None} if model is QuestionClock else {}
    return {**zero, **row}


def read(page: Any) -> list[dict[str, str]]:
    """An exported table."""
    assert page.status_code == 200, page.text[:300]
    return list(csv.DictReader(io.StringIO(page.text.removeprefix("\ufeff"))))
