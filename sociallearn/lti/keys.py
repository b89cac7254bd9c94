"""The tool's own signing keys: files beside ``lti_config.json``, and rows that take over from them one after the other.

Which key signs is a matter of the clock and of rows everybody reads, so all processes agree. A new key is published
some time before it signs, because LMSs keep our key set for a while; the one before stays published for a week.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from flask_babel import gettext as _
from pylti1p3.registration import Registration as LibraryRegistration
from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.orm import Session, object_session

from sociallearn import clock
from sociallearn.database import db, locked
from sociallearn.errors import Refusal
from sociallearn.files import create_once
from sociallearn.lti.models import Registration, SigningKey, Source

DELAY = timedelta(hours=1)  # from being published to signing; LMSs keep our key set for minutes
STAYS = timedelta(days=7)  # a key stays published after its successor signs; nothing we sign lives longer than minutes
MOST_PUBLISHED = 10  # keys of one LMS at the same time


@dataclass(frozen=True)
class KeyPair:
    """A key pair in PEM and the id under which LMSs find its public half in our key set."""

    private_pem: str
    public_pem: str
    kid: str


def ensure_pair(private_file: Path, public_file: Path) -> None:
    """Make an RSA pair (2048 bits, as LTI security 6.1 asks at least) where the files are missing.

    Whoever creates the private file first wins; two processes starting at once agree on one key.
    """
    private_file.parent.mkdir(parents=True, exist_ok=True)
    if not private_file.exists():
        create_once(private_file, _private_pem(_generate()))
    private = serialization.load_pem_private_key(private_file.read_bytes(), password=None)
    public = _public_pem(private)
    if not public_file.exists() or public_file.read_bytes() != public:
        public_file.write_bytes(public)


def signing_key(registration: Registration) -> KeyPair:
    """The key this registration's messages are signed with just now.

    Reads through the registration's own session, or else on a connection of its own that waits for nobody. Raises
    LookupError when there is none: gone from ``lti_config.json``, removed, or sealed under another SECRET_KEY.
    """
    columns = (SigningKey.kid, SigningKey.sealed_private_pem, SigningKey.public_pem)
    statement = (
        select(*columns)
        .where(SigningKey.registration_id == registration.id, SigningKey.signs_from <= clock.now(), _is_published())
        .order_by(SigningKey.signs_from.desc(), SigningKey.id.desc())
        .limit(1)
    )
    session = object_session(registration)
    if session is not None:
        row = session.execute(statement).first()
    else:
        with _reading() as connection:
            row = connection.execute(statement).first()
    if row is not None:
        return KeyPair(_unseal(current_app.config["SECRET_KEY"], row.sealed_private_pem), row.public_pem, row.kid)
    files = current_app.extensions["lti_keys"].get((registration.issuer, registration.client_id))
    if files is None:
        raise LookupError(f"There is no key for {registration.issuer} ({registration.client_id}).")
    return _load(*files)


def add(session: Session, registration: Registration, signs_from: datetime) -> SigningKey:
    """A new key for this registration, published from now on."""
    private = _generate()
    public_pem = _public_pem(private).decode()
    row = SigningKey(
        registration_id=registration.id,
        kid=_kid(public_pem),
        sealed_private_pem=_seal(current_app.config["SECRET_KEY"], _private_pem(private)),
        public_pem=public_pem,
        created_at=clock.now(),
        signs_from=signs_from,
    )
    session.add(row)
    session.flush()
    return row


def rotate(
    session: Session, registration: Registration, delay: timedelta = DELAY, *, is_leaked: bool = False
) -> SigningKey:
    """A new key, published at once, that signs after ``delay``; the ones before are withdrawn a week after that.

    No delay is for a key that may be known to others: an LMS that kept our key set refuses us until it reads it again.
    A key that waits already is then the one that signs. Raises Refusal 409 when a change is under way already, or when
    there were ten in a week.

    ``is_leaked``: somebody else may hold the old keys, so that none of them is published any more from now on.
    """
    locked(session, Registration, registration.id)
    now = clock.now()
    mine = SigningKey.registration_id == registration.id
    published = session.scalars(select(SigningKey).where(mine, _is_published()).order_by(SigningKey.signs_from)).all()
    waiting = next((row for row in published if row.signs_from > now), None)
    if waiting is not None and delay > timedelta(0):
        raise Refusal(
            409,
            _("A new key is published already and will sign soon."),
            _("Wait until it signs, then change it again."),
        )
    if waiting is not None:
        waiting.signs_from = now
        session.flush()
        if is_leaked:
            _disown(session, registration, waiting)
        return waiting
    if len(published) >= MOST_PUBLISHED:
        raise Refusal(409, _("The key was changed very often this week."), _("Wait some days before the next change."))
    made = add(session, registration, now + delay)
    session.execute(
        update(SigningKey)
        .where(mine, SigningKey.id != made.id, SigningKey.withdrawn_at.is_(None))
        .values(withdrawn_at=made.signs_from + STAYS)
    )
    if is_leaked:
        _disown(session, registration, made)
    return made


def _disown(session: Session, registration: Registration, kept: SigningKey) -> None:
    """Publish no other key of this LMS any more; its file's neither, as after a successor of a week."""
    now, mine = clock.now(), SigningKey.registration_id == registration.id
    session.execute(update(SigningKey).where(mine, SigningKey.id != kept.id, _is_published()).values(withdrawn_at=now))
    kept.signs_from = now - STAYS
    session.flush()


