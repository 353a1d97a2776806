"""The memory of the last lock, so that the next one reads only what has changed since.

It speaks of the files at hand, as the memory of a plan does, and of the files of the lock: what
each has of blocks, lines and bytes. Where a change cannot be told folder by folder, or the lock is
not as it was written, nothing is known and the whole is read.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from rbsync.dataset.notes import Notes
from rbsync.dataset.remembered import Remembered
from rbsync.dataset.taking_up import TakenUp
from rbsync.errors import UserError
from rbsync.files.part import NotInPartsError
from rbsync.locks.layout import LockFiles, digest_of_sums
from rbsync.locks.line_format import note_line, raw, read_note, read_sum, sum_line
from rbsync.locks.lock_content import Lock, Note, lock_of
from rbsync.locks.opened_files import FileFacts, OpenedFiles
from rbsync.model.datapoint import Dataset
from rbsync.sync.known_version import basis_of_version
from rbsync.sync.memo import (
    Units,
    check_present,
    is_certain,
    put_units,
    remembered_of,
)
from rbsync.sync.remembered_members import Written, remembered_in, remembered_json
from rbsync.sync.scope import expanded_again
from rbsync.sync.workspace import Workspace

KEY = "last lock"

Expand = Callable[[Notes], Dataset]


@dataclass(frozen=True)
class LockMemory:
    """The last lock: its facts, those of its files by name, and what was seen of the data.

    ``basis`` is all that it depends on beside these, ``written`` the manifest that its places are
    of; ``text`` is how the cache keeps it.
    """

    basis: list[object]
    files: Mapping[str, FileFacts]
    remembered: Remembered
    written: Written
    text: str = ""

    @cached_property
    def digest(self) -> str:
        """The version that was locked."""
        return digest_of_sums({name: one.sum for name, one in self.files.items()})

    def changed(self, workspace: Workspace) -> list[str]:
        """The folders and files that are not as they were seen."""
        inputs = workspace.inputs
        return self.remembered.changed(inputs.tree, lambda: inputs.executor)

    @property
    def datapoints(self) -> int:
        """The number of datapoints."""
        return sum(one.datapoints for one in self.files.values())

    @property
    def sums(self) -> int:
        """The number of files of data."""
        return sum(one.blocks - one.alone for one in self.files.values())


@dataclass(frozen=True)
class LockPart:
    """The part of a lock that may differ from the files: as it is locked, and as they are now.

    ``new_files`` are the texts of the lock files that change, None for one that is gone; ``memory``
    is that of the lock once they are written, ``packed`` the units that it speaks of.
    """

    old: Lock
    new: Lock
    new_files: Mapping[str, bytes | None]
    memory: LockMemory
    packed: Units


def recall_lock(workspace: Workspace) -> LockMemory | None:
    """The memory of the last lock, where it still speaks of the lock that is there."""
    # `--deep` and `--rehash` are for those who do not believe size and time.
    if workspace.inputs.tree.rehashes or workspace.manifest.trust.untrusted:
        return None
    text = workspace.inputs.cache.memo(KEY)
    memory = _read(text) if text else None
    if not memory or memory.basis != _basis(workspace):
        return None
    moved = memory.written.moved(memory.remembered, workspace.manifest)
    return replace(memory, remembered=moved) if moved else None


def remember_lock(workspace: Workspace, lock: LockFiles, notes: Notes) -> None:
    """Remembers a lock that is that of all files at hand, and stands in its canonical files."""
    tree = workspace.inputs.tree
    is_known = is_certain(tree, notes, lock.datapoints) and not notes.unsettled
    if workspace.manifest.trust.untrusted or not is_known:
        return
    remembered = remembered_of(tree, notes)
    memory = LockMemory(
        _basis(workspace),
        {name: FileFacts.of(name, text) for name, text in lock.texts.items()},
        remembered,
        Written.of(workspace.manifest, remembered),
    )
    put_units(workspace, KEY, _text(memory), notes.packed.items(), after="")


def take_up(workspace: Workspace, part: LockPart, before: LockMemory) -> LockMemory:
    """Remembers a lock of which a part was written, and returns the memory of it."""
    written = Written.of(workspace.manifest, part.memory.remembered)
    memory = replace(part.memory, basis=_basis(workspace), written=written)
    put_units(workspace, KEY, _text(memory), part.packed, after=before.text)
    return memory


def lock_part(
    workspace: Workspace, folder: str, memory: LockMemory, changed: Iterable[str], expand: Expand
) -> LockPart | None:
    """The part of a lock that changes may concern; None where nothing less than all tells it."""
    try:
        again = expanded_again(workspace, memory.remembered, changed, (), expand)
        check_present(workspace, KEY, memory.text)
        if again.taken.remembered.unsettled:
            raise NotInPartsError("something is to be looked at again whatever has changed")
        return _Parting(folder, memory, lock_of(again.dataset), again.places).part(again.taken)
    # What is wrong is told by the one who looks at everything.
    except (NotInPartsError, UserError, OSError):
        return None
    finally:
        # Whoever reads all of it next does so with this tree.
        workspace.inputs.tree.part = None


class _Parting:
    """The lock files with a part in them, opened as far as that takes."""

    def __init__(
        self, folder: str, memory: LockMemory, new: Lock, places: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._memory = memory
        self._new = new
        self._places = places
        self._files = OpenedFiles(memory.files, self._text)
        self._beside: dict[str, list[Note]] = {}
        for note in new.notes.values():
            self._beside.setdefault(note.path, []).append(note)

    def part(self, taken: TakenUp) -> LockPart:
        """The part. Raises NotInPartsError, and OSError for a lock that cannot be read."""
        old = self._old()
        self._check(old)
        for path in old.sums.keys() | self._new.sums.keys():
            self._change(path, old)
        texts = self._files.texts()
        kept = {name: one for name, one in self._memory.files.items() if name not in texts}
        new = {name: FileFacts.of(name, text) for name, text in texts.items() if text is not None}
        memory = replace(self._memory, files=kept | new, remembered=taken.remembered)
        return LockPart(old, self._new, texts, memory, taken.packed)

    def _text(self, name: str) -> bytes:
        with open(os.path.join(self._folder, name), "rb") as file:
            text = file.read()
        # Its size and time are as they were; only the sum tells that its bytes are.
        if hashlib.sha256(text).hexdigest() != self._memory.files[name].sum:
            raise NotInPartsError(f"{name} is not as it was written")
        return text

    def _old(self) -> Lock:
        """The part as it is locked."""
        found = Lock()
        for name, place in self._places.items():
            now = self._new.notes.get(name)
            note = self._note(name, place) or (now and self._note(name, now.path))
            # Files of a datapoint of several stand in no note, so that none could be taken out.
            if not note or note.items:
                raise NotInPartsError(f"`{name}` stands elsewhere in the lock")
            found.notes[name] = note
            for path in (note.path, *note.label_files):
                if (locked := self._sum(path)) is None:
                    raise NotInPartsError(f"{path} has no sum")
                found.sums[path] = locked
        return found

    def _note(self, name: str, path: str) -> Note | None:
        notes = self._notes(path) if path else []
        return next((one for one in notes if one.name == name), None)

    def _notes(self, path: str) -> list[Note]:
        """The datapoints beside a file, as they are locked."""
        block = self._files.block(path)
        return [read_note(one, path) for one in block.lines[:-1]] if block else []

    def _sum(self, path: str) -> str | None:
        block = self._files.block(path)
        return read_sum(block.lines[-1])[1] if block else None

    def _check(self, old: Lock) -> None:
        """Raises NotInPartsError where a line of the part may be somebody else's too."""
        if any(one.items or not one.path for one in self._new.notes.values()):
            raise NotInPartsError("a datapoint has several files, or none")
        root = os.path.dirname(self._folder)
        for path in old.sums.keys() - self._new.sums.keys():
            # A file that all have in common goes with the last of them. One that is gone from the
            # disk is nobody's any more: all who had it are in the part.
            if os.path.lexists(os.path.join(root, path)):
                raise NotInPartsError(f"{path} may be in another datapoint")

    def _change(self, path: str, old: Lock) -> None:
        """Gives a path the lines that it has now, and leaves notes of others where they are."""
        kept = [one for one in self._notes(path) if one.name not in old.notes]
        if path not in self._new.sums:
            if kept:
                raise NotInPartsError(f"{path} is in another datapoint")
            self._files.put(path, ())
            return
        notes = sorted((*kept, *self._beside.get(path, ())), key=lambda one: raw(one.name))
        self._files.put(path, (*map(note_line, notes), sum_line(path, self._new.sums[path])))


def _text(memory: LockMemory) -> str:
    known = {"basis": memory.basis, "files": memory.files, "written": memory.written}
    return json.dumps({**known, **remembered_json(memory.remembered)})


def _read(text: str) -> LockMemory:
    found = json.loads(text)
    files = {name: FileFacts(*facts) for name, facts in found["files"].items()}
    written = Written(*found.get("written", ("", "")))
    return LockMemory(found["basis"], files, remembered_in(found), written, text)


def _basis(workspace: Workspace) -> list[object]:
    trust = workspace.manifest.trust
    limits = [trust.max_pixels, trust.max_labels]
    allowed = [trust.allow_private_urls, *limits, *workspace.manifest.settings.roots]
    return [*basis_of_version(workspace), *allowed]
