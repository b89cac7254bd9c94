"""What was said in the main practice course over its last sixteen days, as data: somebody else plays it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What somebody did."""

    POST = "post"
    REPLY = "reply"
    QUESTION = "question"
    ANSWER = "answer"
    IDEA = "idea"
    COMMENT = "comment"
    ACCEPT = "accept"
    USEFUL = "useful"
    HELPED = "helped"
    ENDORSE = "endorse"
    SOLVE = "solve"
    DUPLICATE = "duplicate"
    RATE = "rate"
    REACT = "react"
    PIN = "pin"
    NAME = "name"
    VOTE = "vote"
    REPORT = "report"
    HIDE = "hide"
    STARTER = "starter"
    OFFER = "offer"
    ABOUT = "about"
    FOLLOW = "follow"
    MOVE = "move"
    OUTCOME = "outcome"
    INVITE = "invite"
    JOIN = "join"
    APPEAL = "appeal"
    REPLY_TO_APPEAL = "reply-to-appeal"
    REVIEW = "review"
    REVIEWED = "reviewed"
    BONUS = "bonus"
    EXCUSE = "excuse"


@dataclass(frozen=True)
class Line:
    """One act. ``parent`` is the key of what it is about; ``stars`` belong to a rating, ``reaction`` to a reaction,
    ``choices`` (counted from 1) to a vote, ``reason`` to a report, ``stage`` to moving an idea, ``remark`` and
    ``suggestion`` to a comment on one. A post may come with a poll, or praise somebody. The ``body`` of a report, of
    hiding and of moving is what is said about it.

    A review asks about a text's points, in ``body``; it is ``reviewed`` by answering it. A bonus (of ``points``) and an
    excuse are for ``owner``, in the week ``week`` counted from 1, with the reason as ``body``.

    The ``body`` of an offer is what somebody can be asked about; by its ``topics`` others find them, and read
    ``asked``. The ``body`` of following is the topic that is followed, that of "about" a line about oneself.

    A starter question opens a discussion, and with ``title`` and ``idea`` a question and an idea round too.

    ``space`` is the group or corner it is written in; a group gets its name by a line with ``title`` and, as ``space``,
    the LMS's number for it.
    """

    key: str
    who: str
    ago: timedelta  # before now
    kind: Kind
    parent: str = ""
    title: str = ""
    body: str = ""
    language: str = "nl"
    stars: int = 0
    week: int = 0
    points: int = 0
    reaction: str = ""
    space: str = ""
    options: tuple[str, ...] = ()
    is_several: bool = False
    is_hidden: bool = False  # the results, until one has voted
    open_for: timedelta | None = None
    praised: tuple[str, ...] = ()
    choices: tuple[int, ...] = ()
    reason: str = ""
    stage: str = ""
    owner: str = ""  # who takes an idea on, is asked to be its author, or whose a bonus or an excuse is
    remark: str = "build"  # what a comment right under an idea is
    suggestion: str = ""  # what goes with a concern
    files: tuple[str, ...] = ()  # names of what enclosures.py makes
    alt: str = ""  # what the images among them show
    details: str = ""
    about: str = ""  # the key of the question a duplicate leads to
    idea: str = ""
    topics: tuple[str, ...] = ()
    asked: str = ""
    due_in: timedelta | None = None  # after now
    answer_first: bool = False


@dataclass(frozen=True)
class Start:
    """How the trainer sets the cohort up before the first line: what is agreed, and a day nobody works."""

    who: str
    ago: timedelta  # before now
    agreed: tuple[str, ...]
    corner: str  # an informal space for everybody
    holiday: str
    holiday_in: timedelta  # after now


START = Start(
    who="katrien",
    ago=timedelta(days=16, hours=3),
    agreed=(
        "Wie wordt afgesnauwd, staat er niet alleen voor: de eerste die het ziet, schrijft er iets gewoons onder.",
        "Antwoorden mag in het Nederlands of in het Engels, zoals het je het best afgaat.",
    ),
    corner="Koffiehoek",
    holiday="Brugdag",
    holiday_in=timedelta(days=10),
)


SILENT = "kobe"  # came in early, looked around, and has not said a word
SILENT_SINCE = timedelta(days=13, hours=4)


def script() -> list[Line]:
    """Everything, in the order in which it happened."""
    lines = [*LINES, *_ratings(), *_reactions(), *_votes(), PINNED, *MODERATED, *MOVED, *GRADED]
    return sorted(lines, key=lambda line: line.ago, reverse=True)


def _ago(days: int, hours: int = 0, minutes: int = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes)


