"""The sources of a manifest, expanded to entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from rbsync.dataset.findings import Findings
from rbsync.errors import Location, Problem
from rbsync.files.tree import Tree
from rbsync.manifest.load import Manifest
from rbsync.manifest.positions import Path
from rbsync.manifest.schema import BUILT_IN_STORAGES, is_uuid
from rbsync.model.datapoint import Settings
from rbsync.sources.base import Common, Context, Entry

T = TypeVar("T")


def expand(manifest: Manifest, tree: Tree, findings: Findings) -> Iterator[Entry]:
    """The entries of all sources, in the order of the manifest."""
    merging = _Merging(manifest, findings)
    for source, path, origin in (*manifest.datapoints, *manifest.masks):
        locate = partial(_below, manifest, path)
        settings = merging.settings(source, locate)
        if settings is None:
            continue
        context = Context(
            tree=tree,
            settings=settings,
            origin=origin,
            locate=locate,
            report=findings.of_source,
            unread=findings.of_source,
            warn=findings.warn,
        )
        yield from source.expand(context)


def _below(manifest: Manifest, source: Path, path: Path) -> Location:
    """The place of something in a source."""
    return manifest.locate((*source, *path))


@dataclass
class _Merging:
    """Settings of the defaults and of a source, one object for all that have the same."""

    manifest: Manifest
    findings: Findings

    def __post_init__(self) -> None:
        self._made: dict[str, Settings] = {}

    def settings(self, source: Common, locate: Callable[[Path], Location]) -> Settings | None:
        defaults = self.manifest.settings.defaults
        named = source.storage or defaults.storage or "redbrick"
        storage = self._storage(named)
        if storage is None:
            where = locate(("storage",))
            known = ", ".join([*BUILT_IN_STORAGES, *self.manifest.settings.storages])
            message = f"`{named}` is no storage"
            hint = f"known are {known}, and any storage's UUID; name it under `storages`"
            self.findings.of_source(Problem("unknown-storage", message, where, hint))
            return None
        made = Settings(
            storage=storage,
            ground_truth=_first(source.ground_truth, defaults.ground_truth) or False,
            priority=_first(source.priority, defaults.priority),
            metadata={**(defaults.metadata or {}), **(source.metadata or {})},
        )
        return self._made.setdefault(repr(made), made)

    def _storage(self, named: str) -> str | None:
        if named in BUILT_IN_STORAGES:
            return named
        if named in self.manifest.settings.storages:
            return str(self.manifest.settings.storages[named])
        return named.lower() if is_uuid(named) else None


def _first(own: T | None, default: T | None) -> T | None:
    return default if own is None else own
