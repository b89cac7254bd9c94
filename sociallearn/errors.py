"""Refusals in words: what happened, what to do next, and a reference that stands in the log too. Never a lost text."""

import secrets
from typing import Any

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from sociallearn.database import db

TYPED = (
    "title", "body", "typed_title", "typed_body", "details", "idea", "suggestion", "benefit", "evidence", "reason",
    "words", "words_en", "words_nl", "line", "about", "note", "name", "starter-body", "poll_option",
)  # fmt: skip


class Refusal(Exception):
    """A request we do not grant: an HTTP status, one sentence saying why, and what to do next; with ``link`` also
    where: an endpoint, its values and the words of the link."""

    def __init__(
        self,
        status: int,
        sentence: str,
        advice: str = "",
        detail: str | None = None,
        link: tuple[str, dict[str, Any], str] | None = None,
    ) -> None:
        super().__init__(detail or sentence)
        self.link = link
        self.status = status
        self.sentence = sentence
        self.advice = advice


def init_app(app: Flask) -> None:
    """Every error becomes a page a person can act on."""
    app.register_error_handler(Refusal, _refusal)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(Exception, _unexpected)


def _refusal(error: Refusal) -> ResponseReturnValue:
    current_app.logger.info("refused %s, reference %s: %s", error.status, _reference(), error)
    return page(error.status, error.sentence, error.advice, error.link)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    sentence, advice = _words(status)
    return page(status, sentence, advice)


def _busy(error: OperationalError) -> ResponseReturnValue:
    current_app.logger.exception("the database did not answer, reference %s", _reference())
    return page(503, _("SocialLearn is very busy just now."), _("Nothing you typed is lost. Try again in a moment."))


def _unexpected(error: Exception) -> ResponseReturnValue:
    current_app.logger.exception("unexpected error, reference %s", _reference())
    return page(500, *_words(500))


def _words(status: int) -> tuple[str, str]:
    back = _("Use your browser’s back button, or open the activity from your course again.")
    words = {
        400: (_("SocialLearn could not understand this request."), back),
        401: (_("Your session has ended."), _("Open the activity from your course again.")),
        403: (_("This is not something you can do here."), back),
        404: (_("There is nothing here, or it is not yours to see."), back),
        405: (_("This address does not work like that."), back),
        409: (_("Somebody was faster than you."), _("Reload the page to see what changed, then try again.")),
        413: _too_large(),
        429: (_("That went too fast."), _("Wait a minute and try again.")),
        500: (
            _("Something went wrong on our side."),
            _("Try again. If it happens again, tell us the reference below."),
        ),
    }
    return words.get(status, (_("This did not work."), back))


def _too_large() -> tuple[str, str]:
    if request.path == "/lti/launch":  # nobody typed anything there
        return _("Your LMS sent more than SocialLearn takes."), _("Open the activity from your course again.")
    if request.mimetype == "multipart/form-data":
        return (
            _("These files are too large to be sent together: at most 10 MB each and 30 MB at once."),
            _("Go back: your text is still there. Choose fewer or smaller files."),
        )
    return _("That is too much text for one go."), _("Make it shorter or split it in two.")


def page(
    status: int, sentence: str, advice: str, link: tuple[str, dict[str, Any], str] | None = None
) -> tuple[str, int]:
    """The error page. What the person had typed stands in it, so that it can be copied and used again."""
    g.is_refusal = True
    # taken out first, who is here stays readable after the rollback, without another query
    db.session.expunge_all()
    db.session.rollback()
    try:
        return _render(status, sentence, advice, link), status
    except SQLAlchemyError:
        # the transaction had broken already: a page without names is better than none
        g.pop("seat", None)
        return _render(status, sentence, advice), status


def _render(status: int, sentence: str, advice: str, link: tuple[str, dict[str, Any], str] | None = None) -> str:
    typed = "\n\n".join(text for name in TYPED if (text := _typed(name)))
    return render_template(
        "errors/error.html",
        status=status,
        heading=sentence,
        sentence=sentence,
        advice=advice,
        reference=_reference(),
        typed=typed or None,
        link=link,
    )


def _typed(name: str) -> str:
    try:
        return "\n".join(request.form.getlist(name)).strip()[:200_000]
    except HTTPException:  # the body itself was refused
        return ""


def _reference() -> str:
    if not hasattr(g, "reference"):
        g.reference = secrets.token_hex(4)
    reference: Any = g.reference
    return str(reference)
