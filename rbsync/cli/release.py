"""`rbsync release`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note, result
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from rbsync.sync.releasing import Bound


@click.command("release")
@click.argument("name", metavar="[NAME]", default="")
@click.option("--ground-truth-only", is_flag=True, help="Leave out what is no ground truth.")
@with_common_options
def command(common: CommonOptions, name: str, ground_truth_only: bool) -> int:
    """Keep what the project has as the release NAME; without a name, list the releases.

    The project must hold what the lock says. The release is bound to the version: its file in
    rbsync.lock/ is to be committed.

    \b
    Examples:
      rbsync release v1
      rbsync release v1-done --ground-truth-only
      rbsync release
    """
    from rbsync.sync.releasing import list_releases, make_release

    if ground_truth_only and not name:
        raise UsageError("--ground-truth-only goes with the name of a release")
    if not name:
        with opened(common, strict=False) as workspace:
            _show(common, list_releases(workspace))
        return ExitCode.DONE
    with (
        opened(common, strict=False, asks_nobody=True, sums=True) as by_sums,
        opened(common, strict=False) as workspace,
    ):
        made = make_release(workspace, by_sums, name, ground_truth_only=ground_truth_only)
    _show(common, [made])
    note(common, f"Compare with it by: rbsync diff release:{name} lock")
    return ExitCode.DONE


def _show(common: CommonOptions, found: Sequence[Bound]) -> None:
    if common.json:
        document(common, {"releases": [_json(one) for one in found]})
        return
    for one in found:
        result(common, f"{one.release.name}  {_told(one)}")
    if not found:
        result(common, "The project has no releases.")


def _told(one: Bound) -> str:
    count = one.release.datapoints
    size = "" if count is None else f", {plural(count, 'datapoint')}"
    state = "" if one.release.is_ready else ", not whole yet"
    return f"{one.release.created_at}{size}{state}  {one.digest or 'version not known here'}"


def _json(one: Bound) -> dict[str, object]:
    release = one.release
    return {
        "name": release.name,
        "release_id": release.release_id,
        "created_at": release.created_at,
        "ready": release.is_ready,
        "datapoints": release.datapoints,
        "digest": one.digest,
    }
