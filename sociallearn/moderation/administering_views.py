"""Reports for administrators: about texts no trainer of the cohort can decide about. They need not be in the cohort, so
the text itself stands here, and they reach nothing else of it."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.moderation import handling, queue, wording
from sociallearn.moderation.forms import NoteForm, ReasonForm
from sociallearn.moderation.queue import Case
from sociallearn.parameters import number
from sociallearn.posts import deciding
from sociallearn.posts.forms import tidy
from sociallearn.posts.models import Post, Visibility
from sociallearn.roster.models import Person

bp = Blueprint("administering", __name__, url_prefix="/s/<seat>/administration/reports")


@bp.before_request
def _only_administrators() -> None:
    access.require_administrator()


@bp.get("")
def index() -> ResponseReturnValue:
    """What waits for administrators."""
    found = queue.cases(db.session(), access.member(), _me())
    return render_template("moderation/administering.html", cases=found, here="reports", room="administration")


@bp.get("/<int:post_id>/dismissal")
def reports(post_id: int) -> ResponseReturnValue:
    """The form to leave a text as it is."""
    return _reports_page(_reported(post_id), NoteForm())


@bp.post("/<int:post_id>/dismissal")
def dismiss(post_id: int) -> ResponseReturnValue:
    """Leave it as it is."""
    post, form = _reported(post_id), NoteForm(request.form)
    if not form.validate():
        return _reports_page(post, form), 422
    seen = number(request.form, "seen") or 0
    handling.dismiss(db.session(), post, by=_me(), note=form.note.data or "", seen=seen)
    return toasts.redirect(url_for("administering.index"), "dismissed-above", undo=post.id)


@bp.post("/<int:post_id>/dismissal/withdrawal")
def reopen(post_id: int) -> ResponseReturnValue:
    """Look again."""
    handling.reopen(db.session(), _reported(post_id), by=_me())
    return toasts.redirect(url_for("administering.index"), "reports-reopened")


@bp.get("/<int:post_id>/hiding")
def hide(post_id: int) -> ResponseReturnValue:
    """The form to hide a text."""
    case = _case(_reported(post_id))
    most = case.reasons.most_common(1)[0][0]
    return _hide_page(case, ReasonForm(reason=wording.reason_to_hide(most)))


@bp.post("/<int:post_id>/hiding")
def hide_now(post_id: int) -> ResponseReturnValue:
    """Hide it."""
    post, form = _reported(post_id), ReasonForm(request.form)
    _case(post)
    if not form.validate():
        return _hide_page(_case(post), form), 422
    deciding.administer(db.session(), post, Visibility.HIDDEN, by=_me(), reason=form.reason.data or "")
    return toasts.redirect(url_for("administering.index"), "hidden")


@bp.post("/<int:post_id>/hiding/withdrawal")
def restore(post_id: int) -> ResponseReturnValue:
    """Make it readable again, as its author asks."""
    post = _reported(post_id)
    _case(post)
    reason = tidy(request.form.get("reason"))[:1000]
    deciding.administer(db.session(), post, Visibility.VISIBLE, by=_me(), reason=reason)
    return toasts.redirect(url_for("administering.index"), "restored")


def _me() -> Person:
    return access.member().person


def _reported(post_id: int) -> Post:
    """A text reported to this administrator. Raises Refusal 404 for every other, whether it exists or not."""
    post = db.session.get(Post, post_id)
    if post is None:
        raise handling.nothing()
    handling.require(db.session(), post, by=_me())
    return post


def _case(post: Post) -> Case:
    found = queue.cases(db.session(), access.member(), _me(), post)
    if not found:
        raise Refusal(409, _("Somebody was faster: this was already handled."), _("Reload the page to see it."))
    return found[0]


def _reports_page(post: Post, form: NoteForm) -> str:
    return render_template(
        "moderation/reports.html",
        case=_case(post),
        form=form,
        action=url_for("administering.dismiss", post_id=post.id),
        back=url_for("administering.index"),
        room="administration",
    )


def _hide_page(case: Case, form: ReasonForm) -> str:
    return render_template("moderation/hide_above.html", case=case, form=form, room="administration")
