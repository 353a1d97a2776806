"""A study of several series, with segmentations. Declared, not built yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from rbsync.errors import Problem
from rbsync.sources.base import Context, Entry, SourceModel


class Series(BaseModel):
    """One series of a study."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: str | list[str] = Field(
        description="The files of the series, or a pattern of them.", examples=["study1/ct/*.dcm"]
    )
    segmentations: str | list[str] | None = Field(
        None, description="NIfTI segmentations of the series.", examples=["study1/seg.nii.gz"]
    )
    segment_map: dict[str, str] | None = Field(
        None,
        description="The category of each value in the segmentations.",
        examples=[{"1": "liver", "2": "tumour"}],
    )


class SeriesSource(SourceModel):
    """A study: several series, scans with NIfTI segmentations."""

    key: ClassVar[str] = "series"

    name: str = Field(description="The datapoint's name.", examples=["study1"])
    series: list[Series] = Field(
        min_length=1, description="The series of the study.", examples=[[{"items": "ct/*.dcm"}]]
    )

    def expand(self, context: Context) -> Iterator[Entry]:
        context.report(not_supported(context, "series"))
        return iter(())


def not_supported(context: Context, what: str) -> Problem:
    """The problem of a kind of source that is declared and cannot be expanded yet."""
    return Problem(
        "not-supported",
        f"`{what}` is not yet supported by this version of rbsync",
        context.origin,
        "leave this source out for now",
    )
