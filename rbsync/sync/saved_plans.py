"""A saved plan in another clone: it holds while the project has what it had when it was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rbsync.backends.base import no_name
from rbsync.errors import StaleError
from rbsync.model.fingerprint import digest
from rbsync.model.plan import Plan, names_of
from rbsync.model.record import Record
from rbsync.stores.base import Writer
from rbsync.sync.gaps import Gaps
from rbsync.sync.listed import as_listed
from rbsync.sync.workspace import Workspace


def left_digest(records: Mapping[str, Record], names: Iterable[str]) -> str:
    """The version of what rbsync last left at the project under some names.

    It is the same in every clone, whatever the serial of its state is.
    """
    left = ((name, records[name].applied) for name in sorted(names) if name in records)
    lines = (repr((name, *applied)) for name, applied in left if applied)
    return digest("\n".join(lines).encode())


def check_elsewhere(workspace: Workspace, plan: Plan, writer: Writer) -> None:
    """Raises StaleError when the project has moved on since a plan was made in another clone.

    What this clone knows is corrected by the project's stamps first: the serial of the other
    clone's state says nothing here.
    """
    _correct(workspace, writer, plan.names)
    if left_digest(writer.records(), names_of(plan.actions)) != plan.basis.left:
        # Made without a state, it may have been made here.
        where = ", which was in another clone" if plan.basis.lineage else ""
        raise StaleError(
            f"the project has moved on since the plan was made{where}",
            hint="run `rbsync plan` again",
        )


def _correct(workspace: Workspace, writer: Writer, names: frozenset[str]) -> None:
    """Records of the names as the project has them; of all names in a state that is new here."""
    gaps = Gaps(workspace.note)
    tasks = {one.name: one for one in gaps.passing(workspace.backend.list(counted=no_name))}
    before = writer.records()
    after = as_listed(before, tasks, gaps.unknown(before))
    # A state that is bound now is never listed again, so that it must know every task at once.
    if not writer.header().target:
        names = frozenset(after)
    known = [after[name] for name in sorted(names) if name in after]
    changed = [one for one in known if before.get(one.name) != one]
    gone = sorted(name for name in names if name in before and name not in after)
    if changed or gone:
        writer.commit(changed, removed=gone)
