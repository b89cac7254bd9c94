"""Propose, read and rate ideas; open and close the rounds they stand in."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, clock, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.grades import receipts
from sociallearn.ideas import proposing, rating, rounds, sitting
from sociallearn.ideas import reading as ideas
from sociallearn.ideas.forms import RoundForm
from sociallearn.ideas.models import Idea, IdeaRound, Sitting
from sociallearn.parameters import number
from sociallearn.posts import attaching, drafting, form_files, reading, starters
from sociallearn.posts.forms import PostForm, TitledForm
from sociallearn.posts.models import Kind, Post
from sociallearn.posts.pages import fill_from_draft, find, thread_page

bp = Blueprint("ideas", __name__, url_prefix="/s/<seat>/ideas")


@bp.get("")
def index() -> ResponseReturnValue:
    """Ideas, newest first; of all rounds, or of one."""
    session, member = db.session(), access.member()
    shown = ideas.rounds_of(session, member)
    chosen = _wanted()
    before = number(request.args, "before")
    if chosen:
        page = reading.page(session, Kind.IDEA, member, before, ideas.within(chosen.id), round=chosen.id)
    else:
        page = reading.page(session, Kind.IDEA, member, before)
    ideas.add_ratings(session, page.items, member)
    return render_template(
        "ideas/index.html",
        page=page,
        newest_id=(page.items[0].id if page.items else 0) if page.is_first and not chosen else None,
        rounds=shown,
        round=chosen,
        may_rate_more=ideas.may_rate_more(session, member, chosen),
        starter=starters.of_round(session, chosen.id, member) if chosen else None,
        room="ideas",
    )


@bp.get("/new")
def new() -> ResponseReturnValue:
    """The form to propose."""
    return _propose_page(TitledForm(), _wanted())


@bp.post("")
def propose() -> ResponseReturnValue:
    """Propose an idea."""
    access.require_writer()
    form = TitledForm(request.form)
    wanted = number(request.form, "round")
    chosen = access.get_or_404(IdeaRound, id=wanted) if "round" in request.form else None
    if not form_files.is_complete(form):
        return _propose_page(form, chosen), 422
    idea = proposing.propose(db.session(), by=access.member(), title=form.heading, body=form.text, to=chosen)
    attaching.attach(db.session(), db.session.get_one(Post, idea.post_id), form.chosen, by=access.member())
    drafting.clear(db.session(), access.member(), "ideas")
    return redirect(url_for("ideas.show", post_id=idea.post_id), 303)


def _propose_page(form: TitledForm, chosen: IdeaRound | None) -> str:
    session, member = db.session(), access.member()
    draft = fill_from_draft(form, "ideas")
    return render_template(
        "ideas/new.html",
        form=form,
        hint=receipts.hint_for(session, member, "idea"),
        round=chosen,
        rounds=[one for one in ideas.rounds_of(session, member) if one.is_open],
        draft_saved=draft is not None,
        room="ideas",
    )


def _wanted() -> IdeaRound | None:
    """The round the address names; none for all of them. Raises Refusal 404 for another cohort's."""
    if "round" not in request.args:
        return None
    return access.get_or_404(IdeaRound, id=number(request.args, "round"))


@bp.get("/rounds/new")
def new_round() -> ResponseReturnValue:
    """The form to open an idea round."""
    access.require_trainer()
    return _round_page(RoundForm())


@bp.post("/rounds")
def open_round() -> ResponseReturnValue:
    """Open an idea round."""
    access.require_trainer()
    form = RoundForm(request.form)
    is_valid = form.validate()
    closes_at = form.closes.moment(access.cohort().time_zone) if is_valid else None
    if closes_at is not None and closes_at <= clock.now():
        form.closes.errors = [_("Choose a moment that is still to come.")]
        is_valid = False
    if not is_valid:
        return _round_page(form), 422
    made = rounds.open_one(db.session(), by=access.member(), question=form.question.data or "", closes_at=closes_at)
    return toasts.redirect(url_for("ideas.index", round=made.id), "round-opened")


def _round_page(form: RoundForm) -> str:
    return render_template("ideas/round.html", form=form, zone=access.cohort().time_zone, room="ideas")


