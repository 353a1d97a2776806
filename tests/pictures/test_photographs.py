"""Photographs as they are meant to be seen."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from rbsync.pictures.photographs import read_photograph
from tests.pictures.kinds import series_slice

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


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("mode", "side"), [("RGBA", 11_000), ("LA", 11_000), ("P", 9_000)])
def test_a_picture_that_takes_half_a_gigabyte_to_draw_is_not_drawn(mode: str, side: int) -> None:
    header = side.to_bytes(4, "big") * 2 + bytes([8, {"RGBA": 6, "LA": 4, "P": 3}[mode], 0, 0, 0])
    chunks = [(b"IHDR", header), (b"PLTE", bytes(3)), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        for kind, data in chunks
        if kind != b"PLTE" or mode == "P"
    )
    with pytest.raises(ValueError, match="takes more than 420 MiB to draw"):
        read_photograph(b"\x89PNG\r\n\x1a\n" + body, 240)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "I;16"])
def test_a_thumbnail_of_a_large_picture_is_made_of_fewer_pixels(mode: str) -> None:
    values = np.linspace(0, 255, 400 * 300).reshape(300, 400).astype(np.uint8)
    made = Image.fromarray(values)
    if mode == "I;16":
        made = Image.fromarray(values.astype(np.uint16) * 16)
    small = read_photograph(saved(made if mode == "I;16" else made.convert(mode)), 30)
    assert (small.mode, small.size) == ("RGB", (80, 60))
    corners = [small.getpixel(at) for at in ((0, 0), (79, 59))]
    assert [np.asarray(one)[0] < 5 for one in corners] == [True, False]


def test_dicom_that_unpacks_without_end_is_not_drawn() -> None:
    packer = zlib.compressobj(9, wbits=-15)
    zeros = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(220)), packer.flush()])
    syntax = b"\x02\0\x10\0UI\x16\x001.2.840.10008.1.2.1.99"
    head = b"\x02\0\0\0UL\x04\0" + len(syntax).to_bytes(4, "little") + syntax
    with pytest.raises(ValueError, match="it unpacks to more than 210 MiB"):
        read_photograph(bytes(128) + b"DICM" + head + zeros)


@pytest.mark.parametrize("name", ["JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless"])
def test_a_slice_that_a_scanner_packed_is_drawn_as_it_was(name: str, tmp_path: Path) -> None:
    gdcm: Any = pytest.importorskip("gdcm", reason="it packs the slices of this test")
    pixels = np.random.default_rng(2).integers(0, 500, (32, 40)).astype(np.int16)
    plain = series_slice(pixels, 1, (1, 1, 1))
    (tmp_path / "plain.dcm").write_bytes(plain)
    reader, change, writer = (
        gdcm.ImageReader(),
        gdcm.ImageChangeTransferSyntax(),
        gdcm.ImageWriter(),
    )
    reader.SetFileName(str(tmp_path / "plain.dcm"))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, name)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(tmp_path / "packed.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    packed = (tmp_path / "packed.dcm").read_bytes()
    assert len(packed) < len(plain)
    assert read_photograph(packed).tobytes() == read_photograph(plain).tobytes()
