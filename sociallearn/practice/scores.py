"""Scores the tool sends and results it reads back (AGS 3.3 and 3.4), as strict as Moodle about both."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Response, request
from sqlalchemy import select

from sociallearn import clock
from sociallearn.practice.addresses import line_item_url, results_url
from sociallearn.practice.claims import RESULT_READING, SCORE
from sociallearn.practice.columns import plain, the_column
from sociallearn.practice.models import Enrolment, LineItem, Score
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
)  # fmt: skip
from sociallearn.practice.state import practice

SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
ACTIVITY = {"Initialized", "Started", "InProgress", "Submitted", "Completed"}
GRADING = {"FullyGraded", "Pending", "PendingManual", "Failed", "NotReady"}
GRADED = "FullyGraded"
LARGEST_PAGE = 100


class _Wrong(ValueError):
    """A field is missing or not what AGS 3.4 says."""


@dataclass(frozen=True)
class _Incoming:
    user_id: str
    share: float | None  # of the maximum; None clears
    comment: str | None
    activity_progress: str
    grading_progress: str
    timestamp: datetime


@bp.post("/<course_id>/lineitems/<int:item_id>/lineitem/scores")
@needs(SCORE)
def take_score(course_id: str, item_id: int) -> Response:
    """Put one learner's score into the gradebook (AGS 3.4).

    409 unless the timestamp is in a later whole second than the last one; 400 for who cannot be graded.
    """
    body = received(SCORE_TYPE)
    with practice().store.writing() as session:
        item = the_column(session, course_id, item_id)
        try:
            incoming = _read(body)
        except _Wrong as reason:
            raise ServiceError(400, f"Incorrect score received: {reason}. {json.dumps(body)[:500]}") from reason
        enrolment = session.get(Enrolment, (course_id, incoming.user_id))
        if enrolment is None or not enrolment.is_gradable:
            raise ServiceError(400, f"Incorrect score received: user {incoming.user_id[:60]} cannot be graded here")
        score = session.get(Score, (item.id, incoming.user_id))
        if score and int(score.timestamp.timestamp()) >= int(incoming.timestamp.timestamp()):
            raise ServiceError(
                409, f"Refusing score with an earlier timestamp for item {item.id} and user {incoming.user_id}"
            )
        if score is None:
            score = Score(line_item_id=item.id, person_id=incoming.user_id)
            session.add(score)
        _apply(score, incoming, item)
    return Response("", 200, content_type=f"{SCORE_TYPE}; charset=utf-8")


def _apply(score: Score, incoming: _Incoming, item: LineItem) -> None:
    final = incoming.grading_progress == GRADED and incoming.share is not None
    score.value = incoming.share * item.maximum if final and incoming.share is not None else None
    score.comment = incoming.comment
    score.activity_progress = incoming.activity_progress
    score.grading_progress = incoming.grading_progress
    score.timestamp, score.received_at = incoming.timestamp, clock.now()


def _read(body: dict[str, Any]) -> _Incoming:
    user_id, comment = body.get("userId"), body.get("comment")
    if not isinstance(user_id, str) or not user_id:
        raise _Wrong("userId is missing or not a string")
    if comment is not None and not isinstance(comment, str):
        raise _Wrong("comment is not a string")
    for name, known in (("activityProgress", ACTIVITY), ("gradingProgress", GRADING)):
        if not isinstance(body.get(name), str) or body[name] not in known:
            raise _Wrong(f"{name} is missing or unknown")
    return _Incoming(
        user_id=user_id,
        share=_share(body),
        comment=comment,
        activity_progress=body["activityProgress"],
        grading_progress=body["gradingProgress"],
        timestamp=_timestamp(body.get("timestamp")),
    )


def _share(body: dict[str, Any]) -> float | None:
    if body.get("scoreGiven") is None:
        return None
    given, maximum = _number(body, "scoreGiven"), _number(body, "scoreMaximum")
    if given < 0 or maximum <= 0:
        raise _Wrong("scoreGiven is below 0 or scoreMaximum not above 0")
    return given / maximum  # may be above 1: extra credit


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _Wrong(f"{name} is missing or not a number")
    return float(value)


def _timestamp(value: Any) -> datetime:
    if not isinstance(value, str) or "T" not in value:
        raise _Wrong("timestamp is missing or not ISO 8601")
    try:
        moment = datetime.fromisoformat(value)
        # without a zone: taken as UTC, as Moodle does
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _Wrong("timestamp is not ISO 8601") from error


@bp.get("/<course_id>/lineitems/<int:item_id>/lineitem/results")
@needs(RESULT_READING)
def list_results(course_id: str, item_id: int) -> Response:
    """What stands in the column, for all or for ``user_id`` (AGS 3.3). A cleared one has no resultScore."""
    media_type, size, start = offer(RESULTS_TYPE), page_size(LARGEST_PAGE), max(page_start(), 0)
    with practice().store.reading() as session:
        item = the_column(session, course_id, item_id)
        query = select(Score).where(Score.line_item_id == item.id).order_by(Score.person_id)
        if "user_id" in request.args:
            query = query.where(Score.person_id == request.args["user_id"])
        found = list(session.scalars(query.offset(start).limit(size + 1)))
    response = answer([_as_json(item, score) for score in found[:size]], media_type)
    if len(found) > size:
        link_next(response, start + size)
    return response


def _as_json(item: LineItem, score: Score) -> dict[str, Any]:
    lms = practice()
    body: dict[str, Any] = {"id": results_url(lms, item, score.person_id), "userId": score.person_id}
    if score.value is None:
        return body
    body |= {
        "resultScore": plain(score.value),
        "resultMaximum": plain(item.maximum),
        "scoreOf": line_item_url(lms, item),
        "timestamp": score.timestamp.isoformat(timespec="seconds"),
    }
    return body | ({"comment": score.comment} if score.comment else {})
