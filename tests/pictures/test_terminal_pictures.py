"""Pictures in terminals: each protocol shows the pixels that it was given."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from rbsync.pictures.terminal_pictures import picture_text, protocol_of

PIXELS = np.array([[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (255, 255, 255)]], np.uint8)
IMAGE = Image.fromarray(PIXELS)


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "kitty"),
        ({"TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, "blocks"),
        ({}, "blocks"),
    ],
)
def test_a_terminal_is_known_by_its_environment(environment: dict[str, str], protocol: str) -> None:
    assert protocol_of(environment) == protocol


def test_half_blocks_have_the_upper_pixel_as_colour_and_the_lower_as_ground() -> None:
    text = picture_text(IMAGE, "blocks", 2, 1)
    assert text == ("\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[38;2;0;255;0;48;2;255;255;255m▀\x1b[0m\n")


def test_kitty_gets_the_picture_in_parts_that_it_takes() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8)
    text = picture_text(Image.fromarray(noise), "kitty", 80, 20)
    parts = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", text)
    assert [one.endswith("m=1") for one, _ in parts] == [*[True] * (len(parts) - 1), False]
    assert all(len(part) <= 4096 for _, part in parts)
    shown = Image.open(io.BytesIO(base64.b64decode("".join(part for _, part in parts))))
    assert shown.format == "PNG"
    assert shown.width / shown.height == pytest.approx(1.5, 0.05)


def test_iterm_gets_the_picture_with_its_size() -> None:
    found = re.fullmatch(
        r"\x1b\]1337;File=inline=1;size=(\d+):(.*)\x07\n", picture_text(IMAGE, "iterm2", 4, 2)
    )
    assert found
    data = base64.b64decode(found[2])
    assert len(data) == int(found[1])
    assert Image.open(io.BytesIO(data)).format == "PNG"


def test_sixels_are_the_pixels() -> None:
    text = picture_text(IMAGE, "sixel", 1, 1)
    assert text.startswith("\x1bPq")
    assert text.endswith("\x1b\\\n")
    shown = _read_sixel(text)
    assert shown[0, 0] == (100, 0, 0)
    assert shown[max(shown)] == (100, 100, 100)


def _read_sixel(text: str) -> dict[tuple[int, int], tuple[int, ...]]:
    """The colours (in percent) by (row, column)."""
    body = text.removeprefix("\x1bPq").removesuffix("\x1b\\\n")
    body = re.sub(r'^"[\d;]+', "", body)
    colours = {
        int(one[0]): tuple(map(int, one[1:]))
        for one in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", body)
    }
    bands = re.sub(r"#\d+;2;\d+;\d+;\d+", "", body).split("-")
    shown = {}
    for top, band in enumerate(bands):
        for row in band.split("$"):
            number, letters = re.fullmatch(r"#(\d+)(.*)", row, re.DOTALL).groups()
            for column, letter in enumerate(letters):
                for bit in range(6):
                    if (ord(letter) - 63) >> bit & 1:
                        shown[top * 6 + bit, column] = colours[int(number)]
    return shown
