"""``sociallearn search …``: look after the index."""

import click

from sociallearn import commanding


@click.group()
def search() -> None:
    """The index everything is searched in."""


@search.command(epilog="Example: sociallearn search rebuild")
@click.option("--cohort", "cohort_id", type=int, help="Its number; without it every cohort's texts are indexed.")
def rebuild(cohort_id: int | None) -> None:
    """Index every text anew, while SocialLearn runs. Safe to stop and to run again."""
    from sociallearn.search import indexing

    with commanding.in_app():
        done = indexing.rebuild(cohort_id)
    click.echo(f"{done} texts indexed.")
