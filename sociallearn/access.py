"""The one place that knows who is here: seat in the URL + its cookie → member of one cohort. And may they do this?"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar

import flask_login
from flask import Flask, Request, Response, current_app, g, request
from flask_babel import gettext as _
from sqlalchemy import Select, bindparam, delete, select
from sqlalchemy.orm import Session, joinedload

from sociallearn import clock, languages
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.limiting import WRITES, limit
from sociallearn.roster.models import Cohort, InCohort, Member, Placement, Seat

COOKIE = "__Host-seat-"
LIFETIME = timedelta(hours=14)  # a long working day in one tab; the LMS is one click away
MOST_SEATS = 12  # launches one browser may keep open side by side
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

# prepared once: every request begins with it
_SEAT = (
    select(Seat)
    .where(Seat.id == bindparam("id"), Seat.expires_at > bindparam("now"))
    .options(joinedload(Seat.member), joinedload(Seat.cohort))
)

T = TypeVar("T", bound=InCohort)


def init_app(app: Flask) -> None:
    """Let every request to a seat's pages through this door."""
    login_manager = flask_login.LoginManager(app, add_context_processor=False)
    login_manager.session_protection = None  # the seat cookie is the session; Flask's own is never used
    login_manager.request_loader(_load_member)
    app.url_value_preprocessor(_take_seat_from_url)
    app.before_request(_enter)
    app.url_defaults(_add_seat)


