"""What is done with a poll: vote, take it back, close it, change its options until somebody voted."""

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.parameters import whole
from sociallearn.posts import polling, reading
from sociallearn.posts.extra_forms import OptionsForm
from sociallearn.posts.models import Post
from sociallearn.posts.pages import back_to_post, find, place

bp = Blueprint("polls", __name__, url_prefix="/s/<seat>/posts/<int:post_id>/poll")


@bp.post("/vote")
def vote(post_id: int) -> ResponseReturnValue:
    """Choose these options, instead of what one chose before."""
    access.require_writer()
    post = find(post_id)
    # what is no number is no option either
    places = [whole(text) or 0 for text in request.form.getlist("option")]
    polling.vote(db.session(), post, places, by=access.member())
    return _answer(post, "voted")


@bp.post("/vote/withdrawal")
def withdraw(post_id: int) -> ResponseReturnValue:
    """Take one's vote back."""
    access.require_writer()
    post = find(post_id)
    polling.withdraw(db.session(), post, by=access.member())
    return _answer(post, "not-voted")


@bp.post("/closing")
def close(post_id: int) -> ResponseReturnValue:
    """Take no more votes."""
    access.require_writer()
    post = find(post_id)
    polling.close(db.session(), post, by=access.member())
    return _answer(post, "poll-closed")


@bp.get("/options")
def options(post_id: int) -> ResponseReturnValue:
    """The form to change the options, as long as nobody voted."""
    post = _changeable(post_id)
    form = OptionsForm(data={"poll_option": polling.options_of(db.session(), post)})
    form.add_line()
    return _options_page(post, form)


@bp.post("/options")
def save(post_id: int) -> ResponseReturnValue:
    """Change them; or show the form again with a line more (``more``), nothing changed yet."""
    access.require_writer()
    post, form = _changeable(post_id), OptionsForm(request.form)
    form.lines = len(request.form.getlist("poll_option"))
    if "more" in request.form:
        form.add_line()
        return _options_page(post, form)
    if not form.validate():
        return _options_page(post, form), 422
    polling.change(db.session(), post, form.poll_option.data, by=access.member())
    return toasts.redirect(place(post), "saved")


def _changeable(post_id: int) -> Post:
    post = find(post_id)
    polling.check_may_change(post, polling.find(db.session(), post), by=access.member())
    return post


def _options_page(post: Post, form: OptionsForm) -> str:
    shown = reading.show(post, access.member())
    return render_template("posts/options.html", form=form, post=shown, room="feed")


def _answer(post: Post, code: str) -> ResponseReturnValue:
    if request.accept_mimetypes.best != "application/json":
        return toasts.redirect(back_to_post(post), code)
    shown = reading.show(post, access.member())
    reading.give_polls_and_praise(db.session(), [shown], access.member())
    return jsonify(html=render_template("posts/_poll.html", post=shown), said=toasts.words(code))
