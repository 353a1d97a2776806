"""What a project must be for masks to be sent to it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from rbsync.errors import Problem
from rbsync.labels import Taxonomy, project_type
from rbsync.sources.base import Entry, MaskLabels


class MaskRules:
    """The rules of a project with a type and a taxonomy."""

    def __init__(self, type_name: str, taxonomy: Taxonomy) -> None:
        self._type = project_type(type_name)
        self._names = taxonomy.names

    def problems(self, entry: Entry, labels: MaskLabels) -> Iterator[Problem]:
        """What stands in the way of an entry's masks, whatever is in them."""
        # A label of a video says in which frame it is, and a mask does not.
        if "pixel" not in self._type.kinds or self._type.medium == "VIDEO":
            yield self._wrong_type(entry)
        for name in labels.categories:
            if self._names and name not in self._names:
                yield self._unknown(entry, labels, name)

    def _wrong_type(self, entry: Entry) -> Problem:
        message = f"a project of type {self._type.name} takes no masks"
        hint = "masks need IMAGE_SEGMENTATION, IMAGE_MULTI or DICOM_SEGMENTATION"
        return Problem("wrong-kind", message, entry.origin, hint)

    def _unknown(self, entry: Entry, labels: MaskLabels, name: str) -> Problem:
        near = difflib.get_close_matches(name, self._names, n=1)
        hint = f'did you mean "{near[0]}"?' if near else "add it to the project's taxonomy"
        message = f'{labels.named_by}: the category "{name}" is not in the taxonomy'
        return Problem("unknown-category", message, entry.origin, hint)
