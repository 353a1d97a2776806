"""What users read when a mask is wrong, word for word."""

import io
import json
import pickle
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from rbsync.errors import Location, Problem, UserError
from rbsync.masks import (
    MaskError,
    check_same_size,
    decode_nifti,
    decode_pixel,
    encode_nifti,
    encode_pixel,
    load_class_map,
    read_class_map,
    read_mask,
    shown_size,
)
from rbsync.masks.label_maps import LabelMap, volumes_of
from tests.masks.mistakes import said
from tests.masks.pictures import painted, png
from tests.masks.png.png_parts import header_only, idat, ihdr, png_chunk, put_together

TWO = {"car": (255, 0, 0), "bus": (0, 255, 0)}
GREYS = {"low": (100, 100, 100), "high": (200, 200, 200)}


def mask_of(*rows: str) -> npt.NDArray[np.uint8]:
    """`.` is background, `c` car, `b` bus, `x` an undeclared colour, `y` another."""
    colour = {".": (0, 0, 0), "c": (255, 0, 0), "b": (0, 255, 0), "x": (250, 5, 0), "y": (0, 0, 9)}
    return np.array([[colour[letter] for letter in row] for row in rows], np.uint8)


@pytest.mark.usefixtures("implementation")
class TestUndeclaredColours:
    HINT = "add the colour to the class map or to ignore_colors, or repair the mask"

    def test_one_pixel(self) -> None:
        assert said(encode_pixel, mask_of("c..", "..x"), TWO) == (
            "undeclared colour (250, 5, 0) in 1 pixel, first at column 2, row 1; "
            f"nearest is 'car' (255, 0, 0)\n    {self.HINT}"
        )

    def test_the_file_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "m.png"
        path.write_bytes(png(mask_of("c..", "..x")))
        assert said(encode_pixel, path, TWO).startswith(f"{path}: undeclared colour (250, 5, 0) in")

    def test_several_colours_most_frequent_first(self) -> None:
        assert said(encode_pixel, mask_of("y..", ".xx"), TWO) == (
            "undeclared colour (250, 5, 0) in 2 pixels, first at column 1, row 1; nearest is 'car' "
            "(255, 0, 0); undeclared colour (0, 0, 9) in 1 pixel, first at column 0, row 0; "
            f"nearest is 'car' (255, 0, 0)\n    {self.HINT}"
        )

    def test_very_many_colours(self) -> None:
        mask = np.zeros((30, 40, 3), np.uint8)
        mask[:, :, 0], mask[:, :, 1] = np.arange(40) + 1, np.arange(30)[:, np.newaxis]
        assert said(encode_pixel, mask, TWO).endswith(
            "; and 1,197 more colours in 1,197 pixels"
            f"\n    {self.HINT}; so many colours mean smoothing or JPEG compression somewhere"
        )

    def test_counts_and_positions_hold_over_the_whole_of_a_large_picture(self) -> None:
        mask = np.zeros((2000, 300, 3), np.uint8)
        mask[1500:, 7] = (1, 2, 3)
        assert said(read_mask, mask, TWO).startswith(
            "undeclared colour (1, 2, 3) in 500 pixels, first at column 7, row 1500; nearest"
        )

    def test_black_is_no_class_when_it_is_not_ignored(self) -> None:
        assert said(encode_pixel, mask_of("c."), TWO, ignore_colors=[]).startswith(
            "undeclared colour (0, 0, 0) in 1 pixel, first at column 1, row 0; nearest is 'car'"
        )

    def test_an_empty_class_map(self) -> None:
        assert said(encode_pixel, mask_of("c"), {}).startswith(
            "undeclared colour (255, 0, 0) in 1 pixel, first at column 0, row 0; "
            "the class map is empty\n"
        )

    def test_several_ignored_colours_are_all_background(self) -> None:
        ignored = [(0, 0, 0), (250, 5, 0), (0, 0, 9)]
        assert len(encode_pixel(mask_of("cx.", "y.b"), TWO, ignored)) == 2


