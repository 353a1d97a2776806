"""The values of grey PNGs, as they are in the file."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from rbsync.masks.error import MaskError
from rbsync.masks.png.decoding import decode_values

VALUES = [[0, 1, 255, 256], [257, 1000, 32768, 65535]]


def saved(values: list[list[int]], dtype: type) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.array(values, dtype)).save(out, "PNG")
    return out.getvalue()


def test_values_of_16_bits_are_as_they_were_saved() -> None:
    found = decode_values(saved(VALUES, np.uint16))
    assert found.dtype == np.uint16
    assert found.tolist() == VALUES


def test_values_of_8_bits_are_as_they_were_saved() -> None:
    found = decode_values(saved([[0, 7], [128, 255]], np.uint8))
    assert found.dtype == np.uint8
    assert found.tolist() == [[0, 7], [128, 255]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_picture_that_is_too_large_is_not_decoded(dtype: type) -> None:
    with pytest.raises(MaskError, match="more than the limit of 3") as caught:
        decode_values(saved([[0, 1], [2, 3]], dtype), file="a.png", max_pixels=3)
    assert caught.value.file == "a.png"


@pytest.mark.parametrize("cut", [20, 40])
def test_a_picture_of_16_bits_that_was_cut_off_is_damaged(cut: int) -> None:
    with pytest.raises(MaskError, match="damaged"):
        decode_values(saved(VALUES, np.uint16)[:-cut])
