"""Progress: bars on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rbsync.cli.options import CommonOptions
from rbsync.cli.output import note, uses_color
from rbsync.cli.render.numbers import plural, size

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, TaskID

LINE_SECONDS = 10.0


class Meter:
    """Counts things and bytes that are done of those that are to be done; safe from any thread."""

    def __init__(
        self,
        common: CommonOptions,
        verb: str,
        noun: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._common, self._clock = common, clock
        self._verb, self._noun = verb, noun
        self._lock = threading.Lock()
        self._bars: Bars | None = None
        self._things = self._size = self._all_things = self._all_size = 0
        self._last_line = clock()

    def begin(self, things: int, total: int) -> None:
        """So many things and bytes are to be done."""
        self._all_things, self._all_size = things, total
        self._things = self._size = 0
        if not self._common.quiet and _is_terminal(self._common):
            self._bars = Bars(self._common, self._verb, self._noun, things, total)

    def advance(self, things: int, total: int) -> None:
        """So many more are done."""
        with self._lock:
            self._things += things
            self._size += total
            if self._bars is not None:
                self._bars.show(self._things, self._size)
            # In a log every line stays, and a bar would fill it.
            elif self._clock() - self._last_line >= LINE_SECONDS:
                self._last_line = self._clock()
                self._line()

    def _line(self) -> None:
        note(
            self._common,
            f"{self._verb}: {self._things:,} of {plural(self._all_things, self._noun)}, "
            f"{size(self._size)} of {size(self._all_size)}",
        )

    def end(self) -> None:
        """Takes the bars off the screen."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None


class Bars:
    """One bar: things, bytes, rate and the time that is left."""

    def __init__(
        self, common: CommonOptions, verb: str, noun: str, things: int, total: int
    ) -> None:
        self._noun, self._things, self._by_size = noun, things, total > 0
        self._progress: Progress = _progress(common, self._by_size)
        self._task: TaskID = self._progress.add_task(
            verb, total=total or things, things=f"0/{things:,} {noun}s"
        )
        self._progress.start()

    def show(self, things: int, total: int) -> None:
        """Moves the bar."""
        label = f"{things:,}/{self._things:,} {self._noun}s"
        done = total if self._by_size else things
        self._progress.update(self._task, completed=done, things=label)

    def stop(self) -> None:
        self._progress.stop()


def _progress(common: CommonOptions, by_size: bool) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, no_color=not uses_color(common, sys.stderr))
    columns: list[Any] = [
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[things]}"),
    ]
    if by_size:
        columns += [DownloadColumn(binary_units=True), _rate_column()]
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True)


def _rate_column() -> ProgressColumn:
    """Bytes a second, in the units of the column beside it."""
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class RateColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{size(task.speed or 0)}/s", style="progress.data.speed")

    return RateColumn()


def _is_terminal(common: CommonOptions) -> bool:
    return sys.stderr.isatty() and not common.json


@contextmanager
def metered(common: CommonOptions, verb: str, noun: str) -> Iterator[Meter]:
    """A meter that leaves a clean screen however the work ends."""
    meter = Meter(common, verb, noun)
    try:
        yield meter
    finally:
        meter.end()
