"""``sociallearn insights …``: look after the figures."""

import click

from sociallearn import commanding


@click.group()
def insights() -> None:
    """The figures for L&D managers."""


@insights.command(epilog="Example: sociallearn insights rebuild")
def rebuild() -> None:
    """Count everything again from what people did, and close the weeks that are over. Numbers that were shown already
    stay as they are. Safe to stop, to run again, and to run while people write."""
    from sociallearn.insights import closing

    with commanding.in_app():
        rows, cells = closing.rebuild()
    click.echo(f"{rows} rows of weeks counted, {cells} numbers added.")
