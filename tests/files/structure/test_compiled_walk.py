"""The compiled walk is sure of whole pictures alone, and of the same as its twins."""

from __future__ import annotations

import io
import random
import shutil
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from rbsync.files.kinds import BMP, CODES, JPEG, PNG, Kind
from rbsync.files.structure import CHECKS, Span, compiled_walk, fault_of
from rbsync.files.structure.compiled_walk import PngWalk, address_of, is_whole


@pytest.fixture(autouse=True)
def _built() -> None:
    if not compiled_walk.available():
        # Where there is a compiler, a walk that was not built would be tested by nobody.
        assert not shutil.which("cc"), "build it: pip install --no-deps -e ."
        pytest.skip("this machine has no compiler")


def picture(form: str, mode: str = "RGB", **settings: object) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((37, 29), 60).convert(mode).save(file, form, **settings)
    return file.getvalue()


def in_pieces(content: bytes, length: int) -> bool:
    walk = PngWalk()
    for at in range(0, len(content), length):
        piece = bytearray(content[at : at + length])
        walk.feed(address_of(piece), len(piece))
    return walk.is_whole


def sure(kind: Kind, content: bytes) -> bool:
    room = bytearray(content or b" ")
    return is_whole(CODES[kind], address_of(room), len(content))


def by_the_twin(kind: Kind, content: bytes) -> bool:
    return fault_of(kind, Span(-1, len(content), content)) is None


PICTURES = {
    "PNG": (PNG, picture("PNG")),
    "PNG of a palette": (PNG, picture("PNG", "P")),
    "PNG with bytes after its end": (PNG, picture("PNG") + bytes(9)),
    "JPEG": (JPEG, picture("JPEG")),
    "JPEG in steps": (JPEG, picture("JPEG", progressive=True)),
    "JPEG with bytes after its end": (JPEG, picture("JPEG") + bytes(9)),
    "BMP": (BMP, picture("BMP")),
    "BMP of a palette": (BMP, picture("BMP", "P")),
    "BMP of one bit": (BMP, picture("BMP", "1")),
}


@pytest.mark.parametrize("name", PICTURES)
def test_it_is_sure_of_what_is_whole(name: str) -> None:
    kind, content = PICTURES[name]
    assert sure(kind, content)
    assert by_the_twin(kind, content)


@pytest.mark.parametrize("name", PICTURES)
def test_what_it_is_sure_of_its_twin_finds_whole(name: str) -> None:
    """Cut anywhere, or with any byte changed: it never says more than the twin."""
    kind, content = PICTURES[name]
    draw = random.Random(name)
    for _ in range(300):
        end = draw.randrange(len(content))
        assert not sure(kind, content[:end]) or by_the_twin(kind, content[:end])
        changed = bytearray(content)
        changed[draw.choice((end, end % 64))] ^= 1 << draw.randrange(8)
        assert not sure(kind, bytes(changed)) or by_the_twin(kind, bytes(changed))


@pytest.mark.parametrize("length", [33, 34, 41, 64, 1000])
def test_a_png_in_pieces(length: int) -> None:
    _, content = PICTURES["PNG"]
    assert in_pieces(content, length)
    assert not in_pieces(content[:-1], length)
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 1
    assert not in_pieces(bytes(damaged), length)


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def test_no_name_of_a_chunk_is_taken_for_the_end_half_read() -> None:
    """A name like xxND becomes IEND when its first half is overwritten by that of the next."""
    _, content = PICTURES["PNG"]
    strange = content[:33] + chunk(b"aaND", b"") + content[33:]
    for length in range(33, 80):
        assert in_pieces(strange, length)


@pytest.mark.parametrize(
    "length", [0, 1, 7, 15, 63, 64, 65, 80, 255, 256, 257, 319, 511, 512, 600, 1000, 4099]
)
def test_checksums_of_any_length(length: int) -> None:
    """Long ones are taken by another instruction than short ones."""
    data = random.Random(length).randbytes(length)
    _, content = PICTURES["PNG"]
    assert sure(PNG, content[:33] + chunk(b"IDAT", data) + chunk(b"IEND", b""))
    wrong = chunk(b"IDAT", data)
    wrong = wrong[:-1] + bytes([wrong[-1] ^ 1])
    assert not sure(PNG, content[:33] + wrong + chunk(b"IEND", b""))


@pytest.mark.parametrize("depth", [1, 24, 32])
@pytest.mark.parametrize("height", [1 << 30, (1 << 31) - 1, -(1 << 31)])
@pytest.mark.parametrize("width", [1 << 30, (1 << 31) - 16, (1 << 31) - 1])
def test_the_rows_that_a_header_tells_of_may_be_more_than_a_number_holds(width, height, depth):
    content = bytearray(picture("BMP"))
    content[18:26] = struct.pack("<ii", width, height)
    content[28] = depth
    assert not sure(BMP, bytes(content))
    assert not by_the_twin(BMP, bytes(content))


@pytest.mark.parametrize("kind", [PNG, JPEG, BMP])
def test_every_walk_has_a_twin(kind: Kind) -> None:
    twin: Callable[[Span], None] = CHECKS[kind]
    assert twin.__module__.startswith("rbsync.files.structure.")
    assert not sure(kind, b"")
