"""Administration: connected LMSs, connecting another one, and rights. For administrators only, within their reach."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from limits import RateLimitItemPerMinute

from sociallearn import access, toasts
from sociallearn.administration import reading
from sociallearn.administration.forms import InviteForm, NameForm, RightForm
from sociallearn.database import db, release
from sociallearn.errors import Refusal
from sociallearn.limiting import limit
from sociallearn.lti import examining, invitations, keys, managing
from sociallearn.lti.models import Deployment, Invite, Registration, Source
from sociallearn.posts.forms import tidy_line
from sociallearn.roster import granting, probing
from sociallearn.roster.granting import Reach, Right
from sociallearn.roster.models import Grant, Person

CHECKS = RateLimitItemPerMinute(6)  # an LMS: each makes several calls to it

bp = Blueprint("administration", __name__, url_prefix="/s/<seat>/administration")


@bp.before_request
def _only_administrators() -> None:
    access.require_administrator()


@bp.get("")
def index() -> ResponseReturnValue:
    """The LMSs within reach."""
    found = reading.lmss(db.session(), _me())
    return render_template("administration/index.html", lmss=found, here="lmss", room="administration")


@bp.get("/lmss/<int:registration_id>")
def lms(registration_id: int) -> ResponseReturnValue:
    """One LMS: its courses, deployments and keys, and what can be done about it."""
    return _lms_page(_registration(registration_id))


@bp.post("/lmss/<int:registration_id>/name")
def rename(registration_id: int) -> ResponseReturnValue:
    """Call it something else."""
    registration, form = _registration(registration_id), NameForm(request.form)
    if not form.validate():
        return _lms_page(registration, form), 422
    managing.rename(db.session(), registration, form.name.data or "")
    return toasts.redirect(_page_of(registration), "saved")


@bp.get("/lmss/<int:registration_id>/pause")
def pause(registration_id: int) -> ResponseReturnValue:
    """Ask first."""
    return _lms_page(_in_use(registration_id), page="pause")


@bp.post("/lmss/<int:registration_id>/pause")
def pause_now(registration_id: int) -> ResponseReturnValue:
    """Close the door for a while."""
    registration = _in_use(registration_id)
    managing.pause(db.session(), registration)
    return toasts.redirect(_page_of(registration), "paused")


@bp.post("/lmss/<int:registration_id>/resumption")
def resume(registration_id: int) -> ResponseReturnValue:
    """Open it again."""
    registration = _in_use(registration_id)
    managing.resume(db.session(), registration)
    return toasts.redirect(_page_of(registration), "resumed")


@bp.get("/lmss/<int:registration_id>/removal")
def remove(registration_id: int) -> ResponseReturnValue:
    """Say what goes and what stays."""
    return _lms_page(_removable(registration_id), page="remove")


@bp.post("/lmss/<int:registration_id>/removal")
def remove_now(registration_id: int) -> ResponseReturnValue:
    """Close the door for good."""
    registration = _removable(registration_id)
    managing.remove(db.session(), registration)
    granting.on_removed(db.session(), registration)
    return toasts.redirect(url_for("administration.index"), "lms_removed")


@bp.get("/lmss/<int:registration_id>/key")
def rotate(registration_id: int) -> ResponseReturnValue:
    """Say what happens."""
    return _lms_page(_in_use(registration_id), page="rotate")


@bp.post("/lmss/<int:registration_id>/key")
def rotate_now(registration_id: int) -> ResponseReturnValue:
    """Publish a new key, which signs an hour later."""
    registration = _in_use(registration_id)
    keys.rotate(db.session(), registration, delay=keys.DELAY)
    return toasts.redirect(_page_of(registration), "key_made")


@bp.post("/lmss/<int:registration_id>/check")
def check(registration_id: int) -> ResponseReturnValue:
    """Look whether the connection works, now. Calls the LMS, so nothing is open in the database meanwhile."""
    session, registration = db.session(), _registration(registration_id)
    limit(CHECKS, f"check-{registration_id}")
    shown = reading.lms(session, registration, _me().registration_id)
    subject = probing.subject(session, registration)
    session.expunge_all()  # who is here stays readable without another query
    release()
    checks = examining.connection(subject)
    return render_template("administration/check.html", lms=shown, checks=checks, room="administration")


@bp.post("/deployments/<int:deployment_id>/confirmation")
def confirm(deployment_id: int) -> ResponseReturnValue:
    """Let people of this deployment in."""
    deployment = _pending(deployment_id)
    managing.confirm(db.session(), deployment)
    return toasts.redirect(_page_of(deployment.registration), "deployment_confirmed")


@bp.post("/deployments/<int:deployment_id>/refusal")
def reject(deployment_id: int) -> ResponseReturnValue:
    """Do not."""
    deployment = _pending(deployment_id)
    goal = _page_of(deployment.registration)
    managing.reject(db.session(), deployment)
    return toasts.redirect(goal, "deployment_refused")


@bp.get("/connecting")
def connecting() -> ResponseReturnValue:
    """Make a link that connects an LMS; links that still work."""
    return _connecting_page(InviteForm())


@bp.post("/connecting")
def invite() -> ResponseReturnValue:
    """Make one. It is shown this once: only its hash is kept.

    It leads into the organisation when an administrator of the whole of it asks; else to an organisation of its own,
    as bringing two LMSs together is for the operator alone.
    """
    form, reach = InviteForm(request.form), _reach()
    if not form.validate():
        return _connecting_page(form), 422
    organisation_id = reach.organisation_id if reach.is_whole else None
    made, link = invitations.make(db.session(), form.label.data or "", organisation_id, _me().id, form.days.data or 1)
    return render_template("administration/invited.html", invite=made, link=link, room="administration")


@bp.post("/invites/<int:invite_id>/withdrawal")
def withdraw(invite_id: int) -> ResponseReturnValue:
    """The link no longer works."""
    reach, session = _reach(), db.session()
    found = session.get(Invite, invite_id)
    if found is None or found.id not in {row.id for row in reading.open_invites(session, reach, _me().id)}:
        raise _nothing()
    invitations.withdraw(session, found)
    return toasts.redirect(url_for("administration.connecting"), "invite_withdrawn")


@bp.get("/rights")
def rights() -> ResponseReturnValue:
    """Who has which right, since when and why; and somebody found by name."""
    session, reach = db.session(), _reach()
    name = tidy_line(request.args.get("name"))[:120]
    return render_template(
        "administration/rights.html",
        rights=reading.rights(session, reach),
        lms_administrators=reading.lms_administrators(session, reach),
        name=name,
        found=reading.find_people(session, reach, name) if name else None,
        is_whole=reach.is_whole,
        here="rights",
        room="administration",
    )


@bp.get("/people/<int:person_id>/rights")
def give(person_id: int) -> ResponseReturnValue:
    """The form to give somebody a right."""
    return _right_page(person_id, RightForm(right=Right.MANAGER.value))


@bp.post("/people/<int:person_id>/rights")
def give_now(person_id: int) -> ResponseReturnValue:
    """Give it."""
    form, session = RightForm(request.form), db.session()
    if not form.validate():
        return _right_page(person_id, form), 422
    person = session.get(Person, person_id)
    if person is None:
        raise _nothing()
    granting.grant(
        session, person, Right(form.right.data), form.reason.data or "", by=_me(), is_whole=bool(form.is_whole.data)
    )
    return toasts.redirect(url_for("administration.rights"), "right_given")


@bp.get("/rights/<int:grant_id>/end")
def end(grant_id: int) -> ResponseReturnValue:
    """Ask first."""
    found = next((row for row in reading.rights(db.session(), _reach()) if row.id == grant_id and row.may_end), None)
    if found is None:
        raise _nothing()
    return render_template("administration/end.html", right=found, room="administration")


@bp.post("/rights/<int:grant_id>/end")
def end_now(grant_id: int) -> ResponseReturnValue:
    """Take it back; the log keeps it."""
    session = db.session()
    row = session.get(Grant, grant_id)
    if row is None:
        raise _nothing()
    is_own = row.person_id == _me().id
    granting.end(session, row, by=_me())
    still = not is_own or granting.reach(session, _me()).registration_ids
    return toasts.redirect(url_for("administration.rights" if still else "feed.index"), "right_ended")


def _lms_page(registration: Registration, form: NameForm | None = None, page: str = "lms") -> str:
    shown = reading.lms(db.session(), registration, _me().registration_id)
    form = form or NameForm(name=registration.name)
    return render_template(f"administration/{page}.html", lms=shown, form=form, room="administration")


def _connecting_page(form: InviteForm) -> str:
    reach = _reach()
    return render_template(
        "administration/connecting.html",
        form=form,
        invites=reading.open_invites(db.session(), reach, _me().id),
        is_whole=reach.is_whole,
        here="connecting",
        room="administration",
    )


def _right_page(person_id: int, form: RightForm) -> str:
    reach = _reach()
    found = reading.find_person(db.session(), reach, person_id)
    if found is None:
        raise _nothing()
    return render_template(
        "administration/give.html", person=found, form=form, is_whole=reach.is_whole, room="administration"
    )


def _me() -> Person:
    return access.member().person


def _reach() -> Reach:
    return granting.reach(db.session(), _me())


def _registration(registration_id: int) -> Registration:
    """One within reach; 404 for every other, whether it exists or not."""
    found = db.session.get(Registration, registration_id)
    if found is None or found.id not in _reach().registration_ids:
        raise _nothing()
    return found


def _in_use(registration_id: int) -> Registration:
    found = _registration(registration_id)
    if not found.is_active:
        raise Refusal(
            409,
            _("This LMS is no longer connected."),
            _("Connect it again, or ask whoever runs the server to put it back into the file."),
        )
    return found


def _removable(registration_id: int) -> Registration:
    found = _in_use(registration_id)
    if found.source == Source.FILE:
        raise Refusal(
            409,
            _("This LMS stands in a file on the server, so it is removed there."),
            _("Ask whoever runs the server. You can pause it here."),
        )
    return found


def _pending(deployment_id: int) -> Deployment:
    found = db.session.get(Deployment, deployment_id)
    if found is None or found.registration_id not in _reach().registration_ids:
        raise _nothing()
    if found.confirmed_at is not None:
        raise Refusal(
            409,
            _("Somebody was faster than you."),
            _("This deployment is confirmed already. Reload the page to see what changed."),
        )
    return found


def _page_of(registration: Registration) -> str:
    return url_for("administration.lms", registration_id=registration.id)


def _nothing() -> Refusal:
    return Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
