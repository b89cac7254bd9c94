"""How far ideas can be: the stages of a round, their names and order, and who looks after it.

A stage is written as its key where it bears its usual name, which each reader sees in their language, and as ``=`` and
its name where a trainer named it: so the decision log keeps the name of that moment.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.ideas import rounds
from sociallearn.ideas.models import Idea, IdeaRound, RoundOwner, Stage
from sociallearn.roster.models import Member
from sociallearn.text.naming import fold

REFUSED = "not_now"
USUAL = ("new", "discussion", "building", "done", REFUSED)
FEWEST, MOST, LONGEST = 2, 8, 40


@dataclass(frozen=True)
class Step:
    """A stage as it is written: ``code`` is what ``stage_name`` in the templates turns into words."""

    key: str
    name: str | None

    @property
    def code(self) -> str:
        """The usual key, or ``=`` and a name."""
        return f"={self.name}" if self.name else self.key


@dataclass(frozen=True)
class Wanted:
    """A stage as the trainer wants it: an existing one by its key, or a new one; without a name one that goes."""

    key: str | None
    name: str


def usual_names() -> dict[str, str]:
    """What the usual stages are called."""
    return {
        "new": _("New"),
        "discussion": _("In discussion"),
        "building": _("Being built"),
        "done": _("Done"),
        "not_now": _("Not now"),
    }


def stages_of(session: Session, round_: IdeaRound) -> list[Step]:
    """The round's stages, in order: one query."""
    rows = session.execute(select(Stage.key, Stage.name).where(Stage.round_id == round_.id).order_by(Stage.place)).all()
    return [Step(key, name) for key, name in rows] or [Step(key, None) for key in USUAL]


def problem_of(wanted: Sequence[Wanted]) -> str | None:
    """What is wrong with these stages, as a sentence."""
    named = [one.name for one in wanted if one.name]
    if len(named) < FEWEST:
        return str(_("Keep at least two stages."))
    if next(one.key for one in wanted if one.name) == REFUSED:
        return str(_("Ideas begin in the first stage: that cannot be the one for refused ideas."))
    if len(named) > MOST:
        return str(_("Eight stages at most."))
    if any(len(name) > LONGEST for name in named):
        return str(_("The name of a stage has at most 40 characters."))
    keys = [one.key for one in wanted if one.name and one.key is not None]
    if len({fold(name) or name for name in named}) < len(named) or len(set(keys)) < len(keys):
        return str(_("Two stages have the same name."))
    return None


def set_stages(session: Session, round_: IdeaRound, wanted: Sequence[Wanted], *, by: Member) -> None:
    """Name and order the stages. Ideas stay where they are, and what they stand in keeps its name: it would say
    something else of them without a reason in the decision log.

    Raises Refusal 403 for who does not train, 422 for stages that will not do, 409 when ideas stand in one that would
    go or be called otherwise.
    """
    rounds.check_trains(by)
    problem = problem_of(wanted)
    if problem:
        raise Refusal(422, problem)
    round_ = locked(session, IdeaRound, round_.id)  # whoever proposes or moves stands in the same line
    before = {one.key: one for one in stages_of(session, round_)}
    names = usual_names()
    kept = [one for one in wanted if one.name and (one.key is None or one.key in before)]
    gone = set(before) - {one.key for one in kept}
    standing = session.scalar(select(Idea.stage).where(Idea.round_id == round_.id, Idea.stage.in_(gone)).limit(1))
    if standing is not None:
        called = before[standing].name or names[standing]
        alone = (Idea.round_id == round_.id, Idea.stage == standing, Idea.merged_into.is_(None))
        if not session.scalar(select(select(Idea.post_id).where(*alone).exists())):
            raise Refusal(
                409,
                _(
                    "Ideas that were merged into others stood in “%(stage)s”: keep it, or split and move them first.",
                    stage=called,
                ),
                _("Nothing was changed."),
            )
        raise Refusal(409, _("Ideas stand in “%(stage)s”: move them first.", stage=called), _("Nothing was changed."))
    _check_names(session, round_, {one.key: one.name for one in kept if one.key}, before)
    taken = {*before, *session.scalars(select(Idea.stage).where(Idea.round_id == round_.id))}
    session.execute(delete(Stage).where(Stage.round_id == round_.id))
    for place, one in enumerate(kept):
        key = one.key or _free(taken)
        taken.add(key)
        name = None if one.name == names.get(key) else one.name
        session.add(Stage(cohort_id=round_.cohort_id, round_id=round_.id, key=key, name=name, place=place))
    session.flush()


def _check_names(session: Session, round_: IdeaRound, wanted: dict[str, str], before: dict[str, Step]) -> None:
    names = usual_names()
    called = {key: step.name or names[key] for key, step in before.items()}
    renamed = [key for key, name in wanted.items() if name != called[key]]
    standing = select(Idea.stage).where(Idea.round_id == round_.id, Idea.stage.in_(renamed), Idea.merged_into.is_(None))
    # what was refused is counted by this stage, whatever stands in it now
    fixed = REFUSED if REFUSED in renamed else session.scalar(standing.limit(1)) if renamed else None
    if fixed == REFUSED:
        raise Refusal(
            409,
            _("“%(stage)s” keeps its name: what was refused is counted by it.", stage=called[fixed]),
            _("Nothing was changed."),
        )
    if fixed is not None:
        raise Refusal(
            409,
            _("Ideas stand in “%(stage)s”: it keeps its name until they are moved.", stage=called[fixed]),
            _("Nothing was changed."),
        )


def _free(taken: Collection[str]) -> str:
    return next(key for number in range(1, len(taken) + 2) if (key := f"s{number}") not in taken)


def candidates(session: Session, round_: IdeaRound) -> list[Member]:
    """Who can look after a round: learners who came in and are still here."""
    statement = select(Member).where(Member.cohort_id == round_.cohort_id, Member.is_graded)
    return sorted(session.scalars(statement).unique(), key=lambda one: (one.name.casefold(), one.id))


def owners(session: Session, round_: IdeaRound) -> set[int]:
    """Who looks after it: ids of members."""
    return set(session.scalars(select(RoundOwner.member_id).where(RoundOwner.round_id == round_.id)))


def set_owners(session: Session, round_: IdeaRound, member_ids: Collection[int], *, by: Member) -> None:
    """Ask these members to look after the round, and nobody else.

    Raises Refusal 403 for who does not train, 422 for people who cannot.
    """
    rounds.check_trains(by)
    round_ = locked(session, IdeaRound, round_.id)
    wanted = set(member_ids)
    if not wanted <= {one.id for one in candidates(session, round_)}:
        raise Refusal(422, _("Choose somebody from the list."))
    session.execute(delete(RoundOwner).where(RoundOwner.round_id == round_.id))
    session.add_all(RoundOwner(cohort_id=round_.cohort_id, round_id=round_.id, member_id=one) for one in sorted(wanted))
    session.flush()


def counts(session: Session, round_: IdeaRound) -> dict[str, int]:
    """How many ideas stand in each stage, also those nobody can read now."""
    statement = select(Idea.stage, func.count()).where(Idea.round_id == round_.id).group_by(Idea.stage)
    return {key: count for key, count in session.execute(statement)}
