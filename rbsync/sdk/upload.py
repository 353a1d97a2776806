"""Creating datapoints: each is checked whole, then those that are right are sent together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from rbsync.applier.cancellation import Cancellation
from rbsync.applier.retrying import Retrier
from rbsync.backends.base import Draft, LabelText
from rbsync.backends.base import Project as Facts
from rbsync.backends.redbrick.http.redaction import redact
from rbsync.collector import seldom_collected
from rbsync.errors import Location, RbsyncError, UserError
from rbsync.files.roots import Roots
from rbsync.model.datapoint import Datapoint, Encoding, Settings
from rbsync.model.fingerprint import Fingerprint, of_items
from rbsync.model.storages import is_built_in, is_uploaded
from rbsync.sdk.arguments import ANSWERED, Given, read_given, refusal
from rbsync.sdk.deliver import GivenContent, deliver, with_hint
from rbsync.sdk.item_files import all_files, read_item
from rbsync.sdk.storage_method import storage_of
from rbsync.sync.storage_check import unknown_storages

if TYPE_CHECKING:
    from uuid import UUID

    from numpy import uint8
    from numpy.typing import NDArray

    from rbsync.backends.redbrick.backend import RedbrickBackend

READERS = min(4, os.cpu_count() or 1)
ORIGIN = Location("")
CLOSED = "the project was closed"
TAKEN = "another datapoint of this call has the same name and other content"

Failed = list[dict[str, Any]]
Read = Callable[[], Given]


class Checked(NamedTuple):
    """A datapoint that is fit to be sent with the text of its labels, or why there is none."""

    datapoint: Datapoint | None = None
    text: LabelText | None = None
    error: str = ""


class Upload:
    """Creates datapoints in one project. For any number of threads."""

    def __init__(
        self, backend: RedbrickBackend, project: Facts, retrier: Retrier, stop: Cancellation
    ) -> None:
        """Once ``stop`` is requested, nothing is created any more."""
        self._retrier, self._stop = retrier, stop
        self._backend = backend
        self._project = project

    def create_datapoints(
        self,
        storage_id: str | UUID,
        datapoints: Iterable[Mapping[str, Any]],
        is_ground_truth: bool = False,
    ) -> list[dict[str, Any]]:
        """Creates datapoints, and returns those that failed; an empty list means: none did.

        ``storage_id`` is a constant of `StorageMethod` or the UUID of another storage. A
        datapoint is a dict: ``name``, unique in the project; ``items``, a list of URLs, of keys
        in the storage, or with `StorageMethod.REDBRICK` of paths of files, which are uploaded;
        and perhaps ``labels`` (a list of LabelObjects), ``metadata`` (strings by name) and
        ``priority`` (from 0 to 1). ``is_ground_truth`` puts them at the end of the pipeline.

        Each datapoint that failed is a copy of the given dict with ``error``, a text, in the
        order of the input; the list can be given again as it is. Whatever is wrong with one is
        found before anything of it is sent, and keeps none of the others. A datapoint that the
        project has already counts as created when rbsync made it with the same content, else
        its error says so. Raises UserError for a storage that the organization does not have or for
        what is no list of datapoints.
        """
        settings = Settings(self._storage(storage_id), bool(is_ground_truth))
        given = _listed(datapoints)
        reads = [partial(read_given, one, settings) for one in given]
        return self._create(given, reads, settings.storage)

    def create_datapoint_from_masks(
        self,
        storage_id: str | UUID,
        mask: NDArray[uint8],
        class_map: Mapping[str, Sequence[int]],
        image_path: str | os.PathLike[str],
        *,
        encoding: Encoding = "auto",
    ) -> list[dict[str, Any]]:
        """Creates one datapoint of an image and its segmentation mask.

        ``mask`` is an array (m, n, 3) uint8, RGB, of the image's size; black is background.
        ``class_map`` is ``{category: [r, g, b]}`` with a colour for all else in the mask.
        ``image_path`` is the item: a URL, a key in the storage, or with
        `StorageMethod.REDBRICK` the path of a file, which is uploaded. The datapoint is called
        by ``image_path``, as it is written. ``encoding`` is how the mask is sent: as a label map
        (``nifti``), which is what the service has today, or as outlines (``pixel``), which is
        what its page of 2021 describes and today's client does not export; both are exact.
        ``auto`` is a label map, and outlines for more classes than one can number.

        Returns an empty list when it is created, else a list of one dict: ``name``, ``items``
        and ``error``. A mask without a labelled pixel makes a datapoint without labels. The
        project must be one for segmentation and have all categories. Raises UserError for a
        storage that the organization does not have.
        """
        from rbsync.sdk.mask import read_masked

        settings = Settings(self._storage(storage_id))
        read = partial(read_masked, mask, class_map, image_path, settings, self._project, encoding)
        return self._create([{"name": image_path, "items": [image_path]}], [read], settings.storage)

    create_datapoint_from_mask = create_datapoint_from_masks

    def _check_open(self) -> None:
        """Raises RbsyncError when the project was closed."""
        if self._stop.requested:
            raise RbsyncError(CLOSED, hint="open it again with `get_project`")

    def _storage(self, storage_id: str | UUID) -> str:
        """Returns what settings call a storage. Raises UserError for one that is not there."""
        self._check_open()
        found = storage_of(storage_id)
        unknown = unknown_storages(self._backend, {found}) if not is_built_in(found) else {}
        if unknown:
            raise UserError(list(unknown.values()))
        return found

    @seldom_collected()
    def _create(self, given: Sequence[Any], reads: Sequence[Read], storage: str) -> Failed:
        roots = all_files()
        checked = self._checked(reads, roots, with_files=is_uploaded(storage))
        # Reversed, since the last one of a name stays in a dict, and it is the first that is sent.
        first = {one.name: one for one in reversed(_datapoints(checked))}
        texts = {
            one.datapoint.labels.fingerprint: one.text
            for one in checked
            if one.text and one.datapoint and one.datapoint.labels
        }
        content = GivenContent(roots, texts)
        errors = deliver(self._backend, list(first.values()), content, self._retrier)
        return [
            # An item may be a presigned URL, and answers are printed: its signature must not be.
            _failed(one, redact(error))
            for one, found in zip(given, checked, strict=True)
            if (error := _error(found, first, errors))
        ]

    def _checked(self, reads: Sequence[Read], roots: Roots, *, with_files: bool) -> list[Checked]:
        """All of them, several files being read at a time."""
        check = partial(self._check, roots=roots)
        # Threads pay only where files are read; all other checks wait for nothing.
        if not with_files or len(reads) == 1:
            return [check(one) for one in reads]
        with ThreadPoolExecutor(READERS, "rbsync-read") as executor:
            return list(executor.map(check, reads))

    def _check(self, read: Read, roots: Roots) -> Checked:
        try:
            given = read()
            return Checked(self._datapoint(given, roots), given.text)
        except UserError as error:
            lines = [with_hint(one.message, one.hint) for one in error.problems]
            return Checked(error="; ".join(lines))

    def _datapoint(self, given: Given, roots: Roots) -> Datapoint:
        """Returns what is to be created. Raises UserError for what the project would not accept."""
        name, settings, labels = given.name, given.settings, given.labels
        items = tuple(read_item(roots, path, settings.storage) for path in given.items)
        fingerprint = Fingerprint(
            of_items([one.content for one in items]),
            labels.fingerprint if labels else "",
            settings.fingerprint(),
        )
        refs = tuple((one.ref, one.ref) for one in items)
        flaw = self._backend.flaw(Draft(name, refs, given.text, settings, fingerprint))
        if flaw:
            raise refusal(flaw.message, flaw.hint)
        return Datapoint(name, items, labels, settings, fingerprint, ORIGIN)


def _listed(datapoints: Iterable[Any]) -> list[Any]:
    # These are iterable too: each key or letter would become a datapoint that fails.
    if isinstance(datapoints, Mapping | str) or not isinstance(datapoints, Iterable):
        raise refusal("`datapoints` must be a list of dicts", "put a single one in brackets")
    return list(datapoints)


def _datapoints(checked: Sequence[Checked]) -> list[Datapoint]:
    return [one.datapoint for one in checked if one.datapoint]


def _error(found: Checked, first: Mapping[str, Datapoint], errors: Mapping[str, str]) -> str:
    """Returns why a datapoint failed; empty when it did not. Equal ones share what came of the
    first.
    """
    one = found.datapoint
    if one is None:
        return found.error
    if one.fingerprint != first[one.name].fingerprint:
        return TAKEN
    return errors.get(one.name, "")


def _failed(given: object, error: str) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return {**given, ANSWERED: error}
    return {"datapoint": given, ANSWERED: error}