FEED = [
    Line("over-de-schutting", "katrien", _ago(16, 2), Kind.POST, body="""\
Dag allemaal, over een week zitten we een dag samen. Om elkaar al een beetje te kennen, één vraag: **aan wie heb \
jij vorige week iets gevraagd, en langs welke weg?** Mail, telefoon, even binnenlopen?

Ik begin. Ik belde drie mensen om te weten wie onze licenties voor leerplatformen beheert. De derde zat twee \
deuren verder. Had ik het hier gevraagd, dan wist nu iedereen het."""),
    Line("over-de-schutting-1", "noor", _ago(16, 0, 40), Kind.REPLY, "over-de-schutting", body="""\
Herkenbaar! Ik mailde vijf collega's apart om te weten welke woordenlijst we gebruiken. Ik kreeg drie antwoorden, \
en ze spraken elkaar alle drie tegen. Dat had ik beter in één keer aan iedereen gevraagd."""),
    Line("over-de-schutting-2", "tomasz", _ago(15, 20), Kind.REPLY, "over-de-schutting", language="en", body="""\
I walked over to the editors' floor last Thursday, which felt almost rude. It took four minutes and saved me a \
week of guessing about a publication date. Now I wonder why I had never done it before."""),
    Line("over-de-schutting-3", "greet", _ago(15, 18), Kind.REPLY, "over-de-schutting", body="""\
Ik bel nog altijd het liefst. Na tweeëndertig jaar ken ik de meeste nummers uit mijn hoofd. Maar ik geef toe: wat \
ik aan de telefoon te horen krijg, blijft daarna wel bij mij alleen."""),
    Line("over-de-schutting-4", "katrien", _ago(15, 17), Kind.REPLY, "over-de-schutting-3", body="""\
Dat is precies waarom ik zo blij ben dat je erbij bent, @Greet Hermans. Stel je voor dat er van al die gesprekken \
telkens twee zinnen hier zouden staan. Daar zouden nieuwe collega's jaren plezier van hebben."""),

    Line("via-de-chef", "wout", _ago(15, 6), Kind.POST, body="""\
Mijn vorige chef had één regel: een vraag aan een andere afdeling gaat via hem. Hij bedoelde het niet slecht, hij \
wou weten wat er speelde. Maar na een half jaar vroeg niemand nog iets. We vonden alles zelf uit, soms voor de \
tweede keer.

Hoe zit dat bij jullie? **Mag je zomaar iemand van een ander team aanspreken**, of moet je eerst toestemming \
vragen? #vragen"""),
    Line("via-de-chef-1", "joke", _ago(15, 4, 30), Kind.REPLY, "via-de-chef", body="""\
Bij ons mag het, maar je voelt dat het niet de bedoeling is. Er wordt dan gezegd: ‘Ah, je hebt het aan hén \
gevraagd.’ Niemand verbiedt iets, en toch laat je het de volgende keer."""),
    Line("via-de-chef-2", "elif", _ago(15, 3), Kind.REPLY, "via-de-chef-1", body="""\
Dat zinnetje ken ik, met diezelfde klemtoon. Bij ons hielp het toen onze eigen chef zelf in het openbaar een domme \
vraag stelde. De week daarna durfden er ineens vijf anderen."""),
    Line("via-de-chef-3", "sam", _ago(14, 22), Kind.REPLY, "via-de-chef", language="en", body="""\
In my last job we settled this with one line in our team agreement: anyone may ask anyone, and you tell your \
manager afterwards if it changes your planning. It took ten minutes to write and ended years of detours."""),

    Line("via-de-chef-4", "pieter", _ago(14, 20), Kind.REPLY, "via-de-chef", body="""\
Bij ons was het Luc Segers van de boekhouding die alles via hem wou. Bel hem gerust eens op 0470 00 00 00 en vraag \
of het waar is, dan hoor je het zelf."""),

    Line("afgeschoten", "greet", _ago(14, 5), Kind.POST, body="""\
Iets waar ik niet trots op ben. In 2014 schreef ik op het toenmalige intranet dat onze nieuwe bestelbon \
onduidelijk was. Binnen het uur had een directeur geantwoord, met de hele firma in kopie, dat ik de handleiding \
maar moest lezen.

Ik heb daar nooit meer iets gezet. Nu vraagt Katrien me om dat wél te doen. Ik wil het proberen, maar ik wil eerst \
weten: **wat doen we hier als iemand zo antwoordt?**"""),
    Line("afgeschoten-1", "amira", _ago(14, 3, 10), Kind.REPLY, "afgeschoten", body="""\
Wat goed dat je dit vertelt. Ik werk hier pas drie maanden en ik dacht dat alleen nieuwelingen daar bang voor \
waren. Als jij het ook spannend vindt, durf ik net iets meer."""),
    Line("afgeschoten-2", "daan", _ago(14, 1), Kind.REPLY, "afgeschoten", body="""\
Mijn voorstel: wie merkt dat iemand wordt afgeblaft, schrijft er zelf iets gewoons onder. Geen preek, gewoon een \
antwoord op de vraag. Dan is de toon weer gezet, en staat de vrager er niet alleen voor."""),
    Line("afgeschoten-3", "greet", _ago(13, 21), Kind.REPLY, "afgeschoten-2", body="""\
Daar had ik toen veel aan gehad, Daan. Er waren wel collega's die het me achteraf bij de koffie zeiden, dat ik \
gelijk had. Maar wat bij de koffie gezegd wordt, staat nergens."""),
    Line("afgeschoten-4", "katrien", _ago(13, 19), Kind.REPLY, "afgeschoten", body="""\
Dit nemen we mee in onze afspraken. En als iemand toch uithaalt: meld het, dan kijk ik ernaar en zie je wat ik \
beslist heb en waarom. Ook als het over mij gaat, dan beslist iemand anders."""),

    Line("forty-mails", "sam", _ago(13, 2), Kind.POST, language="en", files=("mail-week.png",),
         alt="Bar chart of one week: 212 messages, 61 real questions, 40 of them answered before.", body="""\
I counted my mail for one week, because I wanted to know rather than complain. Of 212 messages, 61 were real \
questions. **Forty of those sixty-one had already been answered for somebody else**, in a mailbox I cannot see.

So I am not against mail. I am against answering the same thing four times, and against not knowing that the \
answer exists. What does your week look like? #mail"""),
    Line("forty-mails-1", "pieter", _ago(12, 23), Kind.REPLY, "forty-mails", body="""\
Door jou heb ik het ook geteld. Bij mij waren het er minder, maar wel met gemiddeld zes mensen in kopie. Die lezen \
allemaal mee voor het geval dat. Dat is eigenlijk de echte kost."""),
    Line("forty-mails-2", "lars", _ago(12, 20), Kind.REPLY, "forty-mails", body="""\
In Amsterdam doen we sinds kort dit: krijg je een vraag twee keer per mail, dan zet je het antwoord hier neer en \
stuur je de tweede keer alleen de link. Kleine moeite, en het werkt. #mail"""),

    Line("de-kenner-in-gent", "lars", _ago(12, 1), Kind.POST, body="""\
Vorige maand heb ik twee weken gezocht naar iemand die verstand heeft van toegankelijke pdf's, omdat een school \
erom vroeg. Ik was al bij een extern bureau uitgekomen toen ik toevallig hoorde dat Wout in Gent dat al jaren \
doet.

Twee weken! **Hoe weten we van elkaar wat we kunnen**, zonder dat we weer een lijst maken die na een maand niet \
meer klopt? #wie-weet-wat"""),
    Line("de-kenner-in-gent-1", "wout", _ago(11, 22), Kind.REPLY, "de-kenner-in-gent", body="""\
En ik wist niet dat iemand ernaar zocht! Vraag maar, ik doe het graag. Ik denk dat je zoiets vooral ziet aan wat \
iemand eerder beantwoord heeft. Dat veroudert minder snel dan een lijst."""),
    Line("de-kenner-in-gent-2", "tomasz", _ago(11, 19), Kind.REPLY, "de-kenner-in-gent", language="en", body="""\
Same story here, but with Excel. I paid for a course to learn something that Pieter-Jan, who sits in the next \
room, could have shown me in an hour. We still laugh about it, @Pieter-Jan Maes, a little painfully. #wie-weet-wat"""),

    Line("vijf-vragen", "amira", _ago(11, 3), Kind.POST, body="""\
Ik ben hier nog maar pas, en ik heb een lijstje bijgehouden van alles wat ik niet durfde te vragen. Het waren er \
drieëntwintig. De helft was binnen een minuut opgelost toen ik ze toch stelde.

Stel dat elke nieuwe collega **zijn eerste vijf vragen hier stelt**, in het openbaar. Dan leert de volgende ook \
iets, en weten wij meteen wat er in ons #onthaal ontbreekt. Zouden jullie dat gedaan hebben op je eerste dag?"""),
    Line("vijf-vragen-1", "greet", _ago(11, 0, 30), Kind.REPLY, "vijf-vragen", body="""\
Op mijn eerste dag? Nooit. Op mijn eerste dag wist ik niet eens waar het toilet was, en ook dat heb ik niet \
gevraagd. Maar als iemand het mij uitdrukkelijk gevraagd had, dan wel."""),
    Line("vijf-vragen-2", "marisol", _ago(10, 21), Kind.REPLY, "vijf-vragen", language="en", body="""\
Yes, if somebody else went first. Perhaps the whole team could post one thing they did not know in their own first \
month. I will happily start: I thought ‘the green list’ was about the environment."""),
    Line("vijf-vragen-3", "lars", _ago(0, 9), Kind.REPLY, "vijf-vragen", body="""\
Drieëntwintig vragen in je eerste maand, dan heb je volgens mij gewoon niet opgelet bij je inwerkdag. Wie zoveel \
niet weet, had beter iets anders gezocht."""),

    Line("wie-krijgt-de-pluim", "elif", _ago(10, 4), Kind.POST, body="""\
Een gevoelig onderwerp. Twee jaar geleden stelde ik in een vergadering voor om hoofdstukken los te verkopen. Een \
half jaar later stond het in een presentatie, met een andere naam eronder. Ik geloof niet dat iemand mij wou \
bestelen. Er was gewoon nergens opgeschreven waar het vandaan kwam.

Ik merk dat ik sindsdien mijn beste ideeën even bij me hou. **Wat zou jullie helpen om ze toch te delen?**"""),
    Line("wie-krijgt-de-pluim-1", "tomasz", _ago(10, 1), Kind.REPLY, "wie-krijgt-de-pluim", language="en", body="""\
A date and a name, visible to everybody, before the first meeting about it. I do not need a reward. I do want to \
be asked along when my own idea gets built, because I usually know where it will break."""),
    Line("wie-krijgt-de-pluim-2", "joke", _ago(9, 22), Kind.REPLY, "wie-krijgt-de-pluim", body="""\
Ik heb het omgekeerd meegemaakt: ik kreeg een pluim voor iets van een collega, en ik heb te lang gewacht om dat \
recht te zetten. Met een naam erbij was dat gewoon niet gebeurd."""),

    Line("de-stille-helft", "katrien", _ago(8, 20), Kind.POST,
         files=("flap-vragen.png", "flap-morgen.png", "opleidingsdag.pdf"),
         alt="Een flap van de opleidingsdag met drie zinnen in stift.", body="""\
Wat een dag gisteren, bedankt! Op de flappen stond veel goeds, en ik zet het hier beetje bij beetje bij elkaar.

Eén ding viel me op. In de zaal heeft **iedereen** iets gezegd, maar hier heeft de helft nog niets geschreven. Dat \
is geen verwijt, ik ben echt benieuwd. Wat maakt het verschil? Is het de tijd, de toon, of weet je niet goed waar \
je moet beginnen? Eén zin is al genoeg."""),
    Line("de-stille-helft-1", "pieter", _ago(8, 15), Kind.REPLY, "de-stille-helft", body="""\
Betrapt. In een zaal zie ik aan de gezichten of ik goed zit. Hier schrijf ik iets en dan blijft het stil. Dan denk \
ik al snel dat het dom was, en de volgende keer sla ik over."""),
    Line("de-stille-helft-2", "noor", _ago(8, 13, 20), Kind.REPLY, "de-stille-helft-1", body="""\
Ik vond het juist heel fijn wat je gisteren zei over die klant in Leuven, Pieter-Jan. Ik heb het alleen niet \
geschreven. Dat is dan mijn kant van de stilte, daar kan ik iets aan doen."""),
    Line("de-stille-helft-3", "daan", _ago(8, 11), Kind.REPLY, "de-stille-helft", body="""\
Bij mij is het vooral tijd. Ik lees alles onderweg in de trein, en tegen de tijd dat ik op kantoor ben, is het \
gesprek alweer verder. Sinds gisteren antwoord ik meteen, al is het kort."""),

    Line("two-languages", "marisol", _ago(7, 5), Kind.POST, language="en", body="""\
A small thing about language. I read Dutch well, but writing it costs me twenty minutes for three sentences, so I \
often say nothing. At the training day Katrien told me to just write in English, and look, here I am.

May I suggest that **everybody writes in the language in which they are quickest**, and that nobody apologises for \
it? I would rather read your good Dutch than your careful English."""),
    Line("two-languages-1", "elif", _ago(7, 2), Kind.REPLY, "two-languages", body="""\
Helemaal mee eens! En ik voeg er één ding aan toe: schrijf dan wel korte zinnen en zo weinig mogelijk afkortingen. \
Dat helpt wie in een tweede taal leest meer dan een vertaling."""),

    Line("hoe-praten-we", "daan", _ago(6, 6), Kind.POST, body="""\
In mijn groepje van de opleidingsdag kwamen we tot drie zinnen over hoe we hier met elkaar omgaan. Ik leg ze voor:

1. Je mag alles vragen, aan iedereen, zonder eerst toestemming te vragen.
2. Met een idee ben je het oneens, nooit met een mens.
3. Wie iets overneemt, noemt van wie het komt.

**Wat ontbreekt er, en welke zin zou jij schrappen?** Liever drie die we volhouden dan tien aan de muur. #afspraken"""),
    Line("hoe-praten-we-1", "greet", _ago(6, 3), Kind.REPLY, "hoe-praten-we", body="""\
Ik zou er geen enkele schrappen. Wel zou ik bij de tweede zetten dat je uitlegt waaróm je het oneens bent. ‘Dat \
werkt hier niet’ is ook over een idee, maar daar leer je niets van."""),
    Line("hoe-praten-we-2", "lars", _ago(5, 22), Kind.REPLY, "hoe-praten-we", body="""\
Mooi in zijn eenvoud. Ik mis alleen: je mag van gedachten veranderen. Als ik hier iets schrijf, moet ik daar over \
een half jaar niet mee om de oren geslagen worden. Mee eens, @Daan van Leeuwen? #afspraken"""),

    Line("veertig-minuten", "joke", _ago(5, 1), Kind.POST, body="""\
Een klein succes om te delen. Maandag vroeg een leerkracht uit Hasselt of ze een hoofdstuk mocht voorlezen en \
opnemen voor een leerling die slecht ziet. Vroeger had ik gezegd: ‘Ik zoek het uit’, en dan duurde dat een week.

Nu vroeg ik het aan twee mensen van Redactie die ik pas op de opleidingsdag leerde kennen. **Veertig minuten later \
had ze haar antwoord.** Ze stuurde een kaartje met dank aan ‘het hele huis’."""),
    Line("veertig-minuten-1", "wout", _ago(4, 22), Kind.REPLY, "veertig-minuten", body="""\
Ik was een van die twee, en voor mij was het minstens even leuk. Ik hoor zelden wat er met onze boeken gebeurt als \
ze de deur uit zijn. Stuur gerust meer van zulke vragen door!"""),
    Line("veertig-minuten-2", "amira", _ago(4, 20), Kind.REPLY, "veertig-minuten", body="""\
Dit wil ik graag gebruiken als voorbeeld bij de volgende nieuwe collega, als dat mag. Het legt in vier zinnen uit \
waarom wij hier schrijven, en niet alleen mailen. #onthaal"""),

    Line("bekentenis", "pieter", _ago(3, 19), Kind.POST, body="""\
Bekentenis van een stille meelezer. Ik heb na de vraag van Katrien besloten om een week lang elke dag één ding te \
schrijven, hoe klein ook. Dit is dag vijf.

Wat ik geleerd heb: het kost me zes minuten per dag, ik kreeg op alles minstens één reactie, en niemand vond iets \
dom. **De drempel zat dus vooral in mijn hoofd.** Voor wie nog twijfelt: begin met een antwoord, dat is \
makkelijker dan een begin."""),
    Line("bekentenis-1", "katrien", _ago(3, 16), Kind.REPLY, "bekentenis", body="""\
Dit maakt mijn week goed. En let op wat je schrijft: je kreeg op alles een reactie. Dat is niet vanzelf gegaan, \
dat hebben de anderen gedaan. Bedankt dus ook aan hen."""),

    Line("thank-you-wout", "sam", _ago(2, 20), Kind.POST, language="en", praised=("wout",), body="""\
On Monday I asked where the old pictures of our first school books are kept. Wout did not only answer: he walked to \
the cellar in his lunch break, took photographs of the shelf marks, and put the list where everybody can find it. \
Three people have used it since. **Thank you, this is how a house learns.**"""),

    Line("mail-after-two-weeks", "tomasz", _ago(2, 3), Kind.POST, language="en", body="""\
An update on Sam's count. Four of us in sales moved all ‘does anybody know’ questions from mail to this place for \
ten days. Internal mail went from 180 to about 117 a week between us. More important to me: **on eleven questions, \
the best answer came from someone we would never have mailed.**

It is a small group and a short time, so I will not draw a graph. But we are not going back. #mail"""),
    Line("mail-after-two-weeks-2", "tomasz", _ago(1, 20), Kind.REPLY, "mail-after-two-weeks-1", language="en",
         files=("eleven-topics.csv",), body="""\
Here is my list, as far as I may share it. Six of the eleven are enough to see the pattern: almost none of them was \
about sales, and almost all of them were asked in sales."""),
    Line("mail-after-two-weeks-1", "sam", _ago(2, 0, 20), Kind.REPLY, "mail-after-two-weeks", language="en", body="""\
Those eleven are the part I could not count from my own mailbox. Would you list the topics? I suspect they show us \
which people in the house should know each other and do not yet. @Marisol Ortega, could the editors list theirs too? \
#mail #wie-weet-wat"""),

    Line("wat-houden-we", "noor", _ago(1, 2), Kind.POST, body="""\
Over drie weken loopt deze opleiding af. Ik zou het jammer vinden als het hier dan stilvalt. Daarom de vraag: \
**wat houden we, en wie zorgt ervoor?**

Zelf wil ik elke maandag de vragen bovenhalen die nog geen antwoord hebben, tien minuutjes bij de koffie. Wie \
neemt iets anders voor zijn rekening? Het hoeft niet groot te zijn, als het maar blijft terugkomen."""),
    Line("wat-houden-we-1", "elif", _ago(0, 20), Kind.REPLY, "wat-houden-we", body="""\
Ik doe mee. Ik wil elke maand één idee van begin tot eind opvolgen en hier vertellen hoe het ermee gaat, ook als \
het niets geworden is. Dat laatste horen we veel te weinig."""),

    Line("volgende-middag", "katrien", _ago(1, 8), Kind.POST, open_for=timedelta(days=5), options=(
        "Moeilijke vragen goed stellen", "Korter schrijven", "Wat collega's al hebben uitgezocht terugvinden",
        "Iets anders: ik zet het in een reactie"), body="""\
Over drie weken zien we elkaar terug voor een halve dag. Ik bereid liever voor waar jullie iets aan hebben dan wat ik \
zelf het leukst vind. **Waar werken we die middag aan?** Eén keuze per persoon, en wat de meeste stemmen krijgt, \
bereid ik voor. De rest bewaar ik voor een volgende keer."""),
    Line("volgende-middag-1", "amira", _ago(1, 5), Kind.REPLY, "volgende-middag", body="""\
Ik heb voor terugvinden gestemd. Deze week zocht ik iets waarvan ik zeker wist dat het hier stond, en na tien minuten \
heb ik het toch maar opnieuw gevraagd."""),
    Line("how-often", "sam", _ago(0, 20), Kind.POST, language="en", is_hidden=True, is_several=True, options=(
        "On the train or bus", "Between two meetings", "At a fixed moment of the day", "When something is announced",
        "Hardly ever, to be honest"), body="""\
I am curious **when you read along here**. Choose as many as you like, and please be honest: you only see what the \
others chose once you have voted yourself, so that nobody follows the herd. On Friday I will write down what I \
make of it."""),
]  # fmt: skip

