"""Mails, as administrators see them."""

from flask import Blueprint, current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.notifications import administering

bp = Blueprint("mails", __name__, url_prefix="/s/<seat>/administration/mails")


@bp.before_request
def _only_administrators() -> None:
    access.require_administrator()


@bp.get("")
def index() -> ResponseReturnValue:
    """Whether mails go out, how last week's fared, and who gets none."""
    return render_template(
        "notifications/administering.html",
        relay=current_app.config.get("MAIL"),
        overview=administering.overview(db.session(), access.member().person),
        room="administration",
    )


@bp.post("/people/<int:person_id>/resumption")
def resume(person_id: int) -> ResponseReturnValue:
    """Try this person's address again."""
    if not administering.resume(db.session(), person_id, by=access.member().person):
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    return toasts.redirect(url_for("mails.index"), "mail-resumed")
