"""Two larger courses in which many people of several units talked for weeks: what they say, as data put together by
chance that is always the same. Somebody else plays it."""

import random
from dataclasses import dataclass, replace
from datetime import timedelta

from sociallearn.practice.course import FEEDBACK, SHARING, Plan
from sociallearn.practice.people import CROWD, Role


@dataclass(frozen=True)
class Talk:
    """A course, and how much is said in it."""

    plan: Plan
    activity: str
    began: timedelta  # before now
    weeks: int
    acts: int
    apart: float  # how often somebody replies within their own unit only
    asked: tuple[timedelta, ...]  # when two short questions were opened, since it began
    is_asked_now: bool = False  # they are open once more


TALKS = (
    Talk(SHARING, "delen", timedelta(days=79), 8, 330, 0.45, (timedelta(days=15), timedelta(days=50))),
    Talk(FEEDBACK, "feedback", timedelta(days=51), 6, 150, 0.0, (timedelta(days=16),), is_asked_now=True),
)
ABOUT = (
    "een overdracht", "ons weekoverleg", "een klacht van een klant", "de planning van de zomer", "een nieuwe collega",
    "een vergadering op afstand", "de handleiding", "een lastig telefoontje", "het inwerken", "de gedeelde map",
)  # fmt: skip
POSTS = (
    "Vorige week liep {} anders: we schreven op voorhand op wat we nodig hadden, en het duurde half zo lang.",
    "Ik heb iets uitgeprobeerd met {}. Het lukte niet meteen, maar nu vraagt iedereen of we het zo houden.",
    "Wat mij opviel bij {}: wie het weet, zegt het niet, en wie het niet weet, vraagt het niet.",
)
QUESTIONS = (
    "Hoe pakken jullie {} aan?", "Wie heeft er een goed voorbeeld van {}?", "Wat werkt bij jullie voor {}?",
)  # fmt: skip
BODY = (
    "Bij ons blijft dat steken en ik wil niet alles zelf uitvinden. Een voorbeeld of een valkuil helpt me al vooruit."
)
STARTS = (
    "Herkenbaar.", "Bij ons ging het net zo.", "Goed dat je het vraagt.", "Dank je, dit neem ik mee.",
    "Ik zou klein beginnen.",    "Wij doen het anders.", "Dat hielp bij ons ook.", "Daar had ik nog niet aan gedacht.",
)  # fmt: skip
ENDS = (
    "Vraag iemand van een andere afdeling om mee te kijken, die ziet het meteen.",
    "Een lijstje van vijf punten volstond, de rest volgde vanzelf.",
    "Spreek af wie het bijhoudt, anders doet niemand het.",
    "We plannen er nu een vast kwartier voor in op dinsdag.",
    "Stuur me gerust een bericht, dan laat ik het zien.",
    "Het eerste voorbeeld mag gerust slordig zijn.",
    "Zet erbij voor wie het bedoeld is, dat scheelt vragen.",
    "Na twee weken wist iedereen waar het stond.",
)
IDEAS = (
    ("Een spreekuur op donderdag", "Elke donderdag zit iemand van een andere afdeling een uur klaar voor vragen."),
    ("Eén plek voor handleidingen", "Alle handleidingen op één plek, met de naam van wie ze bijhoudt."),
    ("Meelopen bij een andere afdeling", "Een halve dag per kwartaal meekijken bij een afdeling waar je nooit komt."),
    ("Vragen van de week", "De drie beste vragen van de week op het scherm bij de koffie, met hun antwoord."),
    ("Minder mail op vrijdag", "Op vrijdag stellen we onze vragen hier in plaats van per mail."),
    ("Een maatje voor wie nieuw is", "Wie nieuw is, krijgt een maatje van een andere afdeling voor de eerste maand."),
)  # fmt: skip


@dataclass(frozen=True)
class Act:
    """One thing said: ``to`` is the act it answers or rates, by its place; ``kind`` as the tool calls a text."""

    who: str
    after: timedelta  # since the course began
    kind: str  # post, question, reply, idea, rating
    body: str = ""
    title: str = ""
    to: int = 0
    stars: int = 0


def script(talk: Talk) -> list[Act]:
    """All that is said in it, oldest first; the same each time."""
    chance = random.Random(talk.plan.id)  # noqa: S311 - nothing is kept secret by it
    learners = [who for who, role in talk.plan.people if role is Role.LEARNER]
    unit = {one.id: one.unit for one in CROWD}
    said: list[Act] = []
    roots: list[int] = []
    ideas: list[int] = []
    moments = sorted(_moment(chance, talk.weeks) for _ in range(talk.acts))
    for number, after in enumerate(moments):
        who = learners[int(len(learners) * chance.random() ** 1.3)]
        if number and number % (talk.acts // (len(IDEAS) + 1)) == 0 and len(ideas) < len(IDEAS):
            title, body = IDEAS[len(ideas)]
            author = learners[3 * len(ideas)]  # each somebody else's: figures tell of ideas by five people or more
            ideas.append(len(said))
            said.append(Act(author, after, "idea", body, title))
        elif ideas and chance.random() < 0.22:
            said.append(Act(who, after, "rating", to=chance.choice(ideas), stars=chance.randint(2, 5)))
        elif len(roots) < 3 or chance.random() < 0.24:
            roots.append(len(said))
            about = chance.choice(ABOUT)
            if chance.random() < 0.55:
                said.append(Act(who, after, "question", BODY, chance.choice(QUESTIONS).format(about)))
                if chance.random() < 0.75:  # somebody sees it the same day
                    helper = chance.choice([one for one in learners if one != who])
                    later = after + timedelta(hours=chance.uniform(0.3, 11))
                    said.append(Act(helper, later, "reply", _answer(chance), to=len(said) - 1))
            else:
                said.append(Act(who, after, "post", chance.choice(POSTS).format(about)))
        else:
            near = [one for one in roots[-6:] if unit[said[one].who] == unit[who]]
            to = chance.choice(near if near and chance.random() < talk.apart else roots[-4:])
            said.append(Act(who, after, "reply", _answer(chance), to=to))
    order = sorted(range(len(said)), key=lambda place: said[place].after)
    place_of = {before: place for place, before in enumerate(order)}
    return [replace(said[before], to=place_of[said[before].to]) for before in order]


def pulse(talk: Talk, number: int) -> list[tuple[str, int, int]]:
    """(who, how they like learning there, whether they found the person they needed) in that round: 1 to 5, or 6 for
    needing nobody. Two of three answer; the longer a course lasts, the better people know whom to ask."""
    chance = random.Random(f"{talk.plan.id} {number}")  # noqa: S311 - as above
    learners = [who for who, role in talk.plan.people if role is Role.LEARNER]
    answering = sorted(chance.sample(learners, len(learners) * 2 // 3))
    liked, found = (1, 2, 5, 9, 6), (2, 4, 7 - number, 6 + 2 * number, 3 + number, 3)
    return [(who, chance.choices(range(1, 6), liked)[0], chance.choices(range(1, 7), found)[0]) for who in answering]


def _answer(chance: random.Random) -> str:
    return f"{chance.choice(STARTS)} {chance.choice(ENDS)}"


def _moment(chance: random.Random, weeks: int) -> timedelta:
    """In work hours mostly, more in the middle of the course."""
    week = min(weeks - 1, int(chance.triangular(0, weeks, weeks / 2)))
    return timedelta(weeks=week, days=chance.choice((0, 0, 1, 1, 1, 2, 3, 3, 4, 5)), hours=chance.uniform(0, 9))
