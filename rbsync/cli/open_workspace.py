"""The beginning of commands: the manifest is loaded and its workspace opened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from rbsync.cli.options import CommonOptions
from rbsync.cli.output import note
from rbsync.cli.render.error_view import show_warnings
from rbsync.cli.render.progress import metered
from rbsync.version import VERSION

if TYPE_CHECKING:
    from rbsync.applier.cancellation import Cancellation
    from rbsync.sync.workspace import Workspace


@contextmanager
def opened(
    common: CommonOptions,
    *,
    rehash: bool = False,
    strict: bool = True,
    looks_on: bool = False,
    stop: Cancellation | None = None,
) -> Iterator[Workspace]:
    """The workspace of the manifest that the options name.

    Raises UserError. Without ``strict``, problems of the manifest wait for those of its files,
    so that one run reports them all. ``looks_on`` is for commands that read no data and send
    nothing: they only mention such problems. ``stop`` ends what the workspace waits for.
    """
    from rbsync.manifest.load import load_manifest
    from rbsync.sync.workspace import open_workspace

    manifest = load_manifest(common.manifest_path, strict=strict and not looks_on)
    if looks_on:
        show_warnings(manifest.problems, common)
    with (
        metered(common, "Reading", "file") as meter,
        open_workspace(
            manifest,
            watcher=meter,
            rehash=rehash,
            profile=common.profile,
            state=common.state,
            note=partial(note, common),
            stop=stop,
        ) as workspace,
    ):
        yield workspace


def meta() -> dict[str, Any]:
    """Returns what a document says of its making; nothing that it means depends on it."""
    return {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "rbsync": VERSION}
