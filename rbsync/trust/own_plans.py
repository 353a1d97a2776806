"""Which plan files this user wrote on this machine: known by their digests, outside of any project.

A plan file says what is deleted. One that came with a pull request looks like any other, so that
a plan's author is not told by the file but by this list.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping

from rbsync.trust.own_folders import forget_old, may_be_strangers, state_folder

_ALGORITHM = "sha256:"


def digest_of(data: bytes) -> str:
    """The digest of a plan file, as `sha256sum` prints it, after ``sha256:``."""
    return _ALGORITHM + hashlib.sha256(data).hexdigest()


def remember_own(digest: str, environ: Mapping[str, str] = os.environ) -> None:
    """Takes a plan down as one's own; where that cannot be done it is compared when applied."""
    folder = _folder(environ)
    # A home that cannot be written to is no reason to fail after an hour of reading files.
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        # Empty: nothing of what a plan says is kept outside of its project.
        with open(os.path.join(folder, _file(digest)), "a"):
            pass
        # Older plans are compared with a new one, and the list does not grow for ever.
        forget_old(folder)


def is_own(digest: str, root: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Tells whether a plan was written by this user here; ``root`` is the manifest's folder."""
    folder = _folder(environ)
    is_known = os.path.isfile(os.path.join(folder, _file(digest)))
    return is_known and not may_be_strangers(folder, root)


def _file(digest: str) -> str:
    return digest.removeprefix(_ALGORITHM)


def _folder(environ: Mapping[str, str]) -> str:
    return os.path.join(state_folder(environ), "plans")
