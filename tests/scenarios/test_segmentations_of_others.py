"""Segmentations as other programs leave them: a file a structure, other grids, mixed series."""

from __future__ import annotations

import bz2
import gzip
import json
from pathlib import Path
from typing import Any, ClassVar

import nibabel
import numpy as np
import pytest

from rbsync.masks.png.decoding import Named
from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.masks.volumes.segmentation import check_segmentation
from rbsync.masks.volumes.volume_redrawing import redrawn_volume
from tests.dicoms import dicom
from tests.hints.following import follows
from tests.masks.pictures import png
from tests.scenarios.pictures import photo
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

    def test_an_items_list_names_them_too(self, ct: Project) -> None:
        files = {name: f"seg/{name}.nii.gz" for name in self.ALL}
        series = [{"items": "ct.nii.gz", "segmentations": files}]
        ct.write("list.json", [{"name": "s", "series": series}])
        ct.manifest(f"{HEAD}datapoints:\n  - items_list: list.json\n")
        assert counts(ct) == self.ALL

    @pytest.mark.parametrize(
        ("given", "more", "said"),
        [
            ({"1": "seg/liver.nii.gz"}, {}, "`1` is a number: write {CATEGORY: FILE}, or a list"),
            ({}, {}, "must be a path, a list of them, or an object of categories with paths"),
            ({"liver": 5}, {}, "must be a path, a list of them, or an object of categories"),
            ({"liver": "x.nii"}, {"segmentMap": {"1": "liver"}}, "there is a `segmentMap` too"),
        ],
    )
    def test_an_items_list_that_names_them_otherwise_is_told(
        self, ct: Project, given: Any, more: Any, said: str
    ) -> None:
        series = [{"items": "ct.nii.gz", "segmentations": given, **more}]
        ct.write("list.json", [{"name": "s", "series": series}])
        ct.manifest(f"{HEAD}datapoints:\n  - items_list: list.json\n")
        refused(ct, said)

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


SERIES, PATIENT, KIND, INSTANCE = (0x20, 0xE), (0x10, 0x20), (0x08, 0x16), (0x08, 0x18)
POSITION, ORIENTATION, SPACING = (0x20, 0x32), (0x20, 0x37), (0x28, 0x30)
TRUST = "        grid: trust\n"
MAP = "        segment_map: {1: liver}\n"


def ct_slice(number: int, *, depth: float | None = None, **more: str) -> bytes:
    """A slice of the scan of `AFFINE` and `SHAPE`, at its place in the world."""
    elements = {
        POSITION: (b"DS", f"0\\0\\{2.5 * (number if depth is None else depth)}"),
        ORIENTATION: (b"DS", more.get("orientation", r"1\0\0\0\1\0")),
        SPACING: (b"DS", r"0.7\0.7"),
        PATIENT: (b"LO", more.get("patient", "A")),
        SERIES: (b"UI", more.get("series", "1.2.3.1")),
        KIND: (b"UI", more.get("kind", "1.2.840.10008.5.1.4.1.1.2")),
        INSTANCE: (b"UI", more.get("instance", f"1.2.3.4.{number}")),
    }
    return dicom(number, rows=SHAPE[1], columns=SHAPE[0], more=elements)


def nrrd(shape: tuple[int, ...] = SHAPE, more: str = "") -> bytes:
    sizes = " ".join(map(str, shape))
    head = f"NRRD0004\ntype: uint8\ndimension: {len(shape)}\nsizes: {sizes}\nencoding: raw\n{more}"
    return head.encode() + b"\n" + bytes(int(np.prod(shape)))


PLACED = "space: left-posterior-superior\nspace directions: {}\nspace origin: (0,0,0)\n"
STRAIGHT = "(0.7,0,0) (0,0.7,0) (0,0,2.5)"


