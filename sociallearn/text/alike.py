"""How alike two questions are, from 0 to 1: by their words, the rarer the heavier, and by letters for the rest.

Counted words, and no model of language: whoever wonders why two stand together can see which words they share. Words
meet when they share a stem, mean the same in a short list of the training world, or nearly spell each other
(typing errors; Dutch writes compounds together, so that a part of a word counts for something).
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz.distance import Levenshtein, Prefix

from sociallearn.text.stems import is_stop, stems, words

LIKE = 0.57  # from here on two questions are shown as alike; chosen on SAME and OTHER of tests/questions/pairs.py
MOST_WORDS = 80  # of a text, that are looked at
LONGEST = 600  # characters of a body that are looked at: what is asked stands at its beginning
USUAL = 0.6  # rarity of a word nobody counted

_SHORTEST_FUZZY = 5  # letters: shorter words are too easily like another
_FUZZY = 0.75
_FROM_PART = 0.6

# What means the same where people learn, each line one thing. Folded; stems do the endings.
_SAME = """
wachtwoord paswoord password
login inloggen aanmelden logon
opname opgenomen opnemen recording recorded record
deadline due uiterlijk einddatum inleverdatum
certificaat attest certificate diploma getuigschrift
foto afbeelding beeld photo picture image plaatje
opdracht taak assignment task
quiz toets test
video filmpje film
bewerken monteren edit montage
leidinggevende chef baas manager boss
toevoegen voeg add
uitzetten uitschakelen disable
melding notificatie notification
gsm smartphone mobiel mobile phone telefoon
afspraak appointment
opleiding training cursus course vorming
inleveren indienen submit
deelnemer cursist participant learner
effect impact
woordenlijst glossary
reiskosten vervoerskosten verplaatsing
herbekijken terugkijken
programma software tool app
slides presentatie powerpoint presentation deck
verwijderen wissen delete remove
annuleren afzeggen uitschrijven cancel
inschrijving inschrijven registration enrolment enroll
toegelaten toegestaan allowed
volzet vol full
sjabloon template
enquete survey bevraging
middagmaal lunch
gegevens data
bewaren keep store
koppelen integreren connect integrate
vertalen translate
Frans French
Engels English
Nederlands Dutch
"""

# Do without: they stand in questions about anything, and weigh little.
_FILLERS = frozenset(
    [
        "vind",
        "vinden",
        "krijg",
        "krijgen",
        "gekregen",
        "kunt",
        "mag",
        "mogen",
        "moeten",
        "ga",
        "gaan",
        "gaat",
        "doe",
        "doen",
        "doet",
        "maak",
        "maken",
        "zet",
        "zetten",
        "stel",
        "stellen",
        "gebruik",
        "gebruiken",
        "jullie",
        "iemand",
        "iets",
        "ergens",
        "graag",
        "weet",
        "weten",
        "tips",
        "bestaat",
        "mogelijk",
        "manier",
        "beste",
        "goed",
        "goede",
        "zijn",
        "ooit",
        "zomaar",
        "altijd",
        "lukt",
        "werkt",
        "werken",
        "komt",
        "zit",
        "staat",
        "lang",
        "laat",
        "veel",
        "meer",
        "alles",
        "hele",
        "deze",
        "nieuwe",
        "kom",
        "let",
        "zou",
        "bestaande",
        "tegen",
        "get",
        "find",
        "make",
        "put",
        "use",
        "using",
        "take",
        "work",
        "works",
        "does",
        "anybody",
        "anyone",
        "somebody",
        "someone",
        "something",
        "somewhere",
        "anything",
        "way",
        "possible",
        "best",
        "good",
        "tips",
        "like",
        "need",
        "want",
        "know",
        "keep",
        "set",
        "up",
        "ask",
        "any",
        "many",
        "much",
        "long",
        "more",
        "very",
        "really",
        "please",
        "there",
        "help",
        "everything",
        "time",
        "new",
        "again",
    ]
)
_FILLER = 0.2  # of a word's weight

# What is asked for, where that is a number or a moment rather than a way: "how long" is another question than "how".
_ASKED = (
    (re.compile(r"\b(?:hoe ?lang|how long|lengte|length|duur|bewaartermijn|duration)\b"), "long"),
    (
        re.compile(r"\b(?:hoeveel|how many|how much|aantal|number of|hoe groot|how big|grootte|groepsgrootte|size)\b"),
        "many",
    ),
    (re.compile(r"\b(?:wanneer|when is|when does|when do|hoe laat|what time|datum|date|deadline|due)\b"), "when"),
)
_OTHER_ASKED = 0.7  # what two questions keep of their likeness that ask for different things

# Acts that exclude each other: one in each of two questions, and they are about two things.
_ACTS = (
    ("toevoegen voeg add create", "verwijderen verwijder delete remove"),
    ("export exporteer exporteren", "import importeer importeren"),
    ("record opnemen", "edit bewerken monteren"),
    ("inschrijven", "uitschrijven annuleren cancel"),
    ("import upload", "download downloaden"),
    ("join", "leave verlaten"),
)
_OPPOSITE = 0.6

_PHRASES = (
    (re.compile(r"\b(?:log(?:ging)?|sign(?:ing)?) (?:in|on)\b"), "login"),
    (re.compile(r"\bword list\b"), "woordenlijst"),
    (re.compile(r"\bhand(?:ing|ed)? in\b"), "submit"),
    (re.compile(r"\b(?:turn|switch)(?:ing|ed)? off\b"), "disable"),
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a question: as folded, and the keys by which it meets others."""

    text: str
    keys: frozenset[str] = field(hash=False)  # follow from the text, as does the rest
    is_filler: bool = field(default=False, hash=False)


