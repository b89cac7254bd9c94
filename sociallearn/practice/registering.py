"""The practice LMS's entry in the tool's ``lti_config.json`` (PyLTI1p3's format)."""

import json
from pathlib import Path
from typing import Any

from sociallearn.practice.state import CLIENT_ID, DEPLOYMENT_ID

PRIVATE, PUBLIC = "private_key_file", "public_key_file"


def registration(base_url: str) -> dict[str, Any]:
    """How the tool knows the practice LMS at ``base_url``, which is also its issuer."""
    return {
        "default": True,
        "client_id": CLIENT_ID,
        "auth_login_url": base_url + "/auth",
        "auth_token_url": base_url + "/token",
        "auth_audience": None,
        "key_set_url": base_url + "/jwks",
        "key_set": None,
        PRIVATE: "keys/practice.pem",
        PUBLIC: "keys/practice.public.pem",
        "deployment_ids": [DEPLOYMENT_ID],
    }


def write_lti_config(source: Path | None, target: Path, base_url: str) -> None:
    """Write ``target``: what ``source`` holds, with the practice LMS where it runs now.

    The practice LMS's key files stand in ``keys/`` beside ``target``; the tool makes them. Other registrations keep
    theirs, made absolute because ``target`` may be in another folder.
    """
    entries = json.loads(source.read_text()) if source and source.exists() else {}
    merged: dict[str, list[dict[str, Any]]] = {}
    for issuer, found in entries.items():
        others = [one for one in _listed(found) if one.get("client_id") != CLIENT_ID]
        if others and source:
            merged[issuer] = [_with_keys_in(source.resolve().parent, one) for one in others]
    here = target.resolve().parent
    merged.setdefault(base_url, []).append(_with_keys_in(here, registration(base_url)))
    here.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(merged, indent=2, ensure_ascii=False) + "\n")


def _with_keys_in(folder: Path, entry: dict[str, Any]) -> dict[str, Any]:
    files = {name: str(folder / entry[name]) for name in (PRIVATE, PUBLIC) if entry.get(name)}
    return {**entry, **files}


def _listed(found: Any) -> list[dict[str, Any]]:
    """PyLTI1p3 also takes one registration without a list around it."""
    return [dict(one) for one in (found if isinstance(found, list) else [found])]
