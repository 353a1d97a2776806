"""A datapoint that is written out: its name, its items, perhaps its labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from rbsync.sources.base import Context, Entry, InlineLabels, Members
from rbsync.sources.masked import FileLabels, MaskedSource


class ExplicitSource(MaskedSource):
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
        description="LabelObjects: a JSON file of them (with `?` at its end: if it exists), or the "
        "list itself.",
        examples=["labels/first.json"],
    )

    def expand(self, context: Context) -> Iterator[Entry]:
        inline = None
        if isinstance(self.labels, list):
            inline = InlineLabels(self.labels, lambda path: context.locate(("labels", *path)))
        # Nothing is looked for where every path is written out; a manifest may have very many.
        if self.mask is None and not (isinstance(self.labels, str) and self.labels[-1:] in "?*"):
            self.masks(context)
            labels = self.labels if isinstance(self.labels, str) else inline
            members = Members(context.locate, "items", "labels")
            yield Entry(
                self.name,
                tuple(self.items),
                labels,
                context.settings,
                context.origin,
                members=members,
            )
            return
        files = FileLabels(self, context, labels=_template(self.labels), mask=_template(self.mask))
        entry = files.entry(self.name, tuple(self.items), "", {}, inline)
        files.conclude()
        members = Members(context.locate, "items", "mask" if self.mask else "labels")
        yield entry._replace(labels_at="", members=members)


def _template(given: str | list[Any] | None) -> str | None:
    """A path as a template: braces are letters of it."""
    return given.replace("{", "{{").replace("}", "}}") if isinstance(given, str) else None
