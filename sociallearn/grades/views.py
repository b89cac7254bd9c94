"""One's own participation, a learner's for the trainer, and how scores get to the LMS."""

from decimal import Decimal

from flask import Blueprint, Response, g, get_template_attribute, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.grades import adjusting, columns, delivering, exporting, reading, receipts, results, reviewing
from sociallearn.grades.forms import AdjustmentForm, AnswerForm, ColumnForm, ReviewForm
from sociallearn.grades.models import Delivery, GradeAdjustment, GradeReview, OwnColumn
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
    delivery = reading.newest_delivery(session, learner)
    shown = receipts.receipt(session, learner)
    return render_template(
        "grades/mine.html",
        receipt=shown,
        labels={period.key: period.label for period in shown.periods} if shown else {},
        learner=learner,
        is_own=learner.id == access.member().id,
        delivery=delivery,
        out_of=reading.points_of(session, delivery),
        adjustments=adjusting.listed(session, learner),
        reviews=reviewing.of(session, learner),
        room=room,
    )


@bp.get("/participation/review")
def doubt() -> ResponseReturnValue:
    """The form to ask the trainer to look again, at a period or at a text."""
    return _review_page(ReviewForm(), request.args)


@bp.post("/participation/review")
def ask_review() -> ResponseReturnValue:
    """Ask."""
    form, post_id = ReviewForm(request.form), number(request.form, "post")
    if not form.validate():
        return _review_page(form, request.form), 422
    reviewing.ask(
        db.session(), access.member(), words=form.words.data or "", period=request.form.get("period"), post_id=post_id
    )
    return toasts.redirect(url_for("grades.mine"), "review-asked")


def _review_page(form: ReviewForm, named: MultiDict[str, str]) -> str:
    """``named`` says what it is about."""
    shown = receipts.receipt(db.session(), access.member())
    if shown is None:
        raise Refusal(403, _("Only learners are graded."))
    post_id = number(named, "post")
    lines = [(period, line) for period in shown.periods for line in period.lines if line.post_id is not None]
    found = next(((period, line) for period, line in lines if line.post_id == post_id), (None, None))
    period = found[0] or next((one for one in shown.periods if one.key == named.get("period")), None)
    if period is None:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    return render_template("grades/ask.html", form=form, period=period, line=found[1], room="participation")


@bp.get("/participation/<int:member_id>/change")
def change(member_id: int) -> ResponseReturnValue:
    """The form to give points, set a period, or excuse somebody."""
    learner = _graded(member_id)
    return _change_page(learner, AdjustmentForm(data={"period": request.args.get("period"), "kind": "bonus"}))


@bp.post("/participation/<int:member_id>/change")
def adjust(member_id: int) -> ResponseReturnValue:
    """Do it."""
    learner, form = _graded(member_id), AdjustmentForm(request.form)
    form.targets = {one.period.key: one.target for one in adjusting.choices(db.session(), learner)}
    if not form.validate():
        return _change_page(learner, form), 422
    adjusting.adjust(
        db.session(),
        learner,
        str(form.period.data),
        str(form.kind.data),
        by=access.member(),
        reason=form.reason.data or "",
        points=None if form.points.data is None else float(form.points.data),
    )
    return toasts.redirect(url_for("grades.learner", member_id=learner.id), "grade-changed")


@bp.post("/grading/adjustments/<int:adjustment_id>/withdrawal")
def withdraw(adjustment_id: int) -> ResponseReturnValue:
    """Take such a change back."""
    access.require_grader()
    row = access.get_or_404(GradeAdjustment, id=adjustment_id)
    adjusting.withdraw(db.session(), row, by=access.member())
    return toasts.redirect(url_for("grades.learner", member_id=row.member_id), "grade-back")


def _graded(member_id: int) -> Member:
    access.require_grader()
    learner = access.get_or_404(Member, id=member_id)
    if not learner.is_graded:
        raise Refusal(409, _("%(name)s collects no points here.", name=learner.name))
    return learner


def _change_page(learner: Member, form: AdjustmentForm) -> str:
    return render_template(
        "grades/change.html",
        form=form,
        learner=learner,
        choices=adjusting.choices(db.session(), learner),
        room="grading",
    )


@bp.get("/grading/learners")
def learners() -> ResponseReturnValue:
    """Everybody who collects points, to find somebody's receipt."""
    access.require_grader()
    words = request.args.get("q", "").strip()[:100]
    page = reading.learners(db.session(), access.cohort(), words, number(request.args, "after"))
    return render_template("grades/learners.html", page=page, words=words, room="grading")


@bp.get("/grading/reviews")
def reviews() -> ResponseReturnValue:
    """What learners ask to look at again; what was answered."""
    access.require_grader()
    session, cohort = db.session(), access.cohort()
    answered = request.args.get("state") == "answered"
    found = reviewing.queue(session, cohort.id, answered=answered, before=number(request.args, "before"))
    return render_template(
        "grades/reviews.html",
        rows=found[: reviewing.PAGE],
        next_before=found[reviewing.PAGE - 1].id if len(found) > reviewing.PAGE else None,
        answered=answered,
        waiting=reviewing.waiting(session, cohort.id),
        room="grading",
    )


@bp.get("/grading/reviews/<int:review_id>")
def review(review_id: int) -> ResponseReturnValue:
    """One of them, and the form to answer it."""
    access.require_grader()
    return _answer_page(access.get_or_404(GradeReview, id=review_id), AnswerForm())


@bp.post("/grading/reviews/<int:review_id>")
def answer(review_id: int) -> ResponseReturnValue:
    """Answer it."""
    access.require_grader()
    row, form = access.get_or_404(GradeReview, id=review_id), AnswerForm(request.form)
    if not form.validate():
        return _answer_page(row, form), 422
    reviewing.answer(db.session(), row, by=access.member(), words=form.note.data or "")
    return toasts.redirect(url_for("grades.reviews"), "review-answered")


def _answer_page(row: GradeReview, form: AnswerForm) -> str:
    session = db.session()
    learner = session.get_one(Member, row.member_id)
    shown = receipts.receipt(session, learner)
    periods = shown.periods if shown else []
    return render_template(
        "grades/answer.html",
        form=form,
        review=row,
        learner=learner,
        period=next((one for one in periods if one.key == row.period), None),
        line=next((line for one in periods for line in one.lines if row.post_id and line.post_id == row.post_id), None),
        room="grading",
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
        waiting=reviewing.waiting(session, cohort.id),
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


@bp.post("/grading/deliveries/resending")
def resend_failed() -> ResponseReturnValue:
    """Try everything again that did not arrive."""
    access.require_grader()
    delivering.resend_failed(db.session(), access.cohort().id)
    return toasts.redirect(url_for("grades.index"), "resend-all")


@bp.get("/grading/deliveries.csv")
def export() -> ResponseReturnValue:
    """The scores as a table for a spreadsheet."""
    access.require_grader()
    rows = reading.all_deliveries(db.session(), access.cohort(), None)
    in_words = get_template_attribute("parts/words.html", "problem_of")
    text = "\ufeff" + exporting.as_csv(rows, in_words)  # so that Excel reads it as UTF-8
    answer = Response(text, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="scores.csv"'
    return answer
