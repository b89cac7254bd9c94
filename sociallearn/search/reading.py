"""Searching, as one member may: a constant number of queries a page, the same answers on both databases.

What a member cannot see is left out twice: in the question to the index, by the facts that stand there, so that it
costs nothing; and once more by ``posts.sight``, which alone decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, url_for
from markupsafe import Markup
from sqlalchemy import ColumnElement, Row, Select, bindparam, func, literal_column, or_, select, union_all
from sqlalchemy.orm import Session, aliased, joinedload

from sociallearn.attachments.models import Attachment
from sociallearn.languages import when
from sociallearn.parameters import LARGEST
from sociallearn.posts import naming, sight, starters
from sociallearn.posts.models import Extra, Kind, Post, Topic, Visibility
from sociallearn.posts.reading import hue, initials
from sociallearn.roster.models import GroupMember, Member, Person, Role, Space
from sociallearn.search import asking, marking, spelling
from sociallearn.search.asking import TIERS, Asked, Wanted
from sociallearn.search.engines import NOTHING, Engine, engine_of
from sociallearn.search.indexing import ROOMS
from sociallearn.search.models import SearchText
from sociallearn.search.tokens import ANY, FACT
from sociallearn.text import stems
from sociallearn.text.excerpting import excerpt, plain
from sociallearn.text.naming import fold, topic_key

A_PAGE = 20
FEW = 3  # hits below which a closer spelling is offered
VOCABULARY = 2000  # texts, the newest: what close spellings are looked for in
MOST_PEOPLE = MOST_TOPICS = 5
THREAD = 90  # characters of what a reply stands under

_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_LONGEST_COUNT = 2**31

Place = tuple[int, int]  # how sure a hit is (1 to 4, the surest first), and the id of its text


@dataclass(frozen=True)
class Narrowed:
    """What a search is narrowed down to."""

    kind: str = ""  # one of forms.KINDS
    person: str = ""  # a name
    topic: str = ""
    since: date | None = None  # days in the cohort's time zone
    until: date | None = None
    answered: str = ""  # yes or no, for questions

    def __bool__(self) -> bool:
        return self != Narrowed()


@dataclass(slots=True)
class Hit:
    """One text that was found."""

    id: int
    kind: str
    title: Markup | None
    text: Markup  # the piece that shows why it was found
    thread: str | None  # what a reply stands under; none where that cannot be read
    url: str
    author: str
    initials: str
    hue: int
    is_trainer: bool
    when: Markup
    answers: int
    space: Space | None = None
    files: list[Markup] = field(default_factory=list)  # names in which something was found


@dataclass(frozen=True, slots=True)
class Found:
    """A person or topic one may have meant."""

    name: Markup
    url: str


@dataclass
class Results:
    """What was found."""

    hits: list[Hit] = field(default_factory=list)
    people: list[Found] = field(default_factory=list)
    topics: list[Found] = field(default_factory=list)
    next_after: str | None = None
    is_first: bool = True
    put_right: str | None = None  # the spelling these are results for, as nothing was found for what was typed
    did_you_mean: str | None = None  # a spelling that may find more
    lacks_a_word: bool = False  # nothing has all words: these have all but one

    @property
    def is_nothing(self) -> bool:
        """Nothing at all was found."""
        return not (self.hits or self.people or self.topics)


def search(session: Session, member: Member, asked: Asked, narrowed: Narrowed, after: Place | None = None) -> Results:
    """Twenty texts that hold what was asked, from ``after`` on, and on the first page people and topics called so.

    The surest first (all words in the title, then all as they stand, then in any form, then the last one going on),
    the newest first among those. Where nothing is found, a closer spelling is tried, then all words but one.
    """
    looking = _Looking(session, member, narrowed)
    if not asked.terms and not narrowed:
        return Results()
    places = looking.places(asked, after)
    if after is not None or not asked.terms:
        return looking.results(asked, places, after)
    found = looking.results(asked, places, None)
    if not narrowed:
        looking.give_people_and_topics(found, asked)
    if len(places) < FEW and not (found.people or found.topics):
        _help(looking, asked, found)
    return found


def _help(looking: "_Looking", asked: Asked, found: Results) -> None:
    spelt = None
    if spelling.could_be_wrong(asked):
        spelt = spelling.put_right(asked, looking.vocabulary(), even_if_used=bool(found.hits))
    if found.hits:
        found.did_you_mean = spelt
        return
    if spelt is not None:
        other = spelling.again(spelt)
        found.hits = looking.results(other, looking.places(other, None), None).hits
        looking.give_people_and_topics(found, other)
        found.put_right = None if found.is_nothing else spelt
    if found.is_nothing and len(asked.terms) > 2:
        found.hits = looking.results(asked, looking.nearly(asked), None).hits
        found.lacks_a_word = bool(found.hits)


def place(text: str) -> Place | None:
    """Where a page goes on, as ``Results.next_after`` says it; none for anything else."""
    tier, _dash, post = text.partition("-")
    if not (tier.isdecimal() and post.isdecimal() and len(tier) == 1 and len(post) < 19 and text.isascii()):
        return None
    return int(tier), int(post)


class _Looking:
    """One member's search: what it is narrowed to and what is out of sight, asked once."""

    def __init__(self, session: Session, member: Member, narrowed: Narrowed) -> None:
        self.session, self.member, self.narrowed = session, member, narrowed
        self.engine: Engine = engine_of(session)
        self.closed = starters.closed(session, member)
        self.facts = self._facts()
        self.hidden = self._hidden()

    def places(self, asked: Asked, after: Place | None) -> list[Place]:
        """The hits of one page and one more."""
        tiers = asking.tiers(asked, self.engine, self.member.cohort_id) if asked.terms else []
        return self._run(tiers or self._anything(), after)

    def nearly(self, asked: Asked) -> list[Place]:
        """Texts with all words but one."""
        return self._run(asking.most_of(asked, self.engine, self.member.cohort_id), None)[:A_PAGE]

    def results(self, asked: Asked, places: Sequence[Place], after: Place | None) -> Results:
        """The texts at these places, the last one left for the next page."""
        shown = places[:A_PAGE]
        goes_on = f"{shown[-1][0]}-{shown[-1][1]}" if len(places) > A_PAGE else None
        ids = [post_id for _tier, post_id in shown]
        hits = _hits(self.session, self.member, ids, self.closed, asking.wanted(asked))
        return Results(hits, next_after=goes_on, is_first=after is None)

    def give_people_and_topics(self, found: Results, asked: Asked) -> None:
        """Add people of the cohort and topics whose names begin with the words typed."""
        words = [word for term in asked.terms for word in term.words]
        found.people = _people(self.session, self.member, words) if _knows_names(self.member) else []
        found.topics = _topics(self.session, self.member, words)

    def vocabulary(self) -> dict[str, int]:
        """Words of the newest texts within sight, and of the names of people: with how many use them."""
        values = {**sight.values(self.member), "closed": self.closed or [0]}
        rooms = [str(kind) for kind, room in ROOMS.items() if room in self.member.cohort.rooms_off]
        texts = self.session.scalars(_WORDS, {**values, "rooms": rooms or [""]})
        known = spelling.vocabulary(texts)
        if _knows_names(self.member):
            people = naming.people(self.session, self.member.cohort_id)
            known.update(word for key in people.members for word in stems.words(key))
        return known

    def _anything(self) -> list[str]:
        nothing = self.engine.token(NOTHING)
        return [self.engine.token(self._fact(ANY))] + [nothing] * (TIERS - 1)

    def _run(self, tiers: list[str], after: Place | None) -> list[Place]:
        tier, before = after or (1, LARGEST)
        values: dict[str, Any] = {**sight.values(self.member), "closed": self.closed or [0]}
        for number, asked in enumerate(tiers, 1):
            narrowed = self.engine.every([asked, *self.facts]) if self.facts else asked
            values[f"q{number}"] = self.engine.but(narrowed, self.engine.any(self.hidden)) if self.hidden else narrowed
            values[f"before{number}"] = before if number == tier else LARGEST if number > tier else 0
        is_narrow = bool(self.narrowed.since or self.narrowed.until or self.narrowed.answered)
        if is_narrow:
            values |= self._bounds()
        statement = _statement(type(self.engine), is_narrow)
        return [(tier, post_id) for tier, post_id in self.session.execute(statement, values)]

    def _bounds(self) -> dict[str, Any]:
        zone, narrowed = ZoneInfo(self.member.cohort.time_zone), self.narrowed
        since = _moment(narrowed.since, zone) if narrowed.since else _FIRST
        has_end = narrowed.until is not None and narrowed.until < _LAST.date()
        until = _moment(narrowed.until + timedelta(days=1), zone) if narrowed.until and has_end else _LAST
        least, most = {"yes": (1, _LONGEST_COUNT), "no": (0, 0)}.get(narrowed.answered, (0, _LONGEST_COUNT))
        return {"since": since, "until": until, "least": least, "most": most}

    def _fact(self, fact: str) -> str:
        return f"{self.member.cohort_id}{FACT}{fact}"

    def _any_fact(self, facts: Sequence[str]) -> str:
        return self.engine.any([self.engine.token(self._fact(fact)) for fact in facts or ["none"]])

    def _facts(self) -> list[str]:
        """What texts must be, as parts of a question."""
        narrowed = self.narrowed
        facts: list[str] = []
        if narrowed.answered:
            facts.append(self._any_fact(["kindquestion"]))
        if narrowed.kind == "files":
            facts.append(self._any_fact(["files"]))
        elif narrowed.kind:
            kinds: list[str] = ["reply", "comment"] if narrowed.kind == "reply" else [narrowed.kind]
            facts.append(self._any_fact([f"kind{kind}" for kind in kinds]))
        if narrowed.person:
            facts.append(self._any_fact([f"by{one}" for one in _called(self.session, self.member, narrowed.person)]))
        if narrowed.topic:
            statement = select(Topic.id).where(
                Topic.cohort_id == self.member.cohort_id, Topic.key == topic_key(narrowed.topic.lstrip("#"))
            )
            facts.append(self._any_fact([f"topic{one}" for one in self.session.scalars(statement)]))
        return facts

    def _hidden(self) -> list[str]:
        """What texts must not be: in rooms that are closed, in spaces of others, replies one answers before seeing."""
        facts = [f"room{room}" for room in self.member.cohort.rooms_off]
        facts += [f"in{thread_id}" for thread_id in self.closed]
        if not self.member.is_trainer:
            mine = select(GroupMember.group_id).where(GroupMember.member_id == self.member.id)
            of_others = select(Space.id).where(
                Space.cohort_id == self.member.cohort_id,
                Space.is_for_all.is_(False),
                or_(Space.group_id.is_(None), Space.group_id.not_in(mine)),
            )
            facts += [f"space{space_id}" for space_id in self.session.scalars(of_others)]
        return [self.engine.token(self._fact(fact)) for fact in facts]


