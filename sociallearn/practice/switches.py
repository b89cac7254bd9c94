"""Switches that make the services fail the way real ones do, the clock go wrong, and the pages take messages or not."""

import random
import time
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from sociallearn.practice.models import Setting


class Mode(StrEnum):
    """How the services behave."""

    OK = "ok"
    DOWN = "down"
    HALF = "half"
    SLOW = "slow"
    TROUBLED = "troubled"


class Messages(StrEnum):
    """Which messages of the tool's frame the pages take, and where data is kept (LTI platform storage, lti-pm-s)."""

    NONE = "none"
    PARENT = "_parent"
    FRAME = "post_message_forwarding"


SLOWNESS = 15.0  # seconds: longer than any sensible client waits
LARGEST_SKEW = 86_400  # seconds

IN_WORDS = {
    Mode.OK: "Healthy. The services answer at once.",
    Mode.DOWN: "Down. Every service answers 503.",
    Mode.HALF: "Shaky. About half of the requests are answered 503.",
    Mode.SLOW: f"Slow. Every answer takes {SLOWNESS:.0f} seconds, longer than a sensible client waits.",
    Mode.TROUBLED: "In trouble. A quarter of the requests go wrong: 500, 403, 409 and 429, tokens that are worth "
    "nothing any more, connections that break before, after or within the answer, and now and then a slow answer.",
}

MESSAGES_IN_WORDS = {
    Messages.NONE: "No messages, as on Moodle.",
    Messages.PARENT: "The page keeps data for the tool and makes its frame as high as it asks (_parent).",
    Messages.FRAME: "The same, with the data kept by a hidden frame, as on Canvas (post_message_forwarding).",
}


@dataclass(frozen=True)
class Switches:
    """How they stand. ``skew``: seconds our clock is ahead (or behind) in launches and for tokens."""

    mode: Mode = Mode.OK
    seed: int = 1
    skew: int = 0
    messages: Messages = Messages.NONE


def read(session: Session) -> Switches:
    """How the switches stand."""
    return Switches(
        mode=Mode(_get(session, "mode", Mode.OK)),
        seed=int(_get(session, "seed", "1")),
        skew=int(_get(session, "skew", "0")),
        messages=Messages(_get(session, "messages", Messages.NONE)),
    )


def turn(session: Session, mode: Mode, seed: int, skew: int, messages: Messages = Messages.NONE) -> None:
    """Set them. The dice start again, so the same seed gives the same run."""
    values = {"mode": mode.value, "seed": str(seed), "skew": str(skew), "thrown": "0", "messages": messages.value}
    for name, value in values.items():
        session.merge(Setting(name=name, value=value))


def throw(session: Session) -> float:
    """The dice of this request, 0 to 1: for a seed the same ones in the same order."""
    thrown = int(_get(session, "thrown", "0")) + 1
    session.merge(Setting(name="thrown", value=str(thrown)))
    return random.Random(f"{read(session).seed}:{thrown}").random()  # noqa: S311


def _get(session: Session, name: str, default: str) -> str:
    kept = session.get(Setting, name)
    return kept.value if kept else default


def dawdle() -> None:
    """Take as long as ``Mode.SLOW`` says. Never inside a transaction."""
    time.sleep(SLOWNESS)