QUESTIONS = [
    Line("fotorechten", "amira", _ago(13, 6), Kind.QUESTION, title="Bij wie moet ik zijn voor de rechten op foto's?",
         body="""\
Voor een folder wil ik een foto gebruiken die ook in een van onze boeken staat. Mag dat zomaar, omdat hij van ons \
is? Ik vond drie mappen met contracten, maar in geen enkele staat iets over folders. Aan wie vraag ik dat het \
best? #fotorechten"""),
    Line("fotorechten-1", "daan", _ago(13, 4, 45), Kind.ANSWER, "fotorechten", body="""\
Nee, niet zomaar. De meeste contracten gelden alleen voor het boek zelf. Hilde van de beelddienst weet per foto \
wat er mag. Stuur haar de titel en het paginanummer, dan heb je meestal dezelfde dag antwoord."""),
    Line("fotorechten-2", "wout", _ago(13, 3), Kind.ANSWER, "fotorechten", body="""\
Kleine tip erbij: in de beeldbank staat onderaan elke foto een code. Begint die met een F, dan is de foto door ons \
zelf gemaakt en mag je ze overal voor gebruiken."""),
    Line("fotorechten-ok", "amira", _ago(12, 22), Kind.ACCEPT, "fotorechten-1"),

    Line("na-de-dag", "pieter", _ago(8, 4), Kind.QUESTION,
         title="Hoe krijg je de stille helft aan het schrijven na een opleidingsdag?", body="""\
Volgende maand geef ik zelf een productopleiding aan twintig verkopers. In de zaal lukt dat wel, maar daarna valt \
het altijd stil. Wat heeft bij jullie gewerkt om mensen na die dag aan de praat te houden, zonder ze achterna te \
zitten?"""),
    Line("na-de-dag-1", "noor", _ago(8, 1), Kind.ANSWER, "na-de-dag", body="""\
Laat ze **in de zaal** al hun eerste bericht schrijven, de laatste tien minuten van de dag: één ding dat ze morgen \
anders doen. Een week later vraag je onder dat bericht hoe het ging. Dan is het tweede bericht een antwoord, geen \
begin."""),
    Line("na-de-dag-2", "sam", _ago(7, 22), Kind.ANSWER, "na-de-dag", language="en", body="""\
Answer the first five messages yourself within a day, and ask two colleagues to do the same. People do not stop \
because they have nothing to say, they stop because nobody replied the first time."""),
    Line("na-de-dag-3", "greet", _ago(7, 19), Kind.ANSWER, "na-de-dag", body="""\
Vraag iets wat alleen zij kunnen weten. ‘Wat vond je ervan?’ nodigt mij niet uit. ‘Wat vroeg jouw lastigste klant \
deze week?’ wel, daar heb ik altijd een antwoord op."""),
    Line("na-de-dag-ok", "pieter", _ago(7, 12), Kind.ACCEPT, "na-de-dag-1"),

    Line("past-fifty", "tomasz", _ago(9, 18), Kind.QUESTION, language="en",
         title="How do you keep a shared space useful once it grows past fifty people?", body="""\
Ours works with fourteen. Next year three more cohorts may join, and I am afraid that nobody will find anything \
back, or that people stop writing because the room is too big. Did anybody here live through that, and what would \
you do differently?"""),
    Line("past-fifty-1", "elif", _ago(9, 15), Kind.ANSWER, "past-fifty", body="""\
Bij de webredactie groeiden we van twaalf naar zeventig. Wat hielp: een goede titel boven elke vraag, één \
onderwerp per bericht, en iemand die na een antwoord bedankt en afsluit. Wat niet hielp: twintig aparte groepjes \
maken."""),
    Line("past-fifty-2", "marisol", _ago(9, 2), Kind.ANSWER, "past-fifty", language="en", body="""\
Keep small groups for the informal talk and one big place for questions. I dare to joke with eight people. But I \
want my question to be seen by all seventy, because I never know who has the answer."""),
    Line("past-fifty-ok", "tomasz", _ago(8, 23), Kind.ACCEPT, "past-fifty-1"),

    Line("eerst-nalezen", "joke", _ago(6, 20), Kind.QUESTION,
         title="Mijn chef wil alles nalezen voor ik het hier zet. Wat zeg ik?", body="""\
Ze bedoelt het goed: ze wil niet dat ik iets schrijf waar een klant zich aan stoort. Maar ik merk dat ik daardoor \
niets meer schrijf. Hoe breng ik dat ter sprake, zonder dat het klinkt alsof ik haar niet vertrouw?"""),
    Line("eerst-nalezen-1", "lars", _ago(6, 17), Kind.ANSWER, "eerst-nalezen", body="""\
Vraag haar om samen twee weken terug te kijken: wat had ze tegengehouden, en waarom? Bij ons bleek dat niets te \
zijn. Toen heeft mijn leidinggevende zelf voorgesteld om ermee te stoppen."""),
    Line("eerst-nalezen-2", "katrien", _ago(6, 15), Kind.ANSWER, "eerst-nalezen", body="""\
Spreek af wat hier **niet** hoort: namen van klanten, prijzen, lopende onderhandelingen. Dat is een korte lijst \
waar ze op kan rekenen. Al de rest mag dan gewoon. Zeg gerust dat het van mij komt."""),
    Line("eerst-nalezen-3", "greet", _ago(6, 12), Kind.ANSWER, "eerst-nalezen", body="""\
Nodig haar uit om zelf een vraag te stellen. Wie één keer binnen het uur goed geholpen is door iemand van een \
ander team, leest daarna met heel andere ogen."""),
    Line("eerst-nalezen-ok", "joke", _ago(5, 20), Kind.ACCEPT, "eerst-nalezen-2"),

    Line("measured", "sam", _ago(4, 3), Kind.QUESTION, language="en",
         title="Has anyone measured what a shared feed really saves?", body="""\
I believe it saves time, but belief does not convince our finance department. Counting mails is easy and says \
little. I am looking for one honest figure that a sceptical person would accept. Has anyone tried, and what did \
you learn?"""),
    Line("measured-1", "tomasz", _ago(3, 23), Kind.ANSWER, "measured", language="en", body="""\
We took the time between asking and having a usable answer, for twenty questions before and twenty after. It went \
from two working days to about three hours. Small numbers, but nobody argued with the method."""),
    Line("measured-2", "pieter", _ago(3, 4), Kind.ANSWER, "measured", body="""\
Ik zou niet alleen tijd meten. Tel ook hoeveel vragen een tweede antwoord krijgen van een andere afdeling. Dat is \
iets wat mail bijna nooit oplevert, en het is makkelijk na te tellen."""),

    Line("twee-lijsten", "joke", _ago(4, 2), Kind.QUESTION,
         title="Wie toont me hoe je in Excel twee lijsten naast elkaar legt?", body="""\
Ik heb een lijst van klanten en een lijst van wie op onze opleidingen was. Ik wil weten wie in de ene staat en niet in \
de andere. Nu doe ik dat met de hand, elke maand opnieuw, en ik weet zeker dat het anders kan."""),

    *(Line(f"measured-1-{who}", who, _ago(3, 2), Kind.USEFUL, "measured-1") for who in ("noor", "lars", "sam")),
    Line("measured-2-lars", "lars", _ago(3, 1), Kind.USEFUL, "measured-2"),
    Line("na-de-dag-3-top", "katrien", _ago(7, 10), Kind.ENDORSE, "na-de-dag-3"),
    *(Line(f"na-de-dag-3-{who}", who, _ago(7, 9), Kind.USEFUL, "na-de-dag-3") for who in ("amira", "wout")),
    Line("na-de-dag-1-hielp", "pieter", _ago(7, 8), Kind.HELPED, "na-de-dag-1"),

    Line("zaal", "wout", _ago(5, 6), Kind.QUESTION, title="Hebben we donderdag een zaal met een scherm?", body="""\
Op de uitnodiging van donderdag staat nog ‘zaal volgt’. Ik wil er graag mijn vijf voorbeelden tonen, en ik kom met de \
trein, dus een eigen scherm meebrengen lukt niet. Weet iemand al waar we zitten, en of daar iets hangt?"""),
    Line("zaal-ok", "wout", _ago(5, 2), Kind.SOLVE, "zaal", body="Het onthaal heeft zaal 2.04 vastgelegd, met scherm."),

    Line("photo-rights", "marisol", _ago(2, 5), Kind.QUESTION, language="en",
         title="Who can tell me about the rights on photos in our books?", body="""\
I would like to show one page of a school book, with its photo, in a talk for about forty teachers next month. Is that \
allowed because the book is ours, or do I need to ask somebody first? And who would that be?"""),
    Line("photo-rights-dubbel", "katrien", _ago(2, 3), Kind.DUPLICATE, "photo-rights", about="fotorechten"),

    Line("idee-citeren", "elif", _ago(0, 9), Kind.QUESTION,
         title="Hoe verwijs je in een nota naar een idee dat hier ontstaan is?", body="""\
Ik schrijf een nota voor de directie over losse hoofdstukken. Drie zinnen komen eigenlijk van hier, van \
verschillende mensen. Noem ik hen bij naam, vraag ik eerst of dat mag, of volstaat een link? Ik doe het graag \
juist."""),
]  # fmt: skip

