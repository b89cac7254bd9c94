"""Switches that make the services fail the way real ones do, and the clock go wrong."""

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


SLOWNESS = 15.0  # seconds: longer than any sensible client waits
LARGEST_SKEW = 86_400  # seconds

IN_WORDS = {
    Mode.OK: "Healthy. The services answer at once.",
    Mode.DOWN: "Down. Every service answers 503.",
    Mode.HALF: "Shaky. About half of the requests are answered 503.",
    Mode.SLOW: f"Slow. Every answer takes {SLOWNESS:.0f} seconds, longer than a sensible client waits.",
}


@dataclass(frozen=True)
class Switches:
    """How they stand. ``skew``: seconds our clock is ahead (or behind) in launches."""

    mode: Mode = Mode.OK
    seed: int = 1
    skew: int = 0


def read(session: Session) -> Switches:
    """How the switches stand."""
    return Switches(
        mode=Mode(_get(session, "mode", Mode.OK)),
        seed=int(_get(session, "seed", "1")),
        skew=int(_get(session, "skew", "0")),
    )


def turn(session: Session, mode: Mode, seed: int, skew: int) -> None:
    """Set them. The dice of ``Mode.HALF`` start again, so the same seed gives the same run."""
    values = {"mode": mode.value, "seed": str(seed), "skew": str(skew), "thrown": "0"}
    for name, value in values.items():
        session.merge(Setting(name=name, value=value))


def fails_now(session: Session) -> bool:
    """Whether this request must be answered 503. Throws the dice when the services are shaky."""
    switches = read(session)
    if switches.mode is not Mode.HALF:
        return switches.mode is Mode.DOWN
    thrown = int(_get(session, "thrown", "0")) + 1
    session.merge(Setting(name="thrown", value=str(thrown)))
    return random.Random(f"{switches.seed}:{thrown}").random() < 0.5  # noqa: S311


def _get(session: Session, name: str, default: str) -> str:
    kept = session.get(Setting, name)
    return kept.value if kept else default


def dawdle() -> None:
    """Take as long as ``Mode.SLOW`` says. Never inside a transaction."""
    time.sleep(SLOWNESS)
