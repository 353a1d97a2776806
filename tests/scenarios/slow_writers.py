"""A program that writes many files at once, each with pauses at random places.

``python -m tests.scenarios.slow_writers FOLDER COUNT PAUSE WAYS`` writes COUNT files of six
formats into FOLDER; PAUSE is in seconds. WAYS are letters: `w` writes, `m` writes through a
mapping, `f` does so and flushes each part, which moves the file's times, and `a` allocates a whole
NIfTI, closes it, and only then fills it through its mapping.

It prints the names of files that paused for a third longer, as programs do on a busy machine.
"""

from __future__ import annotations

import gzip
import heapq
import io
import itertools
import mmap
import os
import random
import resource
import struct
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import nibabel
import numpy as np
from PIL import Image

from tests.dicoms import dicom

PARTS = 3
SPREAD = 0.02
"""Seconds between the starts of two writers."""


def sample(number: int) -> tuple[str, bytes]:
    """A file of one of six formats: the end of its name, and its content, unlike any other."""
    suffix = list(_FORMATS)[number % len(_FORMATS)]
    return suffix, _FORMATS[suffix](number)


def _noise(number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(number).integers(0, 255, (64, 96, 3), np.uint8)


def _picture(form: str) -> Callable[[int], bytes]:
    def make(number: int) -> bytes:
        file = io.BytesIO()
        Image.fromarray(_noise(number)).save(file, form)
        return file.getvalue()

    return make


def nifti(number: int) -> bytes:
    """A volume that is not packed."""
    return bytes(nibabel.Nifti1Image(_noise(number).astype("<i2"), np.eye(4)).to_bytes())


def _nrrd(number: int) -> bytes:
    head = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 3 96 64\nencoding: raw\n\n"
    return head.encode() + _noise(number).tobytes()


def _dicom(number: int) -> bytes:
    return dicom(number % 65536, rows=96, columns=96)


def _mp4(number: int) -> bytes:
    parts = (
        (b"ftyp", b"isom\0\0\2\0isom"),
        (b"moov", bytes(40)),
        (b"mdat", _noise(number).tobytes()),
    )
    return b"".join(struct.pack(">I4s", 8 + len(data), kind) + data for kind, data in parts)


_FORMATS: dict[str, Callable[[int], bytes]] = {
    ".png": _picture("PNG"),
    ".jpg": _picture("JPEG"),
    ".nii.gz": lambda number: gzip.compress(nifti(number), 1),
    ".dcm": _dicom,
    ".nrrd": _nrrd,
    ".mp4": _mp4,
}


def _cuts(data: bytes, luck: random.Random) -> Iterator[tuple[int, int]]:
    places = sorted(luck.randrange(1, len(data)) for _ in range(PARTS - 1))
    return itertools.pairwise([0, *places, len(data)])


def _write(path: str, data: bytes, luck: random.Random) -> Iterator[None]:
    with open(path, "wb", buffering=0) as file:
        for start, end in _cuts(data, luck):
            file.write(data[start:end])
            yield


def _map(path: str, data: bytes, luck: random.Random, *, flushes: bool = False) -> Iterator[None]:
    with open(path, "w+b") as file:
        file.truncate(len(data))
        with mmap.mmap(file.fileno(), len(data)) as mapped:
            for start, end in _cuts(data, luck):
                mapped[start:end] = data[start:end]
                if flushes:
                    mapped.flush()
                yield


def _allocate(path: str, data: bytes, luck: random.Random) -> Iterator[None]:
    with open(path, "w+b") as file:
        file.write(data[:352])
        file.truncate(len(data))
        mapped = mmap.mmap(file.fileno(), len(data))
    # From here on no descriptor is left, and the file is whole by all that its format says.
    for start, end in _cuts(data[352:], luck):
        yield
        mapped[352 + start : 352 + end] = data[352 + start : 352 + end]
    yield
    mapped.close()


WAYS: dict[str, Callable[[str, bytes, random.Random], Iterator[None]]] = {
    "w": _write,
    "m": _map,
    "f": partial(_map, flushes=True),
    "a": _allocate,
}


def write_all(folder: str, count: int, pause: float, ways: str) -> None:
    """Writes the files side by side; each pauses between its parts."""
    luck = random.Random(7)
    names = [""] * count
    writers: dict[int, Iterator[None]] = {}
    for number in range(count):
        names[number], writers[number] = _writer(folder, number, ways[number % len(ways)], luck)
    begun = time.monotonic()
    due = [(begun + number * SPREAD, number) for number in range(count)]
    late = set()
    while due:
        at, number = heapq.heappop(due)
        time.sleep(max(0.0, at - time.monotonic()))
        is_over = next(writers[number], writers) is writers
        if time.monotonic() - at > pause / 3:
            late.add(names[number])
        if not is_over:
            heapq.heappush(due, (time.monotonic() + pause, number))
    print(*sorted(late), sep="\n")


def _writer(folder: str, number: int, way: str, luck: random.Random) -> tuple[str, Iterator[None]]:
    suffix, data = (".nii", nifti(number)) if way == "a" else sample(number)
    name = f"{number:05}{suffix}"
    return name, WAYS[way](os.path.join(folder, name), data, luck)


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    write_all(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
