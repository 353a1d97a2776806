"""The `nifti` encoding, NIfTI files in general, and segmentations of a series."""

import gzip
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

import nibabel
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings

from rbsync.masks import (
    MaskError,
    check_segmentation,
    decode_nifti,
    encode_nifti,
    read_nifti,
    write_nifti,
)
from tests.masks.mistakes import said
from tests.masks.pictures import colours, indices, painted

Array = npt.NDArray[Any]

TWO = {"car": (255, 0, 0), "bus": (0, 255, 0)}
INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")


def from_bytes(data: bytes) -> Any:
    return nibabel.Nifti1Image.from_bytes(gzip.decompress(data))


class TestMasks:
    @settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
    @given(indices())
    def test_mask_to_nifti_to_mask_is_identical(self, index: Array) -> None:
        class_map = colours(int(index.max()) or 1)
        mask = painted(index, class_map)
        assert np.array_equal(decode_nifti(*encode_nifti(mask, class_map), class_map), mask)

    @settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
    @given(indices(side=30))
    def test_nibabel_reads_the_picture_and_the_affine(self, index: Array) -> None:
        class_map = colours(int(index.max()) or 1)
        data, _ = encode_nifti(painted(index, class_map), class_map)
        image = from_bytes(data)
        assert np.array_equal(np.asarray(image.dataobj)[:, :, 0], index.T)
        assert np.array_equal(image.affine, np.diag([-1, -1, 1, 1]))
        assert image.header.get_zooms() == (1, 1, 1)
        assert image.get_data_dtype() == (np.uint8 if len(class_map) < 256 else np.uint16)

    def test_one_label_for_each_class_present_with_its_place_in_the_class_map(self) -> None:
        data, labels = encode_nifti(painted(np.array([[0, 2, 2]]), TWO), TWO)
        assert labels == [
            {
                "category": [["object", "bus"]],
                "attributes": [],
                "volumeindex": 0,
                "dicom": {"instanceid": 2},
            }
        ]
        assert from_bytes(data).shape == (3, 1, 1)

    def test_the_bytes_depend_on_the_mask_alone(self) -> None:
        mask = painted(np.arange(6).reshape(2, 3) % 3, TWO)
        assert encode_nifti(mask, TWO) == encode_nifti(mask.copy(), dict(TWO))
        assert encode_nifti(mask, TWO)[0][4:10] == b"\0\0\0\0\0\xff"

    def test_more_classes_than_values(self) -> None:
        class_map = colours(65536)
        assert said(encode_nifti, np.zeros((1, 1, 3), np.uint8), class_map) == (
            "a NIfTI label map holds 65,535 classes; this class map has 65,536"
            "\n    use the encoding `pixel`, or take the classes out that the mask lacks"
        )

    def test_a_picture_longer_than_the_format_can_say(self) -> None:
        assert said(encode_nifti, np.zeros((1, 32768, 3), np.uint8), TWO) == (
            "a NIfTI-1 file holds 32,767 pixels a side; this mask has 32,768 x 1"
            "\n    use the encoding `pixel`, or cut the picture into tiles"
        )

    def test_a_value_without_a_label(self) -> None:
        data, labels = encode_nifti(painted(np.array([[1, 2]]), TWO), TWO)
        assert said(decode_nifti, data, labels[:1], TWO) == (
            "the label map has the value 2, which no label has as its instanceid"
            "\n    give the labels that belong to this file"
        )

    def test_a_volume_is_not_a_mask(self) -> None:
        assert said(decode_nifti, write_nifti(np.zeros((2, 3, 4), np.uint8)), [], TWO) == (
            "this label map has the shape (2, 3, 4); a mask is one slice"
            "\n    masks are (width, height, 1); use the NIfTI file itself for a volume"
        )