def _moment(day: date, zone: ZoneInfo) -> datetime:
    if not _FIRST.date() < day < _LAST.date():
        return _LAST if day >= _LAST.date() else _FIRST
    return datetime.combine(day, time(), zone)


_root: Any = aliased(Post)
_IN_SIGHT: tuple[ColumnElement[bool], ...] = (
    Post.cohort_id == bindparam("cohort_id"),
    Post.visibility == Visibility.VISIBLE,
    sight.IN_SIGHT,
    or_(
        Post.root_id.is_(None),
        Post.author_id == bindparam("member_id"),
        Post.root_id.not_in(bindparam("closed", expanding=True)),
    ),
)
_WORDS = (
    select(SearchText.words)
    .join(Post, Post.id == SearchText.post_id)
    .outerjoin(_root, _root.id == Post.root_id)
    .where(SearchText.cohort_id == bindparam("cohort_id"), *_IN_SIGHT)
    .where(func.coalesce(_root.kind, Post.kind).not_in(bindparam("rooms", expanding=True)))
    .order_by(SearchText.post_id.desc())
    .limit(VOCABULARY)
)
_BOUNDS = (
    Post.created_at >= bindparam("since"),
    Post.created_at < bindparam("until"),
    Post.answer_count.between(bindparam("least"), bindparam("most")),
)
_SHOWN: Select[Any] = (
    select(
        Post.id, Post.kind, Post.title, Post.html, Post.created_at, Post.answer_count, Post.extras, Post.root_id,
        Member.role, Member.person_id, Person.name, Space,
        _root.title.label("root_title"), _root.html.label("root_html"), _root.visibility.label("root_visibility"),
    )
    .join(Member, Member.id == Post.author_id)
    .join(Person, Person.id == Member.person_id)
    .outerjoin(Space, Space.id == Post.space_id)
    .outerjoin(_root, _root.id == Post.root_id)
    .options(joinedload(Space.group))
    .where(Post.id.in_(bindparam("ids", expanding=True)), *_IN_SIGHT)
)  # fmt: skip


