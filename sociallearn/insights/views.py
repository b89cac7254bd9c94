"""Figures for L&D managers and trainers. Pages are made of closed cells; a cohort's own trainer gets its rows too."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.ideas import staging
from sociallearn.insights import drawing, exporting, reaching, reading, telling
from sociallearn.parameters import number, whole
from sociallearn.roster.models import Cohort

PERIODS = (4, 8, 12)
OVERVIEW = 12  # weeks
MOST_BESIDE = 4
CELLS = ["cohort", "what", "since", "until", "key", "unit", "other_unit", "people_in_fives", "number"]
ROWS = ["week", "person", "unit", "texts", "replies", "ratings", "mon", "tue", "wed", "thu", "fri", "sat", "sun"]

bp = Blueprint("insights", __name__, url_prefix="/s/<seat>")


@bp.get("/insights")
def index() -> ResponseReturnValue:
    """This cohort."""
    access.require_manager()
    return _cohort_page(access.cohort())


@bp.get("/insights/cohorts/<int:cohort_id>")
def show(cohort_id: int) -> ResponseReturnValue:
    """One cohort in a few sentences and figures."""
    return _cohort_page(_find(cohort_id))


@bp.get("/insights/organisation")
def organisation() -> ResponseReturnValue:
    """All cohorts within reach: sentences for each, and side by side."""
    access.require_manager()
    found = reading.told(db.session(), reaching.cohorts(db.session(), access.member()), OVERVIEW)
    told = [(one, telling.sentences(one.figures)) for one in found]
    return render_template("insights/organisation.html", told=told, weeks=OVERVIEW, most=MOST_BESIDE, room="insights")


@bp.get("/insights/beside")
def beside() -> ResponseReturnValue:
    """A few cohorts side by side."""
    access.require_manager()
    wanted = {id_ for text in request.args.getlist("cohort") if (id_ := whole(text)) is not None}
    mine = reaching.cohorts(db.session(), access.member())
    chosen = [one for one in mine if one.id in wanted][:MOST_BESIDE]
    told = reading.told(db.session(), chosen, None, with_waits=True)
    return render_template("insights/beside.html", told=told, cohorts=mine, wanted=wanted, room="insights")


@bp.get("/insights/cohorts/<int:cohort_id>/periods")
def periods(cohort_id: int) -> ResponseReturnValue:
    """The last weeks against as many before."""
    cohort, weeks = _find(cohort_id), _weeks() or PERIODS[0]
    session = db.session()
    now, before = (reading.told(session, [cohort], weeks, back=back, with_waits=True)[0] for back in (0, weeks))
    return render_template(
        "insights/periods.html", now=now, before=before, weeks=weeks, choices=PERIODS, **_links(cohort)
    )


@bp.get("/insights/cohorts/<int:cohort_id>/cells.csv")
def cells_csv(cohort_id: int) -> ResponseReturnValue:
    """All its cells: every figure can be reckoned again from them."""
    cohort = _find(cohort_id)
    return _file(cohort, "cells.csv", exporting.as_csv(CELLS, _cells(cohort)), "text/csv; charset=utf-8")


@bp.get("/insights/cohorts/<int:cohort_id>/cells.xlsx")
def cells_xlsx(cohort_id: int) -> ResponseReturnValue:
    """The same for Excel."""
    cohort = _find(cohort_id)
    return _file(cohort, "cells.xlsx", exporting.as_xlsx(CELLS, _cells(cohort)), exporting.XLSX)


@bp.get("/insights/cohorts/<int:cohort_id>/rows.csv")
def rows_csv(cohort_id: int) -> ResponseReturnValue:
    """For its trainer: a row for each learner and week, without names."""
    cohort = _own(cohort_id)
    rows = reading.rows(db.session(), cohort)
    return _file(cohort, "rows.csv", exporting.as_csv(ROWS, rows), "text/csv; charset=utf-8")


@bp.get("/insights/cohorts/<int:cohort_id>/rows.xlsx")
def rows_xlsx(cohort_id: int) -> ResponseReturnValue:
    """The same for Excel."""
    cohort = _own(cohort_id)
    return _file(cohort, "rows.xlsx", exporting.as_xlsx(ROWS, reading.rows(db.session(), cohort)), exporting.XLSX)


def _find(cohort_id: int) -> Cohort:
    access.require_manager()
    return reaching.find(db.session(), access.member(), cohort_id)


def _own(cohort_id: int) -> Cohort:
    cohort = _find(cohort_id)
    if not reaching.is_trainer_of(db.session(), access.member(), cohort):
        raise Refusal(403, _("Rows are for the cohort’s own trainers."), _("The cells hold every figure of this page."))
    return cohort


def _weeks() -> int | None:
    chosen = number(request.args, "weeks")
    return chosen if chosen in PERIODS else None


def _cohort_page(cohort: Cohort) -> str:
    session, weeks = db.session(), _weeks()
    told = reading.told(session, [cohort], weeks, with_waits=True)[0]
    figures, is_here = told.figures, cohort.id == access.cohort().id
    bridging = figures.bridging
    return render_template(
        "insights/index.html",
        cohort_shown=cohort,
        told=told,
        figures=figures,
        sentences=telling.sentences(figures),
        picture=drawing.picture(bridging) if bridging else None,
        # what the decision log says is for the cohort's own people
        reasons=reading.reasons(session, cohort) if is_here and figures.ideas.get("refused") else [],
        stage_names=staging.usual_names(),
        weeks=weeks,
        choices=PERIODS,
        **_links(cohort),
    )


def _links(cohort: Cohort) -> dict[str, Any]:
    session, member = db.session(), access.member()
    return {
        "room": "insights",
        "is_trainer": reaching.is_trainer_of(session, member, cohort),
        "has_others": len(reaching.cohorts(session, member)) > 1,
        "here": url_for("insights.show", cohort_id=cohort.id),
    }


def _cells(cohort: Cohort) -> Sequence[Sequence[Any]]:
    found = reading.cells(db.session(), [cohort.id])
    return [
        [cohort.title, cell.what, cell.since, cell.until, cell.key, cell.unit, cell.other, cell.people, cell.number]
        for cell in found
    ]


def _file(cohort: Cohort, name: str, content: bytes, mimetype: str) -> Response:
    answer = Response(content, content_type=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="insights-{cohort.id}-{name}"'
    return answer
