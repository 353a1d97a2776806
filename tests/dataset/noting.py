"""Notes what a dataset's reading decodes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any


class Noting(Executor):
    """Passes work on, and notes the files of that which is done by ``decode``."""

    def __init__(self, executor: Executor, decode: Callable[..., Any], decoded: list[str]) -> None:
        self._executor, self._decode, self._decoded = executor, decode, decoded

    def submit(self, work: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        if isinstance(work, partial) and work.func is self._decode:
            self._decoded += [one.ref for one in work.args[1]]
        return self._executor.submit(work, *args, **options)
