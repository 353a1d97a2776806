"""A file that is cut off anywhere is known as broken, and nothing that decoders read is refused."""

from __future__ import annotations

import gzip
import io
import struct
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom.data import get_testdata_file

from rbsync.files import kinds
from rbsync.files.kinds import HEAD, Kind, sniff
from rbsync.files.structure import CHECKS, UNPACKED, Fault, Span, fault_of, span
from tests.dicoms import dicom

NOISE = np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8)


def saved(form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(NOISE).save(file, form, **options)
    return file.getvalue()


def nifti(kind: str = "<i2") -> bytes:
    return bytes(nibabel.Nifti1Image(np.ones((3, 4, 5), kind), np.eye(4)).to_bytes())


def nifti2() -> bytes:
    return bytes(nibabel.Nifti2Image(np.ones((3, 4, 5), "<f4"), np.eye(4)).to_bytes())


def nrrd(encoding: str = "raw", data: bytes = bytes(24)) -> bytes:
    head = f"NRRD0004\ntype: short\ndimension: 2\nsizes: 3 4\nencoding: {encoding}\n\n"
    return head.encode() + data


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(data), kind) + data


MP4 = box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", bytes(40)) + box(b"mdat", bytes(100))


def riff(name: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", name, len(data)) + data + bytes(len(data) % 2)


def avi(frames: int = 3) -> bytes:
    """As recorders write it: a header, the frames, and their index."""
    head = riff(b"LIST", b"hdrl" + riff(b"avih", bytes(56)))
    movi = riff(b"LIST", b"movi" + b"".join(riff(b"00dc", bytes(21)) for _ in range(frames)))
    return riff(b"RIFF", b"AVI " + head + movi + riff(b"idx1", bytes(16 * frames)))


AVI = avi()
SAMPLES: dict[str, tuple[Kind, bytes]] = {
    "PNG": (kinds.PNG, saved("PNG")),
    "PNG of indexed colours": (kinds.PNG, saved("PNG", compress_level=0)),
    "JPEG": (kinds.JPEG, saved("JPEG")),
    "progressive JPEG": (kinds.JPEG, saved("JPEG", progressive=True)),
    "BMP": (kinds.BMP, saved("BMP")),
    "NIfTI-1": (kinds.NIFTI, nifti()),
    "NIfTI-1 of big endian": (kinds.NIFTI, nifti(">i2")),
    "NIfTI-2": (kinds.NIFTI, nifti2()),
    "packed NIfTI": (kinds.GZIP, gzip.compress(nifti())),
    "NRRD": (kinds.NRRD, nrrd()),
    "packed NRRD": (kinds.NRRD, nrrd("gzip", gzip.compress(bytes(range(24)), mtime=0))),
    "DICOM": (kinds.DICOM, dicom(3)),
    "MP4": (kinds.MP4, MP4),
    "AVI": (kinds.AVI, AVI),
    "AVI of several parts": (kinds.AVI, AVI + riff(b"RIFF", b"AVIX" + riff(b"LIST", b"movi"))),
}


def fault(kind: Kind, data: bytes, *, in_memory: bool = False) -> Fault | None:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return fault_of(kind, Span(file.fileno(), len(data), data if in_memory else b""))


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_whole_file_has_no_fault(sample: str) -> None:
    kind, data = SAMPLES[sample]
    assert sniff(data[:HEAD]) is kind
    assert fault(kind, data) is None
    assert fault(kind, data, in_memory=True) is None


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_file_that_is_cut_off_anywhere_has_one(sample: str) -> None:
    """From where its kind is known; a file of which less is there is of no known kind."""
    kind, data = SAMPLES[sample]
    ends = [end for end in range(1, len(data)) if sniff(data[: min(end, HEAD)]) is kind]
    whole = [end for end in ends if fault(kind, data[:end], in_memory=True) is None]
    assert ends
    # Elements of DICOM, boxes of MP4 and parts of an AVI are not counted anywhere: between two of
    # them nothing tells that more was to come.
    between = {kinds.DICOM: 4, kinds.MP4: 0, kinds.AVI: 4}.get(kind, 0)
    assert len(whole) <= between


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (AVI[:4] + bytes(4) + AVI[8:], "its length was never written"),
        (riff(b"RIFF", b"AVI " + riff(b"LIST", b"hdrl" + bytes(60))), "no list `movi`"),
    ],
)
def test_an_avi_that_nobody_finished_has_a_fault(data: bytes, message: str) -> None:
    assert fault(kinds.AVI, data) is not None
    assert message in fault(kinds.AVI, data).message
    assert "finish the recording, or repair it" in fault(kinds.AVI, data).hint


