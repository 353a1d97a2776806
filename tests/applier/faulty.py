"""A network and a service as they are: a real backend behind faults that a test chooses."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from rbsync.backends.base import (
    Backend,
    Before,
    Body,
    Capabilities,
    Created,
    Draft,
    NamedTask,
    Project,
    Rejected,
    Task,
    TaskContent,
    every_name,
    unasked,
)
from rbsync.errors import BackendError
from rbsync.model.fingerprint import Facet
from rbsync.model.outcome import Failure
from rbsync.reasons import FailureKind

T = TypeVar("T")


@dataclass(frozen=True)
class Fault:
    """What happens to one call.

    ``error`` is raised, after the effect when ``after``, else instead of it. With ``late`` the
    effect comes that many seconds after the error. ``part`` is how many of a batch are done.
    ``reject`` refuses each datapoint of a create. ``seconds`` pass before anything else.
    """

    error: BaseException | None = None
    after: bool = False
    late: float | None = None
    part: int | None = None
    reject: FailureKind | None = None
    seconds: float = 0.0


def failing(kind: FailureKind = "transient", **more: Any) -> Fault:
    """The request was surely not sent, or refused before it was done."""
    return Fault(BackendError(f"{kind} of the test", kind=kind, **more))


def lost(*, after: bool, **more: Any) -> Fault:
    """The answer did not arrive; ``after`` says whether the request did."""
    return Fault(BackendError("the answer was lost", sent=True), after=after, **more)


def _another(error: BaseException) -> BaseException:
    # Not `copy`: once Dask is loaded, copies of all exceptions have what their originals have.
    made = type(error)(str(error))
    vars(made).update(vars(error))
    return made


Chooser = Callable[[str, tuple[str, ...]], Fault | None]
"""Gets the name of a method and the names or ids that it was called for."""


def script(**faults: Sequence[Fault | None]) -> Chooser:
    """The faults of each method's first calls, in their order."""
    left = {method: deque(some) for method, some in faults.items()}
    return lambda method, _: left[method].popleft() if left.get(method) else None


def always(**faults: Fault) -> Chooser:
    """The same fault for every call of a method."""
    return lambda method, _: faults.get(method)


def at_random(seed: int, rate: float) -> Chooser:
    """Faults of all kinds that a run can get over, at a rate."""
    chance = random.Random(seed)
    throttled = failing("throttled", retry_after=0.0)
    kinds = {
        "upload": [failing(), throttled, lost(after=True), lost(after=False), failing("quota")],
        "create": [
            failing(),
            throttled,
            lost(after=True),
            lost(after=False),
            lost(after=True, part=1),
            failing("conflict", sent=True),
            Fault(reject="throttled"),
            Fault(reject="ambiguous"),
        ],
        "update": [failing(), throttled, lost(after=True), lost(after=False)],
        "delete": [failing(), lost(after=True), lost(after=False), lost(after=True, part=1)],
        "find": [failing(), lost(after=True)],
    }
    return lambda method, _: chance.choice(kinds[method]) if chance.random() < rate else None


class Faulty:
    """Satisfies ``Backend``. ``calls`` has every call that came in, ``most`` how many at once.

    ``watch`` is called before anything is done, by the thread that calls.
    """

    def __init__(
        self,
        backend: Backend,
        choose: Chooser = lambda *_: None,
        *,
        watch: Callable[[str, tuple[str, ...]], None] = lambda *_: None,
        **capabilities: Any,
    ) -> None:
        # What fails is a service's: each file is sent by itself, and few datapoints at once.
        pace = {"batch": 50, "together": 1, **capabilities}
        self.capabilities: Capabilities = replace(backend.capabilities, **pace)
        self.calls: list[tuple[str, tuple[str, ...]]] = []
        self.most: Counter[str] = Counter()
        self._running: Counter[str] = Counter()
        self._backend = backend
        self._choose = choose
        self._watch = watch
        self._lock = threading.Lock()

    def called(self, method: str) -> list[tuple[str, ...]]:
        """What a method was called for, call by call."""
        return [about for one, about in self.calls if one == method]

    @property
    def changes(self) -> int:
        """How many calls meant to change something."""
        return sum(1 for method, _ in self.calls if method != "find")

    def project(self) -> Project:
        return self._backend.project()

    def describe(self) -> Project | None:
        return self._backend.describe()

    def upload(self, body: Body, *, storage: str) -> str:
        return self._do(
            "upload", [body.name], lambda _: self._backend.upload(body, storage=storage)
        )

    def create(self, drafts: Sequence[Draft]) -> list[Created | Rejected]:
        assert 0 < len(drafts) <= self.capabilities.batch
        by_name = {one.name: one for one in drafts}
        fault = self._begin("create", tuple(by_name))
        if fault.reject:
            refused = Failure(fault.reject, "create", f"{fault.reject} of the test")
            return [Rejected(name, refused) for name in by_name]
        return self._end(
            "create",
            list(by_name),
            lambda names: self._backend.create([by_name[name] for name in names]),
            fault,
        )

    def update(
        self, task_id: str, draft: Draft, changed: Sequence[Facet], before: Before = unasked
    ) -> None:
        self._do(
            "update",
            [draft.name],
            lambda _: self._backend.update(task_id, draft, changed, before),
        )

    def delete(self, tasks: Sequence[NamedTask], before: Before = unasked) -> Mapping[str, str]:
        return self._do(
            "delete",
            [one.task_id for one in tasks],
            lambda ids: self._backend.delete([one for one in tasks if one.task_id in ids], before),
        )

    def find(
        self, names: Sequence[str], *, counted: Callable[[str], bool] = every_name
    ) -> dict[str, Task]:
        return self._do("find", names, lambda _: self._backend.find(names, counted=counted))

    def look(self, task_ids: Sequence[str]) -> dict[str, TaskContent]:
        return self._backend.look(task_ids)

    def list(self, *, counted: Callable[[str], bool] = every_name) -> Iterator[Task]:
        return self._backend.list(counted=counted)

    def read(self) -> Iterator[TaskContent]:
        return self._backend.read()

    def storages(self) -> Mapping[str, str] | None:
        return self._backend.storages()

    def close(self) -> None:
        self._backend.close()

    def _do(self, method: str, about: Sequence[str], effect: Callable[[Any], T]) -> T:
        return self._end(method, about, effect, self._begin(method, tuple(about)))

    def _begin(self, method: str, about: tuple[str, ...]) -> Fault:
        self._watch(method, about)
        with self._lock:
            self.calls.append((method, about))
            self._running[method] += 1
            self.most[method] = max(self.most[method], self._running[method])
            fault = self._choose(method, about) or Fault()
        time.sleep(fault.seconds)
        with self._lock:
            self._running[method] -= 1
        return fault

    def _end(
        self, method: str, about: Sequence[str], effect: Callable[[Any], T], fault: Fault
    ) -> T:
        if fault.error is None:
            return effect(about)
        if fault.late is not None:
            threading.Timer(fault.late, effect, [about]).start()
        elif fault.after:
            effect(about[: fault.part])
        raise _another(fault.error)