class TestGridsThatDisagree:
    """A segmentation is held against its scan, in whatever format that is."""

    @pytest.fixture
    def scans(self, ct: Project) -> Project:
        for number in range(SHAPE[2]):
            ct.write(f"ct/{number}.dcm", ct_slice(number))
        ct.write("frames.dcm", dicom(1, rows=SHAPE[1], columns=SHAPE[0], frames=SHAPE[2]))
        ct.write("ct.nrrd", nrrd(more=PLACED.format(STRAIGHT)))
        ct.write("plain.nrrd", nrrd())
        ct.write("colours.nrrd", nrrd((3, *SHAPE), PLACED.format(f"none {STRAIGHT}")))
        ct.write("ct.png", png(np.zeros((SHAPE[1], SHAPE[0]), np.uint8)))
        return ct

    VOLUMES = ('"ct/*.dcm"', "frames.dcm", "ct.nrrd", "plain.nrrd", "colours.nrrd", "ct.nii.gz")

    @pytest.mark.parametrize("items", [*VOLUMES, "ct.png"])
    @pytest.mark.parametrize("shape", [(9, 9, 4), (5, 6, 4), (6, 5, 3)])
    def test_another_shape_is_refused_and_trust_sends_it(
        self, scans: Project, items: str, shape: tuple[int, ...]
    ) -> None:
        scans.write("seg/liver.nii.gz", nifti(np.ones(shape, np.uint8)))
        declare(scans, "seg/liver.nii.gz", MAP, items)
        said = " x ".join(map(str, shape))
        hint = refused(
            scans, f"rbsync.yaml:7:24: seg/liver.nii.gz: this segmentation is {said} voxels, but"
        )
        assert "write `grid: trust` beside `segmentations`" in hint
        declare(scans, "seg/liver.nii.gz", MAP + TRUST, items)
        assert counts(scans) == {"liver": int(np.prod(shape))}

    @pytest.mark.parametrize("items", VOLUMES)
    def test_the_same_grid_is_accepted(self, scans: Project, items: str) -> None:
        declare(scans, "seg/liver.nii.gz", MAP, items)
        ran = scans.apply()
        assert "warning" not in ran.err
        assert counts(scans, ran) == {"liver": 8}

    @pytest.mark.parametrize("items", ['"ct/*.dcm"', "ct.nrrd", "ct.nii.gz"])
    @pytest.mark.parametrize("axis", range(3))
    def test_another_place_in_the_world_is_refused(
        self, scans: Project, items: str, axis: int
    ) -> None:
        affine = AFFINE.copy()
        affine[axis, 3] += 1.4
        scans.write("seg/liver.nii.gz", nifti(structure(0, 8), affine))
        declare(scans, "seg/liver.nii.gz", MAP, items)
        hint = refused(scans, "this segmentation lies elsewhere in the world than its scan `ct")
        assert "write `grid: trust` beside `segmentations`" in hint
        declare(scans, "seg/liver.nii.gz", MAP + TRUST, items)
        assert counts(scans) == {"liver": 8}

    @pytest.mark.parametrize("axis", range(3))
    def test_slices_of_dicom_have_no_order_of_their_own(self, scans: Project, axis: int) -> None:
        """dcm2niix turns the rows, and slices come in the order of their names."""
        affine = AFFINE.copy()
        affine[:, 3] += affine[:, axis] * (SHAPE[axis] - 1)
        affine[:, axis] *= -1
        scans.write("seg/liver.nii.gz", nifti(np.flip(structure(0, 8), axis), affine))
        declare(scans, "seg/liver.nii.gz", MAP, '"ct/*.dcm"')
        assert counts(scans) == {"liver": 8}

    @pytest.mark.parametrize("kind", ["one axis flipped", "slices first", "all axes flipped"])
    def test_a_segmentation_in_another_order_than_slices_is_turned_and_told(
        self, scans: Project, kind: str
    ) -> None:
        scans.write("seg/liver.nii.gz", nifti(*in_another_order(kind)))
        declare(scans, "seg/liver.nii.gz", MAP, '"ct/*.dcm"')
        ran = scans.apply()
        assert "this segmentation has the voxels of `ct/0.dcm` in another order" in ran.err
        assert counts(scans, ran) == {"liver": 8}

    def test_a_slice_that_is_missing_is_told(self, scans: Project) -> None:
        declare(scans, "seg/liver.nii.gz", MAP, '"ct/[0-2].dcm"')
        refused(scans, "this segmentation is 6 x 5 x 4 voxels, but its scan is 6 x 5 x 3")


