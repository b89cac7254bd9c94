"""Line items, the columns of the gradebook (AGS 3.2): listed, made, read, replaced and deleted."""

import math
from typing import Any

from flask import Response, request
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sociallearn.practice.addresses import line_item_url
from sociallearn.practice.claims import LINE_ITEM, LINE_ITEM_READING
from sociallearn.practice.models import LineItem, Link, Score
from sociallearn.practice.services import (
    ServiceError,
    answer,
    bp,
    link_next,
    needs,
    offer,
    page_size,
    page_start,
    received,
    the_course,
)  # fmt: skip
from sociallearn.practice.state import practice

ONE = "application/vnd.ims.lis.v2.lineitem+json"
MANY = "application/vnd.ims.lis.v2.lineitemcontainer+json"
LARGEST_PAGE = 50
FILTERS = {"tag": LineItem.tag, "resource_id": LineItem.resource_id, "resource_link_id": LineItem.link_id}


@bp.get("/<course_id>/lineitems")
@needs(LINE_ITEM, LINE_ITEM_READING)
def list_columns(course_id: str) -> Response:
    """All columns of the tool in a course, filtered by tag, resource_id and resource_link_id (AGS 3.2.3)."""
    media_type, size = offer(MANY), page_size(LARGEST_PAGE)
    with practice().store.reading() as session:
        the_course(session, course_id)
        query = select(LineItem).where(LineItem.course_id == course_id, LineItem.id > page_start())
        for name, column in FILTERS.items():
            if name in request.args:
                query = query.where(column == request.args[name])
        found = list(session.scalars(query.order_by(LineItem.id).limit(size + 1)))
    response = answer([_as_json(item) for item in found[:size]], media_type)
    if len(found) > size:
        link_next(response, found[size - 1].id)
    return response


@bp.post("/<course_id>/lineitems")
@needs(LINE_ITEM)
def make_column(course_id: str) -> Response:
    """A new column, perhaps tied to a link of this course (AGS 3.2.5)."""
    body = received(ONE)
    with practice().store.writing() as session:
        the_course(session, course_id)
        item = LineItem(course_id=course_id, link_id=_link_id(session, course_id, body))
        _fill(item, body)
        session.add(item)
        session.flush()
    return answer(_as_json(item), offer(ONE), 201)


@bp.get("/<course_id>/lineitems/<int:item_id>/lineitem")
@needs(LINE_ITEM, LINE_ITEM_READING)
def read_column(course_id: str, item_id: int) -> Response:
    """One column (AGS 3.2.4)."""
    with practice().store.reading() as session:
        return answer(_as_json(the_column(session, course_id, item_id)), offer(ONE))


@bp.put("/<course_id>/lineitems/<int:item_id>/lineitem")
@needs(LINE_ITEM)
def replace_column(course_id: str, item_id: int) -> Response:
    """The whole column anew (AGS 3.2.6): what is left out is emptied, and scores keep their share of the maximum."""
    body = received(ONE)
    with practice().store.writing() as session:
        item = the_column(session, course_id, item_id)
        if body.get("id", line_item_url(practice(), item)) != line_item_url(practice(), item):
            raise ServiceError(400, "id is not this line item's and can't be changed")
        if body.get("resourceLinkId", item.link_id) != item.link_id:
            raise ServiceError(400, "resourceLinkId can't be changed")
        before = item.maximum
        _fill(item, body)
        if item.maximum != before:
            rescaled = Score.value * (item.maximum / before)
            session.execute(update(Score).where(Score.line_item_id == item.id).values(value=rescaled))
    return answer(_as_json(item), offer(ONE))


@bp.delete("/<course_id>/lineitems/<int:item_id>/lineitem")
@needs(LINE_ITEM)
def delete_column(course_id: str, item_id: int) -> Response:
    """Remove a column the tool made, with its scores (AGS 3.2.7). One that came with its link stays, as on Canvas."""
    with practice().store.writing() as session:
        item = the_column(session, course_id, item_id)
        if item.is_coupled:
            raise ServiceError(403, "This column belongs to its activity; remove the activity instead")
        session.execute(delete(Score).where(Score.line_item_id == item.id))
        session.delete(item)
    return Response(status=204)


def the_column(session: Session, course_id: str, item_id: int) -> LineItem:
    """The column of this course, or 404."""
    item = session.get(LineItem, item_id)
    if item is None or item.course_id != course_id:
        raise ServiceError(404, "There is no such line item in this course")
    return item


def plain(number: float) -> float | int:
    """20 rather than 20.0."""
    return int(number) if number.is_integer() else number


def _link_id(session: Session, course_id: str, body: dict[str, Any]) -> str | None:
    link_id = body.get("resourceLinkId")
    if link_id is None:
        return None
    link = session.get(Link, link_id) if isinstance(link_id, str) else None
    if link is None or link.course_id != course_id:
        raise ServiceError(404, "resourceLinkId is no link of this course")
    return link.id


def _fill(item: LineItem, body: dict[str, Any]) -> None:
    label, maximum = body.get("label"), body.get("scoreMaximum")
    if not isinstance(label, str) or not label.strip():
        raise ServiceError(400, "label is missing")
    if isinstance(maximum, bool) or not isinstance(maximum, int | float) or not math.isfinite(maximum) or maximum <= 0:
        raise ServiceError(400, "scoreMaximum must be a number above 0")
    item.label, item.maximum = label, float(maximum)
    item.resource_id, item.tag = _text(body, "resourceId") or "", _text(body, "tag") or ""
    item.starts, item.ends = _text(body, "startDateTime"), _text(body, "endDateTime")


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ServiceError(400, f"{name} is not a string")
    return value


def _as_json(item: LineItem) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": line_item_url(practice(), item),
        "label": item.label,
        "scoreMaximum": plain(item.maximum),
        "resourceId": item.resource_id,
        "tag": item.tag,
    }
    if item.link_id:
        body["resourceLinkId"] = item.link_id
    if item.starts:
        body["startDateTime"] = item.starts
    if item.ends:
        body["endDateTime"] = item.ends
    return body
