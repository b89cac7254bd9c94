"""A mail server the tool knows."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.notifications.postbox import Postbox, serving


@pytest.fixture
def postbox(app: Flask) -> Iterator[Postbox]:
    """What it gets."""
    with serving(app) as box:
        yield box
