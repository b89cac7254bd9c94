"""What we sent beside what the LMS has: did somebody change it there?

Only a score the LMS took before the column was read can be compared; one that is on its way says nothing yet.
"""

from sqlalchemy import ColumnElement, and_, case, func

from sociallearn.grades.models import Delivery, DeliveryState, LineItem

TOLERANCE = 0.0051  # points of the column: LMSs keep two decimals, some five


def is_changed(delivery: Delivery, column: LineItem) -> bool:
    """Whether the LMS has another score than we sent, by what was read of the column last."""
    if delivery.state != DeliveryState.SENT or delivery.sent_grade is None or delivery.sent_at is None:
        return False
    if column.results_at is None or column.results_at < delivery.sent_at:
        return False
    return is_other(delivery.sent_grade, delivery.result_score, delivery.result_maximum, column.score_maximum)


def is_other(sent_grade: float, score: float | None, maximum: float | None, column_maximum: float) -> bool:
    """Whether ``score`` of ``maximum`` is another one than the grade (0..1) we sent.

    No score: emptied, or 0, which Moodle keeps back.
    """
    if score is None:
        return sent_grade * column_maximum > TOLERANCE
    return abs(score - sent_grade * (maximum or column_maximum)) > TOLERANCE


def changed() -> ColumnElement[bool]:
    """The same for the database, for a query on Delivery joined with LineItem."""
    other = case(
        (Delivery.result_score.is_(None), Delivery.sent_grade * LineItem.score_maximum > TOLERANCE),
        else_=func.abs(Delivery.result_score - Delivery.sent_grade * Delivery.result_maximum) > TOLERANCE,
    )
    return and_(
        Delivery.state == DeliveryState.SENT,
        Delivery.sent_grade.is_not(None),
        LineItem.results_at.is_not(None),
        LineItem.results_at >= Delivery.sent_at,
        other,
    )
