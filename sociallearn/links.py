"""Links without a seat (``/-/posts/12``): what texts store, so that they work for whoever reads them."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access
from sociallearn.database import db
from sociallearn.errors import Refusal

bp = Blueprint("links", __name__)


@bp.get("/-/<path:rest>")
def follow(rest: str) -> ResponseReturnValue:
    """Into the one seat this browser holds; with none or several, the course is the way in."""
    ids = [name.removeprefix(access.COOKIE) for name in request.cookies if name.startswith(access.COOKIE)]
    seats = [seat for seat_id in ids if (seat := access.find_seat(db.session(), seat_id, request.cookies))]
    if len(seats) == 1:
        return redirect(f"/s/{seats[0].id}/{rest}")
    raise Refusal(401, _("This link opens from inside your course."), _("Open the activity there, then follow it."))
