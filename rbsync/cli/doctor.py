"""`rbsync doctor`."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, no_stream, with_common_options
from rbsync.cli.output import document, note, result
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode

if TYPE_CHECKING:
    from rbsync.backends.base import Backend
    from rbsync.checks import Check

_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red", "skipped": "blue"}
_WIDE, _NAME = 8, 18


@click.command("doctor")
@click.option("--write", is_flag=True, help="Create one datapoint, read it back and delete it.")
@click.option(
    "--report",
    metavar="FILE",
    callback=no_stream,
    help="Write what was found there, to be attached.",
)
@with_common_options
def command(common: CommonOptions, write: bool, report: str | None) -> int:
    """Check this machine, the state, the service and the project. Ends with 1 when one fails.

    Changes nothing but with --write. No secret is in what it prints or writes.

    \b
    Examples:
      rbsync doctor
      rbsync doctor --write --report doctor.json
    """
    found = []
    for one in _checks(common, write=write):
        found.append(one)
        if not common.json:
            _show(common, one)
    content = {"checks": [one._asdict() for one in found]}
    if report:
        _write_report(report, content)
    if common.json:
        document(common, content)
    failed = sum(one.verdict == "failed" for one in found)
    note(common, f"{plural(len(found), 'check')}, {failed} failed.")
    return ExitCode.ERROR if failed else ExitCode.DONE


def _checks(common: CommonOptions, *, write: bool) -> Iterator[Check]:
    """All checks as they are made; those of the project only where the way to it is free."""
    from rbsync.backends.base import once
    from rbsync.doctor.machine import machine_checks
    from rbsync.doctor.state_checks import state_checks
    from rbsync.doctor.timely import LEAST, LONGEST, in_time
    from rbsync.sync.workspace import FOLDER, surroundings

    began = time.monotonic()
    home = os.path.dirname(os.path.abspath(common.manifest_path))
    yield from machine_checks(os.path.join(home, FOLDER))
    with opened(common, looks_on=True) as workspace:
        left = max(LEAST, LONGEST - (time.monotonic() - began))
        yield from in_time(state_checks(workspace.store), left)
        around = surroundings(workspace.manifest, workspace.taxonomy, workspace.retrier.read)
        chosen = workspace.manifest.settings.backend
        for one in in_time(chosen.checks(around), LONGEST):
            yield one
            # Later checks would fail for the same reason, and bury the one that counts.
            if one.verdict == "failed":
                return
        # Asked once each: who waits for a service that hangs wants to hear of it, not to go on.
        left = max(LEAST, LONGEST - (time.monotonic() - began))
        backend = chosen.open(around._replace(reading=once, seconds=left))
        with contextlib.closing(backend):
            yield from _held(backend, write=write)


def _held(backend: Backend, *, write: bool) -> Iterator[Check]:
    """Looks at what the project holds."""
    from rbsync.doctor.probing import listing_check, probe_checks

    if backend.describe() is None:
        yield _not_made(write=write)
        return
    yield listing_check(backend)
    if write:
        yield from probe_checks(backend)


def _not_made(*, write: bool) -> Check:
    from rbsync.checks import Check

    hint = "apply first, to try a datapoint" if write else ""
    return Check("project", "skipped", "not there yet; the first apply makes it", hint)


def _show(common: CommonOptions, one: Check) -> None:
    line = f"{one.verdict:{_WIDE}} {one.name:{_NAME}} {one.found}"
    result(common, line, fg=_COLOURS[one.verdict])
    if one.hint and one.verdict != "ok":
        # Not below what was found: hints are sentences, and a terminal may have 60 columns.
        result(common, f"    {one.hint}")


def _write_report(path: str, content: dict[str, Any]) -> None:
    from rbsync.documents import FORMAT_VERSION
    from rbsync.documents.text import dump
    from rbsync.written_files import write_whole

    write_whole(path, dump({"format_version": FORMAT_VERSION, **content}))
