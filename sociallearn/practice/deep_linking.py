"""Content chosen in the tool comes back (deep linking 2.0, section 4.5) and becomes links in the course."""

import math
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.practice import launching, log
from sociallearn.practice.assertions import BadAssertion, check
from sociallearn.practice.claims import CLAIM, DEEP_LINKING
from sociallearn.practice.models import Launch, LineItem, Link
from sociallearn.practice.state import CLIENT_ID, DEPLOYMENT_ID, Practice, origin, practice

bp = Blueprint("deep_linking", __name__)

LONGEST = 3600  # seconds an answer may live
LONGEST_TEXT = 2000  # characters


@dataclass
class Outcome:
    """What came of the tool's answer."""

    course_id: str
    added: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    message: str = ""


@bp.post("/deep-linking/return")
def take_back() -> tuple[str, int] | str:
    """The tool's answer. No cookie can come with it; ``data`` says which choosing it belongs to, once."""
    lms = practice()
    try:
        claims = check(lms, request.form.get("JWT", ""), audience=lms.base_url, lifetime=LONGEST, once="nonce")
        outcome = _accept(lms, claims)
    except BadAssertion as reason:
        with lms.store.writing() as session:
            log.record(session, "content", f"Refused: {reason}", 400)
        sentence = f"What the tool sent back was not accepted: {reason}."
        return render_template("practice/message.html", title="Nothing was added", sentence=sentence), 400
    return render_template("practice/chosen.html", outcome=outcome)


def _accept(lms: Practice, claims: dict[str, Any]) -> Outcome:
    expected = {"message_type": "LtiDeepLinkingResponse", "version": "1.3.0", "deployment_id": DEPLOYMENT_ID}
    for name, value in expected.items():
        if claims.get(CLAIM + name) != value:
            raise BadAssertion(f"{name} is not {value}")
    if claims["iss"] != CLIENT_ID:
        raise BadAssertion(f"iss is not {CLIENT_ID}")
    items = claims.get(DEEP_LINKING + "content_items", [])
    if not isinstance(items, list):
        raise BadAssertion("content_items is not a list")
    with lms.store.writing() as session:
        launch = _choosing(session, claims.get(DEEP_LINKING + "data"))
        outcome = Outcome(launch.course_id)
        for item in items:
            _add(session, lms, outcome, item)
        outcome.message = str(claims.get(DEEP_LINKING + "msg") or claims.get(DEEP_LINKING + "errormsg") or "")[:500]
        log.record(
            session, "content", f"{len(outcome.added)} added, {len(outcome.refused)} refused", 200, claims=claims
        )
    return outcome


def _choosing(session: Session, data: Any) -> Launch:
    launch = session.get(Launch, data) if isinstance(data, str) else None
    if launch is None or launch.link_id is not None or launch.used_at is None:
        raise BadAssertion("data is not what was sent along")
    if clock.now() - launch.used_at > launching.CHOOSING:
        raise BadAssertion("choosing took longer than an hour")
    query = update(Launch).where(Launch.id == launch.id, Launch.returned_at.is_(None)).values(returned_at=clock.now())
    if session.execute(query).rowcount != 1:  # type: ignore[attr-defined]
        raise BadAssertion("this answer was given before")
    return launch


def _add(session: Session, lms: Practice, outcome: Outcome, item: Any) -> None:
    try:
        link, column = _read(lms, item)
    except ValueError as reason:
        outcome.refused.append(str(reason))
        return
    last = session.scalar(select(func.max(Link.position)).where(Link.course_id == outcome.course_id))
    link.course_id, link.position = outcome.course_id, (last or 0) + 1
    number = (session.scalar(select(func.count()).select_from(Link)) or 0) + 1
    link.id = f"chosen-{number}"
    session.add(link)
    session.flush()
    if column:
        column.course_id, column.link_id, column.label = link.course_id, link.id, column.label or link.title
        session.add(column)
        session.flush()
    outcome.added.append(link.title)


def _read(lms: Practice, item: Any) -> tuple[Link, LineItem | None]:
    if not isinstance(item, dict) or item.get("type") != "ltiResourceLink":
        raise ValueError("an item that is no link to the tool")
    url = item.get("url")
    if url is not None and (not isinstance(url, str) or origin(url) != lms.tool_origin):
        raise ValueError("a link whose address is not the tool's")
    custom = item.get("custom") or {}
    if not isinstance(custom, dict) or not all(isinstance(value, str) for value in custom.values()):
        raise ValueError("a link whose custom values are not all strings")
    title, text = _text(item, "title") or "Untitled", _text(item, "text")
    return Link(title=title, description=text, url=url, custom=custom), _column(item.get("lineItem"))


def _column(body: Any) -> LineItem | None:
    if body is None:
        return None
    maximum = body.get("scoreMaximum") if isinstance(body, dict) else None
    if isinstance(maximum, bool) or not isinstance(maximum, int | float) or not math.isfinite(maximum) or maximum <= 0:
        raise ValueError("a link whose lineItem has no scoreMaximum above 0")
    column = LineItem(maximum=float(maximum), is_coupled=True, label=_text(body, "label"))
    column.resource_id, column.tag = _text(body, "resourceId"), _text(body, "tag")
    return column


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    return value.strip()[:LONGEST_TEXT] if isinstance(value, str) else ""
