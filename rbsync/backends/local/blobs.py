"""Files by their content: ``blobs/xxh3/ab/abcdef…``."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from typing import BinaryIO, NamedTuple
from uuid import uuid4

from rbsync.backends.base import Body, Collected
from rbsync.backends.local.disk import (
    Clone,
    copy,
    hash_of,
    make_folder,
    reflink,
    sync_folder,
    sync_together,
)
from rbsync.backends.local.disk_failures import disk_failures
from rbsync.backends.local.incoming import Incoming
from rbsync.errors import BackendError
from rbsync.model.fingerprint import Algorithm, algorithm_of
from rbsync.model.known_texts import KnownTexts

ROOT = "blobs"
DAY = 86400.0
ARRIVING = 60.0
"""Seconds for which a file that is being received is not taken for one that was left behind."""
_INCOMING = "incoming"
# Exactly this form and no other, since refs come from clients of the service too:
# `blobs/../../etc/passwd` must be no path of ours.
_REF = re.compile(
    rf"{ROOT}/(xxh3/([0-9a-f]{{2}})/\2[0-9a-f]{{30}}|sha256/([0-9a-f]{{2}})/\3[0-9a-f]{{62}})"
)
# An editor that opens a stored file must not be able to save it: its name is its content.
_READ_ONLY = 0o444


class Damage(NamedTuple):
    """A stored file that is not what it is said to be. ``reason`` is ``missing`` or ``changed``."""

    ref: str
    reason: str


def ref_of(content: str) -> str:
    """Returns where the file with a content identity is kept."""
    algorithm, digest = content.split(":")
    return f"{ROOT}/{algorithm}/{digest[:2]}/{digest}"


def is_ref(ref: str) -> bool:
    """Tells whether a ref is that of a stored file, and so safe to be made a path of."""
    return _REF.fullmatch(ref) is not None


def content_of(ref: str) -> str:
    """The content identity that a ref promises."""
    _, algorithm, _, digest = ref.split("/")
    return f"{algorithm}:{digest}"


class _Arrived(NamedTuple):
    """A file that was received whole, at ``temporary``, and that no power cut may take yet."""

    temporary: str
    size: int


class _Temporary:
    """A new file. ``is_left`` says that whoever made it goes on with it."""

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.is_left = False


class Blobs:
    """The stored files of the project in ``folder``. Never changed once they are there.

    Any number of threads may use it.
    """

    def __init__(self, folder: str, clone: Clone = reflink) -> None:
        self._folder = folder
        self._clone = clone
        self._prefix = uuid4().hex
        self._numbers = count()
        self._incoming = ""
        self._disk: int | None = None
        self._arrived: dict[str, _Arrived] = {}
        self._lock = threading.Lock()
        self._settling = threading.Lock()

    @property
    def folder(self) -> str:
        """The folder of the project."""
        return self._folder

    def store(self, body: Body, algorithm: Algorithm) -> str:
        """Stores a file's bytes and returns their ref; they are durable then.

        Raises BackendError, and leaves nothing behind.
        """
        with disk_failures("store a file in the project"), self._temporary() as made:
            ref = ref_of(copy(body, made.descriptor, algorithm, self._clone))
            self._keep(made.path, made.descriptor, ref)
            return ref

    def receive(self, body: Body, algorithm: Algorithm) -> str:
        """Takes in a file's bytes and returns their ref; `settle` makes them durable.

        Raises BackendError, and leaves nothing behind.
        """
        # Windows syncs no folder and no file that is only read.
        if os.name == "nt":
            return self.store(body, algorithm)
        with disk_failures("store a file in the project"), self._temporary() as made:
            ref = ref_of(copy(body, made.descriptor, algorithm, self._clone))
            size = os.fstat(made.descriptor).st_size
            with self._lock:
                made.is_left = ref not in self._arrived
                if made.is_left:
                    self._arrived[ref] = _Arrived(made.path, size)
            return ref

    def settle(self) -> None:
        """Makes durable all that was received so far. Raises BackendError, and then none of it is
        stored.
        """
        # One at a time: what another thread has taken is durable, or lost, when it is our turn.
        with self._settling:
            with self._lock:
                group, self._arrived = self._arrived, {}
            if group:
                self._settle(group)

    def _settle(self, group: Mapping[str, _Arrived]) -> None:
        assert self._disk is not None  # noqa: S101  (opened before anything arrived)
        left = {one.temporary for one in group.values()}
        try:
            with disk_failures("store files in the project"):
                # In this order, as for a single file: content, then names, then folders.
                sync_together(left, self._disk)
                folders = {self._name(ref, one, left) for ref, one in group.items()}
                sync_together(folders, self._disk)
        finally:
            for path in left:
                with suppress(OSError):
                    os.unlink(path)

    def _name(self, ref: str, arrived: _Arrived, left: set[str]) -> str:
        """Gives a file its name unless it is there already; returns the folder that has it."""
        path = self._path(ref)
        folder = os.path.dirname(path)
        if not self._refresh(path, arrived.size):
            make_folder(folder)
            os.replace(arrived.temporary, path)
            left.discard(arrived.temporary)
        return folder

    @contextmanager
    def receiving(self, algorithm: Algorithm) -> Iterator[Incoming]:
        """A file to be written piece by piece, then kept; nothing is left of it otherwise."""
        with disk_failures("store a file in the project"), self._temporary() as made:
            yield Incoming(made.path, made.descriptor, algorithm)

    def keep(self, incoming: Incoming) -> str:
        """Stores what was received and returns its ref; it is durable then."""
        ref = ref_of(incoming.content())
        with disk_failures("store a file in the project"):
            self._keep(incoming.temporary, incoming.descriptor, ref)
        return ref

    @contextmanager
    def _temporary(self) -> Iterator[_Temporary]:
        """A new file, which is gone afterwards unless it was moved or is left."""
        made = self._new()
        try:
            yield made
        finally:
            os.close(made.descriptor)
            if not made.is_left:
                with suppress(FileNotFoundError):
                    os.unlink(made.path)

    def _new(self) -> _Temporary:
        path = f"{self._into()}/{self._prefix}{next(self._numbers)}"
        # O_RDWR, since a clone has to be read again to be hashed.
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        try:
            return _Temporary(path, os.open(path, flags, _READ_ONLY))
        except FileNotFoundError:
            # Somebody removed the project meanwhile; whoever asks for a task then is told so.
            make_folder(os.path.dirname(path))
            return _Temporary(path, os.open(path, flags, _READ_ONLY))

    def _into(self) -> str:
        """The folder of what is on its way in, made when it is first needed."""
        with self._lock:
            if not self._incoming:
                folder = os.path.join(self._folder, ROOT, _INCOMING)
                make_folder(folder)
                # From now on it is told of each page of this disk that cannot be written.
                self._disk = os.open(folder, os.O_RDONLY)
                self._incoming = folder
            return self._incoming

    def _keep(self, temporary: str, descriptor: int, ref: str) -> None:
        path = self._path(ref)
        folder = os.path.dirname(path)
        # The size is compared as well: a crash of the disk may have left an empty file under the
        # name.
        if self._refresh(path, os.fstat(descriptor).st_size):
            sync_folder(folder)
            return
        # In this order: content, then name, then folder. A power cut in between leaves an
        # unfinished file that nobody names.
        os.fsync(descriptor)
        make_folder(folder)
        os.replace(temporary, path)
        sync_folder(folder)

    def _refresh(self, path: str, size: int) -> bool:
        """Tells whether the file is there already; makes it young, so that it is not garbage."""
        try:
            if os.stat(path).st_size != size:
                return False
            with suppress(PermissionError):  # the file of somebody else who works here
                os.utime(path)
        except FileNotFoundError:
            return False
        return True

    def _path(self, ref: str) -> str:
        return os.path.join(self._folder, *ref.split("/"))

    def missing(self, refs: Iterable[str]) -> list[str]:
        """Those of the refs that look like ours and have no file."""
        return [one for one in refs if is_ref(one) and not os.path.exists(self._path(one))]

    def size(self, refs: Iterable[str]) -> int | None:
        """The bytes of files together; None where one is not kept here, or is gone."""
        with suppress(OSError):
            paths = [self._path(one) if is_ref(one) else "" for one in refs]
            return sum(os.stat(one).st_size for one in paths)
        return None

    def open(self, ref: str) -> BinaryIO:
        """A stored file, to be read. Raises BackendError."""
        if not is_ref(ref):
            raise BackendError(f"{ref} is not a file of the project", kind="invalid")
        if ref in self._arrived:
            self.settle()
        with disk_failures(f"open {ref}"):
            return open(self._path(ref), "rb")

    def damage(self, refs: Iterable[str]) -> Iterator[Damage]:
        """Reads stored files again, and answers those that are not what they should be."""
        for ref in refs:
            if not is_ref(ref):
                continue
            if self.missing([ref]):
                yield Damage(ref, "missing")
            elif self._rehash(ref) != content_of(ref):
                yield Damage(ref, "changed")

    def _rehash(self, ref: str) -> str:
        with self.open(ref) as file, disk_failures(f"read {ref}"):
            return hash_of(file.fileno(), algorithm_of(content_of(ref)))

    def collect(self, used: Container[str], grace: float = DAY) -> Collected:
        """Removes the files that are not used and older than ``grace`` seconds.

        Younger ones may belong to a datapoint that is just being created.
        """
        files = size = 0
        oldest = time.time() - grace
        for ref, path in self._stored():
            if ref in used:
                continue
            with disk_failures("remove an unused file"), suppress(FileNotFoundError):
                found = os.stat(path)
                # Uploads come before the datapoint that names them. A day is longer than any run
                # between the two.
                # What has no name yet may be on its way in.
                limit = oldest if is_ref(ref) else min(oldest, time.time() - ARRIVING)
                if found.st_mtime <= limit:
                    os.unlink(path)
                    files += 1
                    size += found.st_size
        return Collected(files, size)

    def present(self) -> KnownTexts:
        """The refs of all files that are there, as one listing tells them."""
        return KnownTexts(ref for ref, _ in self._stored() if is_ref(ref))

    def close(self) -> None:
        """Stores what was received and that nobody asked for yet; the next call opens all again."""
        with suppress(BackendError):
            self.settle()
        with self._lock:
            if self._disk is not None:
                os.close(self._disk)
            self._disk, self._incoming = None, ""

    def _stored(self) -> Iterator[tuple[str, str]]:
        """Refs and paths of all files, those included that a crash left half-written."""
        root = os.path.join(self._folder, ROOT)
        # Not by the database: what is to be found are files that it does not know.
        for folder, _, names in os.walk(root):
            inside = os.path.relpath(folder, self._folder).replace(os.sep, "/")
            for name in names:
                yield f"{inside}/{name}", os.path.join(folder, name)
