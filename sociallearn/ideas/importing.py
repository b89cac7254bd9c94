"""Read a table of ideas: the one ``exporting`` writes, or any with titles and texts.

Nothing is written here and nothing is guessed: whatever is wrong is said by row, and then nothing of the file is taken.
"""

import csv
import hashlib
import io
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from datetime import date as day
from typing import TypeVar

from flask_babel import force_locale
from flask_babel import gettext as _

from sociallearn import clock
from sociallearn.ideas import staging
from sociallearn.ideas.commenting import RemarkKind
from sociallearn.ideas.staging import Wanted
from sociallearn.languages import LANGUAGES
from sociallearn.posts.forms import LONGEST_BODY, LONGEST_TITLE, tidy, tidy_line
from sociallearn.roster.naming import clean_name
from sociallearn.text import cells

LARGEST = 2 * 1024 * 1024  # bytes
MOST_ROWS = 2000
MOST_PROBLEMS = 20  # said; a file that is something else altogether has thousands
SCALE = range(1, 6)
T = TypeVar("T")
DEFAULT = ""  # the id of the round that is always open


@dataclass
class NewRound:
    """A round; the one that is always open has no question."""

    question: str = ""
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    stages: list[Wanted] = field(default_factory=list)


@dataclass
class NewText:
    """An idea or a comment. ``author`` is empty where the file says no name, and None where it has no such column."""

    body: str
    author: str | None
    at: datetime | None


@dataclass
class NewIdea(NewText):
    """An idea, with what becomes of it."""

    title: str
    round: str = DEFAULT
    stage: str = ""  # as it is called
    co_authors: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    builds_on: list[str] = field(default_factory=list)
    merged_into: str = ""
    owner: str = ""
    due: day | None = None
    benefit: str = ""
    evidence: str = ""
    implemented_at: datetime | None = None
    ratings: dict[int, int] = field(default_factory=lambda: defaultdict(int))  # how often each value


@dataclass
class NewComment(NewText):
    """A comment. ``of`` is the id of what it answers, and ``idea`` of the idea it stands below."""

    of: str
    idea: str
    kind: str = ""


@dataclass
class Plan:
    """What a file would bring, by the ids it gives; with ``problems`` nothing."""

    digest: str = ""
    rounds: dict[str, NewRound] = field(default_factory=dict)
    ideas: dict[str, NewIdea] = field(default_factory=dict)
    comments: dict[str, NewComment] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def ratings(self) -> int:
        """How many there are."""
        return sum(sum(idea.ratings.values()) for idea in self.ideas.values())

    @property
    def named(self) -> set[str]:
        """Everybody it names."""
        texts = [*self.ideas.values(), *self.comments.values()]
        further = [name for idea in self.ideas.values() for name in (*idea.co_authors, idea.owner)]
        return {name for name in (*(text.author for text in texts), *further) if name}


class _Problem(Exception):
    """What is wrong with one row, as a sentence."""


def read(content: bytes) -> Plan:
    """What this file holds, or everything that is wrong with it."""
    plan = Plan(digest=hashlib.sha256(content).hexdigest())
    try:
        rows = _rows(content)
    except _Problem as problem:
        plan.problems.append(str(problem))
        return plan
    order = {"round": 0, "stage": 1, "": 2, "idea": 2, "comment": 3, "rating": 3}
    for number, row in sorted(rows, key=lambda one: order.get(one[1].get("row", ""), 4)):
        try:
            _take(plan, row, str(number))
        except _Problem as problem:
            plan.problems.append(_("Row %(number)s: %(problem)s", number=number, problem=str(problem)))
    _check_whole(plan)
    if not plan.problems and not plan.ideas and not plan.rounds:
        plan.problems.append(_("There is no idea in this file."))
    return plan


