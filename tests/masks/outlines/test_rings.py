"""Class index -> rings: exact, the same by both implementations, and those of GDAL."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from rasterio.features import shapes

from rbsync.masks import ClassIndex, Rings, label_map_of, pixel_json, trace
from rbsync.masks.identity import identity
from rbsync.masks.outlines.fill import Outline, paint
from rbsync.masks.outlines.tracing import trace_compiled, trace_with_numpy
from tests.masks.mistakes import said
from tests.masks.pictures import TEXTURES, indices, small_indices, smallest_type

Array = npt.NDArray[Any]
Ring = tuple[tuple[int, int], ...]
Named = tuple[int, bool, Ring]

slow = settings(deadline=None, suppress_health_check=list(HealthCheck))


def named_rings(rings: Rings) -> list[Named]:
    """Class, hole or not, and corners of every ring, in the order of `Rings`."""
    return [
        (int(rings.values[i]), bool(rings.holes[i]), tuple(map(tuple, rings[i].tolist())))
        for i in range(len(rings))
    ]


def undirected(ring: Ring) -> Ring:
    """A ring without its direction: of the two ways round, the one that goes right first."""
    start = min(range(len(ring)), key=lambda i: (ring[i][1], ring[i][0]))
    forth = ring[start:] + ring[:start]
    back = forth[:1] + forth[:0:-1]
    return min(forth, back)


def oracle(index: Array) -> set[Named]:
    """The rings of `rasterio.features.shapes`, connectivity 4."""
    found = shapes(index.astype(np.int32), mask=index != 0, connectivity=4)
    rings = [
        (int(value), number > 0, undirected(tuple((int(x), int(y)) for x, y in ring[:-1])))
        for shape, value in found
        for number, ring in enumerate(shape["coordinates"])
    ]
    assert len(rings) == len(set(rings))
    return set(rings)


def filled(rings: Rings, dtype: npt.DTypeLike) -> Array:
    canvas = np.zeros((rings.height, rings.width), dtype)
    for value, regions, holes in rings.by_class():
        members = [*range(regions.start, holes.stop)]
        corners = np.concatenate([rings[i] for i in members]).astype(np.int64)
        signs = np.where(rings.holes[members], -1, 1)
        paint(canvas, value, Outline(corners, rings.counts[members], signs))
    return canvas


def assert_exact(index: Array) -> None:
    by_kernel, by_numpy = trace_compiled(index), trace_with_numpy(index)
    named = named_rings(by_kernel)
    assert named == named_rings(by_numpy)
    assert {(value, hole, undirected(ring)) for value, hole, ring in named} == oracle(index)
    assert np.array_equal(filled(by_kernel, index.dtype), index)


@pytest.mark.usefixtures("built_kernel")
@slow
@given(indices())
def test_rings_are_exact_for_every_texture(index: Array) -> None:
    assert_exact(index)


@pytest.mark.usefixtures("built_kernel")
@settings(slow, max_examples=300)
@given(small_indices())
def test_rings_are_exact_for_every_small_picture(index: Array) -> None:
    assert_exact(index)


@pytest.mark.usefixtures("built_kernel")
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32])
def test_rings_do_not_depend_on_the_type_of_the_index(kind: Any) -> None:
    index = np.random.default_rng(1).integers(0, 5, (60, 70))
    assert_exact(index.astype(kind))
    assert named_rings(trace(index.astype(kind))) == named_rings(trace(index.astype(np.uint8)))


@pytest.mark.usefixtures("implementation")
class TestOtherTypes:
    INDEX = np.random.default_rng(1).integers(0, 5, (12, 13))

    @pytest.mark.parametrize(
        "kind", ["i8", "i1", ">i4", ">u2", ">u4", "u8", ">u8", np.intp, "<i2", "<u2"]
    )
    @pytest.mark.parametrize("transposed", [False, True])
    def test_integers_that_are_classes_are_converted(self, kind: Any, transposed: bool) -> None:
        index = self.INDEX.T if transposed else self.INDEX
        expected = named_rings(trace(np.ascontiguousarray(index).astype(np.uint8)))
        assert named_rings(trace(index.astype(kind))) == expected

    def test_a_plane_of_yes_and_no_is_one_class(self) -> None:
        inside = self.INDEX == 1
        assert named_rings(trace(inside)) == named_rings(trace(inside.astype(np.uint8)))

    def test_large_numbers_of_classes_keep_their_order(self) -> None:
        most = 0xFFFFFFFF
        index = np.array([[most, 1, 1 << 31, 0]], np.int64)
        assert trace(index).values.tolist() == [1, 1 << 31, most]

    @pytest.mark.parametrize(
        "index",
        [
            np.zeros((2, 3)),
            np.zeros((2, 3), np.float32),
            np.zeros((2, 3), complex),
            np.zeros((2, 3), object),
            np.zeros(3, np.uint8),
            np.zeros((2, 3, 1), np.int64),
        ],
    )
    def test_what_is_no_class_index(self, index: Array) -> None:
        words = (
            "a class index is an array of shape (h, w) and of integers; "
            f"this one has shape {index.shape} and dtype {index.dtype}"
            "\n    convert it with index.astype(np.uint8), or np.uint16 for more than 255 classes"
        )
        assert said(trace, index) == words
        assert said(ClassIndex, index, ("a",)) == words

    @pytest.mark.parametrize("value", [-1, -(1 << 63), 1 << 32])
    def test_values_that_are_no_classes(self, value: int) -> None:
        assert said(trace, np.array([[0, value, 3]])) == (
            f"this class index has the value {value:,}"
            "\n    classes are numbered from 1 to 4,294,967,295; 0 is background"
        )

    @pytest.mark.parametrize("kind", ["i8", ">u2", "i4"])
    def test_what_is_made_of_a_class_index_is_the_same(self, kind: Any) -> None:
        names = tuple("abcd")
        given, plain = (ClassIndex(self.INDEX.astype(k), names) for k in (kind, np.uint8))
        assert given.pixels.dtype == np.uint8
        assert pixel_json(given) == pixel_json(plain)
        assert label_map_of(given) == label_map_of(plain)
        assert identity(given) == identity(plain)


@settings(slow, max_examples=50)
@given(indices(side=60))
def test_rings_stand_in_the_promised_order(index: Array) -> None:
    for rings in (trace(index), trace_with_numpy(index)):
        keys = [(v, h, ring[0][1], ring[0][0]) for v, h, ring in named_rings(rings)]
        assert keys == sorted(keys)
        assert all(ring[0] == min(ring, key=lambda c: c[::-1]) for _, _, ring in named_rings(rings))


@settings(slow, max_examples=50)
@given(indices(side=60))
def test_every_ring_is_simple_and_turns_at_every_corner(index: Array) -> None:
    for _, _, ring in named_rings(trace(index)):
        assert len(set(ring)) == len(ring)
        for (x0, y0), (x1, y1), (x2, y2) in zip(
            ring, ring[1:] + ring[:1], ring[2:] + ring[:2], strict=True
        ):
            assert (x0 == x1) != (x1 == x2)
            assert (y0 == y1) != (y1 == y2)


@pytest.mark.usefixtures("built_kernel")
@pytest.mark.parametrize("classes", [255, 256, 300])
@pytest.mark.parametrize("texture", sorted(TEXTURES))
def test_rings_of_very_many_classes_at_full_size_are_exact(texture: str, classes: int) -> None:
    index = TEXTURES[texture](np.random.default_rng(classes), (200, 200), classes)
    assert_exact(smallest_type(index))


def rings_of(rows: list[str]) -> list[Named]:
    return named_rings(trace(np.array([[int(c) for c in row] for row in rows], np.uint8)))


@pytest.mark.usefixtures("implementation")
class TestPicturesThatOneCanRead:
    def test_one_pixel_is_a_square_on_the_pixel_grid(self) -> None:
        assert rings_of(["000", "010", "000"]) == [(1, False, ((1, 1), (2, 1), (2, 2), (1, 2)))]

    def test_a_full_picture_reaches_width_and_height(self) -> None:
        assert rings_of(["111", "111"]) == [(1, False, ((0, 0), (3, 0), (3, 2), (0, 2)))]

    def test_diagonal_neighbours_are_two_regions(self) -> None:
        assert rings_of(["10", "01"]) == [
            (1, False, ((0, 0), (1, 0), (1, 1), (0, 1))),
            (1, False, ((1, 1), (2, 1), (2, 2), (1, 2))),
        ]

    def test_diagonal_holes_are_two_holes(self) -> None:
        assert rings_of(["1111", "1011", "1101", "1111"])[1:] == [
            (1, True, ((1, 1), (1, 2), (2, 2), (2, 1))),
            (1, True, ((2, 2), (2, 3), (3, 3), (3, 2))),
        ]

    def test_a_hole_that_touches_its_exterior_at_a_corner_stays_a_ring_of_its_own(self) -> None:
        assert rings_of(["011", "101", "111"]) == [
            (1, False, ((1, 0), (3, 0), (3, 3), (0, 3), (0, 1), (1, 1))),
            (1, True, ((1, 1), (1, 2), (2, 2), (2, 1))),
        ]

    def test_an_island_in_a_hole_is_a_region(self) -> None:
        assert [
            (value, hole)
            for value, hole, _ in rings_of(["11111", "10001", "10101", "10001", "11111"])
        ] == [
            (1, False),
            (1, False),
            (1, True),
        ]

    def test_another_class_inside_is_a_hole_outside_and_a_region_inside(self) -> None:
        square = ((1, 1), (2, 1), (2, 2), (1, 2))
        assert rings_of(["111", "121", "111"])[1:] == [
            (1, True, (square[0], square[3], square[2], square[1])),
            (2, False, square),
        ]

    def test_two_classes_that_cross_at_a_corner_do_not_touch_each_other(self) -> None:
        assert len(rings_of(["12", "21"])) == 4

    def test_a_picture_of_background_has_no_rings(self) -> None:
        assert rings_of(["000", "000"]) == []
