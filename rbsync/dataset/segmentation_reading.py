"""The segmentations of studies: decoded once for each content, fingerprinted by meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from rbsync.dataset.findings import Findings
from rbsync.dataset.inspection import Inspected, Inspection, Inspections
from rbsync.dataset.items import Files
from rbsync.dataset.mask_reading import content_of, image_context, paths_of, placed
from rbsync.dataset.mask_rules import MaskRules
from rbsync.dataset.series_reading import SeriesReader
from rbsync.errors import Location, Problem, UserError
from rbsync.files.kinds import GZIP, NIFTI, NRRD, PICTURES, refused_as
from rbsync.files.tree import Tree
from rbsync.model.datapoint import Item, Labels
from rbsync.model.extent import total
from rbsync.model.fingerprint import canonical_json, digest
from rbsync.reasons import UNKNOWN
from rbsync.sources.entry import Entry, SegmentationLabels, SeriesLabels
from rbsync.sources.study import FILES, MAP

_HINT = "if there is such a structure, correct its value in the segment map"


class MapUse:
    """Finds the values that no segmentation has.

    That one study lacks a value is nothing to tell: most have no tumour.
    """

    def __init__(self) -> None:
        self._mapped: dict[tuple[int, str], Location] = {}
        self._present: set[tuple[int, str]] = set()
        self.names: set[str] = set()

    def note(self, name: str, part: SeriesLabels, found: Inspected | None) -> None:
        """Takes the segment map of a series of a study, and what was found of it."""
        self.names.add(name)
        # Of files of one structure each the user wrote no value.
        if found is None or part.is_binary:
            return
        for value, name in part.segment_map.items():
            if value not in found.unused:
                self._present.add((value, name))
            elif (value, name) not in self._mapped:
                self._mapped[value, name] = part.locate((MAP, str(value)))

    def problems(self) -> Iterator[Problem]:
        """A warning for each value with its category, at the first map that has it."""
        for (value, name), place in self._mapped.items():
            if (value, name) not in self._present:
                message = f'no segmentation has the value {value}, "{name}"'
                yield Problem("unused-value", message, place, _HINT)


# Counts up when a check changes, so that what passed the old one is looked at again.
CHECKS = 4

_VOLUMES = (NIFTI, GZIP, NRRD)
_OF_THE_MAP = "unmapped-values"
_FROM_THE_OTHER_END = (1, 2, -3)


class SegmentationReader:
    """Reads segmentations and reports what is wrong with them, where the source names them."""

    def __init__(
        self,
        tree: Tree,
        inspections: Inspections,
        findings: Findings,
        rules: MaskRules,
        series: SeriesReader,
    ) -> None:
        self._tree, self._inspections = tree, inspections
        self._findings, self._rules = findings, rules
        self._series = series
        self._use = MapUse()
        self._turns: dict[tuple[str, int], tuple[int, ...]] = {}

    def read(self, entries: Iterable[Entry], files: Files) -> None:
        """Looks at all segmentations and scans that are here and are not known yet."""
        studies = [(one, one.labels) for one in entries]
        self._inspections.take(
            one
            for entry, labels in studies
            if isinstance(labels, SegmentationLabels)
            for part in labels.parts
            for one in self._wanted(entry, part, files)
        )

    def labels(self, entry: Entry, given: SegmentationLabels, files: Files) -> Labels | None:
        """The labels of an entry that was read; None when there are none, or it has a problem."""
        from rbsync.masks.volumes.segmentation_recipe import (
            SeriesMap,
            identity_of_series,
            study_text,
        )

        for problem in self._rules.of_type("segmentations", entry.origin):
            self._findings.of_entry(entry, problem)
        inspected = {part.series: self._inspected(entry, part, files) for part in given.parts}
        if self._is_blocked(entry):
            return None
        found = {series: one.fingerprint for series, one in inspected.items() if one}
        fingerprint = identity_of_series(found, self._tree.algorithm)
        if not fingerprint:
            self._findings.warn(entry, _empty(entry, given))
            return None
        for part in given.parts:
            self._use.note(entry.name, part, inspected[part.series])
        maps = [
            SeriesMap(
                one.series,
                len(one.files),
                one.segment_map,
                one.is_binary,
                self._turns.get((entry.name, one.series), ()),
            )
            for one in given.parts
        ]
        inputs = tuple(files.readable(entry, given.files))
        extent = total([one.extent for one in inspected.values() if one])
        return Labels("segmentation", fingerprint, inputs, study_text(maps), extent=extent)

    def conclude(self) -> None:
        """Tells what shows only when all segmentations were read."""
        for problem in self._use.problems():
            self._findings.warn_of_several(problem, self._use.names)

    def _is_blocked(self, entry: Entry) -> bool:
        return entry.name in self._findings.obstacles

    def _wanted(self, entry: Entry, part: SeriesLabels, files: Files) -> Iterator[Inspection]:
        from rbsync.dataset.mask_inspection import inspect_image
        from rbsync.dataset.segmentation_inspection import inspect_scan

        roots, algorithm = self._tree.roots, self._tree.algorithm
        inputs = files.readable(entry, part.files)
        if entry.barred:
            return
        if inputs:
            yield self._segmentation(part, inputs)
        scan, is_picture = self._scan(entry, part, files)
        if scan:
            see = partial(inspect_image if is_picture else inspect_scan, roots, scan, algorithm)
            yield Inspection(_scan_context(is_picture), scan.content, (scan.ref,), scan.size, see)

    def _inspected(self, entry: Entry, part: SeriesLabels, files: Files) -> Inspected | None:
        """Reports what is wrong with the segmentations of a series, and returns what they say."""
        from rbsync.dataset.segmentation_inspection import misfit, turn_needed

        for value, name in part.segment_map.items():
            for problem in self._rules.of_category(name, _place(part, value, name)):
                self._findings.of_entry(entry, problem)
        inputs = files.readable(entry, part.files)
        # What is wrong with its map has been told, and what follows from that helps nobody.
        if not inputs or entry.barred:
            return None
        if self._is_of_another_kind(entry, part, files):
            return None
        found = self._answer(entry, self._context(part), inputs, part)
        scan, is_picture = self._scan(entry, part, files)
        if scan and found:
            shown = self._answer(entry, _scan_context(is_picture), [scan], part)
            turn = turn_needed(found, shown) if shown else ()
            error = misfit(part.files[0], found, scan.ref, shown) if shown and not turn else None
            if error:
                self._findings.of_entry(entry, error.at(part.locate((FILES,))))
            if turn:
                found = self._turned(entry, part, inputs, turn, scan)
        if found and not part.trusts_grid and files.are_local(entry):
            found = self._held_to_slices(entry, part, found, files)
        if found and found.alike:
            self._findings.warn(entry, _alike(part, found.alike))
        return found

    def _is_of_another_kind(self, entry: Entry, part: SeriesLabels, files: Files) -> bool:
        """Reports segmentations that are of a kind which nobody reads, with the next step."""
        for path in part.files:
            said, hint = refused_as(files.item(entry, path)[1], "NIfTI and NRRD")
            if said:
                place = part.locate((FILES,))
                self._findings.of_entry(entry, Problem("file-kind", f"{path}: {said}", place, hint))
                return True
        return False

    def _turned(
        self,
        entry: Entry,
        part: SeriesLabels,
        inputs: Sequence[Item],
        turn: tuple[int, ...],
        scan: Item,
    ) -> Inspected | None:
        """Looks at segmentations again, turned onto the grid of their scan, and tells of it."""
        self._turns[entry.name, part.series] = turn
        self._inspections.take(iter([self._segmentation(part, inputs, turn)]))
        self._findings.warn(entry, _told_of_turn(part, turn, scan))
        return self._answer(entry, self._context(part, turn), inputs, part)

    def _segmentation(
        self, part: SeriesLabels, inputs: Sequence[Item], turn: tuple[int, ...] = ()
    ) -> Inspection:
        from rbsync.dataset.segmentation_inspection import inspect_segmentation

        work = partial(
            inspect_segmentation,
            self._tree.roots,
            inputs,
            part.segment_map,
            self._tree.algorithm,
            is_binary=part.is_binary,
            turn=turn,
        )
        size = sum(one.size for one in inputs)
        context = self._context(part, turn)
        return Inspection(context, content_of(inputs), paths_of(inputs), size, work)

    def _held_to_slices(
        self, entry: Entry, part: SeriesLabels, found: Inspected, files: Files
    ) -> Inspected | None:
        """A segmentation held against the DICOM files of its series, on the grid that they make."""
        from rbsync.dataset.segmentation_inspection import (
            items_of,
            misfit,
            slice_problems,
            turn_needed,
        )

        paths, slices = items_of(entry, part), found.size[2]
        if not files.are_fine(paths):
            return found
        grid = self._series.grid(entry, paths, files)
        if grid is not None:
            turn = turn_needed(found, grid)
            # The slices of a series have no order of their own: viewers count from either end.
            if turn and turn != _FROM_THE_OTHER_END:
                inputs = files.readable(entry, part.files)
                return self._turned(entry, part, inputs, turn, files.item(entry, paths[0])[0])
            error = misfit(part.files[0], found, paths[0], grid, any_order=True)
            if error:
                self._findings.of_entry(entry, error.at(part.locate((FILES,))))
            return found
        kinds = (files.item(entry, path)[1] for path in paths)
        for problem in slice_problems(part, slices, len(paths), kinds):
            self._findings.warn(entry, problem)
        return found

    def _scan(self, entry: Entry, part: SeriesLabels, files: Files) -> tuple[Item | None, bool]:
        """The one file that a series is, if its size can be seen, and whether it is a picture."""
        from rbsync.dataset.segmentation_inspection import items_of

        paths = items_of(entry, part)
        if not files.are_local(entry) or len(paths) != 1 or part.trusts_grid:
            return None, False
        if not files.are_fine(paths):
            return None, False
        item, kind = files.item(entry, paths[0])
        is_picture = kind in PICTURES
        return (item if item.content and (is_picture or kind in _VOLUMES) else None), is_picture

    def _context(self, part: SeriesLabels, turn: tuple[int, ...] = ()) -> str:
        # Part of the context: the same file under another map is another segmentation.
        by_value = {str(value): name for value, name in part.segment_map.items()}
        kind: list[object] = ["binary"] if part.is_binary else []
        kind += [list(turn)] if turn else []
        value = canonical_json([CHECKS, by_value, self._tree.algorithm, *kind])
        return f"segmentation:{digest(value)}"

    def _answer(
        self, entry: Entry, context: str, items: Sequence[Item], part: SeriesLabels
    ) -> Inspected | None:
        answer = self._inspections.answer(context, content_of(items), paths_of(items))
        match answer:
            case Inspected():
                return answer
            case UserError(problems=problems):
                for one in problems:
                    key = MAP if one.code == _OF_THE_MAP else FILES
                    self._findings.of_entry(entry, placed(one, part.locate((key,))))
            case OSError():
                message = f"`{items[0].ref}` cannot be read: {answer.strerror or answer}"
                problem = Problem("unreadable", message, part.locate((FILES,)))
                self._findings.of_entry(entry, problem, UNKNOWN)
        return None


def _told_of_turn(part: SeriesLabels, turn: Sequence[int], scan: Item) -> Problem:
    flips = "xyz"[: len(turn)]
    ways = ", ".join(f"{'-' if one < 0 else ''}{flips[abs(one) - 1]}" for one in turn)
    message = (
        f"{part.files[0]}: this segmentation has the voxels of `{scan.ref}` in another order "
        f"(its axes as {ways}); it is sent in the order of the scan"
    )
    hint = "each voxel keeps its place; write `grid: trust` to send the file as it is"
    return Problem("turned", message, part.locate((FILES,)), hint)


def _scan_context(is_picture: bool) -> str:
    return image_context() if is_picture else f"scan size:{CHECKS}"


def _empty(entry: Entry, given: SegmentationLabels) -> Problem:
    message = f"{given.files[0]}: no voxel of this segmentation is labelled"
    hint = f"`{entry.name}` gets no labels; where that is right, leave the file out"
    return Problem("empty-segmentation", message, entry.origin, hint)


def _place(part: SeriesLabels, value: int, name: str) -> Location:
    """The place that says a category of a series."""
    return part.locate((FILES, name) if part.is_binary else (MAP, str(value)))


def _alike(part: SeriesLabels, numbers: Sequence[int]) -> Problem:
    """The warning of files that are structures of their own, most likely, and become one."""
    files = " and ".join(f"`{part.files[one]}`" for one in numbers[:3])
    more = f" and {len(numbers) - 3:,} more" if len(numbers) > 3 else ""
    message = f"{files}{more} have one and the same single value, and become one structure"
    hint = f"where each is a structure of its own: `{FILES}: {{NAME: {part.files[0]}, …}}`"
    return Problem("alike", message, part.locate((FILES,)), hint)
