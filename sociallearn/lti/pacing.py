"""How fast this process may go with each LMS: more at once while it answers well, less as soon as it has too much."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sociallearn import clock
from sociallearn.lti.failures import NotNow, Unsent

BUSY, LONGEST_TURN = 2.0, 30.0  # seconds until a call that found no place tries again
PATIENCE = 1.0  # seconds an LMS that asked for patience is left alone, twice as long each time, unless it says
LONGEST_PATIENCE = 60.0  # seconds; each score's own back-off takes it from there
LOW_ON_QUOTA = 100.0  # of Canvas's X-Rate-Limit-Remaining (600 when full): from here on we let it fill up first
AT_ONCE = 3  # calls to one LMS from this process, to begin with
MOST_AT_ONCE = 6  # as long as it answers well; Canvas throttles whoever makes more than one
MORE = 0.1  # calls at once, for each that went well; half of them when it is overloaded
A_MOMENT = 0.25  # seconds a score waits for a place, where the last answer came sooner than that


class Pace:
    """How fast this process may go with each LMS: a few calls at once, and none while it asked for patience.

    The calls at once grow while all goes well, and are halved when the LMS is overloaded. Who finds no place soon is
    sent away to come again: workers are few and serve every LMS.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._width: dict[int, float] = {}  # calls at once
        self._under_way: dict[int, int] = {}
        self._took: dict[int, float] = {}  # seconds of the last call
        self._full: set[int] = set()  # where somebody waited in vain
        self._turns: dict[int, float] = {}  # when whoever was sent away last comes again
        self._patient: dict[int, tuple[float, float]] = {}  # from when to when, seconds since 1970, by our clock
        self._asked: dict[int, int] = {}  # how often in a row it asked

    @contextmanager
    def place(self, key: int, at_once: int, within: float) -> Iterator[None]:
        """A place among at most ``at_once`` calls under way to one LMS, held inside the block.

        Raises NotNow when none comes free in so many seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_place(key, at_once), within):
                self._full.add(key)  # nobody else waits before an answer came
                raise NotNow("it is busy with our other calls", self._turn(key, at_once), "busy")
            self._under_way[key] = self._under_way.get(key, 0) + 1
        began, was_sent = time.monotonic(), True
        try:
            yield
        except Unsent:
            was_sent = False
            raise
        finally:
            with self._changed:
                self._under_way[key] -= 1
                if was_sent:
                    self._took[key] = time.monotonic() - began
                    self._full.discard(key)
                self._changed.notify_all()

    def _has_place(self, key: int, at_once: int) -> bool:
        return self._under_way.get(key, 0) < self._room(key, at_once)

    def _room(self, key: int, at_once: int) -> int:
        return int(min(at_once, self._width.get(key, AT_ONCE)))

    def _turn(self, key: int, at_once: int) -> float:
        """Seconds until who is sent away now should come again: one after the other, as fast as the LMS answers."""
        now = time.monotonic()
        turn = max(now, self._turns.get(key, 0.0)) + self._took.get(key, 0.0) / self._room(key, at_once)
        self._turns[key] = min(turn, now + LONGEST_TURN)
        return max(BUSY, self._turns[key] - now)

    def is_quick(self, key: int) -> bool:
        """Whether waiting a moment for a place is worth it."""
        with self._changed:
            return key not in self._full and self._took.get(key, 0.0) < A_MOMENT

    def slow_down(self, key: int, seconds: float | None) -> None:
        """It asked for patience: leave it alone for so many seconds, or for longer each time if it does not say."""
        self.overloaded(key)
        with self._changed:
            times = self._asked[key] = self._asked.get(key, 0) + 1
            self._leave(key, PATIENCE * 2.0 ** min(times - 1, 10) if seconds is None else seconds)

    def overloaded(self, key: int) -> None:
        """It has more to do than it can: half as many calls at once from now on."""
        with self._changed:
            self._width[key] = max(1.0, self._width.get(key, AT_ONCE) / 2)

    def went_well(self, key: int, remaining: float) -> None:
        """It answered; ``remaining`` is what it says is left of our quota, infinity where it has none."""
        with self._changed:
            self._asked.pop(key, None)
            self._width[key] = min(MOST_AT_ONCE, self._width.get(key, AT_ONCE) + MORE)
            if remaining < LOW_ON_QUOTA:
                self._leave(key, PATIENCE)

    def left(self, key: int) -> float:
        """Seconds it is still to be left alone; 0 when we may call, or when our clock was set back meanwhile."""
        with self._changed:
            return self._left(key)

    def _left(self, key: int) -> float:
        since, until = self._patient.get(key, (0.0, 0.0))
        now = clock.now().timestamp()
        return max(0.0, until - now) if now >= since else 0.0

    def _leave(self, key: int, seconds: float) -> None:
        seconds = min(seconds, LONGEST_PATIENCE)
        if seconds > self._left(key):
            now = clock.now().timestamp()
            self._patient[key] = now, now + seconds
