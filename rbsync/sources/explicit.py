"""A datapoint that is written out: its name, its items, perhaps its labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from rbsync.model.bucket_paths import is_bucket
from rbsync.shapes.setting import setting
from rbsync.sources.context import Context
from rbsync.sources.entry import Entry, InlineLabels, Members
from rbsync.sources.masked import FileLabels, MaskedSource
from rbsync.sources.tool_labels import ToolLabels


class ExplicitSource(MaskedSource):
    """One datapoint, written out."""

    key: ClassVar[str] = "items"
    is_single: ClassVar[bool] = True

    name: str = setting(
        description="The datapoint's name, unique in the project.", examples=["my first upload"]
    )
    items: list[str] = setting(
        min_length=1,
        description="Paths, URLs or storage keys; the frames in order for a video.",
        examples=[["http://datasets.redbrickai.com/car-vids/car-1/frame20.png"]],
    )
    labels: str | list[Any] | ToolLabels | None = setting(
        default=None,
        description="LabelObjects: a JSON file of them (with `?` at its end: if it exists), the "
        "list itself, or a file of another tool: {format: labelme, file: …}.",
        examples=["labels/first.json"],
    )

    @property
    def bucket_items(self) -> Sequence[str]:
        return tuple(filter(is_bucket, self.items))

    def expand(self, context: Context) -> Iterator[Entry]:
        inline = None
        if isinstance(self.labels, list):
            inline = InlineLabels(
                self.labels, lambda path: context.locate(("labels", *path)), is_written=True
            )
        # Nothing is looked for where every path is written out; a manifest may have very many.
        if self.mask is None and not _is_looked_for(self.labels):
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
        files = FileLabels(self, context, labels=_templates(self.labels), mask=_template(self.mask))
        entry = files.entry(self.name, tuple(self.items), "", {}, inline)
        files.conclude()
        members = Members(context.locate, "items", "mask" if self.mask else "labels")
        yield entry._replace(labels_at="", members=members)


def _is_looked_for(labels: str | list[Any] | ToolLabels | None) -> bool:
    """Tells whether labels are more than a path or the list itself."""
    return isinstance(labels, ToolLabels) or (isinstance(labels, str) and labels[-1:] in ("?", "*"))


def _template(given: str | None) -> str | None:
    """A path as a template: braces are letters of it."""
    return given.replace("{", "{{").replace("}", "}}") if given is not None else None


def _templates(given: str | list[Any] | ToolLabels | None) -> str | ToolLabels | None:
    """As `_template`, for labels in files."""
    if isinstance(given, ToolLabels):
        return replace(given, file=_template(given.file) or "")
    return _template(given) if isinstance(given, str) else None
