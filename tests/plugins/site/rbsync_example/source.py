"""A source: the lines of a text file, each the URL of one datapoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from rbsync.errors import Problem
from rbsync.sources.base import Context, Entry, SourceModel

LIMIT = 64 << 20


class LinesSource(SourceModel):
    """One datapoint for each line of a text file."""

    key: ClassVar[str] = "lines"

    lines: str = Field(description="A text file with a URL in each line.", examples=["urls.txt"])

    def expand(self, context: Context) -> Iterator[Entry]:
        try:
            text = context.tree.read(self.lines, LIMIT).decode()
        except (OSError, ValueError) as error:
            message = f"`{self.lines}` cannot be read: {error}"
            context.unread(Problem("unreadable", message, context.locate(("lines",))))
            return
        for url in text.split():
            name = url.rpartition("/")[2]
            yield Entry(name, (url,), None, context.settings, context.origin)
