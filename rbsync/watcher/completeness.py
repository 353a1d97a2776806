"""Which files are finished: quiet, without a writer, and not told to be unfinished by a name."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from rbsync.files.readiness import Group
from rbsync.files.roots import Roots
from rbsync.trust.places import is_below
from rbsync.watcher import lease
from rbsync.watcher.disks import exported_folders, has_hole, shared_kind
from rbsync.watcher.instances import Counts, Instances
from rbsync.watcher.quiet import Growth, last_change, needed, next_pause

Why = Literal["quiet", "writer", "group", "name"]

_FOREVER = float("inf")
# Programs that download write under such names first. An editor leaves old texts under `~`.
UNFINISHED = (".part", ".tmp", ".crdownload", "~")
LONG_OPEN = 600.0
_WRITER = "somebody has it open for writing"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file, or a datapoint of several, that is not finished.

    ``since`` and ``due``, when it is asked again, are in seconds of `time.monotonic`; ``changed``
    is the time of its last change (ns of the wall clock).
    """

    path: str
    why: Why
    message: str
    since: float
    due: float
    changed: int
    pause: float = 0.0


class Completeness:
    """Asks of each file whether it is finished, and remembers those that are not.

    For any number of threads. Satisfies ``Readiness``.
    """

    def __init__(
        self,
        root: str,
        *,
        settle: float,
        group: float,
        probe: Callable[[int], lease.Answer] = lease.probe,
        shared: Callable[[str], str] = shared_kind,
        exported: Callable[[], tuple[str, ...]] = exported_folders,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        """``settle`` and ``group`` are for how many seconds a file and a folder stand still."""
        self._root, self._settle, self._group = root, settle, group
        self._probe, self._shared = probe, shared
        self._clock, self._wall = clock, wall
        self._lock = threading.Lock()
        self._waiting: dict[str, Waiting] = {}
        self._growth: dict[str, Growth] = {}
        self._kinds: dict[int, str] = {}
        self._real_root, self._exported = os.path.realpath(root), exported()
        self._ignored: set[str] = set()
        self._grouped: set[str] = set()
        self._instances = Instances(root)
        self.assumed = ""
        """The first datapoint that was taken for complete because its folder had become quiet."""
        self.unproven: dict[str, str] = {}
        """Why no lease proves anything, each with a file that it was met at."""

    def before_reading(self, descriptor: int, path: str) -> str:
        """Returns why a file may not be read yet; empty when it may."""
        objection = self._objection(descriptor, path)
        if not objection:
            self._forget(path)
        return objection

    def _objection(self, descriptor: int, path: str) -> str:
        name = os.path.basename(path)
        if name.startswith(".") or name.endswith(UNFINISHED) or self._is_downloaded(path):
            return self._wait(path, "name", "its name says that it is not finished", 0, 60.0)
        found = os.fstat(descriptor)
        answer = self._asked(descriptor, path, found.st_dev)
        if answer == "writer" and path not in self._ignored:
            return self._wait(path, "writer", _WRITER, found.st_ctime_ns)
        left = self._unquiet(descriptor, path, found, proven=answer == "free")
        if left > 0:
            changed = last_change(found.st_mtime_ns, found.st_ctime_ns, self._wall())
            return self._wait(path, "quiet", "it has just changed", changed, left)
        return ""

    def after_reading(self, descriptor: int, path: str, ctime: int) -> str:
        """Returns why what was read and sent may be half a file; empty when it is whole."""
        found = os.fstat(descriptor)
        if found.st_ctime_ns != ctime:
            # Whoever opened it again and closed it may not have been at its end.
            return self._wait(path, "quiet", "it changed while it was sent", found.st_ctime_ns)
        if self._probe(descriptor) == "writer" and path not in self._ignored:
            return self._wait(path, "writer", _WRITER, found.st_ctime_ns)
        return ""

    def before_group(self, group: Group) -> str:
        """Returns why files that belong together may not be complete; empty when they are."""
        counts = self._instances.wanted(group)
        if counts is not None:
            return self._counted(group, counts)
        left = self._group - self._quiet(group)
        if left <= 0:
            if group.name in self._grouped:
                self._grouped.discard(group.name)
                self.assumed = self.assumed or group.name
            self._forget(group.name)
            return ""
        self._grouped.add(group.name)
        message = f"its folder is to be quiet for {self._group:g} s, as nothing says that it is all"
        return self._wait(group.name, "group", message, group.changed, left)

    def _counted(self, group: Group, counts: Counts) -> str:
        """Asks what the headers of DICOM files say: of how many their series are made."""
        if counts.found >= counts.wanted:
            self._forget(group.name)
            return ""
        message = f"{counts}; if no more will come, say `complete_when: {{count: {counts.all}}}`"
        return self._wait(group.name, "group", message, group.changed, _FOREVER)

    def group_waits(self, group: Group, why: str) -> None:
        """A group is not complete by what the manifest says; an event will tell when it is."""
        self._wait(group.name, "group", why, group.changed, _FOREVER)

    def ignore_writers(self, paths: Iterable[str]) -> None:
        """Files count as finished although somebody has them open, once they stand still."""
        self._ignored.update(paths)

    def _quiet(self, group: Group) -> float:
        """Returns for how many seconds no file of a group has changed."""
        newest = self._newest(group)
        age = (self._wall() - newest) / 1e9
        if age >= 0:
            return age
        # A clock that was set back leaves all times ahead of it: only what was seen here counts.
        return self._clock() - self._seen(group.name, (len(group.paths), newest, 0)).changed

    def _newest(self, group: Group) -> int:
        changed = group.changed
        # A file that was deleted or renamed shows in its folder's time alone.
        for folder in group.folders:
            with suppress(OSError):
                changed = max(changed, os.stat(os.path.join(self._root, folder)).st_mtime_ns)
        return changed

    def waiting(self) -> list[Waiting]:
        """All that waits, sorted by path."""
        with self._lock:
            return sorted(self._waiting.values(), key=lambda one: one.path)

    def next_due(self) -> float:
        """Returns when the first of them is to be asked again; infinity without any."""
        with self._lock:
            return min((one.due for one in self._waiting.values()), default=float("inf"))

    def ask_again(self, roots: Roots) -> bool:
        """Asks those that are due; True when one of them is finished, or gone."""
        now = self._clock()
        with self._lock:
            due = [one for one in self._waiting.values() if one.due <= now]
        over = [self._is_over(one, roots) for one in due]
        return any(over)

    def _is_over(self, one: Waiting, roots: Roots) -> bool:
        # A group has no file of its own to open: only a look can list its files anew.
        if one.why == "group":
            self._ask_no_more(one.path)
            return True
        try:
            descriptor = roots.open_file(one.path)
        except OSError:
            self._forget(one.path)
            return True
        try:
            is_over = not self._objection(descriptor, one.path)
        except OSError:
            # A server may have forgotten the file since it was opened. The look tells what is so.
            is_over = True
        finally:
            os.close(descriptor)
        if is_over:
            self._ask_no_more(one.path)
        return is_over

    def _ask_no_more(self, path: str) -> None:
        # Since when it stands still stays known. The look that comes now asks once more, and
        # where no lease proves anything it would begin to wait anew, for ever.
        with self._lock:
            self._waiting.pop(path, None)

    def look_begins(self) -> None:
        """Forgets groups and files that are gone: a look finds again what still waits."""
        with self._lock:
            self._ignored.clear()
            for one in list(self._waiting.values()):
                if one.why == "group":
                    del self._waiting[one.path]
                elif not os.path.lexists(os.path.join(self._root, one.path)):
                    del self._waiting[one.path]
                    self._growth.pop(one.path, None)

    def _asked(self, descriptor: int, path: str, device: int) -> lease.Answer:
        answer = self._probe(descriptor)
        if answer == "unknown":
            self.unproven.setdefault("a file is another user's, or its disk has no leases", path)
        # The table of mounts is read once a disk: a folder may hold a hundred thousand files.
        if device not in self._kinds:
            self._kinds[device] = self._shared(os.path.join(self._root, path))
        kind = self._kinds[device] or self._served_as(path)
        if kind and answer == "free":
            self.unproven.setdefault(f"it lies on {kind}, where others may write unseen", path)
            return "unknown"
        return answer

    def _served_as(self, path: str) -> str:
        """The way in which a folder is given to other machines; empty for none."""
        place = os.path.join(self._real_root, path)
        is_served = any(is_below(place, folder) for folder in self._exported)
        return "a folder that NFS 3 serves" if is_served else ""

    def _unquiet(self, descriptor: int, path: str, found: os.stat_result, *, proven: bool) -> float:
        """Returns for how many seconds a file has to stand still yet."""
        version = (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        age = (self._wall() - found.st_ctime_ns) / 1e9
        seen = self._seen(path, version)
        # The times of a disk of this machine are of the same clock as ours. Those of a server are
        # not: there only what was seen here counts.
        quiet = age if proven and age >= 0 else self._clock() - seen.changed
        wanted = needed(self._settle, found.st_size, seen.longest, proven=proven)
        return (wanted if proven else max(wanted, self._patience(descriptor, found))) - quiet

    def _seen(self, path: str, version: tuple[int, int, int]) -> Growth:
        """Notes the sight of a file or a group."""
        now = self._clock()
        with self._lock:
            known = self._growth.get(path)
            seen = known.seen(version, now) if known else Growth(version, now)
            self._growth[path] = seen
        return seen

    def _patience(self, descriptor: int, found: os.stat_result) -> float:
        """Returns for how long at least a file stands still whose writers nobody sees."""
        # Where length was allocated and nothing written yet, more is likely to come. Not for ever:
        # some programs and disks leave out zeros.
        return self._group if has_hole(descriptor, found.st_size) else 0.0

    def _wait(self, path: str, why: Why, message: str, changed: int, left: float = 0.0) -> str:
        now = self._clock()
        with self._lock:
            before = self._waiting.get(path)
            # Since when it waits must last over looks, or `tell_long_open` would never speak.
            if before is None or before.why != why:
                before = Waiting(path, why, message, now, now, changed)
            pause = next_pause(before.pause)
            due = now + (left if left > 0 else pause)
            self._waiting[path] = replace(
                before, message=message, changed=changed, pause=pause, due=due
            )
        return message

    def _forget(self, path: str) -> None:
        with self._lock:
            self._waiting.pop(path, None)
            self._growth.pop(path, None)

    def _is_downloaded(self, path: str) -> bool:
        # aria2 writes under the final name, and keeps this file beside it until it is done.
        return os.path.lexists(os.path.join(self._root, path + ".aria2"))
