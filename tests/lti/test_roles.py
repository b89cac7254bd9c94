"""Every row of the table of roles, as the standard, Moodle and Canvas write them."""

import json
from pathlib import Path

import pytest

from sociallearn.lti import roles
from sociallearn.lti.claims import CLAIM
from sociallearn.lti.roles import Standing

pytestmark = pytest.mark.alike

V2 = "http://purl.imsglobal.org/vocab/lis/v2/"
COURSE, INSTITUTION, SYSTEM, PERSON = (
    V2 + "membership#",
    V2 + "institution/person#",
    V2 + "system/person#",
    V2 + "person#",
)
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
CAPTURES = Path(__file__).parent / "captures"

LEARNER, OBSERVER, MANAGER = Standing("learner"), Standing("observer"), Standing("manager")
TRAINER, DESIGNER = Standing("trainer", may_grade=True), Standing("trainer")

MOODLE = {
    "student": ([COURSE + "Learner"], LEARNER),
    "teacher": ([COURSE + "Instructor"], TRAINER),
    "non-editing teacher comes in as a teacher": ([COURSE + "Instructor"], TRAINER),
    "non-editing teacher in the roster": (["Learner"], LEARNER),
    "manager, who cannot be told from a teacher": ([COURSE + "Instructor"], TRAINER),
    "administrator": ([INSTITUTION + "Administrator", COURSE + "Instructor", SYSTEM + "Administrator"], TRAINER),
    "administrator in the roster": (["Instructor", PERSON + "Administrator"], TRAINER),
    "administrator in the roster, without a role in the course": ([PERSON + "Administrator"], MANAGER),
    "teacher in the roster": (["Instructor"], TRAINER),
}
CANVAS = {
    "student": ([COURSE + "Learner", INSTITUTION + "Student", SYSTEM + "User"], LEARNER),
    "teacher": ([COURSE + "Instructor", INSTITUTION + "Instructor", SYSTEM + "User"], TRAINER),
    "teaching assistant": ([COURSE + "Instructor", V2 + "membership/Instructor#TeachingAssistant"], TRAINER),
    "student who teaches elsewhere": ([COURSE + "Learner", INSTITUTION + "Instructor", SYSTEM + "User"], LEARNER),
    "student who is the institution's administrator": ([COURSE + "Learner", INSTITUTION + "Administrator"], LEARNER),
    "leader of a group of students": ([COURSE + "Manager", COURSE + "Member", INSTITUTION + "Student"], LEARNER),
    "member of a group": ([COURSE + "Member"], LEARNER),
    "account administrator without a role": ([INSTITUTION + "Administrator", SYSTEM + "User"], MANAGER),
    "account administrator who teaches": ([INSTITUTION + "Administrator", COURSE + "Instructor"], TRAINER),
    "site administrator": ([SYSTEM + "SysAdmin", SYSTEM + "User"], LEARNER),
    "site administrator of the institution": ([SYSTEM + "SysAdmin", INSTITUTION + "Administrator"], MANAGER),
    "observer": ([COURSE + "Mentor", INSTITUTION + "Observer"], OBSERVER),
    "designer": ([COURSE + "ContentDeveloper"], DESIGNER),
    "test student": ([COURSE + "Learner", TEST_USER], Standing("learner", is_test=True)),
}
STANDARD = {
    "nothing": ([], LEARNER),
    "something unheard of": (["https://lms.example/roles#Wizard"], LEARNER),
    "administrator of the course": ([COURSE + "Administrator"], TRAINER),
    "manager of the course": ([COURSE + "Manager"], MANAGER),
    "officer": ([COURSE + "Officer"], LEARNER),
    "an unknown role in the course": ([COURSE + "Wizard"], LEARNER),
    "an unknown role in the course, and institution's administrator": (
        [COURSE + "Wizard", INSTITUTION + "Administrator"],
        LEARNER,
    ),
    "teaching assistant without the principal role": ([V2 + "membership/Instructor#TeachingAssistant"], TRAINER),
    "grader without the principal role": ([V2 + "membership/Instructor#Grader"], TRAINER),
    "a learner's sub-role called Instructor": ([V2 + "membership/Learner#Instructor"], LEARNER),
    "a mentor's sub-role": ([V2 + "membership/Mentor#Auditor"], OBSERVER),
    "a designer's sub-role": ([V2 + "membership/ContentDeveloper#Librarian"], DESIGNER),
    "a look-alike of the vocabulary": ([V2 + "membershipX#Instructor"], LEARNER),
    "somebody else's vocabulary": (["https://evil.example/vocab/lis/v2/membership#Instructor"], LEARNER),
    "mentor who learns": ([COURSE + "Mentor", COURSE + "Learner"], LEARNER),
    "teacher who learns": ([COURSE + "Learner", COURSE + "Instructor"], TRAINER),
    "designer who teaches": ([COURSE + "ContentDeveloper", COURSE + "Instructor"], TRAINER),
    **{f"institution alone: {name}": ([INSTITUTION + name], LEARNER)
       for name in ("Faculty", "Guest", "None", "Other", "Staff", "Student", "Alumni", "Instructor", "Learner",
                    "Member", "Mentor", "Observer", "ProspectiveStudent")},
    **{f"system alone: {name}": ([SYSTEM + name], LEARNER)
       for name in ("Administrator", "None", "AccountAdmin", "Creator", "SysAdmin", "SysSupport", "User")},
    **{f"deprecated: {name}": ([PERSON + name], LEARNER)
       for name in ("Student", "Instructor", "Faculty", "SysAdmin", "Creator", "User", "None")},
    **{f"short: {name}": ([name], expected)
       for name, expected in (("Learner", LEARNER), ("Instructor", TRAINER), ("Administrator", TRAINER),
                              ("TeachingAssistant", TRAINER), ("ContentDeveloper", DESIGNER), ("Mentor", OBSERVER),
                              ("Manager", MANAGER), ("Member", LEARNER), ("Officer", LEARNER),
                              ("instructor", LEARNER))},
}  # fmt: skip
TABLE = [
    pytest.param(uris, expected, id=f"{lms}: {who}")
    for lms, rows in (("Moodle", MOODLE), ("Canvas", CANVAS), ("standard", STANDARD))
    for who, (uris, expected) in rows.items()
]


