"""What makes two forms of a word one, in Dutch, English and French at once: cohorts mix them, even inside a sentence.

Stems by the Snowball algorithms (https://snowballstem.org/algorithms/; Dutch by Kraaij and Pohlmann). A word is stemmed
with its accents and without, since people leave them out when they type: "etudier" and "étudiées" have one in common.
"""

import re
import threading
from collections.abc import Iterator
from functools import lru_cache

import Stemmer

from sociallearn.text.naming import fold
from sociallearn.text.words import spelled

LANGUAGES = ("dutch", "english", "french")
LONGEST_WORD = 60  # letters that are looked at; what is longer is an address or a cat on a keyboard

_PARTS = re.compile("['-]")
_SHORTEST_STEMMED = 3
_ENDINGS = (
    # what the Dutch algorithm leaves: "deelt", "vraagt" (it knows "maakt"), and plurals like "ideeën"
    (re.compile("((?:aa|ee|oo|uu|ie|ei|ij|oe|ui|eu|ou)[bdfgjlmnrvz])t$"), r"\1"),
    (re.compile("ee(?:ë|e)n$"), "ee"),
)
_AMERICAN = re.compile("iz$")  # "organize" and "organise"
_local = threading.local()  # a stemmer is not for two threads at once

# What stands in nearly every sentence and says nothing about what it is about. Folded.
_STOP = frozenset(  # "ai" is left out: it is what people write about
    """
    de het een en van in op te ten ter dat die dit deze is was waren zijn ben bent er aan met voor als om ook maar
    dan nog bij of uit naar door over tot af ik je jij jou jouw u uw hij ze zij we wij ons onze hun hen mij mijn me men
    hoe wat wie waar wanneer waarom welke niet geen wel al zo heb hebt heeft hebben had kan kun kunnen wil wordt worden
    werd zou moet toch dus want t s n

    a an the and or of to in on at by for from with about as is are was were be been am do does did have has had i you
    he she it its they them their we our us my your his her me this that these those there how what who where when why
    which not no can could would should will so but if then than just also re ve ll d m

    le la les l un une des du de d et ou a au aux en dans sur sous par pour avec sans ce cet cette ces c ca cela qui que
    qu quoi dont est sont etait etre suis es as ont avoir avait je j tu il elle on nous vous ils elles se sa son ses
    leur leurs mon ma mes ton ta tes notre nos votre vos ne pas plus comment quand pourquoi quel quelle quels quelles y
    si mais donc
    """.split()  # noqa: SIM905 - words are read as words
)


def words(text: str) -> list[str]:
    """The words of a plain ``text`` in reading order, folded: no capitals, no accents, at most 60 letters each.

    "L'équipe" is two words and so is "e-learning"; Chinese and Japanese characters are words of their own.
    """
    return [word for word, _ in map(_looked_at, _tokens(text)) if word]


def stems(text: str) -> list[str]:
    """For each word of a plain ``text``, in reading order, its different stems in the three languages, folded."""
    return [stem for _, found in map(_looked_at, _tokens(text)) for stem in found]


def with_stems(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The words of a plain ``text`` as ``words`` gives them, each with its stems: one at least."""
    return [(word, found) for word, found in map(_looked_at, _tokens(text)) if word]


def is_stop(word: str) -> bool:
    """Whether a folded ``word`` stands in nearly every sentence of one of the three languages ("het", "the", "les")."""
    return word in _STOP


def _tokens(text: str) -> Iterator[str]:
    for word in spelled(text):
        yield from filter(None, _PARTS.split(word))


@lru_cache(maxsize=50_000)
def _looked_at(token: str) -> tuple[str, tuple[str, ...]]:
    token = token[:LONGEST_WORD]
    word = fold(token)
    if len(word) < _SHORTEST_STEMMED or any(map(str.isdigit, word)):
        return word, (word,) if word else ()
    forms = dict.fromkeys(form for one in (token, word) for form in _forms(one))
    found = (_AMERICAN.sub("is", fold(stemmer.stemWord(form))) for form in forms for stemmer in _stemmers())
    return word, tuple(dict.fromkeys(stem for stem in found if stem)) or (word,)


def _forms(token: str) -> Iterator[str]:
    for ending, kept in _ENDINGS:
        shorter, times = ending.subn(kept, token)
        if times:
            yield shorter
            return
    yield token


def _stemmers() -> list[Stemmer.Stemmer]:
    if not hasattr(_local, "stemmers"):
        _local.stemmers = [Stemmer.Stemmer(language) for language in LANGUAGES]
    found: list[Stemmer.Stemmer] = _local.stemmers
    return found
