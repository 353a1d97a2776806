"""A PNG is read as what was written, or not at all."""

import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFile

from rbsync.masks import MaskError, read_binary_pngs, read_indexed_png, read_mask
from rbsync.masks.png.decoding import decode
from tests.masks.mistakes import said
from tests.masks.pictures import colours, painted, png
from tests.masks.png.png_parts import SIGNATURE, idat, ihdr, png_chunk, put_together

RED = b"\xff\0\0"
CAR = {"car": (255, 0, 0)}
HINT = "\n    write or copy the file again"
DAMAGED = "this PNG is truncated or damaged: "


def rgb(size: int = 12) -> bytes:
    index = np.random.default_rng(0).integers(0, 3, (size, size))
    return png(painted(index, colours(2)))


def paletted() -> bytes:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 5, (9, 9), np.uint8), "P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    return png(image)


def pixels_of(data: bytes) -> tuple[tuple[int, int], bytes]:
    image = decode(data)
    return image.size, image.convert("RGB").tobytes()


@pytest.fixture
def lenient_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As other code in the process may have it."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)


class TestDamage:
    @pytest.mark.parametrize("make", [rgb, paletted])
    def test_every_single_bit_that_flips_is_an_error_or_changes_nothing(
        self, make: Callable[[], bytes]
    ) -> None:
        data = make()
        before = pixels_of(data)
        refused = 0
        for at in range(8 * len(data)):
            flipped = bytearray(data)
            flipped[at // 8] ^= 1 << at % 8
            try:
                assert pixels_of(bytes(flipped)) == before
            except MaskError:
                refused += 1
        assert refused == 8 * len(data)

    def test_the_chunk_that_is_damaged_is_named(self) -> None:
        data = bytearray(rgb())
        data[50] ^= 1
        assert said(decode, bytes(data), file="m.png") == (
            f"m.png: {DAMAGED}the checksum of the chunk at byte 33 does not fit{HINT}"
        )

    def test_a_damaged_header(self) -> None:
        data = bytearray(rgb())
        data[19] ^= 1
        assert said(decode, bytes(data)) == f"{DAMAGED}its header does not fit its checksum{HINT}"

    @pytest.mark.usefixtures("lenient_pillow")
    def test_every_truncation_is_an_error_even_where_pillow_lets_it_pass(self) -> None:
        data = rgb()
        for length in range(len(data)):
            with pytest.raises(MaskError):
                decode(data[:length])

    def test_a_file_without_its_end(self) -> None:
        data = rgb()
        assert said(decode, data[:-12]) == (
            f"{DAMAGED}it ends at byte {len(data) - 12:,}, without its last chunk{HINT}"
        )

    @pytest.mark.usefixtures("lenient_pillow")
    @pytest.mark.parametrize("rows", [0, 1, 3])
    def test_pixels_that_end_in_good_order_but_too_early(self, rows: int) -> None:
        data = put_together(ihdr(2, 4), idat(*[RED * 2] * rows))
        assert said(decode, data) == f"{DAMAGED}not enough image data{HINT}"

    def test_pixels_that_do_not_unpack(self) -> None:
        data = put_together(ihdr(2, 4), png_chunk(b"IDAT", b"no zlib data at all"))
        assert said(decode, data) == f"{DAMAGED}cannot decode image data{HINT}"

    def test_a_mask_in_many_chunks_of_few_bytes(self) -> None:
        packed = zlib.compress((b"\0" + RED * 2) * 4)
        parts = [png_chunk(b"IDAT", packed[at : at + 1]) for at in range(len(packed))]
        assert pixels_of(put_together(ihdr(2, 4), *parts)) == ((2, 4), RED * 8)

    def test_only_mask_errors_come_of_odd_files(self) -> None:
        for data in odd_files(1500):
            try:
                decode(data, max_pixels=1 << 16)
            except MaskError:
                continue


def odd_files(number: int) -> Iterator[bytes]:
    """Chunks of odd content in odd order, with checksums that fit."""
    rng = np.random.default_rng(0)
    kinds = [b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"iCCP", b"zTXt", b"acTL", b"fcTL", b"fdAT"]
    for _ in range(number):
        chunks = [ihdr(*rng.integers(0, 9, 2), *rng.choice([[8, 2], [8, 3], [1, 0], [5, 7]]))]
        for kind in rng.choice(kinds, rng.integers(1, 6)):
            content = rng.integers(0, 256, rng.integers(0, 40), np.uint8).tobytes()
            chunks.append(png_chunk(kind, content))
        chunks.append(idat(rng.integers(0, 9, rng.integers(0, 90), np.uint8).tobytes()))
        if rng.random() < 0.3:
            rng.shuffle(chunks)
        yield put_together(*chunks)


class TestOrder:
    SECOND_HEADER = (
        DAMAGED + "it has the chunk 'IHDR' at byte 33, where PLTE or IDAT belongs" + HINT
    )

    @pytest.mark.parametrize("second", [ihdr(12000, 12000), ihdr(4, 3, 16), ihdr(4, 3)])
    def test_a_second_header(self, second: bytes) -> None:
        assert said(decode, put_together(ihdr(4, 3), second, idat(RED))) == self.SECOND_HEADER

    def test_a_palette_after_the_pixels(self) -> None:
        late = put_together(ihdr(1, 1, 8, 3), idat(b"\0"), png_chunk(b"PLTE", RED))
        assert said(decode, late).endswith(
            f"it has the chunk 'PLTE' at byte {8 + 25 + len(idat(b'1'))}, "
            f"where IDAT or IEND belongs{HINT}"
        )

    def test_a_chunk_that_nobody_knows_but_that_matters(self) -> None:
        assert said(decode, put_together(ihdr(1, 1), png_chunk(b"CgBI"), idat(RED))) == (
            f"{DAMAGED}it has the chunk 'CgBI' at byte 33, where PLTE or IDAT belongs{HINT}"
        )

    def test_no_pixels(self) -> None:
        assert said(decode, put_together(ihdr(1, 1))) == (
            f"{DAMAGED}it has the chunk 'IEND' at byte 33, where PLTE or IDAT belongs{HINT}"
        )

    @pytest.mark.parametrize(
        "note", [b"iCCP", b"zTXt", b"tEXt", b"iTXt", b"eXIf", b"acTL", b"fcTL", b"gAMA", b"tRNS"]
    )
    @pytest.mark.parametrize("content", [b"", b"x", b"\0", b"\xff" * 40])
    def test_a_note_that_cannot_be_read_does_no_harm(self, note: bytes, content: bytes) -> None:
        odd = png_chunk(note, content)
        for data in (
            put_together(ihdr(1, 1), odd, idat(RED)),
            put_together(ihdr(1, 1), idat(RED), odd),
        ):
            assert pixels_of(data) == ((1, 1), RED)

    def test_an_animation_is_its_still_picture(self) -> None:
        frame = struct.pack(">IIIIIHHBB", 0, 1, 1, 0, 0, 1, 1, 0, 0)
        data = put_together(
            ihdr(1, 2),
            png_chunk(b"acTL", struct.pack(">II", 1, 0)),
            png_chunk(b"fcTL", frame),
            idat(RED, RED),
        )
        assert pixels_of(data) == ((1, 2), RED * 2)


class TestHeaders:
    @pytest.mark.parametrize("size", [(0, 3), (3, 0), (0, 0)])
    def test_no_pixels_at_all(self, size: tuple[int, int]) -> None:
        assert said(decode, put_together(ihdr(*size), idat())) == (
            f"{DAMAGED}its header is not one of the PNG specification{HINT}"
        )

    def test_an_unknown_way_of_interlacing(self) -> None:
        assert said(decode, put_together(ihdr(1, 1, interlace=2), idat(RED))) == (
            f"{DAMAGED}its header is not one of the PNG specification{HINT}"
        )

    @pytest.mark.parametrize(("depth", "colour_type"), [(4, 2), (8, 5), (0, 0), (3, 3), (1, 6)])
    def test_an_unknown_kind_of_pixels(self, depth: int, colour_type: int) -> None:
        assert said(decode, put_together(ihdr(1, 1, depth, colour_type), idat(RED))) == (
            f"{DAMAGED}its header has {depth} bits a channel with the colour type {colour_type}, "
            f"which is no PNG{HINT}"
        )

    def test_a_row_that_is_too_long(self) -> None:
        assert said(decode, put_together(ihdr(1 << 27, 1), idat(RED))) == (
            "this PNG is 134,217,728 pixels wide, more than the 33,554,432 that can be read"
            "\n    cut the picture into tiles"
        )

    def test_many_pixels_promised_and_few_there(self) -> None:
        assert said(decode, put_together(ihdr(11_000, 11_000), idat(RED * 99))) == (
            f"{DAMAGED}not enough image data{HINT}"
        )

    def test_too_little_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> None:
            raise MemoryError

        data = rgb()
        monkeypatch.setattr(Image, "frombytes", full)
        assert said(decode, data, file="m.png") == (
            "m.png: there is not enough memory for the 12 x 12 = 144 pixels of this PNG"
            "\n    cut the picture into tiles, or convert it where there is more memory"
        )

    def test_an_interlaced_mask(self) -> None:
        mask = painted(np.random.default_rng(0).integers(0, 3, (21, 13)), colours(2))
        data = put_together(ihdr(13, 21, interlace=1), idat_of_seven(mask))
        assert pixels_of(data) == ((13, 21), mask.tobytes())


def idat_of_seven(mask: npt.NDArray[np.uint8]) -> bytes:
    """The pixels of a picture in the seven passes of Adam7."""
    starts_and_steps = [
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]  # fmt: skip
    passes = [mask[y::down, x::right] for x, y, right, down in starts_and_steps]
    return idat(*(row.tobytes() for part in passes for row in part if row.size))


class TestPalettes:
    def picture(self, *palette: tuple[int, int, int], extra: bytes = b"") -> bytes:
        """Six pixels, 0 1 2 and 0 3 3, in the given colours."""
        plte = png_chunk(b"PLTE", bytes(sum(palette, ())))
        rows = idat(b"\0\1\2", b"\0\3\3")
        return put_together(ihdr(3, 2, 8, 3), *([plte] if palette else []), extra, rows)

    BLACK, BLUE = (0, 0, 0), (0, 0, 255)
    CLASSES: ClassVar = {"car": (255, 0, 0), "bus": (0, 0, 255)}
    REPAIR = "\n    save the mask again with all of its colours in the palette, or as RGB"

    def test_numbers_beyond_the_palette(self) -> None:
        short = self.picture(self.BLACK, (255, 0, 0), self.BLUE)
        assert said(read_mask, short, self.CLASSES) == (
            "2 pixels of this PNG, first at column 1, row 1 with the number 3, have no colour: "
            f"its palette has 3 colours{self.REPAIR}"
        )

    def test_no_palette(self) -> None:
        assert said(read_mask, self.picture(), self.CLASSES) == (
            "6 pixels of this PNG, first at column 0, row 0 with the number 0, have no colour: "
            f"its palette has 0 colours{self.REPAIR}"
        )

    def test_binary_masks_need_their_colours_too(self) -> None:
        short = self.picture(self.BLACK, (255, 0, 0), self.BLUE)
        assert said(read_binary_pngs, {"car": short}).startswith("2 pixels of this PNG, first at")

    def test_the_numbers_of_an_indexed_mask_need_no_colours(self) -> None:
        index = read_indexed_png(self.picture(), {1: "one", 2: "two", 3: "three"})
        assert index.pixels.tolist() == [[0, 1, 2], [0, 3, 3]]

    @pytest.mark.parametrize("length", [4, 257 * 3])
    def test_a_palette_that_is_none(self, length: int) -> None:
        plte = png_chunk(b"PLTE", bytes(length))
        assert said(read_mask, put_together(ihdr(1, 1, 8, 3), plte, idat(b"\0")), CAR) == (
            f"{DAMAGED}its palette has {length} bytes, not 3 for each of at most 256 colours{HINT}"
        )

    @pytest.mark.parametrize("alpha", [b"\0", b"\xff\xff", b"\x80" * 300, b""])
    def test_transparency_that_hides_no_class_or_is_none_changes_nothing(
        self, alpha: bytes
    ) -> None:
        four = (self.BLACK, (255, 0, 0), self.BLUE, self.BLUE)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            data = self.picture(*four, extra=png_chunk(b"tRNS", alpha))
            assert read_mask(data, self.CLASSES).pixels.tolist() == [[0, 1, 2], [0, 2, 2]]
            read_binary_pngs({"any": data}, threshold=1)
            read_indexed_png(data, {1: "one", 2: "two", 3: "three"})


def test_a_signature_alone() -> None:
    assert said(decode, SIGNATURE) == f"{DAMAGED}it ends within its header{HINT}"
