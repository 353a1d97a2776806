"""A folder with files, a state and a real local project, and whole runs over them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rbsync.applier.cancellation import Cancellation
from rbsync.applier.content import LocalContent
from rbsync.applier.recovery import settle_all
from rbsync.applier.recovery_file import RecoveryFile
from rbsync.applier.run import Options, apply
from rbsync.applier.run_report import conclude
from rbsync.backends.base import Backend, Task
from rbsync.backends.local import LocalBackend
from rbsync.errors import BackendError, ExitCode, Location
from rbsync.files.roots import Roots
from rbsync.model.datapoint import Datapoint, Dataset, Item, Labels, Settings
from rbsync.model.fingerprint import Fingerprint, digest, of_items, of_value
from rbsync.model.outcome import Outcome, Report
from rbsync.model.plan import Basis, Plan, Policy
from rbsync.model.record import Record
from rbsync.planner import plan
from rbsync.planner.decide import Rules
from rbsync.stores.base import Store, Writer
from rbsync.stores.sqlite import SqliteStore
from tests.builders import OWNER


def datapoint(
    name: str, items: Sequence[Item], labels: Labels | None = None, **settings: Any
) -> Datapoint:
    found = Settings(**settings)
    stamp = Fingerprint(
        of_items([item.content for item in items]),
        labels.fingerprint if labels else "",
        found.fingerprint(),
    )
    return Datapoint(name, tuple(items), labels, found, stamp, Location("rbsync.yaml", 1, 1))


def by_url(name: str, version: int = 1, **settings: Any) -> Datapoint:
    """A datapoint that needs no file."""
    return datapoint(name, [Item.remote(f"https://example.org/{version}/{name}.png")], **settings)


def inline_labels(value: float) -> Labels:
    point = {"category": [["object", "car"]], "point": {"xnorm": value, "ynorm": 0.5}}
    return Labels("objects", of_value([point]), (), json.dumps([point]))


@dataclass
class Run:
    """What came of a run; ``error`` when it ended with one."""

    outcomes: list[Outcome]
    report: Report | None = None
    error: Exception | None = None

    def result(self, name: str) -> str:
        (found,) = [one for one in self.outcomes if one.name == name]
        return found.failure.kind if found.failure else found.result

    @property
    def results(self) -> dict[str, str]:
        return {one.name: self.result(one.name) for one in self.outcomes}

    @property
    def exit_code(self) -> ExitCode:
        assert self.report is not None, self.error
        return self.report.exit_code


@dataclass
class Site:
    folder: Path
    store: Store
    project: LocalBackend = field(init=False)

    def __post_init__(self) -> None:
        self.project = LocalBackend(self.folder / ".rbsync" / "project")
        self.project.project()
        self.recovery_file = RecoveryFile(str(self.folder / ".rbsync" / "errored.jsonl"))
        self.content = LocalContent(Roots(str(self.folder)), "xxh3")

    def write(self, ref: str, data: bytes) -> Item:
        path = self.folder / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return Item(ref, digest(data), len(data))

    def file(self, name: str, data: bytes | None = None, **settings: Any) -> Datapoint:
        """A datapoint of one file, which is written."""
        return datapoint(name, [self.write(f"{name}.png", data or name.encode())], **settings)

    def plan(self, desired: Iterable[Datapoint], rules: Rules | None = None) -> Plan:
        found = tuple(sorted(desired, key=lambda one: one.name))
        return plan(Dataset(found), self.store.records(), rules or Rules(), Basis("", 0, ""))

    def run(
        self,
        desired: Iterable[Datapoint] | Plan,
        backend: Backend | None = None,
        *,
        rules: Rules | None = None,
        stop: Cancellation | None = None,
        seen: Callable[[Outcome], None] = lambda _: None,
        wrap: Callable[[Writer], Writer] = lambda writer: writer,
        error: type[Exception] | tuple[()] = (),
        **options: Any,
    ) -> Run:
        """Recovers, plans (unless that was done before) and applies, as the command does.

        An ``error`` that the run may end with is kept; others are raised.
        """
        backend = backend or self.project
        stop = stop or Cancellation()
        done = Run([])
        with self.store.writer(OWNER, timeout=0) as held:
            writer = wrap(held)
            recover(backend, writer, stop)
            made = desired if isinstance(desired, Plan) else self.plan(desired, rules)
            try:
                for outcome in apply(
                    made,
                    backend=backend,
                    writer=writer,
                    content=self.content,
                    stop=stop,
                    options=Options(**options),
                    set_aside=self.recovery_file.keep,
                ):
                    seen(outcome)
                    done.outcomes.append(outcome)
                done.report = conclude(made, done.outcomes, stop)
            except error as raised:
                done.error = raised
        return done

    def tasks(self) -> dict[str, Task]:
        """What the project has; no name twice."""
        found = list(self.project.list())
        tasks = {one.name: one for one in found}
        assert len(tasks) == len(found)
        return tasks

    def stamps(self) -> dict[str, Fingerprint | None]:
        return {name: task.stamp for name, task in self.tasks().items()}


def stamps(desired: Iterable[Datapoint]) -> dict[str, Fingerprint]:
    return {one.name: one.fingerprint for one in desired}


def pruning(**policy: Any) -> Rules:
    return Rules(Policy(prune=True, **policy))


def pending(records: Mapping[str, Record]) -> set[str]:
    return {name for name, one in records.items() if one.pending}


def recover(backend: Backend, writer: Writer, stop: Cancellation) -> None:
    try:
        settled = settle_all(backend, writer.records(), clock=lambda: 0.0, pause=stop.pause)
    except BackendError:
        return
    known = [record for record in settled.values() if record is not None]
    if settled:
        writer.commit(known, removed=[name for name, one in settled.items() if one is None])


def sqlite_site(folder: str | os.PathLike[str]) -> Site:
    return Site(Path(folder), SqliteStore(Path(folder) / ".rbsync" / "state.db"))
