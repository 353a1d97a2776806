"""The local files that a plan speaks of, opened when they are to be sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Literal, Protocol, assert_never

from rbsync.applier.action_failures import FailedError
from rbsync.applier.snapshot import ReadContent, kept_text
from rbsync.backends.base import Body, LabelText
from rbsync.errors import StoreError, UserError
from rbsync.files.body import FileBody, open_body, read_whole
from rbsync.files.roots import Roots
from rbsync.model.datapoint import Labels
from rbsync.model.fingerprint import Algorithm, canonical_json
from rbsync.model.outcome import Failure

# A file of labels is held in memory as a whole. One above this is a mistake in a glob, such as the
# scans themselves.
LIMIT = 1 << 30
_NOTHING = LabelText("[]", 0)


class Content(Protocol):
    """Opens the local files that a plan speaks of."""

    def open(self, path: str) -> AbstractContextManager[Body]:
        """A file to be sent. Raises OSError."""

    def labels(self, labels: Labels) -> tuple[LabelText, str]:
        """Labels as text, and the content identities of the files that they came from.

        The identities are parted by a space. Raises OSError, and FailedError for what cannot be
        labels.
        """

    def expect(self, labels: Sequence[Labels]) -> None:
        """This thread will ask for the text of these, and wants to wait for all of them once."""


def nothing_kept(digest: str) -> bytes:
    """Satisfies ``ReadContent``. Raises StoreError."""
    raise StoreError(f"there is no history that has the content {digest}")


class LocalContent:
    """Files below the roots. Satisfies ``Content``."""

    def __init__(
        self,
        roots: Roots,
        algorithm: Algorithm,
        masks: Literal["pixel", "nifti"] = "pixel",
        kept: ReadContent = nothing_kept,
    ) -> None:
        """``masks`` is the encoding of masks that leave it open; ``kept`` reads the history."""
        self._kept = kept
        self._masks: Literal["pixel", "nifti"] = masks
        self._roots = roots
        self._algorithm: Algorithm = algorithm

    def open(self, path: str) -> FileBody:
        """Raises OSError; OutsideError for a path that leads out of the roots."""
        return open_body(self._roots, path, self._algorithm)

    def labels(self, labels: Labels) -> tuple[LabelText, str]:
        """The text is empty when a file is not the planned one any more."""
        match labels.kind:
            case "objects":
                return self._objects(labels)
            case "mask" | "segmentation":
                return self._converted(labels, labels.kind)
            case "kept":
                return kept_text(labels, self._kept), ""
            case never:
                assert_never(never)

    def expect(self, labels: Sequence[Labels]) -> None:
        """They are read when they are asked for."""

    def _objects(self, labels: Labels) -> tuple[LabelText, str]:
        if not labels.inputs:
            return LabelText(labels.inline, len(json.loads(labels.inline))), ""
        path, planned, _ = labels.inputs[0]
        data, content = read_whole(self._roots, path, self._algorithm, LIMIT)
        # The file is read once and its content compared, not its time: what was shown in the plan
        # is what is sent, or nothing is.
        if content != planned:
            return _NOTHING, content
        objects = json.loads(data)
        return LabelText(canonical_json(objects).decode(), len(objects)), content

    def _converted(
        self, labels: Labels, kind: Literal["mask", "segmentation"]
    ) -> tuple[LabelText, str]:
        try:
            return self.conversion(labels, kind)()
        except UserError as error:
            raise failed(error) from error

    def conversion(
        self, labels: Labels, kind: Literal["mask", "segmentation"]
    ) -> Callable[[], tuple[LabelText, str]]:
        """A call that gives the text of a mask. It depends on nothing but the files.

        Raises OSError, and UserError for what cannot be labels.
        """
        # A run of URLs alone needs neither NumPy nor Pillow, which are slow to load.
        from rbsync.applier.mask_text import mask_text, segmentation_text

        match kind:
            case "mask":
                return partial(mask_text, self._roots, labels, self._algorithm, self._masks)
            case "segmentation":
                return partial(segmentation_text, self._roots, labels, self._algorithm)
            case never:
                assert_never(never)


def failed(error: UserError) -> FailedError:
    """The failure of an action whose labels cannot be made."""
    return FailedError(Failure("invalid", "read", error.problems[0].message, hint=error.hint))
