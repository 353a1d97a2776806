"""Label files of other tools in a lock: their bytes are part of the version as all others are."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.scenarios.pictures import photo
from tests.scenarios.project import Project
from tests.scenarios.test_labels_of_other_tools import COCO, HEAD, LABELME, VOC, YOLO

BESIDE = '  - {{glob: "images/*.png", name: "{{stem}}", labels: {{format: {0}}}}}\n'
TWO = COCO | {
    "images": COCO["images"] + [{"id": 2, "file_name": "images/b.png", "width": 100, "height": 50}],
}
# The source, the file of the labels of a.png, its text, and a text of the same meaning.
TOOLS = {
    "yolo": (
        BESIDE.format('yolo, file: "labels/{stem}.txt?", classes: [car, bus]'),
        "labels/a.txt",
        YOLO,
        YOLO.replace("0.35", "0.350"),
    ),
    "labelme": (
        BESIDE.format('labelme, file: "labels/{stem}.json?"'),
        "labels/a.json",
        json.dumps(LABELME),
        json.dumps(LABELME, indent=1),
    ),
    "voc": (
        BESIDE.format('voc, file: "labels/{stem}.xml?"'),
        "labels/a.xml",
        VOC,
        VOC.replace("  <object>", "\n<object>"),
    ),
    "coco for a pattern": (
        BESIDE.format('coco, file: "all.json"'),
        "all.json",
        json.dumps(TWO),
        json.dumps(TWO, indent=1),
    ),
    "coco": (
        "  []\nmasks:\n  - {coco: all.json, images: .}\n",
        "all.json",
        json.dumps(TWO),
        json.dumps(TWO, indent=1),
    ),
    "a file without labels": (
        BESIDE.format('yolo, file: "labels/{stem}.txt?", classes: [car]'),
        "labels/a.txt",
        "",
        "\n",
    ),
}


def sums_hold(project: Project) -> bool:
    """Tells whether coreutils find every file of the lock as it was locked."""
    sums = sorted(str(one) for one in (project.folder / "rbsync.lock").glob("*.sums"))
    command = ["sha256sum", "--strict", "--quiet", "-c", *sums]
    return subprocess.run(command, cwd=project.folder, check=False).returncode == 0


def lock_texts(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in sorted((folder / "rbsync.lock").iterdir())}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_changed_byte_of_a_label_file_is_another_version(project: Project, tool: str) -> None:
    source, path, text, same = TOOLS[tool]
    project.write("images/a.png", photo(1, (100, 50)))
    project.write("images/b.png", photo(2, (100, 50)))
    project.write(path, text)
    project.manifest(HEAD + source)
    before = project.run("lock")
    assert before.code == 0, before.err
    assert sums_hold(project)
    assert project.run("verify").code == 0

    project.write(path, same)
    assert not sums_hold(project)
    assert f"reencoded  {path}" in project.run("verify").out
    after = project.run("lock")
    assert after.out.split()[-1] != before.out.split()[-1]
    assert sums_hold(project)

    # What only wrote anew what had changed wrote what a lock of everything writes.
    in_part = lock_texts(project.folder)
    for folder in ("rbsync.lock", ".rbsync"):
        shutil.rmtree(project.folder / folder)
    assert project.run("lock").code == 0
    assert lock_texts(project.folder) == in_part
    assert project.run("plan").code == 0


def test_a_label_file_that_comes_and_goes_changes_its_datapoint_alone(project: Project) -> None:
    source, path, text, _ = TOOLS["yolo"]
    project.write("images/a.png", photo(1, (100, 50)))
    project.write("images/b.png", photo(2, (100, 50)))
    project.write("labels/b.txt", YOLO)
    project.manifest(HEAD + source)
    assert project.run("lock").code == 0
    bare = lock_texts(project.folder)
    project.write(path, text)
    assert f"changed    a: labels differ\nextra      file {path}" in project.run("verify").out
    assert project.run("lock").code == 0
    assert sums_hold(project)
    (project.folder / path).unlink()
    assert project.run("lock").code == 0
    assert lock_texts(project.folder) == bare
