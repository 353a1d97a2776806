"""The labels of entries: read, checked against the project, fingerprinted by their meaning."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from rbsync.dataset.findings import Findings
from rbsync.dataset.label_list import (
    MOST_FLAWS,
    LabelCheck,
    LabelList,
    as_problem,
    sizes_of,
)
from rbsync.errors import Location, Problem
from rbsync.files.body import read_whole
from rbsync.files.cache import Cache
from rbsync.files.tree import Tree
from rbsync.files.written_text import encoding_fault, text_of
from rbsync.labels.amounts import Limits
from rbsync.labels.check import check_labels, label_check
from rbsync.labels.degenerate import degenerate
from rbsync.labels.normal import normal_labels
from rbsync.labels.problem import LabelProblem
from rbsync.labels.taxonomy import Taxonomy
from rbsync.manifest.plain import typed
from rbsync.model.datapoint import Item, Labels
from rbsync.model.extent import Extent
from rbsync.model.fingerprint import canonical_json, digest, of_value
from rbsync.reasons import UNKNOWN
from rbsync.shapes.json_members import is_list
from rbsync.sources.entry import DeclaredSize, Entry, InlineLabels, MadeLabels
from rbsync.sources.tools.recognised import next_step, tool_of

LIMIT = 64 << 20
_LOOKED_AT = 1 << 20
"""Letters of a file that is no list, which say what it is instead."""

Path = tuple[str | int, ...]


class Drawn(NamedTuple):
    """The size (width, height) that labels say of the picture of an entry.

    ``file`` has the labels, empty where they stand in the manifest; ``place`` names it.
    """

    entry: Entry
    file: str
    size: tuple[int, int]
    place: Location


class LabelReader:
    """Reads and checks labels; a file that passed is not read again until it changes."""

    def __init__(
        self,
        tree: Tree,
        cache: Cache,
        findings: Findings,
        project_type: str,
        taxonomy: Taxonomy,
        *,
        is_strict: bool = False,
        limits: Limits,
        templates: Callable[[], Mapping[Location, str]] = dict,
    ) -> None:
        """With ``is_strict`` labels that show nothing are refused, and not only told.

        ``templates`` are what sources say of their label files, by the sources' places.
        """
        self._templates = templates
        self._limits = limits
        self._strict = is_strict
        self.drawn: list[Drawn] = []
        self._tree = tree
        self._cache = cache
        self._findings = findings
        self._type = project_type
        self._taxonomy = taxonomy
        # Labels that passed under one taxonomy are checked again under another.
        rules = canonical_json([4, project_type, taxonomy.as_json(), tree.algorithm])
        self._context = f"labels:{digest(rules)}"
        self._passed: dict[str, str] | None = None
        self._new: list[tuple[str, str]] = []
        self._right: dict[int, Any] = {}

    def inline(self, entry: Entry, given: InlineLabels) -> Labels | None:
        """Labels that stand in the manifest or in an items list."""
        made = given.labels if isinstance(given.labels, MadeLabels) else None
        labels, titles = (
            self._distinct(made, given.titles) if made else (given.labels, given.titles)
        )
        if given.is_written:
            labels = typed(labels)
        if self._check(entry, labels, given.locate, titles, given.drawn_for):
            return None
        if made:
            self._remember(labels)
        if given.drawn_for is None:
            self.drawn += [
                Drawn(entry, "", size, given.locate(())) for size in sorted(sizes_of(labels))
            ]
        text = made.text if made else canonical_json(labels).decode()
        # Of kinds nothing is fingerprinted: they have the outlines of no label.
        whole = json.loads(text) if made and "null" in text else labels
        return Labels("objects", self._fingerprint(whole, text), inline=text)

    def file(self, entry: Entry, item: Item) -> Labels | None:
        """Labels in a file of their own."""
        known = self._known().get(item.content) or self._read(entry, item)
        # Texts of earlier versions have fewer parts.
        fingerprint, extent, sizes, *_ = [*known.split(" "), "", ""]
        if not fingerprint:
            return None
        if sizes:
            pairs = (tuple(map(int, one.split("x"))) for one in sizes.split(","))
            self.drawn += [Drawn(entry, item.ref, (w, h), entry.label_at) for w, h in pairs]
        return Labels("objects", fingerprint, (item,), extent=_extent(extent))

    def save(self) -> None:
        """Remembers what passed."""
        self._cache.put_checked(self._context, self._new)
        self._new = []

    def _known(self) -> dict[str, str]:
        if self._passed is None:
            self._passed = self._cache.checked(self._context)
        return self._passed

    def _read(self, entry: Entry, item: Item) -> str:
        """The fingerprint and extent of a file's labels, as the cache keeps them.

        Empty after reporting what is wrong with them.
        """
        try:
            data, content = read_whole(self._tree.roots, item.ref, self._tree.algorithm, LIMIT)
            text = text_of(data)
            del data
        except OSError as error:
            message = f"`{item.ref}` cannot be read: {error.strerror or error}"
            self._findings.of_entry(entry, Problem("unreadable", message, entry.label_at), UNKNOWN)
            return ""
        except UnicodeDecodeError as error:
            # Files of XML may be of another encoding, and are known by their first letters.
            fault = _of_tool(
                error.object.decode("latin-1"), item.ref, self._written(entry, item.ref)
            )
            message = f"the file is no JSON text: {encoding_fault(error)}"
            fault = fault or Problem("label-file", message, Location(item.ref))
            self._findings.of_entry(entry, fault)
            return ""
        found, is_good = self._of_text(entry, text, item.ref)
        # What is told of a file is told by every plan, so that it is read again.
        if is_good:
            # Under the content that was read, which may be newer than the one that was hashed.
            self._known()[content] = found
            self._new.append((content, found))
        return found

    def _of_text(self, entry: Entry, text: str, path: str) -> tuple[str, bool]:
        """As `_read`, of the file's text, and whether there is nothing to be told of it."""
        if not is_list(text):
            fault = _of_tool(text, path, self._written(entry, path)) or _no_list(text, path)
            self._findings.of_entry(entry, fault)
            return "", False
        labels = LabelList(text, path, self._tree.algorithm, self._checker(), self._limits)
        for number, problem in enumerate(labels.problems()):
            # Not looked for before: nearly every file is what it should be.
            if not number and (other := _of_tool(text, path, self._written(entry, path))):
                self._findings.of_entry(entry, other)
                return "", False
            self._findings.of_entry(entry, problem)
        if labels.is_wrong:
            return "", False
        self._tell(entry, labels.flaws, labels.more_flaws)
        sizes = ",".join(f"{width}x{height}" for width, height in sorted(labels.sizes))
        known = f"{labels.fingerprint} {labels.extent.text()} {sizes}"
        return known.rstrip(), not labels.flaws

    def _written(self, entry: Entry, path: str) -> str:
        """The manifest's own words for the label file of an entry, or else its path."""
        # With the path of one file in its place all datapoints of a source would have its labels.
        return self._templates().get(entry.origin) or path

    def _tell(self, entry: Entry, flaws: Sequence[Problem], more: int) -> None:
        """Tells of labels that show nothing."""
        if more:
            last = flaws[-1]
            message = f"{last.message}; so it is with {more:,} more labels here"
            flaws = [*flaws[:-1], last._replace(message=message)]
        for one in flaws:
            if self._strict:
                self._findings.of_entry(entry, one)
            else:
                self._findings.warn(entry, one)

    def _checker(self) -> LabelCheck:
        return label_check(self._type, self._taxonomy.names, self._taxonomy.all_attributes)

    def _fingerprint(self, labels: Any, text: str) -> str:
        # Of the meaning and not of the file: labels that a tool wrote with other spaces or floats
        # are no change.
        if "null" in text:
            return of_value(normal_labels(labels), self._tree.algorithm)
        # The canonical text of labels without nulls is that of their normal form.
        return digest(text.encode("utf-8", "surrogatepass"), self._tree.algorithm)

    def _distinct(
        self, made: MadeLabels, titles: Sequence[str]
    ) -> tuple[Sequence[Any], Sequence[str]]:
        """The labels to be checked, and their titles: where all are right, one of each new kind."""
        firsts = {id(one): at for at, one in enumerate(made.kinds)}
        places = [at for key, at in firsts.items() if key not in self._right]
        some = [made.kinds[at] for at in places]
        # The outlines of a file are of a few kinds. Boxes are all looked at, and once.
        if len(some) == len(made.kinds) or self._mistakes(some):
            return made.kinds, titles
        return some, [titles[at] for at in places]

    def _remember(self, kinds: Sequence[Any]) -> None:
        # A box is of one label, while thousands of images share the kind of an outline. It is kept,
        # or another one could have its id later.
        self._right.update((id(one), one) for one in kinds if "pixel" in one)

    def _mistakes(self, labels: Any) -> list[LabelProblem]:
        return check_labels(
            labels,
            project_type=self._type,
            categories=self._taxonomy.names,
            attributes=self._taxonomy.all_attributes,
        )

    def _check(
        self,
        entry: Entry,
        labels: Any,
        locate: Callable[[Path], Location],
        titles: Sequence[str] = (),
        drawn_for: DeclaredSize | None = None,
    ) -> bool:
        found = self._mistakes(labels)
        if titles:
            found = _in_words_of_tools(found, drawn_for)
        for one in found:
            problem = as_problem(one, locate(one.path))
            if titles and one.path and isinstance(one.path[0], int):
                # Labels that were made from annotations: nobody knows those by their number here.
                message = f"{titles[one.path[0]]}: {one.message}"
                problem = problem._replace(message=message)
            self._findings.of_entry(entry, problem)
        if not found:
            flaws = list(_flaws(labels, locate, titles))
            self._tell(entry, flaws[:MOST_FLAWS], len(flaws[MOST_FLAWS:]))
        return bool(found)