IDEAS = [
    Line("vijf-eerste-vragen", "noor", _ago(9, 20), Kind.IDEA, title="Vijf eerste vragen van elke nieuwe collega",
         body="""\
Elke nieuwe collega stelt in de eerste maand vijf vragen hier, in het openbaar. Een buddy zorgt dat er binnen een \
dag iemand antwoordt. Na een jaar hebben we een onthaalgids die helemaal uit echte vragen bestaat, en die niemand \
heeft moeten schrijven. Het idee komt voort uit het lijstje van Amira."""),
    Line("vijf-eerste-vragen-1", "amira", _ago(9, 17), Kind.COMMENT, "vijf-eerste-vragen", body="""\
Wat fijn dat je mijn lijstje noemt! Ik wil gerust de eerste buddy zijn. Misschien mag één van de vijf ook over \
gewoontes gaan: waarom eet iedereen om tien voor twaalf?"""),
    Line("vijf-eerste-vragen-2", "daan", _ago(9, 4), Kind.COMMENT, "vijf-eerste-vragen", body="""\
Sterk. Laat het wel een aanbod zijn en geen plicht: vijf vragen *mogen*. Zodra het op een lijstje van de \
leidinggevende staat, krijg je vragen die niemand echt heeft."""),

    Line("wegwijzer", "wout", _ago(9, 10), Kind.IDEA, title="Een wegwijzer: wie weet wat, over alle vestigingen",
         body="""\
Op je eigen pagina zet je twee dingen waarover anderen je mogen aanspreken, meer niet. Heb je in een jaar geen \
enkele vraag gekregen, dan vervalt het en kies je iets anders. Zo blijft de lijst kort en eerlijk, en vindt \
Amsterdam eindelijk wie in Gent verstand heeft van toegankelijke pdf's."""),
    Line("wegwijzer-1", "lars", _ago(9, 7), Kind.COMMENT, "wegwijzer", body="""\
Dat laatste is uit het leven gegrepen. Ik doe mee en zet er ‘aanbestedingen van scholen’ op. Dat vervallen na een \
jaar vind ik het slimste stuk van het idee."""),

    Line("mail-free-morning", "tomasz", _ago(8, 9), Kind.IDEA, language="en",
         title="Tuesday mornings without internal mail", body="""\
One morning a week we send no mail to each other. A question goes into the feed, where others can see it; \
something urgent goes by phone. Customers notice nothing. After six weeks we ask everybody whether to keep it, and \
we stop if most people would rather not."""),
    Line("mail-free-morning-1", "joke", _ago(8, 6), Kind.COMMENT, "mail-free-morning", remark="concern",
         suggestion="Woensdag zou voor ons wel lukken.", body="""\
Voor Verkoop is dinsdag net de drukste dag. En mag een offerte die nagekeken moet worden toch per mail, of telt dat \
ook? Klanten wachten daar niet op."""),
    Line("mail-free-morning-2", "tomasz", _ago(8, 2), Kind.COMMENT, "mail-free-morning-1", language="en", body="""\
Wednesday is fine with me, the day does not matter. And offers stay in mail: they hold prices, and those do not \
belong in the feed anyway. Thanks, I will change the text."""),

    Line("duo", "greet", _ago(7, 8), Kind.IDEA, title="Duo's van een ancien en een nieuwkomer", body="""\
Koppel iemand met veel dienstjaren aan iemand die pas begint, voor drie maanden, een half uur per week. De ene \
vertelt hoe het gegroeid is, de andere schrijft op wat hij ervan begrepen heeft en zet dat hier. Ik ga over twee \
jaar met pensioen en ik neem liever niet alles mee naar huis."""),
    Line("duo-1", "sam", _ago(7, 3), Kind.COMMENT, "duo", language="en", body="""\
I would sign up today. What I like most is who does the writing: the newcomer sees what is strange, and the \
veteran gets to correct it. Both learn something that a manual would hide."""),

    Line("van-wie", "elif", _ago(6, 9), Kind.IDEA, title="Onder elk plan: van wie het idee kwam", body="""\
In elk projectvoorstel komt één vaste regel: waar het idee ontstaan is, met een link en de namen van wie eraan \
bouwde. Het kost twintig seconden. Wie een idee had, wordt mee uitgenodigd voor de eerste vergadering, ook als dat \
iemand van een heel andere afdeling is."""),
    Line("van-wie-1", "marisol", _ago(6, 5), Kind.COMMENT, "van-wie", language="en", body="""\
The invitation is the important half for me. A name in a footnote is kind. Being in the room when your idea is \
changed beyond recognition is what actually makes people share the next one."""),

    Line("short-summaries", "marisol", _ago(4, 12), Kind.IDEA, language="en",
         title="A three-line summary in the other language under long threads", body="""\
When a thread passes ten messages, whoever feels like it writes three lines in the other language: what was asked, \
what we know now, what is still open. No translation of everything. It helps people who read slowly, people who \
were on holiday, and everybody who arrives a year later."""),
    Line("short-summaries-1", "noor", _ago(4, 8), Kind.COMMENT, "short-summaries", body="""\
Graag! Ik neem de gesprekken over mail voor mijn rekening, in het Nederlands. Drie regels is precies kort genoeg \
om het ook echt te doen."""),

    Line("klantvraag", "lars", _ago(3, 8), Kind.IDEA, title="De klantvraag van de week", body="""\
Verkoop hoort elke week vragen die Redactie nooit bereiken. Elke maandag zet een van ons er één hier, letterlijk \
zoals de klant ze stelde, zonder naam erbij. Redactie hoeft ze niet op te lossen. Het gaat erom dat wie boeken \
maakt, hoort waar lezers over struikelen."""),
    Line("klantvraag-1", "wout", _ago(3, 5), Kind.COMMENT, "klantvraag", remark="question", body="""\
Ja, heel graag. En mogen wij er dan elke maand één terugsturen: een vraag die wij aan een klant zouden willen \
stellen? Dan gaat het verkeer in twee richtingen."""),
]  # fmt: skip

