"""What a call to an LMS can come to, but for an answer. Each has a code, told in words on the page."""


class ServiceError(Exception):
    """An LMS did not do what we asked. ``code`` is what people are told, ``status`` its answer if it gave one."""

    def __init__(self, code: str, reason: str = "", status: int | None = None) -> None:
        super().__init__(f"{code} ({status or 'no answer'}): {reason}"[:500])
        self.code = code
        self.reason = reason
        self.status = status


class Unreachable(ServiceError):
    """No usable answer: network, time limit, 5xx, redirect, anything about tokens, 401, 403. Trying again may help."""


class Unsent(Unreachable):
    """The same, before anything was sent: it says nothing of how the LMS is."""


class Throttled(ServiceError):
    """The LMS asks for patience: 429, or Canvas's older 403 "Rate Limit Exceeded"."""

    def __init__(self, reason: str, status: int, retry_after: float | None) -> None:
        super().__init__("throttled", reason, status)
        self.retry_after = retry_after  # seconds, if it said


class NotNow(Throttled):
    """We made no call at all: this LMS has asked for patience, or is busy with our other calls (``code``)."""

    def __init__(self, reason: str, retry_after: float, code: str = "throttled") -> None:
        super().__init__(reason, 429, retry_after)
        self.code = code


class Conflict(ServiceError):
    """The LMS has a score with the same or a later time stamp: 409 (AGS 2.0 3.4.4), on Canvas a 400 that says so."""


class Refused(ServiceError):
    """400, 404, 412 or 422: the LMS will not take this, however often it is sent."""
