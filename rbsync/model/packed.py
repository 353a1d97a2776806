"""Datapoints of single files, packed folder by folder: a million of them are no objects."""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from operator import itemgetter

from rbsync.digests.many_texts import digest_entries, digest_texts
from rbsync.errors import Location
from rbsync.model.bucket_paths import is_bucket, key_of, storage_key
from rbsync.model.datapoint import REMOTE, Datapoint, Item, Settings
from rbsync.model.fingerprint import (
    PIN_SIZE,
    Algorithm,
    Fingerprint,
    entry_digest,
    of_items,
    pinned,
    weight,
)
from rbsync.model.made_when_asked import MadeWhenAsked
from rbsync.model.names import fold_of

_BETWEEN = "\0"
"""No name may have it."""

_by_name = itemgetter(0)


@dataclass(frozen=True, slots=True, eq=False)
class FolderPoints:
    """Datapoints of one source and folder, of one file each and nothing else, sorted by name.

    ``files`` and ``names`` are joined by NUL; ``names`` is empty where the paths are the names.
    ``digests`` and ``sizes`` are of the files, ``facet`` is the fingerprint of the settings. In a
    bucket paths are keys, and digests are those of the objects' versions.
    """

    folder: str
    files: str
    names: str
    digests: bytes
    sizes: array[int]
    settings: Settings
    facet: str
    origin: Location
    algorithm: Algorithm

    def __len__(self) -> int:
        return len(self.sizes)

    def __iter__(self) -> Iterator[Datapoint]:
        # Without the named constructors, which take as long as all the rest of it.
        new, settings, facet, origin = tuple.__new__, self.settings, self.facet, self.origin
        paths, contents = self.paths(), self.contents()
        prints = self.item_prints(contents)
        rows = zip(self.all_names(), paths, contents, prints, self.sizes, strict=True)
        for name, path, content, known, size in rows:
            items = (new(Item, (path, content, size)),)
            fingerprint = new(Fingerprint, (known, "", facet))
            yield new(Datapoint, (name, items, None, settings, fingerprint, origin, ()))

    def only(self, number: int) -> Datapoint:
        """One of the datapoints, without making objects of the others."""
        width = len(self.digests) // len(self)
        files, names = (
            one.split(_BETWEEN, number + 1)[number : number + 1] for one in (self.files, self.names)
        )
        row = replace(
            self,
            files="".join(files),
            names="".join(names),
            digests=self.digests[number * width : number * width + width],
            sizes=self.sizes[number : number + 1],
        )
        return next(iter(row))

    def paths(self) -> list[str]:
        """The files relative to the manifest's folder; those of a bucket as a storage has them."""
        prefix = f"{self.folder}/" if self.folder else ""
        if is_bucket(prefix):
            prefix = storage_key(prefix)
        return _with_prefix(self.files, prefix).split(_BETWEEN)

    def all_names(self) -> list[str]:
        """The names of the datapoints."""
        return self.joined_names().split(_BETWEEN)

    @property
    def _name_prefix(self) -> str:
        return key_of(f"{self.folder}/") if self.folder else ""

    def contents(self) -> list[str]:
        """The content identities of the files."""
        if is_bucket(self.folder):
            return [REMOTE + one for one in self.paths()]
        width = 2 * len(self.digests) // len(self)
        text, prefix = self.digests.hex(), self.algorithm + ":"
        return [prefix + text[at : at + width] for at in range(0, len(text), width)]

    def fingerprints(self) -> Iterator[Fingerprint]:
        """Yields what the datapoints are, in their order."""
        return (Fingerprint(one, "", self.facet) for one in self.item_prints(self.contents()))

    def item_prints(self, contents: list[str]) -> list[str]:
        """The fingerprints of the items, from the content identities of the files."""
        if not is_bucket(self.folder):
            return contents
        pins = (self.digests[at : at + PIN_SIZE] for at in range(0, len(self.digests), PIN_SIZE))
        return [
            pinned(of_items((content,), self.algorithm), pin)
            for content, pin in zip(contents, pins, strict=True)
        ]

    def entry_digests(self) -> tuple[bytes, int]:
        """The digests that count for the dataset's, joined, and the sum of their weights."""
        if self.algorithm == "xxh3" and not is_bucket(self.folder):
            before, behind = b"\0xxh3:", f"\0\0{self.facet}".encode()
            return digest_entries(self.joined_names().encode(), self.digests, before, behind)
        rows = zip(self.all_names(), self.fingerprints(), strict=True)
        digests = [entry_digest(name, one, self.algorithm) for name, one in rows]
        return b"".join(digests), sum(map(weight, digests))

    def folds(self) -> array[int]:
        """The numbers that names which look alike have in common, as `names.fold_of` has them."""
        return folds_of(self.joined_names())

    def joined_names(self) -> str:
        """The names of the datapoints, with NUL between them."""
        return names_of(self.files, self.names, self.folder)

    def span(self) -> tuple[str, str]:
        """The first and the last of the names."""
        text = self.names or self.files
        prefix = "" if self.names else self._name_prefix
        return prefix + text.partition(_BETWEEN)[0], prefix + text.rpartition(_BETWEEN)[2]