# what a table says among itself, and what is nobody's work
ASIDE = [
    Line("tafel-blauw", "katrien", _ago(8, 4), Kind.NAME, title="Tafel blauw", space="31"),
    Line("tafel-geel", "katrien", _ago(8, 4), Kind.NAME, title="Tafel geel", space="32"),
    Line("wie-presenteert", "amira", _ago(4, 6), Kind.POST, space="Tafel blauw", body="""\
Wie van ons vertelt maandag wat we aan tafel bedacht hebben? Ik wil het best doen, maar ik praat sneller dan goed is. \
Zullen we het met twee doen?"""),
    Line("wie-presenteert-1", "marisol", _ago(4, 1), Kind.REPLY, "wie-presenteert", language="en", body="""\
Let's do it together: you tell the story of the returned books, I show the list. I will write three lines for the \
rest of the table by Friday, so that everybody can put in what we forgot."""),
    Line("taart", "lars", _ago(1, 7), Kind.POST, space="Koffiehoek", body="""\
Er staat vanmiddag taart op de derde, omdat onze catalogus eindelijk naar de drukker is. Wie het eerst komt, krijgt \
het stuk met de aardbei."""),
    Line("taart-1", "sam", _ago(1, 5), Kind.REPLY, "taart", language="en", body="""\
The strawberry is gone, and I am not sorry."""),
]  # fmt: skip

