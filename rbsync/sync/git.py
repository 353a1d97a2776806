"""Asks the program git itself about a folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from threading import Timer
from typing import IO

from rbsync.errors import RbsyncError

SECONDS = 60.0
_MOST_TOLD = 1000
_LONGEST_PATH = 4096
_MOST_REVISIONS = 5
"""Tags and branches that are told where another one is not there."""


class GitError(Exception):
    """Git is not there, or says no; the message is its own."""


def git(folder: str, *arguments: str, index: str = "", stdin: bytes | None = None) -> bytes:
    """Returns what a command of git prints. Raises GitError.

    ``index`` is a file to be used instead of the index of the folder, ``stdin``
    what the command is given to read.
    """
    try:
        done = subprocess.run(  # noqa: S603  (a list, and no shell)
            _command(folder, arguments),
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


def blobs(folder: str, ids: Sequence[str]) -> Iterator[bytes]:
    """Yields the contents of objects of git, in order, while git still reads those behind them.

    Raises RbsyncError for one that git cannot give.
    """
    if not ids:
        return
    with TemporaryFile() as wanted, TemporaryFile() as said:
        wanted.write("\n".join((*ids, "")).encode())
        wanted.seek(0)
        with _started(folder, "cat-file", "--batch", files=(wanted, said)) as process:
            # It is without an end where git waits for a server that has the rest of the objects.
            limit = Timer(SECONDS + len(ids) / 100, process.kill)
            limit.start()
            try:
                for one in ids:
                    content = _next_content(process.stdout)
                    if content is None:
                        said.seek(0)
                        told = said.read(_MOST_TOLD).decode(errors="replace").strip()
                        raise RbsyncError(
                            f"git cannot read the object {one}: {told or 'it is not there'}",
                            hint="`git fetch --refetch` gets all objects again",
                        )
                    yield content
            finally:
                limit.cancel()
                process.kill()


def _started(
    folder: str, *arguments: str, files: tuple[IO[bytes], IO[bytes]]
) -> subprocess.Popen[bytes]:
    stdin, stderr = files
    try:
        return subprocess.Popen(  # noqa: S603  (as above)
            _command(folder, arguments), stdin=stdin, stdout=subprocess.PIPE, stderr=stderr
        )
    except OSError as error:
        raise RbsyncError(f"git cannot be run: {error}") from error


def _next_content(output: IO[bytes] | None) -> bytes | None:
    """The next object that `git cat-file --batch` prints; None where it has none to print."""
    if output is None:
        return None
    size = output.readline().split()[-1:]
    if not size or not size[0].isdigit():
        return None
    # Git ends each content with a line break of its own.
    content = output.read(int(size[0]) + 1)
    return content[:-1] if len(content) == int(size[0]) + 1 else None


def _command(folder: str, arguments: Sequence[str]) -> list[str]:
    # A repository that a stranger sent could name a program of its own as a pager or a monitor, and
    # a folder with the files of a bare one would be taken for a repository, with its settings.
    own = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.devnull]
    own += ["-c", "safe.bareRepository=explicit"]
    return ["git", *own, "-C", folder, *arguments]


def commit_of(folder: str, revision: str) -> str:
    """Returns the commit that a revision means; of one that is not there the message tells some
    that are. Raises GitError.
    """
    # A tag with a message is an object of its own: this leads on to its commit.
    wanted = f"{revision}^{{commit}}"
    git(folder, "rev-parse", "--git-dir")
    try:
        return git(folder, "rev-parse", "--verify", "--end-of-options", wanted).decode().strip()
    except GitError as error:
        raise GitError(_unknown(folder, revision)) from error


def _unknown(folder: str, revision: str) -> str:
    newest = ("--sort=-creatordate", "--format=%(refname:short)", "refs/tags", "refs/heads")
    known = git(folder, "for-each-ref", f"--count={_MOST_REVISIONS + 1}", *newest)
    names = [f"`{one}`" for one in known.decode(errors="replace").split()]
    if not names:
        return f"there is no revision `{revision}`, nor any other yet"
    more = " and others" if len(names) > _MOST_REVISIONS else ""
    return f"there is no revision `{revision}`, but {', '.join(names[:_MOST_REVISIONS])}{more}"


def revision_of(folder: str) -> str:
    """The commit that is checked out in a folder, empty where there is none."""
    # A watch of a scanner's folder would start git for each file that comes.
    if not _may_be_in_repository(folder):
        return ""
    try:
        return git(folder, "rev-parse", "HEAD").decode().strip()
    except GitError:
        return ""


def is_sparse(folder: str) -> bool:
    """Tells whether git may have left files of a folder's repository out of the checkout."""
    # Most are not, and no program has to be started to see that: git writes this file first.
    if not os.path.lexists(os.path.join(_git_folder(folder), "info", "sparse-checkout")):
        return False
    try:
        return git(folder, "config", "--type=bool", "core.sparseCheckout").strip() == b"true"
    except GitError:
        return False


def left_out(folder: str) -> list[str]:
    """The files that git has and a sparse checkout leaves out, relative to a folder of it."""
    try:
        listed = git(folder, "ls-files", "-t", "-z").decode(errors="surrogateescape")
    except GitError:
        return []
    return [one[2:] for one in listed.split("\0") if one.startswith("S ")]


def _may_be_in_repository(folder: str) -> bool:
    return bool(_git_folder(folder))


def _git_folder(folder: str) -> str:
    """The folder of git's own files for a checkout, empty where there is none."""
    if set_by_user := os.environ.get("GIT_DIR"):
        return set_by_user
    place = os.path.realpath(folder)
    while not os.path.lexists(found := os.path.join(place, ".git")):
        above = os.path.dirname(place)
        if above == place:
            return ""
        place = above
    if os.path.isfile(found):
        # Of a further worktree and of a submodule it is a file that names the folder.
        with suppress(OSError, UnicodeDecodeError), open(found, encoding="utf-8") as file:
            named = file.read(_LONGEST_PATH).removeprefix("gitdir:").strip()
            return os.path.join(place, named)
    return found


def git_path(file: str) -> str:
    """A file's path in its repository; its name where there is none."""
    folder, name = os.path.split(os.path.abspath(file))
    try:
        prefix = git(folder, "rev-parse", "--show-prefix")
    except GitError:
        return name
    return os.fsdecode(prefix).rstrip("\n") + name
