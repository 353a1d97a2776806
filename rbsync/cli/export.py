"""`rbsync export`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from rbsync.cli.export_files import whole_file, whole_folder
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import complaint, document, note
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode

if TYPE_CHECKING:
    from rbsync.backends.base import TaskContent
    from rbsync.sync.losses import Loss

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
    """Write the segmentations: PNG masks, as `masks` of a manifest reads them, and volumes.

    A mask holds one class a pixel: labels of one category become one, and boxes, attributes and
    the like are left out, which is told; `export labels` writes all of it. Exits with 3 when a
    segmentation had to be left out.
    """
    from rbsync.sync.exporting import labelled, mask_export

    with opened(common, looks_on=True) as workspace, whole_folder(path, force=force) as write:
        export = mask_export(workspace)
        for mask in export.masks(labelled(workspace, target)):
            write(mask.path, mask.data)
        for name, text in export.documents():
            write(name, text.encode())
    _tell_losses(common, export.losses)
    lost = {"lost": [one._asdict() for one in export.losses]}
    _conclude(common, path, export.written, "mask", export.left_out, lost)
    return ExitCode.SOME_FAILED if export.is_partial else ExitCode.DONE


def _tell_losses(common: CommonOptions, losses: Sequence[Loss]) -> None:
    for one in losses:
        complaint(common, str(one), fg="yellow")
    if losses:
        complaint(common, "hint: a mask holds one class a pixel; `rbsync export labels` writes all")


@command.command("labels")
@click.argument("path", metavar="DIR|FILE")
@only
@force
@with_common_options
def labels(common: CommonOptions, path: str, target: str | None, force: bool) -> int:
    """Write labels: a file for each datapoint in DIR, or one items list FILE (.json, .jsonl).

    Exits with 3 when a datapoint had to be left out.
    """
    from rbsync.sync.exporting import labelled

    left_out: list[str] = []
    with opened(common, looks_on=True) as workspace:
        every = labelled(workspace, target)
        if path.lower().endswith((".json", ".jsonl")):
            count = _write_list(path, every, force)
        else:
            count = _write_files(path, every, force, left_out)
    _conclude(common, path, count, "datapoint", left_out)
    return ExitCode.SOME_FAILED if left_out else ExitCode.DONE


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
    from rbsync.sync.export_paths import Paths, UnfitError

    count, paths = 0, Paths()
    with whole_folder(path, force=force) as write:
        for one in every:
            file = f"{one.task.name}.json"
            try:
                paths.take(one.task.name, [file])
            except UnfitError as why:
                left_out.append(f"{one.task.name}: {why}")
                continue
            write(file, one.labels.encode())
            count += 1
    return count


def _entry(one: TaskContent) -> bytes:
    """A task as an entry of an items list, with its labels as they are."""
    own = json.dumps({"name": one.task.name, "items": list(one.task.items)}, ensure_ascii=False)
    return f'{own[:-1]}, "labels": {one.labels}}}'.encode()


def _conclude(
    common: CommonOptions,
    path: str,
    count: int,
    noun: str,
    left_out: Sequence[str],
    more: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    for why in left_out:
        complaint(common, f"left out: {why}", fg="yellow")
    if common.json:
        document(common, {"path": path, "written": count, "left_out": list(left_out), **more})
    else:
        note(common, f"{plural(count, noun)} written to {path}.")