@bp.post("/rounds/<int:round_id>/closing")
def close_round(round_id: int) -> ResponseReturnValue:
    """No new ideas and no ratings in this round from now on."""
    access.require_trainer()
    rounds.close(db.session(), access.get_or_404(IdeaRound, id=round_id), by=access.member())
    return toasts.redirect(url_for("ideas.index", round=round_id), "round-closed")


@bp.post("/rounds/<int:round_id>/closing/withdrawal")
def reopen_round(round_id: int) -> ResponseReturnValue:
    """New ideas and ratings again."""
    access.require_trainer()
    rounds.reopen(db.session(), access.get_or_404(IdeaRound, id=round_id), by=access.member())
    return toasts.redirect(url_for("ideas.index", round=round_id), "round-reopened")


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
        round=ideas.round_of(db.session(), post.id),
    )


@bp.post("/<int:post_id>/rating")
def rate(post_id: int) -> ResponseReturnValue:
    """Rate an idea, or change one's rating."""
    access.require_writer()
    idea = access.get_or_404(Idea, post_id=post_id)
    rating.rate(db.session(), idea, number(request.form, "value") or 0, by=access.member())
    if "sitting" in request.form:
        return redirect(_next_step(_sitting(number(request.form, "sitting"))), 303)
    return toasts.redirect(url_for("ideas.show", post_id=post_id), "rated")


@bp.get("/ranking")
def ranking() -> ResponseReturnValue:
    """The ideas of a round by what their ratings say, best first."""
    session, member = db.session(), access.member()
    chosen = _wanted() or rounds.find_default(session, member)
    return render_template(
        "ideas/ranking.html",
        round=chosen,
        ranking=ideas.ranking(session, chosen, member) if chosen else None,
        rounds=ideas.rounds_of(session, member),
        may_rate_more=ideas.may_rate_more(session, member, chosen),
        room="ideas",
    )


@bp.post("/sittings")
def begin() -> ResponseReturnValue:
    """Rate five: begin, or go on with what is not finished."""
    access.require_writer()
    wanted = number(request.form, "round")
    chosen = access.get_or_404(IdeaRound, id=wanted) if "round" in request.form else None
    begun = sitting.begin(db.session(), by=access.member(), within=chosen)
    if begun is None:
        return toasts.redirect(url_for("ideas.index", round=wanted), "all-rated")
    return redirect(_next_step(begun), 303)


@bp.get("/sittings/<int:sitting_id>")
def sit(sitting_id: int) -> ResponseReturnValue:
    """One idea of a sitting, or that it is done."""
    session, member = db.session(), access.member()
    chosen = _sitting(sitting_id)
    steps = ideas.steps(session, chosen)
    place, to_do = number(request.args, "place"), sitting.to_do(session, chosen, member)
    if place is None and to_do is not None:
        return redirect(_next_step(chosen), 303)
    step = next((one for one in steps if one.place == place), None)
    shown = None
    if step is not None:
        post = find(step.idea_id)
        shown = reading.show(post, member)
        reading.give_reasons(session, [shown])
        reading.give_marks(session, [shown], member)
        ideas.add_ratings(session, [shown], member)
    return render_template(
        "ideas/sitting.html",
        sitting=chosen,
        steps=steps,
        step=step,
        root=shown,
        to_do=to_do,
        may_rate_more=ideas.may_rate_more(session, member, None),
        room="ideas",
    )


@bp.post("/sittings/<int:sitting_id>/skipping")
def skip(sitting_id: int) -> ResponseReturnValue:
    """Pass one over."""
    access.require_writer()
    chosen = _sitting(sitting_id)
    sitting.skip(db.session(), chosen, number(request.form, "place") or 0)
    return redirect(_next_step(chosen), 303)


def _sitting(sitting_id: int | None) -> Sitting:
    """One's own. Raises Refusal 404 for every other."""
    return access.get_or_404(Sitting, id=sitting_id, member_id=access.member().id)


def _next_step(of: Sitting) -> str:
    place = sitting.to_do(db.session(), of, access.member())
    return url_for("ideas.sit", sitting_id=of.id, place=place)
