"""Asks the program git itself about a folder."""

from __future__ import annotations

import os
import subprocess

SECONDS = 60.0


class GitError(Exception):
    """Git is not there, or says no; the message is its own."""


def git(folder: str, *arguments: str, index: str = "", stdin: bytes | None = None) -> bytes:
    """Returns what a command of git prints. Raises GitError.

    ``index`` is a file to be used instead of the index of the folder, ``stdin``
    what the command is given to read.
    """
    # A repository that a stranger sent could name a program of its own as a pager or a monitor, and
    # a folder with the files of a bare one would be taken for a repository, with its settings.
    own = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.devnull]
    own += ["-c", "safe.bareRepository=explicit"]
    try:
        done = subprocess.run(  # noqa: S603  (a list, and no shell)
            ["git", *own, "-C", folder, *arguments],  # noqa: S607  (the user's own git)
            capture_output=True,
            input=stdin,
            check=True,
            timeout=SECONDS,
            env={**os.environ, "GIT_INDEX_FILE": index} if index else None,
        )
    except subprocess.CalledProcessError as error:
        raise GitError(error.stderr.decode(errors="replace").strip()) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(str(error)) from error
    return done.stdout


def revision_of(folder: str) -> str:
    """The commit that is checked out in a folder, empty where there is none."""
    # A watch of a scanner's folder would start git for each file that comes.
    if not _may_be_in_repository(folder):
        return ""
    try:
        return git(folder, "rev-parse", "HEAD").decode().strip()
    except GitError:
        return ""


def _may_be_in_repository(folder: str) -> bool:
    if "GIT_DIR" in os.environ:
        return True
    place = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(place, ".git")):
        above = os.path.dirname(place)
        if above == place:
            return False
        place = above
    return True


def git_path(file: str) -> str:
    """A file's path in its repository; its name where there is none."""
    folder, name = os.path.split(os.path.abspath(file))
    try:
        prefix = git(folder, "rev-parse", "--show-prefix")
    except GitError:
        return name
    return os.fsdecode(prefix).rstrip("\n") + name
