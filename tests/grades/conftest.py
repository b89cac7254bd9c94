"""A course on each database, with an LMS beside it that really answers."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.grades import cast
from tests.grades.cast import GradeLms, School


@pytest.fixture
def lms() -> Iterator[GradeLms]:
    """An LMS on a port of its own."""
    with GradeLms() as running:
        yield running


@pytest.fixture
def school(app: Flask, lms: GradeLms) -> Iterator[School]:
    """A graded course, inside an app context."""
    cast.forget_lms(app)
    app.extensions["jobs"].flush()
    with app.app_context():
        yield cast.school(lms)
