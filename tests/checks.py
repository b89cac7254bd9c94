"""What ``make check`` checks beside lint, types and imports: migrations both ways, translations, house rules."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sociallearn import clock, migrating
from sociallearn.app import create_app
from sociallearn.config import VARIABLES
from sociallearn.database import db, transaction
from sociallearn.lti.models import Deployment, Registration
from sociallearn.paths import HOME
from sociallearn.roster.models import Cohort, Member, Organisation, Person
from tests import databases
from tests.conftest import HERE, settings
from tests.texts import DUTCH, catalogue, read

TEXT = re.compile(r"%\((\w+)\)")


def main() -> int:
    """Run every check; 1 when one has something to say."""
    problems = [*migrations(), *translations(), *house_rules(), *configuration_page()]
    for problem in problems:
        sys.stderr.write(problem + "\n")
    if not problems:
        sys.stdout.write("Migrations, translations and house rules: as they should be.\n")
    return 1 if problems else 0


def migrations() -> Iterator[str]:
    """Up, nothing left to do, down, and up again, on each database there is."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _migrations(Path(folder), databases.sqlite_url(Path(folder)))
        try:
            url, name = databases.postgres_url()
        except databases.NoPostgres as error:
            sys.stdout.write(f"Migrations not tried on PostgreSQL: {error}.\n")
            return
        try:
            yield from _migrations(Path(folder), url)
        finally:
            databases.drop(name)


def _migrations(folder: Path, url: str) -> Iterator[str]:
    app = create_app(settings(folder, url, [HERE]))
    with app.app_context():
        migrating.upgrade()
        for difference in migrating.differences():
            yield f"models and migrations differ ({url.split(':')[0]}): {difference}"
        _someone_invited()
        migrating.downgrade("base")
        migrating.upgrade()
        db.engine.dispose()


def _someone_invited() -> None:
    """What older shapes of the tables have no place for must not stand in the way back."""
    with transaction() as session:
        registration = Registration(issuer="https://x.example", client_id="1", auth_login_url="u", auth_token_url="u")
        organisation = Organisation(name="X", founding_registration_id=1)
        session.add_all([registration, organisation])
        session.flush()
        deployment = Deployment(registration_id=registration.id, deployment_id="1")
        session.add(deployment)
        session.flush()
        common = {"organisation_id": organisation.id}
        cohort = Cohort(deployment_id=deployment.id, context_id="1", title="X", time_zone="UTC", **common)
        person = Person(registration_id=registration.id, sub="1", name="X", **common)
        cohort.created_at = clock.now()
        session.add_all([cohort, person])
        session.flush()
        session.add(Member(cohort_id=cohort.id, person_id=person.id, role="learner", joined_at=None, seen_at=None))


def translations() -> Iterator[str]:
    """Every text has its Dutch, with the same variables; nothing stale."""
    wanted = {_key(message.id): message for message in catalogue() if message.id}
    given = {_key(message.id): message for message in read() if message.id}
    for key, message in wanted.items():
        found = given.get(key)
        parts = found.string if found and isinstance(found.string, tuple) else ([found.string] if found else [])
        where = f"{message.locations[0][0]}:{message.locations[0][1]}"
        if not parts or not all(parts):
            yield f"{where}: no Dutch for {message.id!r}"
        elif found.fuzzy:
            yield f"{where}: the Dutch for {message.id!r} is marked fuzzy"
        elif any(set(TEXT.findall(part)) - set(TEXT.findall(str(message.id))) for part in parts):
            yield f"{where}: the Dutch for {message.id!r} has other variables"
    for key in given.keys() - wanted.keys():
        yield f"{DUTCH.name}: {key!r} is no longer used"


def _key(identity: str | tuple[str, ...] | list[str]) -> str:
    return identity if isinstance(identity, str) else identity[0]


def house_rules() -> Iterator[str]:
    """Commits happen in one place; templates hold no inline style or script; nothing points to a registry."""
    for path in sorted((HOME / "sociallearn").rglob("*.py")):
        text = path.read_text()
        if ".commit(" in text and path.name != "database.py" and "practice" not in path.parts:
            yield f"{path}: only database.py commits"
    for path in sorted((HOME / "templates").rglob("*.html")):
        if re.search(r"\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)|<style", path.read_text()):
            yield f"{path}: inline style or script"
    for path in HOME.glob("requirements*.txt"):
        if re.search(r"https?://|file:|--(extra-)?index-url|--find-links", path.read_text()):
            yield f"{path}: an address in the lock"
    listed = subprocess.run(["git", "ls-files"], cwd=HOME, capture_output=True, text=True, check=False).stdout
    for name in listed.splitlines():
        if name.endswith((".pem", ".db", ".mo", ".pyc")):
            yield f"{name}: made, not written; take it out of git"


def configuration_page() -> Iterator[str]:
    """docs/configuration.md names every variable, and no other."""
    page = (HOME / "docs" / "configuration.md").read_text()
    named = set(re.findall(r"`SOCIALLEARN_(\w+)`", page))
    for name in {variable.name for variable in VARIABLES} ^ named:
        yield f"docs/configuration.md and config.py differ about SOCIALLEARN_{name}"


if __name__ == "__main__":
    sys.exit(main())
