"""The beginning of commands: the manifest is loaded and its workspace opened."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from rbsync.cli.escaping import one_line
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
    history: str = "",
    asks_nobody: bool = False,
    at: str = "",
    sums: bool = False,
    stop: Cancellation | None = None,
    give_up_after: float = 0.0,
) -> Iterator[Workspace]:
    """The workspace of the manifest that the options name.

    Raises UserError. Without ``strict``, problems of the manifest wait for those of its files,
    so that one run reports them all. ``looks_on`` is for commands that read no data and send
    nothing: they only mention such problems. ``stop`` ends what the workspace waits for, and
    ``give_up_after`` is for how many seconds a service is waited for that does not answer.

    ``at`` is the git revision to take the manifest and its files from, empty for the files as
    they are. With ``sums`` files are known by their SHA-256, as locks have them, whatever the
    manifest says. ``asks_nobody`` is for commands that have something to say by the files alone.
    Only these go on with a manifest that is not trusted; the others raise RefusedError.
    """
    from rbsync.cli.render.outage_view import show_outage
    from rbsync.manifest.load import load_manifest
    from rbsync.sync.unasked import refuse
    from rbsync.sync.workspace import open_workspace

    trust = common.trust
    # Before the manifest is read, which is a stranger's.
    if trust.untrusted and not asks_nobody:
        refuse("this command is not run")
    with contextlib.ExitStack() as stack:
        path, home, revision = stack.enter_context(_place(common, at))
        manifest = load_manifest(path, trust=trust, strict=strict and not looks_on)
        # Those of a project that may not be used end the command, which tells them then.
        if looks_on and not manifest.is_barred:
            show_warnings(manifest.problems, common)
        meter = stack.enter_context(metered(common, "Reading", "file"))
        found = open_workspace(
            manifest,
            home=home,
            revision=revision,
            watcher=meter,
            rehash=rehash,
            state=common.state,
            history=history,
            note=lambda text: note(common, one_line(text)),
            stop=stop,
            sums=sums,
            give_up_after=give_up_after,
            outage=partial(show_outage, common),
        )
        yield stack.enter_context(found)


@contextmanager
def _place(common: CommonOptions, at: str) -> Iterator[tuple[str, str, str]]:
    """The manifest's path; and where it is that of a revision, whose folder it is, and which."""
    if not at:
        yield common.manifest_path, "", ""
        return
    from rbsync.sync.checkout import checked_out

    home = os.path.dirname(os.path.abspath(common.manifest_path))
    with checked_out(home, at) as (folder, commit):
        yield os.path.join(folder, os.path.basename(common.manifest_path)), home, commit


def meta() -> dict[str, Any]:
    """Returns what a document says of its making; nothing that it means depends on it."""
    return {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "rbsync": VERSION}
