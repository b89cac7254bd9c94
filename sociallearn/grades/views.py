"""One's own participation, a learner's for the trainer, and how scores get to the LMS."""

from decimal import Decimal

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.grades import columns, delivering, reading, receipts, results
from sociallearn.grades.forms import ColumnForm
from sociallearn.grades.models import Delivery, OwnColumn
from sociallearn.parameters import number
from sociallearn.roster.models import Member, Placement

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
    return _grading_page(None)


def _grading_page(form: ColumnForm | None) -> str:
    session, cohort = db.session(), access.cohort()
    rules = reading.rules(session, cohort)
    own = reading.own_column(session, cohort)
    known = reading.known_columns(session, cohort, own)
    kind = request.args.get("state")
    kind = kind if kind in reading.FILTERS else None
    return render_template(
        "grades/index.html",
        scheme=rules.scheme,
        since=rules.in_force_since,
        page=reading.deliveries(session, cohort, kind, number(request.args, "after")),
        totals=reading.totals(session, cohort),
        kind=kind,
        columns=known,
        own=own,
        may_change=reading.can_be_changed(own),
        link=_link() if not known else None,
        form=form or _filled(own, known),
        room="grading",
    )


def _link() -> Placement | None:
    """Through which link a column could be made: the one this seat came by, if it can."""
    return columns.candidate(db.session(), access.cohort().id, g.seat.placement_id)


def _filled(own: OwnColumn | None, known: list[reading.Column]) -> ColumnForm:
    """What the LMS calls it now goes before what we asked for once."""
    ours = next((column for column in known if column.is_ours and column.is_known), None)
    if ours is not None:
        return ColumnForm(label=ours.title, points=_decimal(ours.points))
    if own is not None:
        return ColumnForm(label=own.label, points=_decimal(own.score_maximum))
    return ColumnForm(label=_("Taking part"), points=Decimal(100))


def _decimal(points: float) -> Decimal:
    return Decimal(f"{points:.5f}".rstrip("0").rstrip("."))


@bp.post("/grading/column")
def make_column() -> ResponseReturnValue:
    """Ask for a column in the gradebook, or for another name and number of points of the one we made."""
    access.require_grader()
    session, form = db.session(), ColumnForm(request.form)
    own = reading.own_column(session, access.cohort())
    known = reading.known_columns(session, access.cohort(), own)
    placement = _link()
    if own is not None and reading.can_be_changed(own) and own.line_item_url is not None:
        placement = access.get_or_404(Placement, id=own.placement_id)
    elif known:
        raise Refusal(409, _("Your LMS has a column for this cohort already."), _("Scores go there by themselves."))
    if placement is None:
        raise Refusal(
            409,
            _("Your LMS does not let SocialLearn make a column here."),
            _("Make the activity a graded one in your LMS instead; the Grading page says how."),
        )
    if not form.validate():
        return _grading_page(form), 422
    columns.ask(session, placement, str(form.label.data), float(form.points.data or 0))
    return toasts.redirect(url_for("grades.index"), "column")


@bp.post("/grading/results")
def look() -> ResponseReturnValue:
    """Read what stands in the LMS now."""
    access.require_grader()
    results.ask(db.session(), access.cohort().id)
    return toasts.redirect(url_for("grades.index"), "look")


@bp.post("/grading/deliveries/<int:delivery_id>/resend")
def resend(delivery_id: int) -> ResponseReturnValue:
    """Send a score once more."""
    access.require_grader()
    delivering.resend(db.session(), access.get_or_404(Delivery, id=delivery_id))
    return toasts.redirect(url_for("grades.index"), "resend")
