"""Pull: bring what annotators did at the project back into the files that the manifest names.

The same three versions as in a plan, the other way round: a file is written only where the labels
changed at the project and not here.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from typing import NamedTuple

from rbsync.applier.comparing import differing, fingerprint_of
from rbsync.backends.base import TaskContent
from rbsync.dataset.expanding import expand as entries_of
from rbsync.dataset.findings import Findings
from rbsync.files.roots import Roots
from rbsync.files.tree import Tree
from rbsync.model.by_name import ByName
from rbsync.model.datapoint import Datapoint, Dataset
from rbsync.model.record import Declined, Record
from rbsync.planner.moves import old_names
from rbsync.reasons import THEIRS
from rbsync.sources.entry import Entry
from rbsync.stores.base import Writer
from rbsync.sync.adopting import UNDECLARED, check_names, covering, together
from rbsync.sync.declared_dataset import expand
from rbsync.sync.gaps import Gaps
from rbsync.sync.inspecting_moves import moving
from rbsync.sync.listed import known_fingerprints
from rbsync.sync.pull_files import File, NotPulledError, files_of
from rbsync.sync.refreshing import correcting, present_project
from rbsync.sync.serials import certain_header, check_marks
from rbsync.sync.workspace import Workspace

CHANGED_HERE = "its labels changed here too"
SHARED = "its file is also that of `{}`"


class Held(NamedTuple):
    """A datapoint whose labels were not written into a file, and why."""

    name: str
    why: str


class Pulled(NamedTuple):
    """``files`` were written, for the datapoints ``pulled``.

    ``conflicts`` changed here as well and are left alone. What ``theirs`` are can be said by no
    file: it stays at the project, and no plan takes it away until something else is declared.
    """

    files: tuple[str, ...]
    pulled: tuple[str, ...]
    conflicts: tuple[Held, ...]
    theirs: tuple[Held, ...]
    unchanged: int


def pull(workspace: Workspace, patterns: Sequence[str], timeout: float) -> Pulled:
    """Writes the labels of datapoints into their files; ``patterns`` are names or globs.

    Raises UserError for a manifest that cannot be expanded, RbsyncError for a name that it does not
    declare, BackendError when the project cannot be read to its end, OSError for a file that cannot
    be written, LockedError and StoreError, and StateError for an older state that was put back.
    What was written before stays, and the next pull goes on.
    """
    project = present_project(workspace)
    dataset = expand(workspace, project, keep_going=True)
    declared = ByName(dataset.datapoints)
    all_names = {*declared.some(patterns), *(one.name for one in dataset.obstacles)}
    check_names(patterns, all_names, UNDECLARED, "`rbsync expand` lists all names")
    covers = covering(patterns, declared)
    header = workspace.store.header()
    if workspace.first_look.is_called_for(header, project):
        workspace.first_look.tasks()
    with correcting(workspace, timeout) as writer:
        known, certain = writer.header(), partial(certain_header, workspace.store)
        # A fresh clone's pull goes on from the stamps, and must not leave an empty state behind.
        workspace.first_look.take_in(writer)
        records = workspace.store.records()
        names = old_names(dataset, records, moving(workspace, None, lambda _: True))
        pulling = _Pulling(workspace, dataset, declared, records, names)
        for some in together(Gaps(workspace.note).passing(workspace.backend.read())):
            check_marks(known, [one.task.mark for one in some], certain)
            pulling.take([one for one in some if covers(pulling.name_of(one))])
        return pulling.concluded(writer)


class _Pulling:
    """One pull under way."""

    def __init__(
        self,
        workspace: Workspace,
        dataset: Dataset,
        declared: ByName,
        records: Mapping[str, Record],
        old_names: Mapping[str, str],
    ) -> None:
        """``old_names`` are those of tasks that are declared under other names now."""
        self._workspace, self._dataset = workspace, dataset
        self._declared, self._records = declared, records
        self._names = {old: name for name, old in old_names.items()}
        self._algorithm = workspace.manifest.settings.hash
        self._written: dict[str, TaskContent] = {}
        self._files: list[str] = []
        self._conflicts: list[Held] = []
        self._theirs: list[Held] = []
        self._held: list[Record] = []
        self._unchanged = 0

    # Most pulls write nothing, and need not know where all label files lie.
    @cached_property
    def _beside(self) -> Mapping[str, str]:
        return _label_places(self._workspace)

    @cached_property
    def _owners(self) -> Mapping[str, set[str]]:
        return _owners(self._dataset.datapoints, self._beside)

    def name_of(self, found: TaskContent) -> str:
        """Returns what a task is declared as: one that people work on keeps its old name."""
        return self._names.get(found.task.name, found.task.name)

    def take(self, contents: Sequence[TaskContent]) -> None:
        """Writes the files of what is declared, where labels changed at the project alone."""
        wanted = self._declared.some(map(self.name_of, contents))
        for found in contents:
            if desired := wanted.get(self.name_of(found)):
                self._take(found, desired)

    def _take(self, found: TaskContent, desired: Datapoint) -> None:
        name, record = desired.name, self._records.get(found.task.name)
        # Where nobody knows what was left, nobody can tell what changed since.
        is_unknown = record is None or record.applied is None or record.pending is not None
        if is_unknown or self._is(found, desired):
            self._unchanged += 1
            return
        record = self._records[found.task.name]
        if any(one.declines("labels", desired.fingerprint) for one in record.declined):
            self._take_held(found, desired)
        elif self._is_as_left(found):
            self._unchanged += 1
        elif record.applied is None or desired.fingerprint.labels != record.applied.labels:
            self._conflicts.append(Held(name, CHANGED_HERE))
        else:
            self._write(found, desired, record)

    def _take_held(self, found: TaskContent, desired: Datapoint) -> None:
        """Writes labels that were preferred to the declared ones.

        What no file could say was told by the pull that found it out, and is no news.
        """
        try:
            files = self._files_of(found, desired)
        except NotPulledError:
            files = []
        news = [one for one in files if not _is_there(self._workspace.roots, one)]
        if news:
            self._put(found, news)
        else:
            self._unchanged += 1

    def _is_as_left(self, found: TaskContent) -> bool:
        left = known_fingerprints(self._records[found.task.name])
        return not differing(found, left, facets=("labels",))

    def _is(self, found: TaskContent, desired: Datapoint) -> bool:
        return not differing(found, [desired.fingerprint], facets=("labels",))

    def _write(self, found: TaskContent, desired: Datapoint, record: Record) -> None:
        try:
            files = self._files_of(found, desired)
        except NotPulledError as why:
            self._hold(found, desired, record, str(why))
            return
        self._put(found, files)

    def _put(self, found: TaskContent, files: Sequence[File]) -> None:
        for one in files:
            write_below(self._workspace.roots, one)
            self._files.append(one.path)
        self._written[self.name_of(found)] = found

    def _files_of(self, found: TaskContent, desired: Datapoint) -> list[File]:
        name = self.name_of(found)
        files = files_of(
            found,
            desired.labels,
            self._beside.get(name, ""),
            self._workspace.roots,
            self._algorithm,
        )
        for one in files:
            others = self._owners.get(one.path, set()) - {name}
            # Two datapoints share the file: the labels that are written last would win.
            if others:
                raise NotPulledError(SHARED.format(min(others)))
        return files

    def _hold(self, found: TaskContent, desired: Datapoint, record: Record, why: str) -> None:
        """Leaves labels at the project that no file can say, and lets no plan take them away."""
        assert record.applied is not None  # noqa: S101  (asked before)
        now = fingerprint_of(found, self._algorithm)
        declined = Declined(THEIRS, desired.fingerprint, ("labels",))
        # What is decided about labels now takes the place of what was decided before.
        others = tuple(one for one in record.declined if one.facets != ("labels",))
        applied = record.applied._replace(labels=now.labels)
        self._held.append(record._replace(applied=applied, declined=(*others, declined)))
        self._theirs.append(Held(self.name_of(found), why))

    def concluded(self, writer: Writer) -> Pulled:
        """Records what was written, so that the next plan is empty."""
        for name, desired in self._as_written().items():
            found = self._written[name]
            record = self._records[found.task.name]
            if self._is(found, desired):
                assert record.applied is not None  # noqa: S101  (it was left there)
                applied = record.applied._replace(labels=desired.fingerprint.labels)
                self._held.append(record._replace(applied=applied))
            else:
                self._hold(found, desired, record, "its files cannot say all of its labels")
        if self._held:
            writer.commit(self._held)
        held = {one.name for one in self._theirs}
        return Pulled(
            tuple(sorted(self._files)),
            tuple(sorted(self._written.keys() - held)),
            tuple(sorted(self._conflicts)),
            tuple(sorted(self._theirs)),
            self._unchanged,
        )

    def _as_written(self) -> dict[str, Datapoint]:
        """The datapoints as the files declare them now, read anew."""
        if not self._written:
            return {}
        inputs = self._workspace.inputs
        # The tree of before has kept the listings: a file written just now would not be in them.
        tree = Tree(self._workspace.roots, inputs.cache, self._algorithm)
        workspace = replace(self._workspace, inputs=replace(inputs, tree=tree))
        dataset = expand(workspace, present_project(workspace), keep_going=True)
        return ByName(dataset.datapoints).some(self._written)


def _label_places(workspace: Workspace) -> dict[str, str]:
    """The paths of label files by the names of their datapoints, whether they are there or not."""
    findings = Findings()
    tree = workspace.inputs.tree
    every = entries_of(workspace.manifest, tree, findings)
    # What comes packed has no label files.
    return {one.name: one.labels_at for one in every if isinstance(one, Entry)}


def _owners(declared: Iterable[Datapoint], beside: Mapping[str, str]) -> dict[str, set[str]]:
    """The datapoints that have their labels from each file."""
    owners: dict[str, set[str]] = {}
    for one in declared:
        for path in _paths(one, beside.get(one.name, "")):
            owners.setdefault(path, set()).add(one.name)
    return owners


def _paths(datapoint: Datapoint, beside: str) -> Iterator[str]:
    if datapoint.labels is not None:
        yield from (item.ref for item in datapoint.labels.inputs)
    elif beside:
        yield beside


def _is_there(roots: Roots, file: File) -> bool:
    try:
        with open(roots.open_file(file.path), "rb") as present:
            return bool(present.read() == file.data)
    except FileNotFoundError:
        return False


def write_below(roots: Roots, file: File) -> None:
    """Writes a file whole or not at all, below the roots. Raises OSError.

    Folders are opened by their descriptors, without following links out: what a manifest names
    must not lead a pull to write elsewhere.
    """
    folder, _, name = file.path.rpartition("/")
    descriptor = _open_or_make(roots, folder)
    # Hidden, so that no glob takes up the draft of a pull that was killed.
    draft = f".rbsync-{secrets.token_hex(8)}"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with open(os.open(draft, flags, 0o666, dir_fd=descriptor), "wb") as out:
            out.write(file.data)
            out.flush()
            # After a power cut a file renamed without this may be there and empty.
            os.fsync(out.fileno())
        os.replace(draft, name, src_dir_fd=descriptor, dst_dir_fd=descriptor)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft, dir_fd=descriptor)
        raise
    finally:
        os.close(descriptor)


def _open_or_make(roots: Roots, folder: str) -> int:
    """A descriptor of a folder, which is made with those above it where it is not there."""
    try:
        return roots.open_folder(folder or ".")
    except FileNotFoundError:
        above, _, name = folder.rpartition("/")
        parent = _open_or_make(roots, above)
        try:
            # Another program may have made the folder since it was looked for.
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=parent)
        finally:
            os.close(parent)
        return roots.open_folder(folder)
