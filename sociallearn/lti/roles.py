"""What a launch's role URIs mean here (LTI core A.2; what LMSs really send).

Course rights come from context roles only, whenever there are any: an institution role may come from elsewhere.
"""

from dataclasses import dataclass

CONTEXT = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

# The short names of earlier versions stand for context roles (LTI core A.2.3.1).
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


@dataclass(frozen=True)
class Standing:
    """``role`` is learner, trainer, manager or observer; ``may_grade`` only for trainers who are not just designers."""

    role: str
    may_grade: bool = False
    is_test: bool = False


def is_administrator(uris: list[str]) -> bool:
    """Whether the LMS calls this person its administrator: of this registration and no other."""
    return not {SYSTEM + "Administrator", SYSTEM + "SysAdmin"}.isdisjoint(uris)


def standing(uris: list[str]) -> Standing:
    """The least privilege that fits: nothing known, or nothing at all, is a learner."""
    context = {name for uri in uris if (name := _context_role(uri))}
    is_test = TEST_USER in uris
    if context & {"Instructor", "Administrator", "TeachingAssistant"}:
        return Standing("trainer", may_grade=True, is_test=is_test)
    if "ContentDeveloper" in context:
        return Standing("trainer", is_test=is_test)
    if "Manager" in context:
        return Standing("manager", is_test=is_test)
    if context & {"Learner", "Member"}:
        return Standing("learner", is_test=is_test)
    if "Mentor" in context:
        return Standing("observer", is_test=is_test)
    if not context and INSTITUTION + "Administrator" in uris:
        return Standing("manager", is_test=is_test)
    return Standing("learner", is_test=is_test)


def _context_role(uri: str) -> str | None:
    if uri in _SHORT:
        return uri
    if not uri.startswith(CONTEXT):
        return None
    # …/membership#Instructor, and sub-roles such as …/membership/Instructor#TeachingAssistant
    return uri.rsplit("#", 1)[-1]
