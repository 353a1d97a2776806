"""The difference of two versions as pages to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rbsync.cli.pages.html_page import Change, Page, Row, Section
from rbsync.cli.pages.many_pages import paged
from rbsync.cli.render.difference_view import facets_told
from rbsync.locks.differences import Difference

if TYPE_CHECKING:
    from rbsync.sync.pictured_changes import Pictured


def difference_pages(
    found: Difference, pictured: Mapping[str, Pictured], names: tuple[str, str], file: str
) -> Iterator[tuple[str, str]]:
    """The pages of a difference, each with its path, as `plan_pages` has them.

    ``names`` are what both versions are called.
    """
    sections = list(_sections(found, pictured))
    counts = [
        (f"{len(one.changes) + len(one.rows):,}", one.heading, one.action) for one in sections
    ]
    lead = f"From {names[0]} to {names[1]}."
    if not sections:
        lead += " They do not differ."
    return paged(Page("Difference", lead, counts, sections=sections), file)


def _sections(found: Difference, pictured: Mapping[str, Pictured]) -> Iterator[Section]:
    changes, rows = [], []
    for one in found.changed:
        known = pictured.get(one.name)
        labels = {one.name: known.changes} if known and known.changes else {}
        said = facets_told(one, labels)
        if known is None:
            rows.append(_row(one.name, said))
        else:
            changes.append(Change(one.name, said, "", known.changes, known.pictures))
    moved = [_row(name, f"from {before}") for name, before in found.moved]
    files = [
        *((path, "other bytes, same meaning") for path in found.reencoded),
        *((path, "is missing") for path in found.missing),
        *((path, "is in no lock") for path in found.extra),
        *((path, "other bytes") for path in found.bytes),
    ]
    yield from _filled(
        Section("delete", "removed", rows=[_row(one) for one in found.removed]),
        Section("update", "changed", changes, rows),
        Section("move", "moved", rows=moved),
        Section("create", "added", rows=[_row(one) for one in found.added]),
        Section("quiet", "other files", rows=[_row(path, said) for path, said in files]),
    )


def _filled(*sections: Section) -> Iterator[Section]:
    return (one for one in sections if one.changes or one.rows)


def _row(name: str, said: str = "") -> Row:
    folder, slash, last = name.rpartition("/")
    return Row(folder + slash, last, said)
