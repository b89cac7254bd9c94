"""Who is in a course (NRPS 2.0), in pages, as the tool reads it."""

from typing import Any

from flask import Response, request

from sociallearn.practice import launching
from sociallearn.practice.addresses import memberships_url
from sociallearn.practice.claims import MEMBERSHIP, MEMBERSHIP_READING
from sociallearn.practice.models import Enrolment, Link
from sociallearn.practice.services import (
    ServiceError,
    answer,
    bp,
    link_next,
    needs,
    offer,
    page_size,
    page_start,
    the_course,
)  # fmt: skip
from sociallearn.practice.state import practice

MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
LARGEST_PAGE = 10  # small, so that even a course of sixteen has a next page


@bp.get("/<course_id>/memberships")
@needs(MEMBERSHIP_READING)
def list_members(course_id: str) -> Response:
    """The active members, by role (full or short name) if asked, a page at a time (NRPS 2.4)."""
    media_type, size = offer(MEDIA_TYPE), page_size(LARGEST_PAGE)
    lms = practice()
    with lms.store.reading() as session:
        course, start = the_course(session, course_id), page_start()
        if "rlid" in request.args:
            link = session.get(Link, request.args["rlid"])
            if link is None or link.course_id != course_id:
                raise ServiceError(404, "rlid is no link of this course")
        role = request.args.get("role", "").removeprefix(MEMBERSHIP)
        found = [
            one
            for one in launching.places(session, course_id)
            if one.is_active and one.person.position > start and role in ("", one.role)
        ]
        context = {"id": course.id, "label": course.label, "title": course.title}
        body = {"id": memberships_url(lms, course), "context": context, "members": [_as_json(m) for m in found[:size]]}
    response = answer(body, media_type)
    if len(found) > size:
        link_next(response, found[size - 1].person.position)
    return response


def _as_json(enrolment: Enrolment) -> dict[str, Any]:
    person = enrolment.person
    return {
        "status": "Active",
        "user_id": person.id,
        "roles": [MEMBERSHIP + enrolment.role],
        "lis_person_sourcedid": f"ID-{person.id}",
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
        "ext_user_username": person.id,
    }
