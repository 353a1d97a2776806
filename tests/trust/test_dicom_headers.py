"""DICOM files that a stranger made: no patient is named, no terminal driven, no command ended."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.dicoms import dicom
from tests.scenarios.project import Project
from tests.trust.commands import arguments_of, commands

PATIENT, NUMBER, SERIES, SOP = (0x10, 0x10), (0x10, 0x20), (0x20, 0x0E), (0x08, 0x18)
NAME = "CANARY^PATIENT"


def header(number: int, *elements: bytes) -> bytes:
    """A slice with elements in place of its pixels, whatever they are."""
    return dicom(number)[: -(len(struct.pack("<HH2sHI", 0, 0, b"OW", 0, 0)) + 8)] + b"".join(
        elements
    )


def open_sequence() -> bytes:
    return struct.pack("<HH2sHI", 0x20, 0x1140, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "data")
    for at in range(4):
        identity = {
            PATIENT: (b"PN", f"{NAME}{at}"),
            NUMBER: (b"LO", f"{NAME} {at}"),
            SERIES: (b"UI", "1.2\x1b[2J\n::error::x" if at % 2 else "1.2"),
        }
        project.write(f"scan/{at}.dcm", dicom(at, more=identity))
    hostile = (
        header(5, open_sequence() * 5_000),
        header(6, struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, 0xFFFFFFFE)),
        header(7, struct.pack("<HH2sH", 0x28, 0x10, b"US", 65_535)),
        header(8, struct.pack("<HHI", 0xFFFE, 0xE0DD, 0) * 5_000),
        dicom(9, more={SOP: (b"UI", "\x1b]0;x\x07" * 40)}),
        bytes(128) + b"DICM" + b"\2\0\0\0UL\xff\xff" + b"\xff" * 64,
        bytes(128) + b"DICM",
    )
    for at, content in enumerate(hostile):
        project.write(f"odd/{at}.dcm", content)
    project.manifest(
        "datapoints:\n"
        "  - {name: scan, items: [scan/0.dcm, scan/1.dcm, scan/2.dcm, scan/3.dcm]}\n"
        "  - {series: 'odd/*.dcm', name: odd}\n"
        "  - glob: odd/*.dcm\n"
    )
    return project


def test_no_command_names_a_patient_or_drives_a_terminal(project: Project) -> None:
    for words in commands():
        ran = project.run(*arguments_of(words))
        said = ran.out + ran.err
        assert "CANARY" not in said, (words, ran)
        assert "\x1b" not in said, (words, ran)
        assert not any(line.lstrip().startswith("::") for line in said.splitlines()), (words, ran)
        assert "Traceback" not in said, (words, ran)
