"""The highest serial of each state that this machine has seen, kept away from the state.

A copy of an older state, put back in the newer one's place, says what was true once: it would plan
nothing where much is wrong. The service cannot be asked for its newest stamp without reading all
of it, so the number is kept where nobody who restores a folder puts it back too.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import replace

from rbsync.backends.base import Mark
from rbsync.errors import StateError
from rbsync.model.record import Header
from rbsync.stores.base import Store, Writer

HINT = "the project has moved on since that copy was made: run `rbsync refresh`, then plan again"


MOST = 10**18
"""Serials below it are those of runs."""


def newest_header(reader: Store | Writer) -> Header | None:
    """The header of a state; None when there is none.

    Raises StateError for one that is older than one of its lineage that was seen here.
    """
    header = reader.header()
    if header is None or header.serial >= (seen := _seen(header.lineage)):
        return header
    # Another run may have gone on, and told its number, since the header was read.
    header = reader.header()
    if header is not None and header.serial < seen:
        raise put_back(header.serial, seen)
    return header


def certain_header(store: Store) -> Header | None:
    """The header of a state that knows all that its runs have left; None where one is under way.

    To be asked after the tasks are: a run that ended meanwhile has put its results in it.
    """
    return store.header() if store.is_settled() else None


def check_marks(
    header: Header | None, marks: Iterable[Mark], certain: Callable[[], Header | None]
) -> None:
    """Raises StateError when a task was left by a later run of this very state than it knows of.

    ``header`` is what was known of the state, and ``certain`` reads it anew: None while a run is
    under way, which has not put its results in it yet.
    """
    if header is None or (newest := newest_mark(header, marks)) <= header.serial:
        return
    now = certain()
    if now is not None and newest > now.serial:
        raise put_back(now.serial, newest)


def newest_mark(header: Header, marks: Iterable[Mark]) -> int:
    """Returns the highest serial that runs of a state have left in tasks, 0 for none."""
    known = (one.serial for one in marks if one.lineage == header.lineage)
    # Anybody may write metadata, and no state can hold more.
    return max((one for one in known if one < MOST), default=0)


def put_back(serial: int, seen: int) -> StateError:
    """Returns what is said of a state that is a copy of an older one."""
    message = f"the state is an older one that was put back: its serial is {serial}, not {seen}"
    return StateError(message, hint=HINT)


def remember_newest(header: Header, *, is_refreshed: bool = False) -> None:
    """Remembers a serial; where that cannot be written, an older state is not noticed.

    A lower one than before counts only with ``is_refreshed``: the state was made as the project is.
    """
    seen = _seen(header.lineage)
    if header.serial == seen or (header.serial < seen and not is_refreshed):
        return
    path = _path(header.lineage)
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        draft = f"{path}.{os.getpid()}"
        with open(draft, "w", encoding="ascii") as file:
            file.write(f"{header.serial}\n")
        os.replace(draft, path)


def remember_edit(before: Header, after: Header) -> None:
    """Remembers a state that was changed by hand, which makes no newer one of an older one."""
    behind = max(0, _seen(before.lineage) - before.serial)
    remember_newest(replace(after, serial=after.serial + behind))


def _seen(lineage: str) -> int:
    try:
        with open(_path(lineage), encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0


def _path(lineage: str) -> str:
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    # A lineage comes from a file, and must not lead out of the folder.
    name = "".join(letter for letter in lineage if letter.isalnum() or letter == "-")
    return os.path.join(home, "rbsync", f"{name}.serial")
