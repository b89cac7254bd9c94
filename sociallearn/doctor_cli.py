"""``sociallearn doctor``: look at the installation and at every connection."""

import sys

import click

from sociallearn import commanding
from sociallearn.lti.examining import Check

COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command(epilog="Example: sociallearn doctor --registration 1")
@click.option("--registration", type=int, help="Only this LMS (its number, see `sociallearn platform list`).")
@click.option("--not-itself", is_flag=True, help="Do not ask our own address, because the server is not running.")
def doctor(registration: int | None, not_itself: bool) -> None:
    """Look whether everything works, and say how to mend what does not. Changes nothing.

    Ends with 1 when there is a problem, so that a monitor can run it.
    """
    from sociallearn.lti import examining

    with commanding.in_app():
        found = examining.installation(asks_itself=not not_itself)
        _show("SocialLearn", found)
        if not any(check.result == examining.Result.PROBLEM and check.name == "Database" for check in found):
            found += _connections(registration)
    sys.exit(1 if examining.has_problem(found) else 0)


def _connections(registration_id: int | None) -> list[Check]:
    from sqlalchemy import select

    from sociallearn.database import transaction
    from sociallearn.lti import examining
    from sociallearn.lti.models import Registration
    from sociallearn.roster import probing

    query = select(Registration).order_by(Registration.id)
    chosen = Registration.is_active if registration_id is None else Registration.id == registration_id
    with transaction() as session:
        subjects = [probing.subject(session, row) for row in session.scalars(query.where(chosen)).all()]
    if registration_id is not None and not subjects:
        raise click.ClickException(f"There is no LMS {registration_id}; see `sociallearn platform list`.")
    if not subjects:
        click.echo("\nNo LMS is connected yet: see docs/administrators.md.")
    found = []
    for each in subjects:
        lms = each.registration
        checks = examining.connection(each)
        _show(f"LMS {lms.id}: {lms.name or lms.issuer}", checks)
        found += checks
    return found


def _show(title: str, checks: list[Check]) -> None:
    click.secho(f"\n{title}", bold=True)
    for check in checks:
        click.echo(f"  {click.style(f'{check.result:8}', fg=COLOURS[check.result])} {check.name}: {check.seen}")
        for line in (check.mend, check.detail and f"The answer was: {check.detail}"):
            if line:
                click.echo(f"           {line}")
