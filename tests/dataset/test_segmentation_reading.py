"""Which segmentations are decoded: those that nobody has decoded yet, and no others."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from rbsync.dataset.build import build
from rbsync.dataset.segmentation_inspection import inspect_segmentation
from rbsync.errors import UserError
from rbsync.manifest.load import load_manifest
from rbsync.model.datapoint import Dataset
from rbsync.sync.workspace import open_workspace
from tests.dataset.noting import Noting
from tests.dicoms import dicom
from tests.masks.pictures import png

MANIFEST = """\
version: 1
datapoints:
  - name: one
    series:
      - items: ct.nii.gz
        segmentations: seg.nii.gz
        segment_map: {1: liver, 2: tumour}
      - items: [mr/1.dcm, mr/2.dcm]
        segmentations: mr.nii
        segment_map: {1: liver}
"""
EYE = np.eye(4)


def nifti(voxels: Any, affine: Any = EYE) -> bytes:
    image: Any = nibabel.Nifti1Image(voxels, affine)
    return bytes(image.to_bytes())


def voxels(*values: int, kind: str = "uint8") -> Any:
    made = np.zeros((3, 4, 2), kind)
    made.reshape(-1)[: len(values)] = values
    return made


class Folder:
    """A study of two series; ``decoded`` is what the last reading looked at."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.decoded: list[str] = []
        self.manifest(MANIFEST)
        self.write("ct.nii.gz", gzip.compress(nifti(voxels(kind="int16"))))
        self.write("seg.nii.gz", gzip.compress(nifti(voxels(1, 2))))
        for name in "12":
            self.write(f"mr/{name}.dcm", dicom(int(name), rows=4, columns=3))
        self.write("mr.nii", nifti(voxels(0, 1)))

    def manifest(self, text: str) -> None:
        self.write("rbsync.yaml", text.encode())

    def write(self, name: str, data: bytes) -> None:
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)

    def read(self) -> Dataset:
        self.decoded = []
        manifest = load_manifest(self.path / "rbsync.yaml")
        with open_workspace(manifest) as workspace:
            noting = Noting(workspace.inputs.executor, inspect_segmentation, self.decoded)
            inputs = replace(workspace.inputs, open_executor=lambda: noting)
            return build(manifest, inputs, project_type="", taxonomy=workspace.taxonomy)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_segmentations_are_decoded_once(folder: Folder) -> None:
    first = folder.read()
    assert sorted(folder.decoded) == ["mr.nii", "seg.nii.gz"]
    (one,) = first.datapoints
    assert one.series == (1, 2)
    assert one.labels is not None
    assert [item.ref for item in one.labels.inputs] == ["seg.nii.gz", "mr.nii"]
    assert folder.read() == first
    assert folder.decoded == []


def test_one_that_changed_is_the_only_one_that_is_decoded_again(folder: Folder) -> None:
    (before,) = folder.read().datapoints
    folder.write("mr.nii", nifti(voxels(1, 1)))
    (after,) = folder.read().datapoints
    assert folder.decoded == ["mr.nii"]
    assert before.fingerprint.changed_since(after.fingerprint) == ("labels",)


def test_other_bytes_of_the_same_meaning_are_decoded_and_mean_the_same(folder: Folder) -> None:
    (before,) = folder.read().datapoints
    folder.write("seg.nii.gz", gzip.compress(nifti(voxels(1, 2, kind="float32")), 1))
    (after,) = folder.read().datapoints
    assert folder.decoded == ["seg.nii.gz"]
    assert after.fingerprint == before.fingerprint


def test_another_segment_map_means_looking_again(folder: Folder) -> None:
    (before,) = folder.read().datapoints
    folder.manifest(MANIFEST.replace("tumour", "cyst"))
    (after,) = folder.read().datapoints
    assert folder.decoded == ["seg.nii.gz"]
    assert before.fingerprint.changed_since(after.fingerprint) == ("labels",)


