"""datapoint_map.json of an exported mask folder: which image a mask belongs to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

SUFFIX = ".png"


class DatapointMap(NamedTuple):
    """``images`` has a path or URL for each mask, by file name with or without ``.png``."""

    file: str
    images: Mapping[str, str]

    def of_files(self, files: Collection[str]) -> dict[str, str]:
        """The image of each of the masks' file names that is mapped."""
        found = {}
        for key, image in self.images.items():
            file = self._file_of(key, files)
            if file:
                found[file] = image
        return found

    def without_file(self, files: Collection[str]) -> Iterator[str]:
        """The keys that no file belongs to."""
        return (key for key in self.images if not self._file_of(key, files))

    def _file_of(self, key: str, files: Collection[str]) -> str:
        # With masks a.png and a.png.png the key a.png could mean either: the other keys tell.
        names = (key + SUFFIX, key) if self._is_bare(files) else (key, key + SUFFIX)
        return next((one for one in names if one in files), "")

    def _is_bare(self, files: Collection[str]) -> bool:
        """Whether the keys are names without ``.png``."""
        return all(key + SUFFIX in files for key in self.images)


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
