"""Short ways to read a text, and to say what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from rbsync.errors import UserError
from rbsync.manifest.document import Document, read_document
from rbsync.manifest.load import load_manifest
from rbsync.manifest.manifest import Manifest
from rbsync.trust import Trust

HEAD = "version: 1\n"
FILE = "rbsync.yaml"


def read(text: str | bytes, *, strict: bool = True) -> Document:
    data = text.encode() if isinstance(text, str) else text
    return read_document(data, FILE, strict=strict)


def refusal(text: str | bytes) -> str:
    """What a text is refused with, in full."""
    with pytest.raises(UserError) as caught:
        read(text)
    return str(caught.value)


def load(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Manifest:
    """The manifest with this text, in spite of its problems. It may read all variables."""
    (folder / FILE).write_text(text, "utf-8")
    named = re.findall(r"\$\{(\w+)", text)
    trust = Trust(env=frozenset(named), config="config.toml")
    return load_manifest(folder / FILE, environ or {}, trust=trust, strict=False)


def problems(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The problems of a manifest as lines without the folder; hints follow after `|`."""
    found = load(folder, text, environ).problems
    shown = [str(one).replace(f"{folder}/{FILE}:", "") for one in found]
    return [re.sub(r"\n {4}", " | ", one) for one in shown]
