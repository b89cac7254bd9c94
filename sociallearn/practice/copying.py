"""Copying a course, as LMSs do for the next run: new ids everywhere, parameters of links as they were, no scores."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn.practice.models import Course, Enrolment, LineItem, Link

MOST = 20  # of copies of copies that are told


def copy(session: Session, course: Course) -> Course:
    """A course of its own with the same people and links, which knows what it was copied from."""
    number = (session.scalar(select(func.count()).select_from(Course)) or 0) + 1
    made = Course(
        id=f"copy-{number}",
        position=number,
        label=f"{course.label}-C{number}",
        title=f"{course.title} (copy {number})",
        summary=f"A copy of {course.label}: the same links under new ids.",
        copied_from=course.id,
    )
    session.add(made)
    session.flush()
    for place in session.scalars(select(Enrolment).where(Enrolment.course_id == course.id)):
        session.add(Enrolment(course_id=made.id, person_id=place.person_id, role=place.role))
    for link in session.scalars(select(Link).where(Link.course_id == course.id).order_by(Link.position)).all():
        _copy_link(session, link, made)
    return made


def _copy_link(session: Session, link: Link, course: Course) -> None:
    twin = Link(
        id=f"{course.id}-{link.position}",
        course_id=course.id,
        position=link.position,
        title=link.title,
        description=link.description,
        url=link.url,
        custom=dict(link.custom),
        copied_from=link.id,
        client_id=link.client_id,
    )
    session.add(twin)
    session.flush()
    for item in session.scalars(select(LineItem).where(LineItem.link_id == link.id)).all():
        session.add(
            LineItem(
                course_id=course.id,
                link_id=twin.id,
                is_coupled=item.is_coupled,
                label=item.label,
                maximum=item.maximum,
                resource_id=item.resource_id,
                tag=item.tag,
            )
        )


def history(session: Session, model: type[Course] | type[Link], copied_from: str | None) -> list[str]:
    """What ``$Context.id.history`` and ``$ResourceLink.id.history`` stand for: ids of the originals, newest first."""
    ids: list[str] = []
    while copied_from is not None and len(ids) < MOST:
        ids.append(copied_from)
        copied_from = session.scalar(select(model.copied_from).where(model.id == copied_from))
    return ids
