"""The masks of entries: decoded and checked once for each content, fingerprinted by meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from rbsync.dataset.findings import Findings
from rbsync.dataset.inspection import Inspected, Inspection, Inspections
from rbsync.dataset.items import Files
from rbsync.dataset.mask_rules import MaskRules, named_at
from rbsync.dataset.told import transparent
from rbsync.errors import Location, Problem, UserError
from rbsync.files.body import open_body
from rbsync.files.kinds import PICTURES, objection, refused_as
from rbsync.files.tree import Tree
from rbsync.model.datapoint import Item, Labels
from rbsync.model.fingerprint import canonical_json, digest
from rbsync.reasons import UNKNOWN
from rbsync.sources.entry import Entry, MaskLabels

_SHOWN = 10
# Counts up when a check of masks changes, so that what passed the old one is looked at again.
CHECKS = 5
_HEAD = 1 << 20
"""Bytes of a picture that have its size: a telephone's JPEG has a preview before it."""


class ClassUse:
    """Finds the classes of class maps that no mask has, by the places that name them."""

    def __init__(self) -> None:
        self._named: dict[tuple[Location, str], tuple[set[str], set[str]]] = {}

    def note(self, entry: Entry, given: MaskLabels, found: Inspected) -> None:
        """Takes the classes of a mask, and what was found of them."""
        key = named_at(entry), given.named_by
        every, seen = self._named.setdefault(key, (set(), set()))
        every.update(given.categories)
        unused = set(found.unused)
        seen.update(name for at, name in enumerate(given.categories, 1) if at not in unused)

    def problems(self) -> tuple[Problem, ...]:
        """A warning for each map, which is told only to those who want to know more."""
        return tuple(
            Problem("unused-class", f"{named_by}: no mask has {_quoted(every - seen)}", place)
            for (place, named_by), (every, seen) in self._named.items()
            if every - seen
        )


