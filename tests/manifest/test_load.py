"""A manifest as a whole."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from rbsync.backends.local.chosen import LocalChosen
from rbsync.backends.redbrick.settings import RedbrickSettings
from rbsync.errors import Location, Problem, UserError
from rbsync.manifest.load import load_manifest
from rbsync.manifest.order import in_order, shortened
from rbsync.sources.explicit import ExplicitSource
from rbsync.sources.glob import GlobSource
from tests.manifest.reading import FILE, HEAD, load, problems

EXAMPLE = """\
version: 1
backend:
  kind: redbrick
  url: https://api.redbrickai.com
  org_id: ${RB_ORG_ID}
  project_id: 2f0f6f3e-5a51-4d8e-9c1b-0d7f6a2b8c34
project:
  type: IMAGE_SEGMENTATION
  taxonomy: [car, bus, person]
storages:
  scans: 7A1C5F0E-3a52-4b57-9f39-6f1f0d9a3a11
defaults:
  storage: redbrick
  ground_truth: false
  metadata: {site: A}
datapoints:
  - name: my first upload
    storage: public
    items: [http://datasets.redbrickai.com/car-vids/car-1/frame20.png]
    labels: labels/first.json
  - glob: images/**/*.{png,jpg}
    exclude: ["**/thumbs/**"]
    name: "{path}"
    labels: "labels/{stem}.json?"
  - frames: videos/*/
    pattern: "*.png"
    name: "{dir}"
  - items_list: items.json
  - series:
      - items: study1/ct/*.dcm
        segmentations: study1/seg.nii.gz
        segment_map: {1: liver, 2: tumour}
    name: study1
masks:
  - folder: exports/2f0f6f3e
    images: images/
  - glob: masks/*.png
    image: "images/{stem}.jpg"
    class_map: class_map.json
    ignore_colors: [[0, 0, 0]]
policy:
  prune: false
  max_delete: 5%
  on_change: update
"""
ORG = "9c1b0d7f-3e5a-4d8e-8b34-2f0f6f3e5a51"
ENVIRON = {"RB_ORG_ID": ORG}
BROKEN = """\
version: 1
policy: {prune: perhaps}
datapoints:
  - glob: a/*.png
    lables: b
  - {name: a, items: [a], name: b}
  - name: [c]
    items: [c]
  - glob: ${UNDEFINED}/*.png
  - name: !!python/name:os.system d
    items: [d]
"""


def test_the_example_is_right(tmp_path: Path) -> None:
    manifest = load(tmp_path, EXAMPLE, ENVIRON)
    assert manifest.problems == ()
    assert manifest.settings.backend.kind == "redbrick"
    assert isinstance(manifest.settings.backend, RedbrickSettings)
    assert manifest.settings.backend.org_id == ORG
    assert manifest.settings.storages == {"scans": "7a1c5f0e-3a52-4b57-9f39-6f1f0d9a3a11"}
    assert manifest.settings.policy.max_delete == 0.05
    assert [one.source.key for one in manifest.datapoints] == [
        "items",
        "glob",
        "frames",
        "items_list",
        "series",
    ]
    assert [one.source.key for one in manifest.masks] == ["folder", "glob"]
    assert manifest.root == str(tmp_path)


def test_every_source_has_its_place(tmp_path: Path) -> None:
    manifest = load(tmp_path, EXAMPLE, ENVIRON)
    assert [one.location.line for one in manifest.datapoints] == [17, 21, 25, 28, 29]
    second = manifest.datapoints[1]
    assert manifest.locate((*second.path, "glob"))[1:] == (21, 11)
    assert manifest.locate((*second.path, "exclude", 0))[1:] == (22, 15)


def test_the_defaults_are_a_local_project(tmp_path: Path) -> None:
    settings = load(tmp_path, HEAD + "datapoints: []").settings
    assert settings.backend == LocalChosen(".rbsync/project")
    assert (settings.hash, settings.policy.max_delete, settings.policy.stamp) == (
        "xxh3",
        0.05,
        True,
    )


def test_names_stay_as_they_are_written(tmp_path: Path) -> None:
    text = HEAD + "datapoints: [{name: 0123, items: [NO]}, {name: 12:30, items: [1.0]}]"
    sources = [one.source for one in load(tmp_path, text).datapoints]
    assert sources == [
        ExplicitSource(name="0123", items=["NO"]),
        ExplicitSource(name="12:30", items=["1.0"]),
    ]


def test_problems_of_all_layers_are_told_in_one_run(tmp_path: Path) -> None:
    assert [line.partition(": ")[0] for line in problems(tmp_path, BROKEN)] == [
        "2:17",
        "5:5",
        "6:27",
        "7:11",
        "9:11",
        "10:11",
    ]


def test_what_is_right_is_left(tmp_path: Path) -> None:
    manifest = load(tmp_path, BROKEN)
    assert [(one.path[1], one.source) for one in manifest.datapoints] == [
        (0, GlobSource(glob="a/*.png")),
        (1, ExplicitSource(name="a", items=["a"])),
        (4, ExplicitSource(name="d", items=["d"])),
    ]
    assert manifest.settings.policy.prune is False


def test_a_strict_load_tells_all_and_gives_nothing(tmp_path: Path) -> None:
    load(tmp_path, BROKEN)
    with pytest.raises(UserError) as caught:
        load_manifest(tmp_path / FILE, {})
    assert len(caught.value.problems) == 6
    assert caught.value.exit_code == 65


def test_fifty_problems_are_told_and_the_others_counted(tmp_path: Path) -> None:
    load(tmp_path, HEAD + "datapoints:\n" + "  - {x: y}\n" * 1_053)
    with pytest.raises(UserError) as caught:
        load_manifest(tmp_path / FILE, {})
    assert len(caught.value.problems) == 51
    assert str(caught.value.problems[-1]) == "and 1,003 more problems"


def test_a_yaml_that_cannot_be_read_is_the_only_problem(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load(tmp_path, "versoin: 1\ndatapoints: [")
    assert [one.code for one in caught.value.problems] == ["syntax"]


def test_a_manifest_does_not_change(tmp_path: Path) -> None:
    manifest = load(tmp_path, EXAMPLE, ENVIRON)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(manifest, "root", "")  # noqa: B010  (that it fails is the point)
    with pytest.raises(AttributeError):
        setattr(manifest.settings.policy, "prune", True)  # noqa: B010  (as above)


def test_the_digest_follows_the_text_and_the_variables_used(tmp_path: Path) -> None:
    text = HEAD + "datapoints: [{glob: '${A}/*.${B:-png}'}]"
    digest = load(tmp_path, text, {"A": "x"}).digest
    assert load(tmp_path, text, {"A": "x", "B": "png", "OTHER": "y"}).digest == digest
    assert load(tmp_path, text, {"A": "y"}).digest != digest
    assert load(tmp_path, text, {"A": "x", "B": "jpg"}).digest != digest
    assert load(tmp_path, text + "\n", {"A": "x"}).digest != digest
    assert load(tmp_path, text + "\nhash: sha256", {"A": "x"}).digest.startswith("sha256:")


def test_problems_of_the_manifest_come_before_those_of_other_files() -> None:
    places = [("b.json", 1, 1), ("m.yaml", 10, 1), ("m.yaml", 9, 5), ("a.json", 3, 1)]
    found = in_order((_problem(*place) for place in places), "m.yaml")
    assert [one.location for one in found] == [places[2], places[1], places[3], places[0]]
    assert shortened(found, 3)[-1].message == "and 1 more problem"
    assert shortened(found, 4) == found


def _problem(file: str, line: int, column: int) -> Problem:
    return Problem("x", "x", Location(file, line, column))
