"""Ask people to stand with the authors of an idea, and what they say to it."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.ideas import inviting
from sociallearn.ideas.models import Idea
from sociallearn.parameters import number
from sociallearn.posts.pages import find

bp = Blueprint("authors", __name__, url_prefix="/s/<seat>/ideas/<int:post_id>/authors")


@bp.post("")
def invite(post_id: int) -> ResponseReturnValue:
    """Ask somebody."""
    inviting.invite(db.session(), _idea(post_id), number(request.form, "member") or 0, by=access.member())
    return toasts.redirect(url_for("ideas.show", post_id=post_id), "author-asked")


@bp.post("/acceptance")
def accept(post_id: int) -> ResponseReturnValue:
    """Yes."""
    inviting.accept(db.session(), _idea(post_id), by=access.member())
    return toasts.redirect(url_for("ideas.show", post_id=post_id), "author-now")


@bp.post("/withdrawal")
def decline(post_id: int) -> ResponseReturnValue:
    """No; or an author takes an invitation back."""
    asked = number(request.form, "member") if "member" in request.form else access.member().id
    inviting.decline(db.session(), _idea(post_id), asked or 0, by=access.member())
    return toasts.redirect(url_for("ideas.show", post_id=post_id), "author-not")


@bp.post("/leaving")
def leave(post_id: int) -> ResponseReturnValue:
    """No longer."""
    inviting.leave(db.session(), _idea(post_id), by=access.member())
    return toasts.redirect(url_for("ideas.show", post_id=post_id), "author-left")


def _idea(post_id: int) -> Idea:
    access.require_writer()
    find(post_id)  # 404 for what this member cannot see
    return access.get_or_404(Idea, post_id=post_id)
