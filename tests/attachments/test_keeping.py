"""Uploads wait for their text, take room that is counted exactly, and leave nothing behind when they go."""

import os
import time
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask, g
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.attachments import attaching, keeping, reading, storing, sweeping
from sociallearn.attachments.attaching import Chosen
from sociallearn.attachments.models import Attachment, FileSpace
from sociallearn.attachments.preparing import Prepared
from sociallearn.database import db, transaction, unit_of_work
from sociallearn.errors import Refusal
from sociallearn.roster.models import Member
from tests import make
from tests.conftest import Cast
from tests.test_jobs import drain

TEXT = Prepared("a.txt", "text/plain", b"0123456789")


def _keep(session: Session, by: Member, place: str = "feed") -> Attachment:
    key = storing.new_key()
    storing.store().put(key, TEXT.content)
    return keeping.keep(session, TEXT, key, by=by, place=place)


def _used(session: Session) -> int:
    return session.scalar(select(func.sum(FileSpace.used))) or 0


def test_files_stand_in_the_order_chosen_with_their_words(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    first, second = _keep(session, ben), _keep(session, ben)
    first.width, first.height = 10, 10
    post = make.post(session, ben)
    assert attaching.attach(session, post.id, [Chosen(second.id, "no image"), Chosen(first.id, "A map")], by=ben)
    found = session.scalars(select(Attachment).where(Attachment.post_id == post.id).order_by(Attachment.position))
    assert [(one.id, one.alt) for one in found] == [(second.id, ""), (first.id, "A map")]


def test_only_ones_own_loose_files_can_be_chosen(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    taken, cleos, gone = _keep(session, ben), _keep(session, cleo), _keep(session, ben)
    attaching.attach(session, make.post(session, ben).id, [Chosen(taken.id)], by=ben)
    keeping.take_away(session, gone)
    post = make.post(session, ben)
    for wanted in (taken.id, cleos.id, gone.id, 999_999):
        with pytest.raises(Refusal) as refused:
            attaching.attach(session, post.id, [Chosen(wanted)], by=ben)
        assert refused.value.status == 409
    assert cleos.post_id is None


def test_at_most_ten(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    many = [Chosen(_keep(session, ben).id) for _ in range(11)]
    post = make.post(session, ben)
    with pytest.raises(Refusal) as refused:
        attaching.attach(session, post.id, many, by=ben)
    assert refused.value.status == 422
    assert attaching.attach(session, post.id, many[:10], by=ben)


def test_what_is_no_longer_chosen_goes_with_its_bytes(app: Flask, cast: Cast) -> None:
    with app.test_request_context("/", method="POST"), unit_of_work() as session:
        ben = cast.ben.member(session)
        stays, goes = _keep(session, ben), _keep(session, ben)
        post = make.post(session, ben)
        attaching.attach(session, post.id, [Chosen(stays.id), Chosen(goes.id)], by=ben)
        keys, stays_id, post_id = (stays.key, goes.key), stays.id, post.id
        assert _used(session) == 2 * TEXT.size
    with app.test_request_context("/", method="POST"), unit_of_work() as session:
        attaching.attach(session, post_id, [Chosen(stays_id)], by=cast.ben.member(session))
    drain(app)
    with app.app_context():
        assert list(db.session.scalars(select(Attachment.key))) == [keys[0]]
        assert _used(db.session()) == TEXT.size
        assert storing.store().read(keys[0]) == TEXT.content
        with pytest.raises(storing.Missing):
            storing.store().read(keys[1])


def test_a_full_cohort_takes_nothing_more_and_another_does(
    app: Flask, session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "FILES_QUOTA", 2 * TEXT.size)
    ben = cast.ben.member(session)
    for _ in range(2):
        _keep(session, ben)
    with pytest.raises(Refusal) as refused:
        _keep(session, ben)
    assert refused.value.status == 413
    assert "no room" in refused.value.sentence
    assert _used(session) == 2 * TEXT.size


def test_of_many_at_once_only_so_many_get_the_last_room(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "FILES_QUOTA", 3 * TEXT.size + 1)
    ben_id, barrier, outcomes = cast.ben.member_id, Barrier(6), []

    def send() -> None:
        with app.test_request_context("/", method="POST"):
            barrier.wait()
            try:
                with transaction() as session:
                    _keep(session, session.get_one(Member, ben_id))
                outcomes.append("kept")
            except Refusal:
                outcomes.append("full")
            db.session.remove()

    threads = [Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["full"] * 3 + ["kept"] * 3
    with app.app_context():
        assert _used(db.session()) == 3 * TEXT.size
        assert db.session.scalar(select(func.count(Attachment.id))) == 3


def test_an_upload_without_a_text_is_swept_after_a_day(app: Flask, cast: Cast) -> None:
    with app.test_request_context("/", method="POST"), unit_of_work() as session:
        ben = cast.ben.member(session)
        waits, posted = _keep(session, ben), _keep(session, ben)
        attaching.attach(session, make.post(session, ben).id, [Chosen(posted.id)], by=ben)
        keys = waits.key, posted.key
    for hours, left in ((23, 2), (25, 1)):
        with clock.at(clock.now() + timedelta(hours=hours)), app.app_context():
            jobs.sweep()
            drain(app)
            assert db.session.scalar(select(func.count(Attachment.id))) == left
            db.session.remove()
    with app.app_context():
        assert storing.store().read(keys[1]) == TEXT.content
        assert _used(db.session()) == TEXT.size
        with pytest.raises(storing.Missing):
            storing.store().read(keys[0])


def test_sweeping_twice_or_too_early_changes_nothing(app: Flask, cast: Cast) -> None:
    with app.test_request_context("/", method="POST"), unit_of_work() as session:
        row = _keep(session, cast.ben.member(session))
        row_id, key = row.id, row.key
    with app.app_context():
        sweeping.erase(row_id)
        assert storing.store().read(key) == TEXT.content
        with clock.at(clock.now() + timedelta(days=2)):
            sweeping.erase(row_id)
            sweeping.erase(row_id)
        assert _used(db.session()) == 0


def test_bytes_a_kill_left_without_a_row_are_found(app: Flask, cast: Cast) -> None:
    with app.test_request_context("/", method="POST"), unit_of_work() as session:
        known = _keep(session, cast.ben.member(session)).key
    with app.app_context():
        store, stray = storing.store(), storing.new_key()
        for key in (stray, stray + storing.SMALL, known + storing.SMALL):
            store.put(key, b"x")
        sweeping.erase_strays(0)
        assert store.read(stray) == b"x"  # it came today: its row may be on its way
        with clock.at(clock.now() + timedelta(hours=25)):
            jobs.keep_house()
            drain(app)
        for key in (stray, stray + storing.SMALL):
            with pytest.raises(storing.Missing):
                store.read(key)
        assert store.read(known) == TEXT.content
        assert store.read(known + storing.SMALL) == b"x"


def test_what_is_waiting_is_ones_own_and_of_that_place(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    g.seat_path = "/s/x"
    here, _elsewhere, _cleos = _keep(session, ben), _keep(session, ben, "questions"), _keep(session, cleo)
    assert [one.id for one in reading.waiting(session, ben, "feed")] == [here.id]
    keeping.take_away(session, here)
    assert reading.waiting(session, ben, "feed") == []


def test_old_times_of_files_are_the_clocks(app: Flask) -> None:
    with app.app_context():
        store, key = storing.store(), storing.new_key()
        store.put(key, b"x")
        assert isinstance(store, storing.Folder)
        os.utime(store._of(key), (time.time() - 90_000, time.time() - 90_000))
        assert key in set(store.keys_before(clock.now() - sweeping.WAITS))
        sweeping.erase_strays(0)
        assert key not in set(store.keys_before(clock.now()))
