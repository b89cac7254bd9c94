"""Let later cohorts read questions: a cohort's trainers offer them, and each author says so of their own texts."""

from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_or_get
from sociallearn.errors import Refusal
from sociallearn.questions.models import Memory, TextConsent
from sociallearn.roster.models import Cohort, Member, Person
from sociallearn.roster.phases import check_trains


class Choice(StrEnum):
    """What an author lets later cohorts read of their own texts in one cohort."""

    NOTHING = "nothing"
    TEXTS = "texts"  # without the name
    NAMED = "named"


def offer(session: Session, cohort: Cohort, *, is_offered: bool, is_read: bool, by: Member) -> Memory:
    """Whether later cohorts may read this one's questions, and whether those of earlier ones are shown here.

    Raises Refusal 403 for who does not train the cohort.
    """
    check_trains(by)
    values = {"organisation_id": cohort.organisation_id, "by_id": by.id, "at": clock.now()}
    row = insert_or_get(session, Memory, {"cohort_id": cohort.id}, {**values, "is_offered": False, "is_read": True})
    row.is_offered, row.is_read, row.by_id, row.at = is_offered, is_read, by.id, clock.now()
    session.flush()
    return row


def agree(session: Session, author: Member, choice: Choice, *, by: Person) -> None:
    """What later cohorts may read of the texts of ``author``; counts from this moment on, also where it was yes before.

    Raises Refusal 404 for anybody else's texts.
    """
    if author.person_id != by.id:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    if choice == Choice.NOTHING:
        session.execute(delete(TextConsent).where(TextConsent.member_id == author.id))
        return
    with_name = choice == Choice.NAMED
    values: dict[str, Any] = {"cohort_id": author.cohort_id, "organisation_id": author.organisation_id}
    values |= {"with_name": with_name, "at": clock.now()}
    row = insert_or_get(session, TextConsent, {"member_id": author.id}, values)
    if row.with_name != with_name:
        row.with_name, row.at = with_name, clock.now()
        session.flush()
