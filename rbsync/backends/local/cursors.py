"""Cursors: where a listing goes on, opaque to those who hold them."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from typing import NamedTuple

from rbsync.backends.local.task_rows import StoredTask
from rbsync.errors import BackendError


class Page(NamedTuple):
    """Some tasks in the order of their names; ``cursor`` is None at the end."""

    tasks: tuple[StoredTask, ...]
    cursor: str | None


def cursor_after(name: str) -> str:
    """The cursor of what comes after a name."""
    # The name and not a number: when a task before it is deleted between two pages, none is left
    # out.
    return urlsafe_b64encode(name.encode()).decode()


def name_before(cursor: str | None) -> str:
    """The name that a cursor stands behind; raises BackendError when it is not a cursor."""
    try:
        return b64decode(cursor.encode(), b"-_", validate=True).decode() if cursor else ""
    except ValueError as error:
        raise BackendError("the cursor is not one of this project", kind="invalid") from error
