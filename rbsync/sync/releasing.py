"""Releases of the project, each bound to the version of the dataset that it is of.

A release says nothing of files, so that its version is written down beside the lock: one file a
release, which two branches never both touch, and which is no part of the version itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import quote

from rbsync.backends.base import KeepsReleases, Release
from rbsync.errors import Problem, UserError
from rbsync.locks.differences import Difference
from rbsync.sync.attesting import committed_lock
from rbsync.sync.diffing import Version, project_against_lock, project_at
from rbsync.sync.known_project import known_project
from rbsync.sync.locking import check_locked, lock_folder
from rbsync.sync.revision_dataset import Declared
from rbsync.sync.workspace import Workspace
from rbsync.written_files import write_whole

SUFFIX = ".release.json"
_MOST_NAMED = 20
_LONGEST = 200
_MOST_LETTERS = 1 << 20
_LIST_HINT = "`rbsync release` lists the releases"


@dataclass(frozen=True, slots=True)
class Bound:
    """A release with the version that it is of, empty where that is not known here."""

    release: Release
    digest: str = ""


def make_release(
    workspace: Workspace, by_sums: Workspace, name: str, *, ground_truth_only: bool
) -> Bound:
    """Makes a release of the project, once it is known to hold the locked version.

    ``by_sums`` is the workspace that knows the files by their SHA-256. Raises UserError, with what
    differs, and BackendError.
    """
    backend = _keeper(workspace)
    path = _path(workspace, name)
    digest = check_locked(by_sums)
    project = known_project(workspace)
    # Before the project is read, which may take minutes.
    if any(one.name == name for one in backend.releases()):
        raise UserError(f"the project has a release `{name}` already", hint=_LIST_HINT)
    # What others have put there beside it is no fault: the lock says nothing of it.
    missing = replace(project_against_lock(workspace, by_sums, lambda _: True), added=())
    if told := [*_told(missing)]:
        hint = "`rbsync apply` brings it there, and `rbsync verify --project` names all"
        problems = [Problem("not-released", one) for one in told[:_MOST_NAMED]]
        raise UserError([problems[0]._replace(hint=hint), *problems[1:]])
    made = backend.release(name, ground_truth_only=ground_truth_only)
    revision = committed_lock(workspace.manifest.root)
    kept = {
        "format_version": 1,
        "release": name,
        "release_id": made.release_id,
        "project": project.identity if project else "",
        "created_at": made.created_at,
        "ground_truth_only": ground_truth_only,
        "digest": digest,
        **({"revision": revision} if revision else {}),
    }
    write_whole(path, json.dumps(kept, indent=2) + "\n")
    return Bound(made, digest)


def list_releases(workspace: Workspace) -> list[Bound]:
    """The releases of the project, with their versions. Raises UserError and BackendError."""
    return [
        Bound(one, _digest(_path(workspace, one.name), one))
        for one in _keeper(workspace).releases()
    ]


def at_release(workspace: Workspace, name: str, against: Version, files: Version) -> Version:
    """A release as a version, to be compared with a lock; ``files`` are those at hand.

    Raises UserError for one that is not there, and BackendError.
    """
    backend = _keeper(workspace)
    found = next((one for one in backend.releases() if one.name == name), None)
    if found is None:
        raise UserError(f"the project has no release `{name}`", hint=_LIST_HINT)
    if not found.is_ready:
        raise UserError(f"the release `{name}` is not whole yet", hint="try again later")
    release_id = found.release_id
    lock = project_at(workspace, backend.released(release_id), against, files).lock
    known = _digest(_path(workspace, name), found)

    @contextmanager
    def declared(names: Collection[str]) -> Iterator[Declared]:
        tasks = (one for one in backend.released(release_id) if one.task.name in names)
        yield Declared({}, tasks={one.task.name: one for one in tasks})

    return Version(lock, declared, known or f"release:{name}")


def _keeper(workspace: Workspace) -> KeepsReleases:
    if isinstance(workspace.backend, KeepsReleases):
        return workspace.backend
    raise UserError("this kind of project keeps no releases")


def _path(workspace: Workspace, name: str) -> str:
    """The file that says of which version a release is. Raises UserError for a wrong name."""
    file = quote(name, safe=" ") + SUFFIX
    if not name.strip() or len(file) > _LONGEST or not name.isprintable():
        raise UserError(f"{name!r} is no name of a release", hint="take a short one, such as `v1`")
    # A name that begins with a dot would be a hidden file.
    return os.path.join(lock_folder(workspace.manifest), file.replace(".", "%2E", file[0] == "."))


def _digest(path: str, release: Release) -> str:
    # A link that somebody committed leads nowhere here, and has no end.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(os.open(path, flags), encoding="utf-8") as file:
            found = json.loads(file.read(_MOST_LETTERS))
    except (OSError, ValueError, RecursionError):
        return ""
    # Another project may have had a release of that name.
    is_same = isinstance(found, dict) and found.get("release_id") == release.release_id
    return str(found.get("digest", "")) if is_same else ""


def _told(found: Difference) -> Iterator[str]:
    yield from (f"`{name}` is locked and not in the project" for name in found.removed)
    for one in found.changed:
        yield f"`{one.name}` has other {' and '.join(one.facets)} in the project than the lock"
