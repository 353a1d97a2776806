"""Shows in what two versions of a dataset differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from rbsync.cli.escaping import one_line
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import note, result
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.label_changes.change_wording import told
from rbsync.locks.differences import Changed, Difference
from rbsync.model.fingerprint import Facet

MOST = 50
_SAID = {"items": "files differ", "labels": "labels differ", "settings": "settings differ"}


Labels = Mapping[str, LabelChanges]
NONE: Labels = MappingProxyType({})


def show_difference(common: CommonOptions, found: Difference, labels: Labels = NONE) -> None:
    """Prints a line for each datapoint or file that differs; the first ones unless ``-v``.

    ``labels`` says what changed in labels, by the names of datapoints.
    """
    lines = list(difference_lines(found, labels))
    shown = lines if common.verbose else lines[:MOST]
    for line in shown:
        result(common, one_line(line))
    if len(shown) < len(lines):
        note(common, f"… and {len(lines) - len(shown):,} more; -v shows all.")


def difference_lines(found: Difference, labels: Labels = NONE) -> Iterator[str]:
    """Yields a line for each datapoint or file that differs."""
    yield from (f"added      {name}" for name in found.added)
    yield from (f"removed    {name}" for name in found.removed)
    for name, before in found.moved:
        yield f"moved      {before} to {name}" if name != before else f"moved      {name}: its file"
    yield from (_changed(one, labels) for one in found.changed)
    yield from (f"reencoded  {path}: other bytes, same meaning" for path in found.reencoded)
    yield from (f"missing    file {path}" for path in found.missing)
    yield from (f"extra      file {path}" for path in found.extra)
    yield from (f"bytes      file {path}" for path in found.bytes)


def _changed(one: Changed, labels: Labels) -> str:
    return f"changed    {one.name}: {facets_told(one, labels)}"


def facets_told(one: Changed, labels: Labels) -> str:
    """Says in what a datapoint is another one now."""
    return ", ".join(_said(facet, labels.get(one.name)) for facet in one.facets)


def _said(facet: Facet, changes: LabelChanges | None) -> str:
    if facet == "labels" and changes:
        return f"labels: {told(changes)}"
    return _SAID[facet]
