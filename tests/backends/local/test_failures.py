"""A failure of the disk or the database says what may be done next."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from rbsync.backends.local import LocalBackend
from rbsync.backends.local.disk_failures import database_error, disk_error
from rbsync.errors import BackendError
from tests.backends.local.conftest import Put
from tests.conformance.backends import draft


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, "quota"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "auth"),
        (errno.EROFS, "auth"),
        (errno.EIO, "transient"),
        (errno.ENAMETOOLONG, "transient"),
    ],
)
def test_an_error_of_the_disk_has_a_kind_and_no_path(code: int, kind: str) -> None:
    error = disk_error(OSError(code, os.strerror(code), "/home/ann/secret"), "store a file")
    assert (error.kind, error.sent) == (kind, False)
    assert str(error) == f"could not store a file: {os.strerror(code)}"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY, "transient"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "transient"),
        (sqlite3.SQLITE_FULL, "quota"),
        (sqlite3.SQLITE_READONLY, "auth"),
        (sqlite3.SQLITE_CANTOPEN, "auth"),
        (sqlite3.SQLITE_CORRUPT, "transient"),
        (sqlite3.SQLITE_IOERR_FSYNC, "ambiguous"),
    ],
)
def test_an_error_while_committing_is_ambiguous_only_where_the_disk_failed(
    code: int, kind: str
) -> None:
    cause = sqlite3.OperationalError("…")
    cause.sqlite_errorcode = code
    error = database_error(cause, committing=True)
    assert (error.kind, error.sent) == (kind, kind == "ambiguous")


def test_an_error_before_the_commit_is_never_ambiguous() -> None:
    cause = sqlite3.OperationalError("disk I/O error")
    cause.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
    assert database_error(cause).kind == "transient"


def test_a_disk_that_became_read_only_is_told(small_disk: Path, put: Put) -> None:
    backend = LocalBackend(small_disk / "project")
    put(backend, b"data")
    backend.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for attempt in (lambda: put(backend, b"more"), lambda: backend.create([draft("a")])):
        with pytest.raises(BackendError) as caught:
            attempt()
        assert caught.value.kind == "auth"
        assert caught.value.hint == "check who may write to the project's folder"
