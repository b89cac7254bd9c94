"""Figures for L&D managers and trainers. Pages are made of closed cells; a cohort's own trainer gets its rows too."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

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
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
OF_TRAINERS: dict[str, tuple[list[str], Callable[[Session, Cohort], list[list[Any]]]]] = {
    "rows": (["week", "person", "unit", "texts", "replies", "ratings", *DAYS], reading.rows),
    "replies": (["week", "person", "to_person", "replies"], reading.replies),
    "people": (["person", "unit", "opened", "left"], reading.people),
}

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
    together = telling.together([one.figures for one in found])
    return render_template(
        "insights/organisation.html", told=told, together=together, weeks=OVERVIEW, most=MOST_BESIDE, room="insights"
    )


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


@bp.get("/insights/cohorts/<int:cohort_id>/cells.<any(csv,xlsx):kind>")
def cells(cohort_id: int, kind: str) -> ResponseReturnValue:
    """All its cells: every figure can be reckoned again from them."""
    cohort = _find(cohort_id)
    return _file(cohort, "cells", kind, CELLS, _cells(cohort))


@bp.get("/insights/cohorts/<int:cohort_id>/<any(rows,replies,people):what>.<any(csv,xlsx):kind>")
def rows(cohort_id: int, what: str, kind: str) -> ResponseReturnValue:
    """For its trainer, and without names: each learner's weeks, who replied to whom, and who is there."""
    cohort = _own(cohort_id)
    header, read = OF_TRAINERS[what]
    return _file(cohort, what, kind, header, read(db.session(), cohort))


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
    bridging, places = figures.bridging, reading.stage_places(session, cohort)
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
        stages=sorted(figures.stages, key=lambda code: (places.get(code, len(places)), code)),
        bridging=telling.bridging(bridging) if bridging else None,
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


def _file(cohort: Cohort, name: str, kind: str, header: list[str], lines: Sequence[Sequence[Any]]) -> Response:
    if kind == "xlsx":
        answer = Response(exporting.as_xlsx(header, lines), content_type=exporting.XLSX)
    else:
        answer = Response(exporting.as_csv(header, lines), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="insights-{cohort.id}-{name}.{kind}"'
    return answer
