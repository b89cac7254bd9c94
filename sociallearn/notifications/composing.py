"""The mail one person would get now: from every course of theirs, in their language, as plain text and as HTML.

Made at the moment it is sent, from what may be read at that moment, and kept nowhere.
"""

from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

from flask import current_app, render_template
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock, languages
from sociallearn.lti.models import Deployment, Registration
from sociallearn.notifications import going, reading, wording
from sociallearn.notifications.models import About
from sociallearn.notifications.reading import Line
from sociallearn.roster.models import Cohort, Member, Person

MOST_LINES = 25  # of one course: more is read in the tool


@dataclass
class Course:
    """What is new in one course."""

    title: str
    member_id: int
    sections: list[tuple[str, list[Line]]] = field(default_factory=list)
    left_out: int = 0  # lines there was no room for


@dataclass
class Letter:
    """What is told, and which rows that is."""

    courses: list[Course]
    ids: list[int]
    count: int
    has_request: bool

    @property
    def subject(self) -> str:
        """In the language of the moment."""
        first = self.courses[0].title
        title = first if len(self.courses) == 1 else _("your courses")
        return wording.subject(self.count, self.has_request, title)


def memberships(session: Session, person: Person) -> list[Member]:
    """Where a person came in and still is, and where something can still happen; the newest first."""
    return list(
        session.scalars(
            select(Member)
            .join(Cohort, Cohort.id == Member.cohort_id)
            .join(Deployment, Deployment.id == Cohort.deployment_id)
            .join(Registration, Registration.id == Deployment.registration_id)
            .where(Member.person_id == person.id, Member.joined_at.is_not(None), Member.left_at.is_(None))
            .where(Member.is_test.is_(False), Cohort.archived_at.is_(None), Registration.is_active)
            .order_by(Member.id.desc())
        )
    )


def letters_wait(session: Session, person: Person) -> bool:
    """Whether there is anything to tell this person by mail."""
    return any(reading.to_mail(session, member) for member in memberships(session, person))


def who_asks(session: Session, person_id: int) -> Cohort | None:
    """The course in which this person is asked to help and has not heard of it by mail."""
    for member in memberships(session, session.get_one(Person, person_id)):
        if any(line.about == About.ASKED for line in reading.to_mail(session, member)):
            return member.cohort
    return None


def compose(session: Session, person: Person) -> Letter | None:
    """What there is to tell; nothing for nothing. Say in which language first (``languages.speak``)."""
    courses, told, count, has_request = [], [], 0, False
    for member in memberships(session, person):
        lines = reading.to_mail(session, member)
        if not lines:
            continue
        shown = sorted(lines, key=lambda line: _ORDER[About(line.about)])[:MOST_LINES]
        course = Course(member.cohort.title or "SocialLearn", member.id, left_out=len(lines) - len(shown))
        for about, heading in wording.headings().items():
            some = [line for line in shown if line.about == about]
            if some:
                course.sections.append((heading, some))
        courses.append(course)
        count += len(lines)
        has_request = has_request or any(line.about == About.ASKED for line in lines)
        told += [row_id for line in lines for row_id in line.ids]
    return Letter(courses, told, count, has_request) if courses else None


_ORDER = {about: place for place, about in enumerate([
    About.ASKED, About.REPLY, About.NAMED, About.CREDIT, About.DECISION, About.WORD, About.IDEA, About.TRAINER,
    About.PULSE,
    About.FOLLOWED, About.REACTION,
])}  # fmt: skip


def language_of(session: Session, person: Person) -> str:
    """Theirs, else that of their newest course."""
    newest = next((member.cohort.language for member in memberships(session, person)), None)
    return languages.of(person.language, person.locale, newest)


def words(letter: Letter) -> dict[str, str]:
    """The sentences around what is told."""
    return {
        "greeting": _("Hello,"),
        "intro": ngettext(
            "There is %(num)s thing you have not seen yet.",
            "There are %(num)s things you have not seen yet.",
            letter.count,
        ),
        "why": _("You get one mail a day at most, because you take part in a course that uses SocialLearn."),
        "stop": _("No more mails"),
        "settings": _("How often, and about what"),
        "all": _("See everything"),
    }


def message(letter: Letter, person: Person, digest_id: int) -> EmailMessage:
    """The mail itself. Raises ValueError for an address no mail can have."""
    relay, base_url = current_app.config["MAIL"], current_app.config["BASE_URL"]
    if "@" not in parseaddr(person.email or "")[1] or parseaddr(person.email or "")[1] != person.email:
        raise ValueError("not an address")
    stop, around = going.stop_link(person.id), words(letter)
    given = {
        "letter": letter,
        "around": around,
        "sentence": wording.sentence,
        "link": going.link,
        "stop": stop,
        "subject": letter.subject,
        "language": languages.choose(),
        "more": lambda number: ngettext("And %(num)s more.", "And %(num)s more.", number),
    }
    made = EmailMessage(policy=SMTP)
    made["Subject"] = letter.subject
    made["From"] = relay.sender
    made["To"] = person.email
    made["Date"] = format_datetime(clock.now())
    made["Message-ID"] = f"<digest-{digest_id}@{urlsplit(base_url).hostname}>"  # the same however often it is tried
    made["Auto-Submitted"] = "auto-generated"
    made["List-Unsubscribe"] = f"<{stop}>"
    made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(render_template("notifications/digest.txt", **given), cte="quoted-printable")
    made.add_alternative(render_template("notifications/digest.htm", **given), subtype="html", cte="quoted-printable")
    made["Content-Language"] = languages.choose()  # of the whole: before there are parts, it would go to the first
    return made