class TestFiles:
    @pytest.mark.parametrize("packed", [True, False])
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("version", [nibabel.Nifti1Image, nibabel.Nifti2Image])
    @pytest.mark.parametrize("kind", [*INTEGERS, "float32", "float64"])
    def test_what_nibabel_writes_is_read(
        self, kind: str, version: Any, order: Literal["<", ">"], packed: bool
    ) -> None:
        voxels = np.random.default_rng(0).integers(0, 100, (5, 4, 3)).astype(kind)
        header = version.header_class(endianness=order)
        header.set_data_dtype(np.dtype(kind).newbyteorder(order))
        data = version(voxels, np.eye(4), header, dtype=kind).to_bytes()
        read = read_nifti(gzip.compress(data) if packed else data).voxels
        assert np.array_equal(read, voxels)
        assert read.dtype.newbyteorder("=") == kind

    def test_scaling_is_applied(self) -> None:
        image = nibabel.Nifti1Image(np.array([[[0.5, 1.0], [1.5, 2.0]]]), np.eye(4))
        image.set_data_dtype(np.int16)
        expected = nibabel.Nifti1Image.from_bytes(image.to_bytes()).get_fdata()
        assert np.allclose(read_nifti(image.to_bytes()).voxels, expected)

    @pytest.mark.parametrize("kind", [*INTEGERS, "float32", "float64"])
    def test_what_is_written_nibabel_reads(self, kind: str) -> None:
        voxels = np.arange(24).reshape(2, 3, 4).astype(kind)
        image = from_bytes(write_nifti(voxels))
        assert np.array_equal(np.asarray(image.dataobj), voxels)
        assert image.get_data_dtype() == kind

    @pytest.mark.parametrize(
        ("shape", "shown"),
        [
            ((32768, 1, 1), "32,768 x 1 x 1"),
            ((1, 2, 40000), "1 x 2 x 40,000"),
            ((2, 0, 1), "2 x 0 x 1"),
            ((1,) * 8, "1 x 1 x 1 x 1 x 1 x 1 x 1 x 1"),
            ((), "none"),
        ],
    )
    def test_a_shape_that_the_format_cannot_say(self, shape: Any, shown: str) -> None:
        assert said(write_nifti, np.zeros(shape, np.uint8)) == (
            "a NIfTI-1 file holds 1 to 7 dimensions of 1 to 32,767 voxels; "
            f"this volume has {shown}"
            "\n    cut the volume into smaller ones, or write it as NIfTI-2 with another program"
        )

    def test_the_longest_side(self) -> None:
        voxels = np.arange(32767, dtype=np.uint16).reshape(-1, 1, 1)
        assert np.array_equal(read_nifti(write_nifti(voxels)).voxels, voxels)

    def test_every_truncation_is_an_error(self) -> None:
        data = write_nifti(np.arange(60, dtype=np.uint16).reshape(3, 4, 5))
        for whole in (data, gzip.decompress(data)):
            for length in range(len(whole)):
                with pytest.raises(MaskError):
                    read_nifti(whole[:length])

    def test_a_file_of_another_kind(self) -> None:
        assert said(read_nifti, b"hello" * 200, file="a.nii") == (
            "a.nii: this is not a NIfTI file"
            "\n    label maps are NIfTI-1 or NIfTI-2 in one file, .nii or .nii.gz"
        )

    def test_voxels_that_are_no_real_numbers(self) -> None:
        complex_numbers = nibabel.Nifti1Image(np.ones((2, 2, 2), np.complex64), np.eye(4))
        assert said(read_nifti, complex_numbers.to_bytes()) == (
            "this NIfTI file cannot be read: its data type 32 is not one of "
            "integers or real numbers"
            "\n    write or copy the file again"
        )
        with pytest.raises(TypeError, match="NIfTI has no data type for complex64"):
            write_nifti(np.ones((2, 2, 2), np.complex64))

    def test_dimensions_that_cannot_be(self) -> None:
        data = bytearray(gzip.decompress(write_nifti(np.zeros((3, 4, 5), np.uint8))))
        data[42:44] = b"\xff\xff"
        assert said(read_nifti, bytes(data)) == (
            "this NIfTI file cannot be read: its dimensions [3, -1, 4, 5, 1, 1, 1, 1] are not valid"
            "\n    write or copy the file again"
        )

    def test_a_file_cut_short(self) -> None:
        data = gzip.decompress(write_nifti(np.zeros((3, 4, 5), np.uint8)))
        assert said(read_nifti, data[:-1]) == (
            "this NIfTI file cannot be read: it ends before its last voxel"
            "\n    write or copy the file again"
        )

    def test_a_file_that_unpacks_to_too_much(self) -> None:
        data = write_nifti(np.zeros((30, 40, 50), np.uint8))
        assert said(read_nifti, data, max_bytes=1000) == (
            "this NIfTI file cannot be read: it unpacks to more than 1,000 bytes"
            "\n    write or copy the file again"
        )


