"""Label files that lie among those of datapoints and belong to none of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from rbsync.dataset.findings import Findings
from rbsync.errors import Location, Problem
from rbsync.files.kinds import suffix_of
from rbsync.files.tree import Tree
from rbsync.sources.base import Entry

_SHOWN = 3


def warn_of_stray_labels(
    entries: Iterable[Entry],
    tree: Tree,
    findings: Findings,
    known: Collection[str] = (),
) -> None:
    """Warns of files beside label files, of their suffix, that no datapoint has.

    The folders that are ``known`` have none. An image that was renamed without its labels would
    lose them without a word.
    """
    used: dict[str, tuple[set[str], Location]] = {}
    for entry in entries:
        # Only where a source finds label files by the names of images: a list names its own.
        if entry.labels_at and isinstance(entry.labels, str):
            folder, _, name = entry.labels.rpartition("/")
            used.setdefault(folder, (set(), entry.origin))[0].add(name)
    for folder, (names, origin) in used.items():
        if folder in known:
            continue
        if stray := sorted(_strays(folder, names, tree)):
            findings.warn(_problem(folder, stray, origin))


def _strays(folder: str, used: set[str], tree: Tree) -> Iterator[str]:
    suffixes = {suffix_of(name) for name in used}
    try:
        listing = tree.listing(folder)
    except OSError:
        # A folder behind a link that leads out is told with the label files that it should have.
        return
    prefix = f"{folder}/" if folder else ""
    for name in (*listing.names, *listing.links):
        if name in used or name[0] == "." or suffix_of(name) not in suffixes:
            continue
        # Class maps, taxonomies and lists of items are JSON too, and the manifest names them.
        if not (tree.was_read(prefix + name) or tree.ignored(prefix + name)):
            yield name


def _problem(folder: str, stray: list[str], origin: Location) -> Problem:
    shown = ", ".join(f"`{name}`" for name in stray[:_SHOWN])
    more = f" and {len(stray) - _SHOWN:,} more" if len(stray) > _SHOWN else ""
    count = "1 label file" if len(stray) == 1 else f"{len(stray):,} label files"
    verb = "belongs" if len(stray) == 1 else "belong"
    message = f"{count} in `{folder or '.'}` {verb} to no datapoint: {shown}{more}"
    return Problem("stray-labels", message, origin, "give them the names of their images")
