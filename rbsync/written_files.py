"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from rbsync.errors import RbsyncError


def write_whole(path: str, content: str | bytes) -> None:
    """Writes a file so that it is never seen in part. Raises RbsyncError."""
    with whole(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def whole(path: str) -> Iterator[BinaryIO]:
    """A file to be written, durable and in its place when all is done. Raises RbsyncError."""
    draft = draft_beside(path)
    with failures(path):
        try:
            # Made like any other file, so that it has the permissions that the user wants.
            with open(draft, "xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft)
            raise


def draft_beside(path: str) -> str:
    """A name in the same folder that nobody uses."""
    folder = os.path.dirname(os.path.abspath(path))
    return os.path.join(folder, f".rbsync-{os.urandom(8).hex()}")


@contextmanager
def failures(path: str) -> Iterator[None]:
    """Tells that a path cannot be written, and why. Raises RbsyncError."""
    try:
        yield
    except OSError as error:
        raise RbsyncError(f"{path} cannot be written: {error.strerror or error}") from error
