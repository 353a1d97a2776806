"""Writes the README's reference of manifest keys from the manifest's own models.

``python -m tests.readme_reference`` writes it anew, between its two marks in README.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rbsync.manifest.json_schema import manifest_schema
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES
from rbsync.sources.masked import MaskedSource

README = Path(__file__).parent.parent / "README.md"
BEGIN = "<!-- the keys of the manifest: written by `python -m tests.readme_reference` -->\n"
END = "<!-- the end of the keys -->\n"
TITLES = {
    "LocalSettings": "`backend`, kind `local`",
    "RedbrickSettings": "`backend`, kind `redbrick`",
    "Project": "`project`",
    "PolicyModel": "`policy`",
    "FilesModel": "`files`",
    "MovedModel": "an entry of `moved`",
    "Common": "`defaults`, and every source",
    "CompleteWhen": "`complete_when` of a source",
    **{one.__name__: f"`datapoints`, `{one.key}`" for _, one in DATAPOINT_SOURCES.own()},
    "MaskedSource": "`mask`, of `items`, `glob` and `frames` of `datapoints`",
    "ToolLabels": "`labels` of another tool, of `items` and `glob` of `datapoints`",
    "Series": "an entry of `series`",
    **{one.__name__: f"`masks`, `{one.key}`" for _, one in MASK_SOURCES.own()},
}
"""The title of each part; a source is called by the key that makes it one."""

WITH_MASKS = {one.__name__ for _, one in DATAPOINT_SOURCES.own() if issubclass(one, MaskedSource)}


def reference() -> str:
    """The reference: a table of one line a key for the manifest and each of its parts.

    Raises KeyError for a title of a part that is not there; a test tells of parts without one.
    """
    schema = manifest_schema()
    parts = schema["$defs"]
    shared = set(parts["Common"]["properties"])
    masked = MaskedSource.own_keys()
    some = parts["GlobSource"]["properties"]
    parts["MaskedSource"] = {"properties": {key: some[key] for key in some if key in masked}}
    lines = [*_table("the manifest", schema["properties"], set())]
    for name, title in TITLES.items():
        left_out = set() if name == "Common" else shared
        if name in WITH_MASKS:
            left_out = shared | masked
        lines += ["", *_table(title, parts[name]["properties"], left_out)]
    return "\n".join(lines) + "\n"


def _table(title: str, properties: dict[str, Any], left_out: set[str]) -> Iterator[str]:
    yield f"| {title} | |"
    yield "|---|---|"
    for key, what in properties.items():
        if key not in left_out:
            yield f"| `{key}` | {_cell(what)} |"


def _cell(what: dict[str, Any]) -> str:
    text = re.sub(r"\s+", " ", what.get("description", "")).strip()
    return text.replace("|", "\\|")


def written(readme: str) -> str:
    """The README's text with the reference as it is now."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{reference()}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
