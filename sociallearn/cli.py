"""The ``sociallearn`` command: everything an operator does."""

import logging
import sys
from pathlib import Path

import click

from sociallearn import __version__, commanding
from sociallearn.config import ConfigurationError
from sociallearn.doctor_cli import doctor
from sociallearn.insights_cli import insights
from sociallearn.lti.registrations import ConfigFileError
from sociallearn.organisation_cli import organisation, person
from sociallearn.platform_cli import platform
from sociallearn.search_cli import search


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Feed, questions and ideas for a training cohort, inside its LMS.

    Settings come from environment variables; docs/configuration.md lists them.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)


def main() -> None:
    """Run the command; what is wrong with the configuration is said in one sentence, not in a traceback."""
    try:
        cli(prog_name="sociallearn")
    except (ConfigurationError, ConfigFileError) as error:
        click.echo(f"SocialLearn does not start: {error}", err=True)
        sys.exit(2)


@cli.command(epilog="Example: sociallearn db upgrade && sociallearn serve --host 127.0.0.1 --port 8000")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Serve the tool, with a worker beside it that delivers grades."""
    from sociallearn import database
    from sociallearn.app import create_app
    from sociallearn.lti import registrations
    from sociallearn.serving import Server

    app = create_app()
    with app.app_context():
        registrations.sync()
        database.db.engine.dispose()  # connections must not be inherited by the server's own process
    Server(app, host, port).run()


@cli.command(epilog="Example: SOCIALLEARN_WORKER=0 sociallearn serve & sociallearn work")
@click.option("--parent", type=int, help="Exit when this process is gone (used by serve).")
def work(parent: int | None) -> None:
    """Do what happens behind the page: deliver grades, close periods, tidy up."""
    from sociallearn import jobs
    from sociallearn.app import create_app

    jobs.work(create_app(), parent)


@cli.group()
def db() -> None:
    """The database: migrate it and see that it is as it should be."""


@db.command(epilog="Example: sociallearn db upgrade")
def upgrade() -> None:
    """Bring the database to today's shape. Safe to run again."""
    from sociallearn import migrating
    from sociallearn.insights import closing
    from sociallearn.search import indexing

    with commanding.in_app():
        migrating.upgrade()
        indexing.rebuild(only_if_needed=True)
        closing.fill()
    click.echo("The database is up to date.")


@db.command(epilog="Example: sociallearn db downgrade base")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the database back to REVISION (base empties it)."""
    from sociallearn import migrating

    with commanding.in_app():
        migrating.downgrade(revision)


@db.command(epilog="Example: sociallearn db revision 'ideas get stages'")
@click.argument("what")
def revision(what: str) -> None:
    """Write a migration for how the models differ from the database (from a checkout)."""
    from sociallearn import migrating

    with commanding.in_app():
        migrating.revise(what)


@db.command(epilog="Example: sociallearn db check")
def check() -> None:
    """Fail when models and migrations differ."""
    from sociallearn import migrating

    with commanding.in_app():
        found = migrating.differences()
    for difference in found:
        click.echo(str(difference), err=True)
    if found:
        sys.exit(1)
    click.echo("Models and migrations agree.")


@cli.command(epilog="Example: sociallearn practice --with-tool --port 8000 --lms-port 9000")
@click.option("--port", default=8000, show_default=True, help="Port of the tool, on localhost.")
@click.option("--lms-port", default=9000, show_default=True, help="Port of the practice LMS, on 127.0.0.1.")
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path("instance"), show_default=True)
@click.option("--with-tool", is_flag=True, help="Also migrate and serve the tool, with a course already going on.")
def practice(port: int, lms_port: int, data_dir: Path, with_tool: bool) -> None:
    """A small LMS to try the tool with. For practice and tests only: anybody may be anybody there."""
    from sociallearn import rehearsal

    rehearsal.run(port=port, lms_port=lms_port, data_dir=data_dir.resolve(), with_tool=with_tool)


@cli.command(epilog="Example: sociallearn seed")
@click.option("--port", default=8000, show_default=True, help="Port of the tool, on localhost.")
@click.option("--lms-port", default=9000, show_default=True, help="Port of the practice LMS, on 127.0.0.1.")
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path("instance"), show_default=True)
def seed(port: int, lms_port: int, data_dir: Path) -> None:
    """Play the practice course's conversation through the tool's own forms, unless it was played already."""
    from sociallearn import rehearsal

    rehearsal.prepare(port=port, lms_port=lms_port, data_dir=data_dir.resolve())


for command in (doctor, insights, organisation, person, platform, search):
    cli.add_command(command)
