"""How often somebody may do something. Counted in Redis when there is one, else in this process."""

from flask import Flask, current_app
from flask_babel import gettext as _
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from sociallearn.errors import Refusal

WRITES = RateLimitItemPerMinute(120)  # a person
LOOKUPS = RateLimitItemPerMinute(90)  # a person, while typing
LAUNCHES = RateLimitItemPerMinute(1000)  # an address: a classroom shares one
LOGINS = RateLimitItemPerMinute(1200)  # an address; not every login becomes a launch


def init_app(app: Flask) -> None:
    """Connect to where the counts are kept."""
    storage = storage_from_string(app.config["REDIS_URL"] or "memory://", wrap_exceptions=True)
    app.extensions["rate_limiter"] = FixedWindowRateLimiter(storage)


def limit(item: RateLimitItemPerMinute, who: str) -> None:
    """Count one; raises Refusal 429 when there were too many in this minute."""
    limiter: FixedWindowRateLimiter = current_app.extensions["rate_limiter"]
    try:
        allowed = limiter.hit(item, str(item.amount), who)
    except StorageError:
        current_app.logger.exception("rate limits cannot be counted just now")
        return  # a conversation matters more than a count
    if not allowed:
        raise Refusal(429, _("That went too fast."), _("Wait a minute and try again. Your text stands below."))
