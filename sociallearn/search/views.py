"""The search page."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from sociallearn import access
from sociallearn.database import db
from sociallearn.search import asking, reading
from sociallearn.search.forms import KINDS, SearchForm
from sociallearn.search.reading import Narrowed

bp = Blueprint("search", __name__, url_prefix="/s/<seat>")


@bp.get("/search")
def index() -> ResponseReturnValue:
    """Twenty texts that hold what was asked, and people and topics called so."""
    form = SearchForm(request.args)
    form.settle()
    asked = asking.parse(form.q.data or "")
    narrowed = Narrowed(
        form.kind.data,
        form.person.data or "",
        form.topic.data or "",
        form.since.data,
        form.until.data,
        form.answered.data,
    )
    session, member = db.session(), access.member()
    results = reading.search(session, member, asked, narrowed, reading.place(request.args.get("after", "")))
    return render_template(
        "search/index.html",
        form=form,
        asked=asked,
        narrowed=narrowed,
        results=results,
        kinds=KINDS,
        query=form.query(),
        room="search",
    )
