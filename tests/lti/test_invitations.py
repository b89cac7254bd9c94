"""Invite links: used once, for some days, by one of however many at once."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.lti import invitations
from sociallearn.lti.models import Invite, Registration

START = "http://localhost:8000/lti/register?invite="


@pytest.fixture(autouse=True)
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def made(days: int = 7) -> tuple[Invite, str]:
    with transaction() as session:
        invite, link = invitations.make(session, "Moodle of the academy", days=days)
    return invite, link.removeprefix(START)


def is_usable(token: str) -> bool:
    with transaction() as session:
        return invitations.find(session, token) is not None


def spend(invite: Invite) -> datetime | None:
    with transaction() as session:
        return invitations.spend(session, invite)


def test_the_link_leads_here_and_only_its_hash_is_kept() -> None:
    invite, token = made()
    assert len(token) == 43
    assert token not in invite.token_hash
    assert len(invite.token_hash) == 64
    assert is_usable(token)


@pytest.mark.parametrize("token", ["", "x", "é", "\ud800", "a" * 10_000])
def test_nobody_guesses_one(token: str) -> None:
    made()
    assert not is_usable(token)


def test_it_ends_after_its_days() -> None:
    _invite, token = made(days=3)
    with clock.at(clock.now() + timedelta(days=3, seconds=-1)):
        assert is_usable(token)
    with clock.at(clock.now() + timedelta(days=3, seconds=1)):
        assert not is_usable(token)


def test_it_is_used_once() -> None:
    invite, token = made()
    taken_at = spend(invite)
    assert taken_at is not None
    assert not is_usable(token)
    assert spend(invite) is None
    with transaction() as session:
        assert invitations.keep(session, invite, taken_at, a_registration_in(session))
    with clock.at(clock.now() + timedelta(hours=1)):
        assert not is_usable(token)


def a_registration_in(session: object) -> int:
    found: int = session.scalars(select(Registration.id)).first()  # type: ignore[attr-defined]
    return found


def test_a_failed_try_gives_it_back() -> None:
    invite, token = made()
    taken_at = spend(invite)
    assert taken_at is not None
    with transaction() as session:
        invitations.release(session, invite, taken_at)
    assert is_usable(token)


def test_a_server_that_died_does_not_burn_it_and_cannot_come_back() -> None:
    invite, token = made()
    first = spend(invite)
    assert first is not None
    with clock.at(clock.now() + timedelta(minutes=3)):
        assert is_usable(token)
        second = spend(invite)
        assert second is not None
        with transaction() as session:
            assert not invitations.keep(session, invite, first, a_registration_in(session))
            invitations.release(session, invite, first)
        assert not is_usable(token)
        with transaction() as session:
            assert invitations.keep(session, invite, second, a_registration_in(session))


def test_a_withdrawn_one_does_not_work() -> None:
    invite, token = made()
    with transaction() as session:
        invitations.withdraw(session, invite)
    assert not is_usable(token)
    assert spend(invite) is None


def test_ten_at_once_one_gets_it(app: Flask) -> None:
    invite, _token = made()
    taken: list[datetime | None] = []

    def go() -> None:
        with app.app_context():
            taken.append(spend(invite))

    threads = [threading.Thread(target=go) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one is not None for one in taken) == 1


def test_one_withdrawn_meanwhile_connects_nothing() -> None:
    invite, _token = made()
    taken_at = spend(invite)
    assert taken_at is not None
    with transaction() as session:
        session.get_one(Invite, invite.id).withdrawn_at = clock.now()
    with transaction() as session:
        assert not invitations.keep(session, invite, taken_at, a_registration_in(session))