class TestMixedSeries:
    """A folder of DICOM files has more than one acquisition, often."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Project:
        made = Project(tmp_path / "data")
        for number in range(3):
            made.write(f"ct/{number}.dcm", ct_slice(number))
        made.manifest("datapoints:\n  - {name: s, series: [{items: 'ct/*'}]}\n")
        return made

    @pytest.mark.parametrize(
        ("file", "told"),
        [
            (ct_slice(9, series="1.2.3.2"), "are of 2 series, such as `ct/0.dcm`, `ct/x.dcm`"),
            (ct_slice(9, patient="B"), "are of 2 patients, such as `ct/0.dcm`, `ct/x.dcm`"),
            (
                ct_slice(9, orientation=r"0\1\0\0\0\-1"),
                "are of 2 orientations, such as `ct/0.dcm`, `ct/x.dcm`",
            ),
            (dicom(9, rows=4, columns=4), "are of 2 sizes, such as `ct/0.dcm`, `ct/x.dcm`"),
            (ct_slice(1), "`ct/x.dcm` is `ct/1.dcm` again: one slice is twice in `s`"),
            (
                ct_slice(8, instance="1.2.3.4.2"),
                "`ct/x.dcm` is `ct/2.dcm` again: one slice is twice in `s`",
            ),
        ],
    )
    def test_what_the_files_do_not_share_is_told(
        self, folder: Project, file: bytes, told: str
    ) -> None:
        folder.write("ct/x.dcm", file)
        ran = folder.run("plan")
        assert ran.code == 0
        assert "warning: rbsync.yaml:3:5: " in ran.err
        assert told in ran.err
        assert told in folder.run("plan").err
        (folder.folder / "ct/x.dcm").unlink()
        assert "warning" not in folder.run("plan").err

    @pytest.mark.parametrize(
        ("number", "name"),
        [
            ("66.4", "segmentation (SEG)"),
            ("481.3", "set of structures (RTSTRUCT)"),
            ("481.2", "dose (RTDOSE)"),
            ("88.11", "structured report (SR)"),
            ("88.59", "selection of images (KO)"),
            ("11.1", "presentation state (PR)"),
            ("66.1", "registration"),
            ("104.1", "document"),
        ],
    )
    def test_what_is_no_slice_is_called_by_its_name(
        self, folder: Project, number: str, name: str
    ) -> None:
        kind = f"1.2.840.10008.5.1.4.1.1.{number}"
        folder.write("ct/x.dcm", ct_slice(9, kind=kind, series="1.2.3.2"))
        ran = folder.run("plan")
        assert ran.code == 0
        said = f"warning: rbsync.yaml:3:5: `ct/x.dcm` is a DICOM {name}, and no slice of `s`"
        assert said in ran.err
        # That it is of a series of its own follows from that.
        assert ran.err.count("warning") == 1
        folder.write(".rbsyncignore", "ct/x.dcm\n")
        assert "warning" not in folder.run("plan").err

    def test_a_series_of_nothing_else_is_told_nothing(self, folder: Project) -> None:
        for number in range(3):
            kind = "1.2.840.10008.5.1.4.1.1.481.2"
            folder.write(f"ct/{number}.dcm", ct_slice(number, kind=kind))
        assert "warning" not in folder.run("plan").err

    @pytest.mark.parametrize("name", ["ct/x.png", "ct/x.nii.gz"])
    def test_a_file_that_is_no_dicom_is_told(self, folder: Project, name: str) -> None:
        folder.write(name, photo(1) if name.endswith("png") else nifti(np.ones((2, 2, 2))))
        ran = folder.run("plan")
        assert ran.code == 0, ran.err
        assert f"`{name}` is no DICOM, among the DICOM files of one series" in ran.err

    def test_series_apart_are_told_nothing(self, folder: Project) -> None:
        folder.write("pet/0.dcm", ct_slice(0, series="1.2.3.2", instance="1.2.3.5"))
        folder.manifest("datapoints:\n  - {name: s, series: [{items: 'ct/*'}, {items: 'pet/*'}]}\n")
        assert "warning" not in folder.run("plan").err

    def test_the_files_of_a_plain_datapoint_are_looked_at_too(self, folder: Project) -> None:
        folder.write("ct/x.dcm", ct_slice(9, patient="B"))
        folder.manifest("datapoints:\n  - {name: s, items: [ct/0.dcm, ct/x.dcm]}\n")
        assert "the 2 DICOM files of one series are of 2 patients" in folder.run("plan").err

    @follows("` as a line into `.rbsyncignore`")
    def test_the_directory_of_a_medium_is_no_image_and_the_hint_works(
        self, folder: Project
    ) -> None:
        folder.write("ct/DICOMDIR", ct_slice(0, kind="1.2.840.10008.1.3.10"))
        hint = refused(folder, "ct/DICOMDIR: this is the directory of a DICOM medium, and no image")
        assert "write `ct/DICOMDIR` as a line into `.rbsyncignore`" in hint
        folder.write(".rbsyncignore", "ct/DICOMDIR\n")
        assert folder.run("plan").code == 0


TURNS = {
    "one axis flipped": ((0, 1, 2), (True, False, False)),
    "all axes flipped": ((0, 1, 2), (True, True, True)),
    "slices first": ((2, 0, 1), (False, False, False)),
    "as ITK and nibabel differ": ((1, 0, 2), (True, True, False)),
}


def in_another_order(kind: str) -> tuple[Any, Any]:
    """The voxels of a structure and their affine, turned: each voxel keeps its place."""
    order, flips = TURNS[kind]
    voxels, affine = structure(0, 8), AFFINE.copy()
    for axis in range(3):
        if flips[axis]:
            voxels = np.flip(voxels, axis)
            affine[:, 3] += affine[:, axis] * (SHAPE[axis] - 1)
            affine[:, axis] *= -1
    return voxels.transpose(order), affine[:, [*order, 3]]


class TestTurnedGrids:
    """Programs write the same voxels in another order, and say so in the affine."""

    def turned(self, kind: str, off: float = 0.0) -> bytes:
        """The liver of the scan's grid, in another order; ``off`` is in voxels."""
        order, flips = TURNS[kind]
        voxels, affine = structure(0, 8), AFFINE.copy()
        affine[:3, 3] += off * affine[:3, 0]
        for axis in range(3):
            if flips[axis]:
                voxels = np.flip(voxels, axis)
                affine[:, 3] += affine[:, axis] * (SHAPE[axis] - 1)
                affine[:, axis] *= -1
        return nifti(voxels.transpose(order), affine[:, [*order, 3]])

    @pytest.mark.parametrize("kind", TURNS)
    @pytest.mark.parametrize("items", ["ct.nii.gz", "ct.nrrd"])
    def test_it_is_sent_in_the_order_of_the_scan_and_told(
        self, ct: Project, kind: str, items: str
    ) -> None:
        ct.write("ct.nrrd", nrrd(more=PLACED.format(STRAIGHT)))
        ct.write("seg/liver.nii.gz", self.turned(kind, off=0.004))
        declare(ct, "seg/liver.nii.gz", MAP, items)
        for _ in range(2):
            ran = ct.run("plan")
            assert ran.code == 0, ran.err
            assert "has the voxels of `ct." in ran.err
            assert "write `grid: trust` to send the file as it is" in ran.err
        assert counts(ct) == {"liver": 8}
        image: Any = nibabel.load(ct.folder / "out/s.nii.gz")
        assert np.array_equal(np.asarray(image.dataobj) != 0, structure(0, 8) != 0)
        assert np.allclose(image.affine, AFFINE, atol=0.01)

    def test_a_scan_that_is_turned_is_a_change_of_labels(self, ct: Project) -> None:
        declare(ct, "seg/liver.nii.gz", MAP)
        assert ct.apply().code == 0
        affine = AFFINE.copy()
        affine[:, 3] += affine[:, 0] * (SHAPE[0] - 1)
        affine[:, 0] *= -1
        ct.write("ct.nii.gz", nifti(np.zeros(SHAPE, np.int16), affine))
        assert ct.actions() == ["update s items labels"]

    @pytest.mark.parametrize("off", [0.03, 0.5, 1.0])
    def test_more_than_a_hundredth_of_a_voxel_is_another_place(
        self, ct: Project, off: float
    ) -> None:
        ct.write("seg/liver.nii.gz", self.turned("one axis flipped", off))
        declare(ct, "seg/liver.nii.gz", MAP)
        refused(ct, "lies elsewhere in the world")
        declare(ct, "seg/liver.nii.gz", MAP + TRUST)
        assert counts(ct) == {"liver": 8}

    def test_files_of_one_structure_are_turned_too(self, ct: Project) -> None:
        ct.write("seg/liver.nii.gz", self.turned("slices first"))
        declare(ct, "{liver: seg/liver.nii.gz}")
        assert "in another order" in ct.run("plan").err
        assert counts(ct) == {"liver": 8}

    def test_what_is_drawn_at_the_project_comes_back_in_the_order_of_the_file(
        self, ct: Project
    ) -> None:
        ct.write("seg/liver.nii.gz", self.turned("as ITK and nibabel differ"))
        declare(ct, "seg/liver.nii.gz", MAP)
        assert ct.apply().code == 0
        before = (ct.folder / "seg/liver.nii.gz").read_bytes()
        assert ct.run("pull").code == 0
        assert (ct.folder / "seg/liver.nii.gz").read_bytes() == before
        assert ct.actions() == []


