"""Keep answers so that a database, or a copy of one, says nothing: under a key made of SECRET_KEY, which is not in it.

What is sealed has one length, whatever was answered, and never looks the same twice.
"""

import base64
from dataclasses import dataclass
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

NOT_LOOKED = 6  # instead of 1 to 5: they needed nobody


@dataclass(frozen=True, slots=True)
class Answers:
    """How somebody likes learning here, and whether they found the person they needed: 1 to 5; 0 is no answer."""

    liked: int = 0
    found: int = 0
    is_put_off: bool = False  # they do not want to see the questions for now


def seal(answers: Answers) -> str:
    """As it is kept."""
    content = bytes((answers.liked, answers.found, answers.is_put_off))
    return _box(current_app.config["SECRET_KEY"]).encrypt(content).decode()


def unseal(sealed: str) -> Answers:
    """What was answered; nothing at all where the server has another SECRET_KEY by now."""
    try:
        liked, found, is_put_off = _box(current_app.config["SECRET_KEY"]).decrypt(sealed.encode())
    except InvalidToken:
        return Answers()
    return Answers(liked, found, bool(is_put_off))


@lru_cache(maxsize=4)
def _box(secret: str) -> Fernet:
    derived = HKDF(hashes.SHA256(), length=32, salt=None, info=b"sociallearn pulse").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
