"""The parts that plan documents consist of, as they stand in JSON."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field

from rbsync.errors import Location, Problem
from rbsync.model.datapoint import Datapoint, Item, Labels, LabelsKind, SeriesSettings, Settings
from rbsync.model.extent import Extent
from rbsync.model.fingerprint import Facet, Fingerprint
from rbsync.model.record import Declined
from rbsync.reasons import DeclinedFor
from rbsync.shapes.models import Part

# Greedy, for a path may have colons and numbers in it.
_PLACE = re.compile(r"(.*):([1-9][0-9]*):([0-9]+)", re.DOTALL)


class Document(Part):
    """A whole document. The version grows when a member changes its meaning or goes."""

    format_version: Literal[1]


class ItemPart(Part):
    """One item; ``content`` is its content identity, ``ref:…`` for what is not local."""

    ref: str = Field(description="Path, URL or storage key.")
    content: str = Field(description="Content identity of a local file: `xxh3:…`.")
    bytes: int = Field(ge=0, description="Size of a local file, 0 where unknown.")

    def value(self) -> Item:
        return Item(self.ref, self.content, self.bytes)


class ExtentPart(Part):
    """The number of labels, and of the pixels or voxels that they cover of all."""

    labels: int
    area: int = 0
    whole: int = 0

    def value(self) -> Extent:
        return Extent(self.labels, self.area, self.whole)


class LabelsPart(Part):
    """The origin of the labels."""

    kind: LabelsKind = Field(
        description="objects: LabelObjects, in a file or inline. mask: pictures, segmentation: "
        "NIfTI files; both are converted when they are sent. kept: as the history has them."
    )
    fingerprint: str
    inputs: list[ItemPart] = Field(default=[], description="The files that hold them.")
    inline: str = Field(
        "", description="JSON text: the labels themselves, or how the files are to be read."
    )
    encoding: Literal["auto", "pixel", "nifti"] = Field(
        "auto", description="How masks are sent; auto leaves it to the backend."
    )

    extent: ExtentPart | None = Field(
        None, description="How much they say; null where another look would be needed for it."
    )

    def value(self) -> Labels:
        inputs = tuple(one.value() for one in self.inputs)
        extent = self.extent.value() if self.extent else None
        return Labels(self.kind, self.fingerprint, inputs, self.inline, self.encoding, extent)


class SeriesSettingsPart(Part):
    """The settings of one series of a study."""

    name: str = ""
    metadata: dict[str, str] = Field(default={})

    def value(self) -> SeriesSettings:
        return SeriesSettings(self.name, self.metadata)


class SettingsPart(Part):
    """The settings of a datapoint: all that it has beside items and labels."""

    storage: str
    ground_truth: bool
    priority: float | None
    metadata: dict[str, str]
    series: list[SeriesSettingsPart] = Field(
        default=[], description="The settings of its series, in their order; absent for none."
    )

    def value(self) -> Settings:
        series = tuple(one.value() for one in self.series)
        return Settings(self.storage, self.ground_truth, self.priority, self.metadata, series)


class FingerprintPart(Part):
    """The content identity, one digest a facet."""

    items: str
    labels: str
    settings: str

    def value(self) -> Fingerprint:
        return Fingerprint(self.items, self.labels, self.settings)


class DeclinedPart(Part):
    """A part that is declared and shall not be done, as long as just that is declared."""

    why: DeclinedFor
    fingerprint: FingerprintPart | None = Field(
        description="What is declared; null where the datapoint is not."
    )
    facets: list[Facet]

    def value(self) -> Declined:
        made = self.fingerprint.value() if self.fingerprint else None
        return Declined(self.why, made, tuple(self.facets))


class ProblemPart(Part):
    """Something that is wrong, and where."""

    code: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    hint: str = ""

    def value(self) -> Problem:
        place = Location(self.file, self.line, self.column) if self.file else None
        return Problem(self.code, self.message, place, self.hint)


def place_of(text: str) -> Location:
    """The place that ``str`` made a text of."""
    found = _PLACE.fullmatch(text)
    return Location(found[1], int(found[2]), int(found[3])) if found else Location(text)


def item_json(item: Item) -> dict[str, Any]:
    """An item as an `ItemPart`."""
    return {"ref": item.ref, "content": item.content, "bytes": item.size}


def labels_json(labels: Labels | None) -> dict[str, Any] | None:
    """Labels as a `LabelsPart`."""
    if labels is None:
        return None
    made = {
        "kind": labels.kind,
        "fingerprint": labels.fingerprint,
        "inputs": [item_json(item) for item in labels.inputs],
        "inline": labels.inline,
    }
    # Plans of earlier versions have no such members, and say the same.
    encoding = {} if labels.encoding == "auto" else {"encoding": labels.encoding}
    extent = {} if labels.extent is None else {"extent": labels.extent._asdict()}
    return {**made, **encoding, **extent}


def datapoint_json(datapoint: Datapoint) -> dict[str, Any]:
    """Returns what an action needs to know of its datapoint."""
    return {
        "items": [item_json(item) for item in datapoint.items],
        **({"series": list(datapoint.series)} if datapoint.series else {}),
        "bytes": datapoint.size,
        "labels": labels_json(datapoint.labels),
        "settings": datapoint.settings.as_json(),
        "fingerprint": datapoint.fingerprint._asdict(),
        "origin": str(datapoint.origin),
    }


def declined_json(declined: Declined) -> dict[str, Any]:
    """Returns what is declined as a `DeclinedPart`."""
    made = declined.fingerprint
    return {
        "why": declined.why,
        "fingerprint": made._asdict() if made else None,
        "facets": list(declined.facets),
    }


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as a `ProblemPart`."""
    place = problem.location or Location("")
    return {
        "code": problem.code,
        "message": problem.message,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "hint": problem.hint,
    }