class TestNrrd:
    """As 3D Slicer and ITK write segmentations: on the scan's grid or turned, packed or not."""

    KEYS: ClassVar = {
        "raw": "encoding: raw",
        "gzip": "encoding: gzip",
        "bzip2": "encoding: bz2",
        "16 bits of the other order": "encoding: raw\nendian: big",
        "skipped bytes": "encoding: gzip\nbyte skip: 3",
        "the end of the file": "encoding: raw\nbyte skip: -1",
        "a layer": "encoding: raw",
    }

    def written(self, voxels: Any, affine: Any, kind: str = "gzip") -> bytes:
        """A file of NRRD; its space is LPS, so that x and y run against those of NIfTI."""
        lps = np.diag([-1, -1, 1, 1]) @ affine
        vectors = [f"({','.join(map(str, lps[:3, axis]))})" for axis in range(4)]
        sizes, axes = [*voxels.shape], vectors[:3]
        if kind == "a layer":
            sizes, axes = [1, *sizes], ["none", *axes]
        wide = "endian" in self.KEYS[kind]
        data = voxels.astype(">u2" if wide else "u1").tobytes(order="F")
        data = bytes(3) + data if "skip: 3" in self.KEYS[kind] else data
        packers: dict[str, Any] = {"gzip": gzip.compress, "bz2": bz2.compress}
        pack = packers.get(self.KEYS[kind].splitlines()[0].split()[-1], lambda plain: plain)
        head = (
            f"NRRD0005\n# a remark\ntype: {'ushort' if wide else 'unsigned char'}\n"
            f"dimension: {len(sizes)}\nspace: left-posterior-superior\n"
            f"sizes: {' '.join(map(str, sizes))}\nspace directions: {' '.join(axes)}\n"
            f"space origin: {vectors[3]}\n{self.KEYS[kind]}\nSegment0_Name:=liver\n\n"
        )
        packed: bytes = pack(data)
        return head.encode() + packed

    @pytest.mark.parametrize("kind", KEYS)
    def test_it_is_read_whatever_its_encoding(self, kind: str) -> None:
        file = self.written(structure(0, 8), AFFINE, kind)
        found = check_segmentation(Named(file, "liver.nrrd"), {1: "liver"}, SHAPE)
        assert not found.problems
        assert found.voxels is not None
        assert np.array_equal(found.voxels, structure(0, 8))
        assert np.allclose(found.affine, AFFINE[:3], atol=1e-6)

    @pytest.mark.parametrize("kind", ["gzip", "a layer"])
    def test_it_is_sent_as_a_label_map(self, ct: Project, kind: str) -> None:
        ct.write("seg/liver.seg.nrrd", self.written(structure(0, 8), AFFINE, kind))
        declare(ct, "seg/liver.seg.nrrd", MAP)
        ran = ct.apply()
        assert "warning" not in ran.err
        assert counts(ct, ran) == {"liver": 8}
        image: Any = nibabel.load(ct.folder / "out/s.nii.gz")
        assert np.array_equal(np.asarray(image.dataobj) != 0, structure(0, 8) != 0)
        assert np.allclose(image.affine, AFFINE, atol=1e-6)

    @pytest.mark.parametrize("turn", ["slices first", "as ITK and nibabel differ"])
    def test_it_is_sent_in_the_order_of_the_scan_and_comes_back_in_its_own(
        self, ct: Project, turn: str
    ) -> None:
        file = self.written(*in_another_order(turn))
        ct.write("seg/liver.nrrd", file)
        declare(ct, "seg/liver.nrrd", MAP)
        assert "in another order" in ct.run("plan").err
        assert counts(ct) == {"liver": 8}
        image: Any = nibabel.load(ct.folder / "out/s.nii.gz")
        assert np.array_equal(np.asarray(image.dataobj) != 0, structure(0, 8) != 0)
        assert ct.run("pull").code == 0
        assert (ct.folder / "seg/liver.nrrd").read_bytes() == file

    def test_numbers_of_the_other_byte_order_keep_it_where_they_are_drawn_anew(self) -> None:
        made: Any = nibabel.Nifti1Image
        voxels = structure(0, 8, 300, np.uint16)
        header = made(voxels, AFFINE).header.as_byteswapped(">")
        file = made(voxels, AFFINE, header).to_bytes()
        shown = LabelVolume(structure(40, 4), AFFINE[:3].astype(np.float32), {1: "liver"})
        drawn = redrawn_volume(Named(file, "liver.nii"), {300: "liver"}, shown)
        image: Any = made.from_bytes(drawn)
        assert image.header.endianness == ">"
        assert np.array_equal(np.asarray(image.dataobj), structure(40, 4, 300, np.uint16))

    @pytest.mark.parametrize("kind", KEYS)
    def test_what_is_drawn_anew_is_a_file_of_the_same_header(self, kind: str) -> None:
        file = self.written(structure(0, 8), AFFINE, kind)
        shown = LabelVolume(structure(40, 4), AFFINE[:3].astype(np.float32), {1: "liver"})
        drawn = redrawn_volume(Named(file, "liver.nrrd"), {1: "liver"}, shown)
        head = file.index(b"\n\n")
        assert drawn[:head] == file[:head]
        again = check_segmentation(Named(drawn, "liver.nrrd"), {1: "liver"})
        assert again.voxels is not None
        assert np.array_equal(again.voxels, structure(40, 4))

    @pytest.mark.parametrize(
        ("affine", "shape", "said"),
        [
            (AFFINE, (6, 5, 3), "this segmentation is 6 x 5 x 3 voxels, but"),
            (AFFINE + np.eye(4, k=3), SHAPE, "lies elsewhere in the world than its scan"),
        ],
    )
    def test_another_grid_is_refused_and_trust_sends_it(
        self, ct: Project, affine: Any, shape: tuple[int, ...], said: str
    ) -> None:
        ct.write("seg/liver.nrrd", self.written(np.ones(shape, np.uint8), affine))
        declare(ct, "seg/liver.nrrd", MAP)
        assert "write `grid: trust` beside `segmentations`" in refused(ct, said)
        declare(ct, "seg/liver.nrrd", MAP + TRUST)
        assert counts(ct) == {"liver": int(np.prod(shape))}

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("encoding: raw", "encoding: hex", "its encoding is `hex`"),
            ("encoding: raw", "encoding: raw\nline skip: 2", "its voxels do not follow its header"),
            ("encoding: raw", "encoding: raw\ndata file: a.raw", "in a file of their own"),
            ("unsigned char", "block\nblock size: 1", "its type `block` is not one of integers"),
            ("1 6 5 4", "2 6 5 2", "this segmentation has 4 dimensions, 2 x 6 x 5 x 2"),
        ],
    )
    def test_what_is_seldom_is_named_and_saved_again_it_is_read(
        self, ct: Project, old: str, new: str, said: str
    ) -> None:
        file = self.written(structure(0, 8), AFFINE, "a layer")
        ct.write("seg/liver.nrrd", file.replace(old.encode(), new.encode()))
        declare(ct, "seg/liver.nrrd", MAP)
        refused(ct, said)
        ct.write("seg/liver.nrrd", self.written(structure(0, 8), AFFINE))
        assert ct.run("plan").code == 0
