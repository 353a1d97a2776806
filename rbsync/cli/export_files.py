"""Folders and files of an export: all of it, or nothing when an error ends it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from rbsync.cli.written_files import draft_beside, failures, whole
from rbsync.errors import RefusedError, UsageError

Write = Callable[[str, bytes], None]


@contextmanager
def whole_folder(path: str, *, force: bool) -> Iterator[Write]:
    """Gives a function that writes a file by its path in the folder, parted by ``/``.

    The files appear together when all is done. Raises RefusedError for a folder that has
    something in it, unless forced: then files of the same names are written over. Raises
    UsageError for an empty path, and RbsyncError when it cannot be written.
    """
    _refuse(path, is_taken=os.path.lexists(path) and not _is_empty_folder(path), force=force)
    # Beside it, not in the folder for temporary files: only inside of one file system is moving a
    # matter of names.
    draft = draft_beside(path)
    with failures(path):
        os.makedirs(draft)
        try:
            yield lambda name, data: _write(os.path.join(draft, *name.split("/")), data)
            _move(draft, path)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def whole_file(path: str, *, force: bool) -> Iterator[BinaryIO]:
    """A file to be written; it appears when all is done. Raises as `whole_folder`."""
    _refuse(path, is_taken=os.path.lexists(path), force=force)
    with failures(path):
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with whole(path) as file:
        yield file


def _refuse(path: str, *, is_taken: bool, force: bool) -> None:
    if not path:
        # The names of files would be joined to nothing, and so be those of this folder.
        hint = "a variable may be unset; this folder is `.`"
        raise UsageError("the name of what is to be written is empty", hint=hint)
    if is_taken and not force:
        hint = "name another one, or pass --force to write over what has the same names"
        raise RefusedError(f"{path} is there already", hint=hint)


def _is_empty_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.listdir(path)


def _write(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    # Never over another: two datapoints with one path are a mistake of the export's.
    with open(path, "xb") as file:
        file.write(data)


def _move(draft: str, path: str) -> None:
    with suppress(OSError):  # there is a folder that is not empty
        os.rename(draft, path)
        return
    for folder, _, names in os.walk(draft):
        there = os.path.normpath(os.path.join(path, os.path.relpath(folder, draft)))
        os.makedirs(there, exist_ok=True)
        for name in names:
            # File by file: the folder has others' files too, which stay.
            os.replace(os.path.join(folder, name), os.path.join(there, name))