class TestSegmentations:
    MAP: Final = MappingProxyType({1: "liver", "2": "spleen"})
    HINT = "\n    label values are whole numbers from 0 to 65,535; is this the scan itself?"

    def problems(self, voxels: Any, segment_map: Any = MAP, scan: Any = None) -> list[str]:
        found = check_segmentation(write_nifti(np.asarray(voxels)), segment_map, scan)
        return [str(problem) for problem in found.problems]

    def test_a_good_file(self) -> None:
        voxels = np.zeros((4, 5, 6), np.int32)
        voxels[1, 2, 3] = 2
        found = check_segmentation(write_nifti(voxels), self.MAP, (4, 5, 6))
        assert (found.shape, found.values, found.unmapped, found.unused) == (
            (4, 5, 6),
            (2,),
            (),
            (1,),
        )
        assert found.problems == ()
        assert found.voxels is not None
        assert found.voxels.dtype == np.uint8
        assert np.array_equal(found.voxels, voxels)

    def test_real_numbers_that_are_whole_are_label_values(self) -> None:
        found = check_segmentation(write_nifti(np.full((2, 2, 2), 300.0)), {300: "liver"})
        assert found.voxels is not None
        assert found.voxels.dtype == np.uint16
        assert found.problems == ()

    def test_a_flat_file_is_one_slice(self) -> None:
        found = check_segmentation(write_nifti(np.ones((4, 5), np.uint8)), self.MAP, (4, 5, 1))
        assert (found.shape, found.was_flat, found.problems) == ((4, 5, 1), True, ())

    def test_dimensions_of_one_say_nothing(self) -> None:
        assert self.problems(np.ones((4, 5, 6, 1), np.uint8), scan=(4, 5, 6)) == []

    def test_values_that_the_map_lacks(self) -> None:
        assert self.problems([[[1, 7, 9]]]) == [
            "this segmentation has values that the segment map lacks: 7, 9"
            "\n    add them to segment_map"
        ]
        assert self.problems([[list(range(20))]])[0].startswith(
            "this segmentation has values that the segment map lacks: 3, 4, 5, 6, 7 and 12 more\n"
        )

    def test_another_shape_than_the_scan(self) -> None:
        assert self.problems(np.ones((4, 5, 6), np.uint8), scan=(4, 5, 7)) == [
            "this segmentation is 4 x 5 x 6 voxels, but its scan is 4 x 5 x 7"
            "\n    resample the segmentation onto the grid of its scan"
        ]

    def test_four_dimensions(self) -> None:
        assert self.problems(np.ones((4, 5, 6, 2), np.uint8)) == [
            "this segmentation has 4 dimensions, 4 x 5 x 6 x 2; label maps have 3"
            "\n    split the file: one label map for each frame, or one value for each structure"
        ]

    def test_fractions(self) -> None:
        assert self.problems([[[0.5, 1.0]]]) == [
            "this segmentation has values that are not whole numbers: 0.5" + self.HINT
        ]

    def test_values_that_are_no_numbers(self) -> None:
        assert self.problems([[[np.nan, np.inf]]]) == [
            "this segmentation has values that are not whole numbers: inf, nan" + self.HINT
        ]

    def test_negative_and_large_values_are_both_reported(self) -> None:
        assert self.problems([[[-3, 1, 70000]]]) == [
            "this segmentation has values below 0: -3" + self.HINT,
            "this segmentation has values above 65,535: 70000" + self.HINT,
        ]

    def test_the_file_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "s.nii.gz"
        path.write_bytes(write_nifti(np.full((1, 1, 1), 9, np.uint8)))
        found = check_segmentation(str(path), self.MAP)
        assert str(found.problems[0]).startswith(f"{path}: this segmentation has values")

    @pytest.mark.parametrize("key", [0, -1, 65536, "a", 1.5])
    def test_a_key_of_the_map_that_is_no_label_value(self, key: Any) -> None:
        assert said(check_segmentation, b"", {key: "liver"}) == (
            f"the segment map has the value {key!r}"
            "\n    values are whole numbers from 1 to 65,535; 0 is background"
        )
