"""The compiled listing and its pure twin list the same, in the same order."""

from __future__ import annotations

import os
import shutil

import pytest

from rbsync.files import compiled_scan
from rbsync.files.listing import Listing, pure_scan, scan
from tests.files.folder import LONG_AGO, Folder

PAST_2262 = 10_000_000_000


def both(folder: Folder) -> tuple[Listing, Listing]:
    if not compiled_scan.available():
        # Where there is a compiler, a listing that was not built would be tested by nobody.
        assert not shutil.which("cc"), "build it: pip install --no-deps -e ."
        pytest.skip("this machine has no compiler")
    descriptor = os.open(folder.root / "d", os.O_RDONLY | os.O_DIRECTORY)
    try:
        return scan(descriptor, "d"), pure_scan(descriptor, "d")
    finally:
        os.close(descriptor)


def test_files_folders_links_and_what_else_there_is(folder: Folder) -> None:
    for name in ("a.png", "é.png", "new\nline", "\udcff.png", "x" * 255, ".hidden"):
        folder.write(f"d/{name}", at=LONG_AGO)
    folder.write("d/z/below")
    folder.write("d/y/below")
    folder.link("d/link", "a.png")
    folder.link("d/dangling", "\udcfe" * 200)
    os.mkfifo(folder.root / "d/pipe")
    os.utime(folder.root / "d/.hidden", (PAST_2262, PAST_2262))
    compiled, pure = both(folder)
    assert compiled == pure
    assert compiled.names == pure.names
    assert compiled.folders == ["y", "z"]
    assert compiled.links == {"link": "a.png", "dangling": "\udcfe" * 200}
    assert compiled.odd == ["pipe"]


@pytest.mark.parametrize("count", [0, 1, 5000])
def test_a_folder_of_any_size(folder: Folder, count: int) -> None:
    (folder.root / "d").mkdir()
    for number in range(count):
        (folder.root / "d" / f"{number:0100}").touch()
    compiled, pure = both(folder)
    assert compiled == pure
    assert compiled.count == len(compiled.names) == count