_OUTSIDE = ("outside", "out-of-range")
_CENTRES = "a line is `CLASS x y width height`, where x and y are the centre, in fractions"


# Most files have one of few numbers of labels, and share what is said of it.
@cache
def _extent(text: str) -> Extent | None:
    """The extent that the cache keeps; earlier versions kept none."""
    try:
        return Extent.of_text(text)
    except (TypeError, ValueError):
        return None


def _in_words_of_tools(
    found: Sequence[LabelProblem], size: DeclaredSize | None
) -> list[LabelProblem]:
    """Tells of shapes outside of their picture without keys that their files do not have."""
    message, hint = "reaches out of its picture", _CENTRES
    if size:
        message += f", which the file says is {size.width} x {size.height} pixels"
        hint = "correct the shape, or the picture's size in the file"
    told = [
        # A box may reach over two edges, and is one that is wrong.
        one._replace(path=one.path[:1], message=message, hint=hint) if one.code in _OUTSIDE else one
        for one in found
    ]
    return list(dict.fromkeys(told))


def _flaws(
    labels: Any, locate: Callable[[Path], Location], titles: Sequence[str]
) -> Iterator[Problem]:
    for at, label in enumerate(labels):
        for one in degenerate(label):
            problem = as_problem(one._replace(path=(at, *one.path)), locate((at, *one.path)))
            yield problem._replace(message=f"{titles[at]}: {one.message}") if titles else problem


def _of_tool(text: str, path: str, template: str) -> Problem | None:
    """The problem of a file that another tool wrote; None for one that is not known as such.

    ``template`` is what the manifest says where it names the file.
    """
    tool = tool_of(text)
    if not tool:
        return None
    message = f"this is a file of {tool}, and no list of LabelObjects"
    return Problem("other-tool", message, Location(path, 1, 1), next_step(tool, template))


def _no_list(text: str, path: str) -> Problem:
    """The problem of a text that does not begin as a list."""
    place = Location(path, 1, 1)
    try:
        value = json.loads(text[:_LOOKED_AT])
    except json.JSONDecodeError as error:
        if error.pos < _LOOKED_AT:
            where = Location(path, error.lineno, error.colno)
            return Problem("label-file", f"the JSON cannot be read: {error.msg.lower()}", where)
        return Problem("wrong-type", "labels: must be a list of labels", place)
    except (ValueError, RecursionError):
        return Problem("label-file", "the JSON cannot be read", place)
    (found,) = check_labels(value)
    return as_problem(found, place)