def _quoted(names: set[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in sorted(names)[:_SHOWN])
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"the class {shown}" if len(names) == 1 else f"the classes {shown}{more}"


class MaskReader:
    """Reads the masks of entries and reports what is wrong with them, at the entries."""

    def __init__(
        self, tree: Tree, inspections: Inspections, findings: Findings, rules: MaskRules
    ) -> None:
        self._tree, self._inspections = tree, inspections
        self._findings, self._rules = findings, rules
        self._contexts: dict[str, str] = {}
        self.use = ClassUse()

    def read(self, entries: Iterable[Entry], files: Files) -> None:
        """Looks at all masks, and at the images that are here, that are not known yet."""
        masked = [(one, one.labels) for one in entries if isinstance(one.labels, MaskLabels)]
        self._inspections.take(
            one for entry, labels in masked for one in self._wanted(entry, labels, files)
        )

    def labels(self, entry: Entry, given: MaskLabels, files: Files) -> Labels | None:
        """The labels of an entry that was read; None when there are none, or it has a problem."""
        if _is_of_several(entry, files):
            self._findings.of_entry(entry, _of_several(entry, given))
            return None
        inputs = files.readable(entry, given.files)
        if inputs and self._is_of_another_kind(entry, given, files):
            return None
        mask = self._answer(entry, self._mask_context(given.recipe), inputs)
        images = self._images(entry, files)
        shown = self._answer(entry, image_context(), images) if images else mask
        for problem in self._rules.problems(entry, given):
            self._findings.of_entry(entry, problem)
        if mask is None or shown is None:
            return None
        self._compare(entry, given, mask, shown, images)
        self.use.note(entry, given, mask)
        if mask.transparent:
            told = transparent(entry.origin)
            self._findings.warn_of_part(entry, told, given.files[0], mask.transparent)
        # An empty mask is a warning: many slices have no tumour. But it may also be the wrong file.
        if not mask.fingerprint:
            self._findings.warn(entry, _empty(entry, given))
            return None
        own = mask.fingerprint, tuple(inputs), given.recipe, given.encoding
        return Labels("mask", *own, mask.extent)

    def _is_of_another_kind(self, entry: Entry, given: MaskLabels, files: Files) -> bool:
        """Reports masks that are of a kind which no format of ours reads, with the next step."""
        from rbsync.mask_formats import MASK_FORMATS
        from rbsync.mask_formats.recipe import read_recipe

        if MASK_FORMATS.maker(read_recipe(given.recipe).format):
            return False
        for path in given.files:
            said, hint = refused_as(files.item(entry, path)[1], "masks of PNG")
            if said:
                problem = Problem("file-kind", f"{path}: {said}", entry.label_at, hint)
                self._findings.of_entry(entry, problem)
                return True
        return False

    def _wanted(self, entry: Entry, labels: MaskLabels, files: Files) -> Iterator[Inspection]:
        from rbsync.dataset.mask_inspection import inspect_image, inspect_mask

        if _is_of_several(entry, files):
            return
        roots, algorithm = self._tree.roots, self._tree.algorithm
        inputs = files.readable(entry, labels.files)
        if inputs:
            work = partial(inspect_mask, roots, inputs, labels.recipe, algorithm)
            size = sum(one.size for one in inputs)
            context = self._mask_context(labels.recipe)
            yield Inspection(context, content_of(inputs), paths_of(inputs), size, work)
        for image in self._images(entry, files):
            work = partial(inspect_image, roots, image, algorithm)
            yield Inspection(image_context(), image.content, (image.ref,), image.size, work)

    def _images(self, entry: Entry, files: Files) -> list[Item]:
        """The images whose size can be seen, without what is refused for what it is."""
        if not files.are_local(entry) or not files.are_fine(entry.items):
            return []
        given = [files.item(entry, one) for one in entry.items]
        if not all(item.content for item, _ in given):
            return []
        # A TIFF is refused for being one; that its size cannot be read as well would be a second
        # problem with the same cause.
        return [item for item, kind in given if kind in PICTURES or not objection(item.ref, kind)]

    def _mask_context(self, recipe: str) -> str:
        """The circumstances of a look at a mask; another version of a plug-in looks again."""
        from rbsync.mask_formats import MASK_FORMATS
        from rbsync.mask_formats.recipe import read_recipe

        known = self._contexts.get(recipe)
        if known is None:
            made_by = [maker] if (maker := MASK_FORMATS.maker(read_recipe(recipe).format)) else []
            value = canonical_json([CHECKS, recipe, self._tree.algorithm, *made_by])
            known = self._contexts[recipe] = f"mask:{digest(value)}"
        return known

    def _answer(self, entry: Entry, context: str, items: Sequence[Item]) -> Inspected | None:
        if not items:
            return None
        answer = self._inspections.answer(context, content_of(items), paths_of(items))
        if isinstance(answer, Inspected):
            return answer
        report_unseen(self._findings, entry, items[0], answer)
        return None

    def _compare(
        self,
        entry: Entry,
        given: MaskLabels,
        mask: Inspected,
        image: Inspected,
        images: Sequence[Item],
    ) -> None:
        from rbsync.masks.encodings.label_map import check_fits
        from rbsync.masks.error import MaskError
        from rbsync.masks.size import check_same_size

        width, height = mask.size
        shown = image.size[0], image.size[1]
        # Its header is read again only where the two disagree.
        is_swapped = (height, width) == shown
        turned = is_swapped and any(is_turned(self._tree, one, shown) for one in images)
        try:
            # A mask of another size is the commonest mistake of all: made for a thumbnail, or for
            # the image before it was rotated.
            check_same_size((width, height), shown, file=given.files[0], is_turned=turned)
            if given.encoding == "nifti":
                check_fits(width, height, len(given.categories), file=given.files[0])
        except MaskError as error:
            self._findings.of_entry(entry, error.at(entry.label_at))


def is_turned(tree: Tree, item: Item, shown: tuple[int, int]) -> bool:
    """Tells whether a picture is stored in another size than it is shown."""
    from rbsync.masks import size

    try:
        with open_body(tree.roots, item.ref, tree.algorithm) as body:
            return size.is_turned(body.read(_HEAD), shown)
    except OSError:
        return False


def image_context() -> str:
    """The circumstances in which an image is looked at: none but ours."""
    return f"image size:{CHECKS}"


def report_unseen(findings: Findings, entry: Entry, item: Item, why: UserError | OSError) -> None:
    """Reports at an entry why a picture of it could not be looked at."""
    if isinstance(why, UserError):
        findings.of_entry(entry, placed(why.problems[0], entry.file_at(item.ref)))
        return
    message = f"`{item.ref}` cannot be read: {why.strerror or why}"
    findings.of_entry(entry, Problem("unreadable", message, entry.file_at(item.ref)), UNKNOWN)


def content_of(items: Sequence[Item]) -> str:
    """The content of several files as one."""
    return " ".join(one.content for one in items)


def paths_of(items: Sequence[Item]) -> tuple[str, ...]:
    """The paths of several files."""
    return tuple(one.ref for one in items)


def placed(problem: Problem, place: Location) -> Problem:
    """A problem of a file as one of the place that names it."""
    message = f"{problem.location}: {problem.message}" if problem.location else problem.message
    return problem._replace(message=message, location=place)


def _is_of_several(entry: Entry, files: Files) -> bool:
    return len(entry.items) > 1 and files.are_local(entry)


def _of_several(entry: Entry, given: MaskLabels) -> Problem:
    """The problem of a mask of a datapoint with several items: nobody says of which it is."""
    message = (
        f"`{entry.name}` has {len(entry.items):,} items, and `{given.files[0]}` is the mask of one"
    )
    hint = "declare each image under `glob` with its own `mask`, or a stack of slices as `series`"
    return Problem("mask-of-several", message, entry.label_at, hint)


def _empty(entry: Entry, given: MaskLabels) -> Problem:
    message = f"{given.files[0]}: no pixel of this mask is labelled"
    hint = f"`{entry.name}` gets no labels; where that is right, leave the mask out"
    return Problem("empty-mask", message, entry.label_at, hint)
