"""``sociallearn platform …``: connect LMSs, and look after the ones that are connected."""

from datetime import timedelta
from urllib.parse import urlsplit

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock, commanding
from sociallearn.lti.models import Deployment, Registration, SigningKey

NAME = 120  # characters of a label


@click.group()
def platform() -> None:
    """LMSs: connect one by a link, pause or remove it, change its key."""


@platform.command(epilog='Example: sociallearn platform invite --label "Moodle of the academy"')
@click.option("--label", default="", help="For which LMS, in your own words; it is also what the LMS is called first.")
@click.option("--organisation", "organisation_id", type=int, help="Its number; without it the LMS becomes a new one.")
@click.option("--days", type=click.IntRange(1, 60), default=7, show_default=True, help="How long the link works.")
def invite(label: str, organisation_id: int | None, days: int) -> None:
    """Make a link that lets one LMS register itself, once. It is shown this one time."""
    from sociallearn.lti import invitations
    from sociallearn.roster.models import Organisation

    tidy = " ".join(label.split())[:NAME]
    with commanding.in_transaction() as session:
        if organisation_id is not None and session.get(Organisation, organisation_id) is None:
            raise click.ClickException(
                f"There is no organisation {organisation_id}; see `sociallearn organisation list`."
            )
        made, link = invitations.make(session, tidy, organisation_id, None, days)
        until = made.expires_at
    click.echo(link)
    click.echo(f"Paste it where the LMS registers tools; opened in a browser it says where. Until {until:%Y-%m-%d}.")


@platform.command("list", epilog="Example: sociallearn platform list")
def list_platforms() -> None:
    """Every LMS with its state, its deployments and its keys."""
    with commanding.in_transaction() as session:
        rows = session.scalars(select(Registration).order_by(Registration.id)).all()
        deployments: dict[int, list[Deployment]] = {}
        for deployment in session.scalars(select(Deployment).order_by(Deployment.id)):
            deployments.setdefault(deployment.registration_id, []).append(deployment)
        keys: dict[int, list[SigningKey]] = {}
        for key in session.scalars(select(SigningKey).order_by(SigningKey.signs_from)):
            keys.setdefault(key.registration_id, []).append(key)
        for row in rows:
            _show(row, deployments.get(row.id, []), keys.get(row.id, []))
    if not rows:
        click.echo("No LMS is connected yet. Make a link with: sociallearn platform invite")


def _show(row: Registration, deployments: list[Deployment], keys: list[SigningKey]) -> None:
    click.echo(f"{row.id:>6}  {_called(row)}  ({_state(row)})")
    click.echo(f"        issuer {row.issuer}, client id {row.client_id}, from {_SOURCES[row.source]}")
    for one in deployments:
        waits = "" if one.confirmed_at else f"  WAITS: sociallearn platform confirm {row.id} {one.deployment_id}"
        click.echo(f"        deployment {one.deployment_id}{waits}")
    now = clock.now()
    for key in keys:
        if key.withdrawn_at is None or key.withdrawn_at > now:
            verb = "signs from" if key.signs_from > now else "signing since"
            until = f", published until {key.withdrawn_at:%Y-%m-%d}" if key.withdrawn_at else ""
            click.echo(f"        key {key.kid[:16]}…, {verb} {key.signs_from:%Y-%m-%d %H:%M} UTC{until}")


_SOURCES = {"file": "lti_config.json", "link": "an invite link"}


def _called(row: Registration) -> str:
    return row.name or urlsplit(row.issuer).netloc or row.issuer


def _state(row: Registration) -> str:
    if not row.is_active:
        return "removed" if row.source == "link" else "no longer in lti_config.json"
    return "open" if row.paused_at is None else f"paused since {row.paused_at:%Y-%m-%d %H:%M} UTC"


@platform.command("rotate-key", epilog="Example: sociallearn platform rotate-key 3")
@click.argument("registration_id", type=int, metavar="ID")
@click.option(
    "--at-once",
    is_flag=True,
    help="The old key may be known to somebody: sign with the new one now, and publish the old one no longer.",
)
def rotate_key(registration_id: int, at_once: bool) -> None:
    """Give the LMS numbered ID a new signing key, without interrupting anything.

    The new key is published at once and signs an hour later; the old one stays published for a week after that. With
    --at-once an LMS refuses us until it reads our keys again; scores wait for that.
    """
    from sociallearn.lti import keys

    with commanding.in_transaction() as session:
        row = _find(session, registration_id)
        if not row.is_active:
            raise click.ClickException(f"“{_called(row)}” is not connected any more.")
        made = keys.rotate(session, row, delay=timedelta(0) if at_once else keys.DELAY, is_leaked=at_once)
        words = "signs now" if made.signs_from <= clock.now() else f"signs from {made.signs_from:%Y-%m-%d %H:%M} UTC"
        click.echo(f"“{_called(row)}” has a new key, {made.kid[:16]}…, which {words}.")


@platform.command(epilog="Example: sociallearn platform pause 3")
@click.argument("registration_id", type=int, metavar="ID")
def pause(registration_id: int) -> None:
    """Close the door for the LMS numbered ID: launches are refused in words until you resume it."""
    from sociallearn.lti import managing

    with commanding.in_transaction() as session:
        row = _find(session, registration_id)
        managing.pause(session, row)
        click.echo(f"“{_called(row)}” is paused.")


@platform.command(epilog="Example: sociallearn platform resume 3")
@click.argument("registration_id", type=int, metavar="ID")
def resume(registration_id: int) -> None:
    """Open the door for the LMS numbered ID again."""
    from sociallearn.lti import managing

    with commanding.in_transaction() as session:
        row = _find(session, registration_id)
        managing.resume(session, row)
        click.echo(f"“{_called(row)}” is open.")


@platform.command(epilog="Example: sociallearn platform remove 3")
@click.argument("registration_id", type=int, metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(registration_id: int, yes: bool) -> None:
    """Remove the LMS numbered ID. People and what they wrote stay; nobody comes in through it any more."""
    from sociallearn.lti import managing
    from sociallearn.roster import granting

    with commanding.in_transaction() as session:
        called = _called(_find(session, registration_id))
    if not yes:
        click.confirm(f"Remove “{called}”? To connect it again, it must be registered anew.", abort=True)
    with commanding.in_transaction() as session:
        row = _find(session, registration_id)
        managing.remove(session, row)
        granting.on_removed(session, row)
    click.echo(f"“{called}” is removed.")


@platform.command(epilog="Example: sociallearn platform confirm 3 1:8865aa05b4b79b64a91a86042e43af5ea8ae79eb")
@click.argument("registration_id", type=int, metavar="ID")
@click.argument("deployment_id", metavar="DEPLOYMENT")
def confirm(registration_id: int, deployment_id: str) -> None:
    """Let people of DEPLOYMENT in, a place in the LMS numbered ID (see `platform list` for those that wait)."""
    from sociallearn.lti import managing

    with commanding.in_transaction() as session:
        row = _find(session, registration_id)
        key = {"registration_id": row.id, "deployment_id": deployment_id}
        deployment = session.scalar(select(Deployment).filter_by(**key))
        if deployment is None:
            raise click.ClickException(f"“{_called(row)}” has no deployment {deployment_id} yet: open it there once.")
        managing.confirm(session, deployment)
        click.echo(f"People of deployment {deployment_id} of “{_called(row)}” can come in.")


def _find(session: Session, registration_id: int) -> Registration:
    row = session.get(Registration, registration_id)
    if row is None:
        raise click.ClickException(f"There is no LMS {registration_id}; see `sociallearn platform list`.")
    return row