def names_of(files: str, names: str, folder: str) -> str:
    """The names of datapoints of a folder, where ``names`` is empty if they are paths or keys.

    Files and names have NUL between them.
    """
    return names or _with_prefix(files, key_of(f"{folder}/") if folder else "")


def _with_prefix(files: str, prefix: str) -> str:
    return prefix + files.replace(_BETWEEN, _BETWEEN + prefix) if prefix else files


def folds_of(names: str) -> array[int]:
    """The answers of `names.fold_of` about names with NUL between them."""
    if names.isascii():
        return digest_texts(names.lower().encode())
    return array("Q", map(fold_of, names.split(_BETWEEN)))


class Datapoints(MadeWhenAsked[Datapoint]):
    """All datapoints of a dataset, sorted by name; objects are made of those that are asked for.

    ``folders`` are packed, ``singles`` are not.
    """

    def __init__(self, folders: Iterable[FolderPoints], singles: Iterable[Datapoint] = ()) -> None:
        self.folders = tuple(folders)
        self.singles = tuple(sorted(singles, key=_by_name))
        self._count = sum(map(len, self.folders)) + len(self.singles)
        self._runs: list[list[Iterable[Datapoint]]] | None = None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Datapoint]:
        if self._runs is None:
            self._runs = _in_runs(self.folders, self.singles)
        for run in self._runs:
            yield from run[0] if len(run) == 1 else merge(*run, key=_by_name)

    @property
    def size(self) -> int:
        """The bytes of all items."""
        packed = sum(sum(one.sizes) for one in self.folders)
        return packed + sum(one.size for one in self.singles)

    def weights(self, algorithm: Algorithm) -> Iterator[int]:
        """Yields what they add to the dataset's digest, in any order."""
        for folder in self.folders:
            yield folder.entry_digests()[1]
        for one in self.singles:
            yield weight(entry_digest(one.name, one.fingerprint, algorithm))


def names_in_parts(
    datapoints: Sequence[Datapoint], left_out: Container[int] = ()
) -> Iterator[Sequence[str]]:
    """Yields all names, part by part and each part sorted; ``left_out`` are ids of folders."""
    singles = datapoints
    if isinstance(datapoints, Datapoints):
        singles = datapoints.singles
        for folder in datapoints.folders:
            if id(folder) not in left_out:
                yield folder.all_names()
    yield sorted(one.name for one in singles)


def _in_runs(
    folders: Sequence[FolderPoints], singles: Sequence[Datapoint]
) -> list[list[Iterable[Datapoint]]]:
    """The parts that are in order one after another; a run of several is to be merged.

    `a/b.png` is before `a/b/c.png`, and `a/c.png` after it: names of a folder and of those in it
    alternate.
    """
    spans: list[tuple[str, str, Iterable[Datapoint]]] = [(*one.span(), one) for one in folders]
    if singles:
        spans.append((singles[0].name, singles[-1].name, singles))
    spans.sort(key=_by_name)
    runs: list[list[Iterable[Datapoint]]] = []
    end = ""
    for first, last, part in spans:
        if runs and first <= end:
            runs[-1].append(part)
        else:
            runs.append([part])
        end = max(end, last)
    return runs
