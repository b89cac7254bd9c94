"""What every command does around its work: the app around it, English, and no connection left open."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask_babel import force_locale
from sqlalchemy.orm import Session

from sociallearn.errors import Refusal


@contextmanager
def in_app() -> Iterator[None]:
    """The app as the environment says, for one command. Its connections are closed at the end."""
    from sociallearn.app import create_app  # a command that only shows its help must be quick
    from sociallearn.database import db

    with create_app().app_context(), force_locale("en"):
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()


@contextmanager
def in_transaction() -> Iterator[Session]:
    """One transaction in the app; a refusal becomes the sentence it is."""
    from sociallearn.database import transaction

    with in_app():
        try:
            with transaction() as session:
                yield session
        except Refusal as error:
            raise click.ClickException(f"{error.sentence} {error.advice}".strip()) from error
