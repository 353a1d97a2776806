"""An items list as CSV, also as spreadsheets of any language write it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from rbsync.errors import Location
from rbsync.sources.list_rows import ListError, Row, guess
from rbsync.sources.row_settings import NUMBER_KEYS

METADATA = "metadata."
CSV_COLUMNS = ("name", "item", "labels", *NUMBER_KEYS)

MOST_COLUMNS = 1_000

_SEPARATORS = ",;\t|"
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_TOLD = 6


def read_csv(text: str, file: str) -> Iterator[Row]:
    """The rows of a list, as they stand. Raises ListError."""
    first, separator, body = _dialect(text)
    # Not strict, a quote that is never closed swallows the rest of the file into one cell.
    table = csv.reader(
        io.StringIO(body, newline=""), strict=True, delimiter=separator, skipinitialspace=True
    )
    try:
        columns = _columns(next(table, []), separator, Location(file, first + 1, 1))
        # Rows of a name that stand apart are two datapoints, which is then told as a duplicate
        # name. Gathering them would need the whole file in memory.
        for _, rows in groupby(_numbered(table, columns, first), key=_same_datapoint):
            yield _csv_row(list(rows), file, separator)
    except csv.Error as error:
        message = f"the CSV cannot be read: {error}"
        raise ListError(message, Location(file, first + max(table.line_num, 1), 1)) from error


def _dialect(text: str) -> tuple[int, str, str]:
    """The number of lines that say nothing of the list, the separator of its columns, the rest.

    Where the decimal sign is a comma, spreadsheets write semicolons. Excel reads and writes a
    first line `sep=;` that says so.
    """
    skipped, line, rest = _first_line(text)
    # The separator may be a tab, which is a blank too.
    declared = line.strip('\r\n "')
    if declared.lower().startswith("sep=") and len(declared) == len("sep=;"):
        more, _, rest = _first_line(text := rest)
        return skipped + 1 + more, declared[-1], text.split("\n", more)[-1]
    # By the column that each list has: a comma may also stand in the name of another.
    by_known = (one for one in _SEPARATORS if "item" in map(_column, line.split(one)))
    body = text.split("\n", skipped)[-1]
    return skipped, next(by_known, max(_SEPARATORS, key=line.count)), body


def _first_line(text: str) -> tuple[int, str, str]:
    """The number of lines of blanks and separators, the first other line, and what follows it."""
    skipped = 0
    while True:
        line, found, rest = text.partition("\n")
        if line.strip(f" \r{''.join(_SEPARATORS)}") or not found:
            return skipped, line, rest
        skipped, text = skipped + 1, rest


def _column(text: str) -> str:
    """A column's name as a list has it: spreadsheets write capitals, blanks and quotes."""
    name = text.strip().strip('"').strip()
    if name.casefold() in CSV_COLUMNS:
        return name.casefold()
    if name.casefold().startswith(METADATA):
        return METADATA + name[len(METADATA) :]
    return name


def _columns(cells: list[str], separator: str, place: Location) -> list[str]:
    """The names of the columns, empty for one without. Raises ListError."""
    if len(cells) > MOST_COLUMNS:
        raise ListError(f"it has {len(cells):,} columns; {MOST_COLUMNS:,} are allowed", place)
    columns = [_column(one) for one in cells]
    named = [one for one in columns if one]
    for needed in ("name", "item"):
        if needed not in named:
            shown = ", ".join(f"`{one}`" for one in named[:_TOLD])
            read = f" (separated by {_NAMES.get(separator, separator)}: {shown})" if named else ""
            near = next((one for one in named if guess(one, (needed,))), "")
            meant = f"; is it `{near}`?" if near else ""
            raise ListError(f"the first line must name a column `{needed}`{read}{meant}", place)
    counts = Counter(named)
    for column in named:
        if column not in CSV_COLUMNS and not column.startswith(METADATA):
            message = f"unknown column `{column}`{guess(column, CSV_COLUMNS)}"
            raise ListError(message, place)
        # Of two columns of one name the later would win without a word.
        if counts[column] > 1:
            raise ListError(f"the column `{column}` stands twice", place)
    return columns


class _Line(NamedTuple):
    """A row of a CSV file by its columns, without what is empty, and where it begins."""

    number: int
    cells: dict[str, str]
    wrong: str = ""


def _numbered(table: Any, columns: list[str], skipped: int) -> Iterator[_Line]:
    # A cell in quotes may have line breaks, so that rows are not lines.
    before = table.line_num
    for cells in table:
        number, before = skipped + before + 1, table.line_num
        # Rows of separators alone stand where a table had been longer once.
        if any(cells):
            yield _Line(number, *_cells(columns, cells))


def _cells(columns: list[str], cells: list[str]) -> tuple[dict[str, str], str]:
    """The cells by their columns, and what is wrong with the row."""
    named = {column: cell for column, cell in zip(columns, cells, strict=False) if cell}
    # A separator at the end of a line makes a column without a name, which has to be empty.
    beyond = [*cells[len(columns) :], named.pop("", "")]
    # A comma within a path that is not in quotes makes a cell too many: half a path would be sent.
    if any(beyond) or len(cells) < len(columns) - columns.count(""):
        return named, (
            f"the first line names {len(columns) - columns.count('')} columns, "
            f"and the row has {len(cells)}"
        )
    return named, ""


def _same_datapoint(line: _Line) -> str | int:
    """Returns what rows of one datapoint share: its name; without one each stands for itself."""
    # Rows without a name must not become one datapoint: each is told as wrong by itself.
    return line.cells.get("name") or line.number


def _csv_row(lines: list[_Line], file: str, separator: str) -> Row:
    first = lines[0]
    own = {key: cell for key, cell in first.cells.items() if key != "item"}
    for line in lines:
        wrong = line.wrong or _difference(own, line.cells)
        if wrong:
            return Row(None, Location(file, line.number, 1), wrong)
    value: dict[str, Any] = {"items": [line.cells.get("item", "") for line in lines]}
    value |= {key: cell for key, cell in own.items() if key in ("name", "labels")}
    metadata = {key[len(METADATA) :]: own[key] for key in own if key.startswith(METADATA)}
    if metadata:
        value["metaData"] = metadata
    value |= {key: _number(own[key], separator) for key in NUMBER_KEYS if key in own}
    return Row(value, Location(file, first.number, 1))


def _difference(first: dict[str, str], later: dict[str, str]) -> str:
    for key, cell in later.items():
        if key != "item" and first.get(key) != cell:
            return f"`{key}` differs from that of the first row of `{first['name']}`"
    return ""


def _number(text: str, separator: str) -> float | str:
    try:
        # Where semicolons separate, the decimal sign is often a comma.
        return float(text.replace(",", ".") if separator != "," else text)
    except ValueError:
        return text
