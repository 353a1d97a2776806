"""The screen that a stream is shown on, if it is: its width, and lines that fit it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from rbsync.cli.render.columns import columns_of, cut

NARROWEST = 20
USUAL = 80
_DEEPEST = 12


def is_screen(stream: Any) -> bool:
    """Tells whether a stream is a terminal that can be drawn on, in colours too."""
    # What runs in an editor says `dumb`: it shows what moves a cursor as letters.
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


def width_of(stream: Any) -> int:
    """The columns of a stream's screen; 0 where it is none, and lines may be of any length."""
    if not is_screen(stream):
        return 0
    with suppress(OSError, ValueError):
        # Of this very stream: standard output may be a file, and another one the screen.
        asked = int(os.environ.get("COLUMNS") or 0)
        # Some say 0 until somebody tells them their size: `script`, `docker run -t`.
        known = asked or os.get_terminal_size(stream.fileno()).columns
        return max(NARROWEST, known) if known else USUAL
    return USUAL


def shortened(text: str, width: int) -> str:
    """A text of at most so many columns, without its middle where it is longer."""
    if columns_of(text) <= width:
        return text
    # More of the end: names of files differ there.
    end = _cut_end(text, (width - 1) * 2 // 3)
    return f"{cut(text, width - 1 - columns_of(end))}…{end}"


def _cut_end(text: str, width: int) -> str:
    return cut(text[::-1], width)[::-1]


def beside(start: str, words: str, width: int) -> str:
    """Words beside the start of a line, or below it where both do not fit the width."""
    line = f"{start}  {words}".rstrip()
    if not width or columns_of(line) <= width:
        return line
    # Most lines fit, and a start that has none of these is quicker.
    import textwrap

    indent = " " * 6
    below = textwrap.wrap(
        words,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join([start, *below])


def fitted(line: str, width: int) -> str:
    """A line on several ones of a screen of so many columns; 0 is none, and lines stay whole.

    Words stay whole, and so do commands in backticks or at the end: else nobody could copy them.
    """
    if not width or columns_of(line) <= width:
        return line
    import re
    import textwrap

    kept = re.sub(r"`[^`]*`|with: .*", lambda found: found[0].replace(" ", "\0"), line)
    start = re.match(r" +|\S+ {2,}|", line)
    first = start[0] if start else ""
    # Below the words of a list with keys; what is indented goes on further in.
    deep = min(len(first) + 4, 8) if first.startswith(" ") else len(first) or 2
    lines = textwrap.wrap(
        kept,
        width,
        subsequent_indent=" " * (deep if deep <= _DEEPEST else 4),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace("\0", " ")
