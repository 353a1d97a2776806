"""Two processes and one state: who waits, who is named, and who wins."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from rbsync.errors import LockedError
from rbsync.model.record import Record
from rbsync.stores.base import Owner
from rbsync.stores.sqlite import SqliteStore
from tests.builders import OWNER
from tests.victims import Start

FENCED = "StoreError: Another run has taken over the state; this one wrote nothing more to it.\n"


def test_the_writer_of_another_process_is_named(state: Path, start: Start) -> None:
    holder = start("hold", state)
    assert holder.heard() == "held\n"
    store = SqliteStore(state)
    assert store.owner() == Owner("ann", "lab-3", holder.pid, f"run-{holder.pid}", 0.0)
    with pytest.raises(LockedError) as caught:
        store.writer(OWNER, timeout=0.1).__enter__()
    assert str(caught.value) == (
        f"Another run holds the state: ann@lab-3, pid {holder.pid}, since 1970-01-01 00:00:00 UTC."
    )
    assert holder.asked("a") == "done\n"
    assert store.records() == {"a": Record("a")}


def test_waiting_takes_as_long_as_was_asked(state: Path, start: Start) -> None:
    assert start("hold", state).heard() == "held\n"
    began = time.monotonic()
    with pytest.raises(LockedError):
        SqliteStore(state).writer(OWNER, timeout=0.3).__enter__()
    assert 0.3 <= time.monotonic() - began < 20


def test_a_dead_writers_lock_is_free_at_once(state: Path, start: Start) -> None:
    holder = start("hold", state)
    assert holder.heard() == "held\n"
    holder.killed()
    store = SqliteStore(state)
    assert store.owner() is not None
    with store.writer(OWNER, timeout=0):
        assert store.owner() == OWNER
    assert store.owner() is None


def test_a_waiting_writer_goes_on_when_the_first_one_dies(state: Path, start: Start) -> None:
    holder = start("hold", state)
    assert holder.heard() == "held\n"
    threading.Timer(0.2, holder.kill).start()
    with SqliteStore(state).writer(OWNER, timeout=20) as writer:
        writer.commit([Record("a")])


def test_a_stopped_writer_that_wakes_up_after_a_take_over_writes_nothing(
    state: Path, start: Start
) -> None:
    holder = start("hold", state)
    assert holder.heard() == "held\n"
    assert holder.asked("before") == "done\n"
    holder.send_signal(signal.SIGSTOP)
    store = SqliteStore(state)
    with pytest.raises(LockedError):
        store.writer(OWNER, timeout=0.1).__enter__()
    store.unlock()
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("mine")])
        holder.send_signal(signal.SIGCONT)
        assert holder.asked("late") == FENCED
        assert writer.header().serial == 2
    assert holder.asked("later") == FENCED
    holder.communicate(timeout=20)
    assert sorted(store.records()) == ["before", "mine"]
    assert store.integrity() == []


def test_ctrl_c_ends_the_waiting(state: Path, start: Start) -> None:
    assert start("hold", state).heard() == "held\n"

    def wait() -> None:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        SqliteStore(state).writer(OWNER, timeout=60).__enter__()

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        wait()
    assert time.monotonic() - began < 30


def test_the_note_of_the_owner_is_there_while_the_lock_is_held(state: Path) -> None:
    note = state.parent / "state.db.owner"
    with SqliteStore(state).writer(OWNER, timeout=0):
        assert json.loads(note.read_text()) == {
            "user": "ann",
            "host": "lab-3",
            "pid": 4711,
            "run": "run-1",
            "since": 1778311535.0,
        }
    assert not note.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"user": "ann"}', "\x00", None])
def test_a_note_that_cannot_be_read_does_not_hide_the_lock(state: Path, text: str | None) -> None:
    note = state.parent / "state.db.owner"
    with SqliteStore(state).writer(OWNER, timeout=0):
        note.unlink()
        if text is not None:
            note.write_text(text)
        with pytest.raises(LockedError) as caught:
            SqliteStore(state).writer(OWNER, timeout=0).__enter__()
        assert str(caught.value) == "Another run holds the state."
        note.unlink(missing_ok=True)


def test_a_note_that_is_left_over_locks_nobody_out(state: Path) -> None:
    state.parent.mkdir()
    (state.parent / "state.db.owner").write_text("{")
    with SqliteStore(state).writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a")])


def test_there_may_be_nothing_to_unlock(state: Path) -> None:
    SqliteStore(state).unlock()
    assert not state.parent.exists()
