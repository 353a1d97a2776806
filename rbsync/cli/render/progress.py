"""Progress: bars on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rbsync.cli.escaping import one_line
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import complaint, note, uses_color
from rbsync.cli.render.numbers import duration, plural, rough, size
from rbsync.cli.render.screen import is_screen, shortened, width_of

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, TaskID

LINE_SECONDS = 10.0
FAILURES = 5
"""Failures that are told as they happen."""


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
        self._things = self._size = self._all_things = self._all_size = self._failed = 0
        self._last_line = clock()
        self._began = clock()

    def begin(self, things: int, total: int) -> None:
        """So many things and bytes are to be done."""
        self._all_things, self._all_size = things, total
        self._things = self._size = self._failed = 0
        self._began = self._clock()
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

    def did(self, name: str, failure: str = "") -> None:
        """One more thing is done; why it failed, if it did, is told on a terminal at once.

        Of many failures only the first few are, for what comes at the end has them all.
        """
        with self._lock:
            self._failed += bool(failure)
            if self._bars is not None:
                self._bars.place(name.rpartition("/")[0], self._failed)
                if failure and self._failed <= FAILURES:
                    text = shortened(one_line(f"failed: {name}: {failure}"), self._bars.width)
                    complaint(self._common, text, fg="red")
        self.advance(1, 0)

    def _line(self) -> None:
        failed = f", {self._failed:,} failed" if self._failed else ""
        note(
            self._common,
            f"{self._verb}: {self._things:,} of {plural(self._all_things, self._noun)}, "
            f"{size(self._size)} of {size(self._all_size)}{failed}",
        )

    def took(self) -> str:
        """Says how long it took, and how many things and bytes that is a second.

        Of what is done at once nothing is said: it has no rate that means anything.
        """
        seconds = self._clock() - self._began
        if seconds < 1:
            return ""
        rates = [f"{rough(self._things / seconds)} {self._noun}s/s"] if self._things else []
        rates += [f"{size(self._size / seconds)}/s"] if self._size else []
        return f"Took {duration(seconds)}{': ' * bool(rates)}{', '.join(rates)}."

    def end(self) -> None:
        """Takes the bars off the screen."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None


class Bars:
    """One bar: things, bytes, rate and the time that is left; below it the folder at work."""

    def __init__(
        self, common: CommonOptions, verb: str, noun: str, things: int, total: int
    ) -> None:
        self._noun, self._things, self._by_size = noun, things, total > 0
        self.width = width_of(sys.stderr)
        self._progress: Progress = _progress(common, self._by_size, self.width)
        self._task: TaskID = self._progress.add_task(
            verb, total=total or things, things=f"0/{things:,} {noun}s", below=""
        )
        self._progress.start()

    def show(self, things: int, total: int) -> None:
        """Moves the bar."""
        label = f"{things:,}/{self._things:,} {self._noun}s"
        done = total if self._by_size else things
        self._progress.update(self._task, completed=done, things=label)

    def place(self, folder: str, failed: int) -> None:
        """Says which folder is at work, and how many things failed."""
        parts = [f"{failed:,} failed"] * bool(failed) + [folder] * bool(folder)
        below = shortened(one_line(f"  {' · '.join(parts)}"), self.width) if parts else ""
        self._progress.update(self._task, below=below)

    def stop(self) -> None:
        self._progress.stop()


_WIDE, _MIDDLE = 90, 55
"""Columns from which on a line has room for everything, and for a bar."""


def _progress(common: CommonOptions, by_size: bool, width: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as LeftColumn

    console = Console(stderr=True, no_color=not uses_color(common, sys.stderr), width=width)
    things = TextColumn("{task.fields[things]}", markup=False)
    columns: list[Any] = [TextColumn("{task.description}")]
    # What does not fit would be cut off at the right, the numbers first.
    if width >= _WIDE:
        columns += [BarColumn(), things]
        columns += [DownloadColumn(binary_units=True), _rate_column()] if by_size else []
        columns += [LeftColumn()]
    elif width >= _MIDDLE:
        columns += [BarColumn(10), things, LeftColumn(compact=True)]
    else:
        columns += [things, TaskProgressColumn()]
    return _with_a_line_below()(*columns, console=console, transient=True)


def _with_a_line_below() -> type[Progress]:
    """The bars of rich, with a line of plain text below them."""
    from rich.console import RenderableType
    from rich.progress import Progress
    from rich.text import Text

    class BarsAndLine(Progress):
        def get_renderables(self) -> Iterator[RenderableType]:
            yield from super().get_renderables()
            # Names of others: as text, in which nothing is markup.
            yield from (Text(one.fields["below"]) for one in self.tasks if one.fields["below"])

    return BarsAndLine


def _rate_column() -> ProgressColumn:
    """Bytes a second, in the units of the column beside it."""
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class RateColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{size(task.speed or 0)}/s", style="progress.data.speed")

    return RateColumn()


def _is_terminal(common: CommonOptions) -> bool:
    return is_screen(sys.stderr) and not common.json


@contextmanager
def metered(common: CommonOptions, verb: str, noun: str) -> Iterator[Meter]:
    """A meter that leaves a clean screen however the work ends."""
    meter = Meter(common, verb, noun)
    try:
        yield meter
    finally:
        meter.end()
