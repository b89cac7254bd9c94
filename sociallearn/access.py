"""The one place that knows who is here: seat in the URL + its cookie → member of one cohort. And may they do this?

Where a browser keeps no cookie at all, not even of our own window, the address is the only thing that comes with every
request, so there, and only there, it carries the seat's token: ``/s/<id>~<token>/…``. That is acceptable because

- such a seat is given only to a launch that was proven without a cookie (lti/storing.py), and ends after four hours;
- seats with a cookie never accept a token in the address, nor these a cookie; only a keyed hash of it is kept;
- other sites see at most our origin as Referer, pages are never cached, and forms still need their own token, so a
  link or form made elsewhere does nothing for whoever does not have the address already;
- texts are stored without it, whoever's address was pasted into them, and our log never shows it.

What remains is somebody who hands on their own address while it lasts; a copied cookie would do the same.
"""

import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import flask_login
from flask import Flask, Request, Response, current_app, g, make_response, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, bindparam, delete, select
from sqlalchemy.orm import Session, contains_eager, joinedload
from sqlalchemy.orm.attributes import set_committed_value
from werkzeug.datastructures import ImmutableMultiDict

from sociallearn import clock, database, headers, languages
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.limiting import LOOKUPS, WRITES, limit
from sociallearn.lti import registrations
from sociallearn.roster.models import Cohort, InCohort, Member, Person, Placement, Seat

COOKIE = "__Host-seat-"
LIFETIME = timedelta(hours=14)  # a long working day in one tab; the LMS is one click away
LIFETIME_IN_ADDRESS = timedelta(hours=4)  # half a working day: an address is copied more easily than a cookie
MOST_SEATS = 12  # launches one browser may keep open side by side
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SECRET_ADDRESS = re.compile(r"/s/[\w-]{12}(?:~|%7E)[\w-]{43}(?![\w-])", re.ASCII | re.IGNORECASE)

# prepared once: every request begins with it
_SEAT = (
    select(Seat)
    .join(Seat.member)
    # whoever left the course has no seat in it any more; a launch gives them a new one
    .where(Seat.id == bindparam("id"), Seat.expires_at > bindparam("now"), Member.left_at.is_(None))
    .options(
        contains_eager(Seat.member).joinedload(Member.person, innerjoin=True).joinedload(Person.registration),
        joinedload(Seat.cohort),
    )
)

_OF_NO_COHORT = frozenset({"administration", "administering", "mails"})  # blueprints

T = TypeVar("T", bound=InCohort)
V = TypeVar("V", bound=Callable[..., Any])


def init_app(app: Flask) -> None:
    """Let every request to a seat's pages through this door."""
    login_manager = flask_login.LoginManager(app, add_context_processor=False)
    login_manager.session_protection = None  # the seat cookie is the session; Flask's own is never used
    login_manager.request_loader(_load_member)
    app.url_value_preprocessor(_take_seat_from_url)
    app.before_request(_enter)
    app.url_defaults(_add_seat)
    for log in (app.logger, logging.getLogger("gunicorn.error")):
        log.addFilter(_without_addresses)


