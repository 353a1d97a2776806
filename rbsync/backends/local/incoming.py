"""A file that arrives piece by piece and is hashed while it is written."""

from __future__ import annotations

from rbsync.backends.local.disk import write_all
from rbsync.backends.local.disk_failures import disk_failures
from rbsync.model.fingerprint import Algorithm, new_hasher


class Incoming:
    """Raises BackendError when the disk fails. ``temporary`` is where it is until it is kept."""

    def __init__(self, temporary: str, descriptor: int, algorithm: Algorithm) -> None:
        self.temporary = temporary
        self.descriptor = descriptor
        self.size = 0
        self._algorithm = algorithm
        self._hasher = new_hasher(algorithm)

    def write(self, data: bytes) -> None:
        with disk_failures("store a file in the project"):
            write_all(self.descriptor, data)
        self._hasher.update(data)
        self.size += len(data)

    def content(self) -> str:
        """The content identity of what was written."""
        return f"{self._algorithm}:{self._hasher.hexdigest()}"
