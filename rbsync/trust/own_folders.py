"""The folders of the user's in which rbsync keeps something outside of any project."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

KEPT_SECONDS = 90 * 86400.0
"""What nobody wrote for so long is forgotten."""


def state_folder(environ: Mapping[str, str]) -> str:
    """The folder for what must not be lost."""
    return _folder(environ, "XDG_STATE_HOME", os.path.join(".local", "state"))


def cache_folder(environ: Mapping[str, str]) -> str:
    """The folder for what can be had again."""
    return _folder(environ, "XDG_CACHE_HOME", ".cache")


def may_be_strangers(folder: str, root: str) -> bool:
    """Tells whether a folder lies in a working copy of git, or in ``root``, a manifest's folder.

    What is there may have come with the manifest. CI services that keep caches often have them in
    the checkout, where a pull request can add to them. A copy of one, as in an image of a
    container, has no `.git`.
    """
    at = os.path.realpath(folder)
    if at.startswith(os.path.join(os.path.realpath(root), "")):
        return True
    while not os.path.lexists(os.path.join(at, ".git")):
        if at == (above := os.path.dirname(at)):
            return False
        at = above
    return True


def forget_old(folder: str) -> None:
    """Removes the files of a folder that are old. Raises OSError."""
    oldest = time.time() - KEPT_SECONDS
    with os.scandir(folder) as entries:
        for one in entries:
            if one.stat(follow_symlinks=False).st_mtime < oldest:
                os.unlink(one.path)


def _folder(environ: Mapping[str, str], variable: str, default: str) -> str:
    base = environ.get(variable, "")
    if not os.path.isabs(base):
        base = os.path.join(environ.get("HOME") or os.path.expanduser("~"), default)
    return os.path.join(base, "rbsync")
