"""Files that come with texts: upload one, see it, describe it, take it away."""

from urllib.parse import quote

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, headers
from sociallearn.attachments import keeping, reading, storing
from sociallearn.attachments.kinds import SHOWN_AS
from sociallearn.attachments.models import Attachment
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.posts import drafting, form_files
from sociallearn.posts.forms import tidy_line
from sociallearn.posts.models import Post
from sociallearn.posts.pages import find, place

bp = Blueprint("files", __name__, url_prefix="/s/<seat>/files")

LIFETIME = 14 * 3600  # seconds a browser keeps a file: as long as a seat, and so its address, lasts


@bp.post("")
def upload() -> ResponseReturnValue:
    """Take in one file for the text written at ``place``; answers with its line in the form, or what is wrong."""
    access.require_writer()
    incoming, place_of_text = request.files.get("file"), request.form.get("place", "")
    if incoming is None or not drafting.PLACE.fullmatch(place_of_text):
        raise Refusal(400, _("SocialLearn could not understand this request."))
    try:
        number = form_files.bring_in(incoming, place_of_text)
    except Refusal as error:
        return jsonify(sentence=error.sentence, advice=error.advice), error.status
    made = reading.show(access.get_or_404(Attachment, id=number))
    return jsonify(html=render_template("posts/_file.html", file=made), name=made.name), 201


@bp.get("/<int:file_id>")
def show(file_id: int) -> ResponseReturnValue:
    """An image as large as it is kept, or a file, with the way back to its text."""
    row, post = _readable(file_id)
    back = place(post) if post is not None else access.back_to(request.referrer)
    return render_template("posts/file.html", file=reading.show(row), width=row.width, height=row.height, back=back)


@bp.get("/<int:file_id>/<file_name>")
def content(file_id: int, file_name: str) -> Response:
    """The bytes; whatever name the address ends in, the file is called what it is called."""
    row, _post = _readable(file_id)
    is_small = row.is_image and "small" in request.args
    try:
        kept = storing.store().read(row.key + storing.SMALL if is_small else row.key)
    except storing.Missing as error:
        raise _gone() from error
    is_inline = row.is_image and row.media_type == SHOWN_AS
    response = Response(kept, mimetype=row.media_type)
    if row.media_type == "text/plain":
        response.headers["Content-Type"] = "text/plain"  # in which encoding only its author knows
    response.headers.set("Content-Disposition", "inline" if is_inline else "attachment", **_named(row.name))
    response.headers["Cache-Control"] = f"private, max-age={LIFETIME}, immutable"
    headers.show_alone()
    return response


def _named(name: str) -> dict[str, str]:
    """The name in both spellings of RFC 6266: plain for old programs, and as it is."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace("\\", "_").replace('"', "_")
    return {"filename": plain} if plain == name else {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}


@bp.post("/<int:file_id>/description")
def describe(file_id: int) -> ResponseReturnValue:
    """Say what one's own image shows, while its text is still being written."""
    row = _own_loose(file_id)
    keeping.describe(row, tidy_line(request.form.get("alt")))
    return "", 204


@bp.post("/<int:file_id>/removal")
def remove(file_id: int) -> ResponseReturnValue:
    """Take one's own upload away, while its text is still being written."""
    keeping.take_away(db.session(), _own_loose(file_id))
    return "", 204


def _readable(file_id: int) -> tuple[Attachment, Post | None]:
    """The file, and the text it comes with: visible to this member; or their own upload. Raises Refusal 404."""
    row = access.get_or_404(Attachment, id=file_id)
    if row.post_id is None:
        return _own_loose(file_id), None
    post = find(row.post_id)
    if not post.is_visible:
        raise _gone()
    return row, post


def _own_loose(file_id: int) -> Attachment:
    row = access.get_or_404(Attachment, id=file_id)
    if row.post_id is not None or row.removed_at is not None or row.member_id != access.member().id:
        raise _gone()
    return row


def _gone() -> Refusal:
    return Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps its text was removed."))
