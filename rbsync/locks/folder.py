"""The folder of a lock on the disk: read with care, and written file by file, each whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from rbsync.errors import RbsyncError, UserError
from rbsync.locks.layout import SUFFIX
from rbsync.written_files import write_whole

FOLDER = "rbsync.lock"
ATTRIBUTES = ".gitattributes"
# Without `-text` git may change the ends of lines, and with them the digest.
ATTRIBUTES_TEXT = b"* -text\n*.sums merge=rbsync-lock\n"
_MOST = 64 << 20


def read_files(folder: str) -> dict[str, bytes] | None:
    """The lock files of a folder by name; None where there is no folder.

    Raises UserError for what is no such folder, and RbsyncError for what cannot be read.
    """
    try:
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            raise UserError(f"{folder} is not a folder", hint="a lock is a folder of `.sums` files")
        names = [one for one in os.listdir(folder) if _is_ours(one)]
        return {name: _read(os.path.join(folder, name)) for name in sorted(names)}
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RbsyncError(f"{error.filename} cannot be read: {error.strerror or error}") from error


def no_lock_in(folder: str) -> UserError:
    """The error for a folder that has no lock file."""
    return UserError(
        f"there is no lock: {folder} has no `{SUFFIX}` file",
        hint="`rbsync lock` writes one from the files at hand",
    )


def _is_ours(name: str) -> bool:
    return name.endswith(SUFFIX) and not name.startswith(".")


def _read(path: str) -> bytes:
    # A link or a pipe that somebody committed must lead nowhere and wait for nothing.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(path, flags), "rb") as file:
        text = file.read(_MOST + 1)
    if len(text) > _MOST:
        raise UserError(f"{path} is larger than any lock file", hint="`rbsync lock` writes it anew")
    return text


def write_files(folder: str, files: Mapping[str, bytes]) -> int:
    """Writes what differs, then removes what is no more; returns how many files that were.

    Raises RbsyncError.
    """
    known = _known(folder)
    changed = {name: text for name, text in files.items() if known.get(name) != text}
    return change_files(folder, {**changed, **{name: None for name in known if name not in files}})


def _known(folder: str) -> dict[str, bytes]:
    """The lock files that are there, empty those that are no lock files and are to be replaced."""
    try:
        return read_files(folder) or {}
    except UserError:
        if not os.path.isdir(folder):
            raise
    # One that somebody blew up is what `rbsync lock` is to write anew, as its own hint says.
    names = [one for one in os.listdir(folder) if _is_ours(one)]
    return dict.fromkeys(sorted(names), b"")


def change_files(folder: str, texts: Mapping[str, bytes | None]) -> int:
    """Writes lock files, then removes those whose text is None; returns how many that were.

    Raises RbsyncError.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        attributes = os.path.join(folder, ATTRIBUTES)
        # Its owner may have written lines of their own into one that is there.
        if not os.path.lexists(attributes):
            write_whole(attributes, ATTRIBUTES_TEXT)
        for name, text in sorted(texts.items()):
            if text is not None:
                write_whole(os.path.join(folder, name), text)
        # Last: a lock that was cut off has a line twice, and `--check` says so; it lacks none.
        for name, text in texts.items():
            if text is None:
                os.unlink(os.path.join(folder, name))
    except OSError as error:
        raise RbsyncError(f"{folder} cannot be written: {error.strerror or error}") from error
    return len(texts)


@contextmanager
def folder_made(folder: str) -> Iterator[None]:
    """Makes the folder of a lock, and takes it away again where nothing comes to stand in it."""
    with suppress(OSError):
        os.mkdir(folder)
    try:
        yield
    # After Ctrl-C, too: an empty folder would be read as a lock of no files.
    except BaseException:
        with suppress(OSError):
            os.rmdir(folder)
        raise
