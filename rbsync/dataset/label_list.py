"""The labels of a file, read and checked one by one: a file of 64 MiB would fill the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rbsync.errors import Location, Problem, UserError
from rbsync.labels.amounts import Limits, labels_for, marks_of, more_labels, too_many_marks
from rbsync.labels.covered_area import extent_of
from rbsync.labels.degenerate import degenerate
from rbsync.labels.problem import MOST, LabelProblem
from rbsync.model.extent import Extent
from rbsync.model.fingerprint import Algorithm, canonical_json, new_hasher
from rbsync.repeated_keys import KEEP_ONE, Repeats, first_repeat
from rbsync.shapes.json_members import LineCounter, Member, MembersError, members

if TYPE_CHECKING:
    from rbsync.manifest.document import Document

LabelCheck = Callable[[int, object], Sequence[LabelProblem]]

MOST_FLAWS = 5
"""Labels of a file that show nothing and are told one by one."""
_LOCATED = 1 << 20
"""Letters of a label in which a problem's place is looked for; a longer one's own place will do."""


class _Objects(Repeats):
    """Leaves out null members, as `normal_labels` does."""

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = super().__call__(pairs)
        if None in found.values():
            return {key: one for key, one in found.items() if one is not None}
        return found


class LabelList:
    """The labels in a text, which begins as a list does.

    ``fingerprint`` and ``extent`` are theirs once all ``problems`` were asked for and there are
    none; ``flaws`` are then the first labels that show nothing, ``more_flaws`` how many others
    there are, and ``sizes`` those that labels say of their pictures.
    """

    def __init__(
        self, text: str, path: str, algorithm: Algorithm, check: LabelCheck, limits: Limits
    ) -> None:
        self._text, self._path = text, path
        self._limits = limits
        self._algorithm = algorithm
        self._check = check
        self._lines = LineCounter(text)
        self._hasher = new_hasher(algorithm)
        self._problems = 0
        self._repeats = _Objects()
        self.extent = Extent(0)
        self.flaws: list[Problem] = []
        self.more_flaws = 0
        self.sizes: set[tuple[int, int]] = set()

    @property
    def is_wrong(self) -> bool:
        return self._problems > 0

    @property
    def fingerprint(self) -> str:
        """As `model.fingerprint.of_value` of the whole list in its normal form."""
        return f"{self._algorithm}:{self._hasher.hexdigest()}"

    def problems(self) -> Iterator[Problem]:
        """The faults, in the order of its places; after ten thousand nothing more is read."""
        if (found := marks_of(self._text)) > self._limits.marks:
            self._problems += 1
            message, hint = too_many_marks(self._limits), more_labels(labels_for(found))
            yield Problem("too-many", message, self._place(0), hint)
            return
        self._hasher.update(b"[")
        for problem in self._each():
            self._problems += 1
            yield problem
            if self._problems >= MOST:
                return
        self._hasher.update(b"]")

    def _each(self) -> Iterator[Problem]:
        try:
            for at, label in enumerate(members(self._text, object_pairs_hook=self._repeats)):
                if at >= (most := self._limits.labels):
                    message = f"the file has more than {most:,} labels; so many are allowed"
                    # Who reads on to count them does what the limit prevents.
                    yield Problem(
                        "too-many", message, self._place(label.begin), more_labels(2 * at)
                    )
                    return
                yield from self._of(at, label)
        except MembersError as error:
            message = f"the JSON cannot be read: {error}"
            yield Problem("label-file", message, self._place(error.offset))

    def _of(self, at: int, label: Member) -> Iterator[Problem]:
        if self._repeats.seen:
            # Set back, or one key that is there twice would be told of all labels that follow.
            self._repeats.seen = False
            message, line, column = first_repeat(self._text, label.begin)
            yield Problem("duplicate-key", message, Location(self._path, line, column), KEEP_ONE)
            return
        found = self._check(at, label.value)
        if not found:
            self._take(at, label)
            return
        place = self._place(label.begin)
        within = _Places(self._text, label, place)
        yield from (as_problem(one, within.of(one.path[1:])) for one in found)

    def _take(self, at: int, label: Member) -> None:
        """Counts in a label without faults."""
        value = label.value
        self.extent = self.extent.plus(extent_of([value]))
        if "pixel" in value:
            self.sizes |= sizes_of([value])
        self._note_flaws(at, label)
        # Without its null members, which were left out when it was read.
        self._hasher.update((b"," if at else b"") + canonical_json(value))

    def _note_flaws(self, at: int, label: Member) -> None:
        flaws = degenerate(label.value)
        if not flaws:
            return
        if len(self.flaws) >= MOST_FLAWS:
            self.more_flaws += len(flaws)
            return
        within = _Places(self._text, label, self._place(label.begin))
        for one in flaws:
            self.flaws.append(as_problem(one._replace(path=(at, *one.path)), within.of(one.path)))

    def _place(self, offset: int) -> Location:
        return Location(self._path, *self._lines.at(offset))


class _Places:
    """The places of what stands in a label."""

    def __init__(self, text: str, label: Member, place: Location) -> None:
        self._place = place
        self._document: Document | None = None
        if label.end - label.begin <= _LOCATED:
            # Loaded for labels in which something is wrong.
            from rbsync.manifest.document import read_document

            # Half of a surrogate pair has no UTF-8; only places are read here, and they stay.
            part = text[label.begin : label.end].encode("utf-8", "replace")
            try:
                self._document = read_document(part, place.file, strict=False)
            except UserError:
                return

    def of(self, path: tuple[str | int, ...]) -> Location:
        own = self._place
        if self._document is None:
            return own
        _, line, column = self._document.locate(path)
        return Location(own.file, own.line + line - 1, column + (own.column - 1) * (line == 1))


def sizes_of(labels: Iterable[Any]) -> set[tuple[int, int]]:
    """The sizes (width, height) that labels without faults say of their pictures."""
    sizes = (one["pixel"]["imagesize"] for one in labels if one.get("pixel"))
    return {(int(width), int(height)) for width, height in sizes}


def as_problem(found: LabelProblem, place: Location) -> Problem:
    """A problem of a label at its place."""
    where = f"label {found.place}: " if found.path else "labels: "
    return Problem(found.code, where + found.message, place, found.hint)
