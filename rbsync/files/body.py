"""An open file that is to be sent, hashed while it is read."""

from __future__ import annotations

import os
import stat

from rbsync.files.file_facts import BUFFER, ChangingError, stat_of
from rbsync.files.kinds import HEAD, sniff
from rbsync.files.readiness import ALWAYS, Readiness
from rbsync.files.roots import Roots
from rbsync.model.fingerprint import Algorithm, new_hasher


class FileBody:
    """A file's bytes up to the size that it had when it was opened.

    The file stays open as the one that was checked, whatever becomes of its name. Satisfies
    ``backends.base.Body``.
    """

    def __init__(
        self,
        descriptor: int,
        name: str,
        algorithm: Algorithm,
        readiness: Readiness = ALWAYS,
        path: str = "",
    ) -> None:
        self._readiness, self._path = readiness, path
        found = os.fstat(descriptor)
        # A pipe has no size and ends when its writer likes.
        if not stat.S_ISREG(found.st_mode):
            raise OSError(f"{name} is not a regular file")
        self.name = name
        self.size = found.st_size
        self.stat = stat_of(found)
        self.algorithm: Algorithm = algorithm
        # A buffer would read past the size that was fixed, and hash bytes that are never sent.
        self._file = open(descriptor, "rb", buffering=0)  # noqa: SIM115  (closed by close)
        self.rewind()

    def read(self, size: int = -1, /) -> bytes:
        """At most what is left of the file's size; empty at its end."""
        # A file that grows while it is sent is sent as it was when it was opened; the hash then
        # tells that it changed.
        left = self.size - self._read
        data = self._file.read(left if size < 0 else min(size, left)) if left else b""
        self._read += len(data)
        self._hasher.update(data)
        return data

    def fileno(self) -> int:
        return self._file.fileno()

    def rewind(self) -> None:
        """Starts again from the first byte."""
        self._file.seek(0)
        self._read = 0
        self._hasher = new_hasher(self.algorithm)

    def content(self) -> str:
        """The content identity of what was read; raises ValueError before the end is reached.

        Raises ChangingError when somebody may still be writing the file.
        """
        if self._read != self.size:
            raise ValueError(f"{self.name}: {self._read} of {self.size} bytes were read")
        # A store through a mapping moves no time that could be compared: only whoever asks for
        # writers sees it.
        if objection := self._asked_again():
            raise ChangingError(f"{self.name}: {objection}")
        return f"{self.algorithm}:{self._hasher.hexdigest()}"

    def _asked_again(self) -> str:
        return self._readiness.after_reading(self.fileno(), self._path, self.stat.ctime)

    def whole(self, limit: int) -> bytes:
        """All bytes at once.

        Raises OSError over the limit, and ChangingError when the file is written to meanwhile.
        """
        if self.size > limit:
            raise OSError(f"{self.name} has {self.size} bytes; the limit is {limit}")
        self.rewind()
        data = b"".join(iter(lambda: self.read(BUFFER), b""))
        # A writer that keeps the size leaves half old and half new bytes. Only the times tell.
        if len(data) != self.size or stat_of(os.fstat(self.fileno())) != self.stat:
            raise ChangingError(f"{self.name} was written to while it was read")
        return data

    def media(self) -> str:
        """The MIME type by the first bytes."""
        return sniff(os.pread(self.fileno(), HEAD, 0)).media

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> FileBody:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_body(roots: Roots, path: str, algorithm: Algorithm) -> FileBody:
    """Opens a file to be sent. Raises OSError, and OutsideError for a path that leads out."""
    descriptor = roots.open_file(path)
    try:
        return FileBody(descriptor, os.path.basename(path), algorithm, roots.readiness, path)
    except BaseException:
        os.close(descriptor)
        raise


def read_whole(roots: Roots, path: str, algorithm: Algorithm, limit: int) -> tuple[bytes, str]:
    """A small file's bytes and their content identity. Raises as `FileBody.whole`."""
    with open_body(roots, path, algorithm) as body:
        return body.whole(limit), body.content()
