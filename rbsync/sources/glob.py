"""One datapoint for every file that matches a pattern."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from rbsync.sources.context import Context
from rbsync.sources.entry import Entry
from rbsync.sources.masked import FileLabels, MaskedSource
from rbsync.sources.matching import (
    AllowEmpty,
    Exclude,
    LabelFiles,
    Search,
    captures_of,
    excluded_at,
    matching_files,
    pattern_at,
)
from rbsync.sources.naming import template_at


class GlobSource(MaskedSource):
    """One datapoint for every file that matches."""

    key: ClassVar[str] = "glob"
    is_per_file: ClassVar[bool] = True

    glob: str = Field(
        description="A pattern: `**`, `*`, `?`, `[…]`, `{a,b}` and captures such as `{case}`. "
        "Hidden files and what `.rbsyncignore` names are left out.",
        examples=["images/**/*.{png,jpg}"],
    )
    exclude: Exclude = Field(default=[])
    name: str = Field(
        "{path}",
        description="The datapoint's name: {path} {dir} {parent} {stem} {suffix} {file} and the "
        "pattern's captures.",
        examples=["{path}"],
    )
    labels: LabelFiles = None
    allow_empty: AllowEmpty = False

    def expand(self, context: Context) -> Iterator[Entry]:
        pattern = pattern_at(context, ("glob",), self.glob)
        excluded = excluded_at(context, self.exclude)
        fields = captures_of(pattern, self.glob)
        names = template_at(context, "name", self.name, fields)
        labels = FileLabels(self, context, fields, labels=self.labels, mask=self.mask)
        # All mistakes of a source are reported before the walk, which may take long.
        if pattern is None or excluded is None:
            return
        search = Search(context, "glob")
        for path, captures in matching_files(search, pattern, excluded):
            # That nothing matches is told beside what is wrong with the names.
            if names is None:
                continue
            yield labels.entry(names.fill(path, captures), (path,), path, captures, found_at=path)
        labels.conclude()
        search.report_empty(self.glob, allowed=self.allow_empty)
