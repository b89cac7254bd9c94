"""Links without a seat (``/-/posts/12``): what texts store, so that they work for whoever reads them."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access
from sociallearn.database import db
from sociallearn.errors import Refusal

bp = Blueprint("links", __name__)


@bp.get("/-/<path:rest>")
def follow(rest: str) -> ResponseReturnValue:
    """Into the one seat this browser holds; with none or several, the course is the way in."""
    seats = access.held_seats(db.session(), request.cookies)
    if len(seats) == 1:
        query = request.query_string.decode("ascii", "ignore")
        return redirect(url_for("seat_home", seat=seats[0]) + rest + (f"?{query}" if query else ""))
    raise Refusal(401, _("This link opens from inside your course."), _("Open the activity there, then follow it."))