def test_every_check_has_a_sample() -> None:
    assert {kind for kind, _ in SAMPLES.values()} == {*CHECKS, *UNPACKED}


@pytest.mark.parametrize("sample", SAMPLES)
@given(seed=st.data())
def test_damage_never_ends_in_another_error(sample: str, seed: st.DataObject) -> None:
    kind, data = SAMPLES[sample]
    damaged = bytearray(data)
    for _ in range(seed.draw(st.integers(1, 8))):
        damaged[seed.draw(st.integers(0, len(data) - 1))] = seed.draw(st.integers(0, 255))
    found = fault(kind, bytes(damaged), in_memory=True)
    assert found is None or (found.message and found.hint)


def png_with(*extra: bytes, before: bytes = b"IEND") -> bytes:
    data = SAMPLES["PNG"][1]
    at = data.index(before) - 4
    return data[:at] + b"".join(extra) + data[at:]


def chunk(kind: bytes, data: bytes, *, checksum: int | None = None) -> bytes:
    total = zlib.crc32(kind + data) if checksum is None else checksum
    return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", total)


LEGAL: dict[str, Callable[[], tuple[Kind, bytes]]] = {
    "bytes after IEND": lambda: (kinds.PNG, SAMPLES["PNG"][1] + b"more"),
    "a wrong checksum of a comment": lambda: (
        kinds.PNG,
        png_with(chunk(b"tEXt", b"a\0b", checksum=1)),
    ),
    "bytes after EOI": lambda: (kinds.JPEG, SAMPLES["JPEG"][1] + bytes(3 << 20)),
    "fill bytes before a marker": lambda: (
        kinds.JPEG,
        SAMPLES["JPEG"][1][:2] + b"\xff\xff" + SAMPLES["JPEG"][1][2:],
    ),
    "a thumbnail with an EOI of its own": lambda: (
        kinds.JPEG,
        b"\xff\xd8\xff\xe1" + struct.pack(">H", 6) + b"\xff\xd9ab" + SAMPLES["JPEG"][1][2:],
    ),
    "a BMP whose header says a size of 0": lambda: (
        kinds.BMP,
        SAMPLES["BMP"][1][:2] + bytes(4) + SAMPLES["BMP"][1][6:],
    ),
    "a BMP from top to bottom": lambda: (
        kinds.BMP,
        SAMPLES["BMP"][1][:22] + struct.pack("<i", -20) + SAMPLES["BMP"][1][26:],
    ),
    "a gzip file of two members": lambda: (
        kinds.GZIP,
        gzip.compress(nifti()[:100]) + gzip.compress(nifti()[100:]),
    ),
    "a gzip file with padding": lambda: (kinds.GZIP, gzip.compress(nifti()) + bytes(512)),
    "voxels with more behind them": lambda: (kinds.NIFTI, nifti() + bytes(1000)),
    "DICOM with padding": lambda: (kinds.DICOM, dicom(1) + bytes(64)),
    "DICOM without a preamble": lambda: (kinds.DICOM, dicom(1)[132:]),
    "detached data of NRRD": lambda: (kinds.NRRD, b"NRRD0004\ntype: short\ndata file: a.raw\n"),
    "a box up to the end": lambda: (
        kinds.MP4,
        MP4[: MP4.index(b"mdat") - 4] + struct.pack(">I4s", 0, b"mdat") + bytes(10),
    ),
    "a box of 64 bits": lambda: (
        kinds.MP4,
        box(b"ftyp", b"isom")
        + box(b"moov", b"")
        + struct.pack(">I4sQ", 1, b"mdat", 16 + 4)
        + bytes(4),
    ),
}


