"""What every request of the practice LMS needs at hand: its addresses, its store, its key and the tool's keys."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app

from sociallearn.practice.keys import KeySets, PlatformKey
from sociallearn.practice.store import Store

CLIENT_ID = "sociallearn-practice"
DEPLOYMENT_ID = "1"
SERVICE_NAME = "Practice LMS"


@dataclass(frozen=True)
class Practice:
    """One running practice LMS."""

    base_url: str  # also the issuer
    tool_url: str
    store: Store
    key: PlatformKey
    tool_keys: KeySets

    @property
    def login_url(self) -> str:
        """Where the tool takes a login initiation."""
        return self.tool_url + "/lti/login"

    @property
    def launch_url(self) -> str:
        """The one registered redirect address, and the usual target of a launch."""
        return self.tool_url + "/lti/launch"

    @property
    def token_url(self) -> str:
        """Where the tool gets tokens; the audience of its assertions."""
        return self.base_url + "/token"

    @property
    def tool_origin(self) -> str:
        """The tool's scheme, host and port."""
        return origin(self.tool_url)


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def practice() -> Practice:
    """The practice LMS this request is for."""
    found: Practice = current_app.extensions["practice"]
    return found