STARTERS = [
    Line("over-een-maand", "katrien", _ago(1, 20), Kind.STARTER, answer_first=True, body="""\
Binnen een maand zien we elkaar terug. **Wat wil je tegen dan één keer anders gedaan hebben?** Het mag klein zijn: \
één vraag die je hier stelt in plaats van in een mail, één collega van een andere afdeling die je opbelt.

Schrijf eerst je eigen voornemen; daarna lees je die van de anderen. Zo schrijft niemand van een ander over."""),
    Line("over-een-maand-1", "noor", _ago(1, 16), Kind.REPLY, "over-een-maand", body="""\
De volgende keer dat ik twijfel over een woord, vraag ik het hier in plaats van aan vijf mensen apart. En ik schrijf \
er meteen bij welke woordenlijst we uiteindelijk gebruikt hebben."""),
    Line("over-een-maand-2", "tomasz", _ago(1, 4), Kind.REPLY, "over-een-maand", language="en", body="""\
I will sit with the editors for one morning, without an agenda, and write down every question they ask each other. My \
guess is that half of them are about something my team could have put in one place."""),
    Line("over-een-maand-3", "joke", _ago(0, 22), Kind.REPLY, "over-een-maand", body="""\
Ik neem me voor om één keer per week iets te laten zien dat nog niet af is. Daar zie ik tegenop, en daarom zet ik het \
hier: nu kan ik niet meer terug."""),
    Line("halfweg", "katrien", _ago(0, 20), Kind.STARTER, due_in=timedelta(days=4), body="""\
We zijn halfweg. **Wat heb je deze week anders gedaan door wat je leerde?** Eén klein ding is genoeg. Wat gebeurde er, \
en wat zou je de volgende keer doen?""", title="Hoe hou je dit vol in een drukke week?", details="""\
Bij mij sneuvelt het delen het eerst: als het druk wordt, los ik het weer alleen op. Wat helpt jou om dan toch even \
iets te vragen of te laten zien?""", idea="Wat zou ons helpen om dit elke dag te gebruiken?"),
    Line("halfweg-1", "sam", _ago(0, 15), Kind.REPLY, "halfweg", language="en", body="""\
I asked a question in the open that I would normally have sent to one person. Three people answered, and one of them \
was somebody I had never spoken to. Next time I will do it before I have spent an hour on it myself."""),
    Line("halfweg-2", "greet", _ago(0, 9), Kind.REPLY, "halfweg", body="""\
Ik heb na een telefoontje twee zinnen opgeschreven in plaats van nul. Het kostte me een minuut, en gisteren zei Amira \
dat ze er iets aan had gehad."""),
]  # fmt: skip

