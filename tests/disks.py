"""Disks to be rough with: small ones, full ones, and folders that nobody may write to."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def disk_of(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A disk of so many MiB in a folder that is made for it."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={mebibytes}m", "none", folder)
    try:
        yield folder
    finally:
        _unmount(folder)


@contextmanager
def freezing() -> Iterator[Callable[[Path], None]]:
    """Makes folders read-only, for root too, until its end."""
    mounted: list[Path] = []

    def freeze(folder: Path) -> None:
        if os.geteuid():
            folder.chmod(0o500)
            return
        _mount("--bind", folder, folder)
        mounted.append(folder)
        _mount("-o", "remount,ro,bind", folder)

    try:
        yield freeze
    finally:
        for folder in mounted:
            _unmount(folder)


def fill(path: Path) -> None:
    """Writes a file until its disk has no byte left."""
    with path.open("wb", buffering=0) as file:
        for size in (65536, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


def _mount(*arguments: object) -> None:
    try:
        subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        # Only root may mount, and in many containers not even root; nothing else is a full disk.
        pytest.skip("mounting is not allowed here")


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", folder], check=True)


_CAPABILITIES = 0x20080522
"""The version of what `capget` and `capset` are told."""

_PAST_PERMISSIONS = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


@contextmanager
def bound_by_permissions() -> Iterator[None]:
    """The permissions of files hold for this thread until its end, and for those that it starts.

    They hold for everybody but root.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    head = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
    known = (ctypes.c_uint32 * 6)()
    assert libc.capget(head, known) == 0
    less = (ctypes.c_uint32 * 6)(known[0] & ~_PAST_PERMISSIONS, *known[1:])
    assert libc.capset(head, less) == 0
    try:
        yield
    finally:
        assert libc.capset(head, known) == 0