class TestClassMaps:
    HINT = "\n    write three integers 0-255, such as [255, 0, 0], or three fractions 0-1"

    def test_two_categories_with_one_colour(self) -> None:
        assert said(read_class_map, {"car": [9, 0, 0], "bus": [9, 0, 0]}, file="m.json") == (
            "m.json: categories 'car' and 'bus' have one colour, (9, 0, 0)"
            "\n    give each category a colour of its own, in the class map and in the masks"
        )

    def test_a_number_out_of_range(self) -> None:
        assert said(read_class_map, {"car": [256, 0, 0]}) == (
            "category 'car' has the colour [256, 0, 0], outside of the integers 0-255" + self.HINT
        )

    def test_a_fraction_among_integers(self) -> None:
        assert said(read_class_map, {"car": [0.5, 0, 0], "bus": [0, 255, 0]}) == (
            "category 'car' has the colour [0.5, 0, 0], outside of the integers 0-255" + self.HINT
        )

    @pytest.mark.parametrize(
        "value",
        [[1, 2], [1, 2, 3, 4], "red", None, [1, 2, True], ["1", 2, 3], [1, 2, float("nan")]],
    )
    def test_something_that_is_no_colour(self, value: Any) -> None:
        assert said(read_class_map, {"car": value}) == (
            f"category 'car' has the colour {value!r}, not three numbers" + self.HINT
        )

    def test_a_list(self) -> None:
        assert (
            said(read_class_map, [1])
            == "a class map is an object {category: [r, g, b]}" + self.HINT
        )

    def test_a_file_that_is_no_json(self, tmp_path: Path) -> None:
        path = tmp_path / "class_map.json"
        path.write_text("{")
        assert said(load_class_map, path).startswith(
            f"{path}: this is not JSON: Expecting property"
        )

    def test_a_class_that_is_background_too(self) -> None:
        assert said(encode_pixel, mask_of("c"), {"car": [255, 0, 0], "none": [0, 0, 0]}) == (
            "the colour (0, 0, 0) is both category 'none' and background"
            "\n    give the category another colour, or take it out of the class map; "
            "where black is a class, say `ignore_colors: []` or other colours there"
        )

    def test_background_that_is_no_colour(self) -> None:
        assert said(encode_pixel, mask_of("c"), TWO, [(1, 2)]) == (
            "ignore_colors has the colour (1, 2), not three numbers"
            "\n    write three integers 0-255, such as [0, 0, 0]"
        )

    def test_integers_are_taken_as_they_are(self) -> None:
        assert read_class_map({"a": [1, 0, 1], "b": [0, 0, 1]}) == {"a": (1, 0, 1), "b": (0, 0, 1)}

    def test_fractions_are_scaled_and_rounded(self, tmp_path: Path) -> None:
        path = tmp_path / "class_map.json"
        path.write_text(json.dumps({"a": [0.19215686, 0.509803, 0.741176], "b": [1, 0, 0]}))
        assert load_class_map(path) == {"a": (49, 130, 189), "b": (255, 0, 0)}


