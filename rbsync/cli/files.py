"""Files that commands write: whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile

from rbsync.errors import RbsyncError


def write_whole(path: str, text: str) -> None:
    """Writes a file so that it is never seen in part. Raises RbsyncError."""
    folder = os.path.dirname(path) or "."
    draft = ""
    try:
        descriptor, draft = tempfile.mkstemp(dir=folder, prefix=".rbsync-")
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise RbsyncError(f"{path} cannot be written: {error.strerror or error}") from error
