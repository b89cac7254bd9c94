"""Figures for L&D managers."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from sociallearn import access
from sociallearn.database import db
from sociallearn.insights import reading

bp = Blueprint("insights", __name__, url_prefix="/s/<seat>")


@bp.get("/insights")
def index() -> ResponseReturnValue:
    """This cohort in a few sentences and figures."""
    access.require_manager()
    session, cohort = db.session(), access.cohort()
    return render_template(
        "insights/index.html",
        figures=reading.figures(session, cohort.id),
        sentences=reading.sentences(session, cohort.id),
        weeks=reading.weeks(session, cohort.id),
        room="insights",
    )
