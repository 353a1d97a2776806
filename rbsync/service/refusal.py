"""The answers of the service when it does not do as it is told."""

from __future__ import annotations

from rbsync.errors import RbsyncError


class RefusalError(RbsyncError):
    """The message is the client's to read; ``status`` is that of HTTP where the body is none."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