# who can be asked about what
OFFERS = [
    Line(
        "wout-helpt",
        "wout",
        _ago(11, 21),
        Kind.OFFER,
        body="toegankelijke pdf's, beeldbank, een nota schrijven",
        topics=("fotorechten",),
        asked="Waar een foto vandaan komt, en hoe je dat op één regel noteert.",
    ),
    Line(
        "daan-helpt",
        "daan",
        _ago(11, 20),
        Kind.OFFER,
        body="foto's, contracten, wie waarvoor tekent",
        topics=("fotorechten",),
        asked="Contracten met fotografen: stuur me gerust de zin waar je over struikelt.",
    ),
    Line(
        "tomasz-helps",
        "tomasz",
        _ago(11, 18),
        Kind.OFFER,
        language="en",
        body="Excel, figures, quoting sources, ideas",
        topics=("wie-weet-wat",),
        asked="Figures that a sceptic in finance accepts. Bring your worst spreadsheet.",
    ),
    Line("noor-helpt", "noor", _ago(10, 22), Kind.OFFER, body="spelling, vertalen, verwijzen naar bronnen en ideeën"),
]

# what people say of themselves, and the topics they follow
PROFILES = [
    Line("over-wout", "wout", _ago(11, 16), Kind.ABOUT, body="Eindredactie, elke dinsdag in Gent."),
    Line("over-noor", "noor", _ago(11, 15), Kind.ABOUT, body="Zij/haar, nieuw sinds maart, drinkt de koffie zwart."),
    Line("about-tomasz", "tomasz", _ago(11, 14), Kind.ABOUT, language="en", body="He/him, sales figures, up early."),
    Line("about-marisol", "marisol", _ago(11, 13), Kind.ABOUT, language="en", body="English desk, happy to proofread."),
    Line("noor-volgt", "noor", _ago(10, 21), Kind.FOLLOW, body="wie-weet-wat"),
    Line("noor-volgt-ook", "noor", _ago(10, 20), Kind.FOLLOW, body="fotorechten"),
]

LINES = [*FEED, *QUESTIONS, *IDEAS, *ASIDE, *STARTERS, *OFFERS, *PROFILES]

# who gave how many stars to which idea, in the order in which they did
STARS: dict[str, dict[str, int]] = {
    "vijf-eerste-vragen": {
        "amira": 5, "daan": 4, "greet": 5, "katrien": 4, "marisol": 5, "wout": 4, "joke": 5, "tomasz": 4, "pieter": 4,
    },
    "wegwijzer": {"lars": 5, "tomasz": 4, "noor": 4, "katrien": 5, "sam": 3, "joke": 4, "elif": 4, "greet": 3},
    "mail-free-morning": {"joke": 2, "sam": 5, "lars": 4, "pieter": 3, "greet": 2, "noor": 4, "elif": 3},
    "duo": {"sam": 5, "amira": 5, "katrien": 5, "wout": 4, "noor": 4, "daan": 5, "lars": 3},
    "van-wie": {"marisol": 5, "tomasz": 5, "joke": 5, "greet": 4, "katrien": 4, "daan": 3},
    "short-summaries": {"noor": 5, "elif": 4, "sam": 4, "daan": 2, "tomasz": 5},
    "klantvraag": {"wout": 5, "noor": 4, "amira": 4, "joke": 5},
}  # fmt: skip

PACE = timedelta(hours=2, minutes=40)


def _ratings() -> list[Line]:
    """Ratings come a few hours apart, after the idea itself."""
    proposed = {line.key: line.ago for line in IDEAS if line.kind is Kind.IDEA}
    return [
        Line(f"{idea}-{who}", who, proposed[idea] - PACE * (place + 1), Kind.RATE, idea, stars=n)
        for idea, given in STARS.items()
        for place, (who, n) in enumerate(given.items())
    ]


REACTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "over-de-schutting": {"thanks": ("noor", "amira"), "agree": ("tomasz", "greet")},
    "afgeschoten": {"thanks": ("amira", "daan", "katrien"), "agree": ("sam",)},
    "afgeschoten-2": {"agree": ("amira", "elif")},
    "forty-mails": {"insight": ("katrien", "tomasz", "lars"), "curious": ("noor",)},
    "vijf-vragen": {"cheer": ("noor", "greet")},
    "two-languages": {"agree": ("tomasz", "elif")},
    "bekentenis": {"thanks": ("amira", "joke"), "cheer": ("katrien",)},
    "measured": {"insight": ("daan",)},
    "fotorechten-1": {"thanks": ("amira", "noor")},
}