def _take_seat_from_url(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    # views never see the seat: they ask who is here
    if values and "seat" in values:
        g.seat_id = values.pop("seat")


def _load_member(incoming: Request) -> Member | None:
    seat_id = g.get("seat_id")
    seat = find_seat(db.session(), seat_id, incoming.cookies) if seat_id else None
    if seat is None:
        return None
    g.seat, g.seat_path = seat, f"/s/{seat.id}"
    languages.choose()  # now, while it can be read: an error page after a broken transaction needs it
    return seat.member


def find_seat(session: Session, seat_id: str, cookies: Mapping[str, str]) -> Seat | None:
    """The seat, if this browser holds its cookie and its time is not over."""
    token = cookies.get(COOKIE + seat_id)
    if not token:
        return None
    seat = session.scalar(_SEAT, {"id": seat_id, "now": clock.now()})
    if seat is None or not hmac.compare_digest(seat.cookie_hash, _hash(token)):
        return None
    return seat


def held_seats(session: Session, cookies: Mapping[str, str]) -> list[str]:
    """Ids of the seats this browser really holds, in one query however many cookies it shows."""
    shown = [name.removeprefix(COOKIE) for name in cookies if name.startswith(COOKIE)][: 2 * MOST_SEATS]
    if not shown:
        return []
    rows = session.execute(select(Seat.id, Seat.cookie_hash).where(Seat.id.in_(shown), Seat.expires_at > clock.now()))
    return [id_ for id_, kept in rows if hmac.compare_digest(kept, _hash(cookies[COOKIE + id_]))]


def _enter() -> None:
    if "seat_id" not in g:
        return
    if not flask_login.current_user.is_authenticated:
        raise _stranger()
    if request.method in SAFE:
        return
    given = request.form.get("csrf_token", "")
    if not hmac.compare_digest(given.encode(), csrf_token().encode()):
        raise Refusal(
            403,
            _("This form does not come from this page."),
            _("Go back, reload the page and send it again. Your text stands below."),
        )
    limit(WRITES, f"person-{member().person_id}")


def _stranger() -> Refusal:
    for name in request.cookies:
        if name.startswith(COOKIE) and find_seat(db.session(), name.removeprefix(COOKIE), request.cookies):
            return Refusal(
                404,
                _("There is nothing here, or it is not yours to see."),
                _("Open the activity from your course again."),
            )
    return Refusal(
        401,
        _("Your session has ended."),
        _("Open the activity from your course again. A new tab needs that too."),
    )


def take_seat(session: Session, member: Member, placement: Placement | None) -> tuple[Seat, str]:
    """A new seat for a launch, and the value for its cookie (only its hash is kept)."""
    token = secrets.token_urlsafe(32)
    seat = Seat(
        id=secrets.token_urlsafe(9),
        cohort_id=member.cohort_id,
        member_id=member.id,
        placement_id=placement.id if placement else None,
        cookie_hash=_hash(token),
        secret=secrets.token_urlsafe(32),
        created_at=clock.now(),
        expires_at=clock.now() + LIFETIME,
    )
    session.add(seat)
    session.flush()
    return seat, token


def set_cookie(response: Response, seat: Seat, token: str, cookies: Mapping[str, str]) -> None:
    """Give the browser its seat, and take back the oldest ones beyond a dozen."""
    attributes: dict[str, Any] = {"path": "/", "secure": True, "httponly": True, "samesite": "None"}
    response.set_cookie(COOKIE + seat.id, token, max_age=LIFETIME, partitioned=True, **attributes)
    ids = [name.removeprefix(COOKIE) for name in cookies if name.startswith(COOKIE)]
    if len(ids) < MOST_SEATS:
        return
    newest_first = select(Seat.id).where(Seat.id.in_(ids)).order_by(Seat.created_at.desc())
    kept = set(db.session.scalars(newest_first.limit(MOST_SEATS - 1)))
    for seat_id in set(ids) - kept:
        response.delete_cookie(COOKIE + seat_id, partitioned=True, **attributes)


def csrf_token() -> str:
    """An HMAC under the seat's secret: the same in every tab and after a restart."""
    if "csrf_token" not in g:
        g.csrf_token = hmac.new(g.seat.secret.encode(), b"csrf", hashlib.sha256).hexdigest()
    token: str = g.csrf_token
    return token


def member() -> Member:
    """Who is here."""
    here: Member = g.seat.member
    return here


def cohort() -> Cohort:
    """In which cohort."""
    here: Cohort = g.seat.cohort
    return here


def in_cohort(model: type[T]) -> Select[tuple[T]]:
    """Every query on a cohort's table begins with this."""
    return select(model).where(model.cohort_id == cohort().id)


def get_or_404(model: type[T], **key: Any) -> T:
    """The cohort's row with this key. Raises Refusal 404, whether it is missing or another cohort's."""
    row: T | None = db.session.scalar(in_cohort(model).filter_by(**key))
    if row is None:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    return row


def require_trainer() -> None:
    """Raises Refusal 403 for everybody else."""
    if not member().is_trainer:
        raise Refusal(403, _("Only trainers of this cohort can do this."), _("Ask your trainer."))


def require_grader() -> None:
    """Scores are for trainers who grade; a course designer is not one. Raises Refusal 403 for everybody else."""
    require_trainer()
    if not member().may_grade:
        raise Refusal(403, _("Only trainers who grade can do this."), _("Ask your trainer."))


def require_manager() -> None:
    """Figures are for L&D managers and the cohort's trainers. Raises Refusal 403 for everybody else."""
    if not (member().is_manager or member().is_trainer):
        raise Refusal(403, _("These figures are for L&D managers and trainers."), "")


def require_administrator() -> None:
    """Registrations are for administrators. Raises Refusal 403 for everybody else."""
    if not member().is_administrator:
        raise Refusal(403, _("Only administrators can do this."), _("Ask whoever looks after your LMS."))


def require_writer() -> None:
    """Raises Refusal 403 for those who only read."""
    if not member().may_write:
        raise Refusal(403, _("You can read here, not write."), _("Learners and trainers of the cohort write."))


def _add_seat(endpoint: str, values: dict[str, Any]) -> None:
    if "seat" in g and "seat" not in values and current_app.url_map.is_endpoint_expecting(endpoint, "seat"):
        values["seat"] = g.seat.id


def back_to(referrer: str | None) -> str | None:
    """The page somebody came from, if it is one of this seat's own."""
    own = f"{current_app.config['BASE_URL']}/s/{g.seat.id}/"
    if not referrer or not referrer.startswith(own):
        return None
    path = referrer.removeprefix(current_app.config["BASE_URL"])
    # a form shown again stands at an address that only takes forms
    is_page = current_app.create_url_adapter(request).test(path.partition("?")[0], "GET")  # type: ignore[union-attr]
    return path if is_page else None


def remove_expired(session: Session) -> None:
    """Housekeeping: seats whose time is over."""
    session.execute(delete(Seat).where(Seat.expires_at < clock.now() - timedelta(days=1)))


def _hash(token: str) -> str:
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, b"seat|" + token.encode(), hashlib.sha256).hexdigest()
