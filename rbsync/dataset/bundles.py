"""Bundles of plain files, from their names to packed datapoints.

What needs a look at single entries takes a bundle apart: names that are twice, files that two
sources have, a file that is broken or of another kind than its suffix says.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence

import xxhash

from rbsync.dataset.bucket_items import pins_of
from rbsync.dataset.unit_rows import Packed
from rbsync.dataset.units import Summary, UnitKey
from rbsync.files.file_facts import DIGEST_SIZE
from rbsync.files.kinds import KINDS, objection
from rbsync.files.listing import FIELDS, Listing
from rbsync.files.structure import UNPACKED
from rbsync.model.bucket_paths import is_bucket, key_of
from rbsync.model.fingerprint import PIN_SIZE, Algorithm, weight
from rbsync.model.names import fold_of
from rbsync.model.packed import FolderPoints, twice
from rbsync.sources.entry import Bundle, Entry, MaskLabels


def folds_of(bundle: Bundle) -> array[int]:
    """The folds of the names, as `fold_of` has them."""
    if bundle.names:
        text = bundle.names.lower()
    else:
        prefix = key_of(f"{bundle.folder}/") if bundle.folder else ""
        text = "\0".join(prefix + one for one in bundle.files.split("\0")).lower()
    return array("Q", map(xxhash.xxh3_64_intdigest, text.encode().split(b"\0")))


def with_names_twice(bundles: Sequence[Bundle], others: Iterable[Entry]) -> set[int]:
    """The indices of bundles that have a name which looks like another one."""
    folds = [folds_of(one) for one in bundles]
    singles = array("Q", (fold_of(one.name) for one in others))
    found = set(twice([*folds, singles]))
    return {at for at, one in enumerate(folds) if found and not found.isdisjoint(one)}


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
    places = {name: at for at, name in enumerate(listing.names)}
    files = bundle.files.split("\0")
    at = [places.get(name, -1) for name in files]
    if min(at) < 0:
        return None
    in_bucket = is_bucket(bundle.folder)
    kinds = listing.kinds
    found = {(*name.rpartition(".")[1:], kinds[one]) for name, one in zip(files, at, strict=True)}
    # What an object is nobody looks at: its name is all that is known of it.
    if not in_bucket and not all(_is_plain(dot + suffix, code) for dot, suffix, code in found):
        return None
    names = bundle.names.split("\0") if bundle.names else []
    if names:
        # Sorted by file so far.
        order = sorted(range(len(at)), key=names.__getitem__)
        names, files, at = ([some[one] for one in order] for some in (names, files, at))  # type: ignore[assignment]
    width, stats = DIGEST_SIZE[algorithm], listing.stats
    digests: bytes | bytearray = listing.digests
    sizes = array("q", [stats[one * FIELDS] for one in at])
    if in_bucket:
        # Without sizes, for none of these bytes is ever sent.
        width, digests, sizes = PIN_SIZE, pins_of(listing), array("q", bytes(8 * len(at)))
    return FolderPoints(
        bundle.folder,
        "\0".join(files),
        "\0".join(names),
        b"".join([digests[one * width : one * width + width] for one in at]),
        sizes,
        bundle.settings,
        facet,
        bundle.origin,
        algorithm,
    )


def _is_plain(end: str, code: int) -> bool:
    """Tells whether nothing is to be said of files with such an end and a kind's code."""
    # The bit of a broken file, and the code of one that was not read, are no kinds.
    if code >= len(KINDS) or KINDS[code] in UNPACKED:
        return False
    return not objection(f"file{end}" if end[0] == "." else end, KINDS[code])


def unit_of(points: FolderPoints, source: int) -> tuple[UnitKey, Packed, Summary]:
    """The datapoints as they are remembered, with what is known of them without reading that."""
    digests = list(points.entry_digests())
    names = points.all_names()
    packed = Packed(
        array("Q", map(fold_of, names)).tobytes(),
        points.files.encode(),
        "\0".join(names).encode(),
        b"",
        b"".join(digests),
        b"",
    )
    summary = Summary(len(digests), sum(map(weight, digests)), ())
    return (source, points.folder), packed, summary
