"""What goes wrong between a tool and a real LMS: the switches' modes, and by dice everything else that can."""

from datetime import timedelta
from enum import StrEnum
from socket import SHUT_RDWR

from flask import Response, g, request
from sqlalchemy import delete
from sqlalchemy.orm import Session
from werkzeug.http import http_date

from sociallearn import clock
from sociallearn.practice import switches
from sociallearn.practice.models import AccessToken
from sociallearn.practice.state import practice


class Trouble(StrEnum):
    """What happens to one request."""

    ERROR = "error"
    BUSY = "busy"
    FORBIDDEN = "forbidden"
    EXPIRED = "expired"  # every token given out so far is worth nothing any more
    CONFLICT = "conflict"  # of scores only
    DROPPED = "dropped"  # the connection, before anything was done
    LOST = "lost"  # done, and the connection dropped before the answer
    CUT = "cut"  # done, and the connection ends within the answer
    GATEWAY = "gateway"  # done, and a server in between says it was not
    SLOW = "slow"


HUNDREDTHS = {
    Trouble.ERROR: 5.0,
    Trouble.BUSY: 1.5,
    Trouble.FORBIDDEN: 3.0,
    Trouble.EXPIRED: 1.0,
    Trouble.CONFLICT: 3.0,
    Trouble.DROPPED: 3.0,
    Trouble.LOST: 3.0,
    Trouble.CUT: 2.0,
    Trouble.GATEWAY: 3.0,
    Trouble.SLOW: 0.1,
}
REFUSALS = {
    Trouble.ERROR: (500, "Something went wrong, for practice"),
    Trouble.BUSY: (429, "Too many requests, for practice"),
    Trouble.FORBIDDEN: (403, "Not allowed, for practice"),
    Trouble.CONFLICT: (409, "There is a newer score, for practice"),
    Trouble.DROPPED: (503, "The connection was dropped before anything was done, for practice"),
}
PATIENCE = 1  # seconds a 429 asks for


def meet() -> tuple[int, str] | None:
    """What happens to this request, before anything is looked at or changed: a refusal (status, reason), or nothing.

    Dawdles if it must. No transaction may be open. ``leave`` does what happens afterwards.
    """
    with practice().store.writing() as session:
        now = switches.read(session)
        if now.mode is switches.Mode.DOWN or (now.mode is switches.Mode.HALF and switches.throw(session) < 0.5):
            return 503, "The services are switched off for practice"
        g.skew = now.skew
        g.trouble = _choose(session) if now.mode is switches.Mode.TROUBLED else None
        if g.trouble is Trouble.EXPIRED:
            session.execute(delete(AccessToken))
    if now.mode is switches.Mode.SLOW or g.trouble is Trouble.SLOW:
        switches.dawdle()
    return REFUSALS.get(g.trouble)


def _choose(session: Session) -> Trouble | None:
    fate = switches.throw(session) * 100
    is_score = request.method == "POST" and request.path.endswith("/scores")
    for trouble, share in HUNDREDTHS.items():
        if fate < share:
            return trouble if is_score or trouble is not Trouble.CONFLICT else None
        fate -= share
    return None


def leave(response: Response) -> Response:
    """The answer as it reaches the tool, if it does."""
    if g.get("skew"):
        response.headers["Date"] = http_date(clock.now() + timedelta(seconds=g.skew))
    match g.get("trouble"):
        case Trouble.BUSY:
            response.headers["Retry-After"] = str(PATIENCE)
        case Trouble.GATEWAY:
            return Response("Bad gateway, for practice", 502, content_type="text/plain")
        case Trouble.CUT:
            content = response.get_data()
            response.set_data(content[: len(content) // 2])
            response.headers["Content-Length"] = str(len(content) + 1)
        case Trouble.DROPPED | Trouble.LOST:
            _hang_up()
    return response


def _hang_up() -> None:
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:  # what is written to it from now on arrives nowhere
        connection.shutdown(SHUT_RDWR)
