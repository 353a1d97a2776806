"""Which datapoints the changes since a git revision touch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from rbsync.errors import Problem, UserError
from rbsync.files.ignore import FILE as IGNORE_FILE
from rbsync.locks.folder import FOLDER
from rbsync.locks.lock_content import Lock
from rbsync.model.datapoint import Datapoint, Dataset
from rbsync.model.plan import Plan
from rbsync.sync.declared_dataset import expand
from rbsync.sync.git import GitError, commit_of, git
from rbsync.sync.revisions import version_of
from rbsync.sync.workspace import Workspace

_LINK = b"120000"
_DEEPEN = "`git fetch --unshallow` gets the commits that are missing"


class Since(NamedTuple):
    """The names that are touched since ``base``, a commit; None where nobody can say, and why."""

    base: str
    names: frozenset[str] | None
    why: str = ""
    hint: str = ""

    def told(self, plan: Plan) -> Plan:
        """A plan with the news that all is planned, where only a part was asked for."""
        if self.names is not None or not self.why:
            return plan
        news = Problem("since", f"planned in full: {self.why}", hint=self.hint)
        return replace(plan, warnings=(news, *plan.warnings))


EVERYTHING = Since("", None)


def touched_since(workspace: Workspace, revision: str) -> Since:
    """The datapoints that have changed files since HEAD and a revision had a common commit.

    Files that git does not have count as changed: nobody can say what they were. So do datapoints
    that cannot be read.
    """
    root = workspace.manifest.root
    try:
        base = _merge_base(root, revision)
        gone, changed = _changes(root, base)
        tracked = _tracked(root)
    except GitError as error:
        is_shallow = _is_shallow(root)
        why = f"git knows no common commit of HEAD and `{revision}`"
        detail = " in this shallow clone" if is_shallow else f" ({error})"
        return Since("", None, why + detail, _DEEPEN if is_shallow else "")
    dataset = expand(workspace, keep_going=True)
    if ruling := next((one for one in (*changed, *gone) if _rules(workspace, one)), None):
        return Since(base, None, f"`{ruling}` has changed, which says what is declared")
    lock = _lock_at(root, base)
    if gone and lock is None:
        why = f"`{min(gone)}` is gone, and no lock of then says whose it was"
        return Since(base, None, why, "commit a lock: `rbsync lock`")
    declared = {one.name for one in dataset.datapoints}
    # What git never had may be gone too.
    known = workspace.store.records() if lock is None else lock.notes
    owners = _owners(lock, gone) if lock else frozenset()
    names = owners.union(_touched(dataset, changed, tracked), known.keys() - declared)
    return Since(base, names)


def _merge_base(root: str, revision: str) -> str:
    return git(root, "merge-base", commit_of(root, revision), "HEAD").decode().strip()


def _is_shallow(root: str) -> bool:
    try:
        return git(root, "rev-parse", "--is-shallow-repository").strip() == b"true"
    except GitError:
        return False


def _changes(root: str, base: str) -> tuple[set[str], set[str]]:
    """The paths that are gone since a commit, and those that are new or have other content."""
    told = git(root, "diff", "--name-status", "--no-renames", "--relative", "-z", base, "--", ".")
    words = [os.fsdecode(one) for one in told.split(b"\0") if one]
    pairs = list(zip(words[::2], words[1::2], strict=True))
    new = git(root, "ls-files", "--others", "--exclude-standard", "-z")
    pairs += [("A", os.fsdecode(one)) for one in new.split(b"\0") if one]
    pairs = [(status, path) for status, path in pairs if not path.startswith(f"{FOLDER}/")]
    gone = {path for status, path in pairs if status == "D"}
    return gone, {path for status, path in pairs if status != "D"}


def _tracked(root: str) -> set[str]:
    """The files that git has, but for links: what these lead to may be anywhere."""
    listed = git(root, "ls-files", "-s", "-z").split(b"\0")
    entries = (one.partition(b"\t") for one in listed if one)
    return {os.fsdecode(path) for facts, _, path in entries if not facts.startswith(_LINK)}


def _rules(workspace: Workspace, path: str) -> bool:
    """Tells whether a file says what is declared: the manifest, a list, a class map."""
    is_manifest = path == os.path.basename(workspace.manifest.file)
    is_ignored = os.path.basename(path) == IGNORE_FILE
    return is_manifest or is_ignored or workspace.inputs.tree.was_read(path)


def _lock_at(root: str, base: str) -> Lock | None:
    try:
        return version_of(root, base)
    except UserError:
        return None


def _owners(lock: Lock, gone: set[str]) -> frozenset[str]:
    """The datapoints that files belonged to which are gone."""
    # What a lock does not have was no data.
    data = {one for one in gone if one in lock.sums}
    beside = {os.path.dirname(one) for one in data}
    return frozenset(
        note.name
        for note in lock.notes.values()
        if note.path in data
        or not data.isdisjoint(note.label_files)
        or (note.items and os.path.dirname(note.path) in beside)
    )


def _touched(dataset: Dataset, changed: set[str], tracked: set[str]) -> Iterator[str]:
    yield from (one.name for one in dataset.obstacles)
    for one in dataset.datapoints:
        if any(path in changed or path not in tracked for path in _paths(one)):
            yield one.name


def _paths(one: Datapoint) -> Iterator[str]:
    yield from (item.ref for item in one.items if item.is_local)
    if one.labels:
        yield from (item.ref for item in one.labels.inputs)
