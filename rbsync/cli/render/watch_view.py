"""A watch on the screen: a line for what happens, and a last one for how things stand."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from rbsync.applier.breaker import Outage
from rbsync.cli.escaping import one_line
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import complaint, document, event, note, result
from rbsync.cli.render.columns import columns_of, cut
from rbsync.cli.render.numbers import plural
from rbsync.cli.streams import OutputError, flush_out
from rbsync.errors import ExitCode, Problem
from rbsync.model.outcome import Outcome
from rbsync.model.plan import Blocked, Plan
from rbsync.watcher.completeness import Waiting, Why
from rbsync.watcher.telling import Message, Standing

_CLEAR = "\r\x1b[K"
_LONGEST = 30
_SHORT: dict[Why, str] = {
    "quiet": "just changed",
    "writer": "open for writing",
    "group": "not complete",
    "name": "unfinished by name",
}
"""Why a file waits, for a line on which there is little room."""

_VERBS = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "move": "moved",
    "delete": "deleted",
}


class WatchView:
    """Shows what a watch tells, as text or as JSON lines; safe from any thread."""

    def __init__(self, common: CommonOptions) -> None:
        self._common = common
        self._lock = threading.RLock()
        self._has_status = sys.stderr.isatty() and not (common.json or common.quiet)
        self._shown = ""

    def note(self, text: str) -> None:
        """Says what a use case is doing."""
        self._say(text)

    def message(self, message: Message) -> None:
        if self._event("message", code=message.code, message=message.text, hint=message.hint):
            return
        hint = f"\n    {message.hint}" if message.hint else ""
        self._say(f"{message.text}{hint}", is_wrong=True)

    def blocked(self, name: str, problem: Problem) -> None:
        if not self._event("blocked", name=name, reason=problem.code, message=problem.message):
            self._say(f"waits: {name}: {problem.message}", is_wrong=True)

    def waits(self, waiting: Waiting) -> None:
        # Each file has just changed at first: a line for each would bury those that stay.
        if not self._event("waiting", **waiting_json(waiting)) and waiting.why != "quiet":
            self._say(f"waits: {waiting.path}: {waiting.message}")

    def planned(self, plan: Plan) -> None:
        for one in plan.actions:
            kind = type(one).__name__.lower()
            if isinstance(one, Blocked) or self._event("planned", action=kind, name=one.name):
                continue
            self._line(f"{kind} {one.name}")

    def outcome(self, outcome: Outcome) -> None:
        if self._common.json:
            from rbsync.documents.report_document import outcome_json

            self._event("outcome", **outcome_json(outcome))
        elif outcome.failure is not None:
            self._say(f"failed {outcome.name}: {outcome.failure.message}", is_wrong=True)
        elif outcome.result in ("applied", "removed"):
            self._line(f"{_VERBS.get(outcome.action, outcome.action)} {outcome.name}")

    def outage(self, outage: Outage) -> None:
        from rbsync.cli.render.outage_view import show_outage

        with self._lock:
            self._wipe()
            show_outage(self._common, outage)

    def look(self, standing: Standing, seconds: float) -> None:
        facts = {"number": standing.looks, "seconds": round(seconds, 3)}
        counts = {"summary": summary(standing), "waiting": len(standing.waiting)}
        self._event("look", **facts, **counts)
        self.standing(standing)

    def standing(self, standing: Standing) -> None:
        if not self._has_status:
            return
        with self._lock:
            columns = shutil.get_terminal_size().columns
            # One column is left free: a full line wraps, and then it is not cleared as a whole.
            self._shown = fitted(status_parts(standing, time.monotonic()), columns - 1)
            self._draw(_CLEAR + self._shown)

    def close(self) -> None:
        """Takes the status off the screen."""
        with self._lock:
            self._wipe()
            self._has_status = False

    def conclude(self, standing: Standing, left: list[str], code: ExitCode) -> None:
        """Prints how things stand at the end."""
        if self._common.json:
            waiting = [waiting_json(one) for one in standing.waiting]
            found = {"summary": summary(standing), "waiting": waiting, "left": left}
            document(self._common, {**found, "exit_code": int(code)})
        else:
            note(self._common, fitted(status_parts(standing, time.monotonic()), 10_000))

    def _line(self, text: str) -> None:
        # A full disk of its log must not end a watch: state and project know what was done.
        with self._lock, suppress(OutputError):
            self._wipe()
            result(self._common, one_line(text))
            # A pipe gets it only when the buffer is full: hours later, for a watch.
            flush_out()

    def _say(self, text: str, *, is_wrong: bool = False) -> None:
        with self._lock:
            self._wipe()
            shown = "\n".join(one_line(line) for line in text.split("\n"))
            if is_wrong:
                complaint(self._common, shown, fg="yellow")
            else:
                note(self._common, shown)
            self._write_status()

    def _wipe(self) -> None:
        if self._has_status and self._shown:
            self._draw(_CLEAR)

    def _write_status(self) -> None:
        if self._has_status and self._shown:
            self._draw(self._shown)

    def _draw(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            # The terminal was closed, and `nohup` keeps the watch running.
            self._has_status = False

    def _event(self, kind: str, **content: Any) -> bool:
        """Prints an event where JSON is asked for; tells whether it is."""
        if self._common.json_lines:
            with self._lock, suppress(OutputError):
                event(kind, content)
        return self._common.json


def summary(standing: Standing) -> dict[str, int]:
    """The counts of a `WatchCountsPart`."""
    return {
        "looks": standing.looks,
        "created": standing.created,
        "updated": standing.updated,
        "deleted": standing.deleted,
        "failed": standing.failed,
        "blocked": standing.blocked,
    }


def waiting_json(one: Waiting) -> dict[str, Any]:
    """A `WaitingPart`."""
    seconds = round(max(time.monotonic() - one.since, 0.0), 1)
    return {"path": one.path, "why": one.why, "message": one.message, "seconds": seconds}


def status_parts(standing: Standing, now: float) -> list[str]:
    """The parts of the status, the most important first."""
    parts = [f"{standing.done:,} done"]
    if standing.failed:
        parts.append(f"{standing.failed:,} failed")
    count = len(standing.waiting) + standing.blocked
    if count:
        parts.append(f"{count:,} waiting")
    if standing.waiting:
        first = standing.waiting[0]
        reason = f"{_SHORT[first.why]}, {now - first.since:.0f} s"
        parts.append(f"{_end_of(first.path)}: {reason}")
    if standing.in_flight:
        parts.append(f"{standing.in_flight:,} in flight")
    if standing.last_look:
        parts.append(time.strftime("looked %H:%M:%S", time.localtime(standing.last_look)))
    if standing.folders:
        parts.append(plural(standing.folders, "folder"))
    return parts


def _end_of(path: str) -> str:
    """The name of a file, or the end of a long one, which tells it from its neighbours."""
    name = one_line(path.rpartition("/")[2])
    return name if columns_of(name) <= _LONGEST else "…" + name[-_LONGEST // 2 :]


def fitted(parts: list[str], columns: int) -> str:
    """As many of the parts, from the first on, as fit into a line; never a part cut in two."""
    text = one_line(parts[0])
    for part in parts[1:]:
        longer = f"{text} · {one_line(part)}"
        if columns_of(longer) <= columns:
            text = longer
    return cut(text, columns)