def _take_seat_from_url(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    # views never see the seat: they ask who is here
    if values and "seat" in values:
        g.seat_id, mark, token = values.pop("seat").partition("~")
        g.seat_token = token if mark else None


def _load_member(incoming: Request) -> Member | None:
    seat_id = g.get("seat_id")
    if not seat_id:
        return None
    token: str | None = g.seat_token
    if token is None:
        seat = find_seat(db.session(), seat_id, incoming.cookies)
    else:
        seat = find_seat_in_address(db.session(), seat_id, token)
    if seat is None:
        return None
    set_committed_value(seat.member, "cohort", seat.cohort)  # at hand without a query, also on an error page
    g.seat, g.seat_path = seat, "/s/" + _address(seat, token)
    headers.allow_frame_of(seat.member.person.registration_id)
    languages.choose()  # now, while it can be read: an error page after a broken transaction needs it
    return seat.member


def come_back() -> None:
    """Read who is here again, after the request's transaction was ended half way (``database.release``)."""
    seat = db.session.scalar(_SEAT, {"id": g.seat_id, "now": clock.now()})
    if seat is None:
        raise _stranger()
    set_committed_value(seat.member, "cohort", seat.cohort)
    g.seat = seat


def find_seat(session: Session, seat_id: str, cookies: Mapping[str, str]) -> Seat | None:
    """The seat, if this browser holds its cookie and its time is not over."""
    token = cookies.get(COOKIE + seat_id)
    if not token:
        return None
    seat = session.scalar(_SEAT, {"id": seat_id, "now": clock.now()})
    if seat is None or seat.is_in_address or not hmac.compare_digest(seat.cookie_hash, _hash(token)):
        return None
    return seat


def find_seat_in_address(session: Session, seat_id: str, token: str) -> Seat | None:
    """The seat whose address holds this token, if it is of that kind and its time is not over."""
    seat = session.scalar(_SEAT, {"id": seat_id, "now": clock.now()})
    if seat is None or not seat.is_in_address:
        return None
    return seat if hmac.compare_digest(seat.cookie_hash, _hash(token, "address")) else None


def held_seats(session: Session, cookies: Mapping[str, str]) -> list[str]:
    """Ids of the seats this browser really holds, in one query however many cookies it shows."""
    shown = [name.removeprefix(COOKIE) for name in cookies if name.startswith(COOKIE)][: 2 * MOST_SEATS]
    if not shown:
        return []
    statement = select(Seat.id, Seat.cookie_hash).where(Seat.id.in_(shown), Seat.expires_at > clock.now())
    rows = session.execute(statement.join(Seat.member).where(Seat.is_in_address.is_(False), Member.left_at.is_(None)))
    return [id_ for id_, kept in rows if hmac.compare_digest(kept, _hash(cookies[COOKIE + id_]))]


def _enter() -> None:
    if "seat_id" not in g:
        return
    if not flask_login.current_user.is_authenticated:
        raise _stranger()
    _check_room()
    if request.method in SAFE:
        return
    _forget_addresses()
    given = request.form.get("csrf_token", "")
    if not hmac.compare_digest(given.encode(), csrf_token().encode()):
        raise Refusal(
            403,
            _("This form does not come from this page."),
            _("Go back, reload the page and send it again. Your text stands below."),
        )
    limit(LOOKUPS if database.only_reads() else WRITES, f"person-{member().person_id}")
    if not member().person.registration.is_active:  # removed: who is inside can still look
        registrations.check_open(member().person.registration)
    _check_archive()


def _check_room() -> None:
    if request.blueprint in cohort().rooms_off:
        raise closed_room()


def closed_room() -> Refusal:
    """What the pages of a room that is off say, whoever asks. What was written there is kept."""
    return Refusal(
        404,
        _("This room is closed in this cohort."),
        _("What was written there is kept, and comes back when your trainer opens the room again."),
    )


def even_when_archived(view: V) -> V:
    """For views of one's own (language, read marks) and for opening the cohort again."""
    view.even_when_archived = True  # type: ignore[attr-defined]
    return view


def only_reads(view: V) -> V:
    """For views that take a form and change nothing: often asked while somebody types, they wait for no writer and are
    counted apart."""
    view.only_reads = True  # type: ignore[attr-defined]
    return view


def _check_archive() -> None:
    """An archived cohort is read and no more, and only this says so. What an administrator does is of no cohort."""
    if not cohort().is_archived or request.blueprint in _OF_NO_COHORT:
        return
    if not getattr(current_app.view_functions.get(request.endpoint or ""), "even_when_archived", False):
        raise Refusal(
            403,
            _("This cohort is archived: everything can be read, and nothing changes any more."),
            _("A trainer can open it again under Cohort, Set-up."),
        )


def _forget_addresses() -> None:
    """Whatever is typed here is stored without anybody's token: also titles, reasons and drafts."""
    if any(SECRET_ADDRESS.search(value) for _name, value in request.form.items(multi=True)):
        cleaned = [(name, SECRET_ADDRESS.sub("/-", value)) for name, value in request.form.items(multi=True)]
        request.form = ImmutableMultiDict(cleaned)


def _without_addresses(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    if SECRET_ADDRESS.search(message):
        record.msg, record.args = SECRET_ADDRESS.sub("/s/…", message), ()
    return True


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


def take_seat(
    session: Session,
    member: Member,
    placement: Placement | None,
    content_request_id: int | None = None,
    *,
    in_address: bool = False,
    until: datetime | None = None,
) -> tuple[Seat, str]:
    """A new seat for a launch, and the value for its cookie or its address (only its hash is kept).

    Without a launch, from another seat, it lasts ``until`` that one ends: only an LMS says that somebody is still here.
    """
    token = secrets.token_urlsafe(32)
    seat = Seat(
        id=secrets.token_urlsafe(9),
        cohort_id=member.cohort_id,
        member_id=member.id,
        placement_id=placement.id if placement else None,
        content_request_id=content_request_id,
        cookie_hash=_hash(token, "address" if in_address else "seat"),
        is_in_address=in_address,
        secret=secrets.token_urlsafe(32),
        has_others=bool(session.scalar(select(select(Member.id).where(*further_cohorts(member)).exists()))),
        created_at=clock.now(),
        expires_at=until or clock.now() + (LIFETIME_IN_ADDRESS if in_address else LIFETIME),
    )
    session.add(seat)
    session.flush()
    return seat, token


def further_cohorts(member: Member) -> tuple[ColumnElement[bool], ...]:
    """What picks the person's other memberships: cohorts they came into by a launch, and were not taken out of."""
    return (
        Member.person_id == member.person_id,
        Member.id != member.id,
        Member.joined_at.is_not(None),
        Member.left_at.is_(None),
    )


def lead_to(seat: Seat, token: str, endpoint: str, **values: Any) -> Response:
    """303 to a page under a seat just taken, which comes along as a cookie or, without cookies, in the address."""
    address = _address(seat, token if seat.is_in_address else None)
    response = make_response(redirect(url_for(endpoint, seat=address, **values), 303))
    if not seat.is_in_address:
        set_cookie(response, seat, token, request.cookies)
    return response


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
    if "seat_path" in g and "seat" not in values and current_app.url_map.is_endpoint_expecting(endpoint, "seat"):
        values["seat"] = g.seat_path.removeprefix("/s/")


def back_to(referrer: str | None) -> str | None:
    """The page somebody came from, if it is one of this seat's own."""
    own = f"{current_app.config['BASE_URL']}{g.seat_path}/"
    if not referrer or not referrer.startswith(own):
        return None
    path = referrer.removeprefix(current_app.config["BASE_URL"])
    # a form shown again stands at an address that only takes forms
    is_page = current_app.create_url_adapter(request).test(path.partition("?")[0], "GET")  # type: ignore[union-attr]
    return path if is_page else None


def remove_expired(session: Session) -> None:
    """Housekeeping: seats whose time is over."""
    session.execute(delete(Seat).where(Seat.expires_at < clock.now() - timedelta(days=1)))


def _address(seat: Seat, token: str | None) -> str:
    return seat.id if token is None else f"{seat.id}~{token}"


def _hash(token: str, purpose: str = "seat") -> str:
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, f"{purpose}|{token}".encode(), hashlib.sha256).hexdigest()
