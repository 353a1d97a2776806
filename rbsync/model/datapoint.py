"""The desired datapoints with their items, labels and settings, and the whole dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

from rbsync.errors import Location, Problem
from rbsync.model.extent import Extent
from rbsync.model.fingerprint import Algorithm, Fingerprint, of_dataset, of_sum, of_value
from rbsync.model.storages import UPLOADED
from rbsync.reasons import ObstacleReason

REMOTE = "ref:"
OWN_METADATA = ("rbsync.", "rbsync_")
"""What the keys begin with that rbsync itself leaves in a datapoint's metadata."""


class Item(NamedTuple):
    """One file, URL or storage key of a datapoint.

    ``ref`` is the path relative to the manifest's folder (with ``/``), the URL, or the key in
    the bucket. ``content`` is the content identity of a local file, and ``ref:…`` for what is
    not here. ``size`` is in bytes, 0 where unknown.
    """

    ref: str
    content: str
    size: int = 0

    @property
    def is_local(self) -> bool:
        return not self.content.startswith(REMOTE)

    # What is not here cannot be read; its address has to do for its content.
    @classmethod
    def remote(cls, ref: str) -> Item:
        return cls(ref, REMOTE + ref)


class SeriesSettings(NamedTuple):
    """The settings of one series of a study: its name, empty for none, and its metadata."""

    name: str = ""
    metadata: Mapping[str, str] = {}

    def as_json(self) -> dict[str, object]:
        """Only what is said."""
        name = {"name": self.name} if self.name else {}
        return {**name, **({"metadata": dict(self.metadata)} if self.metadata else {})}


def series_settings(every: Iterable[SeriesSettings]) -> tuple[SeriesSettings, ...]:
    """Settings of series as datapoints have them: without those at the end that say nothing."""
    found = list(every)
    while found and found[-1] == SeriesSettings():
        found.pop()
    return tuple(found)


# A tuple, so that whoever sends or keeps settings takes them apart as one: a setting that is added
# is then an error of types in each of these places, and not a setting that one of them forgets.
class Settings(NamedTuple):
    """The settings of a datapoint beside items and labels; one object serves all that share it.

    ``storage`` is ``redbrick``, ``public`` or a storage id; ``priority`` is in [0, 1]. ``series``
    are those of its series in their order, as `series_settings` makes them.
    """

    storage: str = UPLOADED
    ground_truth: bool = False
    priority: float | None = None
    metadata: Mapping[str, str] = {}
    series: tuple[SeriesSettings, ...] = ()

    def fingerprint(self, algorithm: Algorithm = "xxh3") -> str:
        return of_value(self.as_json(), algorithm)

    def as_json(self) -> dict[str, object]:
        made = {**self._asdict(), "metadata": dict(self.metadata)}
        # Records of earlier versions have none, and are of the same settings.
        del made["series"]
        return {**made, "series": [one.as_json() for one in self.series]} if self.series else made

    @classmethod
    def of_json(cls, made: Mapping[str, Any]) -> Settings:
        """The settings of which `as_json` made this."""
        series = tuple(SeriesSettings(**one) for one in made.get("series", ()))
        return cls(**{**made, "series": series})


LabelsKind = Literal["objects", "mask", "segmentation", "kept"]
Encoding = Literal["auto", "pixel", "nifti"]
"""How a mask is sent: as outlines or as a label map; ``auto`` leaves it to the backend."""


class Labels(NamedTuple):
    """The origin of a datapoint's labels, and their identity.

    ``kind`` is ``objects`` for LabelObjects: in the one file of ``inputs``, or as JSON text in
    ``inline``. It is ``mask`` for pictures and ``segmentation`` for NIfTI files: those of
    ``inputs``, with how they are to be read as JSON text in ``inline``. It is ``kept`` for labels
    of the history, of which ``inline`` names the contents as JSON text. ``fingerprint`` is that
    of the labels' meaning, not of the file's bytes, nor of the ``encoding`` that a mask gets.
    ``extent`` is None where it is not known without another look at them.
    """

    kind: LabelsKind
    fingerprint: str
    inputs: tuple[Item, ...] = ()
    inline: str = ""
    encoding: Encoding = "auto"
    extent: Extent | None = None


class Datapoint(NamedTuple):
    """One unit of the labeling project, known by its name, which is unique in the project.

    ``series`` says how many of the items are of each series of a study, in order; empty where
    they are all of one.
    """

    name: str
    items: tuple[Item, ...]
    labels: Labels | None
    settings: Settings
    fingerprint: Fingerprint
    origin: Location
    series: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of its local items."""
        return sum([item.size for item in self.items])


class Obstacle(NamedTuple):
    """A datapoint that is declared but cannot be planned, and why.

    ``reason`` is ``invalid`` (its content is wrong) or ``unknown`` (it could not be read).
    """

    name: str
    reason: ObstacleReason
    problem: Problem


@runtime_checkable
class Weighed(Protocol):
    """Datapoints that know what they add to a dataset's digest without being made one by one."""

    def weights(self, algorithm: Algorithm) -> Iterator[int]:
        """Yields numbers whose sum is that of all datapoints."""


@dataclass(frozen=True)
class Dataset:
    """All desired datapoints, sorted by name.

    ``unread`` names the sources that could not be read to their end: as long as there is one,
    a datapoint that is not here may still be wanted. ``doubts`` says of sources, by their places,
    why datapoints of theirs may have labels where none were found. ``label_files`` has by
    the datapoints' names the files that labels come from, where the labels do not have them as
    their inputs: masks and segmentations that show nothing, and files of other tools.
    ``unused`` says which classes no mask has.
    """

    datapoints: Sequence[Datapoint]
    obstacles: tuple[Obstacle, ...] = ()
    unread: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    doubts: Mapping[Location, Problem] = field(default_factory=dict)
    label_files: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)
    unused: tuple[Problem, ...] = ()
    algorithm: Algorithm = "xxh3"

    @cached_property
    def digest(self) -> str:
        """The version of the data."""
        if isinstance(self.datapoints, Weighed):
            return of_sum(sum(self.datapoints.weights(self.algorithm)), self.algorithm)
        # Neither places nor settings of the manifest: the same data declared in another way is the
        # same version.
        entries = ((one.name, one.fingerprint) for one in self.datapoints)
        return of_dataset(entries, self.algorithm)
