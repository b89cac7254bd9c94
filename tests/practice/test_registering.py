"""The tool's configuration names the practice LMS where it runs."""

import json
from pathlib import Path

import pytest

from sociallearn.practice.registering import registration, write_lti_config
from sociallearn.practice.serving import listening

BASE = "http://127.0.0.1:9100"


def test_without_a_source_the_practice_lms_stands_alone(tmp_path: Path) -> None:
    target = tmp_path / "instance" / "lti_config.json"
    write_lti_config(None, target, BASE)
    written = json.loads(target.read_text())
    [entry] = written[BASE]
    assert entry["private_key_file"] == str(tmp_path / "instance" / "keys" / "practice.pem")
    assert {**entry, "private_key_file": "", "public_key_file": ""} == {
        **registration(BASE), "private_key_file": "", "public_key_file": ""
    }  # fmt: skip


def test_an_older_address_is_replaced_and_other_lmss_stay(tmp_path: Path) -> None:
    moodle = {"client_id": "abc", "private_key_file": "keys/moodle.pem", "deployment_ids": ["1"]}
    source, target = tmp_path / "lti_config.json", tmp_path / "instance" / "lti_config.json"
    old = registration("http://127.0.0.1:9000")
    source.write_text(json.dumps({"http://127.0.0.1:9000": [old], "https://moodle.example": moodle}))
    write_lti_config(source, target, BASE)
    written = json.loads(target.read_text())
    assert set(written) == {"https://moodle.example", BASE}
    assert written["https://moodle.example"][0]["private_key_file"] == str(tmp_path / "keys" / "moodle.pem")
    write_lti_config(target, target, BASE)
    assert json.loads(target.read_text()) == written


def test_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    from flask import Flask

    for host in ("0.0.0.0", "::", "192.168.1.5"):
        with pytest.raises(ValueError, match="this machine only"):
            listening(Flask("x"), host, 0)
    server = listening(Flask("x"), "127.0.0.1", 0)
    assert server.port > 0
    server.server_close()
