"""`rbsync show`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from rbsync.cli.escaping import one_line
from rbsync.cli.name_completion import complete_names, composed_names
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import complaint, document, result
from rbsync.cli.render.numbers import plural
from rbsync.cli.render.screen import is_screen, width_of
from rbsync.cli.streams import write_out
from rbsync.errors import ExitCode

if TYPE_CHECKING:
    from PIL import Image

    from rbsync.label_changes.label_content import LabelContent
    from rbsync.pictures.label_drawing import Drawing
    from rbsync.pictures.views import View
    from rbsync.sync.looking_at import LookedAt

ROWS = 20
WIDEST = 100


@click.command("show")
@click.argument("name", shell_complete=complete_names, callback=composed_names)
@click.option("--project", "at_project", is_flag=True, help="As the project has it.")
@click.option(
    "--as",
    "protocol",
    type=click.Choice(["auto", "kitty", "iterm2", "sixel", "blocks", "none"]),
    default="auto",
    help="How to draw [what the terminal can; nothing where there is none].",
)
@with_common_options
def command(common: CommonOptions, name: str, at_project: bool, protocol: str) -> int:
    """Draw the datapoint NAME with its labels, and count the pixels or voxels of each class.

    \b
    Examples:
      rbsync show images/a.png
      rbsync show --project images/a.png
      rbsync show --as blocks images/a.png
    """
    from rbsync.pictures.label_drawing import drawing_of, overlaid

    found = _found(common, name, at_project)
    view = _view(found)
    photo, why = _photo(view)
    # The counts are of all labels, and a plane of a scan has those that it cuts.
    drawing = drawing_of(found.labels)
    facts = _facts(found, None if view.title else photo, drawing)
    if common.json:
        document(common, facts)
        return ExitCode.DONE
    if photo is not None:
        cut = drawing if view.after is found.labels else drawing_of(view.after)
        _draw(overlaid(photo, cut), protocol)
    for line in _lines(facts, view.title):
        result(common, one_line(line))
    if why:
        complaint(common, one_line(f"It cannot be drawn: {why}."), fg="yellow")
    return ExitCode.DONE


def _view(found: LookedAt) -> View:
    """The picture to be drawn: of a scan the plane with most to see, of several items the first."""
    from rbsync.pictures.views import View, main_view

    view = main_view(found.labels, [lambda: found.picture])
    return view or View("", found.picture, found.labels, found.labels)


def _photo(view: View) -> tuple[Image.Image | None, str]:
    """The photograph as it is seen, and why there is none."""
    from rbsync.pictures.photographs import read_photograph

    if view.photo is None:
        return None, "its picture is not here"
    try:
        photo = read_photograph(view.photo) if isinstance(view.photo, bytes) else view.photo
    except ValueError as error:
        return None, str(error)
    # Voxels are no squares: a slice is as high as it is in the body.
    height = max(1, round(photo.height * view.aspect))
    return photo if view.aspect == 1 else photo.resize((photo.width, height)), ""


def _found(common: CommonOptions, name: str, at_project: bool) -> LookedAt:
    import difflib

    from rbsync.sync.looking_at import NoSuchNameError, look_at

    with opened(common, looks_on=True) as workspace:
        try:
            return look_at(workspace, name, at_project=at_project)
        except NoSuchNameError as error:
            near = difflib.get_close_matches(name, error.names, n=1)
            error.hint = f"did you mean `{near[0]}`?" if near else "`rbsync expand` lists all names"
            raise


def _draw(image: Image.Image, asked: str) -> None:
    from rbsync.pictures.terminal_pictures import picture_text, protocol_of

    # A file or a pipe gets the words alone, unless somebody asks for the rest.
    if asked == "none" or (asked == "auto" and not is_screen(sys.stdout)):
        return
    protocol: Any = protocol_of(os.environ) if asked == "auto" else asked
    columns = min(width_of(sys.stdout) or 80, WIDEST)
    # Past what escapes all other output: it is made here of nothing but the pixels.
    write_out(picture_text(image, protocol, columns, ROWS))


def _facts(found: LookedAt, photo: Image.Image | None, drawing: Drawing) -> dict[str, Any]:
    import numpy as np

    index = drawing.mask
    # By the mask and not by its labels, of which several may be of one class.
    counts = np.bincount(index.pixels.reshape(-1)).tolist() if index else []
    pixels = {
        name: counts[at] for at, name in enumerate(index.names if index else (), 1) if counts[at:]
    }
    objects: dict[str, int] = {}
    for one in drawing.objects:
        objects[one.category] = objects.get(one.category, 0) + 1
    return {
        "name": found.name,
        "items": list(found.items),
        "width": photo.width if photo else None,
        "height": photo.height if photo else None,
        "pixels": {name: number for name, number in pixels.items() if number},
        "objects": objects,
        "voxels": _voxels(found.labels),
    }


def _voxels(labels: LabelContent) -> dict[str, int]:
    """The number of voxels that each category has in all series."""
    import numpy as np

    counts: dict[str, int] = {}
    for volume in labels.volumes.values():
        numbers = np.bincount(volume.voxels.ravel(order="K"))
        for value, category in volume.names.items():
            if value < len(numbers) and (number := int(numbers[value])):
                counts[category] = counts.get(category, 0) + number
    return counts


def _lines(facts: Mapping[str, Any], title: str) -> list[str]:
    size = f"  {facts['width']} x {facts['height']}" if facts["width"] else ""
    lines = [f"{facts['name']}{size}{title and f'  {title}'}"]
    lines += [f"  {name}  {number:,} px" for name, number in facts["pixels"].items()]
    lines += [f"  {name}  {plural(number, 'voxel')}" for name, number in facts["voxels"].items()]
    lines += [f"  {name}  {plural(number, 'object')}" for name, number in facts["objects"].items()]
    return lines if len(lines) > 1 else [*lines, "  no labels"]