@dataclass(frozen=True, slots=True)
class About:
    """What a question says: the words of its title, and those its body adds. Each word once, small words left out."""

    title: tuple[Word, ...]
    body: tuple[Word, ...]
    asks: frozenset[str] = frozenset()  # for a length, a number, a moment; empty: for anything else

    @property
    def all(self) -> tuple[Word, ...]:
        """Both."""
        return self.title + self.body

    @property
    def keys(self) -> frozenset[str]:
        """By which it is found: those of words that say something."""
        return _union(word for word in self.all if not word.is_filler)


Rarity = Callable[[Word], float]


def about(title: str, body: str) -> About:
    """What a question says, from its texts as they were typed."""
    first = _words(title)
    seen = {word.text for word in first}
    rest = tuple(word for word in _words(body[:LONGEST]) if word.text not in seen)
    line = _line(title)
    return About(first, rest[: MOST_WORDS - len(first)], frozenset(what for sign, what in _ASKED if sign.search(line)))


def rarity(found_in: int, of: int) -> float:
    """How much a word says that stands in ``found_in`` of so many questions: 0.05 (in all) to 1 (in none)."""
    return max(0.05, math.log((of + 1) / (found_in + 0.5)) / math.log((of + 1) / 0.5))


def usual(_word: Word) -> float:
    """The rarity of words where nobody counted."""
    return USUAL


def alike(one: About, other: About, rare: Rarity = usual) -> float:
    """From 0 (nothing shared) to 1 (the same), whichever comes first. ``rare`` gives a word's rarity."""
    titles = _mean(_covered(one.title, other.title, rare), _covered(other.title, one.title, rare))
    # a body tells what a short title leaves out, and never takes away what two titles share
    mine, theirs = _union(one.all), _union(other.all)
    whole = _mean(_held(one.all, theirs, rare), _held(other.all, mine, rare))
    crossed = max(_held(one.title, theirs, rare), _held(other.title, mine, rare))
    found = max(titles, 0.5 * titles + 0.25 * whole + 0.25 * crossed)
    if one.asks != other.asks:
        found *= _OTHER_ASKED
    return found * _OPPOSITE if _exclude(one, other) else found


def _exclude(one: About, other: About) -> bool:
    mine, theirs = _union(one.title), _union(other.title)
    for first, second in _acts():
        a, b = (mine & first, mine & second), (theirs & first, theirs & second)
        if (a[0] and not a[1] and b[1] and not b[0]) or (a[1] and not a[0] and b[0] and not b[1]):
            return True
    return False


def _mean(there: float, back: float) -> float:
    return 2 * there * back / (there + back) if there and back else 0.0


def _covered(one: Sequence[Word], other: Sequence[Word], rare: Rarity) -> float:
    """Which part of what ``one`` says, by weight, the ``other`` says too, perhaps spelt differently."""
    return _part(one, lambda word: max((meets(word, each) for each in other), default=0.0), rare)


def _held(one: Sequence[Word], keys: frozenset[str], rare: Rarity) -> float:
    """The same where only keys count: for long texts."""
    return _part(one, lambda word: 0.0 if word.keys.isdisjoint(keys) else 1.0, rare)


def _part(one: Sequence[Word], share: Rarity, rare: Rarity) -> float:
    total = held = 0.0
    for word in one:
        weight = rare(word) * _FILLER if word.is_filler else rare(word)
        total += weight
        held += weight * share(word)
    return held / total if total else 0.0


@lru_cache(maxsize=100_000)
def meets(one: Word, other: Word) -> float:
    """How far two words are one: 1 by stem or meaning, less by spelling, 0 else."""
    if one.keys & other.keys:
        return 1.0
    short, long = sorted((one.text, other.text), key=len)
    if len(short) < _SHORTEST_FUZZY:
        return 0.0
    if short in long or _first_part(short, long):
        return _FROM_PART
    if len(long) - len(short) <= 2 and Levenshtein.distance(short, long, score_cutoff=2) <= (
        2 if len(short) > 7 else 1
    ):
        return _FUZZY
    return 0.0


def _first_part(short: str, long: str) -> bool:
    return len(short) > 2 * _SHORTEST_FUZZY and Prefix.similarity(short, long) >= _SHORTEST_FUZZY + 2


@lru_cache(maxsize=5_000)
def _words(text: str) -> tuple[Word, ...]:
    plain = _line(text)
    for phrase, instead in _PHRASES:
        plain = phrase.sub(instead, plain)
    kept = [word for word in dict.fromkeys(plain.split()) if not is_stop(word)]
    return tuple(_word(word) for word in kept[:MOST_WORDS])


def _line(text: str) -> str:
    return " ".join(words(text))


@lru_cache(maxsize=50_000)
def _word(text: str) -> Word:
    own = frozenset(stems(text))
    meanings = frozenset(_meanings()[stem] for stem in own if stem in _meanings())
    return Word(text, meanings or own, text in _FILLERS)


@lru_cache(maxsize=1)
def _meanings() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _SAME.strip().splitlines():
        same = words(line)
        for stem in (stem for word in same for stem in stems(word)):
            found.setdefault(stem, f"={same[0]}")
    return found


@lru_cache(maxsize=1)
def _acts() -> list[tuple[frozenset[str], frozenset[str]]]:
    return [(_union(map(_word, words(first))), _union(map(_word, words(second)))) for first, second in _ACTS]


def _union(some: Iterable[Word]) -> frozenset[str]:
    return frozenset().union(*(word.keys for word in some))
