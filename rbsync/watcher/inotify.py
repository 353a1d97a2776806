"""Linux's own hints, folder by folder: exactly those that a look has listed are watched.

`watchdog` watches whole trees and is used elsewhere. Here it would not do: of a folder below the
first that cannot be watched, because the limit of watches is reached, it says nothing.

Source: inotify(7).
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from rbsync.stores.state_lock import MOUNTS

_ATTRIB, _CLOSE_WRITE = 0x4, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_UNMOUNT, _OVERFLOW, _IGNORED = 0x2000, 0x4000, 0x8000
_ONLY_FOLDERS, _FOLDER = 0x01000000, 0x40000000
_CLOSE_ON_EXEC = 0o2000000

# Not the events of opening and reading: our own reading would raise them, and look follow look.
# Nor that of each write: the close says it once.
_MASK = (
    _ATTRIB
    | _CLOSE_WRITE
    | _MOVED_FROM
    | _MOVED_TO
    | _CREATE
    | _DELETE
    | _DELETE_SELF
    | _MOVE_SELF
    | _ONLY_FOLDERS
)
_HEAD = struct.Struct("iIII")
_BUFFER = 1 << 16
_ENDS = _MOVE_SELF | _DELETE_SELF | _UNMOUNT | _IGNORED
"""The watch ends, or the folder is at its path no longer."""

# What cannot be watched because it is not there, or may not be looked into, is found by the look.
_NO_FOLDER = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP})


def is_available() -> bool:
    """Tells whether this system has inotify."""
    return hasattr(ctypes.CDLL(None), "inotify_init1")


class Event(NamedTuple):
    """Something that happened to a folder, or to what has a name in it."""

    watch: int
    mask: int
    name: str


class Inotify:
    """Watches folders, each by itself; a thread calls back."""

    tells_folders = True

    def __init__(
        self,
        root: str,
        hint: Callable[[str, Collection[str]], None],
        hint_all: Callable[[], None],
        mounted: Callable[[], None],
    ) -> None:
        """Folders are relative to ``root``, or absolute. Raises OSError.

        ``hint`` gets a folder and the names of files in it of which something was told.
        ``hint_all`` says that any folder may have changed: events were lost, or folders moved.
        ``mounted`` says that some disk was mounted or unmounted, which raises no event in a folder.
        """
        self._root, self._hint, self._hint_all = root, hint, hint_all
        self._mounted = mounted
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._checked(self._libc.inotify_init1(_CLOSE_ON_EXEC))
        self._waker, self._wakes = os.pipe2(os.O_CLOEXEC)
        self._watches: dict[str, int] = {}
        self._folders: dict[int, list[str]] = {}
        self._closes = False
        self._thread = threading.Thread(target=self._run, name="rbsync-inotify", daemon=True)
        self._thread.start()

    def watch(self, folders: Iterable[str]) -> set[str]:
        """Watches these folders and no others, and returns those that were not watched before.

        A folder that was replaced by another of its name is a new one. Raises OSError when the
        system does not allow so many.
        """
        found = dict(self._added(sorted(set(folders))))
        new = {folder for folder, watch in found.items() if self._watches.get(folder) != watch}
        gone = set(self._watches.values()) - set(found.values())
        self._watches, self._folders = found, _turned(found)
        for watch in gone:
            # One whose folder is gone was removed by the kernel already.
            self._libc.inotify_rm_watch(self._descriptor, watch)
        return new

    def _added(self, folders: Iterable[str]) -> Iterator[tuple[str, int]]:
        for folder in folders:
            place = os.fsencode(os.path.join(self._root, folder) if folder else self._root)
            watch = self._libc.inotify_add_watch(self._descriptor, place, _MASK)
            if watch >= 0:
                yield folder, watch
            elif ctypes.get_errno() not in _NO_FOLDER:
                self._checked(watch)

    def is_alive(self) -> bool:
        """Tells whether events still come."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stops watching."""
        self._closes = True
        os.write(self._wakes, b"!")
        # A descriptor closed under the thread could be another file's by the time that it reads.
        self._thread.join()
        for descriptor in (self._descriptor, self._waker, self._wakes):
            os.close(descriptor)

    def _run(self) -> None:
        try:
            self._listen()
        finally:
            # Whoever waits for hints has to notice that none will come.
            self._hint_all()

    def _listen(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(self._waker, select.POLLIN)
        with open(MOUNTS, "rb") as mounts:
            # The kernel reports a changed table as an exceptional condition of the file.
            poll.register(mounts, select.POLLPRI)
            while not self._closes:
                ready = {descriptor for descriptor, _ in poll.poll()}
                if mounts.fileno() in ready:
                    self._mounted()
                if self._descriptor in ready and not self._closes:
                    self._take(os.read(self._descriptor, _BUFFER))

    def _take(self, data: bytes) -> None:
        told: dict[str, set[str]] = {}
        is_all = False
        for event in _events(data):
            folders = self._folders.get(event.watch, ())
            # A burst of more events than the system keeps ends in one of no folder that says so.
            if not folders and not event.mask & _OVERFLOW:
                continue
            # What lies below a folder that moved has another path now, and may be unwatched.
            is_all |= bool(event.mask & (_OVERFLOW | _FOLDER | _ENDS))
            for folder in folders:
                told.setdefault(folder, set()).add(event.name)
        if is_all:
            self._hint_all()
        for folder, names in told.items():
            self._hint(folder, names)

    def _checked(self, result: int) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result


def _turned(watches: dict[str, int]) -> dict[int, list[str]]:
    """The folders of each watch: two paths may lead to one folder."""
    folders: dict[int, list[str]] = {}
    for folder, watch in watches.items():
        folders.setdefault(watch, []).append(folder)
    return folders


def _events(data: bytes) -> Iterator[Event]:
    at = 0
    while at < len(data):
        watch, mask, _, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        name = data[at : at + length].rstrip(b"\0")
        at += length
        yield Event(watch, mask, os.fsdecode(name))
