"""What an earlier run left open is settled by looking, and waited for once."""

from __future__ import annotations

import time

from rbsync.applier.cancellation import INTERRUPTED, Cancellation
from rbsync.errors import BackendError
from rbsync.model.record import Intent, Record
from rbsync.sync.applying import whoami
from rbsync.sync.recovery import Settling, waiting_for
from rbsync.sync.workspace import Workspace
from tests.applier.faulty import Faulty, failing, script
from tests.builders import PRINT
from tests.sync.conftest import Open


def left_open(workspace: Workspace, sent_at: float) -> None:
    with workspace.store.writer(whoami(), timeout=5) as writer:
        writer.intend([Intent("lost", "create", PRINT, sent_at)])


def test_a_create_that_never_arrived_is_settled_once_it_cannot_any_more(applied: Open) -> None:
    with applied() as workspace:
        left_open(workspace, 1.0)
        assert workspace.store.records()["lost"].pending is not None
        with workspace.store.writer(whoami(), timeout=5) as writer:
            settled = workspace.settling.recover(writer, Cancellation())
        assert settled == {"lost": None}
        assert "lost" not in workspace.store.records()


def test_what_may_still_arrive_is_waited_for_and_stays_open_after_a_stop(applied: Open) -> None:
    with applied() as workspace:
        left_open(workspace, time.time())
        notes: list[str] = []
        stop = Cancellation()
        stop.request(INTERRUPTED)
        backend = Faulty(workspace.backend, quarantine=60.0)
        settling = Settling(backend, notes.append)
        with workspace.store.writer(whoami(), timeout=5) as writer:
            assert settling.recover(writer, stop) == {}
        (note,) = notes
        assert "what became of lost" in note
        assert workspace.store.records()["lost"].pending is not None


def test_a_project_that_does_not_answer_leaves_all_open_and_says_so(applied: Open) -> None:
    with applied() as workspace:
        left_open(workspace, 1.0)
        notes: list[str] = []
        faults = script(find=[failing() for _ in range(9)])
        settling = Settling(Faulty(workspace.backend, faults), notes.append)
        records = workspace.store.records()
        with workspace.store.writer(whoami(), timeout=5) as writer:
            assert settling.recover(writer, Cancellation()) == {}
        assert settling.look(records) == records
    assert notes[0].startswith("What an earlier run left open cannot be settled now: ")


def test_three_names_are_told_and_the_others_counted() -> None:
    told = waiting_for(["a", "b", "c", "d", "e"], 29.6)
    assert told.startswith("Waiting 30 s: ")
    assert "what became of a, b, c and 2 more" in told
    assert Record("a").pending is None
    assert issubclass(BackendError, Exception)
