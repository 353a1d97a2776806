"""Segmentations as other programs leave them: a file a structure, other grids, mixed series."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, ClassVar

import nibabel
import numpy as np
import pytest

from tests.scenarios.project import Project, Ran

HEAD = "project: {type: DICOM_SEGMENTATION, taxonomy: [liver, tumour, spleen]}\n"
SHAPE = (6, 5, 4)
AFFINE = np.diag([-0.7, -0.7, 2.5, 1.0])
INVALID = 65


def nifti(voxels: Any, affine: Any = AFFINE) -> bytes:
    return gzip.compress(nibabel.Nifti1Image(voxels, affine).to_bytes(), mtime=0)


def structure(start: int, count: int, value: int = 1, kind: Any = np.uint8) -> Any:
    voxels = np.zeros(int(np.prod(SHAPE)), kind)
    voxels[start : start + count] = value
    return voxels.reshape(SHAPE, order="F")


@pytest.fixture
def ct(tmp_path: Path) -> Project:
    made = Project(tmp_path / "data")
    made.write("ct.nii.gz", nifti(np.zeros(SHAPE, np.int16)))
    made.write("seg/liver.nii.gz", nifti(structure(0, 8)))
    made.write("seg/tumour.nii.gz", nifti(structure(40, 4, 255)))
    made.write("seg/spleen.nii.gz", nifti(structure(60, 5, 1, np.float32)))
    return made


def declare(project: Project, segmentations: str, more: str = "", items: str = "ct.nii.gz") -> None:
    project.manifest(
        f"{HEAD}datapoints:\n  - name: s\n    series:\n      - items: {items}\n"
        f"        segmentations: {segmentations}\n{more}"
    )


def counts(project: Project, ran: Ran | None = None) -> dict[str, int]:
    """Applies, and counts the voxels of each structure that the project holds."""
    done = ran or project.apply()
    assert done.code == 0, done.err
    assert project.apply().last_line.startswith("No changes.")
    assert project.run("export", "masks", "out", "--force").code == 0
    image: Any = nibabel.load(project.folder / "out/s.nii.gz")
    (entry,) = json.loads((project.folder / "out/segment_map.json").read_text())["s"]
    found = np.asarray(image.dataobj)
    return {name: int((found == int(value)).sum()) for value, name in entry["segment_map"].items()}


def refused(project: Project, *said: str) -> str:
    """What follows the first line of a plan that is refused with these words."""
    ran = project.run("plan")
    assert ran.code == INVALID, ran.out + ran.err
    for one in said:
        assert one in ran.err
    return "\n".join(ran.err.splitlines()[1:])


class TestFilesOfOneStructure:
    """As TotalSegmentator and MONAI write them."""

    ALL: ClassVar = {"liver": 8, "tumour": 4, "spleen": 5}

    @pytest.mark.parametrize(
        "said",
        [
            "{liver: seg/liver.nii.gz, tumour: seg/tumour.nii.gz, spleen: seg/spleen.nii.gz}",
            "seg/{structure}.nii.gz",
            '"seg/{structure}.nii*"',
        ],
    )
    def test_each_becomes_its_structure(self, ct: Project, said: str) -> None:
        declare(ct, said)
        assert counts(ct) == self.ALL

    def test_one_alone_and_an_empty_one(self, ct: Project) -> None:
        ct.write("seg/tumour.nii.gz", nifti(structure(0, 0)))
        declare(ct, "{liver: seg/liver.nii.gz, tumour: seg/tumour.nii.gz}")
        assert counts(ct) == {"liver": 8}

    def test_another_name_is_an_update_of_the_labels(self, ct: Project) -> None:
        declare(ct, "{liver: seg/liver.nii.gz}")
        assert counts(ct) == {"liver": 8}
        declare(ct, "{spleen: seg/liver.nii.gz}")
        assert ct.actions() == ["update s labels"]
        assert counts(ct) == {"spleen": 8}

    @pytest.mark.parametrize(
        ("voxels", "said"),
        [
            (structure(8, 8) + structure(10, 3), "has several values: 1, 2"),
            (structure(0, 8, 1, np.float32) / 2, "values that are not whole numbers: 0.5"),
            (structure(4, 4), "say different things of 4 voxels"),
            (np.ones((3, 3, 3), np.uint8), "is 3 x 3 x 3 voxels, but"),
        ],
    )
    def test_what_is_no_structure_beside_others_is_refused(
        self, ct: Project, voxels: Any, said: str
    ) -> None:
        ct.write("seg/tumour.nii.gz", nifti(voxels))
        declare(ct, "{liver: seg/liver.nii.gz, tumour: seg/tumour.nii.gz}")
        refused(ct, "rbsync.yaml:7:24: seg/tumour.nii.gz: ", said)

    def test_a_structure_that_the_taxonomy_lacks_is_told_at_its_place(self, ct: Project) -> None:
        declare(ct, "{livr: seg/liver.nii.gz}")
        assert 'did you mean "liver"?' in refused(ct, "rbsync.yaml:7:", '"livr" is not in the')

    def test_names_and_a_segment_map_contradict_each_other(self, ct: Project) -> None:
        declare(ct, "{liver: seg/liver.nii.gz}", "        segment_map: {1: liver}\n")
        refused(ct, "each file is one structure, and there is a `segment_map` too")

    def test_files_that_share_their_single_value_are_told(self, ct: Project) -> None:
        more = "        segment_map: {1: liver, 255: tumour}\n"
        declare(ct, "[seg/liver.nii.gz, seg/spleen.nii.gz]", more)
        ran = ct.run("plan")
        assert ran.code == 0
        assert (
            "`seg/liver.nii.gz` and `seg/spleen.nii.gz` have one and the same single value, and "
            "become one structure" in ran.err
        )
        assert "`segmentations: {NAME: seg/liver.nii.gz, …}`" in ran.err
        declare(ct, "[seg/liver.nii.gz, seg/tumour.nii.gz]", more)
        assert "single value" not in ct.run("plan").err


class TestBackgroundInSegmentMaps:
    """nnU-Net's maps begin with the background."""

    @pytest.mark.parametrize("name", ["background", "Background", "_background_"])
    def test_0_that_is_called_background_is_background(self, ct: Project, name: str) -> None:
        declare(ct, "seg/liver.nii.gz", f"        segment_map: {{0: {name}, 1: liver}}\n")
        assert counts(ct) == {"liver": 8}

    def test_0_of_another_name_is_refused(self, ct: Project) -> None:
        declare(ct, "seg/liver.nii.gz", "        segment_map: {0: spleen, 1: liver}\n")
        assert "0 is background" in refused(ct, "`0` is no value of a voxel")
