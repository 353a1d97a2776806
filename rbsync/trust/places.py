"""Things that belong to a manifest may be in its folder, and not behind a link."""

from __future__ import annotations

import errno
import os
import stat

from rbsync.errors import Location, Problem, UserError

# Git's own folder, which may hold the token that the code was fetched with, and ours: nothing in
# them is anybody's data.
PRIVATE_FOLDERS = frozenset({".git", ".rbsync"})

_BY_NAME = "by-name"

_OWN_HINT = "put the manifest itself in its place, or name it where it is with -f"


def real_path(path: str) -> str:
    """The real path behind a path. Raises OSError where links lead to links without end.

    The system follows 40 of them. `os.path.realpath` goes on, for a thousand by recursion.
    """
    try:
        os.stat(path)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise
    return os.path.realpath(path)


def check_location(file: str) -> None:
    """Raises UserError for a manifest that is a link out of its folder, which is not read.

    What stands behind such a link is somebody else's: a mistake in it would be quoted.
    """
    if not os.path.islink(file):
        return
    folder = os.path.realpath(os.path.dirname(os.path.abspath(file)))
    try:
        target = real_path(file)
    except OSError as error:
        message = f"it cannot be read: {error.strerror}"
        raise UserError([Problem("unreadable", message, Location(file))]) from error
    # A problem quotes the line that it is about: of .git/config that may be a token.
    below = os.path.relpath(target, folder).lower().split(os.sep)
    if not is_below(target, folder) or not PRIVATE_FOLDERS.isdisjoint(below):
        message = "it is a link that leads out of its folder, and was not read"
        raise UserError([Problem("outside", message, Location(file), _OWN_HINT)])


def own_folder_objection(root: str, path: str) -> str:
    """Returns why a folder that rbsync writes to cannot be at ``path`` below ``root``; empty if it
    can.

    Nothing on the way may be a link: what is written would end where it leads.
    """
    whole = os.path.normpath(os.path.join(root, path))
    if os.path.isabs(path) or not is_below(whole, root) or whole == root:
        return "must be a folder inside of the manifest's own"
    at = root
    for part in os.path.relpath(whole, root).split(os.sep):
        at = os.path.join(at, part)
        if part.lower() == ".git":
            return "must not be in git's own folder"
        if _is_link(at):
            return f"must not lead over a link, and `{os.path.relpath(at, root)}` is one"
    if found := _link_in(whole, levels=2):
        return f"must be a folder without links in it, and `{found}` is one"
    return ""


def check_own_folder(root: str, name: str) -> None:
    """Raises UserError where rbsync's own folder is a link, or has one in it.

    A pull request can bring such a folder along, for all that its files are ignored by git.
    """
    folder = os.path.join(root, name)
    found = name if os.path.islink(folder) else _link_in(folder, levels=2)
    if found:
        shown = os.path.join(name, found) if found != name else name
        message = f"`{shown}` is a link, and rbsync would write where it leads"
        raise UserError([Problem("own-folder", message, Location(folder), "remove the link")])


def _link_in(folder: str, levels: int) -> str:
    """The first link in a folder and those below it; empty for none.

    Two levels have all files with names of their own: databases, pages, the project's. What is kept
    deeper is named by its content, and never replaced.
    """
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda one: one.name)
    except OSError:
        return ""
    for one in found:
        if one.is_symlink():
            return one.name
        # The embedded project shows its items there by their names, as links to its blobs.
        if one.name == _BY_NAME:
            continue
        if levels > 1 and one.is_dir() and (below := _link_in(one.path, levels - 1)):
            return f"{one.name}/{below}"
    return ""


def _is_link(path: str) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def repository_of(folder: str) -> str:
    """The real path of the folder with ``.git`` that is nearest above; else the folder itself.

    A home folder that is kept in git counts as no repository, nor does the file system: what
    lies beside the manifest there did not come with it.
    """
    start = at = os.path.realpath(folder)
    home = os.path.realpath(os.path.expanduser("~"))
    while at not in ("/", home):
        if os.path.lexists(os.path.join(at, ".git")):
            return at
        at = os.path.dirname(at)
    return start


def is_below(path: str, root: str) -> bool:
    """Tells whether a normal path is a folder, or leads into it."""
    return path == root or path.startswith(root if root.endswith("/") else root + "/")
