"""Items that no decoder can read whole: cut off while they were copied, or broken otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from rbsync.dataset.findings import Findings
from rbsync.dataset.inspection import Inspected, Inspection, Inspections
from rbsync.errors import Problem, UserError
from rbsync.files.kinds import Kind
from rbsync.files.roots import Roots
from rbsync.files.structure import UNPACKED, Fault
from rbsync.files.structure.file_fault import fault_at
from rbsync.files.tree import Tree
from rbsync.model.datapoint import Item
from rbsync.model.fingerprint import Algorithm
from rbsync.reasons import UNKNOWN
from rbsync.sources.entry import Entry

# What the answers depend on beside the content: the checks as they are now.
_CONTEXT = "structure 1"


class StructureReader:
    """Tells of broken items.

    Most kinds were checked while they were hashed. What has to be unpacked for it is looked at
    here, once a content.
    """

    def __init__(
        self, tree: Tree, inspections: Inspections, findings: Findings, *, checks: bool
    ) -> None:
        """Nothing is told without ``checks``."""
        self._tree, self._inspections, self._findings = tree, inspections, findings
        self._checks = checks

    def read(self, items: Iterable[tuple[Item, Kind]]) -> None:
        """Inspects all that are not known yet."""
        if self._checks:
            self._inspections.take(self._inspection(*one) for one in items if one[1] in UNPACKED)

    def check(self, entry: Entry, item: Item, kind: Kind) -> bool:
        """Reports an item that its hashing found broken, or that was read and is.

        Tells whether it is whole.
        """
        if not self._checks or not item.content:
            return True
        if kind in UNPACKED:
            answer = self._inspections.answer(_CONTEXT, item.content, (item.ref,))
            if isinstance(answer, Inspected):
                return True
            self._report(entry, item, kind, answer)
        else:
            try:
                # Hashing keeps one bit for a file. What is wrong is found out again, for the few
                # that are broken.
                fault = self._tree.fault(item.ref, kind)
            except OSError as error:
                self._report(entry, item, kind, error)
            else:
                # It may have been mended since it was hashed; then the plan is stale, not wrong.
                self._report(entry, item, kind, fault or Fault("it changes", "plan again"))
        return False

    def _inspection(self, item: Item, kind: Kind) -> Inspection:
        work = partial(_inspect, self._tree.roots, item, kind, self._tree.algorithm)
        return Inspection(_CONTEXT, item.content, (item.ref,), item.size, work)

    def _report(
        self, entry: Entry, item: Item, kind: Kind, why: Fault | UserError | OSError
    ) -> None:
        if isinstance(why, OSError):
            message = f"`{item.ref}` cannot be read: {why.strerror or why}"
            self._findings.of_entry(
                entry, Problem("unreadable", message, entry.item_at(item.ref)), UNKNOWN
            )
            return
        first = why if isinstance(why, Fault) else why.problems[0]
        message = f"{item.ref}: this {kind.name} file is broken: {first.message}"
        self._findings.of_entry(
            entry, Problem("broken-file", message, entry.item_at(item.ref), first.hint)
        )


def _inspect(roots: Roots, item: Item, kind: Kind, algorithm: Algorithm) -> Inspected:
    """The size in bytes of a file that is whole. Raises UserError for another, and OSError."""
    fault = fault_at(roots, item.ref, kind, algorithm)
    if fault is not None:
        raise UserError([Problem("broken-file", fault.message, hint=fault.hint)])
    return Inspected((item.size,))
