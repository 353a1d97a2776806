"""Files by the path that the service's clients know them by, before and after a task has them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

from rbsync.backends.local.blobs import Blobs
from rbsync.backends.local.database import Database
from rbsync.backends.local.incoming import Incoming
from rbsync.model.fingerprint import Algorithm


class Upload(NamedTuple):
    """``ref`` is where the bytes are; ``type`` and ``encoding`` are those of HTTP, or empty."""

    path: str
    ref: str
    size: int
    type: str
    encoding: str


class Uploads:
    """The files that were sent to a project. Raises BackendError."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    @contextmanager
    def receiving(self, algorithm: Algorithm = "xxh3") -> Iterator[Incoming]:
        """A file to be written piece by piece; nothing is left of it unless ``keep`` is called."""
        with self._blobs.receiving(algorithm) as incoming:
            yield incoming

    def store(self, incoming: Incoming) -> str:
        """Stores what was received, durably, and returns its ref."""
        return self._blobs.keep(incoming)

    def keep(self, upload: Upload) -> None:
        """Gives a stored file its path, durably; replaces what had it."""
        with self._database.writing() as connection:
            # A client that repeats an upload after a lost answer sends to the same path.
            connection.execute("INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?, ?)", upload)

    def find(self, paths: Iterable[str]) -> dict[str, Upload]:
        """Those of the paths that were uploaded."""
        with self._database.reading() as connection:
            return dict(_found(connection, paths)) if connection else {}

    def open(self, upload: Upload) -> BinaryIO:
        """The bytes of an upload, to be read."""
        return self._blobs.open(upload.ref)


def _found(connection: sqlite3.Connection, paths: Iterable[str]) -> Iterator[tuple[str, Upload]]:
    for path in paths:
        row = connection.execute("SELECT * FROM uploads WHERE path = ?", (path,)).fetchone()
        if row:
            yield path, Upload(*row)
