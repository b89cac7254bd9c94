"""The pages people see: who to be, the course, the gradebook, the participants, the log and the switches."""

import json
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, g, jsonify, redirect, render_template, request, url_for
from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from sociallearn import clock
from sociallearn.practice import copying, gradebook, launching, log, switches
from sociallearn.practice.models import Course, Enrolment, LineItem, Link
from sociallearn.practice.people import ADMINISTRATORS, Role
from sociallearn.practice.state import origin, practice

bp = Blueprint("pages", __name__)

GROUPS = {Role.TRAINER: "Trainer", Role.MANAGER: "L&D manager"}
ADMINISTRATOR = "Administrator of this LMS"


@bp.before_request
def same_origin() -> None:
    """Forms are taken from these pages only; together with the Lax cookie this keeps forged ones out."""
    sent_by = request.headers.get("Origin")
    if request.method == "POST" and sent_by and sent_by not in (practice().base_url, origin(request.host_url)):
        abort(403)


@bp.app_context_processor
def chrome() -> dict[str, Any]:
    """What the frame of every page shows: who you are."""
    return {"who": g.get("who"), "course": g.get("course")}


@bp.app_url_defaults
def keep_person(endpoint: str, values: dict[str, Any]) -> None:
    """Where no cookie stays, the address says who you are, and so do its links."""
    named = request.args.get("person")
    if named and named != cookie.get("person") and endpoint.startswith("pages.") and endpoint != "pages.first":
        values.setdefault("person", named)


def _me() -> str:
    return request.args.get("person") or str(cookie.get("person", ""))


@bp.get("/")
def first() -> str:
    """Explain the place, name the course, and ask who to be."""
    with practice().store.reading() as session:
        courses = list(session.scalars(select(Course).order_by(Course.position)))
        casts = [(course, _grouped(launching.places(session, course.id))) for course in courses]
        return render_template("practice/first.html", casts=casts)


def _grouped(places: list[Enrolment]) -> list[tuple[str, list[Enrolment]]]:
    named = [(_group(one), one) for one in places]
    order = [*GROUPS.values(), ADMINISTRATOR, *dict.fromkeys(name for name, _ in named)]
    named.sort(key=lambda pair: order.index(pair[0]))
    return [(name, [one for _, one in group]) for name, group in groupby(named, key=lambda pair: pair[0])]


def _group(place: Enrolment) -> str:
    if place.person_id in ADMINISTRATORS:
        return ADMINISTRATOR
    return GROUPS.get(Role(place.role), f"Learners, {place.person.unit}")


@bp.post("/sign-in")
def sign_in() -> AnyResponse:
    """Be somebody."""
    course_id, person_id = request.form.get("course", ""), request.form.get("person", "")
    with practice().store.reading() as session:
        if session.get(Enrolment, (course_id, person_id)) is None:
            abort(404)
    cookie["person"] = person_id
    return redirect(url_for("pages.course", course_id=course_id, person=person_id), 303)


@bp.get("/courses/<course_id>")
def course(course_id: str) -> str | AnyResponse:
    """The course: its activities, and the tool in a frame."""
    with practice().store.reading() as session:
        place = _enter(session, course_id)
        if place is None:
            return redirect(url_for("pages.first"), 303)
        links = _links(session, course_id)
        graded = set(session.scalars(select(LineItem.link_id).where(LineItem.course_id == course_id)))
        opened = next((link for link in links if link.id == request.args.get("link")), links[0])
        said = request.args.get("lti_errormsg") or request.args.get("lti_msg")
        return render_template(
            "practice/course.html",
            place=place,
            links=links,
            graded=graded,
            opened=opened,
            said=said,
            messages=switches.read(session).messages,
            here="course",
        )


@bp.get("/courses/<course_id>/adding")
def adding(course_id: str) -> str | AnyResponse:
    """Choose content in the tool; the trainer's page."""
    with practice().store.reading() as session:
        place = _enter(session, course_id)
        if place is None:
            return redirect(url_for("pages.first"), 303)
        if not _trains(place):
            abort(403)
        messages = switches.read(session).messages
        return render_template("practice/adding.html", place=place, messages=messages, here="course")


@bp.post("/courses/<course_id>/copies")
def copy_course(course_id: str) -> AnyResponse:
    """The course once more, for the next run."""
    with practice().store.writing() as session:
        if not _trains(_enter(session, course_id)):
            abort(403)
        made = copying.copy(session, g.course)
    return redirect(url_for("pages.course", course_id=made.id), 303)


@bp.get("/practice/messages")
def keeper() -> str:
    """The hidden frame that keeps data for the tool, as Canvas has one (LTI platform storage, lti-pm-s)."""
    return render_template("practice/keeper.html", title="Messages")


