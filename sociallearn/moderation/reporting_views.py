"""Report a text, ask for another look at one's own, and what trainers do about either."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.moderation import handling, queue, reporting
from sociallearn.moderation.forms import AgainForm, NoteForm, ReportForm, TitledAgainForm
from sociallearn.moderation.models import Reason, State
from sociallearn.moderation.reporting import Readers
from sociallearn.parameters import number
from sociallearn.posts import reading
from sociallearn.posts.models import Post
from sociallearn.posts.pages import find, place

bp = Blueprint("reports", __name__, url_prefix="/s/<seat>")


@bp.get("/posts/<int:post_id>/report")
def ask(post_id: int) -> ResponseReturnValue:
    """The form to report a text; or what one reported, and taking it back."""
    return _report_page(_readable(post_id), ReportForm())


@bp.post("/posts/<int:post_id>/report")
def report(post_id: int) -> ResponseReturnValue:
    """Report it."""
    post, form = find(post_id), ReportForm(request.form)
    if not form.validate():
        return _report_page(_readable(post_id), form), 422
    to = reporting.report(
        db.session(), post, by=access.member(), reason=Reason(form.kind.data), words=form.words.data or ""
    )
    return toasts.redirect(place(post), "reported-above" if to == Readers.ADMINISTRATORS else "reported")


@bp.post("/posts/<int:post_id>/report/withdrawal")
def withdraw(post_id: int) -> ResponseReturnValue:
    """Take it back."""
    post = find(post_id)
    reporting.withdraw(db.session(), post, by=access.member())
    return toasts.redirect(place(post), "report-withdrawn")


@bp.get("/posts/<int:post_id>/another-look")
def again(post_id: int) -> ResponseReturnValue:
    """The form to change one's own hidden text and to ask that it be shown again."""
    access.require_writer()
    post = _own_hidden(post_id)
    form = _form_for(post)(data={"body": post.body, "title": post.title, "version": str(post.version)})
    return _again_page(post, form)


@bp.post("/posts/<int:post_id>/another-look")
def ask_again(post_id: int) -> ResponseReturnValue:
    """Save and ask."""
    access.require_writer()
    post = _own_hidden(post_id)
    form = _form_for(post)(request.form)
    if not form.validate():
        return _again_page(post, form), 422
    title = form.heading if isinstance(form, TitledAgainForm) else None
    text = {"title": title, "body": form.text, "version": number(request.form, "version")}
    reporting.ask_again(db.session(), post, by=access.member(), words=form.words.data or "", **text)
    return toasts.redirect(place(post), "asked-again")


@bp.get("/posts/<int:post_id>/reports")
def reports(post_id: int) -> ResponseReturnValue:
    """What was reported about one text, and the form to leave it as it is."""
    access.require_trainer()
    return _reports_page(_reported(post_id), NoteForm())


@bp.post("/posts/<int:post_id>/reports/dismissal")
def dismiss(post_id: int) -> ResponseReturnValue:
    """Leave it as it is."""
    access.require_trainer()
    post, form = _reported(post_id), NoteForm(request.form)
    if not form.validate():
        return _reports_page(post, form), 422
    seen = number(request.form, "seen") or 0
    handling.dismiss(db.session(), post, by=access.member(), note=form.note.data or "", seen=seen)
    return toasts.redirect(url_for("moderation.index"), "dismissed", undo=post.id)


@bp.post("/posts/<int:post_id>/reports/dismissal/withdrawal")
def reopen(post_id: int) -> ResponseReturnValue:
    """Look again."""
    access.require_trainer()
    handling.reopen(db.session(), _reported(post_id), by=access.member())
    return toasts.redirect(url_for("moderation.index"), "reports-reopened")


def _readable(post_id: int) -> Post:
    post = find(post_id)
    if post.written_by(access.member()):
        raise Refusal(403, _("This is your own text."), _("You can change or delete it yourself."))
    if not post.is_visible:
        raise Refusal(409, _("This text was removed meanwhile."), _("Nobody reads it any more."))
    return post


def _report_page(post: Post, form: ReportForm) -> str:
    session, member = db.session(), access.member()
    latest = reporting.latest(session, post, member)
    return render_template(
        "moderation/report.html",
        post=reading.show(post, member),
        back=place(post),
        form=form,
        mine=latest if latest and latest.state in (State.OPEN, State.DISMISSED) else None,
        to=reporting.readers(session, post),
    )


def _own_hidden(post_id: int) -> Post:
    post = find(post_id)
    if not post.written_by(access.member()):
        raise Refusal(403, _("You can change your own texts only."))
    if not reading.show(post, access.member()).is_hidden:
        raise Refusal(409, _("This text is not hidden."), _("What you typed stands below."))
    return post


def _form_for(post: Post) -> type[AgainForm] | type[TitledAgainForm]:
    return AgainForm if post.title is None else TitledAgainForm


def _again_page(post: Post, form: AgainForm | TitledAgainForm) -> str:
    session, member = db.session(), access.member()
    shown = reading.show(post, member)
    reading.give_reasons(session, [shown])
    reading.give_marks(session, [shown], member)
    to = reporting.readers(session, post)
    return render_template("moderation/again.html", post=shown, back=place(post), form=form, to=to)


def _reported(post_id: int) -> Post:
    # found without asking whether its room is open: a closed one leaves nothing waiting for ever
    post = reading.root(db.session(), access.member(), post_id)
    if post is None:
        raise handling.nothing()
    handling.require(db.session(), post, by=access.member())
    return post


def _reports_page(post: Post, form: NoteForm) -> str:
    member = access.member()
    found = queue.cases(db.session(), member, member, post)
    if not found:
        raise Refusal(409, _("Somebody was faster: this was already handled."), _("Reload the page to see it."))
    return render_template(
        "moderation/reports.html",
        case=found[0],
        form=form,
        action=url_for("reports.dismiss", post_id=post.id),
        back=url_for("moderation.index"),
        room="moderation",
    )
