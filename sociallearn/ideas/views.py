"""Propose, read and rate ideas; open and close the rounds they stand in."""

from base64 import b64decode, b64encode
from typing import Any

from flask import Blueprint, Response, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, clock, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.grades import receipts
from sociallearn.ideas import (
    authoring,
    bringing,
    building,
    commenting,
    exporting,
    forms,
    importing,
    inviting,
    joining,
    merging,
    moving,
    proposing,
    rating,
    resembling,
    rounds,
    settling,
    sitting,
    staging,
)
from sociallearn.ideas import reading as ideas
from sociallearn.ideas.commenting import RemarkKind
from sociallearn.ideas.forms import CommentForm, MergeForm, MoveForm, OutcomeForm, RoundForm
from sociallearn.ideas.models import Idea, IdeaRound, Outcome, Sitting
from sociallearn.parameters import number, whole
from sociallearn.posts import attaching, drafting, form_files, reading, starters
from sociallearn.posts.forms import LONGEST_TITLE, TitledForm
from sociallearn.posts.models import Kind, Post
from sociallearn.posts.pages import fill_from_draft, find, thread_page
from sociallearn.posts.reading import Page, Shown

bp = Blueprint("ideas", __name__, url_prefix="/s/<seat>/ideas")


@bp.get("")
def index() -> ResponseReturnValue:
    """Ideas, newest first; of all rounds, or of one."""
    session, member = db.session(), access.member()
    shown = ideas.rounds_of(session, member)
    chosen = _wanted()
    before = number(request.args, "before")
    steps = staging.stages_of(session, chosen) if chosen else []
    step = next((one for one in steps if one.key == request.args.get("stage")), None)
    if chosen:
        stage = step.key if step else None
        where = ideas.within(chosen.id, stage)
        page = reading.page(session, Kind.IDEA, member, before, where, round=chosen.id, stage=stage)
    else:
        page = reading.page(session, Kind.IDEA, member, before, joining.STANDS_ALONE)
    ideas.add_ratings(session, page.items, member)
    return render_template(
        "ideas/index.html",
        page=page,
        newest_id=(page.items[0].id if page.items else 0) if page.is_first and not chosen else None,
        rounds=shown,
        round=chosen,
        stage=step,
        may_rate_more=ideas.may_rate_more(session, member, chosen),
        starter=starters.of_round(session, chosen.id, member) if chosen else None,
        overdue=settling.overdue(session, member) if page.is_first else [],
        told=settling.of_rated(session, member) if page.is_first and not chosen else [],
        invitations=inviting.waiting_for(session, member) if page.is_first and not chosen else [],
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
    on = _built_on(number(request.form, "on")) if "on" in request.form else None
    idea = proposing.propose(db.session(), by=access.member(), title=form.heading, body=form.text, to=chosen, on=on)
    attaching.attach(db.session(), db.session.get_one(Post, idea.post_id), form.chosen, by=access.member())
    drafting.clear(db.session(), access.member(), "ideas")
    return redirect(url_for("ideas.show", post_id=idea.post_id), 303)


def _built_on(post_id: int | None) -> Idea:
    """An idea that can be read. Raises Refusal 404 for any other."""
    on = access.get_or_404(Idea, post_id=post_id)
    if not find(on.post_id).is_visible:
        raise Refusal(404, _("There is no such idea here."), _("Perhaps it was an old link."))
    return on


def _propose_page(form: TitledForm, chosen: IdeaRound | None) -> str:
    session, member = db.session(), access.member()
    on = _built_on(number(request.values, "on")) if "on" in request.values else None
    draft = fill_from_draft(form, "ideas")
    return render_template(
        "ideas/new.html",
        form=form,
        hint=receipts.hint_for(session, member, "idea"),
        round=chosen,
        rounds=[one for one in ideas.rounds_of(session, member) if one.is_open],
        draft_saved=draft is not None,
        on=reading.show(find(on.post_id), member) if on else None,
        room="ideas",
    )


def _wanted() -> IdeaRound | None:
    """The round the address names; none for all of them. Raises Refusal 404 for another cohort's."""
    if "round" not in request.args:
        return None
    return access.get_or_404(IdeaRound, id=number(request.args, "round"))


@bp.get("/ideas.csv")
def export() -> ResponseReturnValue:
    """Ideas with their ratings and comments as a table; of all rounds, or of one."""
    access.require_trainer()
    answer = Response(exporting.as_csv(db.session(), access.member(), _wanted()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="ideas.csv"'
    return answer


@bp.get("/import")
def import_form() -> ResponseReturnValue:
    """The form to bring a table of ideas in."""
    bringing.check_may(access.member())
    return _import_page(None)


@bp.post("/import")
def bring_in() -> ResponseReturnValue:
    """Show what the file holds, and once that was seen, bring it in."""
    session, member = db.session(), access.member()
    bringing.check_may(member)
    sent = request.files.get("table")
    content = _kept() if "kept" in request.form else sent.stream.read(importing.LARGEST + 1) if sent else b""
    plan = importing.read(content)
    if plan.problems:
        return _import_page(plan), 422
    if "kept" in request.form:
        bringing.bring_in(session, plan, by=member)
        return toasts.redirect(url_for("ideas.index"), "brought-in")
    bringing.check_new(session, plan, member)
    return _import_page(plan, b64encode(content).decode())


def _kept() -> bytes:
    try:
        return b64decode(request.form["kept"], validate=True)
    except ValueError:
        return b""


def _import_page(plan: importing.Plan | None, kept: str = "") -> str:
    session, member = db.session(), access.member()
    here = bringing.members_named(session, plan, member) if plan else {}
    return render_template(
        "ideas/import.html",
        plan=plan,
        kept=kept,
        strangers=sorted(plan.named - here.keys()) if plan else [],
        stages=bringing.stages_missing(session, plan, member) if plan else [],
        most=importing.MOST_PROBLEMS,
        room="ideas",
    )


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
    return _idea_page(post, CommentForm())


def _idea_page(post: Post, form: CommentForm) -> str:
    session, member = db.session(), access.member()

    def adorn(root: Shown, page: Page) -> None:
        ideas.add_ratings(session, [root], member)
        commenting.give_remarks(session, page.items)
        authoring.give_imported(session, page.items)
        if idea.merged_into is not None:
            for item in (root, *page.items):
                item.may_reply = False

    its = ideas.round_of(session, post.id)
    idea = access.get_or_404(Idea, post_id=post.id)
    alone = idea.merged_into is None
    may_move = its is not None and moving.may_move(session, its.id, member)
    return thread_page(
        post,
        form,
        "ideas/show.html",
        room="ideas",
        hint=lambda to: receipts.hint_for(session, member, "reply", to),
        adorn=adorn,
        round=its,
        told=settling.of(session, post.id, member, g.seat_path),
        may_settle=post.is_visible and alone and settling.may_settle(session, idea, member),
        is_alone=alone,
        part_of=joining.joined_to(session, idea, member),
        parts=joining.joined_in(session, post.id, member),
        asking=inviting.asking(session, idea, member),
        merge_reason=None if alone else merging.reason_of(session, post.id),
        may_split=may_move and not alone,
        links=building.links_of(session, post.id, member),
        may_move=may_move and post.is_visible and alone,
    )


@bp.post("/<int:post_id>/comments")
def comment(post_id: int) -> ResponseReturnValue:
    """Ask, build on it, or raise a concern with a suggestion."""
    access.require_writer()
    post, form = find(post_id), CommentForm(request.form)
    if post.kind != Kind.IDEA:
        raise Refusal(404, _("There is no such idea here."), _("Perhaps it was an old link."))
    if not form_files.is_complete(form):
        return _idea_page(post, form), 422
    kind, suggestion = RemarkKind(form.remark.data), form.suggestion.data or ""
    made = commenting.comment(db.session(), post, kind, by=access.member(), body=form.text, suggestion=suggestion)
    attaching.attach(db.session(), made, form.chosen, by=access.member())
    drafting.clear(db.session(), access.member(), f"reply-{post.id}")
    return redirect(reading.place_of(db.session(), made), 303)


@bp.post("/<int:post_id>/building/withdrawal")
def unlink(post_id: int) -> ResponseReturnValue:
    """It does not build on that one after all."""
    access.require_writer()
    idea = access.get_or_404(Idea, post_id=post_id)
    building.unlink(db.session(), idea, number(request.form, "on") or 0, by=access.member())
    return toasts.redirect(url_for("ideas.show", post_id=post_id), "removed")


@bp.get("/alike")
def alike() -> ResponseReturnValue:
    """At most three ideas whose titles are like ``q``, for who types one."""
    access.require_writer()
    wanted = request.args.get("q", "")[:LONGEST_TITLE]
    found = resembling.alike(wanted, ideas.titles(db.session(), access.member()))
    return jsonify([{"title": title, "url": url_for("ideas.show", post_id=post_id)} for post_id, title in found])


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


@bp.get("/board")
def board() -> ResponseReturnValue:
    """The ideas of a round by stage."""
    session, member = db.session(), access.member()
    chosen = _wanted() or rounds.find_default(session, member)
    return render_template(
        "ideas/board.html",
        round=chosen,
        columns=ideas.board(session, chosen, member) if chosen else [],
        rounds=ideas.rounds_of(session, member),
        may_move=chosen is not None and moving.may_move(session, chosen.id, member),
        may_rate_more=ideas.may_rate_more(session, member, chosen),
        room="ideas",
    )


@bp.get("/<int:post_id>/stage")
def stage(post_id: int) -> ResponseReturnValue:
    """The form to move an idea."""
    access.require_writer()
    return _move_page(access.get_or_404(Idea, post_id=post_id), MoveForm(), request.args.get("to"))


@bp.post("/<int:post_id>/stage")
def move(post_id: int) -> ResponseReturnValue:
    """Move it."""
    access.require_writer()
    idea, form = access.get_or_404(Idea, post_id=post_id), MoveForm(request.form)
    to = request.form.get("to", "")
    if not form.validate():
        return _move_page(idea, form, to), 422
    reason = form.reason.data or ""
    moving.move(db.session(), idea, to, by=access.member(), reason=reason, seen=request.form.get("seen", ""))
    goal = (
        url_for("ideas.board", round=idea.round_id)
        if "board" in request.form
        else url_for("ideas.show", post_id=post_id)
    )
    return toasts.redirect(goal, "moved")


def _move_page(idea: Idea, form: MoveForm, to: str | None) -> str:
    session, member = db.session(), access.member()
    post = find(idea.post_id)
    moving.check_may_move(session, idea.round_id, member)
    if not post.is_visible:
        raise Refusal(409, _("This idea was removed meanwhile."))
    steps = staging.stages_of(session, access.get_or_404(IdeaRound, id=idea.round_id))
    return render_template(
        "ideas/move.html",
        post=reading.show(post, member),
        form=form,
        steps=steps,
        now=idea.stage,
        to=to if to != idea.stage else None,
        from_board="board" in request.values,
        round_id=idea.round_id,
        room="ideas",
    )


@bp.get("/<int:post_id>/merging")
def merge_form(post_id: int) -> ResponseReturnValue:
    """The form to merge an idea into another, or to split it again."""
    access.require_writer()
    return _merge_page(access.get_or_404(Idea, post_id=post_id), MergeForm(request.args))


@bp.post("/<int:post_id>/merging")
def merge(post_id: int) -> ResponseReturnValue:
    """Merge it."""
    access.require_writer()
    idea, form = access.get_or_404(Idea, post_id=post_id), MergeForm(request.form)
    if not form.validate():
        return _merge_page(idea, form), 422
    into, reason = whole(form.into.data or "") or 0, form.reason.data or ""
    merging.merge(db.session(), idea, into, by=access.member(), reason=reason)
    return toasts.redirect(url_for("ideas.show", post_id=into), "merged")


@bp.post("/<int:post_id>/merging/withdrawal")
def split(post_id: int) -> ResponseReturnValue:
    """It stands for itself again."""
    access.require_writer()
    idea, form = access.get_or_404(Idea, post_id=post_id), MoveForm(request.form)
    if not form.validate() and idea.merged_into is not None:  # else the act says that somebody was faster
        return _merge_page(idea, form), 422
    merging.split(db.session(), idea, by=access.member(), reason=form.reason.data or "")
    return toasts.redirect(url_for("ideas.show", post_id=post_id), "split")


def _merge_page(idea: Idea, form: MoveForm) -> str:
    session, member = db.session(), access.member()
    post = find(idea.post_id)
    moving.check_may_move(session, idea.round_id, member)
    return render_template(
        "ideas/merge.html",
        post=reading.show(post, member),
        form=form,
        is_alone=idea.merged_into is None,
        part_of=joining.joined_to(session, idea, member),
        possible=joining.possible(session, idea, member),
        room="ideas",
    )


@bp.get("/rounds/<int:round_id>/set-up")
def set_up(round_id: int) -> ResponseReturnValue:
    """Its stages, and who looks after it."""
    access.require_trainer()
    return _set_up_page(access.get_or_404(IdeaRound, id=round_id))


@bp.post("/rounds/<int:round_id>/stages")
def set_stages(round_id: int) -> ResponseReturnValue:
    """Name and order them."""
    access.require_trainer()
    round_, wanted = access.get_or_404(IdeaRound, id=round_id), forms.stages_in(request.form)
    problem = staging.problem_of(wanted)
    if problem:
        return _set_up_page(round_, problem, wanted), 422
    staging.set_stages(db.session(), round_, wanted, by=access.member())
    return toasts.redirect(url_for("ideas.set_up", round_id=round_id), "saved")


@bp.post("/rounds/<int:round_id>/owners")
def set_owners(round_id: int) -> ResponseReturnValue:
    """Ask people to look after it."""
    access.require_trainer()
    round_ = access.get_or_404(IdeaRound, id=round_id)
    member_ids = [whole(value) or 0 for value in request.form.getlist("member")]
    staging.set_owners(db.session(), round_, member_ids, by=access.member())
    return toasts.redirect(url_for("ideas.set_up", round_id=round_id), "saved")


def _set_up_page(round_: IdeaRound, problem: str | None = None, wanted: list[staging.Wanted] | None = None) -> str:
    session = db.session()
    names = staging.usual_names()
    now = [staging.Wanted(one.key, one.name or names[one.key]) for one in staging.stages_of(session, round_)]
    return render_template(
        "ideas/set_up.html",
        round=round_,
        stages=wanted or [*now, *[staging.Wanted(None, "")] * 2],
        counts=staging.counts(session, round_),
        problem=problem,
        people=staging.candidates(session, round_),
        owners=staging.owners(session, round_),
        room="ideas",
    )


@bp.get("/<int:post_id>/outcome")
def outcome(post_id: int) -> ResponseReturnValue:
    """The form to say what becomes of an idea."""
    access.require_writer()
    idea = access.get_or_404(Idea, post_id=post_id)
    now = db.session.get(Outcome, post_id)
    data: dict[str, Any] = {"is_there": now.implemented_at is not None, "due": now.due_on} if now else {}
    data |= {"owner": str(now.owner_id or ""), "benefit": now.benefit, "evidence": now.evidence} if now else {}
    return _outcome_page(idea, OutcomeForm(data=data), now.version if now else 0)


@bp.post("/<int:post_id>/outcome")
def settle(post_id: int) -> ResponseReturnValue:
    """Write it down."""
    access.require_writer()
    idea, form = access.get_or_404(Idea, post_id=post_id), OutcomeForm(request.form)
    seen = number(request.form, "seen") or 0
    if not form.validate():
        return _outcome_page(idea, form, seen), 422
    plan = settling.Plan(
        owner_id=whole(form.owner.data or ""),
        due_on=form.due.data,
        benefit=form.benefit.data or "",
        evidence=form.evidence.data or "",
        is_there=form.is_there.data,
    )
    settling.settle(db.session(), idea, plan, by=access.member(), seen=seen)
    return toasts.redirect(url_for("ideas.show", post_id=post_id), "saved")


def _outcome_page(idea: Idea, form: OutcomeForm, seen: int) -> str:
    session, member = db.session(), access.member()
    post = find(idea.post_id)
    settling.check_may_settle(session, idea, member)
    return render_template(
        "ideas/outcome.html",
        post=reading.show(post, member),
        form=form,
        seen=seen,
        owners=settling.owners(session, member),
        room="ideas",
    )
