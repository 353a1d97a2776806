"""Stories of edits, runs, faults, crashes and people who change the project by hand.

The model is a dict of the desired datapoints. ``SYNC_MACHINE=nightly`` tells more and longer
stories.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rbsync.applier import retrying
from rbsync.applier.cancellation import INTERRUPTED, Cancellation
from rbsync.backends.base import Draft, NamedTask
from rbsync.errors import ExitCode, StoreError
from rbsync.model.datapoint import Datapoint
from rbsync.model.outcome import Outcome
from rbsync.model.plan import OnChange
from rbsync.model.record import Header
from rbsync.planner.decide import Rules
from rbsync.stores.base import Writer
from rbsync.stores.memory import MemoryStore
from tests.applier.failing_store import FailingWriter
from tests.applier.mortal import (
    POINTS,
    CrashError,
    Life,
    MortalBackend,
    MortalWriter,
    by_call,
    wait_for_workers,
)
from tests.applier.site import Policy, Run, Site, by_url, pending, sqlite_site, stamps
from tests.builders import OWNER
from tests.stories import tell

NIGHTLY = os.environ.get("SYNC_MACHINE") == "nightly"
ROOM = "/dev/shm" if os.path.isdir("/dev/shm") else None

# Few names, so that what is done to one meets what was done to it before.
names = st.sampled_from([f"{letter}{number}" for letter in "uf" for number in range(6)])
versions = st.integers(1, 3)


@dataclass(frozen=True)
class Circumstances:
    """What a run has to live with."""

    jobs: int
    batch: int
    prune: bool
    replace: bool
    keeps_uploads: bool
    faults: int
    rate: float
    crash: tuple[str, int]
    interrupt: int
    full: tuple[Any, int]


circumstances = st.builds(
    Circumstances,
    jobs=st.integers(1, 4),
    batch=st.sampled_from([1, 2, 3, 50]),
    prune=st.booleans(),
    replace=st.booleans(),
    keeps_uploads=st.booleans(),
    faults=st.integers(0, 1 << 20),
    rate=st.sampled_from([0.0, 0.1, 0.4]),
    crash=st.tuples(st.sampled_from(["", *POINTS]), st.integers(1, 4)),
    interrupt=st.sampled_from([0, 0, 0, 1, 3]),
    full=st.tuples(st.sampled_from(["", "", "", "intend", "commit"]), st.integers(1, 3)),
)


class Story(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp(prefix="sync-machine-", dir=ROOM)
        self.desired: dict[str, Datapoint] = {}
        self.by_hand: set[str] = set()
        """What people did behind our back, and no run has put right since."""
        self.cut_off: set[str] = set()
        """Names of which an action failed or was cut off in some run."""
        self.taken_for_ours: set[str] = set()
        """What people made with our stamp of the wanted version, and with items of their own."""
        self.header: Header | None = None

    @initialize(durable=st.sampled_from([False, False, False, True]))
    def begin(self, durable: bool) -> None:
        made = sqlite_site(self.folder) if durable else Site(Path(self.folder), MemoryStore())
        self.site = made

    @rule(name=names, version=versions)
    def declare(self, name: str, version: int) -> None:
        made = by_url(name, version) if name < "g" else self.site.file(name, b"%d" % version)
        self.desired[name] = made

    @rule(some=st.sets(names, min_size=4), version=versions)
    def declare_many(self, some: set[str], version: int) -> None:
        for name in some:
            self.declare(name, version)

    @precondition(lambda self: self.desired)
    @rule(data=st.data())
    def undeclare(self, data: st.DataObject) -> None:
        del self.desired[data.draw(st.sampled_from(sorted(self.desired)))]

    @rule(given=circumstances)
    def run(self, given: Circumstances) -> None:
        life, stop = Life(*given.crash), Cancellation()
        owned = {task.task_id: name for name, task in self.site.tasks().items()}
        backend = MortalBackend(
            self.site.project,
            by_call(given.faults, given.rate),
            life,
            watch=self._watch(given, stop),
            batch=given.batch,
            keeps_uploads=given.keeps_uploads,
        )
        rules = self._rules(prune=given.prune, replace=given.replace)
        try:
            done = self.site.run(
                self.desired.values(),
                backend,
                jobs=given.jobs,
                rules=rules,
                stop=stop,
                seen=self._see,
                wrap=self._wrap(given, life),
                error=StoreError,
            )
        except CrashError:
            done = None
        wait_for_workers()
        self.cut_off |= self._troubled()
        self._check_deletes(backend, owned, given)
        if done is not None:
            self._check_outcomes(done)
            self._forgive(done)
        if os.path.exists(self.site.recovery_file.path):
            with self.site.store.writer(OWNER, timeout=0) as writer:
                self.site.recovery_file.recover(writer)

    def _see(self, outcome: Outcome) -> None:
        if outcome.result == "applied":
            self.by_hand.discard(outcome.name)
        elif outcome.result == "recognised" and outcome.name in self.by_hand:
            self.taken_for_ours.add(outcome.name)

    def _forgive(self, done: Run) -> None:
        """What a run did may have put right what people did, or passed it by.

        It does not put right a name that was deleted and is somebody else's now: only the task
        that was recorded is removed.
        """
        tasks, records = self.site.tasks(), self.site.store.records()
        for outcome in done.outcomes:
            task, record = tasks.get(outcome.name), records.get(outcome.name)
            if (task and task.task_id) == (record and record.task_id):
                self.by_hand.discard(outcome.name)

    def _watch(
        self, given: Circumstances, stop: Cancellation
    ) -> Callable[[str, tuple[str, ...]], None]:
        creates: list[str] = []

        def watch(method: str, about: tuple[str, ...]) -> None:
            if method in ("create", "update"):
                # I3: written down before it is sent.
                assert set(about) <= pending(self.site.store.records())
                creates.extend(about)
                if given.interrupt and len(creates) >= given.interrupt:
                    stop.request(INTERRUPTED)

        return watch

    def _wrap(self, given: Circumstances, life: Life) -> Callable[[Writer], Writer]:
        method, nth = given.full

        def wrap(writer: Writer) -> Writer:
            if method == "intend" or method == "commit":  # for the type
                writer = FailingWriter(writer, method, nth + 1)
            return MortalWriter(writer, life)

        return wrap

    def _rules(self, *, prune: bool, replace: bool) -> Rules:
        on_change: OnChange = "replace" if replace else "update"
        return Rules(Policy(prune, 1.0, on_change), insist=True)

    def _check_deletes(
        self, backend: MortalBackend, owned: dict[str, str], given: Circumstances
    ) -> None:
        """I10: nothing is deleted that the plan had not to delete or to replace."""
        for ids in backend.called("delete"):
            for name in {owned[task_id] for task_id in ids if task_id in owned}:
                assert given.replace if name in self.desired else given.prune

    def _check_outcomes(self, done: Run) -> None:
        """I8: who failed has its reason on record; who did not, has none."""
        records = self.site.store.records()
        for outcome in done.outcomes:
            record = records.get(outcome.name)
            if outcome.failure:
                assert record is not None
                assert record.failure == outcome.failure
                assert (record.pending is not None) == (outcome.failure.kind == "ambiguous")
            elif outcome.result == "applied":
                assert record is not None
                assert (record.failure, record.pending) == (None, None)

    # What is drawn never depends on the project: threads may end a crashed run in several ways.
    @rule(name=names)
    def somebody_deletes(self, name: str) -> None:
        task = self.site.tasks().get(name)
        if task is not None:
            self.site.project.delete([NamedTask(name, task.task_id)])
            self.by_hand.add(name)

    @rule(name=names, version=versions)
    def somebody_creates(self, name: str, version: int) -> None:
        if name in self.site.tasks():
            return
        made = by_url(name, version)
        items = (("by hand", "https://example.org/by-hand.png"),)
        self.site.project.create([Draft(name, items, None, made.settings, made.fingerprint)])
        self.by_hand.add(name)

    @invariant()
    def no_name_is_there_twice(self) -> None:
        """I1: `tasks` asserts it."""
        if hasattr(self, "site"):
            self.site.tasks()

    @invariant()
    def the_state_claims_what_is_true(self) -> None:
        if not hasattr(self, "site"):
            return
        tasks, records = self.site.tasks(), self.site.store.records()
        for name, record in records.items():
            if record.applied and not record.pending and name not in self.by_hand:
                assert tasks[name].stamp == record.applied
                assert tasks[name].task_id == record.task_id
        for name in tasks.keys() - self.by_hand:
            assert records[name].applied or records[name].pending

    @invariant()
    def the_state_goes_on(self) -> None:
        """I4: the serial only grows, the lineage stays."""
        if not hasattr(self, "site"):
            return
        header = self.site.store.header()
        if self.header is not None:
            assert header is not None
            assert header.lineage == self.header.lineage
            assert (header.serial, header.epoch) >= (self.header.serial, self.header.epoch)
        self.header = header

    def teardown(self) -> None:
        try:
            if hasattr(self, "site"):
                self._put_right_by_hand()
                self._check_convergence()
        finally:
            if hasattr(self, "site"):
                self.site.project.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _troubled(self) -> set[str]:
        records = self.site.store.records().items()
        return {name for name, one in records if one.pending or one.failure}

    def _put_right_by_hand(self) -> None:
        self._remove(self.by_hand)

    def _remove(self, names: set[str]) -> None:
        tasks = self.site.tasks()
        self.site.project.delete(
            [NamedTask(one, tasks[one].task_id) for one in names if one in tasks]
        )
        with self.site.store.writer(OWNER, timeout=0) as writer:
            writer.commit(removed=names)

    def _decide(self, run: Run) -> None:
        """Somebody decides about what two cut off updates in a row left, each another content.

        A record knows the last attempt alone. What an earlier one left may as well be the work of
        people, so that it is a conflict and no run overwrites it. So it is with what has our stamp
        and is not what the stamp says.
        """
        conflicts = {one.name for one in run.outcomes if one.failure}
        assert all(not one.failure or one.failure.kind == "conflict" for one in run.outcomes)
        assert conflicts <= self.cut_off | self.taken_for_ours
        self._remove(conflicts)

    def _check_convergence(self) -> None:
        """I6, I16 and I7: an undisturbed run makes it so, and the next has nothing to do."""
        rules = self._rules(prune=True, replace=False)
        desired = list(self.desired.values())
        run = self.site.run(desired, rules=rules)
        if run.exit_code == ExitCode.SOME_FAILED:
            self._decide(run)
            run = self.site.run(desired, rules=rules)
        assert run.exit_code == ExitCode.DONE, [one for one in run.outcomes if one.failure]
        assert self.site.stamps() == stamps(desired)
        records = self.site.store.records()
        assert {name: one.applied for name, one in records.items()} == stamps(desired)
        assert not pending(records)
        before = self.site.store.header()
        backend = MortalBackend(self.site.project, lambda *_: None, Life())
        assert self.site.run(desired, backend, rules=rules).outcomes == []
        assert backend.calls == []
        after = self.site.store.header()
        assert before is not None
        assert after is not None
        assert (after.serial, self.site.store.records()) == (before.serial, records)


@pytest.mark.timeout(7200 if NIGHTLY else 300)
def test_every_story_ends_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "BASE_SECONDS", 0.0)
    tell(
        Story,
        stories=3000 if NIGHTLY else 150,
        steps=60 if NIGHTLY else 25,
        derandomize=not NIGHTLY,
        database=None,
        phases=(Phase.generate, Phase.shrink) if NIGHTLY else (Phase.generate,),
    )