@bp.get("/courses/<course_id>/grades")
def grades(course_id: str) -> str:
    """The gradebook."""
    with practice().store.reading() as session:
        place = _enter(session, course_id)
        book = gradebook.read(session, course_id)
        return render_template("practice/grades.html", book=book, place=place, is_trainer=_trains(place), here="grades")


@bp.get("/courses/<course_id>/grades.json")
def grades_as_data(course_id: str) -> Response:
    """The same, for the page's own module."""
    with practice().store.reading() as session:
        _enter(session, course_id)
        return jsonify(gradebook.read(session, course_id))


@bp.get("/courses/<course_id>/participants")
def participants(course_id: str) -> str:
    """Who is in the course; the trainer may remove learners and put them back."""
    with practice().store.reading() as session:
        place = _enter(session, course_id)
        return render_template(
            "practice/participants.html",
            places=launching.places(session, course_id),
            may_change=_trains(place),
            here="participants",
        )


@bp.post("/courses/<course_id>/participants/<person_id>/removal")
def remove(course_id: str, person_id: str) -> AnyResponse:
    """Take a learner out of the course: no launch, not in the roster, not gradable."""
    return _change(course_id, person_id, removed=True)


@bp.post("/courses/<course_id>/participants/<person_id>/return")
def put_back(course_id: str, person_id: str) -> AnyResponse:
    """Put a removed learner back, with the scores there were."""
    return _change(course_id, person_id, removed=False)


def _change(course_id: str, person_id: str, removed: bool) -> AnyResponse:
    with practice().store.writing() as session:
        if not _trains(_enter(session, course_id)):
            abort(403)
        enrolment = session.get(Enrolment, (course_id, person_id))
        if enrolment is None or enrolment.role != Role.LEARNER:
            abort(404)
        enrolment.removed_at = clock.now() if removed else None
    return redirect(url_for("pages.participants", course_id=course_id, _anchor=f"person-{person_id}"), 303)


@bp.get("/log")
def messages() -> str:
    """What passed between this LMS and the tool, newest first."""
    kind = request.args.get("kind")
    kind = kind if kind in log.KINDS else None
    with practice().store.reading() as session:
        _recall(session)
        found, older = log.page(session, kind, request.args.get("before", type=int))
        return render_template(
            "practice/log.html",
            entries=found,
            older=older,
            kind=kind,
            kinds=log.KINDS,
            count=log.count(session),
            here="log",
        )


@bp.get("/services")
def services() -> str:
    """How the services stand, and the switches."""
    with practice().store.reading() as session:
        _recall(session)
        return _services(switches.read(session))


def _services(now: switches.Switches, problem: str | None = None) -> str:
    words = {"modes": switches.IN_WORDS, "messages": switches.MESSAGES_IN_WORDS}
    return render_template("practice/services.html", now=now, **words, problem=problem, here="services")


@bp.post("/practice/services")
def turn_switches() -> AnyResponse | tuple[str, int]:
    """Turn them. What is left out of the form stays as it is."""
    with practice().store.writing() as session:
        now = switches.read(session)
        try:
            mode = switches.Mode(request.form.get("mode", now.mode))
            messages = switches.Messages(request.form.get("messages", now.messages))
            seed, skew = int(request.form.get("seed", now.seed)), int(request.form.get("skew", now.skew))
            if abs(skew) > switches.LARGEST_SKEW or abs(seed) > 2**63:
                raise ValueError
        except ValueError:
            problem = "Choose one of the five, and whole numbers; the clock may be a day (86400 seconds) wrong at most."
            return _services(now, problem), 422
        switches.turn(session, mode, seed, skew, messages)
    return redirect(url_for("pages.services"), 303)


@bp.app_template_filter("pretty")
def pretty(value: Any) -> str:
    """Data as people read it."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _enter(session: Session, course_id: str) -> Enrolment | None:
    """The course exists (or 404); who the browser is in it, if anybody."""
    g.course = session.get(Course, course_id) or abort(404)
    place = session.get(Enrolment, (course_id, _me()))
    g.who = place.person if place else None
    return place


def _recall(session: Session) -> None:
    """On pages of no course: the course last seen, so that the way back is there."""
    query = select(Enrolment).where(Enrolment.person_id == _me()).join(Enrolment.course)
    place = session.scalars(query.order_by(Course.position)).first()
    g.course, g.who = (
        (place.course, place.person)
        if place
        else (session.scalars(select(Course).order_by(Course.position)).first(), None)
    )


def _trains(place: Enrolment | None) -> bool:
    return place is not None and place.is_active and place.role == Role.TRAINER


def _links(session: Session, course_id: str) -> list[Link]:
    return list(session.scalars(select(Link).where(Link.course_id == course_id).order_by(Link.position)))