class TestPictures:
    def test_a_grey_png_with_a_class_map_of_colours(self) -> None:
        grey = png(np.zeros((2, 2), np.uint8))
        assert said(encode_pixel, grey, TWO) == (
            "this PNG is grey, but the class map has colours: category 'car' is (255, 0, 0)"
            "\n    save the mask in colour, or give every category its grey: [v, v, v]"
        )

    def test_a_grey_png_with_grey_classes_is_read(self) -> None:
        grey = png(np.array([[0, 100], [200, 0]], np.uint8))
        assert read_mask(grey, GREYS).pixels.tolist() == [[0, 1], [2, 0]]

    def test_a_one_bit_png_with_a_white_class_is_read(self) -> None:
        bits = png(Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1"))
        assert read_mask(bits, {"on": (255, 255, 255)}).pixels.tolist() == [[0, 1]]

    def test_a_palette_is_expanded_to_its_colours(self) -> None:
        image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
        image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
        assert read_mask(png(image), TWO).pixels.tolist() == [[0, 1, 2]]
        assert read_mask(png(image, transparency=0), TWO).pixels.tolist() == [[0, 1, 2]]
        assert read_mask(png(image, transparency=1), TWO).pixels.tolist() == [[0, 0, 2]]

    def test_transparent_pixels_are_background_unless_alpha_is_ignored(self) -> None:
        rgba = np.dstack([mask_of("c.b"), np.array([[0, 7, 255]], np.uint8)])
        index = read_mask(png(rgba), TWO)
        assert (index.pixels.tolist(), index.transparent) == ([[0, 0, 2]], 1)
        assert read_mask(png(rgba), TWO, alpha="ignore").pixels.tolist() == [[1, 0, 2]]
        without = np.ascontiguousarray(rgba[:, [0, 2]])
        assert read_mask(png(without), TWO, ignore_colors=()).pixels.tolist() == [[0, 2]]

    def test_partly_transparent_pixels_are_neither_class_nor_background(self) -> None:
        rgba = np.dstack([mask_of("ccb"), np.array([[255, 7, 255]], np.uint8)])
        assert said(read_mask, png(rgba), TWO) == (
            "some pixels of this mask are neither a class nor background: they are partly "
            "transparent, 1 of them, first at column 1, row 0"
            "\n    write `alpha: ignore` to take the colours as they are"
        )

    @pytest.mark.parametrize("colour_type", [0, 2, 6])
    def test_sixteen_bits(self, colour_type: int) -> None:
        assert said(encode_pixel, header_only(4, 4, 16, colour_type), TWO) == (
            "this PNG has 16 bits a channel; a mask has 8"
            "\n    save the mask with 8 bits a channel: colours would be rounded otherwise"
        )

    def test_a_real_sixteen_bit_png(self) -> None:
        deep = png(Image.fromarray(np.full((3, 3), 700, np.uint16)))
        assert said(encode_pixel, deep, GREYS).startswith("this PNG has 16 bits a channel")

    def test_a_decompression_bomb_is_refused_before_it_is_decoded(self) -> None:
        assert said(encode_pixel, header_only(100_000, 100_000), TWO) == (
            "this PNG has 100000 x 100000 = 10,000,000,000 pixels, "
            "more than the limit of 134,217,728; it was not decoded"
            "\n    if the file is meant to be that large, raise max_pixels"
        )

    def test_the_limit_is_the_callers(self) -> None:
        assert said(read_mask, png(mask_of("ccc")), TWO, max_pixels=2).startswith(
            "this PNG has 3 x 1 = 3 pixels, more than the limit of 2; it was not decoded"
        )

    def test_a_truncated_png(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(0).integers(0, 2, (200, 200))
        path = tmp_path / "m.png"
        path.write_bytes(png(painted(noise, TWO))[:-500])
        length = path.stat().st_size
        assert said(encode_pixel, path, TWO) == (
            f"{path}: this PNG is truncated or damaged: it ends at byte {length:,}, within a chunk"
            "\n    write or copy the file again"
        )

    def test_a_png_of_a_few_bytes(self) -> None:
        assert said(encode_pixel, png(mask_of("c"))[:20], TWO) == (
            "this PNG is truncated or damaged: it ends within its header"
            "\n    write or copy the file again"
        )

    def test_a_few_bytes_of_something_else(self) -> None:
        assert said(encode_pixel, b"hello", TWO).startswith("this is not a PNG file\n")

    def test_every_truncation_is_an_error_or_the_whole_picture(self) -> None:
        mask = painted(np.random.default_rng(0).integers(0, 3, (9, 9)), TWO)
        data = png(mask)
        for length in range(len(data)):
            try:
                labels = encode_pixel(data[:length], TWO)
            except MaskError:
                continue
            assert np.array_equal(decode_pixel(labels, TWO), mask)

    def test_a_jpeg(self) -> None:
        file = io.BytesIO()
        Image.fromarray(mask_of("ccc", "ccc")).save(file, "JPEG")
        assert said(encode_pixel, file.getvalue(), TWO) == (
            "this is not a PNG file"
            "\n    masks are PNG files; JPEG, for one, changes the colours at every edge"
        )

    @pytest.mark.parametrize(
        "mask", [np.zeros((4, 5)), np.zeros((4, 5, 4), np.uint8), np.zeros((0, 5, 3), np.uint8)]
    )
    def test_an_array_of_another_form(self, mask: Any) -> None:
        assert said(encode_pixel, mask, TWO) == (
            "a mask is an array of shape (m, n, 3) and dtype uint8; "
            f"this one has shape {mask.shape} and dtype {mask.dtype}"
            "\n    cut an alpha channel off with mask[:, :, :3]; convert with mask.astype(np.uint8)"
        )

    def test_a_slice_of_an_rgba_array_is_a_mask(self) -> None:
        rgba = np.dstack([mask_of("c.b"), np.full((1, 3), 255, np.uint8)])
        assert read_mask(rgba[:, :, :3], TWO).pixels.tolist() == [[1, 0, 2]]

    @pytest.mark.parametrize("value", [3, True, None, 1.5, ["m.png"], bytearray(b"x")])
    def test_what_is_neither_content_nor_path(self, value: Any) -> None:
        """3 is the number of some open file, maybe of somebody else."""
        assert said(encode_pixel, value, TWO) == (
            "a file is given as its bytes or its path, not as a value of type "
            f"{type(value).__name__}"
            "\n    write the path as text, or read the file and give its bytes"
        )

    def test_a_missing_file_is_an_oserror_that_names_it(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"missing\.png"):
            encode_pixel(tmp_path / "missing.png", TWO)


class TestSizes:
    def photograph(self, orientation: int | None) -> bytes:
        image, file = Image.new("RGB", (30, 20)), io.BytesIO()
        exif = image.getexif()
        if orientation:
            exif[0x0112] = orientation
        image.save(file, "JPEG", exif=exif)
        return file.getvalue()

    def test_mask_and_image_of_different_size(self) -> None:
        assert said(check_same_size, (4, 3), (3, 4), file="m.png") == (
            "m.png: the mask is 4 x 3 pixels, but its image is 3 x 4"
            "\n    make a mask of the image's size, as it is shown (EXIF orientation applied)"
        )
        check_same_size((4, 3), (4, 3))

    @pytest.mark.parametrize("orientation", [None, 1, 2, 3, 4])
    def test_an_upright_photograph(self, orientation: int | None) -> None:
        assert shown_size(self.photograph(orientation)) == (30, 20)

    @pytest.mark.parametrize("orientation", [5, 6, 7, 8])
    def test_a_turned_photograph(self, orientation: int) -> None:
        assert shown_size(self.photograph(orientation)) == (20, 30)

    @pytest.mark.parametrize("after_the_pixels", [False, True])
    def test_a_turned_png(self, after_the_pixels: bool) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        chunk = png_chunk(b"eXIf", exif.tobytes()[6:])
        plain = png(Image.new("RGB", (30, 20)))
        at = plain.index(b"IEND" if after_the_pixels else b"IDAT") - 4
        assert shown_size(plain) == (30, 20)
        assert shown_size(plain[:at] + chunk + plain[at:]) == (20, 30)

    @pytest.mark.parametrize("name", ["Raw profile type exif", "XML:com.adobe.xmp"])
    @pytest.mark.parametrize("after_the_pixels", [False, True])
    def test_a_png_that_is_turned_by_a_note(self, name: str, after_the_pixels: bool) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        if name.startswith("Raw"):
            note = png_chunk(b"tEXt", f"{name}\0\nexif\n99\n{exif.tobytes().hex()}".encode())
        else:
            xmp = '<a tiff:Orientation="6"/>'
            note = png_chunk(b"iTXt", f"{name}\0\0\0\0\0{xmp}".encode())
        plain = png(Image.new("RGB", (30, 20)))
        at = plain.index(b"IEND" if after_the_pixels else b"IDAT") - 4
        assert shown_size(plain[:at] + note + plain[at:]) == (20, 30)

    @pytest.mark.parametrize("notes", [b"", png_chunk(b"tEXt", b"date:create\x002024-01-01")])
    def test_a_png_of_any_size_is_measured_and_not_decoded(
        self, notes: bytes, recwarn: pytest.WarningsRecorder
    ) -> None:
        assert shown_size(put_together(ihdr(14_000, 14_000), idat(), notes)) == (14_000, 14_000)
        assert shown_size(put_together(ihdr(9_999, 9_999), idat(), notes)) == (9_999, 9_999)
        assert not recwarn.list

    @pytest.mark.parametrize("orientation", [1, 6])
    def test_a_jpeg_of_any_size(self, orientation: int, recwarn: pytest.WarningsRecorder) -> None:
        data = bytearray(self.photograph(orientation))
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = (20_000).to_bytes(2) + (30_000).to_bytes(2)
        size = (20_000, 30_000) if orientation == 6 else (30_000, 20_000)
        assert shown_size(bytes(data)) == size
        assert not recwarn.list

    def test_a_bmp_of_any_size(self, recwarn: pytest.WarningsRecorder) -> None:
        file = io.BytesIO()
        Image.new("RGB", (30, 20)).save(file, "BMP")
        data = bytearray(file.getvalue())
        assert shown_size(bytes(data)) == (30, 20)
        data[18:26] = struct.pack("<II", 30_000, 20_000)
        assert shown_size(bytes(data)) == (30_000, 20_000)
        assert not recwarn.list

    def test_a_png_that_was_cut_off(self) -> None:
        noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)
        assert said(shown_size, png(noise)[:-2000]).startswith("the header of this image cannot")

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF", "ignore:Tag data larger")
    @pytest.mark.parametrize("orientation", [None, 6])
    def test_damaged_images_are_measured_or_refused(self, orientation: int | None) -> None:
        whole, rng = self.photograph(orientation), np.random.default_rng(0)
        for _ in range(1000):
            data = bytearray(whole[: rng.integers(2, len(whole))] if rng.random() < 0.2 else whole)
            for at in rng.integers(0, len(data), rng.integers(1, 5)):
                data[at] = rng.integers(0, 256)
            try:
                shown_size(bytes(data))
            except MaskError:
                continue

    def test_a_text_file(self) -> None:
        assert said(shown_size, b"hello") == (
            "the header of this image cannot be read\n    images of masks are PNG, JPEG or BMP"
        )


class TestLabels:
    HINT = "\n    export the labels again, or correct the file"

    def label(self, *ring: Any, size: Any = (4, 4), name: str = "car") -> dict[str, Any]:
        return {
            "category": [["object", name]],
            "pixel": {"imagesize": size, "regions": [list(ring)], "holes": None},
        }

    def test_a_category_that_the_class_map_lacks(self) -> None:
        assert said(decode_pixel, [self.label(name="tram")], TWO) == (
            "a label has the category 'tram', which the class map lacks"
            "\n    add the category and its colour to the class map"
        )

    def test_a_category_of_another_form(self) -> None:
        assert said(decode_pixel, [self.label() | {"category": "tram"}], TWO).startswith(
            "a label has"
        )
        assert said(decode_pixel, [self.label() | {"category": None}], TWO) == (
            'a label has the category None, not [["object", NAME]]' + self.HINT
        )

    def test_different_sizes(self) -> None:
        labels = [self.label(size=[4, 4]), self.label(size=[5, 4])]
        assert said(decode_pixel, labels, TWO) == (
            "labels of one picture have different sizes: 4 x 4, 5 x 4" + self.HINT
        )

    def test_no_size(self) -> None:
        assert said(decode_pixel, [self.label(size=None)], TWO) == (
            "a label has no imagesize [width, height] of two positive numbers" + self.HINT
        )

    def test_no_label(self) -> None:
        assert said(decode_pixel, [], TWO) == (
            "there is no pixel label to take the size of the picture from\n    give imagesize"
        )

    @pytest.mark.parametrize("size", [[0, 4], [4], [float("inf"), 4], [float("nan"), 4], "ab"])
    def test_a_size_that_is_none(self, size: Any) -> None:
        assert said(decode_pixel, [self.label(size=size)], TWO).startswith(
            "a label has no imagesize"
        )

    @pytest.mark.parametrize(
        "size", [(0, 5), (-1, 5), (4,), (1, 2, 3), "ab", (float("nan"), 1), (None, 1), 7]
    )
    def test_an_imagesize_that_is_none(self, size: Any) -> None:
        assert said(decode_pixel, [], TWO, imagesize=size) == (
            f"the imagesize {size!r} is not (width, height)\n    give two positive numbers"
        )

    @pytest.mark.parametrize("value", ["a", 1.5, float("inf"), [1], {}])
    def test_a_value_in_a_label_map_that_is_none(self, value: Any) -> None:
        mask = mask_of("c")
        data, _ = encode_nifti(mask, TWO)
        label = {"category": [["object", "car"]], "dicom": {"instanceid": value}}
        words = f"a label has the instanceid {value!r}, not a whole number{self.HINT}"
        assert said(decode_nifti, data, [label], TWO) == words
        assert said(volumes_of, [label], [LabelMap(0, data)]) == words

    @pytest.mark.parametrize("value", ["1", 1.0, 1])
    def test_a_value_in_a_label_map_in_other_words(self, value: Any) -> None:
        data, _ = encode_nifti(mask_of("c"), TWO)
        label = {"category": [["object", "car"]], "dicom": {"instanceid": value}}
        other = {"category": [["object", "bus"]], "dicom": "none"}
        assert np.array_equal(decode_nifti(data, [label, other], TWO), mask_of("c"))

    def decoders(self) -> list[Callable[..., Any]]:
        data, labels = encode_nifti(mask_of("c."), TWO)
        drawn = encode_pixel(mask_of("c."), TWO)
        return [partial(decode_pixel, drawn, TWO), partial(decode_nifti, data, labels, TWO)]

    @pytest.mark.parametrize("colour", [(300, 0, 0), (-1, 0, 0), (0.5, 0, 0)])
    def test_a_background_out_of_range(self, colour: Any) -> None:
        shown = ", ".join(f"{number:g}" for number in colour)
        for decode in self.decoders():
            assert said(decode, background=colour) == (
                f"the background has the colour [{shown}], outside of the integers 0-255"
                + TestClassMaps.HINT
            )

    @pytest.mark.parametrize("colour", [(1, 2), (1, 2, 3, 4), "red", None, 7])
    def test_a_background_that_is_no_colour(self, colour: Any) -> None:
        for decode in self.decoders():
            assert said(decode, background=colour) == (
                f"the background has the colour {colour!r}, not three numbers" + TestClassMaps.HINT
            )

    def test_a_background_that_is_a_class_too(self) -> None:
        for decode in self.decoders():
            assert said(decode, background=(0, 255, 0)) == (
                "the colour (0, 255, 0) is both category 'bus' and background"
                "\n    give another background, or the category another colour"
            )

    def test_a_size_beyond_the_limit(self) -> None:
        assert said(decode_pixel, [self.label(size=[100_000, 100_000])], TWO) == (
            "the labels' picture has 100000 x 100000 = 10,000,000,000 pixels, "
            "more than the limit of 134,217,728; it was not drawn"
            "\n    if the picture is meant to be that large, raise max_pixels"
        )

    @pytest.mark.parametrize("far", [1e300, -1e10, float("inf"), float("nan")])
    def test_a_corner_far_away(self, far: float) -> None:
        assert said(decode_pixel, [self.label([0, 0], [far, 0], [1, 1])], TWO) == (
            f"a ring has the corner [{far:g}, 0], which is not on the pixel grid" + self.HINT
        )

    def test_a_corner_between_pixels(self) -> None:
        assert said(decode_pixel, [self.label([0, 0], [1.5, 0], [1, 1])], TWO) == (
            "a ring has the corner [1.5, 0], which is not on the pixel grid" + self.HINT
        )

    @pytest.mark.parametrize("corner", [[1], [1, 2, 3], 5, "ab", {}])
    def test_a_corner_that_is_none(self, corner: Any) -> None:
        assert said(decode_pixel, [self.label([0, 0], corner)], TWO) == (
            "a ring is not a list of [x, y]" + self.HINT
        )


def test_an_error_is_a_problem_that_callers_can_place() -> None:
    error = MaskError("damaged-png", "it is damaged", hint="copy it", file="m.png")
    assert isinstance(error, UserError)
    assert error.problems == (
        Problem("damaged-png", "it is damaged", Location("m.png"), "copy it"),
    )
    assert str(error.at(Location("rbsync.yaml", 3, 5))) == (
        "rbsync.yaml:3:5: m.png: it is damaged\n    copy it"
    )


def test_an_error_survives_the_way_from_a_worker_process() -> None:
    error = MaskError("damaged-png", "it is damaged", hint="copy it", file="m.png")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.problems, copy.hint, str(copy)) == (error.problems, error.hint, str(error))
