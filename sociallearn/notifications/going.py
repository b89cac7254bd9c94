"""Links that find their way back: from a mail into the seat somebody holds, or through their course's next launch.

What a link names stands in it, signed: a member and a place. It lets nobody in; a seat or a launch does.
"""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_or_get
from sociallearn.lti.deep_linking import origin_of
from sociallearn.notifications.models import Landing
from sociallearn.posts import reading as posts
from sociallearn.posts.models import Kind, Post
from sociallearn.roster import opening
from sociallearn.roster.models import Member, Placement, Seat
from sociallearn.roster.opening import Goal

LIST = "list"
_PAGES: dict[str, Goal] = {
    LIST: ("notifications.index", {}),
    "settings": ("notifications.settings", {}),
    "participation": ("grades.mine", {}),
    "feed": ("feed.index", {}),
    "pulse": ("feed.index", {"pulse": 1, "_anchor": "pulse"}),
    "questions": ("questions.index", {"show": "mine"}),
}
FOR = timedelta(hours=1)  # from the link to the launch
_GOAL = re.compile(r"(post|round):(\d{1,18})")
_CANVAS = re.compile(r"(https?://[^/]+/courses/\d+)/external_content/")


def connect() -> None:
    """Tell launches what somebody wanted to see. Safe to call again."""
    if recall not in opening.remembered:
        opening.remembered.append(recall)


def link(member_id: int, goal: str) -> str:
    """The address that leads this member there from anywhere."""
    return f"{current_app.config['BASE_URL']}/go/{_signer('go').dumps([member_id, goal])}"


def read(token: str) -> tuple[int, str] | None:
    """Whom and where a link leads; nothing for one we did not make."""
    try:
        member_id, goal = _signer("go").loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return int(member_id), str(goal)


def stop_link(person_id: int) -> str:
    """The address that stops this person's mails, without a session (RFC 8058)."""
    return f"{current_app.config['BASE_URL']}/mail/stop/{_signer('stop').dumps(person_id)}"


def read_stop(token: str) -> int | None:
    """Whose mails it stops."""
    try:
        return int(_signer("stop").loads(token))
    except (BadSignature, ValueError, TypeError):
        return None


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"notifications.{purpose}")


def page(goal: str) -> Goal:
    """The endpoint and its values."""
    found = _GOAL.fullmatch(goal)
    if found is None:
        return _PAGES.get(goal, _PAGES[LIST])
    return ("feed.show", {"post_id": int(found[2])}) if found[1] == "post" else ("ideas.index", {"round": found[2]})


def seat_of(session: Session, member_id: int, seat_ids: list[str]) -> str | None:
    """Which of the seats a browser holds is this member's."""
    mine = select(Seat.id).where(Seat.id.in_(seat_ids), Seat.member_id == member_id)
    return session.scalar(mine.order_by(Seat.created_at.desc()).limit(1)) if seat_ids else None


def remember(session: Session, member: Member, goal: str) -> None:
    """Have the member's next launch, within the hour, open this."""
    until = clock.now() + FOR
    values = {"cohort_id": member.cohort_id, "organisation_id": member.organisation_id, "goal": goal, "until": until}
    row = insert_or_get(session, Landing, {"member_id": member.id}, values)
    row.goal, row.until = goal, until
    session.flush()


def recall(session: Session, member: Member) -> Goal | None:
    """What the member wanted to see: once, and only what they still can."""
    row = session.get(Landing, member.id)
    if row is None:
        return None
    goal, is_over = page(row.goal), row.until < clock.now()
    session.delete(row)
    if is_over:
        return None
    return goal if _is_there(session, member, goal[1]) else ("feed.index", {"toast": "gone"})


def _is_there(session: Session, member: Member, values: dict[str, Any]) -> bool:
    rooms_off = member.cohort.rooms_off
    if "round" in values:
        return "ideas" not in rooms_off
    if "post_id" not in values:
        return True
    post = posts.root(session, member, values["post_id"])
    if post is None:
        return False
    thread = post if post.is_root else session.get_one(Post, post.root_id)
    return {Kind.QUESTION: "questions", Kind.IDEA: "ideas"}.get(Kind(thread.kind)) not in rooms_off


def remove_expired(session: Session) -> None:
    """Housekeeping: what nobody came back for."""
    session.execute(delete(Landing).where(Landing.until < clock.now()))


def course_of(session: Session, member: Member) -> str | None:
    """Where the member's course stands in the LMS, as its launches say."""
    said = select(Placement.return_url).where(
        Placement.cohort_id == member.cohort_id, Placement.return_url.is_not(None)
    )
    found = session.scalar(said.order_by(Placement.id.desc()).limit(1))
    return course_address(found) if found and origin_of(found) else None


def course_address(return_url: str) -> str:
    """The course's own page, where the address launches return to holds what is good for one session only."""
    canvas = _CANVAS.match(return_url)
    if canvas:
        return canvas[1]
    before, moodle, _query = return_url.partition("/mod/lti/return.php")
    course: Any = parse_qs(urlsplit(return_url).query).get("course")
    return f"{before}/course/view.php?id={course[0]}" if moodle and course and course[0].isdecimal() else return_url
