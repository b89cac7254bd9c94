"""What was asked in last year's course, and who lets later ones read it, as data: somebody else plays it."""

from dataclasses import dataclass
from datetime import timedelta

from sociallearn.practice.conversation import Kind, Line

ACTIVITY = "praat-mee-2025"  # the link they came in by


@dataclass(frozen=True)
class Agreed:
    """An author's choice for later cohorts: ``texts``, or with the name too ``named``."""

    who: str
    choice: str


TRAINER = "veerle"  # offers the questions
BEFORE = timedelta(days=320)  # before now: when it was decided, after the last line
AGREED = (Agreed("veerle", "named"), Agreed("hugo", "named"), Agreed("nina", "texts"))


def _ago(days: int, hours: int = 0) -> timedelta:
    return timedelta(days=days, hours=hours)


LINES = [
    Line("openbaar", "hugo", _ago(340), Kind.QUESTION,
         title="Hoe overtuig ik mijn chef van het nut van vragen in het openbaar?", body="""\
Mijn chef vindt dat een vraag op een gedeelde plek er slordig uitziet, alsof we iets niet weten. Ik merk net dat ik er \
sneller door vooruitkom. Met welk argument of welk voorbeeld krijgen jullie zo iemand mee?"""),
    Line("openbaar-1", "nina", _ago(339, 20), Kind.ANSWER, "openbaar", language="en", body="""\
Do not argue, show one case. I put a question and its three answers side by side with the mail thread it would have \
been: nine mails, four days, one answer. My manager asked for the link, and has asked two questions herself since."""),
    Line("openbaar-2", "veerle", _ago(339, 8), Kind.ANSWER, "openbaar", body="""\
Vraag je chef welke drie vragen elke nieuwe collega stelt. Die beantwoord je dan samen in het openbaar. Vanaf de \
tweede nieuwe collega is het nut geen mening meer maar een halve dag winst."""),
    Line("openbaar-ok", "hugo", _ago(338), Kind.ACCEPT, "openbaar-1"),
    Line("openbaar-2-thanks", "nina", _ago(338), Kind.REACT, "openbaar-2", reaction="thanks"),
    Line("title", "nina", _ago(335), Kind.QUESTION, language="en",
         title="How do you write a title so that others find the question later?", body="""\
I scrolled for ten minutes to find back what somebody explained to me last month. The title was "Quick question". \
Mine are no better. Is there a trick to a title that still says something in half a year?"""),
    Line("title-1", "hugo", _ago(334, 20), Kind.ANSWER, "title", body="""\
Schrijf de titel pas als je vraag af is, en gebruik er de twee woorden in die je zelf in een zoekvak zou typen. Mijn \
test: kan iemand die de tekst niet leest al beslissen of dit over zijn probleem gaat?"""),
    Line("title-ok", "nina", _ago(334), Kind.ACCEPT, "title-1"),
]  # fmt: skip
