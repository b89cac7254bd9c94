"""The cast of the practice courses: who they are, what they speak and where they work."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in a course. The values are the context roles of LTI core A.2.3."""

    TRAINER = "Instructor"
    MANAGER = "Manager"
    LEARNER = "Learner"


@dataclass(frozen=True)
class Character:
    """Somebody to be in the practice LMS. ``id`` is the LMS's own and becomes the launch's ``sub``."""

    id: str
    given_name: str
    family_name: str
    locale: str
    unit: str

    @property
    def email(self) -> str:
        """An address nobody can be mailed at (RFC 2606)."""
        return f"{self.id}@example.com"


GROUPS = ("31", "32")  # ids of a course's two groups; an LMS tells tools no more than that
EDITORIAL, SALES, TRAINING, ONLINE = "Redactie", "Verkoop", "L&D", "Online"

CAST = [
    Character("katrien", "Katrien", "De Wolf", "nl", TRAINING),
    Character("bart", "Bart", "Verhelst", "nl", TRAINING),
    Character("noor", "Noor", "Peeters", "nl", EDITORIAL),
    Character("wout", "Wout", "Claes", "nl", EDITORIAL),
    Character("elif", "Elif", "Yıldız", "nl", EDITORIAL),
    Character("daan", "Daan", "van Leeuwen", "nl", EDITORIAL),
    Character("marisol", "Marisol", "Ortega", "en", EDITORIAL),
    Character("sam", "Sam", "Okafor", "en", EDITORIAL),
    Character("joke", "Joke", "Vandamme", "nl", SALES),
    Character("pieter", "Pieter-Jan", "Maes", "nl", SALES),
    Character("amira", "Amira", "Benali", "nl", SALES),
    Character("tomasz", "Tomasz", "Zieliński", "en", SALES),
    Character("greet", "Greet", "Hermans", "nl", SALES),
    Character("lars", "Lars", "de Jong", "nl", SALES),
    Character("kobe", "Kobe", "Willems", "nl", SALES),
    Character("helen", "Helen", "Ashworth", "en", TRAINING),
    Character("priya", "Priya", "Raman", "en", ONLINE),
    Character("jonas", "Jonas", "Lindqvist", "en", ONLINE),
    Character("sofie", "Sofie", "Lambrecht", "en", ONLINE),
    Character("veerle", "Veerle", "Goossens", "nl", TRAINING),
    Character("hugo", "Hugo", "Lemmens", "nl", SALES),
    Character("nina", "Nina", "Fischer", "en", ONLINE),
]

# people of two larger courses: given names and family names in turn, so that no two are called alike
_GIVEN = (
    "Anouk", "Bram", "Celine", "Dirk", "Emma", "Fatima", "Gert", "Hanne", "Ibrahim", "Julie", "Koen", "Lotte",
    "Mehmet", "Nele", "Olivier", "Pauline", "Quinten", "Ruth", "Stijn", "Tine",
)  # fmt: skip
_FAMILY = ("Aerts", "Bogaert", "Coppens", "De Smet", "Jacobs", "Mertens", "Nys", "Segers", "Wouters")
_UNITS = (EDITORIAL, SALES, ONLINE, EDITORIAL, SALES, EDITORIAL, ONLINE, SALES, TRAINING)
CROWD = [
    Character(f"deelnemer{n + 1:02}", _GIVEN[n % 20], _FAMILY[(n + n // 20) % 9], "nl", _UNITS[n % 9])
    for n in range(36)
]
CAST += CROWD

# who looks after this LMS itself, whatever they are in a course
ADMINISTRATORS = frozenset({"sofie"})
