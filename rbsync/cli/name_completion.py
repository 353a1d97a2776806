"""The names of datapoints, as shells complete them and as people type them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import click

from rbsync.cli.options import CommonOptions
from rbsync.errors import RbsyncError
from rbsync.files.spelling import composed

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Names = TypeVar("Names", str, tuple[str, ...], None)

MOST = 60
"""Names that are offered as they are; of more only their folders are."""


def complete_names(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """The names of datapoints that begin so, or the folders of them where they are many."""
    from click.shell_completion import CompletionItem

    # A shell shows what goes wrong here in the middle of what is being typed.
    with suppress(RbsyncError, OSError, ValueError):
        return [CompletionItem(one) for one in offered(_names(context), begun)]
    return []


def composed_names(_: click.Context, __: click.Parameter, given: Names) -> Names:
    """The names as datapoints are called: a Mac's shell completes files with accents apart."""
    if isinstance(given, tuple):
        return tuple(map(composed, given))
    return composed(given) if given else given


def offered(names: Iterable[str], begun: str) -> list[str]:
    """The names that begin so; the longest beginnings that end with a slash, where many do."""
    # No shell can be told a name with a line break in it.
    fitting = sorted(one for one in set(names) if one.startswith(begun) and one.isprintable())
    # A shell that lists 40,000 names asks first whether it should, and nobody reads them.
    at = len(begun)
    while len(fitting) > MOST:
        cut = {one[: one.find("/", at) + 1] or one for one in fitting}
        if len(cut) > 1:
            return sorted(cut)
        at = len(cut.pop())
    return fitting


def _names(context: click.Context) -> Iterator[str]:
    """The names that the manifest declares and those that the state has."""
    from rbsync.cli.open_workspace import opened
    from rbsync.stores.record_pages import each_record
    from rbsync.sync.declared_dataset import expand

    root = context.find_root()
    common = CommonOptions(quiet=True, json=True)
    for one in (root.params, context.params):
        common.folder = one.get("folder") or common.folder
        common.manifest = one.get("manifest") or common.manifest
        common.state = one.get("state") or common.state
    # Whoever presses a key has not agreed to a stranger's manifest.
    common.untrusted = True
    with opened(common, asks_nobody=True, strict=False) as workspace:
        yield from (one.name for one in each_record(workspace.store))
        yield from (one.name for one in expand(workspace, keep_going=True).datapoints)
