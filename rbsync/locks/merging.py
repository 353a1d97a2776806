"""Merge two versions of one lock file, block by block. Pure."""

from __future__ import annotations

from rbsync.locks.layout import Block
from rbsync.locks.line_format import raw
from rbsync.locks.parsing import blocks_in

_OURS, _MIDDLE, _THEIRS = b"<<<<<<< ours\n", b"=======\n", b">>>>>>> theirs\n"


def merge(name: str, base: bytes, ours: bytes, theirs: bytes) -> tuple[bytes, list[str]]:
    """The merged text, and the keys that both sides changed, which stand in it with markers.

    Raises LineError for a text that is no lock file.
    """
    before, here, there = (_by_key(name, text) for text in (base, ours, theirs))
    text: list[bytes] = []
    conflicts: list[str] = []
    for key in sorted({*before, *here, *there}, key=raw):
        was, own, other = before.get(key, b""), here.get(key, b""), there.get(key, b"")
        if own == other or other == was:
            text.append(own)
        elif own == was:
            text.append(other)
        else:
            conflicts.append(key)
            text += [_OURS, own, _MIDDLE, other, _THEIRS]
    return b"".join(text), conflicts


def _by_key(name: str, text: bytes) -> dict[str, bytes]:
    found = (block for _, block in blocks_in(name, text)) if text else ()
    return {block.key: _text(block) for block in found}


def _text(block: Block) -> bytes:
    return b"".join(line + b"\n" for line in block.lines)
