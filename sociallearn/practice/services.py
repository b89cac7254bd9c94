"""What all services share: tokens and scopes, the switches, media types, errors and the log."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from sociallearn.practice import log, troubles
from sociallearn.practice.models import Course
from sociallearn.practice.state import practice
from sociallearn.practice.tokens import scopes_of

bp = Blueprint("services", __name__, url_prefix="/services")
P = ParamSpec("P")
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


class ServiceError(Exception):
    """A request that is refused, with the status and the reason the tool is told."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def needs(*scopes: str) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """The view may be called with a token for any of these scopes: 401 without a good token, 403 with another one."""

    def decorate(view: Callable[P, Response]) -> Callable[P, Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
            with practice().store.reading() as session:
                held = scopes_of(session, request.headers.get("Authorization"))
            if held is None:
                raise ServiceError(401, "The access token is missing, unknown or expired")
            if not held.intersection(scopes):
                raise ServiceError(403, "The access token is not for this; needed: " + " or ".join(scopes))
            return view(*args, **kwargs)

        return guarded

    return decorate


def offer(media_type: str) -> str:
    """The media type of the answer, if the tool accepts it. Raises 400 as Moodle does."""
    accepted = request.accept_mimetypes
    if len(accepted) and not accepted.best_match([media_type]):
        raise unknown_call(request.headers.get("Accept", ""))
    return media_type


def received(media_type: str) -> dict[str, Any]:
    """The JSON object in the body, if it came as this media type (parameters such as charset do not matter)."""
    if request.mimetype != media_type:
        raise unknown_call(request.mimetype)
    try:
        body = json.loads(request.get_data())
    except ValueError as error:
        raise ServiceError(400, "The body is not JSON") from error
    if not isinstance(body, dict):
        raise ServiceError(400, "The body is not a JSON object")
    return body


def unknown_call(media_type: str) -> ServiceError:
    """No such service, method or media type."""
    return ServiceError(400, f"No handler found for {request.method} {request.path} {media_type}")


def the_course(session: Session, course_id: str) -> Course:
    """The course, or 404."""
    course = session.get(Course, course_id)
    if course is None:
        raise ServiceError(404, "There is no such course")
    return course


def answer(body: Any, media_type: str, status: int = 200) -> Response:
    """JSON of a media type of its own."""
    return Response(json.dumps(body, ensure_ascii=False), status, content_type=f"{media_type}; charset=utf-8")


def page_size(largest: int) -> int:
    """How many the tool wants at once (``limit``), never more than this platform gives."""
    asked = request.args.get("limit")
    if asked is None:
        return largest
    if not asked.isdigit() or int(asked) < 1:
        raise ServiceError(400, "limit must be a whole number above 0")
    return min(int(asked), largest)


def page_start() -> int:
    """Where this page begins. The place is in an opaque, signed, case-sensitive token: use the link as it is."""
    token = request.args.get("from")
    if token is None:
        return -1
    try:
        return int(_serializer().loads(token))
    except (BadSignature, ValueError, TypeError) as error:
        raise ServiceError(400, "from is not a place in this list; use the next link as it is") from error


def link_next(response: Response, after: int) -> None:
    """Name the next page in a Link header (RFC 8288), with all the query's other parts."""
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "from"]
    query.append(("from", str(_serializer().dumps(after))))
    response.headers["Link"] = f'<{practice().base_url}{request.path}?{urlencode(query)}>; rel="next"'


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=request.path)


@bp.before_request
def misbehave() -> None:
    """Fail or dawdle when the switches say so, before anything was looked at or changed."""
    refused = troubles.meet()
    if refused is not None:
        raise ServiceError(*refused)


@bp.errorhandler(ServiceError)
def refuse(error: ServiceError) -> Response:
    """The reason as JSON."""
    g.reason = error.reason
    asked = {"method": request.method, "url": request.full_path.rstrip("?"), "contentType": request.content_type}
    body = {"status": error.status, "reason": error.reason, "request": asked}
    response = Response(json.dumps(body, ensure_ascii=False), error.status, content_type="application/json")
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="services", error="invalid_token"'
    elif error.status == 403:
        response.headers["WWW-Authenticate"] = 'Bearer realm="services", error="insufficient_scope"'
    return response


bp.after_request(troubles.leave)  # after the log was written: it says what was done


@bp.after_request
def note(response: Response) -> Response:
    """Every call stands in the log, with what was said."""
    response.headers["Cache-Control"] = "no-store"
    details: dict[str, Any] = {"url": request.url, "answer": log.excerpt(response.get_data())}
    if request.accept_mimetypes:
        details["accept"] = request.headers.get("Accept")
    if request.get_data():
        details["type"], details["body"] = request.content_type, log.excerpt(request.get_data())
    if "Link" in response.headers:
        details["link"] = response.headers["Link"]
    if g.get("trouble"):
        details["trouble"] = g.trouble
    title = f"{request.method} {request.path}" + (f": {g.reason}" if "reason" in g else "")
    with practice().store.writing() as session:
        log.record(session, "service", title[:300], response.status_code, **details)
    return response


@bp.route("/<path:anything>", methods=METHODS)
def unknown(anything: str) -> Response:
    """Any address or method no service has, such as ``/scores`` after the query."""
    raise unknown_call(request.mimetype)
