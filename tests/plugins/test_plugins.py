"""Plug-ins of an installed distribution are found by their entry points and do their work."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rbsync.backends import BACKENDS
from rbsync.cli.commands import POINT
from rbsync.exports import EXPORTS
from rbsync.mask_formats import MASK_FORMATS
from rbsync.plugins import ExtensionPoint
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES
from rbsync.stores import STORES
from tests.plugins.conftest import EXAMPLE, Installed

MANIFEST = """\
version: 1
backend: {kind: shelf, file: project.pickle}
project: {type: IMAGE_BBOX, taxonomy: [car]}
defaults: {storage: public}
datapoints:
  - lines: urls.txt
  - name: written out
    items: [https://example.org/c.png]
    labels:
      - category: [[object, car]]
        attributes: []
        bbox2d: {xnorm: 0.1, ynorm: 0.2, wnorm: 0.3, hnorm: 0.4}
"""
MASKS = """\
version: 1
backend: {kind: shelf, file: project.pickle}
project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}
masks:
  - {glob: "m/*.png", image: "{stem}.jpg", class_map: classes.json, format: example16}
"""
POINTS = (BACKENDS, POINT, EXPORTS, MASK_FORMATS, DATAPOINT_SOURCES, MASK_SOURCES, STORES)
STATE = ("--state", "pickle:state.pickle")


def write_grey16(path: Path, values: list[list[int]]) -> None:
    path.parent.mkdir()
    Image.fromarray(np.array(values, np.uint16)).save(path)


def prepare(example: Installed, manifest: str = MANIFEST) -> None:
    example.write("rbsync.yaml", manifest)
    example.write("urls.txt", "https://example.org/a.png\nhttps://example.org/b.png\n")


def test_a_plan_and_an_apply_run_through_a_source_a_backend_and_a_store(example: Installed) -> None:
    prepare(example)
    planned = example.json("plan", *STATE)
    assert [one["name"] for one in planned["actions"]] == ["a.png", "b.png", "written out"]
    assert example.json("apply", "--yes", *STATE)["summary"]["created"] == 3
    assert example.json("plan", *STATE, "--detailed-exitcode")["summary"]["keep"] == 3
    assert [one["name"] for one in example.json("ls", *STATE)["tasks"]] == [
        "a.png",
        "b.png",
        "written out",
    ]
    assert not (example.folder / ".rbsync" / "state.db").exists()
    assert not (example.folder / ".rbsync" / "project").exists()


def test_what_changes_is_updated_and_pruned_at_a_backend_of_a_plugin(example: Installed) -> None:
    prepare(example)
    example.run("apply", "--yes", *STATE)
    example.write("urls.txt", "https://example.org/other/a.png\n")
    done = example.json("apply", "--yes", "--prune", "--force", *STATE)["summary"]
    assert (done["updated"], done["deleted"]) == (1, 1)
    assert example.json("drift", *STATE)


def test_the_state_of_a_plugin_is_edited_by_hand(example: Installed) -> None:
    prepare(example)
    example.run("apply", "--yes", *STATE)
    example.run("state", "rm", "a.png", *STATE)
    names = [one["name"] for one in example.json("state", "list", *STATE)["records"]]
    assert names == ["b.png", "written out"]
    assert list((example.folder / ".rbsync" / "backups").iterdir())


def test_a_command_of_a_plugin_runs_and_is_in_the_help(example: Installed) -> None:
    prepare(example)
    assert example.json("example-count", *STATE)["datapoints"] == 3
    assert "example-count" in example.run("--help").out.partition("Commands of plug-ins")[2]
    assert "Count the datapoints" in example.run("example-count", "--help").out


def test_an_export_format_of_a_plugin_writes_its_files(example: Installed) -> None:
    prepare(example)
    example.run("apply", "--yes", *STATE)
    example.run("export", "names", "out", *STATE)
    assert (example.folder / "out" / "names.txt").read_text() == "written out\n"
    assert "names" in example.run("export", "--help").out


def test_masks_of_a_format_of_a_plugin_become_labels(example: Installed) -> None:
    prepare(example, MASKS)
    example.write("classes.json", '{"car": 1000, "bus": 65535}')
    write_grey16(example.folder / "m" / "a.png", [[0, 1000, 1000], [0, 0, 65535]])
    Image.new("RGB", (3, 2)).save(example.folder / "a.jpg")
    assert example.json("apply", "--yes", *STATE)["summary"]["created"] == 1
    assert example.json("plan", *STATE)["summary"]["keep"] == 1
    example.run("export", "labels", "out", *STATE)
    labels = json.loads((example.folder / "out" / "a.json").read_text())
    assert {one["category"][0][1] for one in labels} == {"car", "bus"}


def test_what_a_mask_format_of_a_plugin_refuses_is_told_with_its_file(example: Installed) -> None:
    prepare(example, MASKS)
    example.write("classes.json", '{"car": 1000}')
    write_grey16(example.folder / "m" / "a.png", [[0, 7]])
    Image.new("RGB", (2, 1)).save(example.folder / "a.jpg")
    told = example.run("plan", *STATE, code=65).err
    assert "rbsync.yaml:5:12: m/a.png: undeclared value 7" in told


def test_a_format_that_nobody_has_is_told_with_those_of_plugins(example: Installed) -> None:
    prepare(example, MASKS.replace("example16", "exampel16"))
    told = example.run("validate", code=65).err
    assert "or `example16`, found `exampel16`; did you mean `example16`?" in told


def test_mistakes_in_the_keys_of_plugins_have_their_places(example: Installed) -> None:
    text = MANIFEST.replace("file: project", "fiel: project").replace(
        "lines: urls.txt", "lines: [x]"
    )
    prepare(example, text)
    told = example.run("validate", code=65).err
    assert "rbsync.yaml:2:24: unknown key `fiel`; did you mean `file`?" in told
    assert "rbsync.yaml:6:12: expected text, found a list" in told


def test_kinds_that_nobody_has_are_told_with_those_of_plugins(example: Installed) -> None:
    prepare(example, MANIFEST.replace("kind: shelf", "kind: shelve").replace("- lines:", "- line:"))
    told = example.run("validate", code=65).err
    assert "or `shelf`, found `shelve`; did you mean `shelf`?" in told
    assert "unknown key `line`; did you mean `lines`?" in told
    prepare(example)
    refused = example.run("plan", "--state", "pickel:x", code=64).err
    known = refused.partition("known: ")[2].strip().split(", ")
    assert {"sqlite:", "memory:", "pickle:"} <= set(known)


def test_the_schema_has_the_kinds_of_plugins_when_asked(example: Installed) -> None:
    script = (
        "from rbsync.manifest.json_schema import manifest_schema as made;"
        "new = made(plugins=True)['$defs'].keys() - made()['$defs'].keys(); print(*sorted(new))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=example.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["LinesSource", "ShelfSettings"]
    assert "example16" in example.run("schema", "manifest").out


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.group)
def test_the_example_has_names_of_its_own(point: ExtensionPoint[object]) -> None:
    """One that rbsync has too would never be loaded, and other tests here fail for no reason."""
    (example,) = distributions(path=[str(EXAMPLE)])
    offered = {one.name for one in example.entry_points.select(group=point.group)}
    taken = offered & set(point.built_in)
    assert not taken, "rbsync has it now: give it another name in entry_points.txt of the example"


def test_a_name_of_ours_stays_ours(broken: Installed) -> None:
    """The broken distribution has a command `plan` too."""
    prepare(broken)
    assert broken.json("plan", *STATE)["summary"]["create"] == 3


def test_the_example_holds_to_what_ours_must(example: Installed) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "tests/plugins/conformance_of_example.py"],
        cwd=root,
        env=example.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