@lru_cache(maxsize=4)
def _statement(engine: type[Engine], is_narrow: bool) -> Select[Any]:
    """One statement for the four questions. The next is asked only as far as the page is not full yet: databases read
    the parts of a UNION ALL one after the other and stop at its limit."""
    return select(literal_column("tier"), literal_column("id")).select_from(
        union_all(*(_tier(engine(), number, is_narrow) for number in range(1, TIERS + 1))).limit(A_PAGE + 1).subquery()
    )


def _tier(engine: Engine, number: int, is_narrow: bool) -> Select[Any]:
    hits = engine.hits(number, all_of_them=is_narrow)
    found = (
        select(literal_column(str(number)).label("tier"), hits.c.id.label("id"))
        .select_from(hits)
        .join(Post, Post.id == hits.c.id)
        .where(*_IN_SIGHT, *(_BOUNDS if is_narrow else ()))
        .order_by(hits.c.id.desc())
        .limit(A_PAGE + 1)
        .subquery()
    )
    return select(found.c.tier, found.c.id)


def _hits(session: Session, member: Member, ids: list[int], closed: list[int], wanted: Wanted) -> list[Hit]:
    if not ids:
        return []
    rows = {
        row.id: row for row in session.execute(_SHOWN, {**sight.values(member), "closed": closed or [0], "ids": ids})
    }
    hits = {post_id: _hit(rows[post_id], wanted) for post_id in ids if post_id in rows}
    with_files = [post_id for post_id in hits if rows[post_id].extras & Extra.FILES]
    if with_files:
        named = select(Attachment.post_id, Attachment.name).where(Attachment.post_id.in_(with_files))
        for post_id, name in session.execute(named.order_by(Attachment.position, Attachment.id)):
            shown = marking.mark(name, wanted)
            if "<mark>" in shown:
                hits[post_id].files.append(shown)
    return list(hits.values())


