"""Databases to test on: SQLite always, PostgreSQL where one runs or can be started."""

import atexit
import os
import shutil
import subprocess
import tempfile
import uuid
from functools import lru_cache
from pathlib import Path

import psycopg

NAMES = ("sqlite", "postgresql")


class NoPostgres(Exception):
    """There is none, and none could be started. Says why."""


def sqlite_url(folder: Path) -> str:
    """A new file."""
    return f"sqlite:///{folder / f'test-{uuid.uuid4().hex[:8]}.db'}"


def postgres_url() -> tuple[str, str]:
    """(URL of a new database, its name). Raises NoPostgres."""
    name = f"sociallearn_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return psycopg_to_sqlalchemy(server(), name), name


def drop(name: str) -> None:
    """Remove a database made by ``postgres_url``."""
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def psycopg_to_sqlalchemy(dsn: str, name: str) -> str:
    """Another database on the same server, as SQLAlchemy writes it."""
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    user, host, port = parts.get("user", "postgres"), parts.get("host", "127.0.0.1"), parts.get("port", 5432)
    password = f":{parts['password']}" if parts.get("password") else ""
    if str(host).startswith("/"):
        return f"postgresql+psycopg://{user}{password}@/{name}?host={host}&port={port}"
    return f"postgresql+psycopg://{user}{password}@{host}:{port}/{name}"


@lru_cache
def server() -> str:
    """A server we may make databases on: the given one, the usual one, or a throwaway one."""
    given = os.environ.get("SOCIALLEARN_TEST_POSTGRES")
    for dsn in [given] if given else _usual():
        try:
            with psycopg.connect(dsn, connect_timeout=3, autocommit=True) as connection:
                may = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
                if (may.fetchone() or (False,))[0]:
                    return dsn
        except psycopg.OperationalError:
            continue
    return _throwaway()


def _usual() -> list[str]:
    users = dict.fromkeys([os.environ.get("PGUSER"), os.environ.get("USER"), "root", "postgres"])
    return [f"host=127.0.0.1 port=5432 dbname=postgres user={user}" for user in users if user]


def _throwaway() -> str:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    initdb = shutil.which("initdb") or (str(found[0]) if found else None)
    if initdb is None:
        raise NoPostgres("no PostgreSQL answers on 127.0.0.1:5432 and initdb is not installed")
    folder = Path(tempfile.mkdtemp(prefix="sociallearn-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        folder.chmod(0o777)
        as_user = ["runuser", "-u", "nobody", "--"]
    data, bin_dir = folder / "data", Path(initdb).parent
    options = f"-c listen_addresses='' -k {folder} -c fsync=off"
    try:
        subprocess.run([*as_user, initdb, "-D", data, "-U", "postgres", "-A", "trust"], check=True, capture_output=True)
        start = [*as_user, bin_dir / "pg_ctl", "-D", data, "-o", options, "-w", "-l", folder / "log", "start"]
        subprocess.run(start, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoPostgres(f"a throwaway PostgreSQL did not start: {error}") from error

    stop = [*as_user, str(bin_dir / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
    atexit.register(lambda: (subprocess.run(stop, capture_output=True, check=False), shutil.rmtree(folder, True)))
    return f"host={folder} dbname=postgres user=postgres"
