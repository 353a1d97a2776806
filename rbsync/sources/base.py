"""The port of a kind of source: its settings in the manifest, and ``expand``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, dataclass_transform

from rbsync.errors import Problem
from rbsync.model.datapoint import OWN_METADATA
from rbsync.shapes.setting import Checked, refuse_value, setting
from rbsync.sources.complete_when import CompleteWhen
from rbsync.sources.context import Context
from rbsync.sources.entry import Bundle, Entry

__all__ = ["RESERVED_HINT", "Common", "Context", "Entry", "SourceModel", "reserved"]

_OWN = " and ".join(f"`{start}…`" for start in OWN_METADATA)
RESERVED_HINT = f"choose another name: {_OWN} are the keys in which rbsync keeps its own"


def reserved(key: object) -> str:
    """Returns why a key of metadata cannot be had, empty when it can."""
    # A user's key would be overwritten by the stamp, or read as one.
    if isinstance(key, str) and key.startswith(OWN_METADATA):
        return f"the metadata key `{key}` is reserved"
    return ""


def _free(key: str) -> str:
    if message := reserved(key):
        refuse_value("reserved-key", message, RESERVED_HINT)
    return key


@dataclass(frozen=True, kw_only=True)
class Common:
    """The settings that ``defaults`` and every source may have."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    storage: str | None = setting(
        default=None,
        description="Where the items are: redbrick (direct upload of local files), public "
        "(URLs), a name of `storages`, or a storage's UUID.",
        examples=["redbrick"],
    )
    ground_truth: bool | None = setting(
        default=None,
        description="Put the datapoints at the end of the pipeline, as ground truth.",
        examples=[False],
    )
    priority: float | None = setting(
        default=None, ge=0, le=1, description="The task's priority, from 0 to 1.", examples=[0.5]
    )
    metadata: dict[Annotated[str, Checked(_free)], str] | None = setting(
        default=None,
        description="Keys and values that the datapoints carry; a source adds to the defaults.",
        examples=[{"site": "A"}],
    )
    complete_when: CompleteWhen | None = setting(
        default=None,
        description="The sign that the files of a datapoint are all there. Until then it waits.",
        examples=[{"marker": ".done"}],
    )


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(setting,))
class SourceModel(Common, ABC):
    """One entry of ``datapoints`` or ``masks``; its kind is known by the key named in ``key``.

    A subclass is a frozen dataclass: its settings are annotated, with `setting` or pydantic's
    ``Field`` where there is more to say of one.
    """

    key: ClassVar[str]
    is_per_file: ClassVar[bool] = False
    """Each entry is made of one file that a pattern finds, which it names in ``found_at``."""
    is_single: ClassVar[bool] = False
    """There is one entry, which stands in the manifest, and ``asked`` has all it looks for."""
    is_group: ClassVar[bool] = False
    """Each datapoint is made of however many files there are, of which more may be to come."""
    joins_folders: ClassVar[bool] = False
    """The files of one datapoint may lie in several folders, all of which are looked into first."""

    @property
    def bucket_pattern(self) -> str:
        """The pattern of the items' keys in a bucket that is to be listed; empty for others."""
        return ""

    @property
    def bucket_items(self) -> Sequence[str]:
        """The paths and patterns by which it names items in buckets."""
        return (self.bucket_pattern,) if self.bucket_pattern else ()

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True)(cls)

    def entries(self, context: Context, default: CompleteWhen | None) -> Iterator[Entry | Bundle]:
        """The yield of `expand`, with what the source or the default says of completeness."""
        wanted = self.complete_when or default
        if self.joins_folders:
            return self._of_all_folders(context, wanted)
        if wanted is None and not self.is_group:
            return self.packed(context) if context.packs else self.expand(context)
        return (self._completed(one, wanted) for one in self.expand(context))

    def _completed(self, entry: Entry, wanted: CompleteWhen | None) -> Entry:
        return entry._replace(complete_when=wanted, is_group=self.is_group)

    def _of_all_folders(self, context: Context, wanted: CompleteWhen | None) -> Iterator[Entry]:
        """Yields the entries; none can be planned while one folder could not be looked into.

        A study would lose the slices, and a mask the class, that lie there.
        """
        unread: list[Problem] = []

        def noting(tell: Callable[[Problem], None]) -> Callable[[Problem], None]:
            def told(problem: Problem) -> None:
                unread.append(problem)
                tell(problem)

            return told

        unsure = replace(context, unread=noting(context.unread), unknown=noting(context.unknown))
        for one in self.expand(unsure):
            found = one._replace(barred=one.barred or unread[0]) if unread else one
            yield self._completed(found, wanted)

    def packed(self, context: Context) -> Iterator[Entry | Bundle]:
        """The yield of `expand`, with what may be packed of it in bundles."""
        return self.expand(context)

    @abstractmethod
    def expand(self, context: Context) -> Iterator[Entry]:
        """The datapoints that this source declares, before their files are read.

        Reports what is wrong through the context and goes on with what is left.
        """
