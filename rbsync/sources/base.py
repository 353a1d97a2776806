"""The port of a kind of source: its settings in the manifest, and ``expand``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from rbsync.errors import Location, Problem
from rbsync.files.tree import Tree
from rbsync.model.datapoint import OWN_METADATA, Encoding, Settings
from rbsync.sources.complete_when import CompleteWhen

RESERVED_HINT = f"choose another name: `{OWN_METADATA}…` are the keys in which rbsync keeps its own"


def reserved(key: object) -> str:
    """Returns why a key of metadata cannot be had, empty when it can."""
    # A user's key would be overwritten by the stamp, or read as one.
    if isinstance(key, str) and key.startswith(OWN_METADATA):
        return f"the metadata key `{key}` is reserved"
    return ""


def _free(key: str) -> str:
    if message := reserved(key):
        raise PydanticCustomError(
            "reserved-key", "{message}", {"message": message, "hint": RESERVED_HINT}
        )
    return key


class Common(BaseModel):
    """The settings that ``defaults`` and every source may have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    storage: str | None = Field(
        None,
        description="Where the items are: redbrick (direct upload of local files), public "
        "(URLs), a name of `storages`, or a storage's UUID.",
        examples=["redbrick"],
    )
    ground_truth: bool | None = Field(
        None,
        description="Put the datapoints at the end of the pipeline, as ground truth.",
        examples=[False],
    )
    priority: float | None = Field(
        None, ge=0, le=1, description="The task's priority, from 0 to 1.", examples=[0.5]
    )
    metadata: dict[Annotated[str, AfterValidator(_free)], str] | None = Field(
        None,
        description="Keys and values that the datapoints carry; a source adds to the defaults.",
        examples=[{"site": "A"}],
    )
    complete_when: CompleteWhen | None = Field(
        None,
        description="The sign that the files of a datapoint are all there. Until then it waits.",
        examples=[{"marker": ".done"}],
    )


class SourceModel(Common, ABC):
    """One entry of ``datapoints`` or ``masks``; its kind is known by the key named in ``key``."""

    key: ClassVar[str]
    is_per_file: ClassVar[bool] = False
    """Each entry is made of one file that a pattern finds, which it names in ``found_at``."""
    is_single: ClassVar[bool] = False
    """There is one entry, which stands in the manifest, and ``asked`` has all it looks for."""
    is_group: ClassVar[bool] = False
    """Each datapoint is made of however many files there are, of which more may be to come."""

    def entries(self, context: Context, default: CompleteWhen | None) -> Iterator[Entry]:
        """The yield of `expand`, with what the source or the default says of completeness."""
        wanted = self.complete_when or default
        if wanted is None and not self.is_group:
            return self.expand(context)
        return (
            one._replace(complete_when=wanted, is_group=self.is_group)
            for one in self.expand(context)
        )

    @abstractmethod
    def expand(self, context: Context) -> Iterator[Entry]:
        """The datapoints that this source declares, before their files are read.

        Reports what is wrong through the context and goes on with what is left.
        """


class DeclaredSize(NamedTuple):
    """The size of an image in pixels, as it is shown, and the file that says so."""

    width: int
    height: int
    file: str


class InlineLabels(NamedTuple):
    """Labels that stand where the datapoint stands; ``locate`` finds a member of them.

    ``drawn_for`` is what the image must be like, where the labels' maker said that. ``titles``
    are what each label is called where it comes from, for labels that were made from others.
    """

    labels: Any
    locate: Callable[[tuple[str | int, ...]], Location]
    drawn_for: DeclaredSize | None = None
    titles: tuple[str, ...] = ()


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

    ``items`` are paths relative to the manifest's folder, URLs or storage keys; ``labels`` is a
    path, masks, segmentations, or the labels themselves. ``problems`` are why it cannot be a
    datapoint; ``labels_at`` the path of its label file, whether it is there or not. ``series``
    is as in ``model.datapoint.Datapoint``. ``complete_when`` says when its files are all there, and
    ``is_group`` that more of them may be to come. ``barred`` is why it is no datapoint, where that
    has been told of the source. ``found_at`` is the file that a pattern found, and ``asked`` what
    else was looked for because of it, whether it was there or not. ``source`` is the number of its
    source, where that is not known by ``origin``.
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

    def item_at(self, path: str) -> Location:
        """The place that names an item."""
        if self.members is None or not self.members.items:
            return self.origin
        key = self.members.items
        place = _positions(self.items)[path]
        return self.members.locate((key, place) if key == "items" else (key,))

    @property
    def name_at(self) -> Location:
        """The place that says the name."""
        return self.members.locate(("name",)) if self.members else self.origin

    def file_at(self, path: str) -> Location:
        """The place that names a file, be it an item or one of the labels."""
        if self.members is None:
            return self.origin
        if path in _positions(self.items):
            return self.item_at(path)
        return self.label_at

    @property
    def label_at(self) -> Location:
        """The place that names the label file or masks."""
        if self.members is None or not self.members.labels:
            return self.origin
        return self.members.locate((self.members.labels,))


@dataclass(frozen=True, slots=True)
class Rest:
    """The facts of a source of which only a part is expanded again.

    It had ``before`` entries, and ``left`` of them are not looked at. ``told`` are the warnings of
    the source as a whole; ``dropped`` yields the files that it had of the part.
    """

    before: int
    left: int
    told: Mapping[tuple[str, Location | None], Problem]
    dropped: Callable[[], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Context:
    """The things that a source may look at while it expands.

    ``origin`` is the source's place in the manifest and ``locate`` that of something in it
    (``("glob",)``). ``report`` takes what is wrong; ``unread`` what could not be read, so that
    nobody takes what lies behind it for absent; ``warn`` what is only worth knowing; ``doubt`` why
    datapoints of the source may have labels where none were found. ``witness`` takes a file that
    shows for all of the source that it is as it should be. With ``rest`` only a part of the tree
    is looked at, and the rest is known. ``warn_at`` is as ``warn``, of what was found at a path.
    """

    tree: Tree
    settings: Settings
    origin: Location
    locate: Callable[[tuple[str | int, ...]], Location]
    report: Callable[[Problem], None]
    unread: Callable[[Problem], None]
    warn: Callable[[Problem], None]
    doubt: Callable[[Problem], None] = lambda _: None
    witness: Callable[[str], None] = lambda _: None
    warn_at: Callable[[Problem, str], None] = lambda _, __: None
    rest: Rest | None = None

    def may_tell(self, code: str, place: Location) -> bool:
        """Tells whether a warning of all of the source may be due.

        A part cannot show that something is nowhere. But what was nowhere before is in no other
        part either.
        """
        return self.rest is None or (code, place) in self.rest.told
