"""Very many texts in Dutch, English and French, written quickly: common words are as common as people make them, and
most words are rare (Zipf)."""

import random
from collections.abc import Iterator
from itertools import accumulate

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.posts.models import Kind, Post
from sociallearn.roster.models import Member
from sociallearn.text import rendering

WORDS_OF_A_TEXT = 60
VOCABULARY = 15_000  # of each language
AT_ONCE = 1000

# By how often they are used, as far as it matters; syllables make the others.
_COMMON = {
    "nl": """
        de het een en van ik dat niet is in op te we je zijn voor met die aan er maar om hebben ook deze naar vraag team
        collega werk training deelnemer antwoord idee leren groep opdracht ervaring bijeenkomst organisatie gesprek
        voorbeeld netwerk kennis delen campagne klant vergadering website planning afdeling verandering trainer
    """,
    "en": """
        the of and to a in is that for it we you with on are this be have as not question team colleague work training
        participant answer idea learning group assignment experience meeting organisation conversation example network
        knowledge share campaign customer website planning department change trainer manager story
    """,
    "fr": """
        le la de et les des un une est que pour dans nous vous sur avec pas plus ce au question équipe collègue travail
        formation participant réponse idée apprendre groupe exercice expérience réunion organisation conversation
        exemple réseau connaissance partager campagne client projet planification service changement formateur
    """,
}
_SYLLABLES = {
    "nl": "aan be ge lijk heid ver ing werk groep taal vaar deel school druk beeld spreek voor stel lig punt schrijf",
    "en": "re con tion ment ness work able pre view form ing port light book side play stand out under ship ground",
    "fr": "ré con tion ment eur age pré vue forme port jour livre côté jeu sous terre pen able ique oir elle",
}


def _vocabulary(language: str, dice: random.Random) -> list[str]:
    words = dict.fromkeys(_COMMON[language].split())
    syllables = _SYLLABLES[language].split()
    while len(words) < VOCABULARY:
        words["".join(dice.choices(syllables, k=dice.randint(2, 4)))] = None
    return list(words)


def texts(count: int, seed: int = 1) -> Iterator[str]:
    """So many texts, always the same ones."""
    dice = random.Random(seed)
    weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
    words = [_vocabulary(language, dice) for language in _COMMON]
    for number in range(count):
        yield " ".join(dice.choices(words[number % len(words)], cum_weights=weights, k=dice.randint(20, 100)))


def write(session: Session, by: list[Member], count: int) -> None:
    """So many posts and questions by these members, straight into the table; the index is made afterwards."""
    now, rows = clock.now(), []
    for number, text in enumerate(texts(count)):
        author, is_question = by[number % len(by)], number % 5 == 0
        rows.append(
            {
                "kind": Kind.QUESTION if is_question else Kind.POST,
                "author_id": author.id,
                "cohort_id": author.cohort_id,
                "organisation_id": author.organisation_id,
                "title": text[:60].rpartition(" ")[0] if is_question else None,
                "body": text,
                "html": f"<p>{text}</p>\n",
                "renderer": rendering.RENDERER,
                "created_at": now,
            }
        )
        if len(rows) == AT_ONCE:
            session.execute(insert(Post), rows)
            rows.clear()
    if rows:
        session.execute(insert(Post), rows)
    session.execute(update(Post).where(Post.active_id == 0).values(active_id=Post.id))
