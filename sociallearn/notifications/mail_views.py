"""What mails lead to, without a session: back to the very item, and out of the mails."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from limits import RateLimitItemPerMinute
from sqlalchemy.orm import Session

from sociallearn import access, headers
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.limiting import limit
from sociallearn.lti.deep_linking import origin_of
from sociallearn.notifications import going, stopping
from sociallearn.notifications.models import Rhythm
from sociallearn.roster.models import Cohort, Member

bp = Blueprint("mail", __name__)

FOLLOWED = RateLimitItemPerMinute(120)  # an address


@bp.get("/go/<token>")
def go(token: str) -> ResponseReturnValue:
    """Into the seat this browser holds there; else the course is the way in."""
    session = db.session()
    member, goal = _read(session, token)
    seat = going.seat_of(session, member.id, access.held_seats(session, request.cookies))
    if seat is not None:
        endpoint, values = going.page(goal)
        return redirect(url_for(endpoint, seat=seat, **values))
    course = going.course_of(session, member)
    if course:
        headers.allow_form_to(origin_of(course) or "'self'")
    title = session.get_one(Cohort, member.cohort_id).title
    return render_template("notifications/go.html", token=token, title=title, has_course=bool(course), is_ready=False)


@bp.post("/go/<token>")
def come_back(token: str) -> ResponseReturnValue:
    """Remember what the next launch opens, and lead to the course."""
    session = db.session()
    member, goal = _read(session, token)
    going.remember(session, member, goal)
    course = going.course_of(session, member)
    if course:
        return redirect(course, 303)
    title = session.get_one(Cohort, member.cohort_id).title
    return render_template("notifications/go.html", token=token, title=title, has_course=False, is_ready=True)


def _read(session: Session, token: str) -> tuple[Member, str]:
    limit(FOLLOWED, f"followed-{request.remote_addr}")
    found = going.read(token)
    member = session.get(Member, found[0]) if found else None
    if found is None or member is None or member.left_at is not None:
        raise Refusal(
            404, _("This link is not one of ours, or no longer leads anywhere."), _("Open your course instead.")
        )
    return member, found[1]


@bp.get("/mail/stop/<token>")
def stop(token: str) -> ResponseReturnValue:
    """Ask first: programs that look at links must not stop anybody's mails."""
    _stopper(token)
    return render_template("notifications/stop.html", token=token, chosen=None)


@bp.post("/mail/stop/<token>")
def stop_now(token: str) -> ResponseReturnValue:
    """Stop, at one click in a mail program (RFC 8058) or on our page; or once a week, as chosen there."""
    rhythm = Rhythm.WEEKLY if request.form.get("rhythm") == Rhythm.WEEKLY else Rhythm.OFF
    stopping.stop(db.session(), _stopper(token), rhythm)
    return render_template("notifications/stop.html", token=token, chosen=rhythm)


def _stopper(token: str) -> int:
    limit(FOLLOWED, f"followed-{request.remote_addr}")
    person_id = going.read_stop(token)
    if person_id is None:
        raise Refusal(
            404, _("This link is not one of ours, or no longer leads anywhere."), _("Open your course instead.")
        )
    return person_id
