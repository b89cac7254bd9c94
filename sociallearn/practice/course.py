"""The practice courses, what stands in them and who takes part."""

from dataclasses import dataclass

from sociallearn.practice.people import CROWD, Role


@dataclass(frozen=True)
class Activity:
    """A link to the tool that stands in a course from the start. With ``maximum`` it has a column in the gradebook."""

    id: str
    title: str
    description: str
    maximum: float | None = None


@dataclass(frozen=True)
class Plan:
    """A course as it is on its first day. ``id`` is the LMS's own and becomes the launch's ``context.id``."""

    id: str
    label: str
    title: str
    summary: str
    activities: tuple[Activity, ...]
    people: tuple[tuple[str, Role], ...]


LEARNERS = (
    "noor", "wout", "elif", "daan", "marisol", "sam",
    "joke", "pieter", "amira", "tomasz", "greet", "lars", "kobe",
)  # fmt: skip

MAIN = Plan(
    id="smld-2026",
    label="SMLD-2026",
    title="Social media en L&D: het paar van de toekomst",
    summary="A training day in the middle, with weeks of talk before and after it. In Dutch and English.",
    activities=(
        Activity("praat-mee", "Praat mee", "Praten, vragen en ideeën. Meedoen telt mee voor je resultaat.", 100),
        Activity("prikbord", "Prikbord", "Dezelfde groep. Deze link heeft geen eigen kolom."),
    ),
    people=(
        ("katrien", Role.TRAINER),
        ("bart", Role.MANAGER),
        ("sofie", Role.TRAINER),
        *((id, Role.LEARNER) for id in LEARNERS),
    ),
)  # fmt: skip

OTHER = Plan(
    id="editors-2026",
    label="EDIT-2026",
    title="Onboarding for new editors",
    summary="A small second cohort. Nothing said here may ever be seen in the other course, and the other way round.",
    activities=(
        Activity("join-in", "Join in", "Talk, questions and ideas of the new editors. Taking part counts.", 20),
        Activity("noticeboard", "Noticeboard", "The same people. This link has no column of its own."),
    ),
    people=(
        ("helen", Role.TRAINER),
        ("priya", Role.LEARNER),
        ("jonas", Role.LEARNER),
        ("marisol", Role.LEARNER),
    ),
)

EARLIER = Plan(
    id="smld-2025",
    label="SMLD-2025",
    title="Social media en L&D, editie 2025",
    summary="Last year's course. What its people agreed to share answers questions in this year's.",
    activities=(Activity("praat-mee-2025", "Praat mee", "Praten, vragen en ideeën van vorig jaar."),),
    people=(("veerle", Role.TRAINER), ("hugo", Role.LEARNER), ("nina", Role.LEARNER)),
)

SHARING = Plan(
    id="delen-2026",
    label="DELEN-2026",
    title="Kennis delen over afdelingen heen",
    summary="A finished course of 36 people from four units, for looking at figures.",
    activities=(Activity("delen", "Praat mee", "Praten, vragen en ideeën."),),
    people=(("veerle", Role.TRAINER), ("bart", Role.MANAGER), *((one.id, Role.LEARNER) for one in CROWD)),
)

FEEDBACK = Plan(
    id="feedback-2026",
    label="FEEDBACK-2026",
    title="Feedback geven en krijgen",
    summary="A course of 18 people, for looking at figures side by side.",
    activities=(Activity("feedback", "Praat mee", "Praten, vragen en ideeën."),),
    people=(("greet", Role.TRAINER), ("bart", Role.MANAGER), *((one.id, Role.LEARNER) for one in CROWD[:18])),
)

COURSES = [MAIN, OTHER, EARLIER, SHARING, FEEDBACK]
