"""Photographs as they are meant to be seen."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from rbsync.pictures.photographs import read_photograph

RED, BLUE = (200, 30, 20), (10, 40, 220)


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def two_sides(size: tuple[int, int] = (32, 16)) -> Image.Image:
    """Red on the left, blue on the right."""
    made = Image.new("RGB", size, RED)
    made.paste(BLUE, (size[0] // 2, 0, *size))
    return made


def is_like(pixel: Any, colour: tuple[int, ...]) -> bool:
    return bool(np.abs(np.subtract(pixel, colour)).max() < 16)


@pytest.mark.parametrize(("orientation", "left"), [(1, RED), (2, BLUE), (3, BLUE)])
def test_a_turned_photograph_is_upright(orientation: int, left: tuple[int, ...]) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    seen = read_photograph(saved(two_sides(), "JPEG", quality=95, exif=exif))
    assert is_like(seen.getpixel((2, 8)), left)


def test_one_that_was_held_on_its_side_has_its_sides_swapped() -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    seen = read_photograph(saved(two_sides(), "JPEG", quality=95, exif=exif))
    assert seen.size == (16, 32)
    assert is_like(seen.getpixel((8, 2)), RED)


def test_sixteen_bits_are_shown_over_the_range_that_they_have() -> None:
    values = np.array([[100, 2000], [4095, 1000]], np.uint16)
    seen = np.asarray(read_photograph(saved(Image.fromarray(values))))
    assert seen[0, 0].tolist() == [0, 0, 0]
    assert seen[1, 0].tolist() == [255, 255, 255]
    assert 0 < seen[1, 1, 0] < seen[0, 1, 0] < 255


def test_what_is_clear_is_white() -> None:
    clear = Image.new("RGBA", (2, 1), (9, 9, 9, 0))
    clear.putpixel((1, 0), (*RED, 255))
    seen = read_photograph(saved(clear))
    assert seen.getpixel((0, 0)) == (255, 255, 255)
    assert seen.getpixel((1, 0)) == RED


def test_a_cmyk_jpeg_is_not_inverted() -> None:
    seen = read_photograph(saved(two_sides().convert("CMYK"), "JPEG", quality=95))
    assert is_like(seen.getpixel((4, 8)), RED)
    assert is_like(seen.getpixel((28, 8)), BLUE)


def test_a_profile_is_taken_into_account_and_a_broken_one_is_not() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert read_photograph(saved(two_sides(), icc_profile=lab)).getpixel((0, 0)) == RED
    assert read_photograph(saved(two_sides(), icc_profile=b"none")).getpixel((0, 0)) == RED


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7"])
def test_what_is_no_picture_says_so(data: bytes) -> None:
    with pytest.raises(ValueError, match="no picture"):
        read_photograph(data)