def test_another_scan_is_seen_without_decoding_its_segmentation(folder: Folder) -> None:
    folder.read()
    folder.write("ct.nii.gz", gzip.compress(nifti(np.zeros((3, 4, 9), np.int16))))
    with pytest.raises(UserError, match="is 3 x 4 x 2 voxels, but its scan is 3 x 4 x 9"):
        folder.read()
    assert folder.decoded == []


def test_a_scan_of_colours_has_a_size_too(folder: Folder) -> None:
    colours = np.zeros((3, 4, 3), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    folder.write("ct.nii.gz", gzip.compress(nifti(colours)))
    with pytest.raises(UserError, match="is 3 x 4 x 2 voxels, but its scan is 3 x 4 x 3"):
        folder.read()


def test_what_was_seen_of_places_and_values_is_remembered(folder: Folder) -> None:
    folder.write("seg.nii.gz", gzip.compress(nifti(voxels(1))))
    first = folder.read()
    assert folder.read() == first
    assert folder.decoded == []
    moved: Any = nibabel.Nifti1Image(voxels(kind="int16"), np.diag([1, 1, 3, 1]))
    folder.write("ct.nii.gz", gzip.compress(moved.to_bytes()))
    with pytest.raises(UserError, match=r"it has voxel \(0, 0, 1\) at \(0, 0, 1\), the scan at"):
        folder.read()
    assert folder.decoded == []


@pytest.mark.parametrize("name", ["ct.nii.gz", "seg.nii.gz"])
def test_a_file_that_does_not_say_where_it_lies_fits_everywhere(folder: Folder, name: str) -> None:
    folder.write("seg.nii.gz", gzip.compress(nifti(voxels(1, 2), np.diag([2, 2, 2, 1]))))
    image: Any = nibabel.Nifti1Image(voxels(1, 2), None)
    folder.write(name, gzip.compress(bytes(image.to_bytes())))
    assert len(folder.read().datapoints) == 1


def test_a_picture_is_a_scan_of_one_slice(folder: Folder) -> None:
    folder.write("ct.png", png(np.zeros((4, 3), np.uint8)))
    text = MANIFEST.replace("ct.nii.gz", "ct.png")
    folder.manifest(text)
    with pytest.raises(UserError, match="is 3 x 4 x 2 voxels, but its scan is 3 x 4 x 1"):
        folder.read()
    folder.write("seg.nii.gz", gzip.compress(nifti(voxels(1, 2)[:, :, 0])))
    assert len(folder.read().datapoints) == 1


def test_what_is_wrong_is_told_again_and_decoded_again(folder: Folder) -> None:
    folder.write("mr.nii", nifti(voxels(7)))
    for _ in range(2):
        with pytest.raises(UserError, match="has values that the segment map lacks: 7"):
            folder.read()
        assert "mr.nii" in folder.decoded


def test_an_empty_segmentation_beside_another_is_left_out(folder: Folder) -> None:
    folder.write("seg.nii.gz", gzip.compress(nifti(voxels())))
    dataset = folder.read()
    assert [one.message for one in dataset.warnings] == [
        'no segmentation has the value 2, "tumour"'
    ]
    (before,) = dataset.datapoints
    folder.manifest(MANIFEST.replace("tumour", "cyst"))
    (after,) = folder.read().datapoints
    assert after.fingerprint == before.fingerprint


def test_equal_segmentations_that_are_wrong_are_each_told_by_their_own_name(
    folder: Folder,
) -> None:
    folder.write("seg.nii.gz", gzip.compress(nifti(voxels(7)), mtime=0))
    folder.write("again.nii.gz", gzip.compress(nifti(voxels(7)), mtime=0))
    folder.manifest(
        MANIFEST + "  - name: two\n    series: [{items: ct.nii.gz, segmentations: again.nii.gz, "
        "segment_map: {1: liver, 2: tumour}}]\n"
    )
    with pytest.raises(UserError) as caught:
        folder.read()
    assert [one.message for one in caught.value.problems] == [
        f"{name}: this segmentation has values that the segment map lacks: 7"
        for name in ("seg.nii.gz", "again.nii.gz")
    ]
