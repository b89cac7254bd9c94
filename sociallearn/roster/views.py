"""The launch, the cohort's page for trainers, and one's own language."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.limiting import LAUNCHES, limit
from sociallearn.lti import launching, starting
from sociallearn.roster import enrolling, opening, reading
from sociallearn.roster.forms import LANGUAGES, CohortForm

launch_bp = Blueprint("launch", __name__)
bp = Blueprint("roster", __name__, url_prefix="/s/<seat>")


@launch_bp.post("/lti/launch")
def launch() -> ResponseReturnValue:
    """A launch: proved, enrolled, seated, and answered 303, so that reloading never launches twice."""
    limit(LAUNCHES, f"address-{request.remote_addr}")
    proven = launching.receive(request.form, request.cookies)
    member, placement = enrolling.enrol(db.session(), proven)
    seat, token = access.take_seat(db.session(), member, placement)
    endpoint, values = opening.goal(db.session(), proven, member, placement)
    response = make_response(redirect(url_for(endpoint, seat=seat.id, **values), 303))
    access.set_cookie(response, seat, token, request.cookies)
    starting.forget(response, request.form["state"])
    return response


@bp.get("/cohort")
def cohort() -> ResponseReturnValue:
    """Who is in this cohort, and how it is set up."""
    access.require_trainer()
    return _cohort_page(CohortForm(time_zone=access.cohort().time_zone))


@bp.post("/cohort")
def set_up() -> ResponseReturnValue:
    """Change how the cohort is set up."""
    access.require_trainer()
    form = CohortForm(request.form)
    if not form.validate():
        return _cohort_page(form), 422
    enrolling.set_time_zone(db.session(), access.cohort().id, form.time_zone.data)
    return toasts.redirect(url_for("roster.cohort"), "saved")


def _cohort_page(form: CohortForm) -> str:
    people = reading.people(db.session(), access.cohort().id, access.member().id)
    return render_template("roster/cohort.html", people=people, form=form, room="cohort")


@bp.post("/language")
def language() -> ResponseReturnValue:
    """One's own language goes before the LMS's."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        access.member().person.language = chosen
    return redirect(access.back_to(request.referrer) or url_for("feed.index"), 303)
