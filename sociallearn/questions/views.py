"""Ask, answer, accept."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.grades import receipts
from sociallearn.parameters import number
from sociallearn.posts import attaching, drafting, form_files, reading, writing
from sociallearn.posts.forms import LONGEST_TITLE, PostForm, TitledForm, tidy, tidy_line
from sociallearn.posts.models import Kind, Post
from sociallearn.posts.pages import fill_from_draft, find, thread_page
from sociallearn.questions import accepting, matching, memory, settling, waiting
from sociallearn.questions import reading as questions
from sociallearn.questions.models import Settled
from sociallearn.roster import spaces

bp = Blueprint("questions", __name__, url_prefix="/s/<seat>/questions")


@bp.get("")
def index() -> ResponseReturnValue:
    """Questions, newest first, of one list."""
    session, member = db.session(), access.member()
    show = request.args.get("show", "all")
    show = show if show in questions.LISTS else "all"
    before = number(request.args, "before")
    page = reading.page(session, Kind.QUESTION, member, before, questions.LISTS[show], show=show)
    questions.mark_accepted(session, page)
    return render_template(
        "questions/index.html",
        page=page,
        clocks=waiting.clocks(session, page.items, member),
        newest_id=(page.items[0].id if page.items else 0) if page.is_first and show == "all" else None,
        show=show,
        counts=questions.counts(session, member),
        room="questions",
    )


@bp.get("/new")
def new() -> ResponseReturnValue:
    """The form to ask."""
    return _ask_page(TitledForm())


@bp.post("")
def ask() -> ResponseReturnValue:
    """Ask the cohort."""
    access.require_writer()
    form = TitledForm(request.form)
    if not form_files.is_complete(form):
        return _ask_page(form), 422
    session, member = db.session(), access.member()
    space = spaces.choose(session, member, form.space.data or "")
    made = writing.write(session, Kind.QUESTION, by=member, body=form.text, title=form.heading, space=space)
    attaching.attach(session, made, form.chosen, by=member)
    drafting.clear(db.session(), access.member(), "questions")
    return redirect(url_for("questions.show", post_id=made.id), 303)


@bp.post("/alike")
@access.only_reads
def alike() -> ResponseReturnValue:
    """Questions like the one being typed, as a piece of a page."""
    access.require_writer()
    title, body = _typed()
    found = matching.find(db.session(), access.member(), title, body)
    return render_template("questions/_alike.html", alike=found, asked={"title": title, "body": body})


@bp.post("/look")
def look() -> ResponseReturnValue:
    """The same without a script: the form again, with them in it. What was typed is kept as a draft."""
    access.require_writer()
    form, (title, body) = TitledForm(request.form), _typed()
    form_files.choose(form)
    drafting.save(db.session(), access.member(), settling.PLACE, title, body)
    found = matching.find(db.session(), access.member(), title, body)
    return _ask_page(form, alike=found, asked={"title": title, "body": body})


@bp.post("/settled")
def settle() -> ResponseReturnValue:
    """Another question answers the one typed."""
    access.require_writer()
    title, body = _typed()
    alike_id = number(request.form, "alike_id") or 0
    row = settling.settle(db.session(), alike_id, by=access.member(), title=title, body=body)
    return toasts.redirect(url_for("questions.index"), "settled", row.id)


@bp.post("/settled/<int:settled_id>/withdrawal")
def unsettle(settled_id: int) -> ResponseReturnValue:
    """It does not, after all: back to what was typed."""
    settling.undo(db.session(), access.get_or_404(Settled, id=settled_id), by=access.member())
    return redirect(url_for("questions.new"), 303)


def _typed() -> tuple[str, str]:
    """A question that may be half written."""
    title, body = request.form.get("title", ""), request.form.get("body", "")
    return tidy_line(title)[:LONGEST_TITLE], tidy(body)[: drafting.LONGEST]


@bp.get("/memory/<int:post_id>")
def remembered(post_id: int) -> ResponseReturnValue:
    """A question of an earlier cohort, to read."""
    found = memory.find(db.session(), access.member(), post_id)
    if found is None:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    member = access.member()
    draft = drafting.find(db.session(), member, settling.PLACE) if member.may_write else None
    return render_template("questions/remembered.html", found=found, draft=draft, room="questions")


def _ask_page(form: TitledForm, **more: Any) -> str:
    draft = fill_from_draft(form, "questions")
    hint = receipts.hint_for(db.session(), access.member(), "post")
    return render_template(
        "questions/new.html",
        form=form,
        hint=hint,
        choices=spaces.choices(db.session(), access.member()),
        draft_saved=draft is not None,
        room="questions",
        **more,
    )


@bp.get("/<int:post_id>")
def show(post_id: int) -> ResponseReturnValue:
    """A question and its answers."""
    return _page(_question(post_id), PostForm())


@bp.post("/<int:post_id>/answers")
def answer(post_id: int) -> ResponseReturnValue:
    """Answer a question."""
    access.require_writer()
    question, form = _question(post_id), PostForm(request.form)
    if not form_files.is_complete(form):
        return _page(question, form), 422
    made = writing.reply(db.session(), question, by=access.member(), body=form.text)
    attaching.attach(db.session(), made, form.chosen, by=access.member())
    drafting.clear(db.session(), access.member(), f"reply-{question.id}")
    return redirect(reading.place_of(db.session(), made), 303)


def _page(question: Post, form: PostForm) -> str:
    session, member = db.session(), access.member()
    accepted = questions.accepted_answer(session, question, member)
    shown = waiting.clock_of(session, question, member, is_accepted=accepted is not None)
    return thread_page(
        question,
        form,
        "questions/show.html",
        room="questions",
        hint=lambda to: receipts.hint_for(session, member, "reply", to),
        accepted=accepted,
        clock=shown,
        asking=waiting.asking(session, question, member, shown),
        adorn=lambda root, page: questions.mark_answers(question, page, accepted, member),
    )


@bp.post("/<int:post_id>/acceptance")
def accept(post_id: int) -> ResponseReturnValue:
    """This answer helped."""
    question, answer = _question(post_id), find(number(request.form, "answer_id") or 0)
    accepting.accept(db.session(), question, answer, by=access.member())
    return toasts.redirect(url_for("questions.show", post_id=question.id), "accepted")


@bp.post("/<int:post_id>/acceptance/withdrawal")
def unaccept(post_id: int) -> ResponseReturnValue:
    """It did not, after all."""
    question = _question(post_id)
    accepting.withdraw(db.session(), question, by=access.member())
    return redirect(url_for("questions.show", post_id=question.id), 303)


def _question(post_id: int) -> Post:
    post = find(post_id)
    if post.kind != Kind.QUESTION:
        raise Refusal(404, _("There is no such question here."), _("Perhaps it was an old link."))
    return post
