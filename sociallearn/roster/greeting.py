"""What stands above the feed: set this cohort up, our agreements, and the phase under way. Never before reading."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.roster import agreeing, phases
from sociallearn.roster.agreeing import Current
from sociallearn.roster.models import Cohort, Member
from sociallearn.roster.phases import Part


@dataclass(frozen=True)
class Greeting:
    """Cards and a line above the feed."""

    sets_up: bool  # a trainer, and nobody chose how the cohort runs yet
    agreements: Current
    agreements_news: str  # "first", "changed", or nothing to show
    phase: Part | None  # under way
    next_phase: Part | None


def greet(session: Session, cohort: Cohort, member: Member) -> Greeting:
    """For this member now, in two queries."""
    now_on, next_up = phases.now_and_next(phases.of(session, cohort), clock.now())
    agreements = agreeing.current(session, cohort.id)
    sets_up = member.is_trainer and cohort.template is None and not cohort.is_archived
    return Greeting(
        sets_up=sets_up,
        agreements=agreements,
        agreements_news="" if cohort.is_archived or sets_up else agreements.news_for(member),  # one thing at a time
        phase=now_on,
        next_phase=next_up,
    )
