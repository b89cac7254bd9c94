"""The launch, the cohort's page for trainers, and one's own language."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, clock, headers, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.limiting import LAUNCHES, limit
from sociallearn.lti import deep_linking, launching, starting, storing
from sociallearn.lti.claims import Launch
from sociallearn.parameters import number
from sociallearn.roster import enrolling, opening, reading
from sociallearn.roster.forms import LANGUAGES, CohortForm
from sociallearn.roster.models import Member
from sociallearn.roster.naming import clean_name
from sociallearn.roster.reading import Search, State

launch_bp = Blueprint("launch", __name__)
bp = Blueprint("roster", __name__, url_prefix="/s/<seat>")


@launch_bp.post("/lti/launch")
def launch() -> ResponseReturnValue:
    """A launch: proved, enrolled, seated, and answered 303, so that reloading never launches twice.

    Without its cookie a page comes first that fetches the launch's secret from where it was kept (storing.py).
    """
    limit(LAUNCHES, f"address-{request.remote_addr}")
    by_cookie = starting.is_same_browser(request.form.get("state", ""), request.cookies)
    needed = None if by_cookie else storing.needed(db.session(), request.form)
    if needed is not None:
        place, registration_id = needed
        headers.allow_frame_of(registration_id)
        return render_template("lti/storage.html", place=place, field=storing.FIELD)
    proven = launching.receive(request.form, request.cookies, request.origin)
    member, placement = enrolling.enrol(db.session(), proven)
    request_id = _content_request(proven, member)
    seat, token = access.take_seat(db.session(), member, placement, request_id, in_address=not by_cookie)
    endpoint, values = opening.goal(db.session(), proven, member, placement)
    response = access.lead_to(seat, token, endpoint, **values)
    starting.forget(response, request.form["state"])
    return response


def _content_request(proven: Launch, member: Member) -> int | None:
    """Choosing what to place is for trainers; the seat then answers this one request. Raises Refusal 403 otherwise."""
    if proven.choosing is None:
        return None
    if not member.is_trainer:
        raise Refusal(403, _("Only trainers choose what is placed in a course."), _("Ask your trainer."))
    return deep_linking.remember(db.session(), proven).id


@bp.get("/cohort")
def cohort() -> ResponseReturnValue:
    """Everybody in the cohort, by name; who was invited and who left; and when the LMS's list was read."""
    access.require_trainer()
    session, here, search = db.session(), access.cohort(), _search()
    groups = reading.groups(session, here.id)
    return render_template(
        "roster/cohort.html",
        page=reading.page(session, here.id, search, access.member().id),
        counts=reading.counts(session, here.id),
        groups=groups,
        own_groups=[group for group in groups if group.is_ours],
        roster=reading.roster(session, here.id, clock.now()),
        search=search,
        room="cohort",
    )


def _search() -> Search:
    state = request.args.get("state", "")
    return Search(
        words=clean_name(request.args.get("q")),
        state=State(state) if state in set(State) else State.ALL,
        group_id=number(request.args, "group"),
        after=number(request.args, "after"),
    )


@bp.post("/cohort")
def set_up() -> ResponseReturnValue:
    """Change how the cohort is set up."""
    access.require_trainer()
    form = CohortForm(request.form)
    if not form.validate():
        raise Refusal(422, _("Choose one of the time zones in the list."), _("Go back and choose again."))
    enrolling.set_time_zone(db.session(), access.cohort().id, form.time_zone.data)
    return toasts.redirect(url_for("roster.cohort"), "saved")


@bp.post("/language")
@access.even_when_archived
def language() -> ResponseReturnValue:
    """One's own language goes before the LMS's."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        access.member().person.language = chosen
    return redirect(access.back_to(request.referrer) or url_for("feed.index"), 303)
