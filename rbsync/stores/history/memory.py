"""A history that lives as long as the process: beside a state in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from rbsync.model.history import Change, Run
from rbsync.stores.history.base import Swept
from rbsync.stores.history.packing import pack, unpack


class MemoryHistory:
    """Satisfies ``History``."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._changes: list[Change] = []
        self._contents: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def begin(self, run: Run) -> None:
        with self._lock:
            self._runs[run.id] = run

    def note(self, changes: Sequence[Change]) -> None:
        self.keep(changes, {})

    def keep(self, changes: Sequence[Change], contents: Mapping[str, bytes]) -> None:
        with self._lock:
            self._changes += changes
            self._contents |= {name: pack(data) for name, data in contents.items()}

    def end(self, run: Run) -> None:
        self.begin(run)

    def runs(self) -> list[Run]:
        with self._lock:
            return list(self._runs.values())[::-1]

    def changes(self, runs: Iterable[str]) -> list[Change]:
        wanted = frozenset(runs)
        with self._lock:
            return [one for one in reversed(self._changes) if one.run in wanted]

    def life(self, name: str) -> list[Change]:
        with self._lock:
            return [one for one in reversed(self._changes) if name in (one.name, one.renamed)]

    def content(self, digest: str) -> bytes:
        return unpack(digest, self._contents.get(digest))

    def refs(self) -> frozenset[str]:
        with self._lock:
            return frozenset(ref for one in self._changes for ref in one.refs)

    def size(self) -> int:
        with self._lock:
            return sum(map(len, self._contents.values()))

    def sweep(self, before: float) -> Swept:
        with self._lock:
            # As in the other one, what came after a run that is kept is kept.
            old = {
                one.id for one in takewhile(lambda one: one.started < before, self._runs.values())
            }
            self._runs = {name: one for name, one in self._runs.items() if name not in old}
            self._changes = [one for one in self._changes if one.run not in old]
            used = {one for change in self._changes for one in (change.before, *change.parts)}
            gone = {name: data for name, data in self._contents.items() if name not in used}
            for name in gone:
                del self._contents[name]
        return Swept(len(old), len(gone), sum(map(len, gone.values())))

    def close(self) -> None:
        """Does nothing: what is kept is kept as long as the history is."""
