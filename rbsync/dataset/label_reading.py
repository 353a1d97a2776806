"""The labels of entries: read, checked against the project, fingerprinted by their meaning."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from rbsync.dataset.findings import Findings
from rbsync.errors import Location, Problem, UserError
from rbsync.files.body import read_whole
from rbsync.files.cache import Cache
from rbsync.files.tree import Tree
from rbsync.labels import Taxonomy, check_labels, normal_labels
from rbsync.manifest.document import Document, read_document
from rbsync.manifest.plain import typed
from rbsync.model.datapoint import Item, Labels
from rbsync.model.fingerprint import canonical_json, digest, of_value
from rbsync.reasons import UNKNOWN
from rbsync.sources.base import Entry, InlineLabels

LIMIT = 64 << 20
Path = tuple[str | int, ...]


class LabelReader:
    """Reads and checks labels; a file that passed is not read again until it changes."""

    def __init__(
        self, tree: Tree, cache: Cache, findings: Findings, project_type: str, taxonomy: Taxonomy
    ) -> None:
        self._tree = tree
        self._cache = cache
        self._findings = findings
        self._type = project_type
        self._taxonomy = taxonomy
        # Labels that passed under one taxonomy are checked again under another.
        rules = canonical_json([1, project_type, taxonomy.as_json(), tree.algorithm])
        self._context = f"labels:{digest(rules)}"
        self._passed: dict[str, str] | None = None
        self._new: list[tuple[str, str]] = []

    def inline(self, entry: Entry, given: InlineLabels) -> Labels | None:
        """Labels that stand in the manifest or in an items list."""
        labels = typed(given.labels)
        if self._check(entry, labels, given.locate, given.titles):
            return None
        text = canonical_json(labels).decode()
        return Labels("objects", self._fingerprint(labels), inline=text)

    def file(self, entry: Entry, item: Item) -> Labels | None:
        """Labels in a file of their own."""
        fingerprint = self._known().get(item.content) or self._read(entry, item)
        return Labels("objects", fingerprint, (item,)) if fingerprint else None

    def save(self) -> None:
        """Remembers what passed."""
        self._cache.put_checked(self._context, self._new)
        self._new = []

    def _known(self) -> dict[str, str]:
        if self._passed is None:
            self._passed = self._cache.checked(self._context)
        return self._passed

    def _read(self, entry: Entry, item: Item) -> str:
        """The fingerprint of a file's labels; empty after reporting what is wrong with them."""
        try:
            data, content = read_whole(self._tree.roots, item.ref, self._tree.algorithm, LIMIT)
            labels = json.loads(data)
        except OSError as error:
            message = f"`{item.ref}` cannot be read: {error.strerror or error}"
            self._findings.of_entry(entry, Problem("unreadable", message, entry.origin), UNKNOWN)
            return ""
        except (ValueError, RecursionError) as error:
            self._findings.of_entry(entry, _no_json(item.ref, error))
            return ""
        if self._check(entry, labels, _locator(data, item.ref)):
            return ""
        fingerprint = self._fingerprint(labels)
        # Under the content that was read, which may be newer than the one that was hashed.
        self._known()[content] = fingerprint
        self._new.append((content, fingerprint))
        return fingerprint

    def _fingerprint(self, labels: Any) -> str:
        # Of the meaning and not of the file: labels that a tool wrote with other spaces or floats
        # are no change.
        return of_value(normal_labels(labels), self._tree.algorithm)

    def _check(
        self,
        entry: Entry,
        labels: Any,
        locate: Callable[[Path], Location],
        titles: Sequence[str] = (),
    ) -> bool:
        found = check_labels(
            labels,
            project_type=self._type,
            categories=self._taxonomy.names,
            attributes=self._taxonomy.all_attributes,
        )
        for one in found:
            where = f"label {one.place}: " if one.path else "labels: "
            if titles and one.path and isinstance(one.path[0], int):
                # Labels that were made from annotations: nobody knows those by their number here.
                where = f"{titles[one.path[0]]}: "
            problem = Problem(one.code, where + one.message, locate(one.path), one.hint)
            self._findings.of_entry(entry, problem)
        return bool(found)


def _no_json(path: str, error: Exception) -> Problem:
    if isinstance(error, json.JSONDecodeError):
        where = Location(path, error.lineno, error.colno)
        return Problem("label-file", f"the JSON cannot be read: {error.msg.lower()}", where)
    if isinstance(error, RecursionError):
        return Problem("label-file", "the JSON is nested too deeply", Location(path))
    return Problem("label-file", f"the file is no JSON text: {error}", Location(path))


def _locator(data: bytes, path: str) -> Callable[[Path], Location]:
    """Finds places in a label file; the file is read for them only when one is asked for."""

    @cache
    def document() -> Document | None:
        try:
            return read_document(data, path, strict=False)
        except UserError:
            return None

    def locate(below: Path) -> Location:
        found = document()
        return found.locate(below) if found else Location(path)

    return locate
