"""The header of an NRRD file of a stranger is refused or read, in a moment and by its own error."""

from __future__ import annotations

import gzip

import pytest

from rbsync.masks.error import MaskError
from rbsync.masks.volumes.volume_file import open_volume

HEAD = "type: uchar\ndimension: 3\nsizes: 4 4 4\nencoding: gzip\n"
MANY = "9" * 5_000

REFUSED = {
    "a skip of thousands of digits": HEAD + f"byte skip: {MANY}\n",
    "a skip beyond all files": HEAD + "byte skip: 99999999999999\n",
    "a skip of two signs": HEAD + "byte skip: --5\n",
    "lines that are skipped": HEAD + "line skip: 99999999\n",
    "sizes of thousands of digits": HEAD.replace("4 4 4", f"{MANY} 4 4"),
    "sizes of a thousand axes": HEAD.replace("4 4 4", "4 " * 1_000),
    "sizes beyond all memory": HEAD.replace("4 4 4", "99999999 99999999 99999999"),
    "sizes whose product is 64 in 64 bits": HEAD.replace("4 4 4", "288230376151711745 8 8"),
    "another file": HEAD + "data file: ../../secret.raw\n",
    "a list of files": HEAD + "data file: LIST\n",
    "a type that drives a terminal": HEAD.replace("uchar", "\x1b]0;x\x07"),
    "text": HEAD.replace("gzip", "ascii"),
    "no end": HEAD.strip() + "\na: b" * 300_000,
    "no sizes": HEAD.replace("sizes", "size"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_segmentation_has_is_refused(name: str) -> None:
    data = f"NRRD0005\n{REFUSED[name]}\n".encode("latin-1") + gzip.compress(bytes(64))
    with pytest.raises(MaskError, match="this NRRD file cannot be read"):
        list(open_volume(data).values())


@pytest.mark.parametrize("more", ["space directions: " + "(" * 100_000, "dimension: 10", "a:=b"])
def test_what_says_nothing_of_the_voxels_is_passed_over(more: str) -> None:
    data = f"NRRD0005\n{HEAD}{more}\n\n".encode() + gzip.compress(bytes(64))
    assert sum(len(one) for one in open_volume(data).values()) == 64