def _hit(row: Row[Any], wanted: Wanted) -> Hit:
    room = "posts" if row.root_id is not None else ROOMS.get(Kind(row.kind), "posts")
    thread = None
    if row.root_id is not None and row.root_visibility == Visibility.VISIBLE:
        thread = row.root_title or excerpt(row.root_html, THREAD)
    return Hit(
        id=row.id,
        kind=row.kind,
        title=marking.mark(row.title, wanted) if row.title else None,
        text=marking.excerpt(plain(row.html), wanted),
        thread=thread,
        url=f"{g.seat_path}/{room}/{row.id}",
        author=row.name,
        initials=initials(row.name),
        hue=hue(row.person_id),
        is_trainer=row.role == Role.TRAINER,
        when=when(row.created_at),
        answers=row.answer_count,
        space=row.Space,
    )


def _knows_names(member: Member) -> bool:
    """Whether names of people who wrote nothing are this member's to see: as where one mentions somebody."""
    return member.role in (Role.LEARNER, Role.TRAINER)


def _called(session: Session, member: Member, name: str) -> list[int]:
    """Members of the cohort whose name is this, or holds each of its words; those who left too, as their texts stay."""
    wanted = fold(name)
    statement = select(Member.id, Person.name).join(Person, Person.id == Member.person_id)
    everybody = [
        (member_id, _folded(called))
        for member_id, called in session.execute(statement.where(Member.cohort_id == member.cohort_id))
    ]
    exactly = [member_id for member_id, called in everybody if called == wanted]
    return exactly or [member_id for member_id, called in everybody if _fits(called, wanted.split())]


def _people(session: Session, member: Member, words: list[str]) -> list[Found]:
    found = naming.people(session, member.cohort_id)
    fitting = sorted(key for key in found.names if words and _fits(key, words))
    wanted = Wanted(frozenset(words), beginning=words[-1] if words else "")
    return [
        Found(marking.mark(found.names[key], wanted), url_for("search.index", person=found.names[key]))
        for key in fitting[:MOST_PEOPLE]
    ]


def _topics(session: Session, member: Member, words: list[str]) -> list[Found]:
    if len(words) != 1 or len(words[0]) < asking.SHORTEST_BEGINNING - 1:
        return []
    wanted = Wanted(beginning=words[0])
    names = naming.matching_topics(session, member, topic_key(words[0]), MOST_TOPICS)
    return [Found(marking.mark(name, wanted), url_for("topics.show", topic_key=topic_key(name))) for name in names]


def _fits(folded: str, words: Sequence[str]) -> bool:
    """Whether each word begins a part of a name."""
    parts = stems.words(folded)
    return bool(words) and all(any(part.startswith(word) for part in parts) for word in words)


_folded = lru_cache(maxsize=20_000)(fold)
