"""Containment: which local paths may be opened, and opening them without following links."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from contextlib import suppress

from rbsync.files.bucket_listings import NO_OBJECTS, Objects
from rbsync.files.readiness import ALWAYS, Readiness
from rbsync.model.bucket_paths import is_bucket
from rbsync.trust.places import PRIVATE_FOLDERS, is_below, real_path

MOST_FOLDERS = 256
"""Of a path. Each is opened from its root: a thousand within each other would take a minute."""

_OUT = "leads out of the manifest's folder"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not blocking: to open a pipe would otherwise wait until somebody writes to it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class OutsideError(OSError):
    """A path leads out of the folders that the manifest may use."""

    hint = "to allow it, name that folder under `roots`"


class PrivateError(OutsideError):
    """A path leads into a folder that is nobody's data."""

    hint = "copy the file to where the data is"


def outside_hint(error: OSError) -> str:
    """The next step for a path that leads out of the manifest's folders; empty for other errors."""
    return error.hint if isinstance(error, OutsideError) else ""


class Roots:
    """The manifest's folder and the further ones that it allows.

    Paths are relative to the manifest's folder, or absolute, with ``/``. A path is opened folder
    by folder from its root, so that the path that was checked is the path that is opened; a
    symbolic link on the way is resolved, and its target is checked and opened in the same way.
    """

    def __init__(
        self,
        main: str,
        allowed: Sequence[str] = (),
        readiness: Readiness = ALWAYS,
        objects: Objects = NO_OBJECTS,
    ) -> None:
        """``readiness`` says which files below them are finished; ``objects`` opens buckets'."""
        self._objects = objects
        self.readiness = readiness
        self.main = os.path.abspath(main)
        folders = [self.main, *(os.path.join(self.main, folder) for folder in allowed)]
        # Resolved once: a root that is itself a link, as /tmp is on macOS, must not put everything
        # outside.
        self._real = tuple(dict.fromkeys(map(os.path.realpath, folders)))
        self._named = tuple(dict.fromkeys((*map(os.path.normpath, folders), *self._real)))
        self._plain: dict[str, str] = {}

    @property
    def folders(self) -> tuple[str, ...]:
        """The real, absolute paths of all of them."""
        return self._real

    def __getstate__(self) -> dict[str, object]:
        """Another process knows none of those who write here: it may only be asked to read what
        was found to be finished, and is held to that content. Nor has it this one's credentials:
        what is in a bucket is read here.
        """
        return {**self.__dict__, "readiness": ALWAYS, "_plain": {}, "_objects": NO_OBJECTS}

    def resolve(self, path: str) -> str:
        """The real, absolute path behind a path.

        Raises OutsideError when it lies in none of the folders, and FileNotFoundError for text
        that cannot be a path. Other errors are those of the disk.
        """
        _check_text(path)
        lexical = os.path.normpath(os.path.join(self.main, path))
        # Refused by its text alone, before the disk is asked: the answer must not tell whether a
        # file exists elsewhere.
        if not any(is_below(lexical, root) for root in self._named):
            raise OutsideError(errno.EPERM, _OUT, path)
        if lexical.count("/") - self.main.count("/") > MOST_FOLDERS:
            why = f"is more than {MOST_FOLDERS} folders deep"
            raise OSError(errno.ENAMETOOLONG, why, path)
        real = real_path(lexical)
        if not any(is_below(real, root) for root in self._real):
            raise OutsideError(errno.EPERM, f"is a link that {_OUT}", path)
        return real

    def open_folder(self, path: str, *, of_data: bool = False) -> int:
        """A descriptor of a folder; the caller closes it. Raises OSError.

        ``of_data``: its files are to be read, so that git's own folders are refused.
        """
        return self._open(path, _FOLDER, of_data=of_data)

    def open_file(self, path: str) -> int:
        """A descriptor of a file, for reading; the caller closes it. Raises OSError."""
        if is_bucket(path):
            return self._objects.open(path)
        return self._open(path, _FILE, of_data=True)

    def _open(self, path: str, flags: int, *, of_data: bool) -> int:
        _check_text(path)
        folder, _, name = path.rpartition("/")
        known = self._plain.get(folder)
        # Resolving looks at each folder on the way. A folder that had no link on its way is
        # remembered: one that was put there since is noticed, for none is followed here.
        if known is not None and name not in ("", ".", ".."):
            with suppress(OSError):
                return self._open_real(f"{known}/{name}", path, flags, of_data=of_data)
        real = self.resolve(path)
        if name and real.endswith(f"/{name}") and real == os.path.join(self.main, path):
            self._plain[folder] = real[: -len(name) - 1]
        return self._open_real(real, path, flags, of_data=of_data)

    def _open_real(self, real: str, path: str, flags: int, *, of_data: bool) -> int:
        # The nearest root, so that a private folder's name above it does not count.
        root = max((one for one in self._real if is_below(real, one)), key=len, default="")
        # A root that became a link while this runs, or since it was last looked at, is none.
        if not root:
            raise OutsideError(errno.EPERM, _OUT, path)
        # In lower case: on some disks `.GIT` and `.git` are one folder.
        if of_data and not PRIVATE_FOLDERS.isdisjoint(real[len(root) :].lower().split("/")):
            raise PrivateError(errno.EPERM, "is in a folder of git's or rbsync's own", path)
        descriptor = os.open(root, _FOLDER)
        parts = [part for part in real[len(root) :].split("/") if part]
        for depth, part in enumerate(parts):
            try:
                step = flags if depth == len(parts) - 1 else _FOLDER
                # Folder by folder: between a check of the whole path and its opening, somebody
                # could swap a folder for a link.
                below = os.open(part, step, dir_fd=descriptor)
            finally:
                os.close(descriptor)
            descriptor = below
        return descriptor


def _check_text(path: str) -> None:
    """The system's calls raise ValueError for these, which nobody expects of a missing file."""
    try:
        possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise FileNotFoundError(errno.ENOENT, "is no path", path)
