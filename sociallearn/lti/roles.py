"""What a launch's role URIs mean here (LTI core A.2; what LMSs really send).

Course rights come from context roles only, whenever there are any: an institution role may come from elsewhere.
"""

from dataclasses import dataclass

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
CONTEXT = LIS + "membership"
INSTITUTION = LIS + "institution/person#"
SYSTEM = LIS + "system/person#"
# The form before LTI 1.3 does not say whether institution or system is meant: the lesser of the two is believed.
PERSON = LIS + "person#"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

# The short names of earlier versions stand for context roles (LTI core A.2.3).
_SHORT = frozenset(
    {
        "Administrator",
        "ContentDeveloper",
        "Instructor",
        "Learner",
        "Manager",
        "Member",
        "Mentor",
        "Officer",
        "TeachingAssistant",
    }
)
_TRAINERS = frozenset({"Instructor", "Administrator", "TeachingAssistant"})
_INSTITUTION_ADMINISTRATORS = frozenset({INSTITUTION + "Administrator", PERSON + "Administrator"})
_LMS_ADMINISTRATORS = frozenset({SYSTEM + "Administrator", SYSTEM + "SysAdmin", PERSON + "SysAdmin"})


@dataclass(frozen=True)
class Standing:
    """``role`` is learner, trainer, manager or observer; ``may_grade`` only for trainers who are not just designers."""

    role: str
    may_grade: bool = False
    is_test: bool = False


def is_administrator(uris: list[str]) -> bool:
    """Whether the LMS calls this person its administrator: of this registration and no other."""
    return not _LMS_ADMINISTRATORS.isdisjoint(uris)


def standing(uris: list[str]) -> Standing:
    """The least privilege that fits: nothing known, or nothing at all, is a learner.

    A Manager who is also a Member is Canvas's leader of a group of students, so a learner and not an L&D manager.
    """
    is_test = TEST_USER in uris
    context = {name for uri in uris if (name := _context_role(uri))}
    if context & _TRAINERS:
        return Standing("trainer", may_grade=True, is_test=is_test)
    if "ContentDeveloper" in context:
        return Standing("trainer", is_test=is_test)
    return Standing(_without_course_rights(context, uris), is_test=is_test)


def _without_course_rights(context: set[str], uris: list[str]) -> str:
    if "Manager" in context and "Member" not in context:
        return "manager"
    if context & {"Learner", "Member"}:
        return "learner"
    if "Mentor" in context:
        return "observer"
    if not context and not _INSTITUTION_ADMINISTRATORS.isdisjoint(uris):
        return "manager"
    return "learner"


def _context_role(uri: str) -> str | None:
    """The principal role: of ``…/membership#Instructor`` what stands behind the ``#``, of the sub-role
    ``…/membership/Learner#Instructor`` what stands before it (LTI core A.2.3.1): that one is a learner."""
    if uri in _SHORT:
        return uri
    if not uri.startswith((CONTEXT + "#", CONTEXT + "/")):
        return None
    principal, _hash, name = uri.removeprefix(CONTEXT).partition("#")
    return principal.removeprefix("/") or name
