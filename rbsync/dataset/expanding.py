"""The sources of a manifest, expanded to entries whose names are normalised and each there once."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, islice
from typing import TYPE_CHECKING, NamedTuple

from rbsync.dataset.findings import Findings
from rbsync.dataset.merged_settings import Merging
from rbsync.errors import Location, Problem
from rbsync.files.part import NotInPartsError, Part
from rbsync.files.tree import Tree
from rbsync.labels.amounts import MOST_LABELS, Limits
from rbsync.manifest.manifest import Manifest
from rbsync.manifest.positions import Path
from rbsync.model.datapoint import Settings
from rbsync.model.names import LONGEST_NAME, hidden_in, is_plain, is_utf8, plain_form
from rbsync.model.storages import is_uploaded
from rbsync.sources.context import Context, Rest, Searched
from rbsync.sources.entry import Bundle, Entry

if TYPE_CHECKING:
    from rbsync.sources.base import SourceModel
    from rbsync.sources.complete_when import CompleteWhen


@dataclass
class Seeking:
    """The folders that a source looked into, the files that it read, and its witnesses."""

    folders: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    witnesses: list[str] = field(default_factory=list)


SINGLES = -1
"""The number under which it is noted what all sources of one entry read."""


@dataclass(frozen=True)
class Again:
    """The sources that are expanded again. Those in ``whole`` are, whatever the ``part``.

    ``singles`` are sources of one entry each, and ``rests`` what is known of those of which a part
    is looked at. More than ``most`` files of whole folders are no case for a part.
    """

    part: Part
    whole: frozenset[int]
    singles: frozenset[int]
    rests: Mapping[int, Rest]
    most: int

    def part_for(self, number: int) -> Part | None:
        """The part of the tree that a source looks at; None for all of it."""
        return None if number in self.whole or number in self.singles else self.part

    def rest_of(self, number: int) -> Rest | None:
        """The facts of the rest of a source; None where it is expanded as a whole."""
        return None if self.part_for(number) is None else self.rests.get(number, _NO_REST)

    def leaves(self, number: int, *, is_per_file: bool) -> bool:
        """Tells whether a source is not looked at at all."""
        return not is_per_file and number not in self.whole and number not in self.singles


_NO_REST = Rest(0, 0, {}, lambda: iter(()))


def is_per_file(source: SourceModel, waits: CompleteWhen | None) -> bool:
    """Tells whether each datapoint of a source comes of one file, and nothing else decides."""
    # What is there of a datapoint's other files may be a matter of any folder, and of time.
    return source.is_per_file and not (source.complete_when or waits)


def is_single(source: SourceModel, waits: CompleteWhen | None) -> bool:
    """As `is_per_file`, of a source that is one datapoint."""
    return source.is_single and not (source.complete_when or waits)


def expand(
    manifest: Manifest,
    tree: Tree,
    findings: Findings,
    seeking: dict[int, Seeking] | None = None,
    again: Again | None = None,
) -> Iterator[Entry | Bundle]:
    """The entries of all sources, in the order of the manifest; or of those to be looked at again.

    Whole folders of plain files come packed, but of a part: that is seldom much. ``seeking`` takes
    what sources look at beside the files that they are expanded from. Raises NotInPartsError for a
    part of too many files.
    """
    unpacking = _Unpacking(again)
    merging = Merging(manifest, findings)
    waits = manifest.defaults.complete_when
    searched = Searched(tree)
    for number, (source, path, origin, wrong) in enumerate(manifest.sources()):
        per_file = is_per_file(source, waits)
        if again is not None and again.leaves(number, is_per_file=per_file):
            continue
        locate = partial(_below, manifest, path)
        single = is_single(source, waits)
        sought = Seeking()
        if seeking is not None:
            # Of a hundred thousand entries each says itself what was looked for.
            sought = seeking.setdefault(SINGLES if single else number, sought)
        settings, no_storage = merging.settings(source, locate)
        barred = wrong or no_storage
        rest = again.rest_of(number) if again else None
        context = Context(
            tree=tree,
            settings=settings,
            origin=origin,
            locate=locate,
            report=findings.of_source,
            unread=findings.of_source,
            unknown=findings.of_outage,
            warn=partial(findings.warn_of_source, number),
            doubt=partial(findings.doubt, origin),
            witness=partial(_bear_witness, sought, rest),
            warn_at=partial(findings.warn_of_source, number),
            rest=rest,
            searched=searched,
            limits=limits_of(manifest),
            packs=per_file and barred is None and _is_packed(source, settings),
        )
        tree.part = again.part_for(number) if again else None
        with tree.noting(None if per_file else sought.folders, sought.reads):
            for entry in unpacking.entries(source.entries(context, waits)):
                if isinstance(entry, Bundle):
                    yield entry._replace(source=number)
                # A million entries are not copied for what is mostly so.
                elif barred is None and per_file:
                    yield entry
                else:
                    asked = sought.reads if single else ()
                    found_at = entry.found_at if per_file else ""
                    yield _numbered(entry, number, barred, asked, found_at)
    tree.part = None


def _is_packed(source: SourceModel, settings: Settings) -> bool:
    """Tells whether all that is told of a file of a source is in the listing of its folder."""
    return is_uploaded(settings.storage) or bool(source.bucket_pattern)


def _numbered(
    entry: Entry, number: int, barred: Problem | None, asked: Collection[str], found_at: str
) -> Entry:
    """An entry with the number of its source, and what is known of it from there."""
    return entry._replace(
        found_at=found_at,
        barred=barred or entry.barred,
        source=number,
        asked=(*entry.asked, *asked),
    )


class _Unpacking:
    """Takes the bundles of a part apart, up to the most files that a part may have."""

    def __init__(self, again: Again | None) -> None:
        self._left = again.most if again else None

    def entries(self, found: Iterator[Entry | Bundle]) -> Iterator[Entry | Bundle]:
        """The finds of a source, without bundles if it is of a part. Raises NotInPartsError."""
        return found if self._left is None else self._apart(found, self._left)

    def _apart(self, found: Iterable[Entry | Bundle], left: int) -> Iterator[Entry]:
        for one in found:
            if isinstance(one, Bundle):
                self._left = left = left - one.size
                # Of 50,000 new files the entries of a part take 90 MB, and those of a plan of
                # everything, where they stay packed, 15.
                if left < 0:
                    raise NotInPartsError("so many files are planned packed")
                yield from one.entries()
            else:
                yield one


def limits_of(manifest: Manifest) -> Limits:
    """Returns what the files of a manifest may have."""
    trust = manifest.trust
    return Limits(max(trust.max_labels, MOST_LABELS), of_all=trust.untrusted)


def _bear_witness(sought: Seeking, rest: Rest | None, path: str) -> None:
    # Of a source that had nothing at all other things are told once it has something.
    if rest is not None and not rest.before:
        raise NotInPartsError("a source has its first file")
    sought.witnesses.append(path)


def _below(manifest: Manifest, source: Path, path: Path) -> Location:
    """The place of something in a source."""
    return manifest.locate((*source, *path))


_MOST_DOUBTFUL = 1_000
"""Entries that are no datapoints and are looked at all the same: what is wrong with more of them
would never be shown, and a list may name the same thing 50,000 times."""


class Entries(NamedTuple):
    """The entries of a manifest.

    ``good`` have names of their own; ``doubtful`` are no datapoints, and looked at only so that
    all that is wrong with them is told in one run. ``bundles`` are packed, and beside the good
    ones; each stands before the entry whose number among those is given with it.
    """

    good: dict[str, Entry]
    doubtful: list[Entry]
    bundles: Sequence[tuple[int, Bundle]] = ()

    def every(self) -> Iterator[Entry]:
        """All that are not packed, the good ones first."""
        yield from self.good.values()
        yield from self.doubtful

    def without(self, names: Collection[str]) -> Entries:
        """The same but for some names."""
        if not names:
            return self
        good = {name: one for name, one in self.good.items() if name not in names}
        return Entries(good, [one for one in self.doubtful if one.name not in names])

    def unpacked(self, indices: Collection[int]) -> Entries:
        """The same, with some of the bundles as entries in their place."""
        if not indices:
            return self
        good: dict[str, Entry] = {}
        left: list[tuple[int, Bundle]] = []
        others = iter(self.good.items())
        taken = 0
        for at, (before, bundle) in enumerate(self.bundles):
            good.update(islice(others, before - taken))
            taken = before
            if at in indices:
                good.update((one.name, one) for one in bundle.entries())
            else:
                left.append((len(good), bundle))
        good.update(others)
        return Entries(good, self.doubtful, left)


def sorted_out(given: Iterable[Entry | Bundle], findings: Findings) -> Entries:
    """The entries by name in normal form C; a name that is wrong or taken is reported."""
    seen: dict[str, Entry] = {}
    doubtful: list[Entry] = []
    bundles: list[tuple[int, Bundle]] = []
    for one in _with_names_apart(list(given)):
        if isinstance(one, Bundle):
            bundles.append((len(seen), one))
            continue
        entry = one
        # The same file has two spellings of an accented name on two systems. Without one form it
        # would be created twice.
        if not one.name.isascii():
            entry = one._replace(name=unicodedata.normalize("NFC", one.name))
        objection = _objection(entry.name)
        if objection:
            hint = "rename the file, or give the datapoint another `name`"
            findings.of_entry(entry, Problem("name", objection, entry.name_at, hint))
            doubtful.append(entry)
            continue
        first = seen.setdefault(entry.name, entry)
        if first is not entry:
            findings.of_entry(entry, _taken(entry, first))
            doubtful.append(entry)
    _warn_of_lookalikes(seen, findings)
    good = _possible(seen, doubtful, findings)
    if len(good) < len(seen):
        kept = [0, *accumulate(name in good for name in seen)]
        bundles = [(kept[at], one) for at, one in bundles]
    return Entries(good, doubtful[:_MOST_DOUBTFUL], bundles)


def _with_names_apart(given: list[Entry | Bundle]) -> Iterator[Entry | Bundle]:
    """Yields all in their order, and as entries those bundles that have a name twice."""
    # Loaded for what was expanded alone: a plan with nothing to do loads this file.
    from rbsync.dataset.bundles import with_names_twice

    bundles = [one for one in given if isinstance(one, Bundle)]
    twice = with_names_twice(bundles, (one for one in given if isinstance(one, Entry)))
    apart = {id(bundles[at]) for at in twice}
    for one in given:
        if isinstance(one, Bundle) and id(one) in apart:
            yield from one.entries()
        else:
            yield one


def _possible(
    entries: dict[str, Entry], doubtful: list[Entry], findings: Findings
) -> dict[str, Entry]:
    """The entries without those that their sources found to be impossible."""
    wrong = [one for one in entries.values() if one.problems or one.barred]
    doubtful += wrong
    for entry in doubtful:
        for problem in entry.problems:
            findings.of_entry(entry, problem)
        if entry.barred:
            findings.bar(entry, entry.barred)
    names = {one.name for one in wrong}
    return {name: one for name, one in entries.items() if name not in names} if names else entries


def _objection(name: str) -> str:
    if is_plain(name):
        return ""
    if not name:
        return "the name is empty"
    if not is_utf8(name):
        return f"the name {name!a} comes from a path that is not UTF-8; rename the file"
    size = len(name.encode())
    if size > LONGEST_NAME:
        return f"the name {name[:40]!a}… has {size} bytes; the limit is {LONGEST_NAME}"
    if hidden := hidden_in(name):
        return f"the name {name!a} has the invisible character U+{ord(hidden):04X}"
    return ""


def _taken(entry: Entry, first: Entry) -> Problem:
    # Told apart, since the mend is another one: a better name pattern, or one source less.
    if entry.origin == first.origin:
        which = f"({first.items[0]} and {entry.items[0]})"
        message = f"the name `{entry.name}` stands for two datapoints of this source {which}"
    else:
        message = f"the name `{entry.name}` is declared at {first.origin} already"
    hint = "names are unique in a project: add {dir} or {path} to one of them, or a capture"
    return Problem("duplicate-name", message, entry.name_at, hint)


def _warn_of_lookalikes(seen: dict[str, Entry], findings: Findings) -> None:
    folded: dict[str, str] = {}
    for name, entry in seen.items():
        plain = plain_form(name)
        other = folded.setdefault(plain, name)
        if other != name:
            message = f"the names `{other}` and `{name}` differ only in case or form"
            findings.warn_of_several(Problem("lookalike", message, entry.origin), (other, name))
