"""What is kept of thumbnails, and what has to go."""

from __future__ import annotations

import io
import os
import random
from pathlib import Path

import pytest
from PIL import Image

from rbsync.browse import thumbnails
from rbsync.browse.filling import Filling
from rbsync.browse.sights import Looker
from rbsync.browse.table import Table
from rbsync.browse.thumbnails import Shelf, Thumbnails
from rbsync.manifest.load import load_manifest
from rbsync.sync.workspace import open_workspace
from rbsync.trust import Given, read_trust
from tests.scenarios.project import BOX, Project


def test_when_there_is_too_much_what_was_not_looked_at_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "LIMIT", 1000)
    for at in range(12):
        file = tmp_path / f"{at % 3}/{at}"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(bytes(100))
        os.utime(file, (at, at))
    os.utime(tmp_path / "0/0", (99, 99))
    shelf = Shelf(str(tmp_path))
    shelf.took(100)
    left = sorted(int(one.name) for one in tmp_path.rglob("*") if one.is_file())
    assert left == [0, 5, 6, 7, 8, 9, 10, 11]
    # Until the limit is reached again nothing goes.
    for at in (20, 21):
        (tmp_path / str(at)).write_bytes(bytes(100))
        shelf.took(100)
    assert sum(1 for one in tmp_path.rglob("*") if one.is_file()) == 10


def test_processes_draw_the_same_of_large_photographs(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.manifest(
        "project: {type: IMAGE_BBOX, taxonomy: [car]}\n"
        'datapoints:\n  - {glob: "*.png", labels: "{stem}.json?"}\n'
    )
    noise = Image.frombytes("RGB", (700, 700), random.Random(1).randbytes(700 * 700 * 3))
    file = io.BytesIO()
    noise.save(file, "PNG")
    assert len(file.getvalue()) > 1 << 20
    project.write("a.png", file.getvalue())
    project.write("a.json", [BOX])
    assert project.apply().code == 0
    here, there = drawn_by(project, ""), drawn_by(project, "processes")
    assert here == there
    assert Image.open(io.BytesIO(here)).size == (240, 240)


def drawn_by(project: Project, executor: str) -> bytes:
    """The thumbnail of the first datapoint; what was lost would be noted."""
    trust = read_trust({}, Given(executor=executor))
    notes: list[str] = []
    manifest = load_manifest(project.folder / "rbsync.yaml", trust=trust)
    with open_workspace(manifest, note=notes.append) as workspace:
        table = Table()
        filling = Filling(workspace, table)
        filling.fill()
        looker = Looker(workspace, table, filling)
        sight = looker.sight("a.png")
        assert sight is not None
        folder = str(project.folder / f"thumbnails-{executor}")
        found = Thumbnails(folder, looker, workspace.inputs.helpers).read(sight)
        table.close()
    assert found is not None
    assert notes == []
    return found
