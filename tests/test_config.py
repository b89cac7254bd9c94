"""Unsafe or missing settings are refused in a sentence that says how to mend them."""

import json
from pathlib import Path

import pytest

from sociallearn import config
from sociallearn.lti import registrations

SAFE = {
    "SOCIALLEARN_BASE_URL": "https://learn.example.org",
    "SOCIALLEARN_SECRET_KEY": "s" * 40,
}


def test_localhost_needs_nothing(tmp_path: Path) -> None:
    environment = {"SOCIALLEARN_DATA_DIR": str(tmp_path)}
    first, second = config.read(environment), config.read(environment)
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert first["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path / 'sociallearn.db'}"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"SOCIALLEARN_BASE_URL": "http://learn.example.org"}, "BASE_URL"),
        ({"SOCIALLEARN_BASE_URL": "learn.example.org"}, "BASE_URL"),
        ({"SOCIALLEARN_BASE_URL": "https://learn.example.org/path"}, "BASE_URL"),
        ({"SOCIALLEARN_SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SOCIALLEARN_SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SOCIALLEARN_DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"SOCIALLEARN_PROXY_HOPS": "many"}, "PROXY_HOPS"),
        ({"SOCIALLEARN_THREADS": "0"}, "THREADS"),
        ({"SOCIALLEARN_TIME_ZONE": "Mars/Olympus"}, "TIME_ZONE"),
    ],
)
def test_unsafe_settings_are_named(tmp_path: Path, change: dict[str, str], named: str) -> None:
    with pytest.raises(config.ConfigurationError, match="SOCIALLEARN_" + named):
        config.read({**SAFE, "SOCIALLEARN_DATA_DIR": str(tmp_path), **change})


def test_postgres_urls_are_understood(tmp_path: Path) -> None:
    given = {**SAFE, "SOCIALLEARN_DATA_DIR": str(tmp_path), "SOCIALLEARN_DATABASE_URL": "postgres://u@h/d"}
    assert config.read(given)["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://u@h/d"


_WITHOUT_KEYS = {"client_id": "a", "auth_login_url": "b", "auth_token_url": "c", "private_key_file": "d"}


@pytest.mark.parametrize("content", ["{", "[]", '{"x": [{"client_id": "a"}]}', json.dumps({"x": [_WITHOUT_KEYS]})])
def test_a_broken_lti_config_is_said_in_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "lti_config.json"
    path.write_text(content)
    with pytest.raises(registrations.ConfigFileError, match=r"lti_config\.json"):
        registrations.read_file(path)


def test_the_shipped_lti_config_is_usable() -> None:
    path = Path(__file__).parents[1] / "lti_config.json"
    assert [issuer for issuer, _ in registrations.read_file(path)] == list(json.loads(path.read_text()))