def withdraw_all(session: Session, registration: Registration) -> None:
    """The LMS was removed: nothing is signed for it any more."""
    now, mine = clock.now(), SigningKey.registration_id == registration.id
    session.execute(update(SigningKey).where(mine, _is_published()).values(withdrawn_at=now, sealed_private_pem=""))


def tidy(session: Session) -> None:
    """Housekeeping: the private halves of withdrawn keys are forgotten."""
    is_over = (SigningKey.withdrawn_at <= clock.now()) & (SigningKey.sealed_private_pem != "")
    session.execute(update(SigningKey).where(is_over).values(sealed_private_pem=""))


def address_of(registration: Registration) -> str:
    """Where this LMS reads our keys: each that registered by link at an address of its own."""
    own = f"/{registration.key_path}" if registration.key_path else ""
    return f"{current_app.config['BASE_URL']}/lti/jwks{own}"


def key_set(path: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """Our public keys as a JWK set (RFC 7517), one entry a distinct key, of files and of rows not withdrawn.

    Those of the LMS that reads them at ``path``, or of all that stand in ``lti_config.json``. Not of everybody: an LMS
    that registers by link tells us the client id we sign under, and could name one that another LMS gave us.
    """
    wanted = Registration.key_path == path if path else Registration.source == Source.FILE
    with _reading() as connection:
        pems = connection.scalars(
            select(SigningKey.public_pem)
            .join(Registration, Registration.id == SigningKey.registration_id)
            .where(wanted, _is_published())
            .order_by(SigningKey.id)
        ).all()
        named = connection.execute(select(Registration.issuer, Registration.client_id).where(wanted)).all()
        successors = connection.execute(
            select(Registration.issuer, Registration.client_id)
            .join(SigningKey, SigningKey.registration_id == Registration.id)
            .where(wanted)
            .group_by(Registration.id)
            .having(func.min(SigningKey.signs_from) <= clock.now() - STAYS)
            # all withdrawn: the LMS was removed, and its file's key signs if it comes back by its file
            .having(func.sum(case((_is_published(), 1), else_=0)) > 0)
        ).all()
    over = {(issuer, client_id) for issuer, client_id in successors}
    known = {(issuer, client_id) for issuer, client_id in named} - over
    files = current_app.extensions["lti_keys"].items()
    pems = [*(_load(*pair).public_pem for name, pair in files if name in known), *pems]
    return {"keys": list({jwk["kid"]: jwk for jwk in map(_jwk, pems)}.values())}


def _is_published() -> ColumnElement[bool]:
    return or_(SigningKey.withdrawn_at.is_(None), SigningKey.withdrawn_at > clock.now())


@contextmanager
def _reading() -> Iterator[Any]:
    """A connection that only reads: on SQLite it takes no lock, so it waits for no writer, not even our own."""
    with db.engine.connect().execution_options(write=False) as connection:
        yield connection


def _generate() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _private_pem(key: rsa.RSAPrivateKey) -> bytes:
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)


def _public_pem(key: Any) -> bytes:
    shape = serialization.PublicFormat.SubjectPublicKeyInfo
    pem: bytes = key.public_key().public_bytes(serialization.Encoding.PEM, shape)
    return pem


@lru_cache(maxsize=4)
def _box(secret: str) -> Fernet:
    derived = HKDF(hashes.SHA256(), length=32, salt=None, info=b"sociallearn signing keys").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _seal(secret: str, pem: bytes) -> str:
    return _box(secret).encrypt(pem).decode()


@lru_cache(maxsize=256)
def _unseal(secret: str, sealed: str) -> str:
    try:
        return _box(secret).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise LookupError("The signing key was sealed under another SECRET_KEY.") from error


@lru_cache(maxsize=1024)
def _jwk(public_pem: str) -> dict[str, Any]:
    jwk: dict[str, Any] = json.loads(json.dumps(dict(LibraryRegistration.get_jwk(public_pem))))
    return jwk


def _kid(public_pem: str) -> str:
    return str(_jwk(public_pem)["kid"])


@lru_cache(maxsize=256)
def _load(private_file: Path, public_file: Path) -> KeyPair:
    public_pem = public_file.read_text()
    return KeyPair(private_file.read_text(), public_pem, _kid(public_pem))
