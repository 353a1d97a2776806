"""The local files that a plan speaks of, opened when they are to be sent."""

from __future__ import annotations

import json

from rbsync.backends.base import LabelText
from rbsync.files.body import FileBody, open_body, read_whole
from rbsync.files.roots import Roots
from rbsync.model.datapoint import Labels
from rbsync.model.fingerprint import Algorithm, canonical_json

LIMIT = 1 << 30


class LocalContent:
    """Files below the roots. Satisfies ``apply.prepare.Content``."""

    def __init__(self, roots: Roots, algorithm: Algorithm) -> None:
        self._roots = roots
        self._algorithm: Algorithm = algorithm

    def open(self, path: str) -> FileBody:
        """Raises OSError; OutsideError for a path that leads out of the roots."""
        return open_body(self._roots, path, self._algorithm)

    def labels(self, labels: Labels) -> tuple[LabelText, str]:
        """Raises OSError, also for a file that is no list of labels any more."""
        if not labels.inputs:
            return LabelText(labels.inline, len(json.loads(labels.inline))), ""
        path = labels.inputs[0].ref
        data, content = read_whole(self._roots, path, self._algorithm, LIMIT)
        if content != labels.inputs[0].content:
            return LabelText("[]", 0), content
        objects = json.loads(data)
        return LabelText(canonical_json(objects).decode(), len(objects)), content
