"""A description of the locked version in Croissant 1.1, for catalogues and loaders of data."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from rbsync.errors import UserError
from rbsync.exports.base import Export, File
from rbsync.locks.layout import digest_of, files_of
from rbsync.sync.locking import locked_version

if TYPE_CHECKING:
    from rbsync.backends.base import TaskContent
    from rbsync.locks.lock_content import Lock

_PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".bmp": "image/bmp"}
_OTHERS = {".json": "application/json", ".dcm": "application/dicom", ".mp4": "video/mp4"}
_UNKNOWN = "application/octet-stream"
# `includes` takes patterns: a name with one of these would match other files too.
_SPECIAL = str.maketrans({one: f"[{one}]" for one in "*?["})

_WORDS = (
    "annotation arrayShape citeAs column containedIn equivalentProperty examples extract field "
    "fileObject fileProperty fileSet format includes isArray isLiveDataset jsonPath key md5 "
    "parentField path readLines recordSet references regex repeated replace samplingRate "
    "separator source subField transform unArchive value"
)

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{one: f"cr:{one}" for one in _WORDS.split()},
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}
"""The ``@context`` of a description: the words of Croissant 1.1, as its specification has them."""


class CroissantExport(Export):
    """Describe the locked version in FILE, beside the manifest, as Croissant 1.1.

    Its records are the datapoints with the paths of their files, and the pictures and the masks
    with their content.

    \b
    Example:
      rbsync export croissant croissant.json
    """

    takes: ClassVar[str] = "FILE"
    of_files: ClassVar[bool] = True

    def files(self, tasks: Iterator[TaskContent]) -> Iterator[File]:  # noqa: ARG002  (never asked)
        """Satisfies ``Export``; nobody asks, since `stream` answers for every path."""
        raise AssertionError("a description is a single file")

    def stream(self, path: str, tasks: Iterator[TaskContent]) -> Iterator[bytes]:  # noqa: ARG002  (of files alone)
        """The description as JSON. Raises UserError for another folder than the manifest's."""
        root = os.path.abspath(self.workspace.manifest.root)
        if os.path.dirname(os.path.abspath(path)) != root:
            raise UserError(
                f"{path} is not in the manifest's folder, from which its paths would begin",
                hint=f"write it to {os.path.join(root, 'croissant.json')}",
            )
        lock = locked_version(self.workspace.manifest)
        self.written = len(lock.notes)
        text = json.dumps(_described(lock, os.path.basename(root)), indent=1, ensure_ascii=False)
        return iter([text.encode("utf-8", "surrogatepass") + b"\n"])


def _described(lock: Lock, name: str) -> dict[str, Any]:
    digest = digest_of(files_of(lock))
    labels = sorted({path for note in lock.notes.values() for path in note.label_files})
    items = sorted(lock.sums.keys() - set(labels))
    sets = {**_by_kind("items", items), **_by_kind("labels", labels)}
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        # The root of a file system has no name, and a description must have one.
        "name": name or "dataset",
        "description": f"The version {digest}, which rbsync.lock/ has the sums of.",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "identifier": digest,
        # Croissant wants a semantic version. A digest fits into one only as its build.
        "version": f"1.0.0+{digest.rpartition(':')[2][:12]}",
        "distribution": [_file_set(one, media, paths) for one, (media, paths) in sets.items()],
        "recordSet": [
            _datapoints(lock),
            *(_contents(one) for one, (media, _) in sets.items() if media.startswith("image/")),
        ],
    }


def _by_kind(role: str, paths: Iterable[str]) -> dict[str, tuple[str, list[str]]]:
    """Sets of files of one kind, by their names: ``items-png``."""
    found: dict[str, tuple[str, list[str]]] = {}
    for path in paths:
        suffix = os.path.splitext(path)[1].lower()
        media = {**_PICTURES, **_OTHERS}.get(suffix, _UNKNOWN)
        found.setdefault(f"{role}-{media.partition('/')[2]}", (media, []))[1].append(path)
    return found


def _file_set(name: str, media: str, paths: list[str]) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "encodingFormat": media,
        # As they stand: a pattern could match what is not of this version.
        "includes": [path.translate(_SPECIAL) for path in paths],
    }


def _datapoints(lock: Lock) -> dict[str, Any]:
    data = [
        {
            "datapoints/name": note.name,
            "datapoints/item": note.path or next(iter(note.refs), ""),
            "datapoints/labels": "\n".join(note.label_files),
        }
        for note in sorted(lock.notes.values(), key=lambda one: one.name)
    ]
    fields = {
        "name": "Unique in the dataset.",
        "item": "The path of its first item, or its address.",
        "labels": "The paths of its label files, a line each.",
    }
    return {
        "@type": "cr:RecordSet",
        "@id": "datapoints",
        "name": "datapoints",
        "key": {"@id": "datapoints/name"},
        "field": [
            _field(f"datapoints/{one}", "sc:Text", description=text) for one, text in fields.items()
        ],
        "data": data,
    }


def _contents(name: str) -> dict[str, Any]:
    """Records of the pictures in a set of files: path and content."""
    record = f"{name}-content"
    return {
        "@type": "cr:RecordSet",
        "@id": record,
        "name": record,
        "field": [
            _field(f"{record}/path", "sc:Text", source=_source(name, "fullpath")),
            _field(f"{record}/content", "sc:ImageObject", source=_source(name, "content")),
        ],
    }


def _source(name: str, what: str) -> Mapping[str, Any]:
    return {"fileSet": {"@id": name}, "extract": {"fileProperty": what}}


def _field(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": name, "name": name, "dataType": kind, **more}
