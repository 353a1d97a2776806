"""Files that are in several datapoints, or in two parts: people label one picture twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rbsync.dataset.findings import Findings
from rbsync.errors import Location, Problem
from rbsync.model.storages import is_uploaded
from rbsync.sources.entry import Entry, MaskLabels


def warn_of_shared_files(entries: Iterable[Entry], findings: Findings) -> None:
    """Warns once of the files that two sources made datapoints of, and of masks sent as images.

    Both are allowed, and the file is uploaded once. They are told because a picture and its mask
    are easily declared apart: as one datapoint with labels, and as another one without.
    """
    entries = list(entries)
    _warn_of_masks(entries, findings)
    # One source finds each file once. A million entries of one need no table to tell that.
    if all(one.origin is entries[0].origin for one in entries):
        return
    owners: dict[str, Entry] = {}
    first: tuple[str, Entry, Entry] | None = None
    count, names = 0, set[str]()
    for entry in entries:
        if not is_uploaded(entry.settings.storage):
            continue
        for item in entry.items:
            other = owners.setdefault(item, entry)
            if other.origin != entry.origin and other.name != entry.name:
                count += 1
                names |= {other.name, entry.name}
                first = first or (item, other, entry)
    if first is not None:
        findings.warn_of_several(_problem(count, *first), names)


def _warn_of_masks(entries: Sequence[Entry], findings: Findings) -> None:
    """A glob over all folders takes the masks for images, and people are given them to label."""
    masks = {
        file: entry
        for entry in entries
        if isinstance(entry.labels, MaskLabels)
        for file in entry.labels.files
    }
    if not masks:
        return
    sent = [
        (item, masks[item], entry)
        for entry in entries
        if is_uploaded(entry.settings.storage)
        for item in entry.items
        if item in masks
    ]
    if sent:
        names = {one.name for _, *both in sent for one in both}
        findings.warn_of_several(_mask_problem(len(sent), *sent[0]), names)


def _mask_problem(count: int, file: str, masked: Entry, sent: Entry) -> Problem:
    message = f"`{file}` is the mask of `{masked.name}`, and `{sent.name}` is sent as an image"
    if count > 1:
        message += f"; so are {count - 1:,} more masks"
    folder, _, name = file.rpartition("/")
    # Where masks lie beside their images the folder has both, and its masks have an ending.
    is_apart = folder and all(one.rpartition("/")[0] != folder for one in masked.items)
    stem = masked.items[0].rpartition("/")[2].rpartition(".")[0]
    ending = name.removeprefix(stem) if name.startswith(stem) else ""
    beside = f"**/*{ending}" if ending and not ending.startswith(".") else file
    pattern = f"{folder}/**" if is_apart else beside
    hint = f'leave masks out of the images: `exclude: ["{pattern}"]`'
    return Problem("mask-as-image", message, sent.origin, hint)


def _problem(count: int, item: str, one: Entry, other: Entry) -> Problem:
    where = f"`{one.name}` ({_line(one.origin)}) and `{other.name}` ({_line(other.origin)})"
    message = f"`{item}` is in two datapoints, {where}"
    if count > 1:
        message += f", and so are {count - 1:,} more files"
    hint = "leave it out of one of them with `exclude`, where it is the same picture to people"
    return Problem("shared-file", message, other.origin, hint)


def _line(origin: Location) -> str:
    return f"{origin.file}:{origin.line}"
