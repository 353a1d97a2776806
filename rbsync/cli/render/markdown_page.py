"""A page of Markdown that never gets longer than a comment may be.

A forge refuses a comment that is too long as a whole, and then there is none at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rbsync.cli.escaping import for_html, for_markdown
from rbsync.cli.plan_facts import HtmlPage

LIMIT = 65_000
"""Letters of a page; forges take 65,536."""
_LONGEST = 240
"""Letters of a name or message; of a longer one the middle is left out."""
_RESERVE = 200
"""Room for the heading of a section that has no room for its rows."""


class Row(NamedTuple):
    """A row of a table: a symbol, a name, and what is said of it. Names of the same group fold."""

    symbol: str
    name: str
    said: str
    group: str = ""


class Section(NamedTuple):
    """Rows under a heading; ``folds`` says that they are folded by their groups."""

    heading: str
    rows: Sequence[Row]
    folds: bool = False


class Page:
    """Text within a limit: what has to be said first, then sections as far as there is room."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._parts: list[str] = []
        self._left = limit

    def text(self) -> str:
        """Returns all that was added."""
        return "".join(self._parts)

    def add(self, text: str) -> bool:
        """Adds a text as a whole, if there is room for it."""
        if (size := _size(text)) > self._left:
            return False
        self._parts.append(text)
        self._left -= size
        return True

    def reserve(self, size: int) -> None:
        """Keeps room for what comes later; a negative size gives it back."""
        self._left -= size

    def add_sections(self, sections: Sequence[Section]) -> None:
        """Adds sections, the first ones with the most room; each has at least its heading."""
        self.reserve(_RESERVE * len(sections))
        for section in sections:
            self.reserve(-_RESERVE)
            self.add(f"\n#### {section.heading}\n")
            more = self._folded(section) if section.folds else self._table(section.rows)
            if more:
                self.add(f"\n… and {more:,} more.\n")

    def _table(self, rows: Sequence[Row]) -> int:
        """Adds rows as far as there is room, and returns how many are left out."""
        if not self.add("\n| | datapoint | |\n|---|---|---|\n"):
            return len(rows)
        for number, row in enumerate(rows):
            if self._left < _RESERVE or not self.add(_line(row)):
                return len(rows) - number
        return 0

    def _folded(self, section: Section) -> int:
        groups = _by_group(section.rows)
        shown = 0
        for name, rows in groups.items():
            shown_name = f"<code>{for_html(cut(name))}</code>"
            head = f"\n<details><summary>{len(rows):,} in {shown_name}</summary>\n"
            if self._left < 3 * _RESERVE or not self.add(head):
                break
            self.reserve(_RESERVE)
            more = self._table(rows)
            self.reserve(-_RESERVE)
            if more:
                self.add(f"\n… and {more:,} more here.\n")
            self.add("\n</details>\n")
            shown += len(rows)
        return len(section.rows) - shown


def cut(text: str) -> str:
    """A text without its middle, where it is too long for a table."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - 80]}…{text[-79:]}"


def page_line(page: HtmlPage) -> str:
    """The line that leads to a page with pictures; empty where there is none."""
    if not page.file:
        return ""
    if page.url:
        return f"\nSee it [in pictures](<{page.url}>)\n"
    return f"\nSee it in pictures: {for_markdown(page.file)}\n"


def quoted(lines: Iterable[str]) -> Iterator[str]:
    """Yields lines as quotes, each in code."""
    return (f"\n> {for_markdown(cut(line))}\n" for line in lines)


def _line(row: Row) -> str:
    said = for_markdown(cut(row.said)) if row.said else ""
    return f"| `{row.symbol}` | {for_markdown(cut(row.name))} | {said} |\n"


def _by_group(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.group, []).append(row)
    return found


def _size(text: str) -> int:
    """The letters of a text, counted as forges may: one beyond the first plane as two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