@pytest.mark.parametrize("name", LEGAL)
def test_what_decoders_read_is_no_fault(name: str) -> None:
    kind, data = LEGAL[name]()
    assert fault(kind, data) is None


BROKEN: dict[str, tuple[Kind, bytes, str]] = {
    "eight bytes of a PNG": (kinds.PNG, b"\x89PNG\r\n\x1a\n", "the chunk IEND"),
    "a flipped bit in the pixels of a PNG": (
        kinds.PNG,
        SAMPLES["PNG"][1][:100] + bytes([SAMPLES["PNG"][1][100] ^ 1]) + SAMPLES["PNG"][1][101:],
        "its chunk IDAT at byte 33 is damaged",
    ),
    "a PNG without pixels": (
        kinds.PNG,
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
        + chunk(b"IEND", b""),
        "it has no pixels",
    ),
    "a JPEG that is only a head": (kinds.JPEG, b"\xff\xd8\xff\xe0", "in the middle of a header"),
    "a text that begins with BM": (kinds.BMP, b"BMI of patients: 22, 23", "no header of a BMP"),
    "packed words": (kinds.GZIP, gzip.compress(b"no scan"), "the header of a NIfTI file"),
    "a damaged sum": (
        kinds.GZIP,
        gzip.compress(nifti())[:-8] + b"12345678",
        "it cannot be unpacked",
    ),
    "a packed file that grows for ever": (
        kinds.GZIP,
        # At the quickest level: each process that runs tests reads this file, and packs this.
        gzip.compress(nifti() + bytes(65 << 20), 1),
        "its header says less",
    ),
    "a recording that was stopped": (
        kinds.MP4,
        box(b"ftyp", b"isom") + box(b"mdat", bytes(9)),
        "it has no `moov` box",
    ),
    "an NRRD that says no sizes": (
        kinds.NRRD,
        b"NRRD0004\ntype: short\nencoding: raw\n\n",
        "does not say its type and sizes",
    ),
    "a DICOM file whose pixels are cut off": (kinds.DICOM, dicom(1)[:-2], "its pixels (7fe0,0010)"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_says_what_is_wrong_and_what_to_do(name: str) -> None:
    kind, data, said = BROKEN[name]
    found = fault(kind, data)
    assert found is not None
    assert said in found.message
    assert found.hint


def test_a_damaged_file_of_a_packed_bomb_takes_no_memory() -> None:
    """What is unpacked is looked at piece by piece: 256 MiB of zeros take 1 MiB at a time."""
    import tracemalloc

    data = gzip.compress(bytes(256 << 20), 1)
    tracemalloc.start()
    try:
        assert fault(kinds.GZIP, data, in_memory=True) is not None
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_of_what_is_packed_a_thousandfold_only_the_beginning_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A megabyte of zeros would take as long as the gigabyte that it stands for."""
    zeros = nibabel.Nifti1Image(np.zeros((200, 200, 200), np.uint8), np.eye(4)).to_bytes()
    cut = gzip.compress(bytes(zeros))[:-9]
    assert fault(kinds.GZIP, cut) is not None
    monkeypatch.setattr(span, "_MOST_UNPACKED", 1 << 20)
    assert fault(kinds.GZIP, cut) is None
    assert fault(kinds.GZIP, gzip.compress(nifti())[:-9]) is not None


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (
            kinds.GZIP,
            gzip.compress(nifti()[:42] + struct.pack("<3h", *[30_000] * 3) + nifti()[48:]),
        ),
        (kinds.NRRD, nrrd("gzip", gzip.compress(bytes(24))).replace(b"3 4", b"300000 400000")),
    ],
    # By name: gzip writes down when it packed, and each worker would have tests of its own.
    ids=["NIfTI", "NRRD"],
)
def test_sizes_that_no_packed_file_of_its_length_has_are_refused(kind: Kind, data: bytes) -> None:
    found = fault(kind, data)
    assert found is not None
    assert "packed ones cannot hold so many" in found.message


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "image_dfl.dcm", "ExplVR_BigEnd.dcm"]
)
def test_files_of_scanners_are_whole(name: str) -> None:
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    assert fault(kinds.DICOM, Path(path).read_bytes()) is None