# one report that was handled, and one that waits
MODERATED = [
    Line("via-de-chef-4-noor", "noor", _ago(14, 12), Kind.REPORT, "via-de-chef-4", reason="personal", body="""\
Zijn naam en zijn nummer staan erbij, en hij leest hier niet mee."""),
    Line("via-de-chef-4-hidden", "katrien", _ago(14, 10), Kind.HIDE, "via-de-chef-4", body="""\
Er staat een naam en een telefoonnummer in van iemand die hier niet bij is. Het verhaal zelf mag gerust blijven."""),
    Line("vijf-vragen-3-daan", "daan", _ago(0, 6), Kind.REPORT, "vijf-vragen-3", reason="unkind", body="""\
Hier waren we net bang voor. Amira is de enige die nog maar pas begonnen is."""),
    Line("vijf-vragen-3-sam", "sam", _ago(0, 5), Kind.REPORT, "vijf-vragen-3", reason="unkind", language="en", body="""\
This is exactly the tone that made Greet stop writing in 2014."""),
]  # fmt: skip

# how far ideas got, and why
MOVED = [
    Line("vijf-eerste-vragen-afgesproken", "katrien", _ago(2, 20), Kind.OUTCOME, "vijf-eerste-vragen",
         owner="Noor Peeters", due_in=timedelta(days=47), body="""\
Nieuwe collega's vinden binnen een dag een antwoord, en na een jaar is er een onthaalgids van echte vragen die \
niemand apart heeft moeten schrijven."""),
    Line("wegwijzer-afgesproken", "katrien", _ago(5, 1), Kind.OUTCOME, "wegwijzer", owner="Wout Claes",
         due_in=timedelta(days=-1), body="""\
Wie een vraag heeft, weet meteen wie er iets van afweet, ook in een andere vestiging. Geen twee weken zoeken meer naar \
één naam."""),
    Line("vijf-eerste-vragen-besproken", "katrien", _ago(6, 20), Kind.MOVE, "vijf-eerste-vragen", stage="discussion",
         body="""\
Negen mensen gaven een waardering en Amira wil de eerste buddy zijn. Tijd om samen te kijken hoe we eraan beginnen."""),
    Line("vijf-eerste-vragen-gebouwd", "katrien", _ago(2, 21), Kind.MOVE, "vijf-eerste-vragen", stage="building",
         body="""\
Noor en Amira proberen het samen uit in januari met de drie nieuwe collega's van Redactie. Vrijblijvend, zoals \
Daan vroeg."""),
    Line("van-wie-samen", "elif", _ago(6, 8), Kind.INVITE, "van-wie", owner="Amira Benali"),
    Line("van-wie-samen-ja", "amira", _ago(6, 7), Kind.JOIN, "van-wie"),
    Line("mail-free-morning-toch", "tomasz", _ago(1, 3), Kind.APPEAL, "mail-free-morning-niet-nu", language="en",
         body="""\
Joke offered Wednesday for Sales, and four of seven people liked it. Could we not try six weeks without Sales?"""),
    Line("mail-free-morning-antwoord", "katrien", _ago(0, 22), Kind.REPLY_TO_APPEAL, "mail-free-morning-toch", body="""\
Eerlijk punt over woensdag. Het blijft bij maart, want een proef zonder Verkoop zegt niets over wie de meeste mails \
krijgt. Wel zet ik jouw woensdag nu al in de planning."""),
    Line("wegwijzer-besproken", "katrien", _ago(5, 2), Kind.MOVE, "wegwijzer", stage="discussion", body="""\
Wie wil, denkt mee over wat er op zo'n pagina komt. Wout brengt volgende week een voorbeeld mee, dan \
hebben we iets om op te reageren."""),
    Line("mail-free-morning-niet-nu", "katrien", _ago(1, 8), Kind.MOVE, "mail-free-morning", stage="not_now", body="""\
De meningen lopen te ver uit elkaar: voor Verkoop is geen enkele ochtend rustig. We kijken in maart opnieuw, zodra de \
offertes niet meer via mail lopen."""),
]  # fmt: skip

# what was asked about points, and what the trainer changed
GRADED = [
    Line("punten-sam", "sam", _ago(1, 22), Kind.REVIEW, "mail-after-two-weeks-1", language="en", body="""\
I wrote most of this on the train last week and only posted it today. Could it count for last week instead?"""),
    Line("punten-sam-antwoord", "katrien", _ago(1, 5), Kind.REVIEWED, "punten-sam", language="en", body="""\
Fair question. A text counts in the week in which it stands here, for everybody, so that nobody has to prove when \
something was written. I left it as it is; do write to me if a week like that costs you points again."""),
    Line("punten-greet", "katrien", _ago(1, 4), Kind.BONUS, owner="Greet Hermans", week=1, points=2, body="""\
Je hielp Amira een halfuur aan de telefoon en schreef daarna voor ons allemaal op wat eruit kwam. Dat telt ook mee."""),
    Line("punten-joke", "katrien", _ago(1, 3), Kind.EXCUSE, owner="Joke Vandamme", week=2, body="""\
Je was die week ziek. Beterschap, en niets in te halen: deze week telt gewoon niet mee."""),
]  # fmt: skip

PINNED = Line("hoe-praten-we-pin", "katrien", _ago(1, 3), Kind.PIN, "hoe-praten-we")


def _reactions() -> list[Line]:
    """Reactions come soon after the text, a few minutes apart."""
    said = {line.key: line for line in LINES}
    return [
        Line(f"{text}-{who}-{reaction}", who, said[text].ago - timedelta(minutes=9 * place + 4), Kind.REACT, text,
             reaction=reaction)
        for text, given in REACTIONS.items()
        for place, (reaction, who) in enumerate((r, who) for r, people in given.items() for who in people)
    ]  # fmt: skip


# who chose what, in the order in which they did
VOTES: dict[str, dict[str, tuple[int, ...]]] = {
    "volgende-middag": {
        "amira": (3,), "noor": (1,), "tomasz": (3,), "wout": (3,), "joke": (1,), "greet": (2,), "lars": (3,),
        "marisol": (2,), "daan": (1,),
    },
    "how-often": {
        "daan": (1,), "noor": (2, 3), "greet": (3,), "pieter": (2,), "tomasz": (1, 4), "elif": (2,), "lars": (5,),
    },
}  # fmt: skip


def _votes() -> list[Line]:
    """Votes come half an hour apart, after the poll."""
    asked = {line.key: line.ago for line in FEED if line.options}
    return [
        Line(f"{poll}-vote-{who}", who, asked[poll] - timedelta(minutes=30 * (place + 1)), Kind.VOTE, poll, choices=n)
        for poll, given in VOTES.items()
        for place, (who, n) in enumerate(given.items())
    ]
