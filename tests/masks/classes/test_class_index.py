"""Colours -> classes: the same by the kernel and by NumPy, and however the picture is kept."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from rbsync.masks import read_mask
from rbsync.masks.classes import picture
from rbsync.masks.classes.class_index import classify_with_numpy
from rbsync.masks.classes.class_map import pack
from rbsync.masks.classes.colour_table import colour_table
from rbsync.masks.classes.picture import shared_pixels
from rbsync.masks.kernel import compiled
from tests.masks.pictures import Array, colours, indices, painted, png

slow = settings(deadline=None, suppress_health_check=list(HealthCheck))

COLOUR = st.tuples(*[st.integers(0, 255)] * 3)


@pytest.mark.usefixtures("built_kernel")
@slow
@given(st.lists(COLOUR, max_size=300, unique=True), st.integers(0, 5), st.sampled_from([3, 4]))
def test_every_colour_of_a_table_is_found_and_no_other(
    some: list[tuple[int, int, int]], ignored: int, step: int
) -> None:
    table = colour_table(tuple(some[ignored:]), tuple(some[:ignored]))
    stray = next(c for c in ((n, 1, 2) for n in range(256)) if c not in some)
    rows = np.repeat(np.array([*some, stray], np.uint8), 3, axis=0)
    rows = np.hstack([rows, np.full((len(rows), step - 3), 9, np.uint8)])
    expected = np.repeat([0] * ignored + list(range(1, len(some[ignored:]) + 1)), 3)
    for classify in (compiled.classify, classify_with_numpy):
        assert classify(rows, table, np.empty(len(rows), table.classes.dtype)) == 3 * len(some)
        if some:
            out = np.empty(3 * len(some), table.classes.dtype)
            assert classify(np.ascontiguousarray(rows[:-3]), table, out) == len(out)
            assert out.tolist() == expected[: len(out)].tolist()


def test_no_packed_colour_is_taken_for_an_empty_slot() -> None:
    assert pack((255, 255, 255)) in colour_table(((255, 255, 255),), ()).slots[:, 0]


@pytest.mark.usefixtures("implementation")
@settings(slow, max_examples=40)
@given(indices())
def test_arrays_files_and_pictures_in_pieces_say_the_same(index: Array) -> None:
    class_map = colours(max(1, int(index.max())))
    mask = painted(index, class_map)
    see_through = np.dstack([mask, np.where(index > 0, np.uint8(200), np.uint8(0))])
    for source in (mask, png(mask), png(see_through), np.asfortranarray(mask)):
        assert np.array_equal(read_mask(source, class_map).pixels, index)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picture, "shared_pixels", lambda _: None)
        for source in (png(mask), png(see_through)):
            assert np.array_equal(read_mask(source, class_map).pixels, index)


def test_shared_pixels_outlive_their_picture() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (300, 200, 3), np.uint8)
    image = Image.fromarray(colours)
    pixels = shared_pixels(image)
    del image
    others = [Image.new("RGB", (200, 300), (n, n, n)) for n in range(9)]
    assert len(others) == 9
    assert pixels is not None
    assert np.array_equal(pixels[:, :3].reshape(colours.shape), colours)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_picture_too_large_for_one_piece_is_read_in_strips(mode: str) -> None:
    index = np.zeros((2600, 2000), np.uint8)
    index[1234, 567] = index[2599, 1999] = 1
    mask = painted(index, {"a": (9, 8, 7)})
    image = Image.fromarray(mask).convert(mode)
    assert shared_pixels(image) is None
    data = png(image, compress_level=1)
    assert np.array_equal(read_mask(data, {"a": (9, 8, 7)}).pixels, index)
