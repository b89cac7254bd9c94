"""The platform's LTI addresses: starting a launch, the authorisation endpoint, the key set and the token endpoint."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask import session as cookie
from sqlalchemy import select

from sociallearn.practice import claims, clients, launching, log, switches, troubles
from sociallearn.practice.launching import CannotLaunch
from sociallearn.practice.models import Course, Enrolment, LineItem, Link, Person
from sociallearn.practice.state import practice
from sociallearn.practice.tokens import Refused, grant

bp = Blueprint("platform", __name__)

WANTED = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}


@bp.get("/launch/<link_id>")
def launch_link(link_id: str) -> tuple[str, int] | str:
    """Start a launch: a page that posts the login initiation to the tool (LTI core 3.1.3, security 5.1.1.1).

    It stands in the course page's iframe, so the form is posted from inside it.
    """
    return _start(link_id, None)


@bp.get("/courses/<course_id>/choosing")
def launch_choosing(course_id: str) -> tuple[str, int] | str:
    """Start a deep linking launch: the trainer chooses content in the tool (deep linking 2.1)."""
    return _start(None, course_id)


@bp.get("/launch/<link_id>/review/<person_id>")
def launch_review(link_id: str, person_id: str) -> tuple[str, int] | str:
    """Start a submission review launch: from the gradebook to one learner's work (submission review 1.0)."""
    return _start(link_id, None, for_person=person_id)


def _start(link_id: str | None, course_id: str | None, for_person: str | None = None) -> tuple[str, int] | str:
    lms = practice()
    with lms.store.writing() as session:
        link = session.get(Link, link_id) if link_id else None
        course = link.course if link else session.get(Course, course_id or "")
        if course is None:
            return _stop("There is no such activity.", 404)
        # the frame says who, so that two tabs can be two people; the cookie only fills in
        enrolment = launching.place(session, course.id, request.args.get("person") or cookie.get("person"))
        if enrolment is None:
            return _stop("You are not in this course (any more), so its activities do not open for you.", 403)
        if link is None and enrolment.role != "Instructor":
            return _stop("Only the trainer adds content to a course.", 403)
        if for_person and enrolment.role != "Instructor" and for_person != enrolment.person_id:
            return _stop("Only the trainer looks at somebody else's work.", 403)
        if for_person and session.get(Enrolment, (course.id, for_person)) is None:
            return _stop("There is no such learner in this course.", 404)
        launch = launching.begin(session, enrolment, link, for_person)
        form = launching.login_form(lms, launch, link, switches.read(session).messages)
        log.record(
            session, "login", f"{enrolment.person.name} opens {link.title if link else 'Add content'}", sent=form.fields
        )
        title = link.title if link else "Add content"
    return render_template("practice/handover.html", form=form, title=f"Opening “{title}”")


@bp.route("/auth", methods=["GET", "POST"])
def authorise() -> tuple[str, int] | str:
    """The authorisation endpoint (LTI security 5.1.1.2-3): answers with a form that posts the id_token to the tool.

    Nothing here relies on a cookie: the request comes from the tool's frame, where browsers leave Lax cookies out. Who
    is launching is known from the launch's own row, which can't be guessed and works once.
    """
    lms, asked = practice(), request.values
    with lms.store.reading() as session:
        is_known = clients.is_active(session, asked.get("client_id"))
    if not is_known:
        return _stop("The tool named a client_id this LMS does not know.", 400)
    if asked.get("redirect_uri") != lms.launch_url:
        return _stop(f"The tool's redirect_uri is not the registered one, which is exactly {lms.launch_url}.", 400)
    if not asked.get("state"):
        return _stop("The tool sent no state, so its answer could not be told from a forged one.", 400)
    try:
        title, fields = _answer(asked)
    except CannotLaunch as reason:
        return _stop(str(reason), 400)
    except _Declined as reason:
        title = "This launch is refused"
        fields = {"error": reason.error, "error_description": str(reason), "state": asked["state"]}
        with lms.store.writing() as session:
            log.record(session, "launch", f"Refused: {reason}", 400, answer=fields)
    form = launching.LoginForm(lms.launch_url, fields)
    return render_template("practice/handover.html", form=form, title=title)


class _Declined(Exception):
    """An error that is posted to the tool instead of an id_token (OpenID Connect core 3.1.2.6)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


def _answer(asked: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    lms = practice()
    problem = next((name for name, value in WANTED.items() if asked.get(name) != value), None)
    if problem:
        raise _Declined("invalid_request", f"{problem} must be {WANTED[problem]}")
    if not asked.get("nonce"):
        raise _Declined("invalid_request", "nonce is missing")
    with lms.store.writing() as session:
        launch = launching.find(session, asked.get("lti_message_hint"))
        if asked.get("login_hint") != launch.person_id:
            raise _Declined("login_required", "login_hint is not the person this launch was begun for")
        enrolment = launching.place(session, launch.course_id, launch.person_id)
        if enrolment is None:
            raise _Declined("login_required", "the person is no longer in the course")
        if asked.get("client_id") != clients.of(launch.link)[0]:
            raise _Declined("unauthorized_client", "client_id is not the one this launch was begun with")
        launching.spend(session, launch)
        if launch.link:
            items = list(session.scalars(select(LineItem).where(LineItem.link_id == launch.link_id)))
            about = session.get(Person, launch.for_person_id) if launch.for_person_id else None
            if about is not None:
                body = claims.submission_review_launch(lms, enrolment, launch.link, items, about)
            else:
                body = claims.resource_link_launch(lms, enrolment, launch.link, items)
        else:
            body = claims.deep_linking_launch(lms, enrolment, launch)
        token = claims.signed(lms, body, asked["nonce"], switches.read(session).skew)
        what = launch.link.title if launch.link else "Add content"
        log.record(session, "launch", f"{enrolment.person.name} launches {what}", 200, claims=body)
    return f"Opening “{what}”", {"id_token": token, "state": asked["state"]}


def _stop(sentence: str, status: int) -> tuple[str, int]:
    return render_template("practice/message.html", title="This does not open", sentence=sentence), status


@bp.get("/jwks")
def key_set() -> Response:
    """This platform's public keys (LTI security 6.3)."""
    answer = jsonify(keys=[practice().key.jwk])
    answer.headers["Cache-Control"] = "public, max-age=600"
    return answer


@bp.post("/token")
def token() -> Response:
    """The token endpoint: client credentials with a signed assertion (LTI security 4.1)."""
    refused = troubles.meet()
    if refused is not None:
        return _token_answer(refused[0], {"error": "temporarily_unavailable", "error_description": refused[1]})
    try:
        return _token_answer(200, grant(practice(), request.form))
    except Refused as refusal:
        return _token_answer(refusal.status, {"error": refusal.error, "error_description": refusal.description})


def _token_answer(status: int, body: dict[str, Any]) -> Response:
    said = body.get("error_description") or body.get("error") or body["scope"].replace(claims.AGS_SCOPE, "…/")
    with practice().store.writing() as session:
        asked = {name: value for name, value in request.form.items() if name != "client_assertion"}
        log.record(session, "token", str(said), status, asked=asked, answer=body)
    answer = jsonify(body)
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    return troubles.leave(answer)
