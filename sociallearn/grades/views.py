"""One's own participation, a learner's for the trainer, and how scores get to the LMS."""

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.grades import delivering, reading, receipts
from sociallearn.grades.models import Delivery
from sociallearn.roster.models import Member

bp = Blueprint("grades", __name__, url_prefix="/s/<seat>")


@bp.get("/participation")
def mine() -> ResponseReturnValue:
    """One's own points, each with its reason."""
    return _receipt_page(access.member(), "participation")


@bp.get("/participation/<int:member_id>")
def learner(member_id: int) -> ResponseReturnValue:
    """A learner's points, for the trainer to explain or look at again."""
    access.require_grader()
    return _receipt_page(access.get_or_404(Member, id=member_id), "cohort")


def _receipt_page(learner: Member, room: str) -> str:
    session = db.session()
    return render_template(
        "grades/mine.html",
        receipt=receipts.receipt(session, learner),
        learner=learner,
        is_own=learner.id == access.member().id,
        delivery=reading.newest_delivery(session, learner),
        room=room,
    )


@bp.get("/grading")
def index() -> ResponseReturnValue:
    """What counts here, and which scores the LMS has."""
    access.require_grader()
    session, cohort = db.session(), access.cohort()
    rules, rows = reading.rules(session, cohort), reading.deliveries(session, cohort)
    return render_template(
        "grades/index.html",
        scheme=rules.scheme,
        since=rules.in_force_since,
        deliveries=rows,
        totals=reading.totals(rows),
        graded=reading.has_column(session, cohort),
        room="grading",
    )


@bp.post("/grading/deliveries/<int:delivery_id>/resend")
def resend(delivery_id: int) -> ResponseReturnValue:
    """Send a score once more."""
    access.require_grader()
    delivering.resend(db.session(), access.get_or_404(Delivery, id=delivery_id))
    return toasts.redirect(url_for("grades.index"), "resend")
