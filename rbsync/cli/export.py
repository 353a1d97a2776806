"""`rbsync export`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from rbsync.cli.export_files import whole_file, whole_folder
from rbsync.cli.opening import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import complaint, document, note
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode

if TYPE_CHECKING:
    from rbsync.backends.base import TaskContent

only = click.option("--target", metavar="GLOB", help="Only datapoints whose names match.")
force = click.option("--force", is_flag=True, help="Write over files of the same names.")


@click.group("export")
def command() -> None:
    """Write what the project holds to files."""


@command.command("masks")
@click.argument("path", metavar="DIR")
@only
@force
@with_common_options
def masks(common: CommonOptions, path: str, target: str | None, force: bool) -> int:
    """Write the segmentations: PNG masks, as `masks` of a manifest reads them, and volumes."""
    from rbsync.sync.exporting import labelled, mask_export

    with opened(common, looks_on=True) as workspace, whole_folder(path, force=force) as write:
        export = mask_export(workspace)
        for mask in export.masks(labelled(workspace, target)):
            write(mask.path, mask.data)
        for name, text in export.documents():
            write(name, text.encode())
    return _conclude(common, path, export.written, "mask", export.left_out)


@command.command("labels")
@click.argument("path", metavar="DIR|FILE")
@only
@force
@with_common_options
def labels(common: CommonOptions, path: str, target: str | None, force: bool) -> int:
    """Write labels: a file for each datapoint in DIR, or one items list FILE (.json, .jsonl)."""
    from rbsync.sync.exporting import labelled

    left_out: list[str] = []
    with opened(common, looks_on=True) as workspace:
        every = labelled(workspace, target)
        if path.lower().endswith((".json", ".jsonl")):
            count = _write_list(path, every, force)
        else:
            count = _write_files(path, every, force, left_out)
    return _conclude(common, path, count, "datapoint", left_out)


def _write_list(path: str, every: Iterator[TaskContent], force: bool) -> int:
    start, between, end = (b"[\n", b",\n", b"\n]\n")
    if path.lower().endswith(".jsonl"):
        start, between, end = (b"", b"\n", b"\n")
    count = 0
    with whole_file(path, force=force) as file:
        for count, one in enumerate(every, 1):
            file.write((between if count > 1 else start) + _entry(one))
        file.write(end if count else start + end.lstrip())
    return count


def _write_files(path: str, every: Iterator[TaskContent], force: bool, left_out: list[str]) -> int:
    from rbsync.sync.exporting import UNFIT, fits_a_file

    count = 0
    with whole_folder(path, force=force) as write:
        for one in every:
            if fits_a_file(one.task.name):
                write(f"{one.task.name}.json", one.labels.encode())
                count += 1
            else:
                left_out.append(f"{one.task.name}: {UNFIT}")
    return count


def _entry(one: TaskContent) -> bytes:
    """A task as an entry of an items list, with its labels as they are."""
    own = json.dumps({"name": one.task.name, "items": list(one.task.items)}, ensure_ascii=False)
    return f'{own[:-1]}, "labels": {one.labels}}}'.encode()


def _conclude(
    common: CommonOptions, path: str, count: int, noun: str, left_out: Sequence[str]
) -> int:
    for why in left_out:
        complaint(common, f"left out: {why}", fg="yellow")
    if common.json:
        document(common, {"path": path, "written": count, "left_out": list(left_out)})
    else:
        note(common, f"{plural(count, noun)} written to {path}.")
    return ExitCode.DONE
