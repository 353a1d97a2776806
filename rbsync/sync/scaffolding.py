"""Init: a first manifest for a folder, from what is in it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator

from rbsync.errors import UserError
from rbsync.files.kinds import KINDS, suffix_of

# Files that are looked at; a suffix that does not show up among them can wait.
MOST_FILES = 200_000

_ITEM_SUFFIXES = [suffix for kind in KINDS if kind.accepted for suffix in kind.suffixes if suffix]


def draft_manifest(folder: str, source: str | None) -> str:
    """The text of a manifest for a folder, or for an items list or exported folder in it.

    Raises UserError when ``source`` is neither.
    """
    lines = [*_HEAD, *(_from_source(folder, source) if source else _from_files(folder)), *_TAIL]
    return "\n".join(lines) + "\n"


_HEAD = [
    "# What this project is made of. `rbsync plan` says what it lacks, `rbsync apply` makes it so.",
    "version: 1",
    "",
    "# Without a backend, the project is a folder beside this file (.rbsync/project).",
    "# backend:",
    "#   kind: redbrick",
    "#   org_id: ${RB_ORG_ID}",
    "#   project_id: ${RB_PROJECT_ID}",
    "",
    "# What labels may say; both are checked before anything is sent.",
    "# project:",
    "#   type: IMAGE_MULTI",
    "#   taxonomy: [car, bus, person]",
    "",
]
_TAIL = [
    "",
    "# policy:",
    "#   prune: false        # delete what is not declared here any more",
]


def _from_source(folder: str, source: str) -> Iterator[str]:
    path = os.path.join(folder, source)
    # A JSON string is a YAML string, whatever is in the folder's name.
    shown = json.dumps(source.rstrip("/"), ensure_ascii=False)
    if os.path.isfile(os.path.join(path, "class_map.json")):
        yield "masks:"
        yield f"  - folder: {shown}"
    elif os.path.isfile(path) and suffix_of(source) in ("json", "jsonl", "csv"):
        yield "datapoints:"
        yield f"  - items_list: {shown}"
    else:
        raise UserError(
            f"`{source}` is neither an items list (.json, .jsonl, .csv) nor an exported folder",
            hint="an exported folder has a class_map.json in it",
        )


def _from_files(folder: str) -> Iterator[str]:
    counts = _suffixes(folder)
    found = [suffix for suffix in dict.fromkeys(_ITEM_SUFFIXES) if counts[suffix]]
    yield "datapoints:"
    if not found:
        yield "  # No image, scan or video was found here yet."
        found = ["png", "jpg"]
        allowed = True
    else:
        allowed = False
        total = sum(counts[suffix] for suffix in found)
        yield f"  # One datapoint for every file ({total:,} when this was written)."
    choice = found[0] if len(found) == 1 else "{" + ",".join(found) + "}"
    yield f'  - glob: "**/*.{choice}"'
    yield '    name: "{path}"'
    if os.path.isdir(os.path.join(folder, "labels")):
        yield '    labels: "labels/{stem}.json?"   # the ? means: if it exists'
    if allowed:
        yield "    allow_empty: true"


def _suffixes(folder: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for _, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        counts.update(suffix_of(name) for name in files if not name.startswith("."))
        # `init` in a home folder must not walk the whole disk.
        if counts.total() >= MOST_FILES:
            break
    return counts
