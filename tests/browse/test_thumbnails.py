"""What is kept of thumbnails, and what has to go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rbsync.browse import thumbnails
from rbsync.browse.thumbnails import Shelf


def test_when_there_is_too_much_what_was_not_looked_at_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "LIMIT", 1000)
    for at in range(12):
        file = tmp_path / f"{at % 3}/{at}"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(bytes(100))
        os.utime(file, (at, at))
    os.utime(tmp_path / "0/0", (99, 99))
    shelf = Shelf(str(tmp_path))
    shelf.took(100)
    left = sorted(int(one.name) for one in tmp_path.rglob("*") if one.is_file())
    assert left == [0, 5, 6, 7, 8, 9, 10, 11]
    # Until the limit is reached again nothing goes.
    for at in (20, 21):
        (tmp_path / str(at)).write_bytes(bytes(100))
        shelf.took(100)
    assert sum(1 for one in tmp_path.rglob("*") if one.is_file()) == 10