def _rows(content: bytes) -> list[tuple[int, dict[str, str]]]:
    if len(content) > LARGEST:
        raise _Problem(_("This file is larger than 2 MB: take fewer ideas at a time."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\x00"
    if "\x00" in text:
        raise _Problem(_("This is no text in UTF-8. In a spreadsheet, save it as “CSV UTF-8”."))
    try:
        table = next((found for mark in ",;\t" if (found := _table(text, mark))), None)
    except csv.Error:
        raise _Problem(_("This is no whole CSV: a quotation mark is missing, or a cell is far too long.")) from None
    if table is None:
        raise _Problem(_("The first row has to name the columns: at least “title” and “body”."))
    head, *rest = table
    if len(rest) > MOST_ROWS:
        raise _Problem(_("This file has more than 2,000 rows: take fewer ideas at a time."))
    filled = [(number, row) for number, row in enumerate(rest, 2) if any(row)]
    blank = [""] * len(head)  # a row may be shorter than the first, or longer
    return [(number, dict(zip(head, map(cells.original, [*row, *blank]), strict=False))) for number, row in filled]


def _table(text: str, mark: str) -> list[list[str]]:
    """The rows, if cells end with this mark; the first row in small letters."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    head = [name.strip().casefold() for name in next(rows, [])]
    head = ["text" if name == "body" else name for name in head]
    if not {"title", "text"} <= set(head) or len(set(head)) < len(head):
        return []
    found = [head]
    for row in rows:
        found.append(row)
        if len(found) > MOST_ROWS + 1:
            break
    return found


def _take(plan: Plan, row: dict[str, str], number: str) -> None:
    take = {"round": _round, "stage": _stage, "idea": _idea, "comment": _comment, "rating": _rating, "": _idea}
    kind = row.get("row", "")
    if kind not in take:
        raise _Problem(_("“%(what)s” is no kind of row.", what=kind[:40]))
    key = row.get("id", "") or number
    if key in plan.rounds or key in plan.ideas or key in plan.comments:
        raise _Problem(_("An earlier row has the same id."))
    take[kind](plan, row, key)


def _round(plan: Plan, row: dict[str, str], key: str) -> None:
    question = _within(tidy_line(row["title"]), LONGEST_TITLE)
    if not question and any(not one.question for one in plan.rounds.values()):
        raise _Problem(_("Only one round can be without a question."))
    plan.rounds[key] = NewRound(question, _moment(row.get("date")), _moment(row.get("until")) if question else None)


def _stage(plan: Plan, row: dict[str, str], _key: str) -> None:
    of = _known(plan.rounds, row.get("of", ""))
    name = tidy_line(row["title"])
    if not name:
        raise _Problem(_("It has no name."))
    of.stages.append(Wanted(_usual(name), name))


def _usual(name: str) -> str | None:
    """The key of the stage that is usually called so, in whatever language."""
    called = {usual: key for key, usual in staging.usual_names().items()}
    for language in LANGUAGES:
        with force_locale(language):
            called = {usual: key for key, usual in staging.usual_names().items()} | called
    return called.get(name)


def _idea(plan: Plan, row: dict[str, str], key: str) -> None:
    within = row.get("of", "")
    stages = [one.name for one in _known(plan.rounds, within).stages] if within else []
    stage = tidy_line(row.get("stage"))
    if stage and stages and stage not in stages:
        raise _Problem(_("“%(stage)s” is no stage of its round.", stage=stage[:40]))
    builds_on = row.get("builds_on", "").split()
    for one in builds_on:
        _known(plan.ideas, one)  # earlier ones only, so that nothing goes round in a ring
    title = _within(tidy_line(row["title"]), LONGEST_TITLE)
    if not title:
        raise _Problem(_("It has no title."))
    idea = NewIdea(
        body=_text(row, LONGEST_BODY),
        author=clean_name(_name(row["author"])) if "author" in row else None,
        at=_past(row.get("date")),
        title=title,
        round=within,
        stage=stage,
        co_authors=[clean_name(_name(one)) for one in _names(row.get("co_authors"))],
        topics=[one.removeprefix("#") for one in row.get("topics", "").split()],
        builds_on=list(dict.fromkeys(builds_on)),
        merged_into=row.get("merged_into", ""),
        owner=clean_name(_name(row.get("owner", ""))),
        due=_day(row.get("due")),
        benefit=_within(tidy(row.get("benefit")), LONGEST_BODY),
        evidence=_within(tidy(row.get("evidence")), LONGEST_BODY),
        implemented_at=_past(row.get("implemented")),
    )
    plan.ideas[key] = idea


def _names(text: str | None) -> list[str]:
    """A name a line; one that the file does not say is an empty line."""
    return text.replace("\r\n", "\n").split("\n") if text else []


def _comment(plan: Plan, row: dict[str, str], key: str) -> None:
    of = row.get("of", "")
    above = plan.comments.get(of)
    if above is None:
        _known(plan.ideas, of)
    kind = row.get("kind", "")
    if kind and kind not in set(RemarkKind):
        raise _Problem(_("“%(what)s” is no kind of comment.", what=kind[:40]))
    plan.comments[key] = NewComment(
        body=_text(row, 2 * LONGEST_BODY + 2),  # a concern has a suggestion below it
        author=clean_name(_name(row["author"])) if "author" in row else None,
        at=_past(row.get("date")),
        of=of,
        idea=above.idea if above else of,
        kind=kind,
    )


def _rating(plan: Plan, row: dict[str, str], _key: str) -> None:
    idea, value = _known(plan.ideas, row.get("of", "")), row.get("rating", "")
    if value not in {str(one) for one in SCALE}:
        raise _Problem(_("A rating is a number from 1 to 5."))
    idea.ratings[int(value)] += 1


def _check_whole(plan: Plan) -> None:
    """What only the whole file can tell."""
    for round_ in plan.rounds.values():
        problem = staging.problem_of(round_.stages) if round_.stages else None
        if problem:
            plan.problems.append(_("The stages of “%(round)s”: %(problem)s", round=round_.question, problem=problem))
    for key, idea in plan.ideas.items():
        if not idea.merged_into:
            continue
        into = plan.ideas.get(idea.merged_into)
        if into is None or into.round != idea.round or _goes_round(plan, key):
            said = _("“%(title)s” cannot be merged into “%(other)s”.", title=idea.title, other=idea.merged_into[:40])
            plan.problems.append(said)


def _goes_round(plan: Plan, key: str) -> bool:
    seen, now = {key}, plan.ideas[key].merged_into
    while now:
        if now in seen:
            return True
        seen.add(now)
        now = plan.ideas[now].merged_into if now in plan.ideas else ""
    return False


def _known(rows: dict[str, T], key: str) -> T:
    found = rows.get(key)
    if found is None:
        raise _Problem(_("It belongs to “%(id)s”, which no earlier row is.", id=key[:40]))
    return found


def _name(name: str) -> str:
    return "" if "@" in name else name  # an address is no name


def _text(row: dict[str, str], longest: int) -> str:
    text = _within(tidy(row.get("text")), longest)
    if not text:
        raise _Problem(_("It has no text."))
    return text


def _within(text: str, longest: int) -> str:
    if len(text) > longest:
        raise _Problem(_("It is too long: at most %(count)s characters.", count=longest))
    return text


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Problem(_("“%(text)s” is no date such as 2027-05-31.", text=text[:40])) from None


def _past(text: str | None) -> datetime | None:
    moment = _moment(text)
    if moment is not None and moment > clock.now():
        raise _Problem(_("Its date is still to come."))
    return moment


def _day(text: str | None) -> day | None:
    moment = _moment(text)
    return moment.date() if moment else None
