"""Shows in what two versions of a dataset differ."""

from __future__ import annotations

from collections.abc import Iterator

from rbsync.cli.escaping import one_line
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import note, result
from rbsync.locks.differences import Changed, Difference

_MOST = 50
_SAID = {"items": "files differ", "labels": "labels differ", "settings": "settings differ"}


def show_difference(common: CommonOptions, found: Difference) -> None:
    """Prints a line for each datapoint or file that differs; the first ones unless ``-v``."""
    lines = list(_lines(found))
    shown = lines if common.verbose else lines[:_MOST]
    for line in shown:
        result(common, one_line(line))
    if len(shown) < len(lines):
        note(common, f"… and {len(lines) - len(shown):,} more; -v shows all.")


def _lines(found: Difference) -> Iterator[str]:
    yield from (f"added      {name}" for name in found.added)
    yield from (f"removed    {name}" for name in found.removed)
    for name, before in found.moved:
        yield f"moved      {before} to {name}" if name != before else f"moved      {name}: its file"
    yield from map(_changed, found.changed)
    yield from (f"reencoded  {path}: other bytes, same meaning" for path in found.reencoded)
    yield from (f"missing    file {path}" for path in found.missing)
    yield from (f"extra      file {path}" for path in found.extra)
    yield from (f"bytes      file {path}" for path in found.bytes)


def _changed(one: Changed) -> str:
    return f"changed    {one.name}: {', '.join(_SAID[facet] for facet in one.facets)}"
