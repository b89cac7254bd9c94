"""The gradebook as data, for the page and for what keeps the page live."""

import hashlib
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.practice import launching
from sociallearn.practice.models import LineItem, Score
from sociallearn.practice.people import Role

ZONE = ZoneInfo("Europe/Brussels")


def read(session: Session, course_id: str) -> dict[str, Any]:
    """Learners by line items. ``version`` changes whenever anything else in it does."""
    columns = list(session.scalars(select(LineItem).where(LineItem.course_id == course_id).order_by(LineItem.id)))
    query = select(Score).where(Score.line_item_id.in_([column.id for column in columns]))
    scores = {(score.person_id, score.line_item_id): score for score in session.scalars(query)}
    book: dict[str, Any] = {
        "course": course_id,
        "columns": [{"id": one.id, "label": one.label, "maximum": number(one.maximum)} for one in columns],
        "link": next((one.link_id for one in columns if one.link_id), None),  # whose tool shows a learner's work
        "rows": [
            {
                "person": one.person_id,
                "name": one.person.name,
                "unit": one.person.unit,
                "removed": not one.is_active,
                "cells": [_cell(column, scores.get((one.person_id, column.id))) for column in columns],
            }
            for one in launching.places(session, course_id)
            if one.role == Role.LEARNER
        ],
    }
    return {**book, "version": hashlib.sha256(json.dumps(book).encode()).hexdigest()[:16]}


def _cell(column: LineItem, score: Score | None) -> dict[str, Any]:
    if score is None:
        return {"column": column.id, "state": "none"}
    cell: dict[str, Any] = {
        "column": column.id,
        "state": "cleared" if score.value is None else "scored",
        "progress": score.grading_progress,
        "comment": score.comment or "",
        "at": score.timestamp.isoformat(timespec="seconds"),
        "when": when(score.timestamp),
    }
    if score.value is not None:
        share = score.value / column.maximum
        cell |= {"score": score.value, "shown": number(score.value), "percent": number(share * 100, 2) + " %"}
    return cell


def number(value: float, digits: int = 3) -> str:
    """For reading: at most three decimals, and none that say nothing."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def when(moment: datetime) -> str:
    """A time as the course's people read it."""
    local = moment.astimezone(ZONE)
    return f"{local.day} {local:%b %H:%M:%S}"
