"""The content of a lock: the sum of each file, and a note on each datapoint. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rbsync.model.datapoint import Datapoint, Dataset, Item
from rbsync.model.fingerprint import Facet

LABELS = "labels:1:"
SETTINGS = "settings:1:"
_SHA256 = "sha256:"


class Note(NamedTuple):
    """A datapoint beside its first file: what of it is no file.

    ``path`` is that of its first local item, empty where it has none. ``items`` is the identity
    of several items in order, or of those that are not here; empty for one local file, whose sum
    says it all. ``refs`` are the items that are not here; ``label_files`` the paths of files that
    its labels come from. ``labels`` is the digest of the labels' meaning, empty for none.
    """

    name: str
    path: str
    settings: str
    size: int
    items: str = ""
    labels: str = ""
    refs: tuple[str, ...] = ()
    label_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lock:
    """A locked version: ``sums`` are SHA-256 in hex by path, ``notes`` stand by name."""

    sums: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)

    def facet(self, name: str, facet: Facet) -> str:
        """Returns the identity of one facet of a datapoint."""
        note = self.notes[name]
        if facet == "items":
            return note.items or self.sums.get(note.path, "")
        return note.labels if facet == "labels" else note.settings


def lock_of(dataset: Dataset) -> Lock:
    """The lock of a dataset whose contents were hashed with SHA-256."""
    lock = Lock()
    notes, sums, label_files = lock.notes, lock.sums, dataset.label_files
    for one in dataset.datapoints:
        local = [item for item in one.items if item.is_local]
        given = one.labels.inputs if one.labels else ()
        if label_files and not given:
            given = label_files.get(one.name, ())
        inputs = [item for item in given if item.is_local] if given else ()
        notes[one.name] = _note(one, local, inputs)
        for item in (*local, *inputs):
            sums[item.ref] = item.content.removeprefix(_SHA256)
    return lock


def _note(one: Datapoint, local: Sequence[Item], inputs: Sequence[Item]) -> Note:
    """The note on a datapoint, of whose items and label files those that are here are given."""
    is_one = len(one.items) == len(local) == 1
    return Note(
        one.name,
        local[0].ref if local else "",
        SETTINGS + one.fingerprint.settings,
        one.size,
        "" if is_one else one.fingerprint.items,
        LABELS + one.labels.fingerprint if one.labels else "",
        () if is_one else tuple([item.ref for item in one.items if not item.is_local]),
        tuple([item.ref for item in inputs]),
    )
