"""What a launch says: the claims of an id_token, shaped as LTI core 5.3-5.4 and real platforms have them."""

import hashlib
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import object_session

from sociallearn import __version__, clock
from sociallearn.practice import clients
from sociallearn.practice.addresses import line_item_url, line_items_url, memberships_url
from sociallearn.practice.copying import history
from sociallearn.practice.models import Course, Enrolment, Launch, LineItem, Link, Person
from sociallearn.practice.people import ADMINISTRATORS, GROUPS, Role
from sociallearn.practice.state import SERVICE_NAME, Practice

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS_ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_SERVICE = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
AGS_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM = AGS_SCOPE + "lineitem"
LINE_ITEM_READING = AGS_SCOPE + "lineitem.readonly"
RESULT_READING = AGS_SCOPE + "result.readonly"
SCORE = AGS_SCOPE + "score"
MEMBERSHIP_READING = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCOPES = [LINE_ITEM, LINE_ITEM_READING, RESULT_READING, SCORE, MEMBERSHIP_READING]
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"

LIFETIME = timedelta(seconds=60)  # of an id_token; as short as Moodle's


def resource_link_launch(lms: Practice, enrolment: Enrolment, link: Link, items: list[LineItem]) -> dict[str, Any]:
    """The claims of an LtiResourceLinkRequest (LTI core 5.4). ``items`` are the link's columns.

    ``lineitem`` is named only when there is exactly one (AGS 3.1).
    """
    course = enrolment.course
    endpoint: dict[str, Any] = _endpoint(lms, course)
    if len(items) == 1:
        endpoint["lineitem"] = line_item_url(lms, items[0])
    return {
        **_common(lms, enrolment, link),
        CLAIM + "message_type": "LtiResourceLinkRequest",
        CLAIM + "target_link_uri": link.url or lms.launch_url,
        CLAIM + "resource_link": {"id": link.id, "title": link.title, "description": link.description},
        CLAIM + "custom": {**link.custom, **_about(enrolment), **_histories(course, link)},
        CLAIM + "launch_presentation": {
            "document_target": "iframe",
            "locale": enrolment.person.locale,
            "return_url": f"{lms.base_url}/courses/{course.id}?link={link.id}",
        },
        AGS_ENDPOINT: endpoint,
    }


def submission_review_launch(
    lms: Practice, enrolment: Enrolment, link: Link, items: list[LineItem], for_person: Person
) -> dict[str, Any]:
    """The claims of an LtiSubmissionReviewRequest: from the gradebook to one learner's work (submission review 1.0)."""
    return {
        **resource_link_launch(lms, enrolment, link, items),
        CLAIM + "message_type": "LtiSubmissionReviewRequest",
        CLAIM + "launch_presentation": {
            "document_target": "window",
            "locale": enrolment.person.locale,
            "return_url": f"{lms.base_url}/courses/{enrolment.course.id}/grades",
        },
        CLAIM + "for_user": {"user_id": for_person.id, "name": for_person.name, "roles": [MEMBERSHIP + Role.LEARNER]},
    }


def _about(enrolment: Enrolment) -> dict[str, str]:
    """Unit, and groups as Moodle fills in ``$Moodle.Person.userGroupIds``: ids, and an empty text for none."""
    is_learner = enrolment.role == Role.LEARNER
    groups = GROUPS[enrolment.person.position % len(GROUPS)] if is_learner else ""
    return {"unit": enrolment.person.unit, "groups": groups}


def _histories(course: Course, link: Link | None = None) -> dict[str, str]:
    """The tool's own parameters ``$Context.id.history`` and ``$ResourceLink.id.history``, in copies of courses."""
    session = object_session(course)
    assert session is not None
    found = {"context_history": history(session, Course, course.copied_from)}
    if link is not None:
        found["link_history"] = history(session, Link, link.copied_from)
    return {name: ",".join(ids) for name, ids in found.items() if ids}


def deep_linking_launch(lms: Practice, enrolment: Enrolment, launch: Launch) -> dict[str, Any]:
    """The claims of an LtiDeepLinkingRequest (deep linking 4.4); ``data`` must come back as it is."""
    return {
        **_common(lms, enrolment, None),
        CLAIM + "message_type": "LtiDeepLinkingRequest",
        CLAIM + "target_link_uri": lms.launch_url,
        CLAIM + "custom": {**_about(enrolment), **_histories(enrolment.course)},
        CLAIM + "launch_presentation": {"document_target": "iframe", "locale": enrolment.person.locale},
        DEEP_LINKING + "deep_linking_settings": {
            "deep_link_return_url": lms.base_url + "/deep-linking/return",
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_multiple": True,
            "accept_lineitem": True,
            "auto_create": False,
            "title": "",
            "text": "",
            "data": launch.id,
        },
        AGS_ENDPOINT: _endpoint(lms, enrolment.course),
    }


def signed(lms: Practice, claims: dict[str, Any], nonce: str, skew: int) -> str:
    """The id_token for these claims, issued now (by a clock that may be ``skew`` seconds wrong)."""
    issued_at = int(clock.now().timestamp()) + skew
    times = {"iat": issued_at, "exp": issued_at + int(LIFETIME.total_seconds())}
    return lms.key.sign({**claims, **times, "nonce": nonce})


def _common(lms: Practice, enrolment: Enrolment, link: Link | None) -> dict[str, Any]:
    course, person = enrolment.course, enrolment.person
    client_id, deployment_id = clients.of(link)
    return {
        "iss": lms.base_url,
        "aud": client_id,
        **_identity(person),
        CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": deployment_id,
        CLAIM + "roles": _roles(enrolment),
        CLAIM + "context": {
            "id": course.id, "label": course.label, "title": course.title, "type": ["CourseSection"],
        },
        CLAIM + "tool_platform": {
            "guid": hashlib.sha256(lms.base_url.encode()).hexdigest()[:32],
            "name": SERVICE_NAME,
            "description": "A practice LMS: nothing in it is real",
            "product_family_code": "sociallearn-practice",
            "version": __version__,
        },
        CLAIM + "lis": {"person_sourcedid": f"ID-{person.id}", "course_section_sourcedid": course.label},
        CLAIM + "ext": {"user_username": person.id},
        NRPS_SERVICE: {
            "context_memberships_url": memberships_url(lms, course),
            "service_versions": ["1.0", "2.0"],
        },
    }  # fmt: skip


def _roles(enrolment: Enrolment) -> list[str]:
    """An administrator's are Moodle's three."""
    if enrolment.person_id not in ADMINISTRATORS:
        return [MEMBERSHIP + enrolment.role]
    return [INSTITUTION + "Administrator", MEMBERSHIP + enrolment.role, SYSTEM + "Administrator"]


def _identity(person: Person) -> dict[str, str]:
    return {
        "sub": person.id,
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
    }


def _endpoint(lms: Practice, course: Course) -> dict[str, Any]:
    return {"scope": SCOPES[:4], "lineitems": line_items_url(lms, course)}
