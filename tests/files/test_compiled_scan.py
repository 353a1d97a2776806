"""The compiled listing and its pure twin list the same, in the same order."""

from __future__ import annotations

import os
import shutil
import tempfile
from array import array
from pathlib import Path

import pytest

from rbsync.files import compiled_scan
from rbsync.files.file_facts import UNSEEN, Answers, Hashed, Stat
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


SECOND = 10**9
ENDS = [-1 << 63, (1 << 63) - 1]
TIMES = sorted(
    {one + step for one in (0, *ENDS) for step in (-100 * SECOND, -SECOND, -1, 0, 1, SECOND)}
)


def test_times_at_the_ends_of_64_bits(folder: Folder) -> None:
    memory = "/dev/shm"
    if not os.access(memory, os.W_OK):
        pytest.skip("ext4 keeps no such times, and this system has no disk in memory")
    with tempfile.TemporaryDirectory(dir=memory) as name:
        roomy = Folder(Path(name))
        for at in TIMES:
            roomy.write(f"d/{at}", at=at)
        compiled, pure = both(roomy)
        assert compiled == pure
        found = dict(zip(compiled.names, compiled.stats[1::4], strict=True))
        assert found == {f"{at}": min(max(at, ENDS[0]), ENDS[1]) for at in TIMES}
        # What was listed is what is read: what differs is read again in every run.
        names = [f"d/{at}" for at in TIMES]
        assert roomy.hash(roomy.tree(), *names) == {}
        assert roomy.read[0] == len(TIMES)


@pytest.mark.parametrize("count", [0, 1, 5000])
def test_a_folder_of_any_size(folder: Folder, count: int) -> None:
    (folder.root / "d").mkdir()
    for number in range(count):
        (folder.root / "d" / f"{number:0100}").touch()
    compiled, pure = both(folder)
    assert compiled == pure
    assert compiled.count == len(compiled.names) == count


def test_what_was_read_of_some_files_is_entered_at_their_places() -> None:
    count, at = 9, 5
    listing = Listing("d", b"\0".join([b"x"] * count), array("q", range(4 * count)), [], {}, [])
    for indices in (range(count), range(3, 6), [0, 1, 4, 5, 8], [7], range(0)):
        for failed in (set(), {0}, {1, 2}, set(range(count))):
            listing.forget_all(2)
            before = listing.stats[:]
            hashed = Hashed(Stat(-1, -2, -3, -4), b"ab", 1, at)
            answers: list[Hashed | OSError] = [
                OSError() if at in failed else hashed for at in range(len(indices))
            ]
            listing.take(indices, Answers.of(answers, 2), 2)
            taken = {one for at, one in enumerate(indices) if at not in failed}
            for one in range(count):
                was = tuple(before[4 * one : 4 * one + 4])
                assert tuple(listing.stats[4 * one : 4 * one + 4]) == (
                    hashed.stat if one in taken else was
                )
                assert listing.kinds[one] == (1 if one in taken else UNSEEN)
                digest = bytes(listing.digests[2 * one : 2 * one + 2])
                assert digest == (b"ab" if one in taken else bytes(2))
            listing.stats[:] = before
