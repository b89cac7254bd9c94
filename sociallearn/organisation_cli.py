"""``sociallearn person …`` and ``sociallearn organisation …``: rights by command, and regrouping LMSs."""

from urllib.parse import urlsplit

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn import commanding
from sociallearn.lti.models import Registration
from sociallearn.roster.models import Cohort, Grant, Organisation, Person

RIGHTS = ("manager", "administrator")


@click.group()
def person() -> None:
    """Rights of people: L&D manager, administrator."""


@person.command("list", epilog="Example: sociallearn person list --name peeters")
@click.option("--name", default="", help="Only people whose name contains this.")
@click.option("--registration", type=int, help="Only people of this LMS (its number).")
@click.option("--rights", is_flag=True, help="Only people who have a right, with its number.")
def list_people(name: str, registration: int | None, rights: bool) -> None:
    """People and their rights. Somebody who comes from two LMSs is two people here."""
    with commanding.in_transaction() as session:
        statement = select(Person, Registration).join(Person.registration).order_by(Person.name, Person.id)
        if name:
            statement = statement.where(Person.name.icontains(name, autoescape=True))
        if registration is not None:
            statement = statement.where(Person.registration_id == registration)
        if rights:
            is_open = select(Grant.person_id).where(Grant.ended_at.is_(None))
            statement = statement.where(Person.id.in_(is_open) | Person.is_lms_administrator)
        for one, lms in session.execute(statement.limit(1000)):
            _show(session, one, lms)


def _show(session: Session, one: Person, lms: Registration) -> None:
    from sociallearn.roster import granting

    click.echo(f"{one.id:>6}  {one.name}  ({_lms(lms)})")
    if one.is_lms_administrator:
        click.echo("        administrator of that LMS, says the LMS")
    if one.is_manager or one.is_administrator:
        for row in granting.open_grants(session, one):
            reach = "that LMS" if row.registration_id else "the organisation"
            click.echo(f"        right {row.id}: {row.role} of {reach}, since {row.granted_at:%Y-%m-%d}: {row.reason}")


@person.command(epilog='Example: sociallearn person grant 12 manager --reason "heads the academy"')
@click.argument("person_id", type=int)
@click.argument("right", type=click.Choice(RIGHTS))
@click.option("--organisation", "is_whole", is_flag=True, help="For the whole organisation, not just that LMS.")
@click.option("--reason", required=True, help="Why; stands in the log that administrators read.")
def grant(person_id: int, right: str, is_whole: bool, reason: str) -> None:
    """Give PERSON_ID a right (see `person list` for the number)."""
    from sociallearn.roster import granting
    from sociallearn.roster.enrolling import clean_name

    if not clean_name(reason):
        raise click.UsageError("Say why with --reason.")
    with commanding.in_transaction() as session:
        found = session.get(Person, person_id)
        if found is None:
            raise click.ClickException(f"There is no person {person_id}; see `sociallearn person list`.")
        row = granting.grant(session, found, granting.Right(right), clean_name(reason), by=None, is_whole=is_whole)
        click.echo(f"{found.name} is now {right} (right {row.id}).")


@person.command(epilog="Example: sociallearn person end 7")
@click.argument("right_id", type=int)
def end(right_id: int) -> None:
    """End the right RIGHT_ID (see `person list --rights` for the number). It stays in the log."""
    from sociallearn.roster import granting

    with commanding.in_transaction() as session:
        row = session.get(Grant, right_id)
        if row is None:
            raise click.ClickException(f"There is no right {right_id}; see `sociallearn person list --rights`.")
        granting.end(session, row, by=None)
    click.echo(f"Right {right_id} has ended.")


@click.group()
def organisation() -> None:
    """Organisations: one customer each. Nothing ever crosses from one to another."""


@organisation.command("list", epilog="Example: sociallearn organisation list")
def list_organisations() -> None:
    """Every organisation with its LMSs, cohorts and people."""
    with commanding.in_transaction() as session:
        cohorts, people = _counted(session, Cohort), _counted(session, Person)
        lmss: dict[int | None, list[Registration]] = {}
        for lms in session.scalars(select(Registration).order_by(Registration.id)):
            lmss.setdefault(lms.organisation_id, []).append(lms)
        for one in session.scalars(select(Organisation).order_by(Organisation.id)):
            counts = f"cohorts: {cohorts.get(one.id, 0)}, people: {people.get(one.id, 0)}"
            click.echo(f"{one.id:>6}  {one.name}  ({counts})")
            for lms in lmss.get(one.id, []):
                click.echo(f"        LMS {lms.id}: {_lms(lms)}")
        for lms in lmss.get(None, []):
            click.echo(f"        LMS {lms.id}: {_lms(lms)}, not opened yet")


@organisation.command(epilog="Example: sociallearn organisation merge 3 --into 1")
@click.argument("source", type=int)
@click.option("--into", "target", type=int, required=True, help="The organisation that stays.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def merge(source: int, target: int, yes: bool) -> None:
    """Move everything of organisation SOURCE into another one, and delete the empty SOURCE.

    Stop the server and its workers first. There is no way back but a backup: make one. People who look after one of
    the two organisations as a whole look after both together from then on.
    """
    from sociallearn.roster import regrouping

    with commanding.in_transaction() as session:
        names = {row.id: row.name for row in session.scalars(select(Organisation))}
        if missing := [str(id_) for id_ in (source, target) if id_ not in names]:
            raise click.ClickException(f"There is no organisation {missing[0]}; see `sociallearn organisation list`.")
        if source == target:
            raise click.ClickException("An organisation cannot be merged into itself.")
        for line in _wider(session, source, target):
            click.echo(line)
    click.echo("Is the server stopped, and is there a backup?")
    if not yes:
        click.confirm(f"Move everything of “{names[source]}” into “{names[target]}”?", abort=True)
    with commanding.in_transaction() as session:
        moved = regrouping.merge(session, source, target)
    for table, rows in moved.items():
        click.echo(f"  {table}: {rows}")
    click.echo(f"“{names[source]}” is now part of “{names[target]}”.")


def _wider(session: Session, source: int, target: int) -> list[str]:
    statement = (
        select(Person.name, Grant.role)
        .join(Person, Person.id == Grant.person_id)
        .where(Grant.organisation_id.in_([source, target]), Grant.registration_id.is_(None), Grant.ended_at.is_(None))
        .order_by(Person.name)
    )
    return [f"{name} will be {role} of both together." for name, role in session.execute(statement)]


@organisation.command(epilog='Example: sociallearn organisation rename 1 "The Academy"')
@click.argument("organisation_id", type=int)
@click.argument("name")
def rename(organisation_id: int, name: str) -> None:
    """Give ORGANISATION_ID another NAME."""
    from sociallearn.roster.enrolling import clean_name

    tidy = clean_name(name)
    if not tidy:
        raise click.UsageError("The name is empty.")
    with commanding.in_transaction() as session:
        found = session.get(Organisation, organisation_id)
        if found is None:
            raise click.ClickException(f"There is no organisation {organisation_id}.")
        found.name = tidy
    click.echo(f"Organisation {organisation_id} is now called “{tidy}”.")


def _counted(session: Session, model: type[Cohort] | type[Person]) -> dict[int, int]:
    rows = session.execute(select(model.organisation_id, func.count()).group_by(model.organisation_id))
    return {organisation_id: count for organisation_id, count in rows}


def _lms(lms: Registration) -> str:
    return lms.name or urlsplit(lms.issuer).netloc or lms.issuer
