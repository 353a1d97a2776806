"""A datapoint that is written out: its name, its items, perhaps its labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from rbsync.sources.base import Context, Entry, InlineLabels, SourceModel


class ExplicitSource(SourceModel):
    """One datapoint, written out."""

    key: ClassVar[str] = "items"

    name: str = Field(
        description="The datapoint's name, unique in the project.", examples=["my first upload"]
    )
    items: list[str] = Field(
        min_length=1,
        description="Paths, URLs or storage keys; the frames in order for a video.",
        examples=[["http://datasets.redbrickai.com/car-vids/car-1/frame20.png"]],
    )
    labels: str | list[Any] | None = Field(
        None,
        description="LabelObjects: a JSON file of them, or the list itself.",
        examples=["labels/first.json"],
    )

    def expand(self, context: Context) -> Iterator[Entry]:
        labels: str | InlineLabels | None
        if isinstance(self.labels, list):
            labels = InlineLabels(self.labels, lambda path: context.locate(("labels", *path)))
        else:
            labels = self.labels
        yield Entry(self.name, tuple(self.items), labels, context.settings, context.origin)
