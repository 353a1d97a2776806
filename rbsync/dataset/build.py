"""The dataset that a manifest declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from rbsync.collector import paused_collector
from rbsync.dataset.build_inputs import BuildInputs
from rbsync.dataset.bundles import points_of, with_files_twice
from rbsync.dataset.declared_sizes import DeclaredSizes
from rbsync.dataset.expanding import Entries, expand, limits_of, sorted_out
from rbsync.dataset.findings import Findings
from rbsync.dataset.frame_sizes import FrameSizes
from rbsync.dataset.groups import WAITING, Groups
from rbsync.dataset.inspection import Inspections
from rbsync.dataset.items import Files
from rbsync.dataset.label_reading import LabelReader
from rbsync.dataset.mask_reading import MaskReader
from rbsync.dataset.mask_rules import MaskRules
from rbsync.dataset.notes import Notes, PackedSource
from rbsync.dataset.segmentation_reading import SegmentationReader
from rbsync.dataset.series_reading import SeriesReader
from rbsync.dataset.shared_files import warn_of_shared_files
from rbsync.dataset.structure import StructureReader
from rbsync.dataset.told import in_full
from rbsync.dataset.without_effect import stray_labels, unused_rules
from rbsync.errors import Location, Problem
from rbsync.files.tree import Tree
from rbsync.files.tree_hashing import Place
from rbsync.guessing import few_guesses
from rbsync.labels.taxonomy import Taxonomy
from rbsync.manifest.manifest import Manifest
from rbsync.model.bucket_paths import is_bucket
from rbsync.model.datapoint import Datapoint, Dataset, Item, Labels, Settings
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.packed import Datapoints, FolderPoints
from rbsync.reasons import UNKNOWN
from rbsync.sources.entry import Bundle, Entry, InlineLabels, MaskLabels, SegmentationLabels


@dataclass(frozen=True)
class Readers:
    """Who reads the labels of entries."""

    objects: LabelReader
    sizes: DeclaredSizes
    masks: MaskReader
    segmentations: SegmentationReader
    series: SeriesReader
    frames: FrameSizes

    def look(self, entries: Entries, files: Files) -> None:
        """Looks at all pictures, before any datapoint is made.

        They can be decoded by several workers so.
        """
        self.series.read(entries.every(), files)
        self.series.check(entries.every(), files)
        self.frames.check(entries.good.values(), files)
        self.sizes.read(entries.good.values(), files)
        self.masks.read(entries.every(), files)
        self.segmentations.read(entries.every(), files)

    def conclude(self, files: Files) -> None:
        """Tells what is known only when all were read, and keeps what was read."""
        self.sizes.check_drawn(self.objects.drawn, files)
        self.segmentations.conclude()
        self.objects.save()


def build(
    manifest: Manifest,
    inputs: BuildInputs,
    *,
    project_type: str,
    taxonomy: Taxonomy,
    keep_going: bool = False,
    notes: Notes | None = None,
) -> Dataset:
    """Expands the sources, reads the files that changed, and fingerprints.

    Where only a part of the tree is looked at, the dataset is that of the part.

    Raises UserError with all problems of the manifest and of what it names. ``keep_going``
    makes obstacles of them instead, each for the datapoint that it concerns.
    """
    findings = Findings(manifest.problems, manifest.file)
    with paused_collector(), few_guesses(), inputs.tree.contents.given_up():
        # The collector is paused: a million entries are made here, none of them garbage, and it
        # would run over all of them again and again.
        notes = notes or Notes()
        seeking = notes.seeking if notes.is_wanted else None
        expanded = expand(manifest, inputs.tree, findings, seeking, notes.again)
        entries = sorted_out(_hashed_ahead(expanded, inputs), findings)
        inspections = _inspections(inputs)
        checks = manifest.settings.check != "none"
        structure = StructureReader(inputs.tree, inspections, findings, checks=checks)
        files = Files(inputs.tree, findings, structure, manifest.trust)
        waiting = _read(files, entries, inputs, findings)
        entries, packed = _packed(files.as_spelt(entries), inputs.tree)
        count = len(entries.good) + sum(len(one) for _, one in packed)
        # Of a part this is told by what is remembered of the whole.
        if notes.again is None:
            findings.strays = stray_labels(entries.good.values(), inputs.tree)
            findings.unused = unused_rules(inputs.tree, notes.matched)
        warn_of_shared_files(entries.good.values(), findings)
        # What waits was not read. Of its files more would be told where an earlier plan had read
        # them, and of the others that they cannot be read.
        ready = entries.without(waiting)
        files.check_structure(ready.every())
        readers = _readers(manifest, inputs, inspections, findings, project_type, taxonomy)
        readers.look(ready, files)
        datapoints = list(_datapoints(ready.good, files, readers, findings))
        for entry in ready.doubtful:
            _look_over(entry, files, readers)
        readers.conclude(files)
        inspections.save()
        inputs.tree.save()
        if notes.is_wanted and (notes.most is None or count <= notes.most):
            notes.take(manifest, entries, datapoints, findings, inputs.tree)
            notes.take_packed(packed)
        if not keep_going:
            # After saving: what was hashed and found right need not be read again once the manifest
            # is corrected.
            findings.raise_if_any(
                others=bool(packed) or any(one.name not in findings.obstacles for one in datapoints)
            )
        dataset = _dataset(datapoints, packed, findings, inputs.tree, manifest.file)
        label_files = _label_files(datapoints, entries.good, files, findings)
        return replace(dataset, label_files=label_files, unused=readers.masks.use.problems())


def _inspections(inputs: BuildInputs) -> Inspections:
    return Inspections(inputs.cache, lambda: inputs.executor, inputs.watcher, inputs.helpers)


def _label_files(
    datapoints: Iterable[Datapoint],
    entries: Mapping[str, Entry],
    files: Files,
    findings: Findings,
) -> dict[str, tuple[Item, ...]]:
    """The files, by name, that labels come from and do not have as their inputs."""
    found = {}
    for one in datapoints:
        if one.name in findings.obstacles:
            continue
        entry = entries[one.name]
        given = entry.labels
        # Most slices have no tumour, and that such a mask is there is part of a version too.
        if one.labels is None and isinstance(given, MaskLabels | SegmentationLabels):
            found[one.name] = tuple(files.readable(entry, given.files))
        elif made_from := files.made_from(entry):
            found[one.name] = tuple(files.readable(entry, made_from))
    return found


def _templates(manifest: Manifest) -> dict[Location, str]:
    """The templates of label files, by the places of their sources."""
    said = {one.location: getattr(one.source, "labels", None) for one in manifest.sources()}
    return {place: labels for place, labels in said.items() if isinstance(labels, str)}


def _readers(
    manifest: Manifest,
    inputs: BuildInputs,
    inspections: Inspections,
    findings: Findings,
    project_type: str,
    taxonomy: Taxonomy,
) -> Readers:
    tree = inputs.tree
    is_strict = manifest.settings.check == "strict"
    labels = LabelReader(
        tree,
        inputs.cache,
        findings,
        project_type,
        taxonomy,
        is_strict=is_strict,
        limits=limits_of(manifest),
        templates=cache(lambda: _templates(manifest)),
    )
    rules = MaskRules(project_type, taxonomy)
    series = SeriesReader(tree, inspections, findings)
    return Readers(
        labels,
        DeclaredSizes(tree, inspections, findings),
        MaskReader(tree, inspections, findings, rules),
        SegmentationReader(tree, inspections, findings, rules, series),
        series,
        FrameSizes(tree, inspections, findings),
    )


def _packed(entries: Entries, tree: Tree) -> tuple[Entries, list[PackedSource]]:
    """The entries whose files were hashed, without the bundles, and those as datapoints.

    A bundle of which one file needs a look of its own is among the entries.
    """
    bundles = [one for _, one in entries.bundles]
    made: dict[int, FolderPoints] = {}
    facets: dict[int, str] = {}
    shared = with_files_twice(bundles, entries.good.values())
    for at, one in enumerate(bundles):
        if id(one.settings) not in facets:
            facets[id(one.settings)] = one.settings.fingerprint(tree.algorithm)
        listing = tree.listing(one.folder)
        found = points_of(one, listing, facets[id(one.settings)], tree.algorithm)
        tree.put_away(one.folder)
        if found is not None and at not in shared:
            made[at] = found
    apart = {at for at in range(len(bundles)) if at not in made}
    return entries.unpacked(apart), [(bundles[at].source, one) for at, one in made.items()]


def _dataset(
    datapoints: list[Datapoint],
    packed: Sequence[PackedSource],
    findings: Findings,
    tree: Tree,
    file: str,
) -> Dataset:
    blocked = findings.obstacles
    singles = sorted((one for one in datapoints if one.name not in blocked), key=lambda one: one[0])
    return Dataset(
        Datapoints((one for _, one in packed), singles) if packed else tuple(singles),
        obstacles=tuple(blocked[name] for name in sorted(blocked)),
        unread=tuple(findings.unread),
        warnings=in_full(findings.told, findings.strays, findings.unused, file),
        doubts=findings.doubts,
        algorithm=tree.algorithm,
    )


def _hashed_ahead(found: Iterator[Entry | Bundle], inputs: BuildInputs) -> Iterator[Entry | Bundle]:
    """Yields what is expanded, and has whole folders hashed meanwhile."""
    # What others are to read is not read here first.
    is_here = inputs.helpers is None
    for one in found:
        if is_here and isinstance(one, Bundle) and not is_bucket(one.folder):
            inputs.tree.contents.hash_ahead(one.folder, one.files, lambda: inputs.executor)
        yield one


def _read(files: Files, entries: Entries, inputs: BuildInputs, findings: Findings) -> set[str]:
    """Hashes the files of the entries that are not known yet; returns the names of what waits."""
    places: list[Place] = []
    waiting: set[str] = set()
    groups = Groups(inputs.tree)
    for entry in entries.every():
        found = list(files.places(entry))
        if objection := groups.objection(entry, found):
            findings.of_entry(entry, Problem(WAITING, objection, entry.origin), UNKNOWN)
            waiting.add(entry.name)
        else:
            places += found
    # Objects of buckets are known by their versions, and stay where they are.
    folders = [(one.folder, one.files) for _, one in entries.bundles if not is_bucket(one.folder)]
    count, size = inputs.tree.contents.total(places, folders)
    if not count:
        return waiting
    inputs.watcher.begin(count, size)
    helpers = inputs.helpers if _is_worth_it(inputs, count, size) else None
    try:
        files.errors = inputs.tree.contents.hash(
            places, lambda: inputs.executor, inputs.watcher.advance, folders, helpers
        )
    finally:
        inputs.watcher.end()
    return waiting


def _is_worth_it(inputs: BuildInputs, count: int, size: int) -> bool:
    """Tells whether so many files of so many bytes are worth the way to somebody else."""
    if inputs.helpers is None:
        return False
    from rbsync.executors.batches import BYTES

    return BYTES.is_worth_it(count, size)


def _datapoints(
    entries: dict[str, Entry], files: Files, readers: Readers, findings: Findings
) -> Iterator[Datapoint]:
    settings: dict[int, tuple[Settings, str]] = {}
    algorithm = files.algorithm
    blocked = findings.obstacles
    for name, entry in entries.items():
        if name in blocked:
            _look_over(entry, files, readers)
            continue
        items = files.items(entry)
        found = _labels(entry, files, readers)
        # Entries of a source share one settings object, so that a million of them need not be
        # hashed a million times.
        own = settings.get(id(entry.settings))
        if own is None:
            # With the object, so that no other one gets its id.
            own = settings[id(entry.settings)] = (
                entry.settings,
                entry.settings.fingerprint(algorithm),
            )
        fingerprint = Fingerprint(
            files.fingerprint(entry, items),
            found.fingerprint if found else "",
            own[1],
        )
        yield Datapoint(name, items, found, entry.settings, fingerprint, entry.origin, entry.series)


def _look_over(entry: Entry, files: Files, readers: Readers) -> None:
    """Reports what else is wrong with an entry that is no datapoint, for one run to tell it all."""
    if files.are_fine(entry.items):
        files.items(entry)
    if not isinstance(entry.labels, str) or files.are_fine([entry.labels]):
        _labels(entry, files, readers)


def _labels(entry: Entry, files: Files, readers: Readers) -> Labels | None:
    match entry.labels:
        case None:
            return None
        case InlineLabels() as inline:
            readers.sizes.check(entry, inline, files)
            return readers.objects.inline(entry, inline)
        case MaskLabels() as given:
            return readers.masks.labels(entry, given, files)
        case SegmentationLabels() as study:
            return readers.segmentations.labels(entry, study, files)
        case path:
            item, _ = files.item(entry, path)
            return readers.objects.file(entry, item) if item.content else None
