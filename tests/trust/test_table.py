"""Each row of the table of attacks names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
ROWS = [
    line
    for line in (FOLDER / "README.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and "tried by" not in line
]


def test_every_row_has_its_test() -> None:
    assert len(ROWS) > 20
    for row in ROWS:
        path, _, name = re.findall(r"`(tests/\S+\.py(?:::\w+)?)`", row)[-1].partition("::")
        text = (ROOT / path).read_text("utf-8")
        assert re.search(rf"^def {name or 'test_'}", text, re.MULTILINE), row


def test_every_test_of_this_folder_stands_in_a_row() -> None:
    """Those of the machinery around them aside."""
    aside = {"test_table.py", "test_config.py", "test_events.py"}
    named = {one for row in ROWS for one in re.findall(r"tests/trust/(test_\w+\.py)", row)}
    assert {one.name for one in FOLDER.glob("test_*.py")} - aside == named
