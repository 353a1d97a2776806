"""Makes documents to be kept of a task, and a datapoint to be put back of these."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import UnionType
from typing import Any, NamedTuple

from rbsync.backends.base import LabelFile, LabelText, TaskContent
from rbsync.backends.left import series_left
from rbsync.errors import Location, StoreError
from rbsync.model.datapoint import REMOTE, Datapoint, Item, Labels, Settings
from rbsync.model.fingerprint import Fingerprint, digest

_SIGNED = re.compile(
    r"[?&](x-(amz|goog)-[\w-]+|signature|sig|awsaccesskeyid|googleaccessid|key-pair-id|token)=",
    re.IGNORECASE,
)

Document = Mapping[str, Any]
"""What is kept of a task, facet by facet; one that was not looked at is missing.

``half`` is the digest of its settings between the two requests that change them.
"""

ReadContent = Callable[[str], bytes]
"""Reads what a digest names. Raises StoreError."""


class Snapshot(NamedTuple):
    """Contents that are kept; ``name`` is the digest of the document, which names the others."""

    name: str
    document: Document
    contents: Mapping[str, bytes]

    @property
    def parts(self) -> tuple[str, ...]:
        """The contents that the document names."""
        return tuple(name for name in self.contents if name != self.name)


class SignedUrlError(Exception):
    """The items had URLs with signatures, which are not kept."""


def snapshot_of(present: TaskContent, *, labels: bool, wanted: Settings | None = None) -> Snapshot:
    """Takes what a task has; with ``labels`` they were looked at. Raises BackendError.

    ``wanted`` are settings that it is about to be given, in several requests.
    """
    contents: dict[str, bytes] = {}
    document: dict[str, Any] = {"items": _items_json(present), "settings": _settings(present)}
    if wanted is not None and wanted.priority != present.task.priority:
        document["half"] = _half_changed(present, wanted)
    if labels:
        text = _put(contents, present.labels.encode("utf-8", "surrogatepass"))
        maps = [[one.series, _put(contents, one.read())] for one in present.maps]
        document["labels"] = {"json": text, "maps": maps}
    name = _put(contents, _as_text(document).encode())
    return Snapshot(name, document, contents)


# Made once: `json.dumps` with options of its own makes another encoder for each document.
_as_text = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _put(contents: dict[str, bytes], data: bytes) -> str:
    name = digest(data)
    contents[name] = data
    return name


def _items_json(present: TaskContent) -> dict[str, Any]:
    return {
        "storage": present.storages[0],
        # A signed URL opens the file for whoever reads it, and is of no use after some days.
        "names": [None if _SIGNED.search(name) else name for name in present.task.items],
        "refs": [None if _SIGNED.search(ref) else ref for ref in present.refs],
        "series": list(present.series),
    }


def _settings(present: TaskContent) -> dict[str, Any]:
    return present.task.settings(present.storages[0]).as_json()


def _half_changed(present: TaskContent, wanted: Settings) -> str:
    """The digest of settings of which the priority is another one already, and nothing else."""
    settings, keys = present.task.settings(present.storages[0]), present.left.keys
    if keys is not None:
        own = {key: one for key, one in settings.metadata.items() if key in keys}
        series = series_left(settings.series, present.left.series)
        settings = settings._replace(metadata=own, series=series)
    return settings._replace(priority=wanted.priority).fingerprint()


def refs_of(document: Document) -> tuple[str, ...]:
    """Returns where the items are kept."""
    return tuple(ref for ref in document["items"]["refs"] if ref)


def read_document(read: ReadContent, name: str) -> Document:
    """A document that was kept. Raises StoreError when it is gone, or is none.

    Its name says that it is as it was written, and not by whom: a history may have come with a
    stranger's branch.
    """
    try:
        found: Document = json.loads(read(name))
        _check(found)
        return found
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise StoreError(f"the history's content {name} is no datapoint of rbsync") from error


def _check(document: Document) -> None:
    """Raises one of the errors that wrong types raise, for what is no document."""
    items, labels = document.get("items"), document.get("labels")
    if items is not None:
        names, refs = items["names"], items["refs"]
        _check_each([*names, *refs], str | None)
        _check_each(items["series"], int)
        if len(names) != len(refs):
            raise ValueError
    if labels is not None:
        _check_each([labels["json"], *(name for _, name in labels["maps"])], str)
        _check_each([series for series, _ in labels["maps"]], int)
    if "settings" in document:
        Settings.of_json(document["settings"]).fingerprint()
    _check_each([document.get("half", "")], str)


def _check_each(values: Iterable[object], kind: UnionType | type) -> None:
    if not all(isinstance(one, kind) for one in values):
        raise TypeError


def put_back(name: str, document: Document, fingerprint: Fingerprint) -> Datapoint:
    """The datapoint that a document is of. Raises SignedUrlError for one that cannot be.

    Its items are where they were kept, and its labels are read when they are sent.
    """
    items = document["items"]
    if None in items["refs"]:
        raise SignedUrlError(name)
    pairs = zip(items["names"], items["refs"], strict=True)
    return Datapoint(
        name,
        tuple(Item(named, REMOTE + ref) for named, ref in pairs),
        _labels(document.get("labels"), fingerprint.labels),
        Settings.of_json(document["settings"]),
        fingerprint,
        Location(""),
        tuple(items["series"]),
    )


def _labels(kept: Mapping[str, Any] | None, fingerprint: str) -> Labels | None:
    return Labels("kept", fingerprint, inline=json.dumps(kept)) if kept else None


def kept_text(labels: Labels, read: ReadContent) -> LabelText:
    """Labels of the kind ``kept``, as they were. Raises StoreError when they are gone."""
    kept = json.loads(labels.inline)
    text = read(kept["json"]).decode("utf-8", "surrogatepass")
    files = tuple(LabelFile(series, read(name)) for series, name in kept["maps"])
    return LabelText(text, _count(text, kept["json"]), files=files)


def _count(text: str, name: str) -> int:
    with suppress(ValueError, RecursionError):
        if isinstance(found := json.loads(text), list):
            return len(found)
    raise StoreError(f"the history's content {name} is no list of labels")
