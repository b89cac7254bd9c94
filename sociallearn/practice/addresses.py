"""The addresses of the services. They carry a query as Moodle's do: ``/scores`` belongs before the ``?``."""

from urllib.parse import urlencode

from sociallearn.practice.models import Course, LineItem
from sociallearn.practice.state import Practice

QUERY = "type_id=1"


def line_items_url(lms: Practice, course: Course) -> str:
    """The columns of a course (AGS ``lineitems``)."""
    return f"{lms.base_url}/services/{course.id}/lineitems?{QUERY}"


def line_item_url(lms: Practice, item: LineItem) -> str:
    """One column (AGS ``lineitem``)."""
    return f"{lms.base_url}/services/{item.course_id}/lineitems/{item.id}/lineitem?{QUERY}"


def results_url(lms: Practice, item: LineItem, person_id: str | None = None) -> str:
    """The results of one column, or of one person in it."""
    more = f"&{urlencode({'user_id': person_id})}" if person_id else ""
    return f"{lms.base_url}/services/{item.course_id}/lineitems/{item.id}/lineitem/results?{QUERY}{more}"


def memberships_url(lms: Practice, course: Course) -> str:
    """Who is in a course (NRPS ``context_memberships_url``)."""
    return f"{lms.base_url}/services/{course.id}/memberships"
