"""Ask, answer, accept."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
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
from sociallearn.posts.pages import back_to_post, fill_from_draft, find, place, thread_page
from sociallearn.posts.reading import Page, Shown
from sociallearn.questions import accepting, converting, marking, matching, memory, settling, states, waiting
from sociallearn.questions import reading as questions
from sociallearn.questions.forms import TargetForm, TitleForm, WordsForm
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
    topics = questions.topics(session, member)
    topic = next((one for one in topics if one[1] == request.args.get("topic")), None)
    topic_id, key = (topic[0], topic[1]) if topic else (None, None)
    page = reading.page(
        session, Kind.QUESTION, member, before, questions.LISTS[show], topic_id=topic_id, show=show, topic=key
    )
    questions.mark_accepted(session, page)
    return render_template(
        "questions/index.html",
        page=page,
        clocks=waiting.clocks(session, page.items, member),
        newest_id=(page.items[0].id if page.items else 0) if page.is_first and show == "all" and not topic else None,
        show=show,
        counts=questions.counts(session, member, topic_id),
        topics=topics,
        topic=key,
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
    title, body = _typed("typed_")
    alike_id = number(request.form, "alike_id") or 0
    row = settling.settle(db.session(), alike_id, by=access.member(), title=title, body=body)
    return toasts.redirect(url_for("questions.index"), "settled", row.id)


@bp.post("/settled/<int:settled_id>/withdrawal")
def unsettle(settled_id: int) -> ResponseReturnValue:
    """It does not, after all: back to what was typed."""
    settling.undo(db.session(), access.get_or_404(Settled, id=settled_id), by=access.member())
    return redirect(url_for("questions.new"), 303)


def _typed(prefix: str = "") -> tuple[str, str]:
    """A question that may be half written."""
    title, body = request.form.get(f"{prefix}title", ""), request.form.get(f"{prefix}body", "")
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
    """A question and its answers; for any other post, the place where it is read: it may have become a post."""
    post = find(post_id)
    if post.kind == Kind.POST:
        return redirect(place(post))
    return _page(_question(post_id), PostForm())


@bp.post("/<int:post_id>/answers")
def answer(post_id: int) -> ResponseReturnValue:
    """Answer a question."""
    access.require_writer()
    question, form = find(post_id), PostForm(request.form)
    if question.kind != Kind.POST:  # it became one while this was written: then it is a reply
        question = _question(post_id)
    if not form_files.is_complete(form):
        if question.kind == Kind.POST:
            return render_template("posts/again.html", form=form, post=reading.show(question, access.member())), 422
        return _page(question, form), 422
    made = writing.reply(db.session(), question, by=access.member(), body=form.text)
    attaching.attach(db.session(), made, form.chosen, by=access.member())
    drafting.clear(db.session(), access.member(), f"reply-{question.id}")
    return redirect(reading.place_of(db.session(), made), 303)


def _page(question: Post, form: PostForm) -> str:
    session, member = db.session(), access.member()
    accepted = questions.accepted_answer(session, question, member)
    shown = waiting.clock_of(session, question, member, is_accepted=accepted is not None)
    order: dict[str, Any] = {"wanted": "oldest" if request.args.get("order") == "oldest" else "best", "is_best": False}

    def adorn(root: Shown, page: Page) -> None:
        questions.give_states(session, [root], {root.id} if accepted else ())
        root.is_accepted = False  # that mark is for answers
        if root.state == states.State.DUPLICATE:
            root.may_reply = False
        questions.mark_answers(session, question, page, accepted, member)
        if root.state == states.State.DUPLICATE:
            for item in page.items:
                item.may_accept = False
        order["is_whole"] = page.is_first and not page.next_url
        order["is_best"] = order["wanted"] == "best" and questions.sort_best_first(page)

    return thread_page(
        question,
        form,
        "questions/show.html",
        room="questions",
        hint=lambda to: receipts.hint_for(session, member, "reply", to),
        accepted=accepted,
        clock=shown,
        asking=waiting.asking(session, question, member, shown),
        adorn=adorn,
        order=order,
        said=questions.said(session, question, member),
        may_say=accepting.may_accept(question, member)
        and member.may_write
        and question.is_visible
        and not question.is_locked,
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


@bp.get("/<int:post_id>/solving")
def solving(post_id: int) -> ResponseReturnValue:
    """The form to say that it is solved otherwise."""
    return _words_page(_question(post_id), WordsForm(), "solve")


@bp.post("/<int:post_id>/solving")
def solve(post_id: int) -> ResponseReturnValue:
    """It is solved otherwise."""
    return _say(post_id, states.solve, "solve", "solved")


@bp.get("/<int:post_id>/reopening")
def reopening(post_id: int) -> ResponseReturnValue:
    """The form to open it again."""
    return _words_page(_question(post_id), WordsForm(), "reopen")


@bp.post("/<int:post_id>/reopening")
def reopen(post_id: int) -> ResponseReturnValue:
    """It is open again."""
    return _say(post_id, states.reopen, "reopen", "question-reopened")


def _say(post_id: int, act: Callable[..., object], name: str, toast: str) -> ResponseReturnValue:
    access.require_writer()
    question, form = _question(post_id), WordsForm(request.form)
    if not form.validate():
        return _words_page(question, form, name), 422
    act(db.session(), question, by=access.member(), words=form.words.data or "")
    return toasts.redirect(url_for("questions.show", post_id=question.id), toast)


def _words_page(question: Post, form: WordsForm, act: str) -> str:
    _require_asker(question)
    shown = reading.show(question, access.member())
    return render_template("questions/words.html", post=shown, form=form, act=act, room="questions")


def _require_asker(question: Post) -> None:
    access.require_writer()
    if not accepting.may_accept(question, access.member()):
        raise Refusal(403, _("Whoever asked, or a trainer, says how a question stands."))


@bp.get("/<int:post_id>/duplicate")
def duplicating(post_id: int) -> ResponseReturnValue:
    """The form to say where this was asked before."""
    return _duplicate_page(_question(post_id), TargetForm())


@bp.post("/<int:post_id>/duplicate")
def mark_duplicate(post_id: int) -> ResponseReturnValue:
    """It was asked before."""
    access.require_writer()
    question, form = _question(post_id), TargetForm(request.form)
    session, member = db.session(), access.member()
    target = reading.root(session, member, form.question_id) if form.validate() and form.question_id else None
    if target is None:
        form.form_errors.append(_("Choose a question that everybody who reads this one can see."))
        return _duplicate_page(question, form), 422
    states.mark_duplicate(session, question, target, by=member)
    return toasts.redirect(url_for("questions.show", post_id=question.id), "duplicate")


@bp.post("/<int:post_id>/duplicate/withdrawal")
def unmark_duplicate(post_id: int) -> ResponseReturnValue:
    """It is a question of its own, after all."""
    access.require_writer()
    question = _question(post_id)
    states.unmark_duplicate(db.session(), question, by=access.member())
    return toasts.redirect(url_for("questions.show", post_id=question.id), "no-duplicate")


def _duplicate_page(question: Post, form: TargetForm) -> str:
    _require_asker(question)
    session, member = db.session(), access.member()
    return render_template(
        "questions/duplicate.html",
        post=reading.show(question, member),
        form=form,
        likely=questions.likely(session, question, member),
        room="questions",
    )


@bp.get("/<int:post_id>/conversion")
def converting_page(post_id: int) -> ResponseReturnValue:
    """What happens when a post becomes a question, or a question a post."""
    return _convert_page(_convertible(post_id), TitleForm())


@bp.post("/<int:post_id>/conversion")
def convert(post_id: int) -> ResponseReturnValue:
    """It becomes the other."""
    post, form, session = _convertible(post_id), TitleForm(request.form), db.session()
    if request.form.get("to") == "post":
        made = converting.to_post(session, post, by=access.member())
        return toasts.redirect(place(made), "now-post")
    if not form.validate():
        return _convert_page(post, form), 422
    made = converting.to_question(session, post, by=access.member(), title=form.title.data or "")
    return toasts.redirect(place(made), "now-question")


def _convertible(post_id: int) -> Post:
    access.require_writer()
    post, member = find(post_id), access.member()
    if not (member.is_trainer or post.written_by(member)):
        raise Refusal(403, _("Whoever wrote it, or a trainer, can do this."))
    return post


def _convert_page(post: Post, form: TitleForm) -> str:
    sentence = converting.problem(db.session(), post)
    if sentence is not None:
        raise Refusal(409, sentence)
    shown = reading.show(post, access.member())
    return render_template("questions/convert.html", post=shown, form=form, room="questions")


@bp.post("/answers/<int:post_id>/vote")
def vote(post_id: int) -> ResponseReturnValue:
    """This answer is useful."""
    return _mark(post_id, marking.vote)


@bp.post("/answers/<int:post_id>/vote/withdrawal")
def take_vote(post_id: int) -> ResponseReturnValue:
    """Not so useful, after all."""
    return _mark(post_id, marking.take_vote)


@bp.post("/answers/<int:post_id>/help")
def helped(post_id: int) -> ResponseReturnValue:
    """This helped me."""
    return _mark(post_id, marking.helped)


@bp.post("/answers/<int:post_id>/help/withdrawal")
def take_help(post_id: int) -> ResponseReturnValue:
    """It did not, after all."""
    return _mark(post_id, marking.take_help)


@bp.post("/answers/<int:post_id>/endorsement")
def endorse(post_id: int) -> ResponseReturnValue:
    """A trainer recommends this answer."""
    access.require_trainer()
    return _mark(post_id, marking.endorse)


@bp.post("/answers/<int:post_id>/endorsement/withdrawal")
def take_endorsement(post_id: int) -> ResponseReturnValue:
    """And no longer does."""
    return _mark(post_id, marking.take_endorsement)


def _mark(post_id: int, act: Callable[..., None]) -> ResponseReturnValue:
    access.require_writer()
    text, session = find(post_id), db.session()
    act(session, text, by=access.member())
    if request.accept_mimetypes.best == "application/json":
        votes, count = questions.tally(session, text)
        return jsonify(vote=votes, help=count)
    return redirect(back_to_post(text), 303)


def _question(post_id: int) -> Post:
    post = find(post_id)
    if post.kind != Kind.QUESTION:
        raise Refusal(404, _("There is no such question here."), _("Perhaps it was an old link."))
    return post
