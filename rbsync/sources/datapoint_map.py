"""datapoint_map.json of an exported mask folder: which image a mask belongs to."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

SUFFIX = ".png"


class Matched(NamedTuple):
    """``keys`` has the map's key of each file that is mapped, ``missing`` the keys that no file
    belongs to, ``twice`` further keys of a file, by its name.
    """

    keys: dict[str, str]
    missing: list[str]
    twice: dict[str, str]


class DatapointMap(NamedTuple):
    """``images`` has a path or URL for each mask, by file name with or without ``.png``."""

    file: str
    images: Mapping[str, str]

    def match(self, files: Collection[str]) -> Matched:
        """Which key belongs to which of the masks' file names."""
        names = _Names(files)
        # With masks a.png and a.png.png the key a.png could mean either: the other keys tell.
        is_bare = all(names.find(key + SUFFIX) for key in self.images)
        found = Matched({}, [], {})
        for key in self.images:
            given, added = names.find(key), names.find(key + SUFFIX)
            file = (added or given) if is_bare else (given or added)
            if not file:
                found.missing.append(key)
            elif file in found.keys:
                found.twice[file] = key
            else:
                found.keys[file] = key
        return found


class _Names:
    """File names, found also by what writes them in another way.

    A disk may keep an accent apart from its letter, and a suffix in capitals.
    """

    def __init__(self, files: Collection[str]) -> None:
        self._files = files
        self._by_form: dict[str, list[str]] = {}
        for file in files:
            self._by_form.setdefault(_form(file), []).append(file)

    def find(self, name: str) -> str:
        """The file of a name; empty when there is none, or nobody can tell which."""
        if name in self._files:
            return name
        # Only one that is alike is taken: of two nobody can tell which was meant.
        alike = self._by_form.get(_form(name), [])
        return alike[0] if len(alike) == 1 else ""


def _form(name: str) -> str:
    form = unicodedata.normalize("NFC", name)
    has_suffix = form.lower().endswith(SUFFIX)
    return form[: -len(SUFFIX)] + SUFFIX if has_suffix else form


def read_datapoint_map(data: Any, file: str) -> DatapointMap:
    """Checks a map that was read from a file. Raises MaskError."""
    from rbsync.masks.error import MaskError

    hint = 'write {"NAME.png": "path or URL of the image"}'
    if not isinstance(data, dict):
        raise MaskError("datapoint-map", "this is no object", hint=hint, file=file)
    for key, image in data.items():
        if not isinstance(image, str) or not image:
            message = f"the mask {key!r} has the image {image!r}, not a path or URL"
            raise MaskError("datapoint-map", message, hint=hint, file=file)
    return DatapointMap(file, data)
