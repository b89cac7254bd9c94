"""The dialog in the LMS in which a trainer chooses what to place; and what a copied course keeps."""

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, headers, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.lti import deep_linking
from sociallearn.lti.models import ContentRequest
from sociallearn.placing import answering, carrying, choosing
from sociallearn.placing.forms import MOST_POINTS, PlacingForm

bp = Blueprint("placing", __name__, url_prefix="/s/<seat>")


@bp.get("/placing")
def index() -> ResponseReturnValue:
    """The dialog."""
    row = _request()
    deep_linking.check_open(row)
    if not row.accepts_links:
        return render_template("placing/refused.html"), 400
    offer = _offer(row)
    return _dialog(offer, PlacingForm(offer))


@bp.post("/placing")
def place() -> ResponseReturnValue:
    """Place what was chosen."""
    row = _request()
    deep_linking.check_open(row)
    if not row.accepts_links:
        return _send(row, answering.decline(db.session(), row))
    offer = _offer(row)
    form = PlacingForm(offer, request.form)
    if not form.validate():
        return _dialog(offer, form), 422
    return _send(row, answering.answer(db.session(), row, form.wanted(), by=access.member()))


@bp.post("/placing/cancellation")
@access.even_when_archived
def cancel() -> ResponseReturnValue:
    """Place nothing."""
    row = _request()
    return _send(row, answering.decline(db.session(), row))


def _request() -> ContentRequest:
    """The request this seat, and no other, was taken for. Raises Refusal 404, or 403 for who does not train."""
    access.require_trainer()
    row = db.session.get(ContentRequest, g.seat.content_request_id) if g.seat.content_request_id else None
    if row is None:
        raise Refusal(
            404, _("This dialog opens from your course."), _("In your course, add an activity and choose SocialLearn.")
        )
    return row


def _offer(row: ContentRequest) -> choosing.Offer:
    return choosing.offer(db.session(), row, access.cohort(), access.member())


def _dialog(offer: choosing.Offer, form: PlacingForm) -> str:
    return render_template("placing/index.html", offer=offer, form=form, most_points=MOST_POINTS)


def _send(row: ContentRequest, answer: str) -> str:
    """A page that posts the answer to the LMS: the one page whose form may leave this site."""
    headers.allow_form_to(deep_linking.origin_of(row.return_url) or "'self'")
    return render_template("placing/sending.html", return_url=row.return_url, answer=answer)


@bp.get("/cohort/copy")
def copy() -> ResponseReturnValue:
    """What to bring along from the course this one is a copy of."""
    access.require_trainer()
    return _copy_page()


@bp.post("/cohort/copy")
def carry() -> ResponseReturnValue:
    """Bring it along, or start fresh."""
    access.require_trainer()
    parts = set(request.form.getlist("part"))
    if request.form.get("start") == "fresh":
        parts = set()
    elif not parts or not parts <= set(carrying.PARTS):
        return _copy_page(_("Tick what should come along, or start fresh.")), 422
    carrying.carry(db.session(), access.cohort(), parts, by=access.member())
    return toasts.redirect(url_for("feed.index"), "carried" if parts else "fresh")


def _copy_page(problem: str | None = None) -> str:
    before = carrying.before(db.session(), access.cohort(), by=access.member())
    if before is None:
        raise Refusal(404, _("This course is not a copy of one that SocialLearn knows."), "")
    return render_template("placing/copy.html", before=before, problem=problem, room="cohort")
