"""Printing: results to standard output, everything else to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import click

from rbsync.cli.escaping import for_terminal
from rbsync.cli.options import CommonOptions
from rbsync.cli.render.screen import NARROWEST, fitted, is_screen, width_of
from rbsync.cli.streams import flush_out, write_out
from rbsync.errors import UsageError

_PIECE = 1 << 16
STDOUT = "-"
"""A file of this name stands for what the command prints, as everywhere."""


def uses_color(common: CommonOptions, stream: Any) -> bool:
    """Tells whether a stream gets colours."""
    return common.color and not os.environ.get("NO_COLOR") and is_screen(stream)


def result(common: CommonOptions, text: str, **style: Any) -> None:
    """Prints a line of the result."""
    write_out(_line(common, text, sys.stdout, style))


def answer(common: CommonOptions, text: str, **facts: Any) -> None:
    """Prints a line of the result; its facts as a document where JSON is asked for."""
    if common.json:
        document(common, facts)
    else:
        result(common, text)


def markdown(common: CommonOptions, file: str, text: str) -> bool:
    """Writes Markdown into a file, or prints it where that is called ``-``; tells which.

    Raises UsageError where a document is printed already, and RbsyncError for a file.
    """
    if file == STDOUT:
        if common.json:
            raise UsageError("--json and --markdown - are both printed; write one into a file")
        write_out(text)
        return True
    from rbsync.written_files import write_whole

    write_whole(file, text)
    return False


def note(common: CommonOptions, text: str, **style: Any) -> None:
    """Prints a line beside the result, unless `-q` is given."""
    if not common.quiet:
        complaint(common, text, **style)


def complaint(common: CommonOptions, text: str, **style: Any) -> None:
    """Prints a line about what is wrong; also from within a signal, while another is printed."""
    line = _line(common, text, sys.stderr, style)
    # Into one log both go in the order in which they are said. What cannot be written is told when
    # the command ends.
    with suppress(OSError, RuntimeError, ValueError):
        sys.stdout.flush()
    try:
        sys.stderr.write(line)
    except RuntimeError:
        # The stream is in the middle of a line, and takes no second one from the same thread.
        with suppress(OSError):
            os.write(sys.stderr.fileno(), line.encode(errors="replace"))
    except OSError:
        # There is nowhere to say it, and that is no reason to stop what is under way.
        return


def document(
    common: CommonOptions, content: Mapping[str, Any], *, may_break_off: bool = False
) -> None:
    """Prints a JSON document, its version first; with ``--json-lines`` line by line.

    An iterator may stand in the place of a list: its entries are made as they are printed. Where
    one ``may_break_off``, nothing is printed before all of them are made.
    """
    from rbsync.documents import FORMAT_VERSION
    from rbsync.documents.text import lines, pieces

    whole = {"format_version": FORMAT_VERSION, **content}
    if common.json_lines:
        texts = lines(whole)
    else:
        texts = _whole(pieces(whole)) if may_break_off else pieces(whole)
    for text in texts:
        write_out(text)


def _whole(texts: Iterator[str]) -> Iterator[str]:
    """The texts, once all are had: no program can read half a document, and then an error."""
    from tempfile import TemporaryFile

    with TemporaryFile("w+", encoding="utf-8", newline="") as kept:
        kept.writelines(texts)
        kept.seek(0)
        yield from iter(partial(kept.read, _PIECE), "")


def event(kind: str, content: Mapping[str, Any]) -> None:
    """Prints what has just happened, for ``--json-lines``."""
    from rbsync.documents.text import line

    write_out(line(kind, content))
    flush_out()


def _line(common: CommonOptions, text: str, stream: Any, style: dict[str, Any]) -> str:
    # Here, where all goes through: no caller can forget it.
    text = for_terminal(text)
    # Most lines fit the narrowest screen, and of others the width has to be asked for.
    if len(text) > NARROWEST and (width := width_of(stream)):
        text = "\n".join(fitted(line, width) for line in text.split("\n"))
    if style and uses_color(common, stream):
        text = click.style(text, **style)
    return text + "\n"
