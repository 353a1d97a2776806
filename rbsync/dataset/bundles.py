"""Bundles of plain files, from their names to packed datapoints.

What needs a look at single entries takes a bundle apart: names that are twice, files that two
sources have, a file that is broken or of another kind than its suffix says.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence

from rbsync.dataset.bucket_items import pins_of
from rbsync.dataset.unit_rows import Packed
from rbsync.dataset.units import Summary, UnitKey
from rbsync.digests.many_texts import find_twice, gather
from rbsync.files.file_facts import DIGEST_SIZE
from rbsync.files.kinds import KINDS, objection
from rbsync.files.listing import Listing
from rbsync.files.structure import UNPACKED
from rbsync.model.bucket_paths import is_bucket
from rbsync.model.fingerprint import PIN_SIZE, Algorithm
from rbsync.model.names import fold_of
from rbsync.model.packed import FolderPoints, folds_of, names_of
from rbsync.sources.entry import Bundle, Entry, MaskLabels


def with_names_twice(bundles: Sequence[Bundle], others: Iterable[Entry]) -> set[int]:
    """The indices of bundles that have a name which looks like another one."""
    every = array("Q", (fold_of(one.name) for one in others))
    for one in bundles:
        every.extend(_folds(one))
    found = set(find_twice(every))
    return {at for at, one in enumerate(bundles) if found and not found.isdisjoint(_folds(one))}


def _folds(bundle: Bundle) -> array[int]:
    return folds_of(names_of(bundle.files, bundle.names, bundle.folder))


def with_files_twice(bundles: Sequence[Bundle], others: Collection[Entry]) -> set[int]:
    """The indices of bundles in whose folders another source may have a file too."""
    owners: dict[str, set[int]] = {}
    for at, one in enumerate(bundles):
        owners.setdefault(one.folder, set()).add(at)
    shared = {folder for folder, some in owners.items() if len(some) > 1}
    origin = bundles[0].origin if bundles else None
    for entry in others:
        if entry.origin != origin:
            masks = entry.labels.files if isinstance(entry.labels, MaskLabels) else ()
            shared.update(path.rpartition("/")[0] for path in (*entry.items, *masks))
    return {at for folder in shared for at in owners.get(folder, ())}


def points_of(
    bundle: Bundle, listing: Listing, facet: str, algorithm: Algorithm
) -> FolderPoints | None:
    """The datapoints of a bundle whose files were hashed; None where one needs a look of its own.

    ``facet`` is the fingerprint of the settings.
    """
    places = dict(zip(listing.names, range(listing.count), strict=True))
    files = bundle.files.split("\0")
    at = [places.get(name, -1) for name in files]
    if min(at) < 0:
        return None
    in_bucket = is_bucket(bundle.folder)
    codes = [listing.kinds[one] for one in at]
    ends = _ends_and_codes(bundle.files, codes)
    # What an object is nobody looks at: its name is all that is known of it.
    if not in_bucket and not all(_is_plain(end, code) for end, code in ends):
        return None
    names = bundle.names.split("\0") if bundle.names else []
    if names:
        # Sorted by file so far.
        order = sorted(range(len(at)), key=names.__getitem__)
        names, files, at = ([some[one] for one in order] for some in (names, files, at))  # type: ignore[assignment]
    width, digests = DIGEST_SIZE[algorithm], bytes(listing.digests)
    every = listing.sizes(range(listing.count))
    sizes = array("q", [every[one] for one in at])
    if in_bucket:
        # Without sizes, for none of these bytes is ever sent.
        width, digests, sizes = PIN_SIZE, pins_of(listing), array("q", bytes(8 * len(at)))
    return FolderPoints(
        bundle.folder,
        "\0".join(files) if names else bundle.files,
        "\0".join(names),
        gather(digests, width, array("q", at)),
        sizes,
        bundle.settings,
        facet,
        bundle.origin,
        algorithm,
    )


def _ends_and_codes(files: str, codes: Sequence[int]) -> Iterable[tuple[str, int]]:
    """The suffixes of files, with their dots, and the codes that go with them, each pair once."""
    end = "".join(files.rpartition("\0")[2].rpartition(".")[1:])
    # So it is in most folders, and no name is taken apart to see that.
    if len(set(codes)) == 1 and end[0] == "." and f"{files}\0".count(f"{end}\0") == len(codes):
        return [(end, codes[0])]
    rows = zip(files.split("\0"), codes, strict=True)
    return {("".join(name.rpartition(".")[1:]), code) for name, code in rows}


def _is_plain(end: str, code: int) -> bool:
    """Tells whether nothing is to be said of files with such an end and a kind's code."""
    # The bit of a broken file, and the code of one that was not read, are no kinds.
    if code >= len(KINDS) or KINDS[code] in UNPACKED:
        return False
    return not objection(f"file{end}" if end[0] == "." else end, KINDS[code])


def unit_of(points: FolderPoints, source: int) -> tuple[UnitKey, Packed, Summary]:
    """The datapoints as they are remembered, with what is known of them without reading that."""
    digests, total = points.entry_digests()
    names = points.joined_names().encode()
    packed = Packed(points.folds().tobytes(), points.files.encode(), names, b"", digests, b"")
    return (source, points.folder), packed, Summary(len(points), total, ())