@pytest.mark.parametrize(("uris", "expected"), TABLE)
def test_what_a_role_means_here(uris: list[str], expected: Standing) -> None:
    assert roles.standing(uris) == expected
    assert roles.standing(uris[::-1]) == expected


@pytest.mark.parametrize("name", ["Learner", "Instructor"])
def test_a_pretend_student_keeps_the_role(name: str) -> None:
    standing = roles.standing([TEST_USER, COURSE + name])
    assert standing.is_test
    assert standing.role == roles.standing([COURSE + name]).role


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (SYSTEM + "Administrator", True),
        (SYSTEM + "SysAdmin", True),
        (PERSON + "SysAdmin", True),
        (SYSTEM + "AccountAdmin", False),
        (SYSTEM + "Creator", False),
        (SYSTEM + "SysSupport", False),
        (SYSTEM + "User", False),
        (PERSON + "Administrator", False),  # institution or system? the lesser one
        (INSTITUTION + "Administrator", False),
        (COURSE + "Administrator", False),
        ("Administrator", False),
        ("SysAdmin", False),
        ("", False),
    ],
)
def test_who_looks_after_the_lms(uri: str, expected: bool) -> None:
    assert roles.is_administrator([COURSE + "Instructor", uri]) is expected


@pytest.mark.parametrize(
    ("capture", "expected", "is_administrator"),
    [
        ("student1", LEARNER, False),
        ("teacher1", TRAINER, False),
        ("ta1", TRAINER, False),
        ("manager1", TRAINER, False),
        ("admin", TRAINER, True),
    ],
)
def test_people_of_a_real_moodle(capture: str, expected: Standing, is_administrator: bool) -> None:
    uris = json.loads((CAPTURES / f"claims_launch_{capture}.json").read_text())[CLAIM + "roles"]
    assert roles.standing(uris) == expected
    assert roles.is_administrator(uris) is is_administrator
