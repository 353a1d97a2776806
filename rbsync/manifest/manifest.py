"""A manifest that was read and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from rbsync.errors import Location, Problem
from rbsync.manifest.settings import ManifestSettings
from rbsync.trust import Trust

if TYPE_CHECKING:
    from rbsync.manifest.document import Document
    from rbsync.manifest.manifest_model import MovedModel
    from rbsync.manifest.positions import Path
    from rbsync.sources.base import Common, SourceModel

LISTS = ("datapoints", "masks")
"""The keys under which the sources stand."""


class Placed(NamedTuple):
    """A source, and where it stands: ``path`` leads to it.

    ``wrong`` is None for one that is right in itself. With a problem the source stands without
    what is wrong, so that the mistakes in its other members are found in the same run.
    """

    source: SourceModel
    path: Path
    location: Location
    wrong: Problem | None = None


class Head(NamedTuple):
    """The settings of sources that stand beside them."""

    defaults: Common
    moved: tuple[MovedModel, ...]


class Sources(NamedTuple):
    """The sources as `Manifest` has them, and those places in them that are known beforehand."""

    datapoints: tuple[Placed, ...]
    masks: tuple[Placed, ...]
    doubtful: tuple[Placed, ...]
    places: Mapping[Path, Location] = {}


class Parts:
    """The parts of a manifest, each of which is read once somebody asks for it.

    ``read_document`` reads the document, with all of its sources if they are asked for.
    """

    def __init__(
        self,
        read_head: Callable[[], Head],
        read_sources: Callable[[], Sources],
        read_document: Callable[[bool], Document],
    ) -> None:
        self._read_head = read_head
        self._read_sources = read_sources
        self._read_document = read_document

    @cached_property
    def head(self) -> Head:
        return self._read_head()

    @cached_property
    def sources(self) -> Sources:
        return self._read_sources()

    @cached_property
    def document_of_head(self) -> Document:
        return self._read_document(False)

    @cached_property
    def document_of_sources(self) -> Document:
        return self._read_document(True)


@dataclass(frozen=True)
class Manifest:
    """The manifest as the user wrote it, checked as far as that can be done without other files.

    ``settings`` is all but the sources; those that are right in themselves are ``datapoints``
    and ``masks``, and what is left of the others is ``doubtful``. ``problems`` are in the order
    of their places; with one the manifest must not be applied. ``file`` is the name for messages,
    ``root`` the absolute folder that paths start from. ``digest`` is the identity of the text and
    of the variables in it, ``meaning`` that of what it says, be it on whatever lines. ``text`` is
    empty where the meaning is that of the text. ``trust`` is what it was allowed; ``settings`` has
    nothing that was not. ``is_barred`` is as in `Permission`.
    """

    settings: ManifestSettings
    file: str
    root: str
    digest: str
    meaning: str
    text: bytes
    problems: tuple[Problem, ...]
    trust: Trust
    is_barred: bool
    parts: Parts

    @property
    def defaults(self) -> Common:
        return self.parts.head.defaults

    @property
    def moved(self) -> tuple[MovedModel, ...]:
        return self.parts.head.moved

    @property
    def datapoints(self) -> tuple[Placed, ...]:
        return self.parts.sources.datapoints

    @property
    def masks(self) -> tuple[Placed, ...]:
        return self.parts.sources.masks

    @property
    def doubtful(self) -> tuple[Placed, ...]:
        return self.parts.sources.doubtful

    def sources(self) -> tuple[Placed, ...]:
        """All sources in their order, those of datapoints before those of masks."""
        if not self.doubtful:
            return (*self.datapoints, *self.masks)
        every = (*self.datapoints, *self.masks, *self.doubtful)
        return tuple(sorted(every, key=lambda one: (one.path[0], one.path[1])))

    def locate(self, path: Path, *, key: bool = False) -> Location:
        """The place of what the path leads to, such as ``("datapoints", 3, "glob")``."""
        is_of_head = path and path[0] not in LISTS
        parts = self.parts
        # To find one place the whole text is read.
        if not key and not is_of_head and (known := parts.sources.places.get(path)):
            return known
        document = parts.document_of_head if is_of_head else parts.document_of_sources
        return document.locate(path, key=key)
