"""Label maps of series: checked, merged, known by their meaning, and had back."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rbsync.masks import encode_nifti, read_mask
from rbsync.masks.error import MaskError
from rbsync.masks.identity import identity, identity_of_volume
from rbsync.masks.label_maps import LabelMap, identities_of, picture_of, volumes_of
from rbsync.masks.nifti.file import NiftiFile, read_nifti, write_nifti
from rbsync.masks.png.decoding import Named
from rbsync.masks.volumes.label_volume import Checked, LabelVolume, check_series
from rbsync.masks.volumes.segmentation_recipe import (
    SeriesMap,
    by_series,
    identity_of_series,
    read_study,
    study_text,
)
from tests.masks.pictures import colours, noise, painted

AFFINE = np.array([[-0.7, 0.1, 0, 90], [0, -0.7, 0.1, 80], [0, 0.05, 2.5, -400], [0, 0, 0, 1]])
MAP = {1: "liver", 2: "tumour", 300: "liver"}


def nifti(voxels: Any, affine: Any = AFFINE, version: Any = nibabel.Nifti1Image) -> bytes:
    return gzip.compress(version(voxels, affine).to_bytes(), mtime=0)


def named(*files: bytes) -> list[Named]:
    return [Named(data, f"{letter}.nii.gz") for data, letter in zip(files, "abc", strict=False)]


def volume(voxels: Any, segment_map: Any = MAP, affine: Any = AFFINE) -> LabelVolume:
    found = check_series(named(nifti(voxels, affine)), segment_map)
    assert found.volume is not None
    return found.volume


def meaning(voxels: Any, segment_map: Any = MAP, affine: Any = AFFINE) -> str:
    return identity_of_volume(volume(voxels, segment_map, affine))


def problems(checked: Checked) -> list[str]:
    return [str(one) for one in checked.problems]


def voxels(*places: tuple[tuple[int, int, int], int], kind: str = "int16") -> Any:
    made = np.zeros((4, 3, 5), kind)
    for place, value in places:
        made[place] = value
    return made


A, B, C = (1, 2, 3), (0, 0, 0), (3, 1, 4)


class TestAffine:
    @pytest.mark.parametrize("version", [nibabel.Nifti1Image, nibabel.Nifti2Image])
    def test_that_of_the_sform(self, version: Any) -> None:
        header = NiftiFile(nifti(voxels(), version=version)).header
        assert np.array_equal(header.affine, AFFINE[:3].astype(np.float32))

    @pytest.mark.parametrize("version", [nibabel.Nifti1Image, nibabel.Nifti2Image])
    @pytest.mark.parametrize("flip", [1, -1])
    def test_that_of_the_qform(self, version: Any, flip: int) -> None:
        turned: Any = np.eye(4)
        turned[:3, :3] = [[0, -2, 0], [0.8, 0, 0], [0, 0, 3 * flip]]
        turned[:3, 3] = [5, -6, 7]
        image = version(voxels(), None)
        image.set_sform(None, 0)
        image.set_qform(turned, 1)
        header = NiftiFile(gzip.compress(image.to_bytes())).header
        assert np.allclose(header.affine, turned[:3], atol=1e-5)

    def test_the_sizes_alone_where_there_is_neither(self) -> None:
        image: Any = nibabel.Nifti1Image(voxels(), None)
        image.header.set_zooms((0.5, 0.6, 4))
        image.set_sform(None, 0)
        image.set_qform(None, 0)
        header = NiftiFile(gzip.compress(image.to_bytes())).header
        assert np.allclose(header.affine, np.column_stack([np.diag([0.5, 0.6, 4]), np.zeros(3)]))

    def test_it_is_written_as_it_was_read(self) -> None:
        affine = AFFINE[:3].astype(np.float32)
        data = write_nifti(voxels(kind="uint8"), affine)
        assert np.array_equal(NiftiFile(data).header.affine, affine)
        image: Any = nibabel.Nifti1Image.from_bytes(gzip.decompress(data))
        assert np.array_equal(image.affine, affine_of_four(affine))
        assert np.allclose(image.header.get_zooms(), np.linalg.norm(AFFINE[:3, :3], axis=0))


def affine_of_four(affine: Any) -> Any:
    return np.vstack([affine, [0, 0, 0, 1]])


class TestFiles:
    def test_a_label_map_is_sent_as_it_is(self) -> None:
        for kind in ("uint8", "uint16"):
            data = nifti(voxels((A, 2), kind=kind))
            assert check_series(named(data), MAP).data() == data

    @pytest.mark.parametrize(
        "data",
        [
            nifti(voxels((A, 2), kind="int16")),
            nifti(voxels((A, 2), kind="float64")),
            nifti(voxels((A, 2), kind="uint8")[..., np.newaxis]),
            gzip.decompress(nifti(voxels((A, 2), kind="uint8"))),
        ],
        ids=["int16", "float64", "four dimensions", "not packed"],
    )
    def test_other_files_are_made_one(self, data: bytes) -> None:
        found = check_series(named(data), MAP)
        made: Any = nibabel.Nifti1Image.from_bytes(gzip.decompress(found.data()))
        assert made.get_data_dtype() == np.uint8
        assert np.array_equal(np.asarray(made.dataobj), voxels((A, 2)))
        assert np.array_equal(made.affine, affine_of_four(AFFINE[:3].astype(np.float32)))

    def test_values_beyond_a_byte_take_two(self) -> None:
        found = check_series(named(nifti(voxels((A, 300), (B, 1)))), MAP)
        read = read_nifti(found.data()).voxels
        assert read.dtype == np.uint16
        assert np.array_equal(read, voxels((A, 300), (B, 1)))

    def test_a_flat_file_is_one_slice(self) -> None:
        found = check_series(named(nifti(voxels((A, 2))[:, :, 3])), MAP)
        assert read_nifti(found.data()).voxels.shape == (4, 3, 1)

    def test_several_files_are_merged(self) -> None:
        one, other = voxels((A, 1), (B, 2)), voxels((B, 2), (C, 300))
        found = check_series(named(nifti(one), nifti(other)), MAP)
        assert found.volume is not None
        assert np.array_equal(found.volume.voxels, voxels((A, 1), (B, 2), (C, 300)))
        assert found.volume.names == MAP

    def test_files_that_contradict_each_other(self) -> None:
        one, other = voxels((A, 1), (B, 2)), voxels((A, 2), (B, 1))
        assert problems(check_series(named(nifti(one), nifti(other)), MAP)) == [
            "b.nii.gz: this segmentation and those before it say different things of 2 voxels, "
            "first of (0, 0, 0)\n    merge the files so that each voxel has one value"
        ]

    def test_files_of_other_grids(self) -> None:
        moved = AFFINE.copy()
        moved[0, 3] += 1
        elsewhere = check_series(named(nifti(voxels()), nifti(voxels(), moved)), MAP)
        assert problems(elsewhere) == [
            "b.nii.gz: this segmentation lies elsewhere in the world than `a.nii.gz` of the same "
            "series\n    resample the segmentations of a series onto the grid of its scan"
        ]
        larger = check_series(named(nifti(voxels()), nifti(np.zeros((4, 3, 6)))), MAP)
        assert problems(larger)[0].startswith(
            "b.nii.gz: this segmentation is 4 x 3 x 6 voxels, but `a.nii.gz` of the same series"
        )

    def test_every_file_is_checked(self) -> None:
        bad = [nifti(voxels((A, 9))), nifti(voxels((A, -1)))]
        assert [one.code for one in check_series(named(*bad), MAP).problems] == [
            "unmapped-values",
            "negative-values",
        ]


class TestIdentity:
    def test_numbers_and_files_have_no_part_in_it(self) -> None:
        before = meaning(voxels((A, 1), (B, 2)))
        assert meaning(voxels((A, 7), (B, 3), kind="float32"), {7: "liver", 3: "tumour"}) == before
        other = {300: "tumour", 1: "liver", 9: "spleen"}
        assert meaning(voxels((A, 1), (B, 300), kind="uint16"), other) == before
        assert meaning(voxels((A, 1), (B, 2))[..., np.newaxis]) == before

    def test_what_the_voxels_say_is_all_of_it(self) -> None:
        several = {
            meaning(voxels((A, 1), (B, 2))),
            meaning(voxels((A, 1), (C, 2))),
            meaning(voxels((A, 2), (B, 1))),
            meaning(voxels((A, 1))),
            meaning(voxels((A, 1)), {1: "tumour"}),
            meaning(voxels((A, 1), (B, 300))),
            meaning(voxels((A, 1), (B, 1))),
            meaning(voxels((A, 1))[:, :, 1:]),
            meaning(voxels((A, 1)), affine=np.eye(4)),
        }
        assert len(several) == 9

    def test_nothing_labelled_says_nothing(self) -> None:
        assert meaning(voxels()) == ""
        assert identity_of_series({0: "", 1: ""}) == ""

    def test_the_series_counts(self) -> None:
        one = meaning(voxels((A, 1)))
        assert identity_of_series({0: one}) != identity_of_series({1: one})
        assert identity_of_series({1: one, 0: ""}) == identity_of_series({1: one})

    @given(arrays.arrays(np.uint16, (3, 4, 2), elements=st.integers(0, 400)))
    def test_what_is_sent_comes_back_as_the_same(self, found: Any) -> None:
        names = {value: f"kind {value % 3}" for value in range(1, 401)}
        given_ = volume(found, names)
        labels = given_.labels(2)
        data = check_series(named(nifti(found)), names).data()
        if labels:
            wanted = identity_of_series({2: identity_of_volume(given_)})
            assert identities_of(labels, [LabelMap(2, data)])[0] == wanted


class TestPictures:
    @pytest.mark.parametrize("classes", [1, 3, 300])
    def test_a_mask_and_its_label_map_are_one(self, classes: int) -> None:
        class_map = colours(classes)
        mask = painted(noise(np.random.default_rng(1), (40, 50), classes), class_map)
        data, labels = encode_nifti(mask, class_map)
        assert identity(read_mask(mask, class_map)) in identities_of(labels, [LabelMap(0, data)])
        picture = picture_of(volumes_of(labels, [LabelMap(0, data)]))
        assert picture is not None
        assert (picture.height, picture.width) == (40, 50)

    def test_two_things_of_one_kind_are_no_mask(self) -> None:
        flat, plane = voxels((A, 1), ((0, 0, 3), 2))[:, :, 3:4], np.diag([-1, -1, 1, 1])
        assert picture_of({0: volume(flat, affine=plane)}) is not None
        instances = {1: "liver", 2: "liver"}
        assert picture_of({0: volume(flat, instances, plane)}) is None

    def test_what_lies_in_the_world_or_has_depth_is_no_mask(self) -> None:
        flat, plane = voxels((A, 1))[:, :, 3:4], np.diag([-1, -1, 1, 1])
        assert picture_of({0: volume(flat)}) is None
        assert picture_of({0: volume(voxels((A, 1)), affine=plane)}) is None
        assert picture_of({1: volume(flat, affine=plane)}) is None

    def test_a_label_without_a_voxel_is_none_of_ours(self) -> None:
        given_ = volume(voxels((A, 1)))
        data = write_nifti(given_.voxels, given_.affine)
        more = [*given_.labels(0), {"category": [["object", "x"]], "dicom": {"instanceid": 9}}]
        assert identities_of(more, [LabelMap(0, data)]) == ()

    def test_a_value_without_a_label_is_an_error(self) -> None:
        data = nifti(voxels((A, 1)))
        with pytest.raises(MaskError, match="lacks: 1"):
            volumes_of([], [LabelMap(0, data)])

    def test_two_label_maps_of_a_series_are_an_error(self) -> None:
        given_ = volume(voxels((A, 1)))
        data = write_nifti(given_.voxels)
        with pytest.raises(MaskError, match="the series 0 has several label maps"):
            volumes_of(given_.labels(0), [LabelMap(0, data), LabelMap(0, data)])


@pytest.mark.filterwarnings("error")
@given(
    st.sampled_from([nibabel.Nifti1Image, nibabel.Nifti2Image]),
    st.lists(st.tuples(st.integers(0, 543), st.integers(0, 255)), min_size=1, max_size=6),
    st.booleans(),
    st.integers(0, 700),
)
def test_a_header_of_any_bytes_is_read_or_refused(
    version: Any, changes: list[tuple[int, int]], packed: bool, cut: int
) -> None:
    data = bytearray(version(voxels((A, 1), kind="uint8"), AFFINE).to_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    whole = bytes(data[: len(data) - max(0, cut - 500)])
    with suppress(MaskError):
        found = check_series(named(gzip.compress(whole) if packed else whole), MAP)
        if found.volume is not None:
            identity_of_volume(found.volume)
            again = check_series(named(found.data()), MAP).volume
            assert again is not None
            assert identity_of_volume(again) == identity_of_volume(found.volume)


def test_a_study_is_written_down_and_read_again() -> None:
    maps = [SeriesMap(0, 1, {1: "größe"}), SeriesMap(2, 2, {300: "b", 7: "a"})]
    again = read_study(study_text(maps))
    assert again == maps
    files: Sequence[str] = ["x", "y", "z"]
    assert [list(own) for _, own in by_series(again, files)] == [["x"], ["y", "z"]]


MEASURE = """
import sys, tracemalloc
from rbsync.masks.identity import identity_of_volume
from rbsync.masks.png.decoding import Named
from rbsync.masks.volumes.label_volume import check_series

with open(sys.argv[1], "rb") as file:
    data = file.read()
tracemalloc.start()
found = check_series([Named(data, "a")], {1: "liver"})
assert identity_of_volume(found.volume)
assert found.data()
print(tracemalloc.get_traced_memory()[1])
"""


def test_a_large_volume_is_in_memory_once(tmp_path: Path) -> None:
    big = np.zeros((200, 200, 250), np.int16)
    big[40:150, 50:180, 100:200] = 1
    path = tmp_path / "big.nii.gz"
    path.write_bytes(nifti(big))
    command = [sys.executable, "-c", MEASURE, str(path)]
    peak = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert peak < big.size + (24 << 20), "one byte a voxel, and pieces of a few megabytes"


def test_a_scan_given_as_a_segmentation_is_refused_without_sorting_all_of_it() -> None:
    scan = np.random.default_rng(0).normal(0, 500, (160, 160, 160)).astype(np.float32)
    found = check_series(named(nifti(scan)), MAP)
    problem = found.problems[0]
    assert problem.code == "fractional-values"
    told = re.search(r" and at least ([0-9,]+) more$", problem.message)
    assert told is not None
    assert int(told[1].replace(",", "")) < scan.size * 0.6
