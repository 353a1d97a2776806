"""The rows of a unit, packed in columns, of which as much is opened as somebody asks for."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from rbsync.model.names import fold_of

# Neither is in a path or a name that a plan may have.
_BETWEEN = "\0"
_BESIDE = "//"


class Row(NamedTuple):
    """A datapoint of one file: its name, the files that were looked for, and its digest.

    ``labels`` is its label file, where it was found by a template. The digest of a datapoint that
    cannot be planned is all zeros.
    """

    name: str
    asked: tuple[str, ...]
    digest: bytes
    labels: str = ""

    @property
    def is_planned(self) -> bool:
        """Tells whether it belongs to the dataset, and nothing stood in its way."""
        return any(self.digest)

    @property
    def fold(self) -> int:
        """A number that names which look alike have in common."""
        return fold_of(self.name)


class Packed(NamedTuple):
    """The columns of a unit."""

    folds: bytes
    files: bytes
    names: bytes
    asked: bytes
    digests: bytes
    labels: bytes

    @classmethod
    def of(cls, rows: Mapping[str, Row]) -> Packed:
        """The columns of rows by file."""
        every = rows.values()
        return cls(
            array("Q", (row.fold for row in every)).tobytes(),
            _joined(rows),
            _joined(row.name for row in every),
            _joined_unless_empty(_BESIDE.join(row.asked) for row in every),
            b"".join(row.digest for row in every),
            _joined_unless_empty(row.labels for row in every),
        )

    @property
    def size(self) -> int:
        """The number of its datapoints."""
        return len(self.folds) // 8

    def rows(self) -> dict[str, Row]:
        """The datapoints by file."""
        return dict(self._rows(range(self.size)))

    def some_rows(self, files: Collection[str]) -> dict[str, Row]:
        """The datapoints of those of the files that have one."""
        return dict(self._rows(_places(self._texts(self.files), files)))

    def digests_of(self, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Yields what is known but for their files of those of the names that are here."""
        every, width = self._texts(self.names), self._width
        for at in _places(every, names):
            yield every[at], self.digests[at * width : at * width + width]

    def every_digest(self) -> Iterator[tuple[str, bytes]]:
        """As `digests_of`, of all names."""
        width = self._width
        starts = range(0, len(self.digests), width or 1)
        digests = (self.digests[at : at + width] for at in starts)
        return zip(self._texts(self.names), digests, strict=True)

    def files_named(self, names: Collection[str]) -> list[str]:
        """The files of the datapoints that have some of the names."""
        files = self._texts(self.files)
        return [files[at] for at in _places(self._texts(self.names), names)]

    def may_ask_for(self, paths: Iterable[str]) -> bool:
        """Tells whether some of the paths may have been looked for; no row is opened to see it."""
        return any(one.encode(errors="replace") in self.asked for one in paths)

    def files_asking(self, is_wanted: Callable[[str], bool]) -> list[str]:
        """The files for which something was looked for that is wanted."""
        rows = zip(self._texts(self.files), self._texts(self.asked), strict=True)
        return [file for file, asked in rows if asked and any(map(is_wanted, asked.split(_BESIDE)))]

    def labels_beside(self, files: Collection[str]) -> set[str]:
        """The label files of all datapoints but those of some files."""
        rows = zip(self._texts(self.files), self._texts(self.labels), strict=True)
        return {labels for file, labels in rows if labels and file not in files}

    def changed(self, before: Mapping[str, Row], now: Mapping[str, Row]) -> Packed:
        """The columns with other rows, by file, in place of those that some had before."""
        if before.keys() == now.keys() and all(_differ_by_digest(before[x], now[x]) for x in now):
            return self._with_digests(now)
        added = Packed.of(now)
        left = {*range(self.size)}.difference(
            _places(self._texts(self.files), {*before, *now}),
        )
        return self._only(sorted(left))._with_more(added)

    def _with_digests(self, rows: Mapping[str, Row]) -> Packed:
        # Most changes are of contents, and leave all names as they are.
        digests, width = bytearray(self.digests), self._width
        files = self._texts(self.files)
        for at in _places(files, rows):
            digests[at * width : at * width + width] = rows[files[at]].digest
        return self._replace(digests=bytes(digests))

    def _only(self, places: Collection[int]) -> Packed:
        width = self._width
        folds = array("Q", self.folds)
        files, names, asked, labels = ([some[at] for at in places] for some in self._every_text())
        return Packed(
            array("Q", [folds[at] for at in places]).tobytes(),
            _joined(files),
            _joined(names),
            _joined_unless_empty(asked),
            b"".join([self.digests[at * width : at * width + width] for at in places]),
            _joined_unless_empty(labels),
        )

    def _with_more(self, other: Packed) -> Packed:
        if not self.size or not other.size:
            return self if self.size else other
        files, names, asked, labels = (
            [*mine, *others]
            for mine, others in zip(self._every_text(), other._every_text(), strict=True)
        )
        return Packed(
            self.folds + other.folds,
            _joined(files),
            _joined(names),
            _joined_unless_empty(asked),
            self.digests + other.digests,
            _joined_unless_empty(labels),
        )

    def _every_text(self) -> Iterator[list[str]]:
        return map(self._texts, (self.files, self.names, self.asked, self.labels))

    @property
    def _width(self) -> int:
        return len(self.digests) // self.size if self.size else 0

    def _texts(self, column: bytes) -> list[str]:
        """The texts of a column; one that nobody has anything in is kept empty."""
        return column.decode().split(_BETWEEN) if column else [""] * self.size

    def _rows(self, places: Collection[int]) -> Iterator[tuple[str, Row]]:
        # Of a folder in which nothing is looked at, not one text is made an object.
        if not places:
            return
        files, names, asked, labels = self._every_text()
        width = self._width
        for at in places:
            others = tuple(asked[at].split(_BESIDE)) if asked[at] else ()
            digest = self.digests[at * width : at * width + width]
            yield files[at], Row(names[at], others, digest, labels[at])


def _places(texts: Iterable[str], wanted: Collection[str]) -> list[int]:
    return [at for at, one in enumerate(texts) if one in wanted]


def _differ_by_digest(row: Row, other: Row) -> bool:
    return row._replace(digest=other.digest) == other


def _joined(texts: Iterable[str]) -> bytes:
    return _BETWEEN.join(texts).encode()


def _joined_unless_empty(texts: Iterable[str]) -> bytes:
    # Where nobody looked for another file, only separators would be kept.
    joined = _joined(texts)
    return joined.strip(b"\0") and joined
