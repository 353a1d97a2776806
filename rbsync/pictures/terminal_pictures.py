"""Pictures in a terminal: by its own protocol where it has one, else as half blocks."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Literal

import numpy as np
from PIL import Image

Protocol = Literal["kitty", "iterm2", "sixel", "blocks"]
_KITTY = frozenset({"ghostty", "WezTerm"})
_CHUNK = 4096
"""Letters of one escape sequence of kitty; longer ones are refused."""


def protocol_of(environment: Mapping[str, str]) -> Protocol:
    """The protocol of the terminal that an environment speaks of."""
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    # A multiplexer swallows what it does not know, and shows the rest as letters.
    if environment.get("TMUX") or term.startswith(("screen", "tmux")):
        return "blocks"
    if environment.get("KITTY_WINDOW_ID") or "kitty" in term or program in _KITTY:
        return "kitty"
    if program == "iTerm.app":
        return "iterm2"
    if "sixel" in term or term.startswith(("foot", "mlterm", "yaft")):
        return "sixel"
    return "blocks"


def picture_text(image: Image.Image, protocol: Protocol, columns: int, rows: int) -> str:
    """The text that makes a terminal show a picture (RGB) on so many columns and rows."""
    match protocol:
        case "blocks":
            return _blocks(_fitted(image, columns, rows * 2))
        # Whole bands of six rows: a last one that is not full would take one more line.
        case "sixel":
            return _sixel(_fitted(image, columns * 8, rows * 16 // 6 * 6))
        case "kitty":
            return _kitty(_png(_fitted(image, columns * 8, rows * 16)))
        case "iterm2":
            data = _png(_fitted(image, columns * 8, rows * 16))
            text = base64.b64encode(data).decode()
            return f"\x1b]1337;File=inline=1;size={len(data)}:{text}\x07\n"


def _fitted(image: Image.Image, width: int, height: int) -> Image.Image:
    scale = min(width / image.width, height / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    # Enlarged without blending: a mask of a few pixels keeps its edges.
    way = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST
    return image.resize(size, way)


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _blocks(image: Image.Image) -> str:
    """Two pixels a letter: the upper one is its colour, the lower one that of its ground."""
    pixels = np.asarray(image.convert("RGB"))
    if len(pixels) % 2:
        pixels = np.concatenate([pixels, pixels[-1:]])
    lines = []
    for upper, lower in zip(pixels[::2].tolist(), pixels[1::2].tolist(), strict=True):
        cells = (
            f"\x1b[38;2;{a};{b};{c};48;2;{d};{e};{f}m▀"
            for (a, b, c), (d, e, f) in zip(upper, lower, strict=True)
        )
        lines.append("".join(cells) + "\x1b[0m")
    return "\n".join(lines) + "\n"


def _kitty(data: bytes) -> str:
    text = base64.b64encode(data).decode()
    parts = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
    sent = []
    for at, part in enumerate(parts):
        # The protocol takes keys with the first piece alone.
        first = "a=T,f=100," if at == 0 else ""
        sent.append(f"\x1b_G{first}m={int(at < len(parts) - 1)};{part}\x1b\\")
    return "".join(sent) + "\n"


def _sixel(image: Image.Image) -> str:
    """Bands of six rows; each colour of a band is one line of letters, six pixels a letter."""
    # Dots of other colours would look like pixels of other classes.
    few = image.quantize(255, dither=Image.Dither.NONE)
    numbers = np.asarray(few)
    palette = np.array(few.getpalette(), int).reshape(-1, 3)
    used = np.unique(numbers)
    head = "".join(
        f"#{n};2;{palette[n][0] * 100 // 255};{palette[n][1] * 100 // 255};"
        f"{palette[n][2] * 100 // 255}"
        for n in used.tolist()
    )
    bands = []
    for top in range(0, len(numbers), 6):
        band = numbers[top : top + 6]
        weights = (1 << np.arange(len(band)))[:, None]
        rows = (
            f"#{n}" + "".join(chr(63 + bits) for bits in ((band == n) * weights).sum(0).tolist())
            for n in np.unique(band).tolist()
        )
        bands.append("$".join(rows))
    return f'\x1bPq"1;1;{image.width};{image.height}{head}{"-".join(bands)}\x1b\\\n'
