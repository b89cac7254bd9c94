"""Propose, read and rate ideas."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.grades import receipts
from sociallearn.ideas import proposing, rating
from sociallearn.ideas import reading as ideas
from sociallearn.ideas.models import Idea
from sociallearn.parameters import number
from sociallearn.posts import drafting, reading
from sociallearn.posts.forms import PostForm, TitledForm
from sociallearn.posts.models import Kind
from sociallearn.posts.pages import fill_from_draft, find, thread_page

bp = Blueprint("ideas", __name__, url_prefix="/s/<seat>/ideas")


@bp.get("")
def index() -> ResponseReturnValue:
    """Ideas, newest first."""
    session, member = db.session(), access.member()
    page = reading.page(session, Kind.IDEA, member, number(request.args, "before"))
    ideas.add_ratings(session, page.items, member)
    return render_template(
        "ideas/index.html",
        page=page,
        newest_id=(page.items[0].id if page.items else 0) if page.is_first else None,
        round=ideas.open_round(session, member.cohort_id),
        room="ideas",
    )


@bp.get("/new")
def new() -> ResponseReturnValue:
    """The form to propose."""
    return _propose_page(TitledForm())


@bp.post("")
def propose() -> ResponseReturnValue:
    """Propose an idea."""
    access.require_writer()
    form = TitledForm(request.form)
    if not form.validate():
        return _propose_page(form), 422
    idea = proposing.propose(db.session(), by=access.member(), title=form.heading, body=form.text)
    drafting.clear(db.session(), access.member(), "ideas")
    return redirect(url_for("ideas.show", post_id=idea.post_id), 303)


def _propose_page(form: TitledForm) -> str:
    session, member = db.session(), access.member()
    draft = fill_from_draft(form, "ideas")
    return render_template(
        "ideas/new.html",
        form=form,
        hint=receipts.hint_for(session, member, "idea"),
        round=ideas.open_round(session, member.cohort_id),
        draft_saved=draft is not None,
        room="ideas",
    )


@bp.get("/<int:post_id>")
def show(post_id: int) -> ResponseReturnValue:
    """An idea and its comments."""
    post = find(post_id)
    if post.kind != Kind.IDEA:
        raise Refusal(404, _("There is no such idea here."), _("Perhaps it was an old link."))
    return thread_page(
        post,
        PostForm(),
        "ideas/show.html",
        room="ideas",
        hint=lambda to: receipts.hint_for(db.session(), access.member(), "reply", to),
        adorn=lambda root, page: ideas.add_ratings(db.session(), [root], access.member()),
    )


@bp.post("/<int:post_id>/rating")
def rate(post_id: int) -> ResponseReturnValue:
    """Rate an idea, or change one's rating."""
    access.require_writer()
    idea = access.get_or_404(Idea, post_id=post_id)
    rating.rate(db.session(), idea, number(request.form, "value") or 0, by=access.member())
    return toasts.redirect(url_for("ideas.show", post_id=post_id), "rated")
