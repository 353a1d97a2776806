"""`rbsync drift`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note, result
from rbsync.cli.planning_options import give_up_after as give_up_after_option
from rbsync.cli.render.name_list import show_names
from rbsync.errors import ExitCode

if TYPE_CHECKING:
    from rbsync.sync.drifting import Drift

_UNSTAMPED = (
    "The metadata keys `rbsync_…` were dropped; the content is as it was left. "
    "`policy: {stamp: false}` does without them."
)
NO_DRIFT = "No drift. The project is as it was left."


@click.command("drift")
@give_up_after_option
@with_common_options
def command(common: CommonOptions, give_up_after: float) -> int:
    """Say what changed at the project behind our back. Changes nothing.

    Missing is what was created and is gone, edited what others changed, unmanaged what rbsync
    knows nothing of. The labels of all tasks are read. Exits with 0 when there is no drift, and
    with 2 when there is some.

    \b
    Example:
      rbsync drift || echo "somebody changed something"
    """
    from rbsync.sync.drifting import drift

    with opened(common, looks_on=True, give_up_after=give_up_after) as workspace:
        found = drift(workspace)
    if common.json:
        edited = [one._asdict() for one in found.edited]
        document(common, {**found._asdict(), "edited": edited})
    else:
        _show(common, found)
    drifted = found.missing or found.edited or found.unmanaged or found.unstamped
    return ExitCode.CHANGES if drifted else ExitCode.DONE


def _show(common: CommonOptions, found: Drift) -> None:
    edited = {one.name: ", ".join(one.facets) for one in found.edited}
    show_names(common, "-", found.missing, "red")
    show_names(common, "~", list(edited), "yellow", edited)
    show_names(common, "?", found.unmanaged, "magenta")
    if found.unstamped:
        without = dict.fromkeys(found.unstamped, "rbsync's stamp is gone")
        show_names(common, "~", found.unstamped, "yellow", without)
        note(common, _UNSTAMPED)
    if not (found.missing or found.edited or found.unmanaged or found.unstamped):
        result(common, NO_DRIFT)
        return
    result(
        common,
        f"Drift: {len(found.missing):,} missing, {len(found.edited):,} edited, "
        f"{len(found.unmanaged):,} unmanaged, {found.unchanged:,} unchanged.",
    )
    note(common, "`rbsync plan --refresh` says what can be done about it.")
