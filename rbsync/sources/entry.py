"""A datapoint as a source declares it, before its files are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rbsync.errors import Location, Problem
from rbsync.model.bucket_paths import key_of
from rbsync.model.datapoint import Encoding, Settings

if TYPE_CHECKING:
    from rbsync.sources.complete_when import CompleteWhen
    from rbsync.sources.row_places import RowPlaces


class DeclaredSize(NamedTuple):
    """The size of an image in pixels, as it is shown, and the file that says so."""

    width: int
    height: int
    file: str


class MadeLabels(NamedTuple):
    """Labels that were made of something else, as canonical JSON: as values they fill the memory.

    ``kinds`` has for each label one of a few corners that is right or wrong as it is.
    """

    text: str
    kinds: Sequence[Any]

    @classmethod
    def of(cls, texts: Sequence[str], kinds: Sequence[Any]) -> MadeLabels:
        """Puts together the texts of single labels."""
        return cls(f"[{','.join(texts)}]", kinds)


class InlineLabels(NamedTuple):
    """Labels that stand where the datapoint stands; ``locate`` finds a member of them.

    ``labels`` are parsed JSON, or `MadeLabels`. ``drawn_for`` is what the image must be like, where
    the labels' maker said that. ``titles`` are what each label is called where it comes from, for
    labels that were made from others. Those that ``is_written`` stand in the manifest, whose
    unquoted numbers are texts as yet.
    """

    labels: Any
    locate: Callable[[tuple[str | int, ...]], Location]
    drawn_for: DeclaredSize | None = None
    titles: tuple[str, ...] = ()
    is_written: bool = False


class MaskLabels(NamedTuple):
    """Labels that stand in mask files.

    ``recipe`` is the text of a `mask_formats.recipe.Recipe`; its ``categories`` are named by
    ``named_by``, a file or pattern. ``encoding`` is how they are to be sent.
    """

    files: tuple[str, ...]
    recipe: str
    categories: tuple[str, ...]
    named_by: str
    encoding: Encoding = "auto"


class SeriesLabels(NamedTuple):
    """The NIfTI files that segment a series, and the categories of their values.

    ``series`` is its number; ``locate`` finds what the source says of it: ``segmentations``,
    ``segment_map``, and each value in that. With ``is_binary`` each file is one structure, the
    first has the value 1 in the map, and so on. With ``trusts_grid`` nobody compares it with the
    scan's.
    """

    series: int
    files: tuple[str, ...]
    segment_map: Mapping[int, str]
    locate: Callable[[tuple[str | int, ...]], Location]
    is_binary: bool = False
    trusts_grid: bool = False


class SegmentationLabels(NamedTuple):
    """Labels that stand in segmentations of the series of a study."""

    parts: tuple[SeriesLabels, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """All files, series by series."""
        return tuple(file for part in self.parts for file in part.files)

    def place_of(self, path: str) -> Location | None:
        """The place that names a file."""
        for one in self.parts:
            if path in one.files:
                at = one.files.index(path)
                named = list(one.segment_map.values())
                # By its structure, by its number, or where all of them are named.
                step = named[at] if one.is_binary and at < len(named) else at
                return one.locate(("segmentations", step))
        return None


NOT_LOOKED_FOR = "//"
"""No path begins so."""

UNREADABLE = "its masks cannot be read: see what is wrong with their source"


class Members(NamedTuple):
    """The places in the manifest that name the files of entries.

    ``items`` and ``labels`` are keys of the source, empty where the entry's own place will do; a
    list under ``items`` has a place for each.
    """

    locate: Callable[[tuple[str | int, ...]], Location]
    items: str = ""
    labels: str = ""


_last: tuple[tuple[str, ...], Mapping[str, int]] = ((), {})


def _positions(items: tuple[str, ...]) -> Mapping[str, int]:
    """The first position of each item. That of the entry which was asked for last is kept."""
    # To search the items for each of 20,000 that are missing takes many seconds.
    global _last
    known, found = _last
    if known is not items:
        found = {one: at for at, one in reversed(list(enumerate(items)))}
        _last = (items, found)
    return found


class Entry(NamedTuple):
    """A datapoint as a source declares it.

    ``items`` are paths relative to the manifest's folder or into a bucket, URLs or storage keys;
    ``labels`` is a
    path, masks, segmentations, or the labels themselves. ``problems`` are why it cannot be a
    datapoint; ``labels_at`` the path of its label file, whether it is there or not. ``series``
    is as in ``model.datapoint.Datapoint``. ``complete_when`` says when its files are all there, and
    ``is_group`` that more of them may be to come. ``barred`` is why it is no datapoint, where that
    has been told of the source. ``found_at`` is the file that a pattern found, and ``asked`` what
    else was looked for because of it, whether it was there or not. ``source`` is the number of its
    source, where that is not known by ``origin``. ``made_from`` is the label file of another tool
    that the labels were made from, also where that has none for it. ``rows`` finds its paths in the
    list whose row it is.
    """

    name: str
    items: tuple[str, ...]
    labels: str | InlineLabels | MaskLabels | SegmentationLabels | None
    settings: Settings
    origin: Location
    problems: tuple[Problem, ...] = ()
    series: tuple[int, ...] = ()
    labels_at: str = ""
    complete_when: CompleteWhen | None = None
    is_group: bool = False
    members: Members | None = None
    barred: Problem | None = None
    found_at: str = ""
    asked: tuple[str, ...] = ()
    source: int = -1
    made_from: str = ""
    rows: RowPlaces | None = None

    def item_at(self, path: str) -> Location:
        """The place that names an item."""
        if self.rows is not None:
            return self.rows.at(self.origin, path)
        if self.members is None or not self.members.items:
            return self.origin
        key = self.members.items
        place = _positions(self.items)[path]
        return self.members.locate((key, place) if key == "items" else (key,))

    @property
    def found_labels(self) -> str:
        """The label file or mask that was found by the name of its image; empty for others."""
        match self.labels:
            case str(path) if self.labels_at:
                return path
            case MaskLabels(files=(path, *_)) if self.found_at and self._has_own_mask:
                # Beside the images are those too, and they are no masks that nobody wants.
                folder = self.items[0].rpartition("/")[0]
                return path if path.rpartition("/")[0] != folder else ""
            case _:
                return ""

    @property
    def noted_labels(self) -> str:
        """As `found_labels`; the mask of any other entry, which nobody looked for, with a mark."""
        if found := self.found_labels:
            return found
        match self.labels:
            case MaskLabels(files=(path,)):
                return NOT_LOOKED_FOR + path
            case _:
                return ""

    @property
    def _has_own_mask(self) -> bool:
        return self.members is not None and self.members.labels == "mask"

    @property
    def name_at(self) -> Location:
        """The place that says the name."""
        return self.members.locate(("name",)) if self.members else self.origin

    def file_at(self, path: str) -> Location:
        """The place that names a file, be it an item or one of the labels."""
        if self.rows is not None:
            return self.rows.at(self.origin, path)
        if self.members is None:
            return self.origin
        if path in _positions(self.items):
            return self.item_at(path)
        if isinstance(self.labels, SegmentationLabels):
            return self.labels.place_of(path) or self.origin
        return self.label_at

    @property
    def label_at(self) -> Location:
        """The place that names the label file or masks."""
        if self.rows is not None and isinstance(self.labels, str):
            return self.rows.at(self.origin, self.labels)
        if self.members is None or not self.members.labels:
            return self.origin
        return self.members.locate((self.members.labels,))


class Bundle(NamedTuple):
    """The entries of the files of one folder that have nothing but their file, packed.

    ``files`` are sorted and joined by NUL, and ``names`` are those of the entries; empty where the
    paths are the names. All are regular files, and all names plain. ``source`` is its number.
    """

    folder: str
    files: str
    names: str
    settings: Settings
    origin: Location
    members: Members
    source: int = -1

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.files.count("\0") + 1

    def entries(self) -> Iterator[Entry]:
        """The entries, as a source makes them that packs none."""
        prefix = f"{self.folder}/" if self.folder else ""
        paths = [prefix + one for one in self.files.split("\0")]
        names = self.names.split("\0") if self.names else map(key_of, paths)
        for name, path in zip(names, paths, strict=True):
            yield Entry(
                name,
                (path,),
                None,
                self.settings,
                self.origin,
                members=self.members,
                found_at=path,
            )
